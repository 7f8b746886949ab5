//! The walk over a value along its schema: where it stands, what it has found, and how far it may still go.

use serde_json::{Map, Value};

use super::fault::{Fault, Segment};
use super::findings::Findings;
use super::schema::{Document, constants, list};
use super::wording::{self, Complaint};
use super::{number, string, typing};
use crate::camelize::Naming;

/// How many times at most a schema is held against a value, whatever the size of the message, and then for each of its
/// values. Only unions inside unions, which are tried branch by branch, come near it.
const MAX_VISITS: usize = 1 << 16;
pub(super) const MAX_VISITS_PER_VALUE: usize = 16;
/// How many schemas may lead to each other on the way to one value.
pub(super) const MAX_NESTING: usize = 1024;

pub(super) struct Walk<'a> {
    pub(super) document: Document<'a>,
    pub(super) naming: Naming,
    loc: Vec<Segment>,
    findings: Findings,
    visits_left: usize,
    nesting: usize,
    gave_up: bool,
}

/// The faults of a value that stands at `loc`, `max_faults` at most.
pub(crate) fn diagnose<'a>(
    document: Document<'a>,
    schema: &'a Value,
    value: &Value,
    loc: &[Segment],
    naming: Naming,
    max_faults: usize,
) -> Vec<Fault> {
    let mut walk = Walk::new(document, naming, loc, value);
    walk.findings = Findings::all(max_faults);
    walk.check(schema, value);
    walk.into_faults()
}

impl<'a> Walk<'a> {
    /// A walk over `value`, which stands at `loc`.
    pub(super) fn new(document: Document<'a>, naming: Naming, loc: &[Segment], value: &Value) -> Self {
        Self {
            document,
            naming,
            loc: loc.to_vec(),
            findings: Findings::all(usize::MAX),
            visits_left: MAX_VISITS + MAX_VISITS_PER_VALUE * size(value),
            nesting: 0,
            gave_up: false,
        }
    }

    /// What was found, at the end of the walk.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        if self.gave_up {
            self.complain(wording::too_complex());
        }
        self.findings.into_faults()
    }

    /// Holds the value against the schema.
    pub(super) fn check(&mut self, schema: &'a Value, value: &Value) {
        self.gave_up |= self.visits_left == 0 || self.nesting >= MAX_NESTING;
        if self.gave_up || self.findings.is_full() {
            return;
        }
        self.visits_left -= 1;
        self.nesting += 1;
        match schema {
            Value::Object(keywords) => self.check_keywords(keywords, value),
            Value::Bool(false) => self.complain(wording::extra()),
            _ => {}
        }
        self.nesting -= 1;
    }

    /// Holds a part of the value against its schema.
    pub(super) fn check_at(&mut self, segment: impl Into<Segment>, schema: &'a Value, part: &Value) {
        self.loc.push(segment.into());
        self.check(schema, part);
        self.loc.pop();
    }

    /// Whether the value has no fault. Nothing is reported.
    pub(super) fn accepts(&mut self, schema: &'a Value, value: &Value) -> bool {
        let report = std::mem::replace(&mut self.findings, Findings::first());
        self.check(schema, value);
        let found = std::mem::replace(&mut self.findings, report);
        found.len() == 0 && !self.gave_up
    }

    pub(super) fn complain(&mut self, complaint: impl Into<Option<Complaint>>) {
        if let Some(complaint) = complaint.into() {
            self.findings.add(complaint, &self.loc);
        }
    }

    pub(super) fn complain_at(&mut self, segment: impl Into<Segment>, complaint: Complaint) {
        self.loc.push(segment.into());
        self.complain(complaint);
        self.loc.pop();
    }

    /// How many faults there are so far.
    pub(super) fn found(&self) -> usize {
        self.findings.len()
    }

    fn check_keywords(&mut self, schema: &'a Map<String, Value>, value: &Value) {
        if let Some(allowed) = constants(schema) {
            return self.complain(typing::wrong_constant(schema, allowed, value));
        }
        if !typing::fits(schema, value) {
            return self.complain_of_type(schema);
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.complain(number::fault(schema, number)),
            Value::String(text) => {
                let complaint = string::fault(self.document.patterns(), schema, text);
                self.complain(complaint);
            }
            Value::Array(items) => self.check_items(schema, items),
            Value::Object(object) => self.check_object(schema, object),
        }
        self.check_composition(schema, value);
    }

    fn check_composition(&mut self, schema: &'a Map<String, Value>, value: &Value) {
        for part in self.document.target(schema).into_iter().chain(list(schema, "allOf")) {
            self.check(part, value);
        }
        self.check_unions(schema, value);
    }

    /// One fault for each type that would do; several are told apart like the branches of a union.
    fn complain_of_type(&mut self, schema: &Map<String, Value>) {
        match typing::wanted(schema).as_slice() {
            [name] => self.complain(typing::wrong_type(schema, name)),
            names => {
                for name in names {
                    self.complain_at(typing::short_name(name), typing::wrong_type(schema, name));
                }
            }
        }
    }
}

/// How many values there are, arrays and objects included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(object) => 1 + object.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
