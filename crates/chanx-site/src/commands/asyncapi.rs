//! `asyncapi`: the document of the application's WebSockets, for other programs.

use std::path::PathBuf;

use chanx_playground::Format;
use clap::{Args, ValueEnum};

use super::context::Context;
use super::error::CommandError;

#[derive(Debug, Args)]
pub(crate) struct Asyncapi {
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Notation,
    /// Where to write it, instead of the terminal
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where clients reach the sockets: the setting websocket_base_url unless given, else ws://localhost:8000
    #[arg(long, value_name = "URL", value_parser = websocket_url)]
    server: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Notation {
    #[default]
    Json,
    Yaml,
}

/// Where the development server is.
const DEFAULT_SERVER: &str = "ws://localhost:8000";

impl Asyncapi {
    pub(crate) fn run(self, context: &mut Context<'_>) -> Result<(), CommandError> {
        let server = self.server.as_ref().or(context.settings.websocket_base_url.as_ref());
        let server = server.map_or(DEFAULT_SERVER, String::as_str);
        let text = context.project.documentation(&context.settings)?.asyncapi_document(server, self.format.into());
        match self.output {
            None => Ok(context.terminal.say(text.trim_end())?),
            Some(path) => std::fs::write(&path, text).map_err(|source| CommandError::Output { path, source }),
        }
    }
}

impl From<Notation> for Format {
    fn from(notation: Notation) -> Self {
        match notation {
            Notation::Json => Self::Json,
            Notation::Yaml => Self::Yaml,
        }
    }
}

fn websocket_url(text: &str) -> Result<String, String> {
    match text.split_once("://") {
        Some(("ws" | "wss", host)) if !host.is_empty() => Ok(text.to_owned()),
        _ => Err("it begins with ws:// or wss://, followed by a host, such as wss://chat.example.com".to_owned()),
    }
}
