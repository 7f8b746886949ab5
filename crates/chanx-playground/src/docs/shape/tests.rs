use serde_json::json;

use super::*;

/// The explanation as lines of text: fields, then forms, then the places of types.
fn explain(schema: &Value) -> Vec<String> {
    let (body, sections) = of_message(schema, "message-x", &mut Anchors::default());
    let mut lines = lines(&body);
    for section in sections {
        lines.push(format!("## {} ({})", section.title.plain(), section.anchor));
        lines.extend(self::lines(&section.body));
    }
    lines
}

fn lines(body: &Body) -> Vec<String> {
    let kind = body.kind.iter().map(|kind| format!("= {}", kind.plain()));
    let rules = body.rules.iter().map(|rule| format!("! {}", rule.plain()));
    let mut lines: Vec<_> = kind.chain(rules).chain(body.rows.iter().map(line)).collect();
    for form in &body.forms {
        lines.push(format!("- {}", form.title.plain()));
        lines.extend(self::lines(&form.body).into_iter().map(|line| format!("  {line}")));
    }
    lines
}

fn line(row: &Row) -> String {
    let mark = match row.is_required {
        Some(true) => "*",
        Some(false) => "?",
        None => "",
    };
    let rules: Vec<_> = row.rules.iter().map(Phrase::plain).collect();
    let default = row.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
    let rules = if rules.is_empty() { String::new() } else { format!(" ({})", rules.join("; ")) };
    format!("{}{}{mark}: {}{rules}{default}", row.parent, row.name, row.kind.plain())
}

#[track_caller]
fn check(schema: &Value, expected: &[&str]) {
    assert_eq!(explain(schema), expected);
}

#[test]
fn fields_within_fields_have_paths() {
    check(
        &json!({
            "properties": {
                "action": {"const": "say"},
                "payload": {"$ref": "#/$defs/Words"},
            },
            "required": ["action", "payload"],
            "$defs": {
                "Words": {
                    "type": "object",
                    "properties": {
                        "text": {"$ref": "#/$defs/Text"},
                        "tags": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                        "scores": {"type": "object", "additionalProperties": {"properties": {"x": {"type": "integer"}}}},
                        "silent": {"type": "boolean", "default": false},
                    },
                    "required": ["text"],
                    "additionalProperties": false,
                },
                "Text": {"type": "string", "minLength": 1, "maxLength": 100},
            },
        }),
        &[
            "action*: always `\"say\"`",
            "payload*: object (no other keys)",
            "payload.text*: text (1 to 100 characters)",
            "payload.tags?: list of objects",
            "payload.tags[].name?: text",
            "payload.scores?: object with keys of your choice; each value: object",
            "payload.scores.*.x?: whole number",
            "payload.silent?: `true` or `false` = false",
        ],
    );
}

#[test]
fn what_is_used_twice_has_a_place() {
    check(
        &json!({
            "properties": {
                "from": {"$ref": "#/$defs/Person"},
                "to": {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]},
            },
            "$defs": {"Person": {"properties": {"name": {"type": "string"}}, "required": ["name"]}},
        }),
        &[
            "from?: [Person](#type-x-person)",
            "to?: [Person](#type-x-person) or `null`",
            "## `Person` (type-x-person)",
            "name*: text",
        ],
    );
}

#[test]
fn recursion_ends_with_a_link() {
    check(
        &json!({
            "properties": {"payload": {"$ref": "#/$defs/Tree"}, "again": {"$ref": "#"}},
            "$defs": {"Tree": {"properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            }}},
        }),
        &[
            "payload?: [Tree](#type-x-tree)",
            "again?: [the whole message](#message-x)",
            "## `Tree` (type-x-tree)",
            "value?: whole number",
            "children?: list of [Tree](#type-x-tree)",
        ],
    );
}

#[test]
fn recursion_without_fields_ends_too() {
    check(
        &json!({
            "properties": {"payload": {"$ref": "#/$defs/Json"}},
            "$defs": {"Json": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Json"}}]}},
        }),
        &["payload?: [Json](#type-x-json)", "## `Json` (type-x-json)", "= text or list of [Json](#type-x-json)"],
    );
}

#[test]
fn unions_of_objects_are_told_form_by_form() {
    let cat =
        json!({"properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind", "lives"]});
    let dog = json!({"properties": {"kind": {"const": "dog"}}, "required": ["kind"]});
    check(
        &json!({"properties": {"payload": {"$ref": "#/$defs/Pet"}}, "$defs": {"Pet": {"oneOf": [cat, dog]}}}),
        &[
            "payload?: [Pet](#type-x-pet)",
            "## `Pet` (type-x-pet)",
            "- if `kind` is `\"cat\"`",
            "  kind*: always `\"cat\"`",
            "  lives*: whole number",
            "- if `kind` is `\"dog\"`",
            "  kind*: always `\"dog\"`",
        ],
    );
}

#[test]
fn unions_without_a_name_have_a_place_by_their_path() {
    check(
        &json!({
            "properties": {"payload": {"anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/Fault"}},
                {"$ref": "#/$defs/Failure"},
                {"properties": {"only": {"type": "string"}}},
            ]}},
            "$defs": {
                "Fault": {"properties": {"msg": {"type": "string"}}},
                "Failure": {"properties": {"detail": {"type": "string"}, "id": {"type": "string"}}},
            },
        }),
        &[
            "payload?: [one of 3 forms](#type-x-payload)",
            "## `payload` (type-x-payload)",
            "- list of objects",
            "  payload[].msg?: text",
            "- `Failure`",
            "  payload.detail?: text",
            "  payload.id?: text",
            "- with `only`",
            "  payload.only?: text",
        ],
    );
}

