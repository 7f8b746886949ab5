//! What documents say about a consumer beside that which its types say.

use chanx_core::description::{CloseCodeDescription, QueryParameter};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// What documents say about a consumer beside that which its types say.
///
/// ```
/// use chanx::About;
/// use schemars::JsonSchema;
///
/// #[derive(serde::Deserialize, JsonSchema)]
/// struct Resume {
///     /// The last message that the client has.
///     after: Option<i64>,
/// }
///
/// let about = About::new("One member in one room.")
///     .tag("chat")
///     .query::<Resume>()
///     .close_code(4900, "the member has left the room");
/// # let _ = about;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct About {
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) query: Vec<QueryParameter>,
    pub(crate) close_codes: Vec<CloseCodeDescription>,
}

impl About {
    /// What the consumer is for, in Markdown.
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// Whether there is no description.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.description.is_empty()
    }

    /// A heading under which documents list it.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The parameters behind the path: the fields of `T`, with their doc comments. Documents only; the consumer reads
    /// them with [`Handshake::query`](crate::Handshake::query) or as its [`Query`](crate::Query).
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query.extend(query_parameters::<T>());
        self
    }

    /// A code with which the consumer itself closes connections.
    pub fn close_code(mut self, code: u16, meaning: impl Into<String>) -> Self {
        let mut described = CloseCodeDescription::default();
        described.code = code;
        described.meaning = meaning.into();
        self.close_codes.push(described);
        self
    }
}

fn query_parameters<T: JsonSchema>() -> Vec<QueryParameter> {
    let mut root = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    let definitions = root.get_mut("$defs").map(Value::take);
    let required: Vec<Value> = root.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = root.get_mut("properties").map(Value::take);
    let properties = properties.and_then(|properties| properties.as_object().cloned()).unwrap_or_default();
    properties
        .into_iter()
        .map(|(name, schema)| {
            let is_required = required.iter().any(|required| *required == name);
            query_parameter(name, schema, is_required, definitions.as_ref())
        })
        .collect()
}

fn query_parameter(name: String, schema: Value, required: bool, definitions: Option<&Value>) -> QueryParameter {
    let mut parameter = QueryParameter::default();
    parameter.name = name;
    parameter.required = required;
    parameter.description = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    parameter.schema = with_definitions(schema, definitions);
    parameter
}

fn with_definitions(schema: Value, definitions: Option<&Value>) -> Value {
    match (schema, definitions) {
        (Value::Object(mut schema), Some(definitions)) => {
            schema.insert("$defs".to_owned(), definitions.clone());
            Value::Object(schema)
        }
        (Value::Bool(true), _) => Value::Object(Map::new()),
        (schema, _) => schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Range {
        /// From where.
        from: i64,
        kind: Option<Kind>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Kind {
        Public,
        Private,
    }

    #[test]
    fn the_fields_of_a_type_are_parameters() {
        let [from, kind] = &About::new("").query::<Range>().query[..] else { panic!("two fields") };
        assert_eq!((&*from.name, &*from.description, from.required), ("from", "From where.", true));
        assert_eq!((&*kind.name, kind.required), ("kind", false));
        assert!(kind.schema["$defs"]["Kind"].is_object(), "{}", kind.schema);
    }
}
