//! The place of a value as faults name it, from a path through the value's Rust type.
//!
//! The two differ where serde renames a field, where `camelize` does, and at the branches of unions, which have a name in the
//! place and none in the path. A field is found by its name, however that is spelled. Where the path cannot be followed, the
//! place is that of the value around it.

use serde_json::{Map, Value};

use super::described::Described;
use super::fault::Segment;
use super::schema::{Document, constants};
use crate::camelize::{Field, Naming};

/// The place below `value`, whose names are the declared ones, at which `path` ends.
pub(crate) fn place<'a>(
    document: Document<'a>,
    schema: &'a Value,
    value: &Value,
    path: &[Segment],
    naming: Naming,
) -> Vec<Segment> {
    let (mut schemas, mut value, mut path) = (vec![schema], value, path);
    let mut place = Vec::new();
    loop {
        let described = Described::new(document, &schemas, value, Naming::AsDeclared);
        place.extend_from_slice(described.names());
        let Some(step) = path.first() else { return place };
        let Some(next) = next(&described, value, step, naming) else { return place };
        if next.takes_step {
            path = &path[1..];
        }
        match next.part {
            Some((segment, part, part_schemas)) => {
                place.push(segment);
                (value, schemas) = (part, part_schemas);
            }
            // The same value again must not name its branches twice.
            None => place.truncate(place.len() - described.names().len()),
        }
    }
}

/// Where a step of a path leads.
struct Next<'a, 'v> {
    /// A part of the value, with its segment and its schemas; otherwise to the value itself, as from a newtype to its content.
    part: Option<(Segment, &'v Value, Vec<&'a Value>)>,
    /// Whether the step is done, or to be taken from there.
    takes_step: bool,
}

fn next<'a, 'v>(described: &Described<'a>, value: &'v Value, step: &Segment, naming: Naming) -> Option<Next<'a, 'v>> {
    match (value, step) {
        (Value::Array(items), Segment::Index(index)) => {
            let item = items.get(*index)?;
            let part = Some((step.clone(), item, described.item(*index)));
            Some(Next { part, takes_step: true })
        }
        (Value::Object(object), Segment::Key(name)) => {
            let fields = described.fields();
            match find(&fields, name) {
                Some(field) => part(object, field, naming, true),
                None if object.contains_key(name) => {
                    let part = Some((step.clone(), &object[name], described.extra(name)));
                    Some(Next { part, takes_step: true })
                }
                None => part(object, content(&fields, described)?, naming, false),
            }
        }
        (Value::Object(object), Segment::Index(_)) => {
            let fields = described.fields();
            match content(&fields, described) {
                Some(field) => part(object, field, naming, false),
                None => Some(Next { part: None, takes_step: true }),
            }
        }
        (_, Segment::Index(_)) => Some(Next { part: None, takes_step: true }),
        _ => None,
    }
}

fn part<'a, 'v>(
    object: &'v Map<String, Value>,
    field: &Field<'a>,
    naming: Naming,
    takes_step: bool,
) -> Option<Next<'a, 'v>> {
    let name = match naming {
        Naming::AsDeclared => field.declared,
        Naming::CamelCase => &field.wire,
    };
    let part = object.get(field.declared)?;
    Some(Next { part: Some((name.into(), part, vec![field.schema])), takes_step })
}

/// The field that is called so in JSON, or else the only one that serde's ways of renaming could have made of the name.
fn find<'f, 'a>(fields: &'f [Field<'a>], name: &str) -> Option<&'f Field<'a>> {
    if let Some(field) = fields.iter().find(|field| field.declared == name) {
        return Some(field);
    }
    let plain = letters(name.strip_prefix("r#").unwrap_or(name));
    let mut similar = fields.iter().filter(|field| letters(field.declared) == plain);
    similar.next().filter(|_| similar.next().is_none())
}

fn letters(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The field that holds the content of an enum's variant: the only one beside the tag, if there is a tag.
fn content<'f, 'a>(fields: &'f [Field<'a>], described: &Described<'a>) -> Option<&'f Field<'a>> {
    let is_tag = |field: &&Field<'a>| field.schema.as_object().and_then(constants).is_some();
    let mut others = fields.iter().filter(|field| !is_tag(field));
    let is_tagged = !described.names().is_empty();
    let first = others.next().filter(|_| others.next().is_none())?;
    (is_tagged == (fields.len() == 2)).then_some(first)
}
