//! Clusters, and what happens to them.

use std::sync::Arc;

use chanx_core::layer::{ChannelName, LayerError};

use crate::cluster::Cluster;
use crate::support::{Process, Seen, group_name, note, until};

#[tokio::test]
async fn groups_live_on_the_nodes_of_their_names() {
    let cluster = Cluster::start(3).await;
    let (one, two) = (Process::of(&cluster.url("")), Process::of(&cluster.nodes[0].url("redis+sharded", "")));
    for number in 0..30 {
        let group = format!("g{number}");
        one.join(&group).await;
        two.say(&group, "hello").await.unwrap();
        one.seen.expect_group(&group, "hello").await;
        let channel = format!("asgi:group:{group}");
        let owner = Cluster::first_owner(cluster.slot_of(&channel).await, 3);
        for node in 0..3 {
            assert_eq!(cluster.subscribers(node, &channel).await, usize::from(node == owner));
        }
    }
    let channel = two.layer.new_channel();
    one.tell(&channel, "direct").await.unwrap();
    assert_eq!(two.seen.next().await, Seen::Channel(channel.to_string(), note("direct")));
    one.layer.check().await.unwrap();
    assert_eq!(one.seen.drain().await, []);
}

#[tokio::test]
async fn a_group_follows_its_slot_to_another_node() {
    let cluster = Cluster::start(3).await;
    let (hearer, sayer) = (Process::of(&cluster.url("")), Process::of(&cluster.url("")));
    hearer.join("room").await;
    for number in 0..20 {
        hearer.join(&format!("g{number}")).await;
    }
    sayer.say("room", "before").await.unwrap();
    hearer.seen.expect_group("room", "before").await;
    let slot = cluster.slot_of("asgi:group:room").await;
    let mut owner = Cluster::first_owner(slot, 3);
    for _ in 0..3 {
        owner = (owner + 1) % 3;
        cluster.move_slot(slot, owner).await;
        // Whoever sends is redirected.
        sayer.say("room", "on the way").await.unwrap();
        until("the subscription follows", || async { cluster.subscribers(owner, "asgi:group:room").await == 1 }).await;
        until("the gap is told", || async { hearer.seen.drain().await.contains(&Seen::Missed) }).await;
        until("all is well", || hearer.is_up()).await;
        hearer.seen.drain().await;
        sayer.say("room", "after").await.unwrap();
        while hearer.seen.next().await != Seen::Group("room".to_owned(), note("after")) {}
        for number in 0..20 {
            let group = format!("g{number}");
            sayer.say(&group, "unmoved").await.unwrap();
            while hearer.seen.next().await != Seen::Group(group.clone(), note("unmoved")) {}
        }
    }
    hearer.layer.unsubscribe(&group_name("room"));
    until("it is left where it is", || async { cluster.subscribers(owner, "asgi:group:room").await == 0 }).await;
    for number in 0..20 {
        let channel = format!("asgi:group:g{number}");
        let owner = Cluster::first_owner(cluster.slot_of(&channel).await, 3);
        assert_eq!(cluster.subscribers(owner, &channel).await, 1);
    }
}

#[tokio::test]
async fn a_process_can_be_reached_when_its_own_slot_moved() {
    let cluster = Cluster::start(3).await;
    let (one, two) = (Process::of(&cluster.url("")), Process::of(&cluster.url("")));
    one.join("room").await;
    let channel: ChannelName = one.layer.new_channel();
    let process = channel.as_str().strip_prefix("specific.").unwrap().split('!').next().unwrap();
    let own = format!("asgi:process:{process}");
    let slot = cluster.slot_of(&own).await;
    let owner = (Cluster::first_owner(slot, 3) + 1) % 3;
    cluster.move_slot(slot, owner).await;
    until("the subscription follows", || async { cluster.subscribers(owner, &own).await == 1 }).await;
    two.tell(&channel, "found").await.unwrap();
    while one.seen.next().await != Seen::Channel(channel.to_string(), note("found")) {}
}

