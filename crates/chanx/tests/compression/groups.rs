//! Messages that many clients get, of whom some take them compressed.

use crate::client::{BROWSER, Client};
use crate::messages::text;
use crate::site::{Site, compressing};

#[tokio::test]
async fn each_member_gets_a_group_message_in_its_own_way() {
    let site = Site::start(&compressing(0)).await;
    let small_window = "permessage-deflate; server_max_window_bits=9";
    let mut members = Vec::new();
    for (path, offers, is_compressed) in [
        ("/room/", &[BROWSER][..], true),
        ("/room/", &[], false),
        ("/room/", &[small_window], true),
        ("/plain/", &[BROWSER], false),
        ("/room/", &[BROWSER], true),
    ] {
        members.push((Client::connect(site.address, path, offers).await, is_compressed));
    }
    for (client, _) in &mut members {
        // Whoever is answered is in the room.
        client.send("echo", "").await;
        client.receive().await;
    }
    for size in [100, 2000] {
        members[0].0.send("say", &"x".repeat(size)).await;
        for (client, is_compressed) in &mut members {
            assert_eq!(client.text().await, ("x".repeat(size), *is_compressed && size > 256));
        }
    }
}

/// Group messages come between those that refer to each other, and change what these may refer to.
#[tokio::test]
async fn group_messages_and_answers_mix_whether_contexts_are_kept_or_not() {
    for (contexts, logs) in [(2, false), (2, true), (0, false), (1, false)] {
        let mut settings = compressing(contexts);
        // Where nothing is logged, others may write for a connection.
        settings.log_sent_message = logs;
        let site = Site::start(&settings).await;
        let mut member = Client::connect(site.address, "/room/", &[BROWSER]).await;
        let mut speaker = Client::connect(site.address, "/room/", &[BROWSER]).await;
        for round in 0..10 {
            member.send("echo", &text(round)).await;
            assert_eq!(member.text().await, (text(round), true));
            for number in 0..round % 4 {
                let said = text(1000 * round + number);
                speaker.send("say", &said).await;
                assert_eq!(speaker.text().await, (said.clone(), true));
                assert_eq!(member.text().await, (said, true));
            }
        }
    }
}
