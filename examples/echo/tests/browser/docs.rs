//! The page with the documentation, and the ways between it and the playground.

use serde_json::{Value, json};

use super::window::Browser;
use super::{Result, claim, playground};

const PATH: &str = "/asyncapi/";

pub(crate) async fn there_and_back(browser: &Browser) -> Result {
    let links = browser.runs("return [...document.querySelectorAll('.about a')].map((a) => a.hash)", vec![]).await?;
    browser.clicks_words("a", "Documentation").await?;
    browser.is_at(PATH).await?;
    has_all_places(browser, &links).await?;
    looks_good(browser).await?;
    browser.clicks("#message-echo-incoming-echo a.try").await?;
    browser.is_at(playground::PATH).await?;
    browser.sees("[role=tab][aria-selected=true]", "EchoConsumer").await?;
    browser.sees("[aria-label=Message] .hint", "Message for echoing text back to the client.").await?;
    browser.sees("[aria-label=Message] .verdict", "The server finds no fault in this message.").await
}

async fn has_all_places(browser: &Browser, links: &Value) -> Result {
    claim(links.as_array().is_some_and(|links| links.len() > 5), "the playground links to messages")?;
    let script = "return arguments[0].filter((hash) => !document.getElementById(hash.slice(1)))";
    let missing = browser.runs(script, vec![links.clone()]).await?;
    claim(missing == json!([]), &format!("every link of the playground leads to a place: {missing}"))
}

async fn looks_good(browser: &Browser) -> Result {
    browser.sees("main", "Repeats what users say").await?;
    browser.poses("docs").await?;
    browser.is_a_phone(true).await?;
    browser.poses("docs-phone").await?;
    browser.is_a_phone(false).await
}
