//! What tells the branches of a union apart: `anyOf` and `oneOf` as serde's enums and `Option` become them.

use serde_json::{Map, Value};

use super::formats;
use super::schema::{Document, constants, list, requires};
use super::typing::is_null;
use crate::camelize::{Field, Naming, fields};

/// The branches of one `anyOf` or `oneOf`.
pub(super) struct Union<'a> {
    pub(super) branches: Branches<'a>,
    /// Whether null is allowed beside them.
    pub(super) is_nullable: bool,
}

/// Branches by what tells them apart. Null is set aside.
pub(super) enum Branches<'a> {
    /// There is only one.
    Single(&'a Value),
    /// They are constants, as in an enum without data.
    Constants(Vec<&'a Value>),
    /// They are the two versions of IP addresses.
    Addresses,
    /// A field that is a constant in each: serde's internal and adjacent tags.
    Tagged { key: Field<'a>, tagged: Vec<Tagged<'a>> },
    /// The only field of each, or a constant in its place: serde's external tags.
    Named { constants: Vec<&'a Value>, named: Vec<Named<'a>> },
    /// Nothing: the first that fits is meant.
    Open(Vec<&'a Value>),
}

pub(super) struct Tagged<'a> {
    pub(super) tag: &'a Value,
    pub(super) schema: &'a Value,
}

pub(super) struct Named<'a> {
    pub(super) field: Field<'a>,
    pub(super) schema: &'a Value,
}

/// The unions of a schema: `Option` and serde's untagged enums become `anyOf`, all other enums `oneOf`.
pub(super) fn unions<'a>(
    document: Document<'a>,
    schema: &'a Map<String, Value>,
    naming: Naming,
) -> impl Iterator<Item = Union<'a>> {
    let key = schema.get("discriminator").and_then(|discriminator| discriminator.get("propertyName")?.as_str());
    ["anyOf", "oneOf"].into_iter().filter_map(move |keyword| {
        let (branches, is_nullable) = without_null(document, list(schema, keyword))?;
        let branches = if keyword == "oneOf" || key.is_some() {
            exclusive(document, branches, key, naming)
        } else {
            inclusive(document, branches)
        };
        Some(Union { branches, is_nullable })
    })
}

/// The branch whose field the object has.
pub(super) fn find_named<'a, 'u>(branches: &'u [Named<'a>], value: &Value) -> Option<&'u Named<'a>> {
    let object = value.as_object()?;
    branches.iter().find(|branch| branch.field.find(object).is_some())
}

/// The branches but null, and whether null is one beside others. There may be none at all.
fn without_null<'a>(document: Document<'a>, branches: &'a [Value]) -> Option<(Vec<&'a Value>, bool)> {
    let (nulls, others): (Vec<_>, Vec<_>) = branches.iter().partition(|branch| is_null(document.resolve(branch)));
    match (others.is_empty(), nulls.is_empty()) {
        (true, true) => None,
        (true, false) => Some((nulls, false)),
        (false, _) => Some((others, !nulls.is_empty())),
    }
}

/// Branches of which any may fit.
fn inclusive<'a>(document: Document<'a>, branches: Vec<&'a Value>) -> Branches<'a> {
    match branches.as_slice() {
        [branch] => Branches::Single(branch),
        _ if formats::are_addresses(&branches) => Branches::Addresses,
        _ => only_constants(document, &branches).unwrap_or(Branches::Open(branches)),
    }
}

/// Branches that exclude each other, perhaps by a stated key.
fn exclusive<'a>(document: Document<'a>, branches: Vec<&'a Value>, key: Option<&str>, naming: Naming) -> Branches<'a> {
    only_constants(document, &branches)
        .or_else(|| tagged(document, &branches, key, naming))
        .or_else(|| externally_tagged(document, &branches, naming))
        .unwrap_or(Branches::Open(branches))
}

fn only_constants<'a>(document: Document<'a>, branches: &[&'a Value]) -> Option<Branches<'a>> {
    let each: Option<Vec<_>> = branches.iter().map(|branch| constants_of(document, branch)).collect();
    Some(Branches::Constants(each?.into_iter().flatten().collect()))
}

fn tagged<'a>(
    document: Document<'a>,
    branches: &[&'a Value],
    key: Option<&str>,
    naming: Naming,
) -> Option<Branches<'a>> {
    let mut candidates = document.declared(branches.first()?).filter(|(name, _)| key.is_none_or(|key| key == *name));
    candidates.find_map(|property| {
        let tagged = |schema: &&'a Value| Some(Tagged { tag: tag(document, schema, property.0)?, schema });
        let tagged = branches.iter().map(tagged).collect::<Option<_>>()?;
        Some(Branches::Tagged { key: fields(&[property], naming).pop()?, tagged })
    })
}

/// The constant that the branch has in this property.
fn tag<'a>(document: Document<'a>, branch: &'a Value, key: &str) -> Option<&'a Value> {
    let (_, property) = document.declared(branch).find(|(name, _)| *name == key)?;
    match constants(property.as_object()?)? {
        [only] => Some(only),
        _ => None,
    }
}

fn externally_tagged<'a>(document: Document<'a>, branches: &[&'a Value], naming: Naming) -> Option<Branches<'a>> {
    let (mut allowed, mut named) = (Vec::new(), Vec::new());
    for &schema in branches {
        match constants_of(document, schema) {
            Some(constants) => allowed.extend(constants),
            None => named.push(Named { field: only_field(document, schema, naming)?, schema }),
        }
    }
    Some(Branches::Named { constants: allowed, named })
}

fn constants_of<'a>(document: Document<'a>, schema: &'a Value) -> Option<&'a [Value]> {
    constants(document.resolve(schema).as_object()?)
}

/// The branch's field, if there is one only and it must be there.
fn only_field<'a>(document: Document<'a>, schema: &'a Value, naming: Naming) -> Option<Field<'a>> {
    let declared: Vec<_> = document.declared(schema).collect();
    let [(name, _)] = declared.as_slice() else { return None };
    let is_required = requires(document.resolve(schema).as_object()?, name);
    fields(&declared, naming).pop().filter(|_| is_required)
}
