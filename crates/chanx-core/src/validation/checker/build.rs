//! From a schema to nodes. `None` means that the schema says something for which there are none.

use serde_json::{Map, Value};

use super::{Array, Checker, Node, NodeId, Numbers, Object, Strings, Typed, Types};
use crate::camelize::Naming;
use crate::validation::formats::Format;
use crate::validation::schema::{Document, constants, count, list, properties, types};
use crate::validation::union::{Branches, Named, Tagged, Union, unions};
use crate::validation::{number, string};

/// What may stand beside a reference or a union: nothing of it says more about the value.
const BESIDE: &[&str] =
    &["$ref", "anyOf", "default", "deprecated", "description", "discriminator", "examples", "oneOf", "title"];
/// The keywords that are left to the walk.
const LEFT: &[&str] = &["$ref", "allOf", "anyOf", "maxProperties", "minProperties", "oneOf", "unevaluatedProperties"];
/// Each property that an object declares has a bit.
const MOST_PROPERTIES: usize = u64::BITS as usize;

impl Checker {
    /// The checker of a message's schema, which is the root of its document.
    pub(crate) fn new<'a>(document: Document<'a>, schema: &'a Value) -> Option<Self> {
        let mut builder = Builder { document, nodes: Vec::new(), known: Vec::new() };
        let root = builder.node(schema)?;
        let nodes = builder.nodes.into_iter().collect::<Option<_>>()?;
        Some(Self { nodes, root })
    }
}

struct Builder<'a> {
    document: Document<'a>,
    /// A node whose parts are being built is none yet.
    nodes: Vec<Option<Node>>,
    known: Vec<(&'a Value, NodeId)>,
}

impl<'a> Builder<'a> {
    fn node(&mut self, schema: &'a Value) -> Option<NodeId> {
        if let Some((_, node)) = self.known.iter().find(|(known, _)| std::ptr::eq(*known, schema)) {
            return Some(*node);
        }
        let id = self.nodes.len();
        self.nodes.push(None);
        self.known.push((schema, id));
        let node = match schema {
            Value::Object(keywords) => self.of_keywords(keywords)?,
            Value::Bool(false) => Node::Never,
            _ => Node::Any,
        };
        self.nodes[id] = Some(node);
        Some(id)
    }

    fn of_keywords(&mut self, schema: &'a Map<String, Value>) -> Option<Node> {
        if let Some(allowed) = constants(schema) {
            return Some(Node::Constants(allowed.to_vec()));
        }
        if !LEFT.iter().any(|keyword| schema.contains_key(*keyword)) {
            return Some(Node::Typed(Box::new(self.typed(schema)?)));
        }
        if !schema.keys().all(|keyword| BESIDE.contains(&keyword.as_str())) {
            return None;
        }
        let mut unions = unions(self.document, schema, Naming::AsDeclared);
        match (schema.contains_key("$ref"), unions.next(), unions.next()) {
            (true, None, None) => Some(Node::Same { node: self.node(self.document.target(schema)?)?, or_null: false }),
            (false, Some(union), None) => self.union(union),
            _ => None,
        }
    }

    fn union(&mut self, union: Union<'a>) -> Option<Node> {
        let node = match union.branches {
            Branches::Single(branch) => {
                return Some(Node::Same { node: self.node(branch)?, or_null: union.is_nullable });
            }
            Branches::Constants(allowed) => Node::Constants(allowed.into_iter().cloned().collect()),
            Branches::Addresses => addresses(),
            Branches::Tagged { key, tagged } => {
                let branch = |branch: &_| self.tagged(branch);
                Node::Tagged {
                    key: key.declared.to_owned(),
                    branches: tagged.iter().map(branch).collect::<Option<_>>()?,
                }
            }
            Branches::Named { constants, named } => {
                let branch = |branch: &Named<'a>| Some((branch.field.declared.to_owned(), self.node(branch.schema)?));
                let branches = named.iter().map(branch).collect::<Option<_>>()?;
                Node::Named { constants: constants.into_iter().cloned().collect(), branches }
            }
            Branches::Open(_) => return None,
        };
        if !union.is_nullable {
            return Some(node);
        }
        self.nodes.push(Some(node));
        Some(Node::Same { node: self.nodes.len() - 1, or_null: true })
    }

