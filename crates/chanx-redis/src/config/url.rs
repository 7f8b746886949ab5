//! The grammar of a layer's URL.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::{Address, Config, LONGEST, LONGEST_MESSAGE, Mode, Serializer, UrlError};

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Sets one option; an error says what the option takes.
type Setter = fn(&mut Config, String) -> Result<(), &'static str>;

const OPTIONS: [(&str, Setter); 19] = [
    ("prefix", |config, value| {
        config.prefix = value;
        Ok(())
    }),
    ("capacity", |config, value| {
        config.capacity = positive(&value).ok_or("a whole number from 1")?;
        Ok(())
    }),
    ("expiry", |config, value| {
        config.expiry = seconds(&value).ok_or("whole seconds from 1")?;
        Ok(())
    }),
    ("group_expiry", |config, value| {
        config.group_expiry = seconds(&value).ok_or("whole seconds from 1")?;
        Ok(())
    }),
    ("serializer", |config, value| {
        config.serializer = serializer(&value).ok_or("`msgpack` or `json`")?;
        Ok(())
    }),
    ("sentinel", |config, value| {
        config.sentinel = Some(not_empty(value).ok_or("the name under which the sentinels know the server")?);
        Ok(())
    }),
    ("sentinel_password", |config, value| {
        config.sentinel_password = Some(not_empty(value).ok_or("the password of the sentinels")?);
        Ok(())
    }),
    ("timeout", |config, value| {
        config.timeout = timeout(&value).ok_or("seconds, such as 2 or 0.5, of an hour at most")?;
        Ok(())
    }),
    ("connect_timeout", |config, value| {
        config.connect_timeout = timeout(&value).ok_or("seconds, such as 2 or 0.5, of an hour at most")?;
        Ok(())
    }),
    ("dead_after", |config, value| {
        config.dead_after = timeout(&value).ok_or("seconds, such as 10 or 0.5, of an hour at most")?;
        Ok(())
    }),
    ("max_message", |config, value| {
        let bytes = positive(&value).filter(|bytes| *bytes <= LONGEST_MESSAGE);
        config.max_message = bytes.ok_or("a number of bytes, from 1 to 33554432")?;
        Ok(())
    }),
    ("max_queue", |config, value| {
        config.max_queue = positive(&value).ok_or("a number of bytes from 1")?;
        Ok(())
    }),
    ("max_sending", |config, value| {
        config.max_sending = positive(&value).ok_or("a number of bytes from 1")?;
        Ok(())
    }),
    ("db", |config, value| {
        config.database = database(&value).ok_or("the number of a database")?;
        Ok(())
    }),
    ("ca_file", |config, value| {
        config.ca_file = Some(PathBuf::from(not_empty(value).ok_or("the path of a file of certificates")?));
        Ok(())
    }),
    ("cert_file", |config, value| {
        config.cert_file = Some(PathBuf::from(not_empty(value).ok_or("the path of a file with a certificate")?));
        Ok(())
    }),
    ("key_file", |config, value| {
        config.key_file = Some(PathBuf::from(not_empty(value).ok_or("the path of a file with a private key")?));
        Ok(())
    }),
    ("password_file", |config, value| {
        config.password_file = Some(PathBuf::from(not_empty(value).ok_or("the path of a file with a password")?));
        Ok(())
    }),
    (ENCRYPTION_KEY, |config, value| {
        config.encryption_keys.push(not_empty(value).ok_or("a text that is not empty")?.into_bytes());
        Ok(())
    }),
];

/// The option that may be repeated.
const ENCRYPTION_KEY: &str = "encryption_key";

/// What stands before `://`.
struct Scheme {
    mode: Mode,
    is_tls: bool,
    is_unix: bool,
}

/// Reads the URL of a layer.
pub(super) fn read(url: &str) -> Result<Config, UrlError> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
    let scheme = Scheme::read(scheme)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    if path.contains(['@', '#']) || query.contains(['@', '#']) || authority.contains('#') {
        return Err(UrlError::Unescaped);
    }
    let mut config = if scheme.is_unix {
        socket(&scheme, authority, path)?
    } else {
        servers(&scheme, authority, path, is_with_sentinels(query))?
    };
    options(&mut config, query, !scheme.is_unix && path.len() > 1)?;
    check(&scheme, config)
}

impl Scheme {
    fn read(text: &str) -> Result<Self, UrlError> {
        let mut parts = text.split('+');
        let is_tls = match parts.next() {
            Some("redis") => false,
            Some("rediss") => true,
            _ => return Err(UrlError::Scheme),
        };
        let mut scheme = Self { mode: Mode::Core, is_tls, is_unix: false };
        for part in parts {
            match part {
                "pubsub" if scheme.mode == Mode::Core => scheme.mode = Mode::PubSub,
                "sharded" if scheme.mode == Mode::Core => scheme.mode = Mode::Sharded,
                "unix" if !scheme.is_unix => scheme.is_unix = true,
                _ => return Err(UrlError::Scheme),
            }
        }
        if scheme.is_tls && cfg!(not(feature = "tls")) {
            return Err(UrlError::NoTls);
        }
        Ok(scheme)
    }
}

fn socket(scheme: &Scheme, authority: &str, path: &str) -> Result<Config, UrlError> {
    if scheme.is_tls || path.len() < 2 {
        return Err(UrlError::Socket);
    }
    let (user, rest) = split_user(authority);
    if !rest.is_empty() {
        return Err(UrlError::Socket);
    }
    let mut config = Config::new(scheme.mode, vec![Address::Unix(PathBuf::from(decode(path)?))]);
    set_user(&mut config, user)?;
    Ok(config)
}

