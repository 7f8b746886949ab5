//! The echo's own page: login, messages, and a server that restarts under it.

use super::Result;
use super::site::{Site, USERNAME};
use super::window::Browser;

/// Text that a page must show as it is.
const GREETING: &str = "Grüße <b>aus</b> dem Browser ☃";

pub(crate) async fn story(site: &mut Site, browser: &Browser) -> Result {
    site.start().await?;
    browser.goes(site, "/echo/").await?;
    browser.logs_in("/echo/").await?;
    browser.sees("#status", "Connected").await?;
    browser.sees("#chat-log", &format!("Welcome, {USERNAME}!")).await?;

    says(browser, GREETING).await?;
    browser.clicks("#ping-button").await?;
    browser.sees("#chat-log", "Received pong response").await?;
    browser.screenshot("page").await?;

    browser.notes_all_words_of("#status").await?;
    site.stop().await?;
    browser.has_noted("Reconnecting…").await?;
    browser.screenshot("page-reconnecting").await?;

    site.start().await?;
    browser.sees("#status", "Connected").await?;
    says(browser, "back again").await?;
    browser.is_a_phone(true).await?;
    browser.screenshot("page-phone").await
}

async fn says(browser: &Browser, text: &str) -> Result {
    browser.types("#message-input", text).await?;
    browser.clicks("#send-button").await?;
    browser.sees("#chat-log", &format!("Echo: {USERNAME}: {text}")).await
}
