//! What chanx and channels_redis have to do alike, each through its own layer.

use serde_json::{Value, json};

use crate::peer::Peer;
use crate::process::{Process, message};
use crate::setup::{Backend, Options, Setup};
use crate::support::Seen;

const GROUP: &str = "chat.room-1";

/// What Chanx puts into the layer, and what another application might.
fn messages() -> Vec<Value> {
    let numbers = json!([
        0,
        127,
        128,
        255,
        256,
        65535,
        65536,
        -1,
        -32,
        -33,
        -129,
        -32769,
        -2_147_483_649_i64,
        i64::MIN,
        u64::MAX
    ]);
    vec![
        said("hi \u{e9}\u{2603}\u{1f600} \"\\ \u{0}\u{7f}\u{2028} \n"),
        json!({
            "type": "send_group_member", "content": {"action": "result", "payload": {"1": [1, null, 1.5, {}]}}, "kind": "json",
            "exclude_current": false, "from_channel": "specific.a!b", "from_user_pk": "a key",
        }),
        json!({"type": "handle_channel_event", "event_data": {"handler": "notify", "payload": {"text": "1", "level": 1}}}),
        json!({"type": "some.thing", "z": 1, "a": {"y": [], "b": {}}, "numbers": numbers, "flags": [true, false, null]}),
        json!({"type": "floats", "values": [0.1, -1.5, 1e300, 5e-324, 1.0], "\u{e9}": "k".repeat(300)}),
        json!({"type": "long", "list": (0..20).collect::<Vec<_>>(), "map": map_of(40), "text": "x".repeat(70_000)}),
    ]
}

fn map_of(size: usize) -> Value {
    (0..size).map(|number| (format!("key {number}"), json!(number))).collect::<serde_json::Map<_, _>>().into()
}

/// A group message as a Chanx consumer sends it.
fn said(text: &str) -> Value {
    json!({
        "type": "send_group_member",
        "content": {"action": "said", "payload": text, "is_mine": false, "is_current": false},
        "kind": "message", "exclude_current": true, "from_channel": "specific.a!b", "from_user_pk": 7,
    })
}

/// A message that tells where the others have ended.
fn mark() -> Value {
    json!({"type": "mark"})
}

fn in_group(object: &Value) -> Seen {
    Seen::Group(GROUP.to_owned(), message(object))
}

fn in_channel(channel: &str, object: &Value) -> Seen {
    Seen::Channel(channel.to_owned(), message(object))
}

/// Keys in the same order, and numbers of the same kind.
fn assert_same(arrived: &Value, sent: &Value) {
    assert_eq!(arrived.to_string(), sent.to_string());
}

/// A peer with one channel in the group.
async fn member(setup: &Setup) -> (Peer, String) {
    let mut peer = setup.peer();
    let channel = peer.new_channel().await;
    peer.group_add(GROUP, &channel).await;
    (peer, channel)
}

async fn subscriber(setup: &Setup) -> Process {
    let process = setup.process();
    process.subscribe(GROUP).await;
    process
}

pub(crate) async fn group_messages_cross_unchanged(backend: Backend) {
    for options in Options::variations(backend) {
        println!("{options:?}");
        let setup = options.start().await;
        let process = subscriber(&setup).await;
        let (mut peer, channel) = member(&setup).await;
        for sent in messages() {
            process.group_send(GROUP, message(&sent)).await;
            assert_same(&peer.receive(&channel).await, &sent);
            assert_eq!(process.next().await, in_group(&sent));

            peer.group_send(GROUP, sent.clone()).await;
            assert_eq!(process.next().await, in_group(&sent));
            assert_same(&peer.receive(&channel).await, &sent);
        }
    }
}

