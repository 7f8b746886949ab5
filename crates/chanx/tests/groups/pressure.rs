//! Members that take too little, and senders that never wait.

use std::time::Duration;

use chanx::Audience;
use chanx::layer::MemoryLayer;
use chanx::testing::Communicator;
use serde_json::json;

use crate::site::*;

/// The numbers of a flood, as far as they were received; the rest of each message is filling.
async fn take_flood(client: &mut Communicator, count: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let message = client.receive_json().await.unwrap();
        if message["action"] == "said" {
            let text = message["payload"].as_str().unwrap();
            numbers.push(text.split(' ').next().unwrap().parse().unwrap());
        }
    }
    numbers
}

fn in_order(count: usize) -> Vec<usize> {
    (0..count).collect()
}

#[tokio::test(start_paused = true)]
async fn a_member_that_takes_nothing_is_closed_and_the_others_get_everything() {
    const COUNT: usize = 400;
    let mut settings = settings();
    settings.max_queued_deliveries = 16;
    settings.max_outgoing_bytes = 16 * 1024;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut sender = site.member("room").await;
    let mut stuck = site.member("room").await;
    let (mut one, mut two) = (site.member("room").await, site.member("room").await);
    let floods = tokio::join!(
        ask(&mut sender, "flood", json!({"count": COUNT, "size": 1000})),
        take_flood(&mut one, COUNT),
        take_flood(&mut two, COUNT),
    );
    assert_eq!(floods, (vec![], in_order(COUNT), in_order(COUNT)));
    let close = stuck.receive_close().await.unwrap().expect("there is time for a close frame");
    assert_eq!(close.code, Some(chanx::CloseCode::TOO_SLOW));
    drop(stuck);
    site.has_connections(3).await;
    for client in [&mut sender, &mut one, &mut two] {
        client.send_json(&json!({"action": "name"})).await;
        while client.receive_json().await.unwrap()["action"] != "complete" {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_member_whose_client_never_reads_leaves_its_groups() {
    let mut settings = settings();
    settings.max_queued_deliveries = 8;
    settings.max_outgoing_bytes = 4096;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut sender = site.member("").await;
    let stuck = site.member("room").await;
    for _ in 0..200 {
        ask(&mut sender, "say_to", json!({"groups": ["room"], "text": "x".repeat(1000)})).await;
    }
    site.has_connections(1).await;
    assert!(site.layer.groups().is_empty());
    drop(stuck);
}

async fn flood_reaches_all(count: usize, size: usize, members: usize) {
    let site = Site::new();
    let mut sender = site.member("room").await.patience(Duration::from_secs(60));
    let mut tasks = Vec::new();
    for _ in 0..members {
        let mut member = site.member("room").await.patience(Duration::from_secs(60));
        tasks.push(tokio::spawn(async move { (take_flood(&mut member, count).await, member) }));
    }
    assert!(ask(&mut sender, "flood", json!({"count": count, "size": size})).await.is_empty());
    let mut healthy = Vec::new();
    for task in tasks {
        let (numbers, member) = task.await.unwrap();
        assert_eq!(numbers, in_order(count));
        healthy.push(member);
    }
    assert_eq!(site.connections.len(), healthy.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_closes_no_member_that_reads() {
    flood_reaches_all(8_000, 10, 5).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_large_messages_closes_no_member_that_reads() {
    flood_reaches_all(200, 50_000, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_closes_no_member_that_reads_on_several_threads() {
    flood_reaches_all(8_000, 10, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_large_messages_closes_no_member_that_reads_on_several_threads() {
    flood_reaches_all(200, 50_000, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_outside_closes_no_member_that_reads() {
    let site = Site::new();
    let mut member = site.member("room").await;
    let channels = site.channels.clone();
    let flood = tokio::spawn(async move {
        for number in 0..8_000 {
            let message = RoomMessage::Said(number.to_string());
            channels.send_group_message(chanx::Audience::Everyone, &message).await.unwrap();
        }
    });
    assert_eq!(take_flood(&mut member, 8_000).await, in_order(8_000));
    flood.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn events_that_nobody_handles_in_time_close_the_connection() {
    let mut settings = settings();
    settings.max_queued_deliveries = 10;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut busy = site.member("").await;
    tell(&mut busy, "sleep", 3600).await;
    busy.send_frame(chanx::testing::Opcode::Ping, b"").await;
    busy.receive_pong().await.unwrap();
    for number in 0..10 {
        let event = RoomEvent::Note(number.to_string());
        site.channels.send_event(chanx::Audience::Everyone, &event).await.unwrap();
    }
    assert_eq!(site.connections.len(), 1);
    busy.assert_silent(Duration::from_secs(1)).await;
    site.channels.send_event(chanx::Audience::Everyone, &RoomEvent::Fail).await.unwrap();
    busy.assert_closed(4413).await;
}

#[tokio::test(start_paused = true)]
async fn large_events_that_nobody_handles_in_time_close_the_connection() {
    let mut settings = settings();
    settings.max_outgoing_bytes = 50_000;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut busy = site.member("").await;
    tell(&mut busy, "sleep", 3600).await;
    busy.send_frame(chanx::testing::Opcode::Ping, b"").await;
    busy.receive_pong().await.unwrap();
    for _ in 0..50 {
        let event = RoomEvent::Load("x".repeat(10_000));
        site.channels.send_event(chanx::Audience::Everyone, &event).await.unwrap();
        tokio::task::yield_now().await;
    }
    busy.assert_closed(4413).await;
}

#[tokio::test(start_paused = true)]
async fn a_member_that_does_not_read_holds_up_no_sender() {
    let mut settings = settings();
    (settings.max_outgoing_bytes, settings.max_queued_deliveries) = (1000, 16);
    let site = Site::with(&settings, MemoryLayer::new());
    let mut reader = site.member("room").await;
    let stuck = site.member("room").await;
    let say = async |text: String| {
        site.channels.send_group_message(Audience::Everyone, &RoomMessage::Said(text)).await.unwrap();
    };
    // What the stream and the output of the stuck member take.
    say("x".repeat(70_000)).await;
    take_said(&mut reader).await;
    let start = tokio::time::Instant::now();
    for number in 0..12 {
        say(number.to_string()).await;
        assert_eq!(take_said(&mut reader).await, number.to_string());
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "a pause of the sender helps no client to read");
    assert_eq!(site.connections.len(), 2);
    drop(stuck);
}

async fn take_said(client: &mut Communicator) -> String {
    loop {
        let message = client.receive_json().await.unwrap();
        if message["action"] == "said" {
            return message["payload"].as_str().unwrap().to_owned();
        }
    }
}

/// All members of a large room say something at once, and each of them reads what comes: none of them is closed, although
/// the mailbox of each has room for fewer messages than there are senders.
async fn a_herd_closes_no_member_that_reads(members: usize) {
    let mut settings = settings();
    settings.max_queued_deliveries = members / 2;
    let site = Site::with(&settings, MemoryLayer::new());
    let together = std::sync::Arc::new(tokio::sync::Barrier::new(members));
    let mut tasks = Vec::new();
    for _ in 0..members {
        let mut member = site.member("room").await.patience(Duration::from_secs(100));
        let together = std::sync::Arc::clone(&together);
        tasks.push(tokio::spawn(async move {
            together.wait().await;
            tell(&mut member, "say", "x").await;
            let mut heard = 0;
            while heard < members - 1 {
                let message = member.receive_text().await?;
                heard += usize::from(message.contains("\"said\""));
            }
            Ok::<_, chanx::testing::ReceiveError>(member)
        }));
    }
    for task in tasks {
        task.await.unwrap().expect("a member that reads is not closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_herd_of_senders_closes_no_member_that_reads_on_several_threads() {
    a_herd_closes_no_member_that_reads(300).await;
}

#[tokio::test(start_paused = true)]
async fn a_herd_of_senders_closes_no_member_that_reads() {
    a_herd_closes_no_member_that_reads(300).await;
}
