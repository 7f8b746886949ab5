//! `send-event HANDLER [PAYLOAD]`: tells running consumers something.

use chanx::layer::{Event, LayerError, LayerMessage};
use chanx::{Audience, ChannelName, Endpoint, GroupName};
use clap::Args;
use serde_json::{Map, Value, json};

use super::context::{Context, existing};
use super::error::CommandError;
use crate::layer;
use crate::site::SiteError;

#[derive(Debug, Args)]
pub(crate) struct SendEvent {
    /// The name of the event
    handler: String,
    /// Its content, as JSON
    #[arg(value_parser = payload)]
    payload: Option<Value>,
    #[command(flatten)]
    to: To,
}

/// Exactly one audience.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct To {
    /// To the members of a group
    #[arg(long, value_parser = |name: &str| GroupName::new(name))]
    group: Option<GroupName>,
    /// To one connection
    #[arg(long, value_parser = |name: &str| ChannelName::new(name))]
    channel: Option<ChannelName>,
    /// To all connections of the user with this name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// To all connections
    #[arg(long)]
    everyone: bool,
}

fn payload(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}; a text needs its own quotes: '\"text\"'"))
}

impl SendEvent {
    pub(crate) async fn run(self, context: Context<'_>) -> Result<(), CommandError> {
        if context.settings.channel_layer.scheme() == "memory" {
            return Err(CommandError::LonelyLayer);
        }
        let mut event = Map::from_iter([("handler".to_owned(), json!(self.handler))]);
        event.extend(self.payload.map(|payload| ("payload".to_owned(), payload)));
        let data = Value::Object(event).to_string();
        check(&context, &self.handler, &data)?;
        let channels = layer::channels(&context.settings).map_err(SiteError::from)?;
        let message = LayerMessage::Event(Event { data }).to_object().map_err(LayerError::from)?;
        let audience = self.to.audience(&context).await?;
        channels.send_raw(audience, message).await?;
        Ok(context.terminal.say("Sent.")?)
    }
}

impl To {
    async fn audience(self, context: &Context<'_>) -> Result<Audience, CommandError> {
        if let Some(name) = self.user {
            let account = existing(&context.accounts().await?, &name).await?;
            return Ok(Audience::user(account.id));
        }
        let named = self.group.map(Audience::from).or(self.channel.map(Audience::from));
        Ok(named.unwrap_or(Audience::Everyone))
    }
}

/// Finds out whether any consumer would take the event, since those that do not will say so in their logs alone.
fn check(context: &Context<'_>, handler: &str, event: &str) -> Result<(), CommandError> {
    let table = context.project.routes().compile()?;
    let endpoints: Vec<&Endpoint> = table.iter().map(chanx::routing::CompiledRoute::endpoint).collect();
    let mut takers = endpoints.iter().filter(|endpoint| endpoint.events().find(handler).is_some()).peekable();
    if takers.peek().is_none() {
        let mut known: Vec<_> =
            endpoints.iter().flat_map(|endpoint| endpoint.events().iter()).map(|event| event.action).collect();
        known.sort_unstable();
        known.dedup();
        return Err(CommandError::UnknownEvent { handler: handler.to_owned(), known: known.join(", ") });
    }
    let mut verdicts = takers.map(|endpoint| endpoint.check_event(event));
    let first = verdicts.next().unwrap_or(Ok(()));
    if first.is_ok() || verdicts.any(|verdict| verdict.is_ok()) { Ok(()) } else { first.map_err(CommandError::from) }
}
