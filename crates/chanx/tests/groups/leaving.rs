//! However a connection ends, it is in no group afterwards.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chanx::layer::MemoryLayer;
use serde_json::json;

use crate::site::*;

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_leaves_its_groups() {
    let site = Site::new();
    let client = site.user(7, "a,b").await;
    assert_eq!(site.layer.groups(), ["a", "b"]);
    assert_eq!(site.layer.all_groups(), 4, "and the two audiences");
    client.disconnect().await.unwrap();
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_leaves_its_groups() {
    let site = Site::new();
    drop(site.user(7, "a,b").await);
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_takes_the_connection_out_of_its_groups() {
    let site = Site::new();
    let mut client = site.user(7, "a,b").await;
    tell(&mut client, "close", 4001).await;
    client.assert_closed(4001).await;
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_closing_connection_is_in_no_group_though_its_client_dawdles() {
    let site = Site::new();
    let mut member = site.member("room").await;
    let mut client = site.member("room").await;
    tell(&mut client, "close", 4001).await;
    // The client has not read the close frame, so that its connection lasts.
    until("the group has one member", || site.layer.groups() == ["room"]).await;
    ask(&mut member, "leave", "room").await;
    assert!(site.layer.groups().is_empty());
    assert_eq!(site.connections.len(), 2);
    client.assert_closed(4001).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_fails_at_the_start_leaves_what_it_joined() {
    let site = Site::new();
    for place in ["connect", "build", "post"] {
        for fault in [place.to_owned(), format!("panic {place}")] {
            let connector = site.connector("/member/").header("x-joins-early", "early").header("x-groups", "a,b");
            let mut client = connector.header("x-fault", &fault).connect().await.unwrap();
            client.assert_authenticated_status_ok().await;
            client.assert_closed(1011).await;
            site.is_deserted().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_groups_if_it_closes() {
    let site = Site::new();
    let mut client = site.member("a").await;
    tell(&mut client, "panic", ()).await;
    client.assert_closed(1011).await;
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_that_does_not_close_changes_no_membership() {
    let site = Site::new();
    let mut client = site.other("/lasting/", "a").await;
    assert_eq!(ask(&mut client, "panic", ()).await[0]["action"], "error");
    assert_eq!(groups_of(&mut client).await, ["a"]);
    let mut sender = site.member("a").await;
    ask(&mut sender, "say", "hi").await;
    hears(&mut client, "hi").await;
    drop((client, sender));
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_from_a_running_handler_leaves_its_groups() {
    let site = Site::new();
    let mut client = site.member("a").await;
    tell(&mut client, "sleep", 1_000_000).await;
    until("the handler runs", || site.connections.len() == 1).await;
    drop(client);
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn draining_leaves_all_groups_and_the_layer() {
    let layer = MemoryLayer::new();
    let sites = [Site::with(&settings(), layer.neighbor()), Site::with(&settings(), layer.neighbor())];
    let (mut idle, mut busy) = (sites[0].member("room").await, sites[0].user(7, "room").await);
    let mut other = sites[1].member("room").await;
    tell(&mut busy, "sleep", 1_000_000).await;
    let drained = async {
        idle.assert_closed(1001).await;
        busy.assert_closed(1001).await;
    };
    tokio::join!(sites[0].connections.drain(), drained);
    assert_eq!(sites[0].layer.all_groups(), 0);
    assert!(sites[0].layer.is_closed.load(Ordering::Relaxed) && !sites[1].layer.is_closed.load(Ordering::Relaxed));
    ask(&mut other, "say_to_all", "still here").await;
    assert!(sites[0].connector("/member/").connect().await.is_err());
    // Draining again has nothing to do, and ends.
    sites[0].connections.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_begins_while_the_server_ends_is_told_at_once() {
    let site = Site::new();
    let mut lasting = site.member("room").await;
    tell(&mut lasting, "sleep", 3).await;
    let connector = site.connector("/member/").header("x-groups", "room");
    let (late, ()) = tokio::join!(connector.connect(), async {
        tokio::time::timeout(Duration::from_secs(1), site.connections.drain()).await.expect_err("a handler still runs");
    });
    // It came before or behind: refused, or closed with 1001.
    if let Ok(mut late) = late {
        let close = late.receive_close().await.unwrap().unwrap();
        assert_eq!(close.code, Some(chanx::CloseCode::GOING_AWAY));
    }
    lasting.assert_closed(1001).await;
    drop(lasting);
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_hundred_connections_come_and_go_and_nothing_is_left() {
    let site = Site::new();
    for round in 0..5 {
        let mut clients = Vec::new();
        for number in 0..20 {
            clients.push(site.user(number, &format!("room.{},round.{round}", number % 3)).await);
        }
        for (number, client) in clients.iter_mut().enumerate() {
            let left = format!("room.{}", number % 3);
            ask(client, "leave", &left).await;
            ask(client, "join", &left).await;
        }
        let mut sender = site.member("").await;
        ask(&mut sender, "say_to", json!({"groups": [format!("round.{round}")], "text": "x"})).await;
        for client in &mut clients {
            assert_eq!(client.receive_json().await.unwrap()["payload"]["first_word"], "x");
        }
        for client in clients.drain(..).step_by(2) {
            drop(client);
        }
        drop(sender);
        site.is_deserted().await;
    }
}
