//! Joining and leaving, and what a connection knows of its groups.

use serde_json::json;

use crate::site::*;

#[tokio::test(start_paused = true)]
async fn groups_are_known_in_the_order_of_joining() {
    let site = Site::new();
    let mut client = site.member("b,a").await;
    for group in ["d", "c", "a"] {
        assert!(ask(&mut client, "join", group).await.is_empty());
    }
    assert_eq!(groups_of(&mut client).await, ["b", "a", "d", "c"]);
    assert_eq!(site.layer.groups(), ["a", "b", "c", "d"]);
    ask(&mut client, "leave", "a").await;
    ask(&mut client, "leave", "never joined").await;
    ask(&mut client, "leave", "nowhere").await;
    assert_eq!(groups_of(&mut client).await, ["b", "d", "c"]);
    assert_eq!(site.layer.groups(), ["b", "c", "d"]);
    ask(&mut client, "join", "a").await;
    assert_eq!(groups_of(&mut client).await, ["b", "d", "c", "a"]);
}

#[tokio::test(start_paused = true)]
async fn joining_twice_is_joining_once() {
    let site = Site::new();
    let (mut twice, mut sender) = (site.member("room,room").await, site.member("room").await);
    ask(&mut twice, "join", "room").await;
    ask(&mut sender, "say", "once").await;
    hears(&mut twice, "once").await;
    heard_all(&mut twice).await;
    ask(&mut twice, "leave", "room").await;
    ask(&mut sender, "say", "gone").await;
    heard_all(&mut twice).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_lasts_as_long_as_its_last_member() {
    let site = Site::new();
    let (mut first, mut last) = (site.member("room").await, site.member("room").await);
    ask(&mut first, "leave", "room").await;
    assert_eq!(site.layer.groups(), ["room"]);
    ask(&mut last, "leave", "room").await;
    assert!(site.layer.groups().is_empty());
    ask(&mut first, "join", "room").await;
    ask(&mut last, "say_to", json!({"groups": ["room"], "text": "x"})).await;
    assert_eq!(first.receive_json().await.unwrap()["payload"]["first_word"], "x");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_none_fails_the_message_and_nothing_else() {
    let site = Site::new();
    let mut client = site.member("room").await;
    let long = "g".repeat(100);
    for name in ["", "a b", "ü", "a!b", "a/b", &long] {
        for command in ["join", "leave"] {
            let answers = ask(&mut client, command, name).await;
            assert_eq!(answers[0]["action"], "error", "{command} {name:?}");
            assert_eq!(answers[0]["payload"]["detail"], "Failed to process message");
        }
        let answers = ask(&mut client, "say_to", json!({"groups": ["room", name], "text": "x"})).await;
        assert_eq!(answers.len(), 1, "nothing went to the good group either: {answers:?}");
        assert_eq!(answers[0]["action"], "error");
    }
    assert_eq!(groups_of(&mut client).await, ["room"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_in_no_more_groups_than_the_settings_allow() {
    let mut settings = settings();
    settings.max_groups = 2;
    let site = Site::with(&settings, Default::default());
    let mut client = site.member("a,b").await;
    assert_eq!(ask(&mut client, "join", "c").await[0]["action"], "error");
    assert!(ask(&mut client, "join", "a").await.is_empty(), "it is in that group already");
    ask(&mut client, "leave", "a").await;
    assert!(ask(&mut client, "join", "c").await.is_empty());
    assert_eq!(groups_of(&mut client).await, ["b", "c"]);
    assert_eq!(site.layer.groups(), ["b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn too_many_groups_from_the_start_close_the_connection() {
    let mut settings = settings();
    settings.max_groups = 1;
    let site = Site::with(&settings, Default::default());
    let mut client = site.connector("/member/").header("x-groups", "a,b").connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    client.assert_closed(1011).await;
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_the_layer_refuses_is_not_joined() {
    let site = Site::new();
    site.layer.forbidden.lock().unwrap().insert("secret".to_owned());
    let mut client = site.member("room").await;
    assert_eq!(ask(&mut client, "join", "secret").await[0]["action"], "error");
    assert_eq!(groups_of(&mut client).await, ["room"]);
    site.layer.forbidden.lock().unwrap().clear();
    assert!(ask(&mut client, "join", "secret").await.is_empty());
    assert_eq!(groups_of(&mut client).await, ["room", "secret"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_joins_an_audience_stays_in_it_after_leaving() {
    let site = Site::new();
    for audience in ["everyone", "user"] {
        let connector = site.connector("/member/").header("x-user", "7").header("x-audience", audience);
        let mut client = welcome(connector).await;
        let [name] = &*groups_of(&mut client).await else { panic!("one group was expected") };
        assert!(name.starts_with("chanx."), "{name}");
        ask(&mut client, "leave_all", ()).await;
        assert!(groups_of(&mut client).await.is_empty());
        for audience in [chanx::Audience::user(7), chanx::Audience::Everyone] {
            site.channels.send_group_message(audience, &RoomMessage::Said("still there".to_owned())).await.unwrap();
            hears(&mut client, "still there").await;
        }
        client.disconnect().await.unwrap();
        site.is_deserted().await;
    }
}
