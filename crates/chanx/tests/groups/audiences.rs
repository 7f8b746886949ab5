//! Sending from anywhere: to groups, channels, users and everybody, from HTTP handlers too.

use axum::body::Body;
use axum::routing::post;
use axum::{Extension, Router};
use chanx::layer::{Health, MemoryLayer};
use chanx::testing::Communicator;
use chanx::{Audience, ChannelName, Channels, GroupName};
use http::{Request, StatusCode};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::site::*;

fn message(text: &str) -> RoomMessage {
    RoomMessage::Said(text.to_owned())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_audience_is_who_it_says_on_every_server() {
    let layer = MemoryLayer::new();
    let sites = [Site::with(&settings(), layer.neighbor()), Site::with(&settings(), layer.neighbor())];
    let mut clients = [
        sites[0].user(7, "room").await,
        sites[1].user(7, "").await,
        sites[1].user(8, "room").await,
        sites[0].member("").await,
    ];
    let channel = name_of(&mut clients[3]).await;
    let table = [
        (Audience::group("room").unwrap(), vec![0, 2]),
        (Audience::user(7), vec![0, 1]),
        (Audience::from(channel), vec![3]),
        (Audience::Everyone, vec![0, 1, 2, 3]),
        (Audience::user("nobody"), vec![]),
        (Audience::Channel(ChannelName::new("specific.gone!gone").unwrap()), vec![]),
    ];
    for site in &sites {
        for (audience, expected) in &table {
            site.channels.send_group_message(audience.clone(), &message("hi")).await.unwrap();
            for (index, client) in clients.iter_mut().enumerate() {
                if expected.contains(&index) {
                    hears(client, "hi").await;
                }
                heard_all(client).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn users_whose_keys_are_no_names_are_told_apart() {
    let site = Site::new();
    let (mut minus, mut plus) = (site.user(-1, "").await, site.user(1, "").await);
    site.channels.send_group_message(Audience::user(-1), &message("minus")).await.unwrap();
    site.channels.send_group_message(Audience::user("1"), &message("plus")).await.unwrap();
    hears(&mut minus, "minus").await;
    hears(&mut plus, "plus").await;
    heard_all(&mut minus).await;
    heard_all(&mut plus).await;
}

async fn robot(site: &Site, name: &str) -> Communicator {
    welcome(site.connector("/robots/").header("x-robot", name).header("x-groups", "room")).await
}

#[tokio::test(start_paused = true)]
async fn users_of_different_kinds_are_no_audience_and_say_nothing_for_each_other() {
    let site = Site::new();
    let (mut user, mut robot) = (site.user(7, "room").await, robot(&site, "7").await);
    site.channels.send_group_message(Audience::user(7), &message("to the user")).await.unwrap();
    hears(&mut user, "to the user").await;
    heard_all(&mut user).await;
    let kind = std::any::type_name::<Robot>();
    site.channels.send_group_message(Audience::user_of(kind, 7), &message("to the robot")).await.unwrap();
    hears(&mut robot, "to the robot").await;
    for (sender, is_mine) in [(0, [true, false]), (1, [false, true])] {
        let clients = [&mut user, &mut robot];
        tell(clients[sender], "say_to_all", "hi").await;
        for (client, is_mine) in clients.into_iter().zip(is_mine) {
            loop {
                let heard = client.receive_json().await.unwrap();
                if heard["action"] == "said" {
                    assert_eq!(heard["is_mine"], is_mine);
                    break;
                }
                assert_eq!(heard["payload"], Value::Null, "completions come in between");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_clients_are_those_of_no_audience() {
    let site = Site::new();
    let (mut client, mut user) = (site.member("room").await, site.user(7, "").await);
    for name in ["chanx.everyone", "chanx.user.7", "chanx.", "chanx.room"] {
        for (action, payload) in
            [("join", json!(name)), ("leave", json!(name)), ("say_to", json!({"groups": ["room", name], "text": "x"}))]
        {
            assert_eq!(ask(&mut client, action, payload).await[0]["action"], "error", "{action} {name}");
        }
        assert!(Audience::group(name).is_err());
        site.channels.send_group_message(GroupName::escaped(name), &message("escaped")).await.unwrap();
    }
    heard_all(&mut user).await;
    assert_eq!(groups_of(&mut client).await, ["room"]);
    assert!(ask(&mut client, "join", "chanx").await.is_empty() && ask(&mut client, "join", "chanx-x").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn consumers_that_declare_nothing_are_in_no_audience() {
    let site = Site::new();
    let mut deaf = site.other("/deaf/", "").await;
    assert_eq!(site.layer.all_groups(), 0);
    site.channels.send_event(Audience::Everyone, &RoomEvent::Close(4000)).await.unwrap();
    assert!(ask(&mut deaf, "name", ()).await.is_empty());
    let _declares_events = site.other("/unwritten/", "").await;
    assert_eq!(site.layer.all_groups(), 1);
}

#[tokio::test(start_paused = true)]
async fn raw_messages_are_understood_if_they_look_like_chanx_s() {
    let site = Site::new();
    let mut client = site.member("room").await;
    let room = || Audience::group("room").unwrap();
    let send = async |value: Value| site.channels.send_raw(room(), object(value)).await.unwrap();
    send(json!({"type": "send.group.member", "kind": "json", "content": {"action": "x"}})).await;
    assert_eq!(client.receive_json().await.unwrap(), json!({"action": "x", "is_mine": false, "is_current": false}));
    assert_eq!(client.receive_json().await.unwrap(), group_complete());
    let data = json!({"handler": "note", "payload": "raw"});
    send(json!({"type": "handle_channel_event", "event_data": data})).await;
    assert_eq!(client.receive_all().await.unwrap(), [json!({"action": "noted", "payload": "raw"})]);
    send(json!({"type": "somebody.else's"})).await;
    send(json!({"type": "send_group_member", "kind": "message"})).await;
    send(json!({})).await;
    heard_all(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn the_layer_of_a_single_process_is_well() {
    let site = Site::new();
    assert_eq!(site.channels.health(), Health::Up);
    site.channels.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn http_handlers_send_too() {
    async fn shout(channels: Channels, body: String) -> StatusCode {
        let sent = channels.send_group_message(Audience::Everyone, &RoomMessage::Said(body)).await;
        sent.map_or(StatusCode::SERVICE_UNAVAILABLE, |()| StatusCode::NO_CONTENT)
    }
    let site = Site::new();
    let mut client = site.member("").await;
    let app =
        Router::new().route("/shout", post(shout)).layer(Extension(site.channels.clone())).merge(site.app.clone());
    let response = app.oneshot(Request::post("/shout").body(Body::from("hear me")).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    hears(&mut client, "hear me").await;

    let without = Router::new().route("/shout", post(shout));
    let response = without.oneshot(Request::post("/shout").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
