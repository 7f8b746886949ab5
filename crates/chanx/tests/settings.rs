//! Loading settings from a file, the environment and code, as an application sees it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chanx::settings::{LogFormat, SameSite, Secret, SettingInfo, Settings, SettingsError, Source};
use http::HeaderMap;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let variables = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_sources(Some((Path::new("chanx.toml"), file)), variables)
}

fn from_file(file: &str) -> Settings {
    load(file, &[]).unwrap()
}

fn from_environment(environment: &[(&str, &str)]) -> Settings {
    load("", environment).unwrap()
}

fn fault(file: &str, environment: &[(&str, &str)]) -> String {
    load(file, environment).unwrap_err().to_string()
}

fn described(settings: &Settings, name: &str) -> SettingInfo {
    settings.describe().find(|info| info.name == name).unwrap()
}

#[test]
fn defaults_are_safe() {
    let settings = from_environment(&[]);
    assert!(!settings.send_completion && settings.send_authentication_message);
    assert!(!settings.debug && !settings.allow_missing_origin);
    assert_eq!(settings.max_message_size, 65_536);
    assert!(!settings.compression && settings.max_compression_contexts == 0);
    assert_eq!(settings.secret_key, None);
    assert_eq!(settings.channel_layer.expose(), "memory://");
    assert_eq!(settings.session_cookie_age, Duration::from_secs(1_209_600));
    assert_eq!(settings.csrf_cookie_age, Duration::from_secs(31_449_600));
    assert!(!settings.origins().unwrap().allows(&HeaderMap::new()));
    settings.check().unwrap();
}

#[test]
fn a_file_sets_every_kind_of_value() {
    let settings = from_file(
        r#"
        # comments are fine
        send_completion = true
        message_action_key = "type"
        max_message_size = 1_048_576
        ping_interval = 1.5
        ping_timeout = 2
        idle_timeout = "none"
        max_connections = 0x10
        log_format = "json"
        log_ignored_actions = ["ping", "pong"]
        session_cookie_samesite = "Strict"
        channel_layer = "memory"
        secret_key = "hunter2"
        "#,
    );
    assert!(settings.send_completion);
    assert_eq!(settings.message_action_key, "type");
    assert_eq!(settings.max_message_size, 1_048_576);
    assert_eq!(settings.ping_interval, Some(Duration::from_millis(1500)));
    assert_eq!(settings.ping_timeout, Duration::from_secs(2));
    assert_eq!(settings.idle_timeout, None);
    assert_eq!(settings.max_connections, Some(16));
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.log_ignored_actions, ["ping", "pong"]);
    assert_eq!(settings.session_cookie_samesite, SameSite::Strict);
    assert_eq!(settings.channel_layer.expose(), "memory://");
    assert_eq!(settings.secret_key.unwrap().expose(), "hunter2");
}

#[test]
fn the_environment_sets_every_kind_of_value() {
    let settings = from_environment(&[
        ("CHANX_SEND_COMPLETION", "True"),
        ("CHANX_MESSAGE_ACTION_KEY", "type"),
        ("CHANX_MAX_MESSAGE_SIZE", "1048576"),
        ("CHANX_PING_INTERVAL", "none"),
        ("CHANX_IDLE_TIMEOUT", "0.25"),
        ("CHANX_LOG_FORMAT", "human"),
        ("CHANX_LOG_IGNORED_ACTIONS", " ping, pong ,"),
        ("CHANX_SESSION_COOKIE_SAMESITE", "none"),
        ("CHANX_LAYER", "memory"),
        ("CHANX_DATABASE_URL", "sqlite:///srv/db.sqlite3"),
        ("CHANX_SECRET_KEY", "hunter2"),
        ("CHANX_SECRET_KEY_FALLBACKS", "old,older"),
        ("CHANX_WEBSOCKET_BASE_URL", ""),
    ]);
    assert!(settings.send_completion);
    assert_eq!(settings.message_action_key, "type");
    assert_eq!(settings.max_message_size, 1_048_576);
    assert_eq!(settings.ping_interval, None);
    assert_eq!(settings.idle_timeout, Some(Duration::from_millis(250)));
    assert_eq!(settings.log_format, LogFormat::Human);
    assert_eq!(settings.log_ignored_actions, ["ping", "pong"]);
    assert_eq!(settings.session_cookie_samesite, SameSite::None);
    assert_eq!(settings.channel_layer.expose(), "memory://");
    assert_eq!(settings.database_url.expose(), "sqlite:///srv/db.sqlite3");
    let fallbacks: Vec<_> = settings.secret_key_fallbacks.iter().map(Secret::expose).collect();
    assert_eq!(fallbacks, ["old", "older"]);
    assert_eq!(settings.websocket_base_url, None);
}

