//! Parameters: those of the path in the address, those behind it in the binding of the handshake.

use regex_syntax::hir::{Hir, HirKind};
use serde_json::{Map, Value, json};

use super::components::Components;
use crate::description::{EndpointDescription, PathParameter, QueryParameter};

/// The Parameter Objects of the address, by name.
pub(super) fn of_path(parameters: &[PathParameter]) -> Map<String, Value> {
    parameters.iter().map(|parameter| (parameter.name.clone(), path_parameter(parameter))).collect()
}

fn path_parameter(parameter: &PathParameter) -> Value {
    let mut object = Map::new();
    object.insert("description".to_owned(), explanation(parameter).into());
    if let Some(choices) = choices(&parameter.pattern) {
        object.insert("enum".to_owned(), choices.into());
    }
    object.insert("examples".to_owned(), json!([parameter.example]));
    object.into()
}

fn explanation(parameter: &PathParameter) -> String {
    let kind = match parameter.converter.as_deref() {
        Some("int") => "A whole number",
        Some("slug") => "Letters, digits, hyphens and underscores",
        Some("uuid") => "A UUID in lower case",
        _ if parameter.takes_slashes => "A text that may contain slashes",
        _ => "A text without slashes",
    };
    format!("{kind}; it matches `{}`.", parameter.pattern)
}

/// The texts that an expression such as `red|green` lists.
fn choices(pattern: &str) -> Option<Vec<String>> {
    let parsed = regex_syntax::parse(pattern).ok()?;
    match inside(&parsed).kind() {
        HirKind::Alternation(branches) => branches.iter().map(literal).collect(),
        _ => None,
    }
}

fn inside(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(group) => inside(&group.sub),
        _ => hir,
    }
}

fn literal(hir: &Hir) -> Option<String> {
    match inside(hir).kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}

/// The binding of the handshake, with the parameters behind the path.
pub(super) fn handshake(endpoint: &EndpointDescription, components: &mut Components) -> Value {
    let mut binding = Map::new();
    binding.insert("method".to_owned(), "GET".into());
    if !endpoint.query_parameters.is_empty() {
        binding.insert("query".to_owned(), query(endpoint, components));
    }
    binding.insert("bindingVersion".to_owned(), "0.1.0".into());
    json!({"ws": binding})
}

fn query(endpoint: &EndpointDescription, components: &mut Components) -> Value {
    let parameters = &endpoint.query_parameters;
    let schema = |parameter: &QueryParameter, components: &mut Components| {
        let mut schema = components.inline(&parameter.schema, &endpoint.name);
        if let Some(keywords) = schema.as_object_mut().filter(|_| !parameter.description.is_empty()) {
            keywords.insert("description".to_owned(), parameter.description.as_str().into());
        }
        (parameter.name.clone(), schema)
    };
    let properties: Map<_, _> = parameters.iter().map(|parameter| schema(parameter, components)).collect();
    let required: Vec<_> = parameters.iter().filter(|parameter| parameter.required).map(|it| &it.name).collect();
    let mut query = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        query["required"] = json!(required);
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_texts_are_choices() {
        assert_eq!(choices("red|green"), Some(vec!["red".to_owned(), "green".to_owned()]));
        assert_eq!(choices("(?:north|south)"), Some(vec!["north".to_owned(), "south".to_owned()]));
        assert_eq!(choices("[0-9]+"), None);
        assert_eq!(choices("red|gr[ae]y|[0-9]+"), None);
    }
}
