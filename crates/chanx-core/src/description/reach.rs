//! Which definitions a schema needs.

use serde_json::{Map, Value};

use crate::schema::visit_all;
use crate::validation::definition_name;

/// Those of the definitions to which the schema refers, however indirectly, in their order.
pub(crate) fn reachable(schema: &Map<String, Value>, definitions: Map<String, Value>) -> Map<String, Value> {
    let mut reached: Vec<String> = Vec::new();
    let mut waiting = references(&Value::Object(schema.clone()));
    while let Some(name) = waiting.pop() {
        if let Some(definition) = definitions.get(&name).filter(|_| !reached.contains(&name)) {
            waiting.extend(references(definition));
            reached.push(name);
        }
    }
    definitions.into_iter().filter(|(name, _)| reached.contains(name)).collect()
}

fn references(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    visit_all(&mut schema.clone(), &mut |keywords| {
        let reference = keywords.get("$ref").and_then(Value::as_str);
        names.extend(reference.and_then(definition_name).map(std::borrow::Cow::into_owned));
    });
    names
}
