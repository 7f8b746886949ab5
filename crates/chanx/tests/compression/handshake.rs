//! What is agreed on in the handshake.

use std::time::Duration;

use chanx_core::frame::Opcode;
use serde_json::json;

use crate::client::{BROWSER, Client, compressed, deflate, frame};
use crate::site::{Site, compressing, settings};

const NO_TAKEOVER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[tokio::test]
async fn nothing_is_agreed_on_unless_the_settings_say_so() {
    let site = Site::start(&settings()).await;
    let mut client = Client::connect(site.address, "/room/", &[BROWSER]).await;
    assert_eq!(client.extensions, None);
    client.send_bytes(&frame(Opcode::Text, br#"{"action":"echo","payload":"hi"}"#)).await;
    assert_eq!(client.text().await, ("hi".to_owned(), false));
    client.send_bytes(&compressed(&deflate(&"x".repeat(100)))).await;
    assert_eq!(client.receive().await.json, json!([1002, "reserved bits are set"]));
}

#[tokio::test]
async fn the_first_acceptable_offer_is_answered() {
    let cases: [(usize, &[&str], Option<&str>); 8] = [
        (0, &[], None),
        (0, &["x-unknown"], None),
        (0, &[BROWSER], Some(NO_TAKEOVER)),
        (0, &["permessage-deflate; server_max_window_bits=8, permessage-deflate"], Some(NO_TAKEOVER)),
        (0, &["permessage-deflate; server_max_window_bits=8", "permessage-deflate"], Some(NO_TAKEOVER)),
        (0, &["permessage-deflate; unknown"], None),
        (2, &[BROWSER], Some("permessage-deflate")),
        (
            2,
            &["permessage-deflate; server_no_context_takeover; server_max_window_bits=\"10\""],
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10"),
        ),
    ];
    for (contexts, offers, answer) in cases {
        let site = Site::start(&compressing(contexts)).await;
        let client = Client::connect(site.address, "/room/", offers).await;
        assert_eq!(client.extensions.as_deref(), answer, "{offers:?}");
    }
}

#[tokio::test]
async fn offers_that_cannot_be_read_are_passed_over() {
    let site = Site::start(&compressing(0)).await;
    for offer in ["permessage-deflate;;", "permessage-deflate, \u{fc}", "="] {
        let mut client = Client::connect(site.address, "/room/", &[offer, "permessage-deflate"]).await;
        assert_eq!(client.extensions, None, "{offer}");
        client.send_bytes(&frame(Opcode::Text, br#"{"action":"echo","payload":"hi"}"#)).await;
        assert_eq!(client.text().await, ("hi".to_owned(), false));
    }
}

#[tokio::test]
async fn a_consumer_may_differ_from_the_settings() {
    let site = Site::start(&compressing(2)).await;
    assert_eq!(Client::connect(site.address, "/plain/", &[BROWSER]).await.extensions, None);
}

#[tokio::test]
async fn contexts_are_declined_while_there_are_too_many() {
    let site = Site::start(&compressing(3)).await;
    let answer = async || Client::connect(site.address, "/room/", &["permessage-deflate"]).await;
    let first = answer().await;
    let second = answer().await;
    let third = answer().await;
    let answers = [&first, &second, &third].map(|client| client.extensions.clone().unwrap());
    let only_the_client = "permessage-deflate; server_no_context_takeover";
    assert_eq!(answers, ["permessage-deflate", only_the_client, NO_TAKEOVER]);
    drop((first, second, third));
    let gone = async {
        while !site.connections.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the connections end");
    assert_eq!(answer().await.extensions.as_deref(), Some("permessage-deflate"));
}
