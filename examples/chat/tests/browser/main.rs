//! The chat in real browsers: two people, each at a server process of their own, with one database file and one Redis
//! between them.
//!
//! Chromium runs headless, driven through ChromeDriver. Screenshots of the pages are in `target/screenshots` afterwards.

// The examples have these in common.
#[path = "../../../browser/devtools.rs"]
mod devtools;
#[path = "../../../browser/driver.rs"]
mod driver;
#[path = "../../../browser/waiting.rs"]
mod waiting;

mod redis;
mod site;
mod window;

use std::error::Error;
use std::time::Duration;

use redis::Redis;
use site::Site;
use waiting::{claim, until};
use window::{Look, Window};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Ends a wait for something that will never come; far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(45);

/// Text that a page must show as it is.
const HOSTILE: &str = "<img src=x onerror=alert(1)> & \"quotes\" ☃";

#[tokio::test]
#[ignore = "needs Chromium, ChromeDriver and Redis; `cargo xtask test` installs them and runs this"]
async fn two_people_talk_across_two_processes() -> Result {
    let redis = Redis::start().await?;
    let mut site = Site::prepare("two_people_talk", &redis).await?;
    let alice = Window::open(&site.folder, "alice", Look::Light).await?;
    let bob = Window::open(&site.folder, "bob", Look::Dark).await?;
    let story = tell_story(&mut site, redis, &alice, &bob).await;
    if story.is_err() {
        eprintln!("the servers' log:\n{}", site.log());
        alice.screenshot("failed-alice").await?;
        bob.screenshot("failed-bob").await?;
    }
    alice.close().await?;
    bob.close().await?;
    story
}

async fn tell_story(site: &mut Site, mut redis: Redis, alice: &Window, bob: &Window) -> Result {
    site.start(0).await?;
    site.start(1).await?;
    they_arrive(site, alice, bob).await?;
    they_talk(alice, bob).await?;
    they_whisper(site, alice, bob).await?;
    she_reads_back(alice).await?;
    they_look_good(alice, bob).await?;
    a_server_crashes(site, alice, bob).await?;
    redis_crashes(&mut redis, alice, bob).await?;
    he_hurries(bob).await?;
    he_leaves(site, alice, bob).await
}

/// Both log in, each at a server of their own, and see one another.
async fn they_arrive(site: &Site, alice: &Window, bob: &Window) -> Result {
    alice.logs_in(site, 0, "/chat/").await?;
    alice.sees("body", "Your rooms").await?;
    alice.poses("lobby").await?;
    alice.goes(site, 0, "/chat/lounge/").await?;
    alice.sees("#status", "Connected").await?;
    alice.sees("#log", "The umbrella says good night.").await?;
    alice.sees("#members-count", "1 of 6 online").await?;
    bob.logs_in(site, 1, "/chat/lounge/").await?;
    bob.sees("#status", "Connected").await?;
    for window in [alice, bob] {
        window.sees("#members-count", "2 of 6 online").await?;
    }
    alice.sees("#log", "bob is online").await
}

async fn they_talk(alice: &Window, bob: &Window) -> Result {
    alice.types("Is anybody hungry").await?;
    bob.sees("#typing", "alice is typing…").await?;
    alice.types("?\n").await?;
    bob.sees("#log .message:last-of-type", "Is anybody hungry?").await?;
    bob.no_longer_sees("#typing", "typing").await?;
    alice.sees("#log .own:not(.pending)", "Is anybody hungry?").await?;

    bob.types(&format!("{HOSTILE}\n")).await?;
    alice.sees("#log", HOSTILE).await?;
    claim(alice.count("#log img").await? == 0, "what people write is text")?;
    bob.types("Always. https://example.com/menu\n").await?;
    alice.sees("#log a", "https://example.com/menu").await?;
    alice.types("Two lines:").await?;
    alice.presses_shift_enter().await?;
    alice.types("noodles, the place is open again\n").await?;
    bob.sees("#log", "Two lines:\nnoodles, the place is open again").await
}

async fn they_whisper(site: &Site, alice: &Window, bob: &Window) -> Result {
    bob.clicks_member("alice").await?;
    bob.sees("#private", "Private message to alice").await?;
    bob.types("Psst, bring the good biscuits").await?;
    bob.poses("room-dark-private").await?;
    bob.types("\n").await?;
    alice.sees("#log .private", "private to you").await?;
    alice.sees("#log .private", "Psst, bring the good biscuits").await?;
    bob.clicks("#private-end").await?;

    // It reaches whoever is in another room, too.
    bob.goes(site, 1, "/chat/kaffee-kuchen/").await?;
    bob.sees("#status", "Connected").await?;
    alice.clicks_member("bob").await?;
    alice.types("Two packs are on my desk\n").await?;
    alice.clicks("#private-end").await?;
    bob.sees(".toast", "alice privately in Lounge: Two packs are on my desk").await?;
    bob.poses("toast").await?;
    bob.clicks(".toast a").await?;
    bob.sees("#log .private", "Two packs are on my desk").await
}