#[test]
fn the_environment_overrules_the_file_and_code_overrules_both() {
    let file = "camelize = true\nmax_waiting_messages = 10\n\nmax_message_size = 10";
    let environment = [("CHANX_MAX_WAITING_MESSAGES", "20"), ("CHANX_LOG_FILTER", "debug")];
    let mut settings = load(file, &environment).unwrap();
    settings.max_message_size = 30;
    settings.debug = true;
    let values = (settings.camelize, settings.max_waiting_messages, settings.max_message_size);
    assert_eq!(values, (true, 20, 30));

    let source = |name: &str| described(&settings, name).source.to_string();
    assert_eq!(source("camelize"), "chanx.toml:1");
    assert_eq!(source("max_waiting_messages"), "CHANX_MAX_WAITING_MESSAGES");
    assert_eq!(source("log_filter"), "CHANX_LOG_FILTER");
    assert_eq!(source("max_message_size"), "code");
    assert_eq!(source("debug"), "code");
    assert_eq!(source("send_completion"), "default");
}

#[test]
fn other_variables_are_let_through() {
    let environment = [
        ("PATH", "/bin"),
        ("CHANXY", "1"),
        ("CHANX_SUPERUSER_PASSWORD", "hunter2"),
        ("CHANX_SETTINGS", "elsewhere.toml"),
    ];
    assert!(load("", &environment).is_ok());
}

#[test]
fn unknown_keys_stop_with_advice() {
    assert_eq!(
        fault("\nsend_completions = true", &[]),
        r#"chanx.toml:2: unknown setting "send_completions": did you mean "send_completion"?"#
    );
    assert_eq!(
        fault("SEND_COMPLETION = true", &[]),
        r#"chanx.toml:1: unknown setting "SEND_COMPLETION": did you mean "send_completion"?"#
    );
    assert_eq!(
        fault("", &[("CHANX_ALOWED_ORIGINS", "*")]),
        r#"CHANX_ALOWED_ORIGINS: unknown setting "alowed_origins": did you mean "CHANX_ALLOWED_ORIGINS"?"#
    );
    let listing = fault("[database]\nname = 1", &[]);
    let begin = r#"chanx.toml:1: unknown setting "database": the settings are send_completion, "#;
    assert!(listing.starts_with(begin) && listing.ends_with(", debug"), "{listing}");
}