/// With several hosts, too: see `Options::variations`.
pub(crate) async fn messages_reach_one_channel(backend: Backend) {
    for options in Options::variations(backend) {
        println!("{options:?}");
        let setup = options.start().await;
        let process = setup.process();
        // Before the first message can be told to arrive, there must be something that waits for it.
        process.subscribe(GROUP).await;
        let mut peer = setup.peer();
        for _ in 0..10 {
            // Each name has a host of its own.
            let (theirs, ours) = (peer.new_channel().await, process.layer.new_channel().to_string());
            for sent in [said("to you"), mark()] {
                process.send(&theirs, message(&sent)).await;
                assert_same(&peer.receive(&theirs).await, &sent);
                peer.send(&ours, sent.clone()).await;
                assert_eq!(process.next().await, in_channel(&ours, &sent));
            }
        }
    }
}

pub(crate) async fn whoever_leaves_gets_nothing_more(backend: Backend) {
    let setup = Options::new(backend).start().await;
    let process = subscriber(&setup).await;
    let (mut peer, channel) = member(&setup).await;

    peer.group_discard(GROUP, &channel).await;
    process.group_send(GROUP, message(&said("without Python"))).await;
    assert_eq!(process.next().await, in_group(&said("without Python")));
    process.send(&channel, message(&mark())).await;
    assert_same(&peer.receive(&channel).await, &mark());

    process.unsubscribe(GROUP);
    setup.until_members(GROUP, 0).await;
    peer.group_add(GROUP, &channel).await;
    peer.group_send(GROUP, said("without chanx")).await;
    assert_same(&peer.receive(&channel).await, &said("without chanx"));
    let ours = process.layer.new_channel().to_string();
    peer.send(&ours, mark()).await;
    assert_eq!(process.next().await, in_channel(&ours, &mark()));
}

pub(crate) async fn a_process_gets_one_copy_for_all_its_members(backend: Backend) {
    let setup = Options::new(backend).start().await;
    let process = subscriber(&setup).await;
    process.subscribe(GROUP).await;
    let (mut peer, first) = member(&setup).await;
    let second = peer.new_channel().await;
    peer.group_add(GROUP, &second).await;
    for number in 0..3 {
        let sent = said(&number.to_string());
        process.group_send(GROUP, message(&sent)).await;
        for channel in [&first, &second] {
            assert_same(&peer.receive(channel).await, &sent);
        }
        assert_eq!(process.next().await, in_group(&sent));
    }
}

pub(crate) async fn groups_do_not_mix(backend: Backend) {
    let setup = Options { hosts: 2, ..Options::new(backend) }.start().await;
    let process = setup.process();
    let mut peer = setup.peer();
    let channel = peer.new_channel().await;
    let groups: Vec<_> = (0..10).map(|number| format!("room_{number}")).collect();
    for group in &groups {
        process.subscribe(group).await;
    }
    for group in &groups {
        let sent = json!({"type": "to", "group": group});
        peer.group_send(group, sent.clone()).await;
        assert_eq!(process.next().await, Seen::Group(group.clone(), message(&sent)));
        peer.group_add(group, &channel).await;
        process.group_send(group, message(&sent)).await;
        assert_same(&peer.receive(&channel).await, &sent);
        assert_eq!(process.next().await, Seen::Group(group.clone(), message(&sent)));
    }
}

pub(crate) async fn messages_stay_in_order(backend: Backend) {
    let setup = Options { capacity: 1000, ..Options::new(backend) }.start().await;
    let process = subscriber(&setup).await;
    let (mut peer, channel) = member(&setup).await;
    let burst: Vec<_> = (0..300).map(|number| json!({"type": "number", "n": number})).collect();
    for sent in &burst {
        process.group_send(GROUP, message(sent)).await;
    }
    for sent in &burst {
        assert_same(&peer.receive(&channel).await, sent);
        assert_eq!(process.next().await, in_group(sent));
    }
    for sent in &burst {
        peer.group_send(GROUP, sent.clone()).await;
    }
    for sent in &burst {
        assert_eq!(process.next().await, in_group(sent));
    }
}

