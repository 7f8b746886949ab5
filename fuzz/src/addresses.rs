//! Addresses of channel layers: no mistake repeats a password.

use chanx_redis::Config;

pub(crate) const WORDS: &[&[u8]] = &[
    b"redis://",
    b"rediss://",
    b"redis+pubsub://",
    b"redis+sharded://",
    b"redis+unix:///",
    b":hunter2@",
    b"localhost",
    b"[::1]",
    b":6379",
    b"/0",
    b"?prefix=a",
    b"&capacity=1",
    b"&timeout=1",
    b"%2F",
    b"&sentinel=m",
    b"&encryption_key=hunter2",
    b",",
    b"&expiry=9",
    b"&serializer=json",
];

const SECRET: &str = "hunter2";

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::from_url(text) {
        Ok(config) => drop(format!("{config:?}")),
        Err(error) => drop(error.to_string()),
    }
    let secret = format!("redis://:{SECRET}@{text}");
    match Config::from_url(&secret) {
        Ok(config) => {
            let shown = format!("{config:?}");
            assert!(text.contains(SECRET) || !shown.contains(SECRET), "{secret}: {shown}");
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(text.contains(SECRET) || !shown.contains(SECRET), "{secret}: {shown}");
        }
    }
}
