//! Schemas that stand alone and have names, for generators that make a type of each: variants of unions, payloads.

use serde_json::{Map, Value};

use crate::description::names::pascal_case;
use crate::schema::visit_all;
use crate::validation::{constants, definition_name, properties};
use crate::wire::PAYLOAD;

/// What a schema may say for its properties to be taken over one by one.
const PLAIN: &[&str] = &["type", "properties", "required", "title", "description", "examples", "default"];

/// Puts the properties of plain objects beside those of the schemas that refer to them: serde's tagged variants.
pub(super) fn flatten(schema: &mut Value) {
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    visit_all(schema, &mut |keywords| {
        let target = keywords.get("$ref").and_then(Value::as_str).and_then(definition_name);
        let target = target.and_then(|name| definitions.get(&*name)?.as_object());
        if let Some(target) = target.filter(|target| keywords.contains_key("properties") && is_plain(target)) {
            take_over(keywords, target);
        }
    });
}

fn is_plain(target: &Map<String, Value>) -> bool {
    target.get("type").is_some_and(|name| name == "object") && target.keys().all(|it| PLAIN.contains(&it.as_str()))
}

fn take_over(keywords: &mut Map<String, Value>, target: &Map<String, Value>) {
    keywords.shift_remove("$ref");
    if let (Some(own), Some(more)) = (object(keywords, "properties"), target.get("properties")) {
        for (name, schema) in more.as_object().into_iter().flatten() {
            own.entry(name).or_insert_with(|| schema.clone());
        }
    }
    let more = target.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    match keywords.get_mut("required").and_then(Value::as_array_mut) {
        Some(own) => own.extend(more),
        None => drop(keywords.insert("required".to_owned(), more.into())),
    }
}

fn object<'a>(keywords: &'a mut Map<String, Value>, keyword: &str) -> Option<&'a mut Map<String, Value>> {
    keywords.get_mut(keyword)?.as_object_mut()
}

/// Gives the variants of the schema, which is called `name`, titles after what tells them apart.
pub(super) fn name_variants(schema: &mut Value, name: &str) {
    for keyword in ["oneOf", "anyOf"] {
        let variants = schema.get_mut(keyword).and_then(Value::as_array_mut);
        for keywords in variants.into_iter().flatten().filter_map(Value::as_object_mut) {
            if let Some(variant) = variant_name(keywords).filter(|_| !keywords.contains_key("title")) {
                keywords.shift_insert(0, "title".to_owned(), format!("{name}{}", pascal_case(&variant)).into());
            }
        }
    }
}

/// Gives the payload of the message, which is called `name`, a title where it is an object that the message describes itself.
pub(super) fn name_payload(schema: &mut Value, name: &str) {
    let payload = schema.get_mut("properties").and_then(|properties| properties.get_mut(PAYLOAD)?.as_object_mut());
    if let Some(payload) = payload.filter(|it| it.contains_key("properties") && !it.contains_key("title")) {
        let title = match name.rsplit_once("Message") {
            Some((before, after)) => format!("{before}Payload{after}"),
            None => format!("{name}Payload"),
        };
        payload.shift_insert(0, "title".to_owned(), title.into());
    }
}

/// The tag, or the only property. None where the variant is no object with all of its properties at hand.
fn variant_name(keywords: &Map<String, Value>) -> Option<String> {
    let is_whole = !["$ref", "allOf", "anyOf", "oneOf"].iter().any(|keyword| keywords.contains_key(*keyword));
    let mut properties = properties(keywords).filter(|_| is_whole);
    let (first, schema) = properties.next()?;
    match constants(schema.as_object()?) {
        Some([Value::String(tag)]) => Some(tag.clone()),
        _ if properties.next().is_none() => Some(first.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tagged_variants_have_all_their_properties() {
        let mut schema = json!({
            "oneOf": [{"properties": {"kind": {"const": "link"}}, "required": ["kind"], "$ref": "#/$defs/Link"}],
            "$defs": {"Link": {"type": "object", "properties": {"url": true, "kind": true}, "required": ["url"]}},
        });
        flatten(&mut schema);
        let expected = json!([{"properties": {"kind": {"const": "link"}, "url": true}, "required": ["kind", "url"]}]);
        assert_eq!(schema["oneOf"], expected);
    }

    #[test]
    fn what_is_more_than_an_object_stays() {
        for target in [json!({"type": "object", "additionalProperties": false}), json!({"oneOf": []}), json!(true)] {
            let before = json!({"properties": {}, "$ref": "#/$defs/A", "$defs": {"A": target}});
            let mut after = before.clone();
            flatten(&mut after);
            assert_eq!(after, before);
        }
    }

    #[test]
    fn payloads_are_called_after_their_messages() {
        let mut schema = json!({"properties": {"payload": {"properties": {}}}});
        name_payload(&mut schema, "RosterMessageRoom");
        assert_eq!(schema["properties"]["payload"]["title"], "RosterPayloadRoom");
        let text = json!({"properties": {"payload": {"type": "string"}}});
        let mut schema = text.clone();
        name_payload(&mut schema, "EchoMessage");
        assert_eq!(schema, text);
    }

    #[test]
    fn variants_are_called_after_what_tells_them_apart() {
        let mut schema = json!({"oneOf": [
            {"properties": {"kind": {"const": "big_image"}, "width": {}}},
            {"properties": {"by_text": {"type": "string"}}},
            {"properties": {"a": {}, "b": {}}},
            {"properties": {"kind": {"const": "x"}}, "allOf": []},
            {"title": "Mine", "properties": {"kind": {"const": "y"}}},
            {"type": "null"},
        ]});
        name_variants(&mut schema, "Media");
        let titles: Vec<_> = schema["oneOf"].as_array().unwrap().iter().map(|it| it["title"].as_str()).collect();
        assert_eq!(titles, [Some("MediaBigImage"), Some("MediaByText"), None, None, Some("Mine"), None]);
    }
}
