//! Unions: the branch that a value takes, and its faults.

use serde_json::{Map, Value};

use super::fault::Segment;
use super::schema::{Document, list, same};
use super::typing::branch_name;
use super::union::{Branches, Named, Tagged, Union, find_named, unions};
use super::walk::Walk;
use super::{formats, wording};
use crate::camelize::{Field, Naming};

impl<'a> Walk<'a> {
    pub(super) fn check_unions(&mut self, schema: &'a Map<String, Value>, value: &Value) {
        for union in unions(self.document, schema, self.naming) {
            self.check_union(&union, value);
        }
    }

    fn check_union(&mut self, union: &Union<'a>, value: &Value) {
        if union.is_nullable && value.is_null() {
            return;
        }
        match &union.branches {
            Branches::Single(branch) => self.check(branch, value),
            Branches::Constants(allowed) if allowed.iter().any(|allowed| same(allowed, value)) => {}
            Branches::Constants(allowed) => self.complain(wording::one_of("enum", allowed)),
            Branches::Addresses => self.complain(formats::not_an_address(value)),
            Branches::Tagged { key, tagged } => self.check_tagged(key, tagged, value),
            Branches::Named { constants, .. } if constants.iter().any(|constant| same(constant, value)) => {}
            Branches::Named { constants, named } => self.check_named(constants, named, value),
            Branches::Open(branches) => self.check_open(branches, value),
        }
    }

    fn check_tagged(&mut self, key: &Field<'a>, branches: &[Tagged<'a>], value: &Value) {
        let Some(object) = value.as_object() else {
            return self.complain(wording::not_an_object("dict_type"));
        };
        let Some((_, found)) = key.find(object) else {
            return self.complain(wording::tag_not_found(&key.wire));
        };
        match branches.iter().find(|branch| same(branch.tag, found)) {
            Some(branch) => self.check_at(&*wording::plain(branch.tag), branch.schema, value),
            None => {
                let expected = branches.iter().map(|branch| wording::plain(branch.tag));
                self.complain(wording::tag_invalid(&key.wire, found, expected));
            }
        }
    }

    fn check_named(&mut self, constants: &[&Value], branches: &[Named<'a>], value: &Value) {
        if let Some(branch) = find_named(branches, value) {
            return self.check(branch.schema, value);
        }
        if branches.iter().any(|branch| *value == *branch.field.wire) {
            return self.complain(wording::not_an_object("dict_type"));
        }
        let names: Vec<_> = branches.iter().map(|branch| Value::from(&*branch.field.wire)).collect();
        let names: Vec<_> = constants.iter().copied().chain(&names).collect();
        self.complain(wording::one_of("enum", &names));
    }

    /// The faults of all branches, unless one has none.
    fn check_open(&mut self, branches: &[&'a Value], value: &Value) {
        if !branches.iter().any(|branch| self.accepts(branch, value)) {
            for branch in branches {
                self.check_at(branch_name(branch), branch, value);
            }
        }
    }
}

/// The schemas that describe one value together.
#[derive(Default)]
pub(super) struct Applicable<'a> {
    pub(super) keywords: Vec<&'a Map<String, Value>>,
    /// What the places of faults call the branches among them.
    pub(super) names: Vec<Segment>,
}

/// The schema, what it refers to, and of each union the branch that the value takes, if it takes one.
pub(super) fn applicable<'a>(
    document: Document<'a>,
    schema: &'a Value,
    value: &Value,
    naming: Naming,
) -> Applicable<'a> {
    let Applicable { keywords: mut found, mut names } = Applicable::default();
    let mut waiting = vec![schema];
    while let Some(next) = waiting.pop() {
        let Some(keywords) = next.as_object() else { continue };
        if found.iter().any(|other| std::ptr::eq(*other, keywords)) {
            continue;
        }
        found.push(keywords);
        waiting.extend(document.target(keywords));
        waiting.extend(list(keywords, "allOf"));
        for union in unions(document, keywords, naming) {
            let Some((name, branch)) = choose(&union.branches, document, value, naming) else { continue };
            names.extend(name);
            waiting.push(branch);
        }
    }
    Applicable { keywords: found, names }
}

/// The branch that the value takes, and its name in the places of faults if it has one.
fn choose<'a>(
    branches: &Branches<'a>,
    document: Document<'a>,
    value: &Value,
    naming: Naming,
) -> Option<(Option<Segment>, &'a Value)> {
    match branches {
        Branches::Single(branch) => Some((None, branch)),
        Branches::Constants(_) | Branches::Addresses => None,
        Branches::Tagged { key, tagged } => {
            let (_, found) = key.find(value.as_object()?)?;
            tagged.iter().find(|branch| same(branch.tag, found)).map(|branch| {
                let name = wording::plain(branch.tag).into_owned();
                (Some(name.into()), branch.schema)
            })
        }
        Branches::Named { named, .. } => find_named(named, value).map(|branch| (None, branch.schema)),
        Branches::Open(open) => {
            let mut open = open.iter().copied();
            let branch = open.find(|branch| Walk::new(document, naming, &[], value).accepts(branch, value))?;
            Some((Some(branch_name(branch).into()), branch))
        }
    }
}
