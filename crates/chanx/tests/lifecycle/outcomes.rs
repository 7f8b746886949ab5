//! Each way in which each phase can end: what the client sees, what the log says, and that `disconnected` runs once.

use chanx::Audience;
use chanx::testing::Communicator;
use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::log::Log;
use crate::probe::{Event, Site, settings};

/// What a connection came to.
#[derive(Debug, PartialEq)]
struct End {
    code: Option<u16>,
    errors: usize,
    connected: usize,
    disconnected: usize,
}

async fn end_of(site: &Site, log: &Log, mut client: Communicator) -> End {
    let close = client.receive_close().await.unwrap();
    while log.with(": disconnected").is_empty() && log.with(" disconnected ").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(log.with("disconnected ").len() + log.with("disconnected\n").len(), 1, "one line for the end");
    End {
        code: close.and_then(|close| close.code).map(u16::from),
        errors: log.with("ERROR").len(),
        connected: site.journal.count("connect"),
        disconnected: site.journal.count("disconnected"),
    }
}

/// Reads until the connection ends or goes on after the failure: the `detail`s that came.
async fn details(client: &mut Communicator) -> Vec<String> {
    let messages = client.receive_all().await.unwrap();
    messages.iter().map(|message| message["payload"]["detail"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_message_closes_with_1011_and_is_told_once() {
    for (phase, consumers) in [("admission", 0), ("connect", 0), ("greet", 1)] {
        for outcome in ["error", "closed", "panic", "hang"] {
            let (log, site) = (Log::begin(), Site::new(&settings()));
            let client = site.begin(&format!("phase={phase}&outcome={outcome}")).await;
            let end = end_of(&site, &log, client).await;
            let expected = End { code: Some(1011), errors: 1, connected: consumers, disconnected: consumers };
            assert_eq!(end, expected, "{phase} {outcome}");
            if outcome == "hang" {
                assert_eq!(log.with("admission_timeout").len(), 1, "{phase}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_it_is_let_in_is_told_of_once_too() {
    for (phase, consumers) in [("admission", 0), ("connect", 0), ("greet", 1)] {
        let (log, site) = (Log::begin(), Site::new(&settings()));
        let client = site.begin(&format!("phase={phase}&outcome=hang")).await;
        let start = Instant::now();
        drop(client);
        while log.with("disconnected ").is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(start.elapsed() <= Duration::from_secs(6), "{phase}: close_timeout bounds all of it");
        assert_eq!(log.with("given up").len(), 1, "{phase}");
        assert_eq!((site.journal.count("connect"), site.journal.count("disconnected")), (consumers, consumers));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_message_is_answered_and_the_connection_lives_on() {
    for (action, payload) in [("act", "error"), ("act", "closed"), ("act", "hang")] {
        let (log, site) = (Log::begin(), Site::new(&settings()));
        let mut client = site.connect().await;
        client.send_json(&json!({"action": action, "payload": payload})).await;
        assert_eq!(details(&mut client).await, ["Failed to process message"], "{action} {payload}");
        client.send_json(&json!({"action": "note", "payload": "alive"})).await;
        client.receive_all().await.unwrap();
        assert_eq!(site.journal.count("alive"), 1);
        assert_eq!(log.with("ERROR").len(), 1, "{action} {payload}");
        assert_eq!(log.with("handler_timeout").len(), usize::from(payload == "hang"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_closes_with_1011_wherever_it_comes_from() {
    for (action, payload) in [("act", "panic"), ("read", "panic")] {
        let (log, site) = (Log::begin(), Site::new(&settings()));
        let mut client = site.connect().await;
        client.send_json(&json!({"action": action, "payload": payload})).await;
        let end = end_of(&site, &log, client).await;
        assert_eq!(end, End { code: Some(1011), errors: 1, connected: 1, disconnected: 1 }, "{action} {payload}");
    }
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let client = site.connect().await;
    site.channels.send_event(Audience::Everyone, &Event::Act("panic".to_owned())).await.unwrap();
    let end = end_of(&site, &log, client).await;
    assert_eq!(end, End { code: Some(1011), errors: 1, connected: 1, disconnected: 1 });
}

#[tokio::test(start_paused = true)]
async fn a_failed_event_is_logged_and_its_client_learns_nothing() {
    for outcome in ["error", "closed", "hang"] {
        let (log, site) = (Log::begin(), Site::new(&settings()));
        let mut client = site.connect().await;
        site.channels.send_event(Audience::Everyone, &Event::Act(outcome.to_owned())).await.unwrap();
        assert!(details(&mut client).await.is_empty(), "{outcome}");
        client.send_json(&json!({"action": "note", "payload": "alive"})).await;
        client.receive_all().await.unwrap();
        assert_eq!((site.journal.count("alive"), log.with("ERROR").len()), (1, 1), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_farewell_that_fails_or_hangs_ends_with_its_connection() {
    for (outcome, errors) in [("ok", 0), ("error", 0), ("panic", 1), ("hang", 0)] {
        let (log, site) = (Log::begin(), Site::new(&settings()));
        let mut client = site.begin(&format!("phase=farewell&outcome={outcome}")).await;
        client.assert_authenticated_status_ok().await;
        client.receive_all().await.unwrap();
        let start = Instant::now();
        client.disconnect().await.unwrap();
        while log.with("disconnected ").is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(start.elapsed() <= Duration::from_secs(6), "{outcome}");
        assert_eq!((site.journal.count("disconnected"), log.with("ERROR").len()), (1, errors), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_hides_its_cause_is_a_consequence_of_the_end_all_the_same() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "flood_wrapped", "payload": 60_000})).await;
    client.receive_text().await.unwrap();
    drop(client);
    site.journal.has("disconnected").await;
    assert_eq!(log.with("ERROR"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_text_alone_makes_no_error_a_consequence_of_the_end() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.connect().await;
    // The end is there when the handler fails, but it was told of another connection's.
    client.send_json(&json!({"action": "note", "payload": "first"})).await;
    client.send_json(&json!({"action": "act", "payload": "wrapped"})).await;
    client.disconnect().await.unwrap();
    site.journal.has("disconnected").await;
    assert_eq!(log.with("ERROR").len(), 1, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn handlers_that_are_given_up_are_one_line_a_minute() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    for (left, lines) in [(10, 1), (11, 2)] {
        let mut clients = Vec::new();
        while site.journal.count("connect") < left {
            let mut client = site.connect().await;
            client.send_json(&json!({"action": "act", "payload": "hang"})).await;
            clients.push(client);
        }
        while site.journal.count("acting") < left {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(clients);
        while site.journal.count("disconnected") < left {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let given_up = log.with("a handler was given up");
        assert_eq!(given_up.len(), lines, "{given_up:#?}");
        tokio::time::advance(Duration::from_secs(61)).await;
    }
    let given_up = log.with("a handler was given up");
    assert!(given_up[0].contains("endpoint=\"Probe\"") && given_up[0].contains("times=1"), "{}", given_up[0]);
    assert!(given_up[1].contains("times=10"), "{}", given_up[1]);
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_a_handler_the_farewell_and_the_goodbye() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.begin("phase=farewell&outcome=hang").await;
    client.assert_authenticated_status_ok().await;
    client.receive_all().await.unwrap();
    client.send_json(&json!({"action": "act", "payload": "hang"})).await;
    site.journal.has("acting").await;
    let start = Instant::now();
    // The client neither reads nor closes.
    let closing = tokio::spawn(async move {
        client.send_frame(chanx::testing::Opcode::Close, b"\x03\xe8").await;
        client
    });
    while log.with("disconnected ").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_secs(4) && elapsed <= Duration::from_millis(5100), "{elapsed:?}");
    assert_eq!(site.journal.count("disconnected"), 1);
    drop(closing.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_to_send_learns_of_the_end_at_once() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "stream", "payload": 60_000})).await;
    site.journal.has("streaming").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    drop(client);
    site.journal.has("disconnected").await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!((log.with("given up").len(), log.with("ERROR").len()), (0, 0));
}