pub(crate) async fn big_messages_cross(backend: Backend) {
    let setup = Options { keys: &["key"], ..Options::new(backend) }.start().await;
    let process = subscriber(&setup).await;
    let (mut peer, channel) = member(&setup).await;
    let sent = said(&"\u{2603}".repeat(1_000_000));
    process.group_send(GROUP, message(&sent)).await;
    assert!(peer.receive(&channel).await == sent, "the message arrives unchanged in Python");
    assert!(process.next().await == in_group(&sent), "the message comes back unchanged");
    peer.group_send(GROUP, sent.clone()).await;
    assert!(process.next().await == in_group(&sent), "the message arrives unchanged in chanx");
}

/// channels_redis sends things that no reader should have to take: see whether chanx goes on.
pub(crate) async fn what_nobody_can_read_is_passed_over(backend: Backend) {
    let setup = Options::new(backend).start().await;
    let process = subscriber(&setup).await;
    let mut peer = setup.peer();
    let hostile = [
        "{'type': 'keys that are numbers', 1: 2}",
        "{'type': 'keys within', 'x': [{'y': {None: 1}}]}",
        "{'type': 'bytes', 'x': b'\\xff\\x00'}",
        "{'type': 'infinite', 'x': 1e999}",
        "{'type': 'send_group_member'}",
        "{'type': 'send_group_member', 'content': {}, 'kind': 'other'}",
        "{'type': 'handle_channel_event', 'event_data': []}",
    ];
    for sent in hostile {
        peer.group_send(GROUP, sent).await;
        peer.group_send(GROUP, mark()).await;
        assert_eq!(process.next_message().await, in_group(&mark()), "after {sent}");
    }
    assert_eq!(process.layer.health(), chanx_core::layer::Health::Up);
}

/// Deeper than anything sensible, and not as deep as either side allows.
pub(crate) async fn what_stands_deep_arrives(backend: Backend) {
    for serializer in ["msgpack", "json"] {
        let setup = Options { serializer, ..Options::new(backend) }.start().await;
        let process = subscriber(&setup).await;
        let (mut peer, channel) = member(&setup).await;
        let sent = json!({"type": "deep", "x": (0..100).fold(json!("x"), |inner, _| json!([inner]))});
        process.group_send(GROUP, message(&sent)).await;
        assert_same(&peer.receive(&channel).await, &sent);
        assert_eq!(process.next().await, in_group(&sent));
        peer.group_send(GROUP, sent.clone()).await;
        assert_eq!(process.next().await, in_group(&sent));
    }
}

pub(crate) async fn a_key_can_be_replaced(backend: Backend) {
    let setup = Options { keys: &["old"], ..Options::new(backend) }.start().await;
    let (mut peer, channel) = member(&setup).await;
    // Knows the new key already and writes with the old one, as a first step.
    let careful = setup.with(|options| options.keys = &["old", "new"]).process();
    careful.subscribe(GROUP).await;
    let mut renewed = setup.with(|options| options.keys = &["new", "old"]).peer();
    let mut stranger = setup.with(|options| options.keys = &["another"]).peer();

    careful.group_send(GROUP, message(&said("old key"))).await;
    assert_same(&peer.receive(&channel).await, &said("old key"));
    assert_eq!(careful.next().await, in_group(&said("old key")));
    stranger.group_send(GROUP, said("unknown key")).await;
    renewed.group_send(GROUP, said("new key")).await;
    assert_eq!(careful.next_message().await, in_group(&said("new key")));
}

pub(crate) async fn a_peer_that_dies_harms_nobody(backend: Backend) {
    let setup = Options { hosts: 2, ..Options::new(backend) }.start().await;
    let process = subscriber(&setup).await;
    let (dead, their_channel) = member(&setup).await;
    drop(dead);
    let (mut peer, channel) = member(&setup).await;
    process.group_send(GROUP, message(&said("to the living"))).await;
    assert_same(&peer.receive(&channel).await, &said("to the living"));
    assert_eq!(process.next().await, in_group(&said("to the living")));
    process.send(&their_channel, message(&mark())).await;

    process.layer.close().await.expect("Redis is there");
    peer.group_send(GROUP, said("to Python alone")).await;
    assert_same(&peer.receive(&channel).await, &said("to Python alone"));
}
