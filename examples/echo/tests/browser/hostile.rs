//! Messages that want to be more than text.

use serde_json::json;

use super::window::Browser;
use super::{Result, claim, playground};

const RAW_EDITOR: &str = "[role=tabpanel]:not([hidden]) textarea.code";

/// Nothing that arrives becomes an element, runs, or keeps the page from working.
pub(crate) async fn stays_text(browser: &Browser) -> Result {
    browser.clicks_words("button", "Raw text").await?;
    let elements = foreign_elements(browser).await?;
    for (text, seen) in payloads() {
        let entries = browser.count(".entry.received").await?;
        browser.pastes(RAW_EDITOR, &text).await?;
        browser.clicks_words("button", "Send").await?;
        // The answer or the fault, and what completes it.
        browser.counts(".entry.received", entries + 2).await?;
        browser.sees(".entry.received", seen).await?;
    }
    playground::chooses_from_the_menu(browser, "Expand all").await?;
    browser.sees(".content", "<img src=x onerror=").await?;
    browser.sees(".entry-body button", "Show more of 1.0 MB").await?;
    browser.poses("playground-hostile").await?;
    claim(!browser.has_dialog().await, "no message opens a dialog")?;
    claim(foreign_elements(browser).await? == elements, "no message makes an element")?;
    claim(browser.runs("return window.hacked ?? null", vec![]).await? == json!(null), "no message runs")
}

/// What is sent, and what the answer shows.
fn payloads() -> Vec<(String, &'static str)> {
    let echo = |payload: &str| json!({"action": "echo", "payload": payload}).to_string();
    let image = "<img src=x onerror=\"window.hacked = 1; alert(1)\"><script>window.hacked = 1</script>";
    let depth = 10_000;
    vec![
        (echo(image), "<img src=x onerror="),
        (echo("javascript:alert(1)//\u{2028}</script>"), "javascript:alert(1)"),
        (echo("\u{202e}evil\u{2066}\0"), "RLO"),
        (r#"{"action": "echo", "payload": "half \ud800 of a pair"}"#.to_owned(), "error"),
        (format!(r#"{{"action": "echo", "payload": {}{}}}"#, "[".repeat(depth), "]".repeat(depth)), "error"),
        ("<img src=x onerror=alert(1)>".to_owned(), "error"),
        (echo(&"x".repeat(1_000_000)), "xxxx"),
    ]
}

/// Elements that the page itself has no use for, or only a fixed number of.
async fn foreign_elements(browser: &Browser) -> Result<serde_json::Value> {
    browser.runs("return document.querySelectorAll('img, iframe, object, script, style, b').length", vec![]).await
}
