//! Commands with a prepared terminal, on a database file of their own.

use std::time::Duration;

use chanx::routing::{Routes, path};
use chanx::settings::{ConnectionUrl, Settings};
use chanx::{Consumer, Message, Never};
use clap::Parser;
use tempfile::TempDir;

use super::context::Context;
use super::error::CommandError;
use super::terminal::script::Script;
use super::{Chosen, CommandLine, choose, dispatch};
use crate::accounts::{Account, Accounts, CreateUserError, NewUser};
use crate::database::{Database, Migration};
use crate::project::Project;
use crate::signing::Keys;
use crate::site::{Site, SiteError};

const KEY: &str = "k3y-for-tests-that-is-long-enough-to-pass";

/// A consumer that nobody has described.
struct Quiet;

#[derive(Message)]
enum Hum {
    Hum,
}

impl Consumer for Quiet {
    type Authentication = ();
    type Object = ();
    type Incoming = Hum;
    type Outgoing = Hum;
    type GroupMessage = Never;
    type Event = Never;

    async fn connect(_: &mut chanx::Context<Self>) -> chanx::Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut chanx::Context<Self>, _: Hum) -> chanx::Result {
        Ok(())
    }
}

/// An application, and a directory for its database.
struct Bench {
    project: Project,
    settings: Settings,
    superuser_password: Option<String>,
    directory: TempDir,
}

impl Bench {
    /// Without a database.
    fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        let path = directory.path().join("site.sqlite3");
        settings.database_url = ConnectionUrl::from(&*format!("sqlite://{}", path.display()));
        settings.secret_key = Some(KEY.into());
        Self { project: Project::new("bench"), settings, superuser_password: None, directory }
    }

    async fn migrated() -> Self {
        let bench = Self::empty();
        bench.run(&["migrate"], &mut Script::alone()).await.unwrap();
        bench
    }

    async fn run(&self, arguments: &[&str], script: &mut Script) -> Result<(), CommandError> {
        let line = CommandLine::parse_from([&["bench"], arguments].concat());
        dispatch(line.command.unwrap(), self.context(script)).await.map(drop)
    }

    fn context<'a>(&'a self, script: &'a mut Script) -> Context<'a> {
        Context {
            project: &self.project,
            settings: self.settings.clone(),
            program: "bench",
            terminal: script,
            superuser_password: self.superuser_password.clone(),
        }
    }

    /// What the command wrote.
    async fn output(&self, arguments: &[&str]) -> String {
        let mut script = Script::alone();
        self.run(arguments, &mut script).await.unwrap();
        script.written
    }

    async fn error(&self, arguments: &[&str]) -> CommandError {
        self.run(arguments, &mut Script::alone()).await.unwrap_err()
    }

    async fn accounts(&self) -> Accounts {
        let database = Database::connect(self.settings.database_url.expose(), false).await.unwrap();
        Accounts::new(database, Keys::new(KEY, [""; 0])).password_iterations(1)
    }

    async fn add_user(&self, username: &str) -> Account {
        self.accounts().await.create_user(NewUser::named(username)).await.unwrap()
    }

    async fn user(&self, username: &str) -> Option<Account> {
        self.accounts().await.user_by_name(username).await.unwrap()
    }
}

#[tokio::test]
async fn migrate_creates_the_database_and_then_finds_nothing_to_do() {
    let mut bench = Bench::empty();
    let first = bench.output(&["migrate"]).await;
    assert!(first.contains("applied auth.0001_initial\n"), "{first}");
    assert_eq!(bench.output(&["migrate"]).await, "The database is up to date.\n");

    let rooms = Migration { app: "chat", name: "0001_initial", sql: "CREATE TABLE room (id integer PRIMARY KEY)" };
    bench.project = bench.project.clone().migrations(&[rooms]);
    let error = bench.error(&["clearsessions"]).await;
    assert!(matches!(error, CommandError::Site(SiteError::NotMigrated { .. })), "{error}");
    assert_eq!(bench.output(&["migrate"]).await, "applied chat.0001_initial\n");
}

#[tokio::test]
async fn a_database_that_is_missing_or_not_migrated_is_told_apart_and_made() {
    let bench = Bench::empty();
    let missing = bench.error(&["createsuperuser"]).await;
    assert!(missing.to_string().contains("there is no database file"), "{missing}");
    assert_eq!(missing.advice("echo").as_deref(), Some("Create the tables with: echo migrate"));

    Database::connect(bench.settings.database_url.expose(), true).await.unwrap();
    let empty = bench.error(&["token", "alice"]).await;
    assert!(empty.to_string().contains("the database is not migrated"), "{empty}");
    assert_eq!(empty.advice("echo").as_deref(), Some("Create the tables with: echo migrate"));
}