/// Older messages come by scrolling, and what one looks at stays in its place.
async fn she_reads_back(alice: &Window) -> Result {
    claim(alice.count("#log .begin").await? == 0, "the first page is not the whole history")?;
    alice.scrolls_to_the_top().await?;
    alice.sees("#log .begin", "This is the beginning of Lounge.").await?;
    alice.sees("#log", "First one here, lights are on.").await?;
    claim(alice.scroll_top().await? > 100.0, "the reader's place is kept")?;
    alice.clicks("#to-end").await?;
    alice.sees("#log", "noodles").await
}

async fn they_look_good(alice: &Window, bob: &Window) -> Result {
    alice.poses("room").await?;
    bob.poses("room-dark").await?;
    for (window, name) in [(alice, "phone"), (bob, "phone-dark")] {
        window.is_a_phone(true).await?;
        window.stays_at_the_end().await?;
        window.poses(name).await?;
        window.clicks("#open-members").await?;
        window.poses(&format!("{name}-members")).await?;
        window.clicks("#close-members").await?;
        window.is_a_phone(false).await?;
    }
    Ok(())
}

/// Whoever sends too fast is told, and can send again what was refused.
async fn he_hurries(bob: &Window) -> Result {
    let messages: Vec<String> = (1..=40).map(|number| format!("Message {number}!")).collect();
    bob.says_at_once(&messages).await?;
    bob.sees("#log .failed .fate", "You are sending too fast.").await?;
    bob.poses("room-too-fast").await?;
    let refused = bob.text_of("#log .failed .text").await?;
    until("the refused message to be taken", async || {
        bob.clicks_if_there("#log .failed .fate button").await?;
        bob.shows("#log .own:not(.pending)", &refused).await
    })
    .await
}

/// What was said meanwhile is there when the page is connected again.
async fn a_server_crashes(site: &mut Site, alice: &Window, bob: &Window) -> Result {
    alice.notes_all_words_of("#status").await?;
    site.kill(0).await?;
    alice.has_noted("Reconnecting…").await?;
    bob.types("Did you see that?\n").await?;
    bob.sees("#log .own:not(.pending)", "Did you see that?").await?;
    alice.types("Written offline\n").await?;
    alice.sees("#log .pending", "Waiting for the connection…").await?;
    alice.sees("#banner", "The connection was lost. Trying again…").await?;
    alice.poses("room-reconnecting").await?;
    bob.sees("#members-count", "1 of 6 online").await?;
    site.start(0).await?;
    alice.sees("#status", "Connected").await?;
    alice.sees("#log", "Did you see that?").await?;
    alice.sees("#log .own:not(.pending)", "Written offline").await?;
    bob.sees("#log", "Written offline").await?;
    bob.sees("#members-count", "2 of 6 online").await
}

/// Without Redis the processes do not hear one another; the database has what they missed.
async fn redis_crashes(redis: &mut Redis, alice: &Window, bob: &Window) -> Result {
    redis.kill().await?;
    bob.types("Can you hear me?\n").await?;
    bob.sees("#log .own:not(.pending)", "Can you hear me?").await?;
    redis.restart().await?;
    alice.sees("#log", "Can you hear me?").await
}

/// Leaving in one tab closes the other one.
async fn he_leaves(site: &Site, alice: &Window, bob: &Window) -> Result {
    bob.notes_all_words_of("title").await?;
    let tab = bob.opens_another_tab().await?;
    alice.types("Where are you looking?\n").await?;
    bob.goes(site, 1, "/chat/lounge/").await?;
    bob.sees("#log", "Where are you looking?").await?;
    bob.sees("#status", "Connected").await?;
    bob.clicks(".leave").await?;
    bob.sees("body", "More rooms").await?;
    bob.poses("lobby-dark").await?;
    bob.returns_to(tab).await?;
    bob.sees("#banner", "You have left this room.").await?;
    bob.has_noted("(1) Lounge · Chat").await?;
    bob.poses("room-left").await?;
    alice.sees("#log", "bob left the room").await?;
    alice.sees("#members-count", "1 of 5 online").await?;
    bob.goes(site, 1, "/chat/lounge/").await?;
    bob.sees("body", "Join the room").await?;
    bob.poses("door-dark").await?;
    bob.clicks("main button").await?;
    bob.sees("#status", "Connected").await?;
    alice.sees("#members-count", "2 of 6 online").await
}