#[test]
fn bad_values_stop_with_what_is_allowed() {
    let cases = [
        ("\n\ncamelize = \"yes\"", "chanx.toml:3: camelize must be true or false, not \"yes\""),
        ("max_message_size = -1", "chanx.toml:1: max_message_size must be a whole number, not -1"),
        ("max_message_size = 1.5", "chanx.toml:1: max_message_size must be a whole number, not 1.5"),
        ("max_message_size = 0", "chanx.toml:1: max_message_size must be at least 1, not 0"),
        ("max_connections = 0", "chanx.toml:1: max_connections must be at least 1, not 0"),
        ("ping_timeout = -2", "chanx.toml:1: ping_timeout must be a number of seconds, not -2"),
        ("ping_timeout = nan", "chanx.toml:1: ping_timeout must be a number of seconds, not nan"),
        ("ping_timeout = 0", "chanx.toml:1: ping_timeout must be more than 0 seconds"),
        ("idle_timeout = \"off\"", "chanx.toml:1: idle_timeout must be a number of seconds or \"none\", not \"off\""),
        ("log_format = \"xml\"", "chanx.toml:1: log_format must be \"auto\", \"human\" or \"json\", not \"xml\""),
        (
            "session_cookie_samesite = 1",
            "chanx.toml:1: session_cookie_samesite must be \"Lax\", \"Strict\" or \"None\", not 1",
        ),
        ("allowed_hosts = \"a\"", "chanx.toml:1: allowed_hosts must be a list of texts, not \"a\""),
        ("allowed_hosts = [\"a\", 1]", "chanx.toml:1: allowed_hosts must be a list of texts, not [\"a\", 1]"),
        (
            "csrf_trusted_origins = [\"localhost\"]",
            "chanx.toml:1: csrf_trusted_origins must be a list of origins: origin \"localhost\" has no scheme: write \
             \"https://localhost\" or \"http://localhost\"",
        ),
        ("message_action_key = \"\"", "chanx.toml:1: message_action_key must not be empty"),
        (
            "message_action_key = \"payload\"",
            "chanx.toml:1: message_action_key must not be \"payload\", which means something else in a message",
        ),
        ("login_url = \"//evil.example/\"", "chanx.toml:1: login_url must be a path that begins with one \"/\""),
        (
            "websocket_base_url = \"http://localhost\"",
            "chanx.toml:1: websocket_base_url must begin with \"ws://\" or \"wss://\"",
        ),
        (
            "session_cookie_name = \"a b\"",
            "chanx.toml:1: session_cookie_name must be made of letters, digits and \"-\", \"_\" or \".\"",
        ),
    ];
    for (file, message) in cases {
        assert_eq!(fault(file, &[]), message);
    }
    assert_eq!(
        fault("", &[("CHANX_CAMELIZE", "maybe")]),
        "CHANX_CAMELIZE: camelize must be true or false, not \"maybe\""
    );
    assert_eq!(
        fault("", &[("CHANX_MAX_MESSAGE_SIZE", "")]),
        "CHANX_MAX_MESSAGE_SIZE: max_message_size must be a whole number, not \"\""
    );
}

#[test]
fn broken_files_name_the_line() {
    let message = fault("camelize = true\nlog_filter = \"a\nb\"", &[]);
    assert!(message.starts_with("chanx.toml:2: "), "{message}");
    assert!(fault("camelize = true\ncamelize = true", &[]).starts_with("chanx.toml:2: duplicate key"));
}

#[test]
fn one_source_may_not_contradict_itself() {
    assert_eq!(
        fault("layer = \"memory\"\nchannel_layer = \"redis\"", &[]),
        "chanx.toml:2: \"channel_layer\" is already set by chanx.toml:1: remove one of them"
    );
    assert_eq!(
        fault("", &[("CHANX_LAYER", "memory"), ("CHANX_CHANNEL_LAYER", "memory")]),
        "CHANX_LAYER: \"channel_layer\" is already set by CHANX_CHANNEL_LAYER: remove one of them"
    );
    assert!(load("layer = \"redis\"", &[("CHANX_CHANNEL_LAYER", "memory")]).is_ok());
}