#[tokio::test]
async fn createsuperuser_asks_until_everything_is_right() {
    let bench = Bench::migrated().await;
    bench.add_user("bob").await;
    let mut script = Script::answering([
        "bob",
        "bad name",
        "no address",
        "brass-otter-lamp",
        "brass-otter-lamp",
        "root",
        "brass-otter-lamp",
        "brass-otter-lamp",
        "root@example.com",
        "brass-otter-lamp",
        "brass-otter-lamp",
    ]);
    bench.run(&["createsuperuser"], &mut script).await.unwrap();
    assert!(script.written.contains("the username \"bob\" is taken"), "{}", script.written);
    assert!(script.written.contains("must look like name@example.com"), "{}", script.written);
    assert!(script.written.ends_with("Created the user root.\n"), "{}", script.written);
    assert!(!script.written.contains("otter"), "{}", script.written);
    let root = bench.user("root").await.unwrap();
    assert!(root.is_staff && root.is_superuser && root.is_active);
    assert_eq!(root.email, "root@example.com");
}

#[tokio::test]
async fn createsuperuser_takes_everything_from_arguments_and_environment() {
    let mut bench = Bench::migrated().await;
    let arguments = ["createsuperuser", "--username", "root", "--email", "root@example.com", "--no-input"];
    bench.superuser_password = Some("12345".to_owned());
    let weak = bench.error(&arguments).await.to_string();
    for reason in ["shorter than 8 characters", "too common", "made of digits alone"] {
        assert!(weak.contains(reason), "{weak}");
    }
    bench.superuser_password = Some("brass-otter-lamp".to_owned());
    assert_eq!(bench.output(&arguments).await, "Created the user root.\n");
    assert!(bench.accounts().await.check_password("root", "brass-otter-lamp").await.unwrap().is_some());

    let taken = bench.error(&arguments).await;
    assert!(matches!(taken, CommandError::CreateUser(CreateUserError::UsernameTaken(_))), "{taken}");
    assert!(taken.advice("echo").unwrap().contains("echo changepassword root"));
    let nameless = bench.error(&["createsuperuser", "--no-input"]).await;
    assert_eq!(nameless.to_string(), "--username is missing, and nobody may be asked");
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is() {
    let bench = Bench::migrated().await;
    bench.add_user("alice").await;
    for arguments in [&["createsuperuser"][..], &["createuser"], &["changepassword", "alice"]] {
        let error = bench.error(arguments).await;
        assert!(matches!(error, CommandError::NotATerminal), "{error}");
    }
}

#[tokio::test]
async fn an_interview_that_ends_early_changes_nothing() {
    let bench = Bench::migrated().await;
    let mut script = Script::answering(["alice", "", "brass-otter-lamp"]);
    let error = bench.run(&["createuser"], &mut script).await.unwrap_err();
    assert!(matches!(error, CommandError::Ended), "{error}");
    assert!(bench.user("alice").await.is_none());
}

#[tokio::test]
async fn createuser_gives_no_rights_but_those_asked_for() {
    let mut bench = Bench::migrated().await;
    bench.superuser_password = Some("brass-otter-lamp".to_owned());
    let plain = bench.output(&["createuser", "--username", "alice", "--no-input"]).await;
    assert!(plain.contains("without a password"), "{plain}");
    bench.output(&["createuser", "--username", "carol", "--staff", "--no-input"]).await;
    let alice = bench.user("alice").await.unwrap();
    assert!(!alice.is_staff && !alice.is_superuser);
    let carol = bench.user("carol").await.unwrap();
    assert!(carol.is_staff && !carol.is_superuser);
}

#[tokio::test]
async fn changepassword_takes_a_new_one_and_ends_logins() {
    let bench = Bench::migrated().await;
    let alice = bench.add_user("alice").await;
    let session = bench.accounts().await.login(&alice).await.unwrap();
    let mut script = Script::answering(["alice-99", "brass-otter-lamp", "brass-otter-lamp"]);
    bench.run(&["changepassword", "alice"], &mut script).await.unwrap();
    assert!(script.written.contains("too similar to the username"), "{}", script.written);
    let accounts = bench.accounts().await;
    assert!(accounts.check_password("alice", "brass-otter-lamp").await.unwrap().is_some());
    assert!(accounts.user_by_session(&session.key).await.unwrap().is_none());

    let unknown = bench.error(&["changepassword", "nobody"]).await;
    assert_eq!(unknown.to_string(), "there is no user \"nobody\"");
}

#[tokio::test]
async fn a_token_is_made_once() {
    let bench = Bench::migrated().await;
    bench.add_user("alice").await;
    let token = bench.output(&["token", "alice"]).await;
    assert_eq!(token.trim_end().len(), 40);
    assert_eq!(bench.output(&["token", "alice"]).await, token);
    assert!(matches!(bench.error(&["token", "bob"]).await, CommandError::UnknownUser(_)));
}

#[tokio::test]
async fn clearsessions_deletes_what_is_over_and_nothing_else() {
    let bench = Bench::migrated().await;
    let alice = bench.add_user("alice").await;
    let accounts = bench.accounts().await;
    accounts.clone().session_age(Duration::ZERO).login(&alice).await.unwrap();
    let current = accounts.login(&alice).await.unwrap();
    assert_eq!(bench.output(&["clearsessions"]).await, "Deleted 1 expired session.\n");
    assert_eq!(bench.output(&["clearsessions"]).await, "Deleted 0 expired sessions.\n");
    assert!(accounts.user_by_session(&current.key).await.unwrap().is_some());
}

#[tokio::test]
async fn settings_are_listed_without_secrets_and_can_be_read_back() {
    let bench = Bench::empty();
    let listing = bench.output(&["settings"]).await;
    assert!(listing.contains("\nmax_message_size = 65536\n"), "{listing}");
    assert!(!listing.contains(KEY), "{listing}");
}

#[tokio::test]
async fn check_reports_everything_at_once() {
    let mut bench = Bench::empty();
    bench.settings.secret_key = Some("short".into());
    bench.settings.debug = true;
    bench.settings.close_timeout = bench.settings.shutdown_timeout * 2;
    let mut script = Script::alone();
    let error = bench.run(&["check"], &mut script).await.unwrap_err();
    assert_eq!(error.to_string(), "the check found 2 problems");
    for finding in [
        "warning: debug is on",
        "warning: close_timeout is longer than shutdown_timeout",
        "warning: allowed_origins is empty",
        "error: the secret key is too short",
        "error: there is no database file",
    ] {
        assert!(script.written.contains(finding), "{finding} is not in {}", script.written);
    }
}

#[tokio::test]
async fn check_is_content_with_a_site_that_is_set_up() {
    let mut bench = Bench::migrated().await;
    bench.settings.allowed_origins = vec!["https://example.com".to_owned()];
    bench.settings.allowed_hosts = vec!["example.com".to_owned()];
    bench.settings.session_cookie_secure = true;
    bench.settings.csrf_cookie_secure = true;
    let output = bench.output(&["check"]).await;
    assert_eq!(output, "Settings, routes, templates, database and channel layer are in order.\n");

    bench.project = bench.project.clone().templates(&[("a.html", "{% endif %}")]);
    let mut script = Script::alone();
    bench.run(&["check"], &mut script).await.unwrap_err();
    assert!(script.written.contains("the template \"a.html\" is wrong"), "{}", script.written);
}

#[tokio::test]
async fn check_asks_for_descriptions_if_it_is_told_to() {
    let mut bench = Bench::migrated().await;
    bench.project = bench.project.clone().websockets(|| Routes::new([path("ws/", Quiet::endpoint())]));
    let asked = "has no description";
    assert!(!bench.output(&["check"]).await.contains(asked));
    bench.settings.require_descriptions = true;
    let mut script = Script::alone();
    let error = bench.run(&["check"], &mut script).await.unwrap_err();
    assert_eq!(error.to_string(), "the check found 2 problems");
    for finding in ["Quiet has no description", "the message \"hum\" of Quiet has no description"] {
        assert!(script.written.contains(finding), "{finding} is not in {}", script.written);
    }
}

#[tokio::test]
async fn the_asyncapi_document_is_written_for_a_server() {
    let mut bench = Bench::empty();
    bench.project = bench.project.clone().websockets(|| Routes::new([path("ws/", Quiet::endpoint())]));
    let json = bench.output(&["asyncapi", "--server", "wss://hum.example"]).await;
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["servers"]["default"]["host"], "hum.example");
    let yaml = bench.output(&["asyncapi", "--format", "yaml"]).await;
    assert!(yaml.contains("host: \"localhost:8000\"\n"), "{yaml}");

    let file = bench.directory.path().join("asyncapi.json");
    let path = file.to_str().unwrap();
    assert_eq!(bench.output(&["asyncapi", "--output", path, "--server", "wss://hum.example"]).await, "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), json);
    let nowhere = bench.directory.path().join("missing/asyncapi.json");
    let error = bench.error(&["asyncapi", "--output", nowhere.to_str().unwrap()]).await;
    assert!(error.to_string().ends_with("missing/asyncapi.json cannot be written"), "{error}");
}

#[tokio::test]
async fn events_cannot_be_sent_into_the_memory_of_another_process() {
    let error = Bench::migrated().await.error(&["send-event", "notify", "--everyone"]).await;
    assert!(matches!(error, CommandError::LonelyLayer), "{error}");
    assert!(error.advice("echo").unwrap().contains("redis://"));
}

#[tokio::test]
async fn a_channel_layer_that_does_not_exist_is_named() {
    let mut bench = Bench::migrated().await;
    bench.settings.channel_layer = ConnectionUrl::from("amqp://me:hunter2@localhost");
    let error = bench.error(&["runserver", "127.0.0.1:0"]).await.to_string();
    assert!(error.contains("there is no layer `amqp://`") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn runserver_starts_nothing_that_is_not_set_up() {
    let mut bench = Bench::empty();
    assert!(bench.error(&["runserver"]).await.advice("echo").unwrap().contains("echo migrate"));
    bench.settings.secret_key = Some("short".into());
    assert!(bench.error(&["runserver"]).await.advice("echo").unwrap().contains("echo secretkey"));
    bench.settings.secret_key = None;
    let error = bench.error(&["runserver"]).await;
    assert_eq!(error.to_string(), "the setting secret_key is missing");
    assert!(error.advice("echo").unwrap().contains("CHANX_SECRET_KEY"));
    assert!(bench.directory.path().read_dir().unwrap().next().is_none());
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_another_one() {
    let bench = Bench::migrated().await;
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    for command in ["runserver", "develop"] {
        let error = bench.error(&[command, &address]).await;
        assert_eq!(error.to_string(), format!("cannot listen on {address}"));
        let advice = error.advice("echo").unwrap();
        assert!(advice.contains(&format!("choose another port: echo {command} 127.0.0.1:")), "{advice}");
    }
}

/// A bench whose application counts users, or fails.
async fn with_own_commands() -> Bench {
    let project = Project::new("bench")
        .command("census", "Count the users", async |site: Site| {
            let users: i64 =
                sqlx::query_scalar("SELECT count(*) FROM auth_user").fetch_one(site.database().pool()).await?;
            Ok(format!("{users} users"))
        })
        .command("fail", "Fail", async |_| Err("no luck".into()));
    Bench { project, ..Bench::migrated().await }
}

impl Bench {
    async fn run_own(&self, name: &str, script: &mut Script) -> Result<(), CommandError> {
        let arguments = ["bench", name].map(Into::into);
        let Ok(Chosen::Own(own)) = choose(&self.project, &arguments) else { panic!("{name} is an own command") };
        own.run(self.context(script)).await
    }
}

#[tokio::test]
async fn a_command_of_the_application_gets_the_site_and_its_report_is_written() {
    let bench = with_own_commands().await;
    bench.add_user("alice").await;
    let mut script = Script::alone();
    bench.run_own("census", &mut script).await.unwrap();
    assert_eq!(script.written, "1 users\n");
}

#[tokio::test]
async fn a_command_of_the_application_that_fails_is_named() {
    let error = with_own_commands().await.run_own("fail", &mut Script::alone()).await.unwrap_err();
    assert_eq!(crate::web::chain(&error), "`fail` failed: no luck");
}

#[tokio::test]
async fn commands_of_the_application_need_their_tables_too() {
    let bench = Bench { project: with_own_commands().await.project, ..Bench::empty() };
    let error = bench.run_own("census", &mut Script::alone()).await.unwrap_err();
    assert!(matches!(error, CommandError::Database(_)), "{error:?}");
}

#[test]
fn built_in_commands_are_chosen_beside_those_of_the_application() {
    let project = Project::new("bench").command("census", "Count the users", async |_| Ok(String::new()));
    let choose = |name: &str| choose(&project, &["bench".into(), name.into()]).map(|chosen| format!("{chosen:?}"));
    assert_eq!(choose("migrate").unwrap(), "BuiltIn(Migrate)");
    assert!(choose("census").unwrap().starts_with("Own("));
    assert!(choose("cencus").is_err());
    assert!(choose("--help").unwrap_err().to_string().contains("Count the users"));
}