#[test]
fn a_message_may_have_forms_itself() {
    check(
        &json!({
            "properties": {"action": {"const": "draw"}},
            "oneOf": [{"properties": {"circle": {"type": "number"}}}, {"properties": {"line": {"type": "number"}}}],
        }),
        &["action?: always `\"draw\"`", "- with `circle`", "  circle?: number", "- with `line`", "  line?: number"],
    );
}

#[test]
fn one_object_among_simple_values_is_explained_in_its_place() {
    check(
        &json!({"properties": {"payload": {"oneOf": [
            {"type": "string", "enum": ["none"]},
            {"properties": {"limit": {"type": "integer", "minimum": 1}}, "required": ["limit"], "additionalProperties": false},
        ]}}}),
        &["payload?: `\"none\"` or object (object: no other keys)", "payload.limit*: whole number (at least 1)"],
    );
}

#[test]
fn tuples_are_told_place_by_place() {
    check(
        &json!({"properties": {"payload": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "items": {"type": "boolean"},
            "minItems": 1,
        }}}),
        &[
            "payload?: list that begins with 2 items",
            "payload[0]*: whole number",
            "payload[1]?: text",
            "payload[…]: `true` or `false`",
        ],
    );
}

#[test]
fn closed_tuples_say_how_long_they_are() {
    let pair = json!({"prefixItems": [true, true], "minItems": 2, "maxItems": 2});
    check(
        &json!({"properties": {"pair": pair}}),
        &["pair?: list of 2 items", "pair[0]*: any JSON", "pair[1]*: any JSON"],
    );
}

#[test]
fn fields_and_forms_of_one_object_stand_together() {
    check(
        &json!({"properties": {"payload": {
            "properties": {"name": {"type": "string"}},
            "oneOf": [
                {"properties": {"x": {"type": "number"}, "y": {"type": "number"}}},
                {"properties": {"place": {"type": "string"}}},
            ],
        }}}),
        &[
            "payload?: [one of 2 forms](#type-x-payload)",
            "## `payload` (type-x-payload)",
            "payload.name?: text",
            "- object",
            "  payload.x?: number",
            "  payload.y?: number",
            "- with `place`",
            "  payload.place?: text",
        ],
    );
}

#[test]
fn further_keys_are_told_beside_declared_ones() {
    check(
        &json!({"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "integer"}, "patternProperties": {"^x-": true}}),
        &["a?: text", "/^x-/: any JSON", "*: whole number"],
    );
}

#[test]
fn values_with_descriptions_are_listed() {
    let schema = json!({"properties": {
        "reason": {"oneOf": [{"const": "too_fast", "description": "Too many."}, {"const": "oneself"}]},
        "plain": {"enum": ["a", "b"]},
        "many": {"type": "array", "items": {"enum": [1, 2, 3, 4, 5, 6, 7]}},
    }});
    let (body, _) = of_message(&schema, "message-x", &mut Anchors::default());
    let values: Vec<Vec<_>> =
        body.rows.iter().map(|row| row.values.iter().map(|it| it.value.as_str()).collect()).collect();
    assert_eq!(values, [vec!["\"too_fast\"", "\"oneself\""], vec![], vec!["1", "2", "3", "4", "5", "6", "7"]]);
    assert_eq!(body.rows[0].kind.plain(), "`\"too_fast\"` or `\"oneself\"`");
}

#[test]
fn absurd_schemas_do_no_harm() {
    check(
        &json!({"properties": {"a": false, "b": true, "c": {"$ref": "#/$defs/None"}, "d": {"type": "what"}, "e": 7}}),
        &["a?: nothing, it must be absent", "b?: any JSON", "c?: any JSON", "d?: any JSON", "e?: any JSON"],
    );
    check(&json!(true), &["= any JSON"]);
    check(
        &json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}),
        &["= [A](#type-x-a)", "## `A` (type-x-a)", "= [B](#type-x-b)", "## `B` (type-x-b)", "= [A](#type-x-a)"],
    );
}
