//! Lists and tuples.

use serde_json::{Map, Value};

use super::schema::{count, list};
use super::walk::Walk;
use super::wording;

impl<'a> Walk<'a> {
    /// A list that is too long is not looked into; one that is too short is reported if its items are fine.
    pub(super) fn check_items(&mut self, schema: &'a Map<String, Value>, items: &[Value]) {
        let places = list(schema, "prefixItems");
        let length = items.len() as u64;
        let thing = if places.is_empty() { "List" } else { "Tuple" };
        if let Some(most) = longest(schema, places).filter(|most| length > *most) {
            return self.complain(wording::too_long(thing, most, items.len()));
        }
        let found = self.found();
        self.check_places(schema, places, items);
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate().skip(places.len()) {
                self.check_at(index, schema, item);
            }
        }
        if let Some(least) = count(schema, "minItems").filter(|least| length < *least && self.found() == found) {
            self.complain(wording::too_short(thing, least, items.len()));
        }
    }

    /// The items that have a schema each; places up to the least length must be filled.
    fn check_places(&mut self, schema: &Map<String, Value>, places: &'a [Value], items: &[Value]) {
        let least = count(schema, "minItems").unwrap_or(0);
        for (index, place) in places.iter().enumerate() {
            match items.get(index) {
                Some(item) => self.check_at(index, place, item),
                None if (index as u64) < least => self.complain_at(index, wording::missing()),
                None => {}
            }
        }
    }
}

fn longest(schema: &Map<String, Value>, places: &[Value]) -> Option<u64> {
    let is_closed = schema.get("items").is_some_and(|items| items == false);
    count(schema, "maxItems").or(is_closed.then_some(places.len() as u64))
}
