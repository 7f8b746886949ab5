//! One message on the page.

use chanx_core::description::MessageDescription;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::anchors::{Anchors, slug};
use super::prose::Prose;
use super::shape::{self, Body, Section};
use super::tokens::{Token, indented, tokens};

/// Where the message of an endpoint is tried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playground<'a> {
    pub(crate) path: &'a str,
    /// The pattern of the endpoint.
    pub(crate) pattern: &'a str,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    anchor: String,
    action: String,
    prose: Option<Prose>,
    body: Body,
    sections: Vec<Section>,
    example: Vec<Token>,
    /// Where it can be tried.
    playground: Option<String>,
}

impl Message {
    /// The message of the endpoint with this slug, in a group with this one.
    pub(crate) fn new(
        message: &MessageDescription,
        [endpoint, group]: [&str; 2],
        playground: Option<Playground<'_>>,
        anchors: &mut Anchors,
    ) -> Self {
        let anchor = anchors.take(&format!("message-{endpoint}-{group}-{}", slug(&message.action)));
        let (mut body, sections) = shape::of_message(&message.schema, &anchor, anchors);
        body.prose = None;
        Self {
            anchor,
            action: message.action.clone(),
            prose: Prose::of(&message.description),
            body,
            sections,
            example: tokens(&message.example),
            playground: playground.map(|playground| playground.address(message)),
        }
    }
}

impl Playground<'_> {
    fn address(self, message: &MessageDescription) -> String {
        let example = indented(&message.example);
        let [endpoint, example] = [self.pattern, &example].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        format!("{}#endpoint={endpoint}&message={example}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::docs::tests::message;

    #[test]
    fn the_playground_gets_pattern_and_example() {
        let mut described = message("say", json!({}));
        described.example = json!({"action": "a+b&c"});
        let playground = Playground { path: "/playground/", pattern: "ws/<int:pk>/" };
        let expected = "/playground/#endpoint=ws%2F%3Cint%3Apk%3E%2F\
                        &message=%7B%0A%20%20%22action%22%3A%20%22a%2Bb%26c%22%0A%7D";
        assert_eq!(playground.address(&described), expected);
    }
}