    fn tagged(&mut self, branch: &Tagged<'a>) -> Option<(String, NodeId)> {
        Some((branch.tag.as_str()?.to_owned(), self.node(branch.schema)?))
    }

    fn typed(&mut self, schema: &'a Map<String, Value>) -> Option<Typed> {
        Some(Typed {
            types: Types::of(schema)?,
            string: Strings::of(schema),
            number: Numbers::of(schema),
            array: self.array(schema)?,
            object: self.object(schema)?,
        })
    }

    fn array(&mut self, schema: &'a Map<String, Value>) -> Option<Array> {
        let places: Vec<_> = list(schema, "prefixItems").iter().map(|place| self.node(place)).collect::<Option<_>>()?;
        let items = schema.get("items").map(|items| self.node(items).ok_or(())).transpose().ok()?;
        let (least, most) = (count(schema, "minItems").unwrap_or(0), count(schema, "maxItems").unwrap_or(u64::MAX));
        Some(Array { places, items, least, most })
    }

    fn object(&mut self, schema: &'a Map<String, Value>) -> Option<Object> {
        let mut named = |(name, part): (&str, &'a Value)| Some((name.to_owned(), self.node(part)?));
        let properties: Vec<_> = properties(schema).map(&mut named).collect::<Option<_>>()?;
        let patterned = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        let patterned: Vec<_> = patterned.map(|(pattern, part)| named((pattern, part))).collect::<Option<_>>()?;
        let others = schema.get("additionalProperties").map(|others| self.node(others).ok_or(())).transpose().ok()?;
        if properties.len() > MOST_PROPERTIES {
            return None;
        }
        let mut required = 0;
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            required |= 1 << properties.iter().position(|(property, _)| property == name)?;
        }
        Some(Object { properties, required, patterned, others })
    }
}

/// A string that is an address of either version.
fn addresses() -> Node {
    let schema = Map::from_iter([("type".to_owned(), "string".into()), ("format".to_owned(), "ip".into())]);
    let array = Array { places: Vec::new(), items: None, least: 0, most: u64::MAX };
    let object = Object { properties: Vec::new(), required: 0, patterned: Vec::new(), others: None };
    let types = Types { string: true, ..Types::default() };
    Node::Typed(Box::new(Typed { types, string: Strings::of(&schema), number: Numbers::of(&schema), array, object }))
}

impl Types {
    /// A schema without a type takes any.
    fn of(schema: &Map<String, Value>) -> Option<Self> {
        let names = types(schema);
        let mut types = Self::default();
        let is_free = names.is_empty();
        for name in if is_free { ALL } else { &names } {
            *match *name {
                "null" => &mut types.null,
                "boolean" => &mut types.boolean,
                "integer" => &mut types.integer,
                "number" => &mut types.number,
                "string" => &mut types.string,
                "array" => &mut types.array,
                "object" => &mut types.object,
                _ => return None,
            } = true;
        }
        Some(types)
    }
}

const ALL: &[&str] = &["null", "boolean", "integer", "number", "string", "array", "object"];

impl Strings {
    fn of(schema: &Map<String, Value>) -> Self {
        let is_only_formatted = string::is_only_formatted(schema);
        Self { format: Format::of(schema), is_only_formatted, keywords: without_schemas(schema) }
    }
}

impl Numbers {
    fn of(schema: &Map<String, Value>) -> Self {
        let integers = number::integers(schema);
        let is_free = integers.as_ref().is_some_and(|integers| *integers == (i128::MIN..=i128::MAX));
        Self { integers, is_free, keywords: without_schemas(schema) }
    }
}

/// The keywords that describe a scalar.
fn without_schemas(schema: &Map<String, Value>) -> Map<String, Value> {
    let keywords = schema.iter().filter(|(_, value)| !value.is_object());
    keywords.map(|(keyword, value)| (keyword.clone(), value.clone())).collect()
}
