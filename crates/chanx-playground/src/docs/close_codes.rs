//! With which codes connections end, and what clients should do then.

use chanx_core::close::{CLOSE_CODES, ClientAction};
use chanx_core::description::CloseCodeDescription;
use serde::Serialize;

/// A line of a table of close codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CloseCode {
    code: u16,
    meaning: String,
    /// What to do; nothing if the application does not say.
    advice: Option<&'static str>,
}

/// Those of every chanx server.
pub(crate) fn of_chanx() -> Vec<CloseCode> {
    let describe = |info: &chanx_core::close::CloseCodeInfo| CloseCode {
        code: info.code.as_u16(),
        meaning: info.meaning.to_owned(),
        advice: advice(info.action),
    };
    CLOSE_CODES.iter().map(describe).collect()
}

/// Those that an endpoint has beside them, or gives a meaning of its own.
pub(crate) fn of_its_own(described: &[CloseCodeDescription]) -> Vec<CloseCode> {
    let is_known = |it: &CloseCodeDescription| {
        CLOSE_CODES.iter().any(|known| known.code.as_u16() == it.code && known.meaning == it.meaning)
    };
    let own = described.iter().filter(|it| !is_known(it));
    own.map(|it| CloseCode { code: it.code, meaning: it.meaning.clone(), advice: it.action.and_then(named) }).collect()
}

fn advice(action: ClientAction) -> Option<&'static str> {
    match action {
        ClientAction::StayAway => named("stay_away"),
        ClientAction::Reconnect => named("reconnect"),
        ClientAction::ReconnectWithBackOff => named("reconnect_with_back_off"),
        ClientAction::ReconnectAndResume => named("reconnect_and_resume"),
        ClientAction::LogIn => named("log_in"),
        ClientAction::FixClient => named("fix_client"),
        _ => None,
    }
}

fn named(action: &str) -> Option<&'static str> {
    Some(match action {
        "stay_away" => "Nothing: the end was intended.",
        "reconnect" => "Connect again after a short random delay.",
        "reconnect_with_back_off" => "Connect again, waiting longer after each failure.",
        "reconnect_and_resume" => "Connect again, then ask for what was missed.",
        "log_in" => "Log in or ask for access. Connecting again as before ends the same way.",
        "fix_client" => "Look for the fault in the client.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_chanx_has_advice() {
        assert!(of_chanx().iter().all(|code| code.advice.is_some()));
    }

    #[test]
    fn what_an_endpoint_adds_is_its_own() {
        let describe = |code, meaning: &str| {
            let mut described = CloseCodeDescription::default();
            (described.code, described.meaning) = (code, meaning.to_owned());
            described
        };
        let known = describe(1000, CLOSE_CODES[0].meaning);
        let own = of_its_own(&[describe(4900, "banned"), known, describe(1000, "the game is over")]);
        assert_eq!(own.iter().map(|it| it.code).collect::<Vec<_>>(), [4900, 1000]);
        assert_eq!(own[0].advice, None);
    }
}
