//! No command: a development server with everything set up, as a stranger would start it.

use std::net::SocketAddr;
use std::path::PathBuf;

use chanx::settings::{Access, Settings, Source};
use chanx_playground::{DOCS_PATH, PLAYGROUND_PATH};
use clap::Args;

use super::address::{Address, local_origins};
use super::context::Context;
use super::error::CommandError;
use super::secretkey::{generate, load_or_create, random_text};
use super::serve::{Line, Ready, listen};
use crate::accounts::{Accounts, AccountsError, NewUser};
use crate::database::Database;
use crate::layer;
use crate::project::Project;
use crate::site::Site;
use crate::web::LOGIN_PATH;

/// The name of the superuser that the first run creates.
const ADMIN: &str = "admin";

/// The key's file, beside the database.
const KEY_FILE: &str = "secret_key";

/// Characters of the first password that nobody confuses.
const PASSWORD_ALPHABET: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2345679";

/// Characters of the first password: nearly 80 bits.
const PASSWORD_LENGTH: usize = 16;

#[derive(Debug, Default, Args)]
pub(crate) struct Develop {
    /// Where to listen: 127.0.0.1:8000 unless given
    #[arg(value_name = "ADDR:PORT")]
    address: Option<Address>,
}

impl Develop {
    pub(crate) async fn prepare(self, mut context: Context<'_>) -> Result<Ready, CommandError> {
        // First of all, so that a second start by mistake changes nothing.
        let listener = listen(self.address.unwrap_or_default().0, "develop")?;
        let address = listener.local_addr().map_err(CommandError::Serve)?;
        fill_in(&mut context, address)?;
        let database = Database::connect(context.settings.database_url.expose(), true).await?;
        database.migrate_with(&context.project.additions().migrations).await?;
        let site = Site::with(context.settings.clone(), database, context.project.additions()).await?;
        let app = context.project.app(&site)?;
        let password = first_superuser(site.accounts()).await?;
        let reports = prepare_application(context.project, &site).await?;
        layer::connect(site.channels()).await;
        let greeting = welcome(&context, address, password.as_deref(), &reports);
        Ok(Ready { listener, app, settings: site.settings().clone(), greeting })
    }
}

/// Fills in what development needs and nobody has set.
fn fill_in(context: &mut Context<'_>, address: SocketAddr) -> Result<(), CommandError> {
    let settings = &mut context.settings;
    settings.debug = true;
    log_messages(settings);
    settings.allowed_origins.extend(local_origins(address));
    if settings.secret_key.is_none() {
        let key = match key_file(settings.database_url.expose()) {
            Some(path) => load_or_create(&path)?,
            None => generate(),
        };
        settings.secret_key = Some(key.into());
    }
    Ok(())
}

/// Logs messages, as far as no setting says whether to.
fn log_messages(settings: &mut Settings) {
    let is_set = |key: &str| settings.describe().any(|info| info.name == key && info.source != Source::Default);
    let (received, sent) = (!is_set("log_received_message"), !is_set("log_sent_message"));
    settings.log_received_message |= received;
    settings.log_sent_message |= sent;
}

/// Where the key is kept; nowhere if the database is in memory, since nothing outlives it.
fn key_file(database_url: &str) -> Option<PathBuf> {
    let path = database_url.strip_prefix("sqlite:")?;
    let path = path.split('?').next().unwrap_or(path);
    let path = path.strip_prefix("//").unwrap_or(path);
    (path != ":memory:").then(|| PathBuf::from(path).with_file_name(KEY_FILE))
}

/// What the application itself does before a start, and what it says about it.
async fn prepare_application(project: &Project, site: &Site) -> Result<Vec<String>, CommandError> {
    let mut reports = Vec::new();
    for work in project.development_work() {
        reports.push(work.run(site.clone()).await.map_err(CommandError::Development)?);
    }
    Ok(reports)
}