#[tokio::test]
async fn a_node_may_fail_and_come_back() {
    let mut cluster = Cluster::start(3).await;
    let process = Process::of(&cluster.url(""));
    let groups: Vec<_> = (0..30).map(|number| format!("g{number}")).collect();
    for group in &groups {
        process.join(group).await;
    }
    let owner = Cluster::first_owner(cluster.slot_of("asgi:group:g0").await, 3);
    cluster.nodes[owner].stop();
    until("that is noticed", || process.is_down()).await;
    until("sending fails", || async { matches!(process.say("g0", "x").await, Err(LayerError::Unavailable { .. })) })
        .await;
    cluster.nodes[owner].start_again().await;
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    for group in &groups {
        until("it can be sent to", || async { process.say(group, "again").await.is_ok() }).await;
        while process.seen.next().await != Seen::Group(group.clone(), note("again")) {}
    }
}

#[tokio::test]
async fn a_replica_takes_over() {
    let mut cluster = Cluster::start_with_replica(3, true).await;
    let process = Process::of(&cluster.url(""));
    let mut number = 0;
    let group = loop {
        let group = format!("g{number}");
        if Cluster::first_owner(cluster.slot_of(&format!("asgi:group:{group}")).await, 3) == 0 {
            break group;
        }
        number += 1;
    };
    process.join(&group).await;
    process.say(&group, "before").await.unwrap();
    process.seen.expect_group(&group, "before").await;
    cluster.nodes[0].stop();
    let channel = format!("asgi:group:{group}");
    until("the subscription is at the replica", || async { cluster.subscribers(3, &channel).await == 1 }).await;
    until("all is well", || process.is_up()).await;
    while process.seen.next().await != Seen::Missed {}
    process.layer.group_send(&group_name(&group), Arc::new(note("after"))).await.unwrap();
    while process.seen.next().await != Seen::Group(group.clone(), note("after")) {}
}

/// A replica takes messages and passes them on late, without a word about its new role. A process that hears nothing from that
/// node has to ask.
#[tokio::test]
async fn a_sender_notices_that_its_node_is_no_master_any_more() {
    let cluster = Cluster::start_with_replica(3, true).await;
    let owner = async |channel: String| Cluster::first_owner(cluster.slot_of(&channel).await, 3);
    let sender = loop {
        let process = Process::of(&cluster.url(""));
        let channel = process.layer.new_channel();
        let own = channel.as_str().strip_prefix("specific.").unwrap().split('!').next().unwrap();
        if owner(format!("asgi:process:{own}")).await != 0 {
            break process;
        }
    };
    let mut groups = (0..).map(|number| format!("g{number}"));
    let group = loop {
        let group = groups.next().unwrap();
        if owner(format!("asgi:group:{group}")).await == 0 {
            break group;
        }
    };
    let is_used = async |node: usize| {
        let clients: String = cluster.nodes[node].command(&["CLIENT", "LIST"]).await;
        clients.contains("cmd=spublish")
    };
    sender.say(&group, "before").await.unwrap();
    assert!(!is_used(3).await);
    let () = cluster.nodes[3].command(&["CLUSTER", "FAILOVER"]).await;
    until("messages go to the new master", || async { sender.say(&group, "after").await.is_ok() && is_used(3).await })
        .await;
    until("all is well", || sender.is_up()).await;
    sender.layer.check().await.unwrap();
}

#[tokio::test]
async fn the_core_layer_at_a_cluster_says_which_one_is_right() {
    let cluster = Cluster::start(3).await;
    let process = Process::of(&cluster.nodes[0].url("redis", ""));
    let mut errors = Vec::new();
    for number in 0..9 {
        errors.extend(process.say(&format!("g{number}"), "x").await.err().map(|error| error.to_string()));
    }
    assert!(errors.iter().any(|error| error.contains("redis+sharded://")), "{errors:?}");
}
