//! Messages of one connection, in both directions.

use chanx_core::frame::Opcode;
use serde_json::json;

use crate::client::{BROWSER, Client, compressed, compressed_in_pieces, deflate, frame};
use crate::site::{Site, compressing};

/// A message that gets smaller by itself.
pub(crate) fn text(number: usize) -> String {
    format!("{number} {}", "The quick brown fox jumps over the lazy dog. ".repeat(8))
}

#[tokio::test]
async fn messages_are_compressed_from_the_threshold_on() {
    let mut settings = compressing(0);
    // The frame around the text takes 30 bytes.
    settings.compression_threshold = 100;
    let site = Site::start(&settings).await;
    let mut client = Client::connect(site.address, "/room/", &[BROWSER]).await;
    for (size, is_compressed) in [(10, false), (69, false), (70, true), (5000, true), (0, false)] {
        for way in ["echo", "handle"] {
            client.send(way, &"x".repeat(size)).await;
            assert_eq!(client.text().await, ("x".repeat(size), is_compressed), "{way} {size}");
        }
    }
}

#[tokio::test]
async fn a_context_makes_repeated_answers_smaller_and_is_kept_only_if_agreed_on() {
    for (contexts, offer, shrinks) in
        [(2, BROWSER, true), (0, BROWSER, false), (2, "permessage-deflate; server_no_context_takeover", false)]
    {
        let site = Site::start(&compressing(contexts)).await;
        let mut client = Client::connect(site.address, "/room/", &[offer]).await;
        let mut sizes = Vec::new();
        for number in 0..3 {
            client.send("echo", &text(number)).await;
            let received = client.receive().await;
            assert_eq!(received.json["payload"], text(number));
            assert!(received.is_compressed);
            sizes.push(received.size);
        }
        assert_eq!(sizes[2] * 2 < sizes[0], shrinks, "{sizes:?}");
    }
}

#[tokio::test]
async fn a_client_may_compress_what_it_likes_in_as_many_pieces_as_it_likes() {
    let site = Site::start(&compressing(0)).await;
    let mut client = Client::connect(site.address, "/room/", &[BROWSER]).await;
    let message = |number| json!({"action": "echo", "payload": text(number)}).to_string();
    client.send_bytes(&compressed(&deflate(&message(1)))).await;
    client.send_bytes(&frame(Opcode::Text, message(2).as_bytes())).await;
    client.send_bytes(&compressed_in_pieces(&deflate(&message(3)))).await;
    for number in 1..=3 {
        assert_eq!(client.text().await, (text(number), true));
    }
}

#[tokio::test]
async fn raw_messages_are_compressed_like_others() {
    for contexts in [0, 2] {
        let site = Site::start(&compressing(contexts)).await;
        let mut client = Client::connect(site.address, "/raw/", &[BROWSER]).await;
        for size in [10, 300, 9000, 60_000] {
            for way in ["echo", "handle"] {
                client.send(way, &"x".repeat(size)).await;
                assert_eq!(client.text().await, ("x".repeat(size), size > 256), "{way} {size}");
            }
        }
    }
}

#[tokio::test]
async fn messages_that_wait_for_their_handler_are_inflated_as_well() {
    let site = Site::start(&compressing(2)).await;
    let mut client = Client::connect(site.address, "/room/", &[BROWSER]).await;
    for number in 0..20 {
        client.send(if number % 2 == 0 { "echo" } else { "say" }, &text(number)).await;
    }
    let mut received = Vec::new();
    for _ in 0..20 {
        received.push(client.text().await.0);
    }
    received.sort_unstable();
    let mut expected: Vec<_> = (0..20).map(text).collect();
    expected.sort_unstable();
    assert_eq!(received, expected);
}

#[tokio::test]
async fn a_bomb_ends_with_1009_and_damage_with_1007() {
    let bomb = deflate(&"x".repeat(10_000_000));
    let cases = [
        (&bomb[..], json!([1009, "message is larger than 65536 bytes"])),
        (&[0x06, 0x00], json!([1007, "compressed message is damaged"])),
    ];
    for contexts in [0, 2] {
        let site = Site::start(&compressing(contexts)).await;
        for (payload, close) in &cases {
            let mut client = Client::connect(site.address, "/room/", &[BROWSER]).await;
            client.send_bytes(&compressed(payload)).await;
            assert_eq!(client.receive().await.json, *close);
        }
    }
}
