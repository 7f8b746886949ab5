//! A schema in the dialect of AsyncAPI, which is that of JSON Schema's draft 7.
//!
//! What only later drafts can say is left out where no other words are found for it, so that the schema never refuses more
//! than the original.

use serde_json::{Map, Value, json};

use crate::schema::visit_all;

/// Keywords that say something about a value without restricting it.
const ANNOTATIONS: &[&str] = &["default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];

/// Rewrites the schema. `find` says where a reference leads in the document.
pub(super) fn translate(schema: &mut Value, find: &dyn Fn(&str) -> Option<String>) {
    make_object(schema);
    visit_all(schema, &mut |keywords| {
        for keyword in ["$defs", "$schema", "$id", "unevaluatedItems", "unevaluatedProperties"] {
            keywords.shift_remove(keyword);
        }
        places(keywords);
        dependencies(keywords);
        tag(keywords);
        reference(keywords, find);
        parts(keywords);
    });
}

/// `true` and `false` in the form of objects, which all tools take.
fn make_object(schema: &mut Value) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({"not": {}}),
        _ => {}
    }
}

fn parts(keywords: &mut Map<String, Value>) {
    for keyword in ["properties", "patternProperties"] {
        let named = keywords.get_mut(keyword).and_then(Value::as_object_mut);
        named.into_iter().flat_map(Map::values_mut).for_each(make_object);
    }
    for keyword in ["items", "allOf", "anyOf", "oneOf"] {
        match keywords.get_mut(keyword) {
            Some(Value::Array(parts)) => parts.iter_mut().for_each(make_object),
            Some(part) => make_object(part),
            None => {}
        }
    }
}

/// Tuples: `prefixItems` was `items`, and `items` was `additionalItems`.
fn places(keywords: &mut Map<String, Value>) {
    if let Some(places) = keywords.shift_remove("prefixItems") {
        let others = keywords.insert("items".to_owned(), places);
        keywords.extend(others.map(|others| ("additionalItems".to_owned(), others)));
    }
}

fn dependencies(keywords: &mut Map<String, Value>) {
    for keyword in ["dependentRequired", "dependentSchemas"] {
        let Some(Value::Object(more)) = keywords.shift_remove(keyword) else { continue };
        if let Some(all) = keywords.entry("dependencies").or_insert_with(|| json!({})).as_object_mut() {
            all.extend(more);
        }
    }
}

/// The tag of a union: AsyncAPI wants the property's name alone.
fn tag(keywords: &mut Map<String, Value>) {
    if let Some(tag) = keywords.get_mut("discriminator")
        && let Some(name) = tag.get_mut("propertyName")
    {
        *tag = name.take();
    }
}

/// Points a reference to its place in the document. Beside a reference other keywords do not count, so that both are put
/// into an `allOf`, unless they restrict nothing.
fn reference(keywords: &mut Map<String, Value>, find: &dyn Fn(&str) -> Option<String>) {
    let Some(reference) = keywords.get("$ref").and_then(Value::as_str) else { return };
    let target = json!(find(reference).unwrap_or_else(|| reference.to_owned()));
    if keywords.keys().all(|keyword| keyword == "$ref" || ANNOTATIONS.contains(&keyword.as_str())) {
        keywords.insert("$ref".to_owned(), target);
        return;
    }
    keywords.shift_remove("$ref");
    if let Some(all) = keywords.entry("allOf").or_insert_with(|| json!([])).as_array_mut() {
        all.insert(0, json!({"$ref": target}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut schema: Value, expected: &Value) {
        translate(&mut schema, &|reference| Some(reference.replace("$defs", "components/schemas")));
        assert_eq!(&schema, expected);
    }

    #[test]
    fn tuples_have_items_by_place() {
        check(
            json!({"prefixItems": [{"type": "string"}, true], "items": false}),
            &json!({"items": [{"type": "string"}, {}], "additionalItems": false}),
        );
        check(json!({"prefixItems": [{"$ref": "#/$defs/A"}]}), &json!({"items": [{"$ref": "#/components/schemas/A"}]}));
    }

    #[test]
    fn whatever_is_an_object() {
        check(json!(true), &json!({}));
        check(
            json!({"properties": {"a": true, "b": false}, "additionalProperties": false, "items": true}),
            &json!({"properties": {"a": {}, "b": {"not": {}}}, "additionalProperties": false, "items": {}}),
        );
    }

    #[test]
    fn references_stand_alone() {
        let target = json!({"$ref": "#/components/schemas/A"});
        check(
            json!({"$ref": "#/$defs/A", "description": "x"}),
            &json!({"$ref": "#/components/schemas/A", "description": "x"}),
        );
        check(json!({"$ref": "#/$defs/A", "type": "object"}), &json!({"type": "object", "allOf": [target]}));
        check(json!({"$ref": "#/$defs/A", "allOf": [true]}), &json!({"allOf": [target, {}]}));
    }

    #[test]
    fn later_drafts_are_put_in_older_words() {
        check(
            json!({"$schema": "x", "$defs": {}, "unevaluatedProperties": false, "discriminator": {"propertyName": "kind"},
                "dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"$ref": "#/$defs/B"}}}),
            &json!({"discriminator": "kind", "dependencies": {"a": ["b"], "b": {"$ref": "#/components/schemas/B"}}}),
        );
    }
}
