//! What stands in the address of an endpoint.

use chanx_core::description::{EndpointDescription, PathParameter, QueryParameter};
use serde::Serialize;
use serde_json::Value;

use super::anchors::Anchors;
use super::phrase::unquoted;
use super::prose::Prose;
use super::shape::{Row, Writer};

/// A piece of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece<'a> {
    text: &'a str,
    is_parameter: bool,
}

/// A parameter in the path.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InPath<'a> {
    name: &'a str,
    kind: &'static str,
    pattern: &'a str,
    example: &'a str,
}

/// The address in pieces; without one, the pattern.
pub(crate) fn address(endpoint: &EndpointDescription) -> Vec<Piece<'_>> {
    let mut rest = endpoint.address.as_deref().unwrap_or(&endpoint.pattern);
    let has_parameters = endpoint.address.is_some();
    let mut pieces = Vec::new();
    while let Some((start, length)) = parameter(rest).filter(|_| has_parameters) {
        pieces.push(Piece { text: &rest[..start], is_parameter: false });
        pieces.push(Piece { text: &rest[start..start + length], is_parameter: true });
        rest = &rest[start + length..];
    }
    pieces.push(Piece { text: rest, is_parameter: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// Where the next braces are, and their length.
fn parameter(text: &str) -> Option<(usize, usize)> {
    let start = text.find('{')?;
    Some((start, text[start..].find('}')? + 1))
}

pub(crate) fn in_path(endpoint: &EndpointDescription) -> Vec<InPath<'_>> {
    endpoint.path_parameters.iter().map(describe).collect()
}

fn describe(parameter: &PathParameter) -> InPath<'_> {
    let PathParameter { name, pattern, example, .. } = parameter;
    InPath { name, kind: kind(parameter), pattern, example }
}

fn kind(parameter: &PathParameter) -> &'static str {
    match (parameter.converter.as_deref(), parameter.takes_slashes) {
        (Some("int"), _) => "whole number, not negative",
        (Some("slug"), _) => "letters, digits, hyphens and underscores",
        (Some("uuid"), _) => "UUID in lower case",
        (_, true) => "text that may contain slashes",
        (_, false) => "text without slashes",
    }
}

/// The parameters behind the path.
pub(crate) fn in_query(endpoint: &EndpointDescription, slug: &str, anchors: &mut Anchors) -> Vec<Row> {
    let anchor = format!("query-{slug}");
    endpoint.query_parameters.iter().map(|parameter| query_parameter(parameter, &anchor, anchors)).collect()
}

fn query_parameter(parameter: &QueryParameter, anchor: &str, anchors: &mut Anchors) -> Row {
    let schema = without_null(&parameter.schema);
    let mut row = Writer::new(&schema, anchor, anchors).row("", &parameter.name, &schema, Some(parameter.required));
    row.prose = Prose::of(&parameter.description).or(row.prose);
    row.kind = row.kind.unquoted();
    row.values.iter_mut().for_each(|it| it.value = unquoted(&it.value));
    row.default = row.default.filter(|it| it != "null").map(|it| unquoted(&it));
    row
}

/// The schema without `null`, which an address says by saying nothing.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    for keyword in ["type", "anyOf", "oneOf", "enum"] {
        if let Some(Value::Array(choices)) = schema.get_mut(keyword) {
            choices.retain(|it| !it.is_null() && it != "null" && it.get("type").is_none_or(|name| name != "null"));
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_come_in_pieces() {
        let mut endpoint = EndpointDescription::default();
        endpoint.address = Some("/ws/{tenant}/{pk}".to_owned());
        let texts: Vec<_> = address(&endpoint).into_iter().map(|it| (it.text, it.is_parameter)).collect();
        assert_eq!(texts, [("/ws/", false), ("{tenant}", true), ("/", false), ("{pk}", true)]);
        endpoint.address = None;
        endpoint.pattern = r"ws/\d{2}".to_owned();
        assert_eq!(address(&endpoint), [Piece { text: r"ws/\d{2}", is_parameter: false }]);
    }

    #[test]
    fn values_in_an_address_have_no_quotation_marks() {
        let kind = |schema: Value| {
            let mut parameter = QueryParameter::default();
            parameter.schema = schema;
            query_parameter(&parameter, "query", &mut Anchors::default()).kind.plain()
        };
        assert_eq!(kind(json!({"enum": ["read", "write", null]})), "`read` or `write`");
        assert_eq!(kind(json!({"type": ["integer", "null"]})), "whole number");
        assert_eq!(kind(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})), "text");
    }
}