fn servers(scheme: &Scheme, authority: &str, path: &str, with_sentinels: bool) -> Result<Config, UrlError> {
    let (user, hosts) = split_user(authority);
    let port = if with_sentinels { SENTINEL_PORT } else { REDIS_PORT };
    let addresses = hosts.split(',').map(|text| server(text, port)).collect::<Result<_, _>>()?;
    let mut config = Config::new(scheme.mode, addresses);
    config.tls = scheme.is_tls;
    set_user(&mut config, user)?;
    if let Some(number) = path.strip_prefix('/').filter(|number| !number.is_empty()) {
        config.database = database(number).ok_or(UrlError::Database)?;
    }
    Ok(config)
}

/// The last `@` counts, so that a password may hold others.
fn split_user(authority: &str) -> (Option<&str>, &str) {
    authority.rsplit_once('@').map_or((None, authority), |(user, rest)| (Some(user), rest))
}

fn set_user(config: &mut Config, user: Option<&str>) -> Result<(), UrlError> {
    let Some(user) = user else { return Ok(()) };
    let (name, password) = match user.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (user, None),
    };
    if password.unwrap_or(name).is_empty() {
        return Err(UrlError::User);
    }
    config.user = Some(decode(name)?).filter(|name| !name.is_empty());
    config.password = password.map(decode).transpose()?;
    Ok(())
}

fn server(text: &str, default_port: u16) -> Result<Address, UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(UrlError::Server)?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("")).ok_or(UrlError::Server)?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = if port.is_empty() { Some(default_port) } else { number(port).filter(|port| *port > 0) };
    let host = decode(host)?;
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '[' || c == ']') {
        return Err(UrlError::Server);
    }
    Ok(Address::Tcp { host, port: port.ok_or(UrlError::Server)? })
}

/// Whether the servers are sentinels, which the default of their ports depends on.
fn is_with_sentinels(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("sentinel="))
}

fn options(config: &mut Config, query: &str, has_database: bool) -> Result<(), UrlError> {
    let mut seen = if has_database { vec!["db"] } else { Vec::new() };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, set) = OPTIONS.into_iter().find(|(known, _)| *known == name).ok_or_else(|| unknown(name, query))?;
        if seen.contains(&name) && name != ENCRYPTION_KEY {
            return Err(UrlError::Twice { name });
        }
        seen.push(name);
        set(config, decode(value)?).map_err(|expected| UrlError::Value { name, expected })?;
    }
    Ok(())
}

/// An `&` that is not escaped makes an option out of half a secret.
fn unknown(name: &str, query: &str) -> UrlError {
    let name = if query.contains(ENCRYPTION_KEY) || query.contains("password") { "***" } else { name };
    let known: Vec<_> = OPTIONS.iter().map(|(name, _)| *name).collect();
    UrlError::UnknownOption { name: name.to_owned(), known: known.join(", ") }
}

/// What goes together.
fn check(scheme: &Scheme, config: Config) -> Result<Config, UrlError> {
    if scheme.is_unix && config.sentinel.is_some() {
        return Err(UrlError::Socket);
    }
    if config.mode == Mode::Sharded && (config.database != 0 || config.sentinel.is_some()) {
        return Err(UrlError::Sharded);
    }
    for (name, file) in [("ca_file", &config.ca_file), ("cert_file", &config.cert_file), ("key_file", &config.key_file)]
    {
        if file.is_some() && !scheme.is_tls {
            return Err(UrlError::Value { name, expected: "its meaning from TLS, which is `rediss://`" });
        }
    }
    match (&config.cert_file, &config.key_file) {
        (Some(_), None) => {
            return Err(UrlError::Value { name: "cert_file", expected: "its key, the option `key_file`" });
        }
        (None, Some(_)) => {
            return Err(UrlError::Value { name: "key_file", expected: "its certificate, the option `cert_file`" });
        }
        _ => {}
    }
    if config.user.is_some() && config.password.is_none() && config.password_file.is_none() {
        return Err(UrlError::User);
    }
    if config.password_file.is_some() && config.password.is_some() {
        return Err(UrlError::Value { name: "password_file", expected: "no other password in the URL" });
    }
    if config.sentinel_password.is_some() && config.sentinel.is_none() {
        return Err(UrlError::Value { name: "sentinel_password", expected: "its meaning from the option `sentinel`" });
    }
    Ok(config)
}

fn decode(text: &str) -> Result<String, UrlError> {
    let is_escaped = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(is_escaped) {
        return Err(UrlError::Percent);
    }
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| UrlError::Percent)
}

/// Digits only: Rust would take a sign as well.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn positive(text: &str) -> Option<usize> {
    number(text).filter(|number| *number > 0)
}

fn seconds(text: &str) -> Option<Duration> {
    number(text).filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds)).map(Duration::from_secs)
}

fn database(text: &str) -> Option<i64> {
    number::<u32>(text).map(i64::from)
}

fn timeout(text: &str) -> Option<Duration> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds =
        text.parse().ok().filter(|seconds| is_decimal && *seconds >= 0.001 && *seconds <= LONGEST.as_secs_f64())?;
    Some(Duration::from_secs_f64(seconds))
}

fn serializer(text: &str) -> Option<Serializer> {
    match text {
        "msgpack" => Some(Serializer::MsgPack),
        "json" => Some(Serializer::Json),
        _ => None,
    }
}

fn not_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
