//! New login sessions, from the login to their end.

use std::time::{Duration, SystemTime};

use chanx_site::accounts::{AccountsError, SessionData};
use chanx_site::signing::Keys;

use crate::fixture::{Fixture, alice, empty, keys};

#[tokio::test]
async fn a_login_opens_a_session_and_a_logout_ends_it() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let start = SystemTime::now();
    let (one, other) = (accounts.login(&user).await.unwrap(), accounts.login(&user).await.unwrap());
    assert_ne!(one.key, other.key);
    assert_eq!(one.key.len(), 32);
    assert!(one.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    assert!(one.expires >= start + Duration::from_secs(1_209_600));

    let found = accounts.user_by_session(&one.key).await.unwrap().unwrap();
    assert_eq!(found.id, user.id);
    assert!(found.last_login.is_some_and(|moment| moment >= user.date_joined));

    accounts.logout(&one.key).await.unwrap();
    accounts.logout(&one.key).await.unwrap();
    assert_eq!(accounts.user_by_session(&one.key).await.unwrap(), None);
    assert!(accounts.user_by_session(&other.key).await.unwrap().is_some());
}

#[tokio::test]
async fn a_user_who_is_gone_cannot_be_logged_in() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    sqlx::query("DELETE FROM auth_user").execute(accounts.database().pool()).await.unwrap();
    assert!(matches!(accounts.login(&user).await, Err(AccountsError::NoSuchUser(_))));
}

#[tokio::test]
async fn a_user_who_was_locked_out_is_nobody() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let session = accounts.login(&user).await.unwrap();
    sqlx::query("UPDATE auth_user SET is_active = false").execute(accounts.database().pool()).await.unwrap();
    assert_eq!(accounts.user_by_session(&session.key).await.unwrap(), None);
    assert_eq!(accounts.check_password("alice", "brass-otter-lamp").await.unwrap(), None);
}

#[tokio::test]
async fn sessions_outlive_a_change_of_keys_only_with_a_fallback() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let session = accounts.login(&user).await.unwrap();
    let under = |keys| chanx_site::accounts::Accounts::new(accounts.database().clone(), keys);
    let without = under(Keys::new("another", [""; 0]));
    assert_eq!(without.user_by_session(&session.key).await.unwrap(), None);
    let with = under(Keys::new("another", ["golden-fixture-secret-key-0123456789abcdefghijklmnopqrstuvwxyz"]));
    assert!(with.user_by_session(&session.key).await.unwrap().is_some());
}

#[tokio::test]
async fn a_session_keeps_values_until_it_is_ended() {
    let accounts = empty().await;
    let mut data = SessionData::new();
    data.insert("cart", vec![1, 2]);
    let session = accounts.create_session(&data).await.unwrap();
    assert_eq!(accounts.session(&session.key).await.unwrap(), Some(data.clone()));
    assert_eq!(accounts.user_by_session(&session.key).await.unwrap(), None);

    data.insert("é", "☃");
    assert!(accounts.save_session(&session.key, &data).await.unwrap());
    assert_eq!(accounts.session(&session.key).await.unwrap(), Some(data.clone()));

    accounts.logout(&session.key).await.unwrap();
    assert!(!accounts.save_session(&session.key, &data).await.unwrap());
    assert_eq!(accounts.session(&session.key).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_of_no_length_has_expired_at_once() {
    let accounts = empty().await.session_age(Duration::ZERO);
    let session = accounts.create_session(&SessionData::new()).await.unwrap();
    assert_eq!(accounts.session(&session.key).await.unwrap(), None);
}

#[tokio::test]
async fn only_expired_sessions_are_cleared() {
    let fixture = Fixture::open(keys()).await;
    assert_eq!(fixture.accounts.clear_expired_sessions().await.unwrap(), 1);
    assert_eq!(fixture.accounts.clear_expired_sessions().await.unwrap(), 0);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM django_session")
        .fetch_one(fixture.accounts.database().pool())
        .await
        .unwrap();
    assert_eq!(left, 15);
    assert!(fixture.directory.path().join("site.sqlite3").exists());
}

#[tokio::test]
async fn debug_tells_no_session_key() {
    let accounts = empty().await;
    let session = accounts.create_session(&SessionData::new()).await.unwrap();
    assert!(!format!("{session:?}").contains(&session.key));
    assert!(!format!("{accounts:?}").contains("golden"));
}
