//! What the settings of an endpoint mean for its clients.

use chanx_core::description::{EndpointDescription, Wire};

use super::phrase::Phrase;

/// A phrase for each setting that clients can notice, and for the subprotocols.
pub(crate) fn notes(EndpointDescription { wire, subprotocols, .. }: &EndpointDescription) -> Vec<Phrase> {
    let is_renamed = wire.action_key != "action";
    let renamed = is_renamed.then(|| Phrase::text("The key of the action is ").code(&wire.action_key).then("."));
    let size = format!("A message of a client may have up to {} bytes.", grouped(wire.max_message_size));
    let settings = [names(wire), authentication(wire), completion(wire), Phrase::text(size)];
    renamed.into_iter().chain(settings).chain(subprotocol(subprotocols)).collect()
}

/// Nothing where there are none.
fn subprotocol(names: &[String]) -> Option<Phrase> {
    let names: Vec<_> = names.iter().map(|name| Phrase::default().code(name)).collect();
    let is_spoken = !names.is_empty();
    is_spoken.then(|| Phrase::text("Clients may offer the subprotocol ").append(Phrase::any_of(names)).then("."))
}

fn names(wire: &Wire) -> Phrase {
    match wire.camelize {
        true => {
            Phrase::text("Names of fields are in ").code("camelCase").then("; keys that are data stay as they are.")
        }
        false => Phrase::text("Names of fields are as they are declared."),
    }
}

fn authentication(wire: &Wire) -> Phrase {
    match wire.send_authentication_message {
        true => Phrase::text("The first message is ").code("authentication").then(", the outcome of authentication."),
        false => Phrase::text("The outcome of authentication is not told; a refusal shows in the close code alone."),
    }
}

fn completion(wire: &Wire) -> Phrase {
    match wire.send_completion {
        true => Phrase::default().code("complete").then(" follows the connection phase, each message and each event."),
        false => Phrase::text("No ").code("complete").then(" is sent."),
    }
}

/// The number with a comma before each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let is_start = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    digits.char_indices().flat_map(|(place, digit)| is_start(place).then_some(',').into_iter().chain([digit])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_commas() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (65536, "65,536"), (1_048_576, "1,048,576")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn every_setting_is_told() {
        let mut endpoint = EndpointDescription::default();
        (endpoint.wire.action_key, endpoint.wire.camelize) = ("type".to_owned(), true);
        endpoint.subprotocols = vec!["chat.v2".to_owned(), "chat.v1".to_owned()];
        let notes: Vec<_> = notes(&endpoint).iter().map(Phrase::plain).collect();
        assert_eq!(
            notes,
            [
                "The key of the action is `type`.",
                "Names of fields are in `camelCase`; keys that are data stay as they are.",
                "The outcome of authentication is not told; a refusal shows in the close code alone.",
                "No `complete` is sent.",
                "A message of a client may have up to 0 bytes.",
                "Clients may offer the subprotocol `chat.v2` or `chat.v1`.",
            ]
        );
    }
}
