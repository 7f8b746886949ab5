//! The grammar of URLs: what is understood, and how what is not is answered.

use super::*;

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.to_owned(), port }
}

fn read(url: &str) -> Config {
    Config::from_url(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

#[test]
fn the_defaults_are_those_of_channels_redis() {
    let config = read("redis://localhost");
    assert_eq!((config.mode, config.addresses), (Mode::Core, vec![tcp("localhost", 6379)]));
    assert_eq!((config.prefix.as_str(), config.capacity), ("asgi", 100));
    assert_eq!((config.expiry.as_secs(), config.group_expiry.as_secs()), (60, 86_400));
    assert_eq!((config.serializer, config.encryption_keys.len()), (Serializer::MsgPack, 0));
    assert_eq!((config.user, config.password, config.database, config.tls), (None, None, 0, false));
    assert_eq!((config.sentinel, config.timeout), (None, Duration::from_secs(2)));
}

#[test]
fn schemes_choose_the_way() {
    for (scheme, mode) in [("redis", Mode::Core), ("redis+pubsub", Mode::PubSub), ("redis+sharded", Mode::Sharded)] {
        assert_eq!(read(&format!("{scheme}://h")).mode, mode);
        #[cfg(feature = "tls")]
        assert!(read(&format!("{}://h", scheme.replace("redis", "rediss"))).tls);
    }
    let socket = read("redis+pubsub+unix:///run/my%20redis.sock?db=3");
    assert_eq!((socket.mode, socket.database), (Mode::PubSub, 3));
    assert_eq!(socket.addresses, [Address::Unix("/run/my redis.sock".into())]);
    assert_eq!(read("redis+unix://:pw@/s").password.as_deref(), Some("pw"));
}

#[test]
fn servers_users_and_databases() {
    let config = read("redis://jo:p%40ss%2F:@x@a:1,[::1]:2,[fe80::1],b.example/7");
    assert_eq!(config.addresses, [tcp("a", 1), tcp("::1", 2), tcp("fe80::1", 6379), tcp("b.example", 6379)]);
    assert_eq!((config.user.as_deref(), config.password.as_deref()), (Some("jo"), Some("p@ss/:@x")));
    assert_eq!(config.database, 7);
    assert_eq!(read("redis://:pw@h/").password.as_deref(), Some("pw"));
    assert_eq!(config.addresses.iter().map(ToString::to_string).collect::<Vec<_>>()[1], "[::1]:2");
}

#[test]
fn options_are_set() {
    let config = read(
        "redis://h?prefix=my%20site%3A&capacity=7&expiry=8&group_expiry=9&serializer=json&timeout=0.5&db=4\
         &encryption_key=one+1&encryption_key=t%26wo",
    );
    assert_eq!((config.prefix.as_str(), config.capacity, config.database), ("my site:", 7, 4));
    assert_eq!((config.expiry.as_secs(), config.group_expiry.as_secs()), (8, 9));
    assert_eq!((config.serializer, config.timeout), (Serializer::Json, Duration::from_millis(500)));
    assert_eq!(config.encryption_keys, [b"one+1".to_vec(), b"t&wo".to_vec()]);
    let config = read("redis://h?connect_timeout=3&dead_after=0.25&max_message=100&max_queue=200&max_sending=300");
    assert_eq!((config.connect_timeout, config.dead_after), (Duration::from_secs(3), Duration::from_millis(250)));
    assert_eq!((config.max_message, config.max_queue, config.max_sending), (100, 200, 300));
    let longest = ["redis://h", "redis+pubsub://h", "redis+sharded://h"].map(|url| read(url).max_message >> 20);
    assert_eq!(longest, [32, 4, 4]);
    #[cfg(feature = "tls")]
    assert_eq!(read("rediss://h?ca_file=/a%26b").ca_file, Some("/a&b".into()));
    let config = read("redis://jo@h?password_file=/run/token");
    assert_eq!((config.user.as_deref(), config.password), (Some("jo"), None));
    assert_eq!(config.password_file, Some("/run/token".into()));
    let config = read("redis://s1,s2:5?sentinel=chief&sentinel_password=pw");
    assert_eq!(config.addresses, [tcp("s1", 26_379), tcp("s2", 5)]);
    assert_eq!((config.sentinel.as_deref(), config.sentinel_password.as_deref()), (Some("chief"), Some("pw")));
}

#[test]
fn what_is_wrong_is_named() {
    let table = [
        ("", UrlError::Scheme),
        ("redis", UrlError::Scheme),
        ("memory://", UrlError::Scheme),
        ("redis+pubsub+sharded://h", UrlError::Scheme),
        ("redis+unix+unix:///s", UrlError::Scheme),
        ("redis+http://h", UrlError::Scheme),
        ("redis://", UrlError::Server),
        ("redis://a,,b", UrlError::Server),
        ("redis://a:0", UrlError::Server),
        ("redis://a:65536", UrlError::Server),
        ("redis://a:+1", UrlError::Server),
        ("redis://[::1", UrlError::Server),
        ("redis://[::1]1", UrlError::Server),
        ("redis://a b", UrlError::Server),
        ("redis://h/one", UrlError::Database),
        ("redis://h/-1", UrlError::Database),
        ("redis://h/1/2", UrlError::Database),
        ("redis://user@h", UrlError::User),
        ("redis://user:@h", UrlError::User),
        ("redis://@h?password_file=/x", UrlError::User),
        ("redis://user:@h?password_file=/x", UrlError::User),
        ("redis://:a/b@h", UrlError::Unescaped),
        ("redis://:a?b@h", UrlError::Unescaped),
        ("redis://:a#b@h", UrlError::Unescaped),
        ("redis://h?prefix=a@b", UrlError::Unescaped),
        ("redis://:%zz@h", UrlError::Percent),
        ("redis://:%f@h", UrlError::Percent),
        ("redis://h?prefix=%ff", UrlError::Percent),
        ("redis+unix://h/s", UrlError::Socket),
        ("redis+unix:///", UrlError::Socket),
        ("redis+unix:///s?sentinel=x", UrlError::Socket),
        ("rediss+unix:///s", UrlError::Socket),
        ("redis+sharded://h/1", UrlError::Sharded),
        ("redis+sharded://h?sentinel=x", UrlError::Sharded),
        ("redis://h/1?db=1", UrlError::Twice { name: "db" }),
        ("redis://h?expiry=1&expiry=2", UrlError::Twice { name: "expiry" }),
    ];
    for (url, error) in table {
        assert_eq!(Config::from_url(url).unwrap_err(), error, "{url}");
    }
    for (option, expected) in [
        ("capacity=0", "a whole number from 1"),
        ("capacity=+1", "a whole number from 1"),
        ("capacity", "a whole number from 1"),
        ("expiry=1.5", "whole seconds from 1"),
        ("group_expiry=0", "whole seconds from 1"),
        ("serializer=yaml", "`msgpack` or `json`"),
        ("timeout=0", "seconds, such as"),
        ("connect_timeout=0", "seconds, such as"),
        ("dead_after=no", "seconds, such as"),
        ("max_message=33554433", "a number of bytes, from 1 to 33554432"),
        ("max_queue=0", "a number of bytes from 1"),
        ("max_sending=", "a number of bytes from 1"),
        ("timeout=inf", "seconds, such as"),
        ("timeout=1e3", "seconds, such as"),
        ("encryption_key=", "a text that is not empty"),
        ("sentinel_password=x", "`sentinel`"),
        ("ca_file=/x", "`rediss://`"),
        ("cert_file=/x", "`rediss://`"),
        ("key_file=/x", "`rediss://`"),
        ("password_file=", "the path of a file"),
    ] {
        let error = Config::from_url(&format!("redis://h?{option}")).unwrap_err();
        let name = option.split('=').next().unwrap();
        let message = error.to_string();
        assert!(message.contains(expected) && message.contains(&format!("`{name}`")), "{option}: {message}");
    }
    let message = Config::from_url("redis://:pw@h?password_file=/x").unwrap_err().to_string();
    assert!(message.contains("no other password"), "{message}");
    #[cfg(feature = "tls")]
    for (url, expected) in [("rediss://h?cert_file=/x", "`key_file`"), ("rediss://h?key_file=/x", "`cert_file`")] {
        let message = Config::from_url(url).unwrap_err().to_string();
        assert!(message.contains(expected), "{url}: {message}");
    }
    let message = Config::from_url("redis://h?prefx=a").unwrap_err().to_string();
    assert!(message.contains("`prefx`") && message.contains("prefix, capacity"), "{message}");
}

#[test]
fn no_secret_is_repeated() {
    for url in [
        "redis://:hush@h?x=1",
        "redis://:hush",
        "redis://user:hush",
        "redis://hush@h",
        "redis://h:hush",
        "redis://:hush/@h",
        "redis://:hush@h/hush",
        "redis://h?encryption_key=a&hush",
        "redis://:%hush@h",
        "redis://h?capacity=hush",
        "redis://h?sentinel_password=a&hush=1",
        "hush://h",
        "redis://:a?hush=b@h",
    ] {
        let error = Config::from_url(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{url}: {error:?}");
    }
    let config = read("redis://jo:hush@h?encryption_key=hush&sentinel=s&sentinel_password=hush");
    assert!(!format!("{config:?} {:?}", config.clone().layer()).contains("hush"));
}
