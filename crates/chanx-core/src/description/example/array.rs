//! Lists, tuples and sets.

use serde_json::{Map, Value};

use super::Maker;
use crate::validation::{count, list};

/// How many values are tried for each item of a set.
const TRIES: usize = 8;

impl Maker<'_> {
    /// The places that have a schema each, then one item, or as many as there must be.
    pub(super) fn array(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        let least = count(keywords, "minItems").unwrap_or(0) as usize;
        let most = count(keywords, "maxItems").map_or(usize::MAX, |most| most as usize);
        let mut items = Vec::new();
        for place in list(keywords, "prefixItems").iter().take(most) {
            items.push(self.make(place, name)?);
        }
        let wanted = if items.is_empty() { least.max(1) } else { least };
        let needed = keywords.get("contains");
        let schema = keywords.get("items").or(needed).unwrap_or(&Value::Bool(true));
        if let Some(needed) = needed.filter(|_| items.len() < most) {
            items.push(self.make(needed, name)?);
        }
        let is_set = keywords.get("uniqueItems").is_some_and(|unique| unique == true);
        while items.len() < wanted.min(most) {
            match self.item(schema, name, is_set.then_some(&items)) {
                Some(item) => items.push(item),
                None if items.len() < least => return None,
                None => break,
            }
        }
        Some(items.into())
    }

    /// An item, one that is not there yet if the list is a set.
    fn item(&mut self, schema: &Value, name: &str, others: Option<&Vec<Value>>) -> Option<Value> {
        let Some(others) = others else { return self.make(schema, name) };
        let before = self.variant;
        let mut variants = before..before + others.len() + TRIES;
        let found = variants.find_map(|variant| {
            self.variant = variant;
            self.make(schema, name).filter(|item| !others.contains(item))
        });
        self.variant = before;
        found
    }
}
