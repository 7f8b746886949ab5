//! What can go wrong between a layer and a server, sorted by what helps.

use chanx_core::layer::LayerError;
use redis::{ErrorKind, RedisError, Value};
use thiserror::Error;

/// The longest part of a server's complaint that is repeated.
const MAX_REASON: usize = 200;

/// Why an operation failed. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Trouble {
    /// The connection is of no use any more, or cannot be made; another one may help.
    #[error("{0}")]
    Lost(String),
    /// The server takes no writes for now. It answers everything else, and has room again when somebody reads.
    #[error("{0}")]
    Full(String),
    /// The server refuses, and will until somebody changes its rules or its data.
    #[error("{0}")]
    Refused(String),
    /// The node of a cluster says which other one is in charge, and did nothing.
    #[error("another node of a cluster, {0}, is in charge; a layer over a cluster begins with redis+sharded://")]
    Moved(String),
}

impl Trouble {
    /// An operation took longer than it may.
    pub(crate) fn late() -> Self {
        Self::Lost("no answer in time".to_owned())
    }

    /// A server's answer makes no sense.
    pub(crate) fn nonsense() -> Self {
        Self::Lost("an answer that Redis does not give".to_owned())
    }

    fn of_code(code: &str, text: String) -> Self {
        match code {
            "OOM" | "MISCONF" | "NOREPLICAS" => Self::Full(text),
            // What passes, or what another server does not say.
            "READONLY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY" | "UNBLOCKED" | "MOVED"
            | "ASK" => Self::Lost(text),
            "ERR" if text.contains("max number of clients") => Self::Lost(text),
            _ => Self::Refused(text),
        }
    }

    /// An error that a script caught and returned as text, which older versions put other words before.
    pub(crate) fn of_script(text: &str) -> Self {
        let code = if text.contains("OOM ") { "OOM" } else { text.split(' ').next().unwrap_or_default() };
        Self::of_code(code.trim_start_matches('-'), shortened(text))
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        if let (Some("MOVED"), Some((address, _))) = (error.code(), error.redirect_node()) {
            return Self::Moved(address.to_owned());
        }
        if let Some(code) = error.code() {
            let text = format!("{code} {}", error.detail().unwrap_or_default());
            return Self::of_code(code, shortened(&text));
        }
        let text = shortened(&error.to_string());
        match error.kind() {
            ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => Self::Refused(text),
            _ if error.is_timeout() => Self::late(),
            _ => Self::Lost(text),
        }
    }
}

impl From<Trouble> for LayerError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(reason) | Trouble::Full(reason) => Self::Unavailable { reason },
            Trouble::Refused(reason) => Self::Refused { reason },
            Trouble::Moved(_) => Self::Unavailable { reason: trouble.to_string() },
        }
    }
}

/// The value, or the error that it stands for.
pub(crate) fn checked(value: Value) -> Result<Value, Trouble> {
    match value {
        Value::ServerError(error) => Err(RedisError::from(error).into()),
        value => Ok(value),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_scripts_are_sorted_like_others() {
        for text in ["OOM command not allowed", "-OOM command not allowed", "@user_script: 5: -OOM command not allowed"]
        {
            assert!(matches!(Trouble::of_script(text), Trouble::Full(_)), "{text}");
        }
        assert!(matches!(Trouble::of_script("WRONGTYPE Operation"), Trouble::Refused(_)));
        assert!(matches!(Trouble::of_script("READONLY You"), Trouble::Lost(_)));
    }
}
