//! Every session that Django wrote, and the signed text inside.

use chanx_site::accounts::SessionData;
use serde_json::Value;

use crate::fixture::{Fixture, keys, keys_with_fallback, plain, text, vectors};

fn data(values: &Value) -> SessionData {
    values.as_object().cloned().unwrap_or_default().into()
}

/// Who is logged in under each key of the fixture: a name, or nobody.
fn expected_user(label: &str, with_fallback: bool) -> Option<&'static str> {
    match label {
        "alice" | "alice compressed" | "alice expires with browser" => Some("alice"),
        "alice old SECRET_KEY" if with_fallback => Some("alice"),
        "bob" => Some("bob"),
        "root" => Some("root"),
        "dave" => Some("dave"),
        _ => None,
    }
}

#[tokio::test]
async fn every_session_leads_to_its_user_or_to_nobody() {
    for (keys, with_fallback) in [(keys(), false), (keys_with_fallback(), true)] {
        let fixture = Fixture::open(keys).await;
        let sessions = plain()["sessions"].as_object().unwrap().clone();
        assert_eq!(sessions.len(), 16);
        for (label, session) in &sessions {
            let found = fixture.accounts.user_by_session(&text(&session["session_key"])).await.unwrap();
            let found = found.map(|account| account.username);
            assert_eq!(found.as_deref(), expected_user(label, with_fallback), "{label}");
        }
    }
}

#[tokio::test]
async fn keys_that_no_session_has_lead_to_nobody() {
    let fixture = Fixture::open(keys()).await;
    for key in
        ["", "short", "nosuchsession0000000000000000000", "ALICESESSION00000000000000000001", &"x".repeat(10_000)]
    {
        assert_eq!(fixture.accounts.user_by_session(key).await.unwrap(), None, "{key:.40}");
    }
}

#[tokio::test]
async fn a_failing_database_is_an_error_and_nobody_is_denied() {
    let fixture = Fixture::open(keys()).await;
    fixture.accounts.database().pool().close().await;
    assert!(fixture.accounts.user_by_session("alicesession00000000000000000001").await.is_err());
    assert!(fixture.accounts.user_by_token("a11ce").await.is_err());
    assert!(fixture.accounts.check_password("alice", "alice-password").await.is_err());
}

#[test]
fn every_signed_text_is_read_as_django_reads_it() {
    let plain = plain();
    for vector in vectors()["session_vectors"].as_array().unwrap() {
        let label = text(&vector["label"]);
        let encoded = text(&plain["sessions"][&label]["session_data"]);
        let decoded = SessionData::decode(&encoded, &keys());
        assert_eq!(decoded.is_some(), vector["signature_valid"] == true, "{label}");
        assert_eq!(decoded.unwrap_or_default(), data(&vector["django_decode"]), "{label}");
        let believed = SessionData::decode(&encoded, &keys_with_fallback());
        assert_eq!(believed.is_some(), vector["valid_with_fallback_key"] == true, "{label}");
    }
}

#[test]
fn the_worked_examples_are_signed_and_packed_as_django_does() {
    let vectors = vectors();
    let example = &vectors["session_worked_example"];
    let encoded =
        keys().sign(&text(&example["salt"]), &text(&example["payload"]), example["timestamp"].as_u64().unwrap());
    assert_eq!(encoded, text(&example["session_data"]));

    let uncompressed = text(&vectors["session_uncompressed_example"]["session_data"]);
    let (payload, _) = uncompressed.split_once(':').unwrap();
    let data = SessionData::decode(&uncompressed, &keys()).unwrap();
    assert_eq!(data.encode(&keys()).split_once(':').unwrap().0, payload);

    let cached = SessionData::decode(&text(&vectors["cached_db_row"]["session_data"]), &keys());
    assert!(cached.is_some());
    let file = SessionData::decode(&text(&vectors["file_session"]["content"]), &keys()).unwrap();
    assert_eq!(file.get("a"), Some(&1.into()));
}

#[test]
fn signed_cookies_are_genuine_under_their_own_salt() {
    let cookies = vectors()["signed_cookies"].clone();
    let signed = text(&cookies["sessionid"]);
    let keys = keys();
    let genuine = keys.unsign(&text(&cookies["salt"]), &signed).unwrap();
    assert_eq!(genuine.seconds, cookies["signed_at"].as_u64().unwrap());
    assert_eq!(SessionData::decode(&signed, &keys), None);
}

#[test]
fn the_hash_that_binds_a_session_to_a_password_is_djangos() {
    const SALT: &str = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";
    for user in plain()["users"].as_object().unwrap().values() {
        let hash = keys().digest(SALT, &text(&user["encoded"]));
        assert_eq!(hash, text(&user["session_auth_hash"]));
    }
    let vectors = vectors();
    let example = &vectors["session_auth_hash_example"];
    let (encoded, old) = (text(&example["encoded"]), text(&example["with_old_key"]));
    assert!(!keys().matches_digest(SALT, &encoded, &old));
    assert!(keys_with_fallback().matches_digest(SALT, &encoded, &old));
}