#[test]
fn secrets_are_never_shown() {
    const SECRETS: &str = "secret_key = \"hunter2\"\nsecret_key_fallbacks = [\"hunter2\"]\n\
        channel_layer = \"redis://:hunter2@localhost\"\ndatabase_url = \"postgres://me:hunter2@db/x\"";
    let mut settings = from_file(SECRETS);
    settings.secret_key_fallbacks.push("hunter2".into());
    let listing: Vec<_> = settings.describe().collect();
    assert!(!format!("{settings:?} {listing:?}").contains("hunter2"));
    assert_eq!(described(&settings, "secret_key").value, "\"***\"");
    assert_eq!(described(&settings, "secret_key_fallbacks").value, "[\"***\", \"***\"]");
    assert_eq!(described(&settings, "channel_layer").value, "\"redis://***@localhost\"");

    let faults = [
        "secret_key = [\"hunter2\"]",
        "secret_key = hunter2",
        "secret_key = \"hunter2",
        "secret_key = \"hunter2\\q\"",
        "secret_key_fallbacks = \"hunter2\"",
        "secret_key_fallbacks = [\"hunter2\", 1]",
        "database_url = \"hunter2 ://\"",
        "database_url = \"2hunter2://\"",
        "secret_key_fallbacks = [\"hunter2\", \"\"]",
        "database_url = 0xhunter2",
    ];
    for file in faults {
        let error = load(file, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(!fault("", &[("CHANX_DATABASE_URL", "Hunter2:hunter2@db")]).contains("unter2"));
}

#[test]
fn an_empty_secret_key_is_none() {
    assert_eq!(from_environment(&[("CHANX_SECRET_KEY", "")]).secret_key, None);
    assert_eq!(from_file("secret_key = \"\"").secret_key, None);
}

#[test]
fn all_three_lists_of_origins_count() {
    let settings = from_file(
        "allowed_origins = [\"http://a.example\"]\ncors_allowed_origins = [\"http://b.example\"]\n\
         csrf_trusted_origins = [\"http://c.example\"]\nallow_missing_origin = true",
    );
    let origins = settings.origins().unwrap();
    let allows =
        |origin: &str| origins.allows(&HeaderMap::from_iter([(http::header::ORIGIN, origin.parse().unwrap())]));
    assert!(["http://a.example", "http://b.example", "http://c.example"].into_iter().all(allows));
    assert!(!allows("http://d.example"));
    assert!(origins.allows(&HeaderMap::new()));
}

#[test]
fn values_set_by_code_can_be_checked() {
    let mut settings = Settings::default();
    settings.max_message_size = 0;
    assert_eq!(settings.check().unwrap_err().to_string(), "code: max_message_size must be at least 1, not 0");
}

#[test]
fn the_listing_is_complete_and_can_be_read_back() {
    let settings = Settings::default();
    let names: BTreeSet<_> = settings.describe().map(|info| info.name).collect();
    assert_eq!(names.len(), settings.describe().count());
    for info in settings.describe() {
        assert!(!info.doc.is_empty() && !info.kind.is_empty(), "{}", info.name);
        assert_eq!((&info.value, &info.source), (&info.default, &Source::Default));
        let reread = from_file(&format!("{} = {}", info.name, info.value));
        assert_eq!(described(&reread, info.name).value, info.value);
    }
    let info = described(&settings, "ping_interval");
    assert_eq!((info.default.as_str(), info.variable.as_str()), ("20", "CHANX_PING_INTERVAL"));
}

/// The page of limits names settings with their defaults, as `` `max_groups` = `1000` ``.
#[test]
fn the_page_of_limits_has_every_limit_with_its_default() {
    let page = include_str!("../../../docs/limits.md");
    let words: Vec<_> = page.split('`').collect();
    let named: Vec<(&str, &str)> =
        words.windows(3).filter(|window| window[1] == " = ").map(|window| (window[0], window[2])).collect();
    let settings: Vec<_> = Settings::default().describe().collect();
    for (name, value) in &named {
        let setting = settings.iter().find(|setting| setting.name == *name);
        let setting = setting.unwrap_or_else(|| panic!("the page names `{name}`, which is no setting"));
        assert_eq!(setting.default, *value, "the default of `{name}`");
    }
    let is_limit = |name: &str| {
        name.starts_with("max_")
            || name.starts_with("min_")
            || name.ends_with("_timeout")
            || name.ends_with("_interval")
    };
    for setting in settings.iter().filter(|setting| is_limit(setting.name)) {
        assert!(named.iter().any(|(name, _)| *name == setting.name), "the page does not name `{}`", setting.name);
    }
}
