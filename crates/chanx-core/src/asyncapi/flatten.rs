//! Schemas that stand alone and have names, for generators that make a type of each: variants of unions, payloads.

use serde_json::{Map, Value, json};

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

/// Makes definitions of the parts of a schema that deserve a name: the variants of a union, and the payload of a message that
/// describes it itself. The schema is called `name`.
pub(super) fn name_parts(schema: &mut Value, name: &str) {
    let Value::Object(keywords) = schema else { return };
    let known = keywords.shift_remove("$defs").and_then(|it| it.as_object().cloned());
    let mut definitions = known.unwrap_or_default();
    for keyword in ["oneOf", "anyOf"] {
        for variant in keywords.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(tag) = variant_name(variant) {
                move_out(&mut definitions, format!("{name}{}", pascal_case(&tag)), variant);
            }
        }
    }
    let payload = object(keywords, "properties").and_then(|properties| properties.get_mut(PAYLOAD));
    if let Some(payload) = payload.filter(|payload| payload.get("properties").is_some()) {
        move_out(&mut definitions, payload_name(name), payload);
    }
    if !definitions.is_empty() {
        keywords.insert("$defs".to_owned(), definitions.into());
    }
}

/// Leaves a reference where the part was, unless another has its name.
fn move_out(definitions: &mut Map<String, Value>, name: String, part: &mut Value) {
    if !definitions.contains_key(&name) {
        let reference = json!({"$ref": format!("#/$defs/{name}")});
        definitions.insert(name, std::mem::replace(part, reference));
    }
}

/// `RosterPayload` for `RosterMessage`.
fn payload_name(message: &str) -> String {
    match message.rsplit_once("Message") {
        Some((before, after)) => format!("{before}Payload{after}"),
        None => format!("{message}Payload"),
    }
}

/// The tag, or the only property. None where the variant is no object with all of its properties at hand.
fn variant_name(variant: &Value) -> Option<String> {
    let keywords = variant.as_object()?;
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
            "oneOf": [
                {"properties": {"kind": {"const": "link"}}, "required": ["kind"], "$ref": "#/$defs/Link"},
                {"properties": {"kind": {"const": "none"}}, "$ref": "#/$defs/Link"},
            ],
            "$defs": {"Link": {"type": "object", "properties": {"url": true, "kind": true}, "required": ["url"]}},
        });
        flatten(&mut schema);
        let expected = json!([
            {"properties": {"kind": {"const": "link"}, "url": true}, "required": ["kind", "url"]},
            {"properties": {"kind": {"const": "none"}, "url": true}, "required": ["url"]},
        ]);
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
        let payload = json!({"properties": {"a": {}}});
        let mut schema = json!({"properties": {"payload": payload}});
        name_parts(&mut schema, "RosterMessageRoom");
        assert_eq!(schema["properties"]["payload"], json!({"$ref": "#/$defs/RosterPayloadRoom"}));
        assert_eq!(schema["$defs"], json!({"RosterPayloadRoom": payload}));

        let taken = json!({"properties": {"payload": payload}, "$defs": {"EchoPayload": {}}});
        for others in [json!({"properties": {"payload": {"type": "string"}}}), taken] {
            let mut schema = others.clone();
            name_parts(&mut schema, "EchoMessage");
            assert_eq!(schema, others);
        }
    }

    #[test]
    fn variants_are_called_after_what_tells_them_apart() {
        let mut schema = json!({"oneOf": [
            {"properties": {"kind": {"const": "big_image"}, "width": {}}},
            {"properties": {"by_text": {"type": "string"}}},
            {"properties": {"a": {}, "b": {}}},
            {"properties": {"kind": {"const": "x"}}, "allOf": []},
            {"type": "null"},
        ]});
        let before = schema.clone();
        name_parts(&mut schema, "Media");
        assert_eq!(schema["oneOf"][0], json!({"$ref": "#/$defs/MediaBigImage"}));
        assert_eq!(schema["$defs"]["MediaByText"], before["oneOf"][1]);
        assert_eq!(schema["$defs"].as_object().unwrap().len(), 2);
        assert_eq!(schema["oneOf"][2], before["oneOf"][2]);
    }
}
