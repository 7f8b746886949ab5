//! Users of the fixture, new users, and their passwords.

use chanx_site::accounts::{AccountsError, CreateUserError, NewUser, SetPasswordError};
use chanx_site::passwords::check;

use crate::fixture::{CHEAP, Fixture, alice, empty, keys, plain, text};

async fn password_column(accounts: &chanx_site::accounts::Accounts, id: i64) -> String {
    let query = sqlx::query_scalar("SELECT password FROM auth_user WHERE id = $1").bind(id);
    query.fetch_one(accounts.database().pool()).await.unwrap()
}

#[tokio::test]
async fn users_of_django_are_found_by_name_and_by_id() {
    let fixture = Fixture::open(keys()).await;
    for (name, user) in plain()["users"].as_object().unwrap() {
        let account = fixture.accounts.user_by_name(name).await.unwrap().unwrap();
        assert_eq!(Some(account.id), user["id"].as_i64());
        assert_eq!(account.is_active, user["is_active"] == true);
        assert_eq!(account.is_staff, user["is_staff"] == true);
        assert_eq!(account.is_superuser, user["is_superuser"] == true);
        assert_eq!(account.last_login, None);
        assert_eq!(fixture.accounts.user_by_id(account.id).await.unwrap(), Some(account));
    }
    assert_eq!(fixture.accounts.user_by_name("Alice").await.unwrap(), None);
    assert_eq!(fixture.accounts.user_by_id(999).await.unwrap(), None);
}

#[tokio::test]
async fn users_of_django_log_in_with_their_passwords() {
    let fixture = Fixture::open(keys()).await;
    let accounts = fixture.accounts.password_iterations(CHEAP);
    for (name, user) in plain()["users"].as_object().unwrap() {
        let account = accounts.check_password(name, &text(&user["password"])).await.unwrap();
        assert_eq!(account.is_some(), user["is_active"] == true, "{name}");
        assert_eq!(accounts.check_password(name, "wrong").await.unwrap(), None, "{name}");
    }
    assert_eq!(accounts.check_password("nobody", "wrong").await.unwrap(), None);
}

#[tokio::test]
async fn a_login_renews_hashes_of_other_kinds_and_leaves_good_ones() {
    let fixture = Fixture::open(keys()).await;
    let accounts = fixture.accounts.password_iterations(CHEAP);
    let before = password_column(&accounts, 1).await;
    accounts.check_password("alice", "alice-password").await.unwrap().unwrap();
    assert_eq!(password_column(&accounts, 1).await, before);

    for (id, name, password) in [(3, "carol", "carol-password"), (5, "dave", "dave-password")] {
        let before = password_column(&accounts, id).await;
        accounts.check_password(name, "wrong").await.unwrap();
        assert_eq!(password_column(&accounts, id).await, before, "{name}");
        accounts.check_password(name, password).await.unwrap();
        let after = password_column(&accounts, id).await;
        assert!(after.starts_with("pbkdf2_sha256$10$"), "{after}");
        assert!(check(password, &after, CHEAP).unwrap().is_correct);
    }
    let session = accounts.user_by_session("davesession000000000000000000016").await.unwrap();
    assert_eq!(session, None, "a session is bound to the former hash");
}

#[tokio::test]
async fn a_malformed_hash_is_an_error_and_no_denial() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let sql = "UPDATE auth_user SET password = 'pbkdf2_sha256$abc$salt$hash'";
    sqlx::query(sql).execute(accounts.database().pool()).await.unwrap();
    let outcome = accounts.check_password("alice", "brass-otter-lamp").await;
    assert!(matches!(outcome, Err(AccountsError::MalformedHash(id)) if id == user.id), "{outcome:?}");
}

#[tokio::test]
async fn a_new_user_is_stored_as_django_would() {
    let accounts = empty().await;
    let user =
        NewUser {
            username: "ａｄｍｉｎ", email: "Admin@EXAMPLE.com", is_staff: true, is_superuser: true, ..alice()
        };
    let admin = accounts.create_user(user).await.unwrap();
    assert_eq!((admin.username.as_str(), admin.email.as_str()), ("admin", "Admin@example.com"));
    assert!(admin.is_active && admin.is_staff && admin.is_superuser);
    assert_eq!(accounts.user_by_name("admin").await.unwrap(), Some(admin.clone()));
    let found = accounts.check_password("admin", "brass-otter-lamp").await.unwrap();
    assert_eq!(found, Some(admin));
}

#[tokio::test]
async fn a_user_without_a_password_cannot_log_in_with_one() {
    let accounts = empty().await;
    let user = accounts.create_user(NewUser::named("bot")).await.unwrap();
    let column = password_column(&accounts, user.id).await;
    assert!(column.starts_with('!') && column.len() == 41, "{column}");
    for password in ["", "!", &column] {
        assert_eq!(accounts.check_password("bot", password).await.unwrap(), None);
    }
}

#[tokio::test]
async fn users_that_cannot_be_are_refused_with_the_reason() {
    let accounts = empty().await;
    accounts.create_user(alice()).await.unwrap();
    let refused = async |user| accounts.create_user(user).await.unwrap_err();
    assert!(matches!(refused(alice()).await, CreateUserError::UsernameTaken(name) if name == "alice"));
    let user = NewUser { username: "a b", ..alice() };
    assert!(matches!(refused(user).await, CreateUserError::Username(_)));
    let user = NewUser { username: "bob", email: "nowhere", ..alice() };
    assert!(matches!(refused(user).await, CreateUserError::Email));
    let user = NewUser { username: "wonderland", password: Some("wonderland"), ..alice() };
    let error = refused(user).await;
    assert_eq!(error.to_string(), "the password is too similar to the username");
}

#[tokio::test]
async fn a_changed_password_replaces_the_former_and_ends_the_sessions() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let session = accounts.login(&user).await.unwrap();
    assert!(matches!(accounts.set_password(user.id, "alice").await, Err(SetPasswordError::Password(_))));
    assert!(accounts.user_by_session(&session.key).await.unwrap().is_some());

    accounts.set_password(user.id, "copper-heron-sail").await.unwrap();
    assert_eq!(accounts.check_password("alice", "brass-otter-lamp").await.unwrap(), None);
    assert!(accounts.check_password("alice", "copper-heron-sail").await.unwrap().is_some());
    assert_eq!(accounts.user_by_session(&session.key).await.unwrap(), None);

    let outcome = accounts.set_password(999, "copper-heron-sail").await;
    assert!(matches!(outcome, Err(SetPasswordError::Accounts(AccountsError::NoSuchUser(999)))));
}
