//! API tokens of the fixture, and new ones.

use chanx_site::accounts::{AccountsError, TokenLookup};

use crate::fixture::{Fixture, alice, empty, keys, plain, text};

#[tokio::test]
async fn tokens_of_django_lead_to_their_users() {
    let fixture = Fixture::open(keys()).await;
    for (name, key) in plain()["tokens"].as_object().unwrap() {
        let account = fixture.accounts.user_by_name(name).await.unwrap().unwrap();
        let expected = match account.is_active {
            true => TokenLookup::Found(account.clone()),
            false => TokenLookup::Inactive,
        };
        assert_eq!(fixture.accounts.user_by_token(&text(key)).await.unwrap(), expected, "{name}");
        assert_eq!(fixture.accounts.token_for(account.id).await.unwrap(), text(key), "{name}");
    }
}

#[tokio::test]
async fn tokens_match_only_as_they_are_spelled() {
    let fixture = Fixture::open(keys()).await;
    let token = text(&plain()["tokens"]["alice"]);
    for key in ["", &token[1..], &token.to_uppercase(), &format!("{token} "), "é"] {
        assert_eq!(fixture.accounts.user_by_token(key).await.unwrap(), TokenLookup::Unknown, "{key:?}");
    }
}

#[tokio::test]
async fn a_user_has_one_token_from_the_first_call_on() {
    let accounts = empty().await;
    let user = accounts.create_user(alice()).await.unwrap();
    let token = accounts.token_for(user.id).await.unwrap();
    assert_eq!(token.len(), 40);
    assert!(token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(accounts.token_for(user.id).await.unwrap(), token);
    assert_eq!(accounts.user_by_token(&token).await.unwrap(), TokenLookup::Found(user));
}

#[tokio::test]
async fn nobody_gets_no_token() {
    let outcome = empty().await.token_for(999).await;
    assert!(matches!(outcome, Err(AccountsError::NoSuchUser(999))), "{outcome:?}");
}