/// Creates the superuser where there are no users at all, and gives the password.
async fn first_superuser(accounts: &Accounts) -> Result<Option<String>, CommandError> {
    if has_users(accounts).await? {
        return Ok(None);
    }
    let password = random_text(PASSWORD_ALPHABET, PASSWORD_LENGTH);
    let admin = NewUser { password: Some(&password), is_staff: true, is_superuser: true, ..NewUser::named(ADMIN) };
    accounts.create_user(admin).await?;
    Ok(Some(password))
}

async fn has_users(accounts: &Accounts) -> Result<bool, AccountsError> {
    let any = sqlx::query("SELECT id FROM auth_user LIMIT 1");
    Ok(any.fetch_optional(accounts.database().pool()).await?.is_some())
}

fn welcome(context: &Context<'_>, address: SocketAddr, password: Option<&str>, reports: &[String]) -> Vec<Line> {
    let Context { project, program, settings, .. } = context;
    let mut lines = vec![
        Line::Warn("THIS IS A DEVELOPMENT SERVER. Do not let strangers reach it.".to_owned()),
        Line::Warn(format!("To serve for real: {program} runserver")),
    ];
    if !address.ip().is_loopback() {
        lines.push(Line::Warn(format!("WARNING: {address} can be reached from other machines.")));
    }
    let mut say = |line: String| lines.push(Line::Say(line));
    if let Some(password) = password {
        say(String::new());
        say("A first user was created. The password is shown this once only:".to_owned());
        say(format!("  user name  {ADMIN}"));
        say(format!("  password   {password}"));
    }
    for report in reports.iter().filter(|report| !report.is_empty()) {
        say(String::new());
        say(report.clone());
    }
    say(String::new());
    let site = format!("http://{}", reachable(address));
    let tools = [("Playground", PLAYGROUND_PATH), ("Documents", DOCS_PATH)];
    let shown = [settings.playground_access(), settings.asyncapi_access()];
    let tools = tools.into_iter().zip(shown).filter(|(_, access)| *access != Access::Nobody).map(|(tool, _)| tool);
    let pages = [("Login", LOGIN_PATH)].into_iter().chain(project.links().iter().copied()).chain(tools);
    for (label, path) in pages {
        say(format!("  {:11} {site}{path}", format!("{label}:")));
    }
    say(String::new());
    say("Stop with Ctrl-C.".to_owned());
    lines
}

/// What to type into a browser on this machine.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_loopback() && address.is_ipv4() || address.ip().is_unspecified() {
        return format!("localhost:{}", address.port());
    }
    address.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_lies_beside_the_database() {
        let file = |url| key_file(url).map(|path| path.display().to_string());
        assert_eq!(file("sqlite://data/chanx.sqlite3").as_deref(), Some("data/secret_key"));
        assert_eq!(file("sqlite:///srv/a.db?mode=rwc").as_deref(), Some("/srv/secret_key"));
        assert_eq!(file("sqlite:a.db").as_deref(), Some("secret_key"));
        assert_eq!(file("sqlite::memory:"), None);
    }

    #[test]
    fn messages_are_logged_unless_a_setting_says_otherwise() {
        let logged = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let mut settings = Settings::from_sources(None, variables).unwrap();
            log_messages(&mut settings);
            (settings.log_received_message, settings.log_sent_message)
        };
        assert_eq!(logged(&[]), (true, true));
        assert_eq!(logged(&[("CHANX_LOG_SENT_MESSAGE", "false")]), (true, false));
        assert_eq!(logged(&[("CHANX_LOG_RECEIVED_MESSAGE", "0"), ("CHANX_LOG_SENT_MESSAGE", "1")]), (false, true));
    }

    #[test]
    fn addresses_are_shown_as_a_browser_takes_them() {
        for (address, shown) in [
            ("127.0.0.1:8000", "localhost:8000"),
            ("0.0.0.0:8000", "localhost:8000"),
            ("[::1]:8000", "[::1]:8000"),
            ("192.168.0.2:80", "192.168.0.2:80"),
        ] {
            assert_eq!(reachable(address.parse().unwrap()), shown);
        }
    }
}
