//! `check`: looks for mistakes before somebody else finds them.

use std::collections::BTreeSet;

use chanx::routing::RouteTable;
use chanx::settings::{Access, Settings};
use chanx::{Endpoint, MessageInfo, MessageSet};

use super::context::Context;
use super::error::CommandError;
use super::runserver::check_secret_key;
use crate::site::Site;
use crate::web::chain;

/// What is remarkable.
#[derive(Debug, Default)]
struct Findings {
    /// What stops the start.
    errors: Vec<String>,
    /// What works, but perhaps not as meant.
    warnings: Vec<&'static str>,
}

/// Reports everything at once, and fails if something would stop the start.
pub(crate) async fn run(context: Context<'_>) -> Result<(), CommandError> {
    let mut findings = Findings { warnings: warnings(&context.settings), errors: Vec::new() };
    findings.note(check_secret_key(&context.settings));
    match context.project.routes().compile() {
        Ok(routes) if context.settings.require_descriptions => findings.errors.extend(undescribed(&routes)),
        Ok(_) => {}
        Err(error) => findings.errors.push(chain(&error)),
    }
    findings.note(check_site(&context).await);
    for warning in &findings.warnings {
        context.terminal.say(&format!("warning: {warning}"))?;
    }
    for error in &findings.errors {
        context.terminal.say(&format!("error: {error}"))?;
    }
    if findings.errors.is_empty() {
        return Ok(context.terminal.say("Settings, routes, templates, database and channel layer are in order.")?);
    }
    Err(CommandError::Check(findings.errors.len()))
}

/// Opens everything that a server opens; without a key, whose absence is reported already.
async fn check_site(context: &Context<'_>) -> Result<(), CommandError> {
    let accounts = context.accounts().await?;
    let site = Site::assemble(context.settings.clone(), accounts, context.project.additions())?;
    Ok(site.channels().check().await?)
}

impl Findings {
    fn note<T>(&mut self, result: Result<T, CommandError>) {
        self.errors.extend(result.err().map(|error| chain(&error)));
    }
}

/// Everything that documents would show without a word on what it is for, once for each consumer.
fn undescribed(routes: &RouteTable<Endpoint>) -> BTreeSet<String> {
    routes.iter().flat_map(|route| undescribed_by(route.endpoint())).collect()
}

fn undescribed_by(endpoint: &Endpoint) -> Vec<String> {
    let name = endpoint.name();
    let consumer = endpoint.about().is_empty().then(|| format!("{name} has no description: write `Consumer::about`"));
    let sets = [endpoint.incoming(), endpoint.outgoing(), endpoint.group_messages()];
    let messages = sets.into_iter().flat_map(MessageSet::iter).filter(|message| message.description.is_empty());
    let messages = messages.map(|MessageInfo { action, .. }| {
        format!("the message {action:?} of {name} has no description: write a doc comment on its variant")
    });
    consumer.into_iter().chain(messages).collect()
}

fn warnings(settings: &Settings) -> Vec<&'static str> {
    let origins = [&settings.allowed_origins, &settings.cors_allowed_origins, &settings.csrf_trusted_origins];
    let all_origins = || origins.into_iter().flatten();
    let is_local = || all_origins().all(|origin| origin.starts_with("http://localhost"));
    let insecure = !settings.session_cookie_secure || !settings.csrf_cookie_secure;
    [
        (settings.debug, "debug is on: strangers must not reach this site"),
        (all_origins().next().is_none(), "allowed_origins is empty: no page may open a WebSocket"),
        (
            all_origins().any(|origin| origin == "*"),
            "allowed_origins has \"*\": every page on the web may open a WebSocket",
        ),
        (
            settings.allow_missing_origin,
            "allow_missing_origin is on: programs other than browsers may open a WebSocket",
        ),
        (insecure && !is_local(), "session_cookie_secure and csrf_cookie_secure should be on where HTTPS is used"),
        (
            settings.playground_access() == Access::Everybody && !settings.debug,
            "playground is for everybody: strangers see all messages of the application",
        ),
        (
            settings.close_timeout > settings.shutdown_timeout,
            "close_timeout is longer than shutdown_timeout: a server that is stopped cuts closing handshakes and handlers earlier",
        ),
        (settings.allowed_hosts.is_empty(), "allowed_hosts is empty: the site answers under every name"),
    ]
    .into_iter()
    .filter_map(|(applies, text)| applies.then_some(text))
    .collect()
}
