//! The playground: from a refusal to a message, and whatever one does with messages.

use serde_json::{Value, json};

use super::site::{Environment, Site, USERNAME};
use super::window::Browser;
use super::{Result, claim, docs, hostile};

/// Strangers may look, and messages may be large.
pub(crate) const SETTINGS: Environment = &[
    ("CHANX_PLAYGROUND", "everybody"),
    ("CHANX_ASYNCAPI", "everybody"),
    ("CHANX_MAX_MESSAGE_SIZE", "4000000"),
    ("CHANX_MAX_OUTGOING_BYTES", "8000000"),
];

pub(crate) const PATH: &str = "/playground/websocket/";

/// Text that the page must show as it is.
const GREETING: &str = "Grüße <b>aus</b> dem Browser ☃";

const HISTORY: &str = ".history:not([hidden])";
const VERDICT: &str = "[aria-label=Message] .verdict";
const JSON_EDITOR: &str = "[role=tabpanel]:not([hidden]) textarea.code";

pub(crate) async fn story(site: &mut Site, browser: &Browser) -> Result {
    site.start().await?;
    finds_the_endpoint(site, browser).await?;
    is_refused_and_logs_in(browser).await?;
    connects(browser).await?;
    sends_a_form(browser).await?;
    sends_with_faults(browser).await?;
    filters(browser).await?;
    sends_again(browser).await?;
    exports(browser).await?;
    looks_good(browser).await?;
    hostile::stays_text(browser).await?;
    disconnects(browser).await?;
    offers_subprotocols(site, browser).await?;
    docs::there_and_back(browser).await
}

async fn finds_the_endpoint(site: &Site, browser: &Browser) -> Result {
    browser.goes(site, PATH).await?;
    browser.sees(".session", "Not logged in").await?;
    browser.types("#endpoint-search", "nowhere").await?;
    browser.sees(".endpoint-list", "0 of 1 endpoint").await?;
    browser.pastes("#endpoint-search", "").await?;
    browser.types("#endpoint-search", "status\n").await?;
    browser.sees("[role=tab][aria-selected=true]", "EchoConsumer").await?;
    browser.sees(".about", "Repeats what users say").await
}

async fn is_refused_and_logs_in(browser: &Browser) -> Result {
    browser.clicks_words("button", "Connect").await?;
    browser.sees(".problem", "Refused: 403 Forbidden").await?;
    browser.sees(".problem", "Authentication credentials were not provided.").await?;
    browser.sees(".problem", "Closed with 4403").await?;
    browser.poses("playground-refused").await?;
    browser.clicks_words("div[@class='problem']//a", "Log in").await?;
    browser.logs_in(PATH).await?;
    browser.sees(".session", &format!("Logged in as {USERNAME}")).await
}

async fn connects(browser: &Browser) -> Result {
    browser.clicks_words("button", "Connect").await?;
    browser.sees(".status", &format!("Connected as {USERNAME}")).await?;
    browser.sees(".entry.received", &format!("Welcome, {USERNAME}!")).await?;
    browser.clicks_words("button", "Ping").await?;
    browser.sees(".ping", "answered after").await
}

async fn sends_a_form(browser: &Browser) -> Result {
    browser.chooses("[aria-label=Message] select", "echo").await?;
    browser.pastes(".form input", "").await?;
    browser.types(".form input", GREETING).await?;
    browser.sees(VERDICT, "The server finds no fault in this message.").await?;
    browser.clicks_words("button", "Send").await?;
    browser.sees(".entry.received", &format!("{USERNAME}: {GREETING}")).await?;
    expands_the_last(browser, "received", "echo").await?;
    browser.sees(".entry.received .content", &format!("\"payload\": \"{USERNAME}: {GREETING}\"")).await
}

/// What is wrong is told before it is sent; it can be sent all the same, and the server says the same.
async fn sends_with_faults(browser: &Browser) -> Result {
    browser.clicks_words("button", "JSON").await?;
    browser.pastes(JSON_EDITOR, r#"{"action": "echo", "payload": 5}"#).await?;
    browser.sees(VERDICT, "Input should be a valid string").await?;
    let sent = browser.count(".entry.sent").await?;
    browser.clicks_words("button", "Send").await?;
    browser.sees("#announcements", "Not sent").await?;
    claim(browser.count(".entry.sent").await? == sent, "nothing was sent")?;
    browser.poses("playground-faults").await?;
    browser.clicks_words("button", "Send anyway").await?;
    browser.sees(".entry.received", r#""loc":["echo","payload"],"msg":"Input should be a valid string""#).await?;

    browser.pastes(JSON_EDITOR, r#"{"action": "echo", "#).await?;
    browser.sees("[role=tabpanel] .fault", "This is not JSON").await?;
    browser.sees(VERDICT, "Invalid JSON: EOF while parsing").await?;
    browser.clicks_words("button", "Example").await
}

async fn filters(browser: &Browser) -> Result {
    let all = browser.count(".entry").await?;
    browser.chooses("select[aria-label=Action]", "echo").await?;
    browser.counts(".entry", 3).await?;
    browser.chooses("select[aria-label=Direction]", "sent").await?;
    browser.counts(".entry", 2).await?;
    browser.types("[aria-label='Search the history']", "Grüße").await?;
    browser.counts(".entry", 1).await?;
    browser.pastes("[aria-label='Search the history']", "").await?;
    browser.chooses("select[aria-label=Action]", "").await?;
    browser.chooses("select[aria-label=Direction]", "").await?;
    browser.counts(".entry", all).await
}

async fn sends_again(browser: &Browser) -> Result {
    let answers = browser.count(".entry.received").await?;
    expands_the_first(browser, "sent", GREETING).await?;
    browser.clicks_words("button", "Send again").await?;
    // The answer, and what completes it.
    browser.counts(".entry.received", answers + 2).await
}

async fn exports(browser: &Browser) -> Result {
    chooses_from_the_menu(browser, "Export as JSON").await?;
    let export: Value = serde_json::from_str(&browser.downloaded("echoconsumer.json").await?)?;
    let sent = json!({"action": "echo", "payload": GREETING});
    let entries = export["entries"].as_array().ok_or("an export has entries")?;
    let texts = entries.iter().filter(|entry| entry["direction"] == "sent").filter_map(|entry| entry["text"].as_str());
    let messages = texts.map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
    claim(messages.iter().filter(|message| **message == sent).count() == 2, "both messages are in the export")?;

    chooses_from_the_menu(browser, "Export as a Rust test").await?;
    let test = browser.downloaded("echoconsumer.rs").await?;
    let lines = [
        r#"    let connector = Connector::new(application(), "/ws/echo/")"#.to_owned(),
        "    client.assert_authenticated_status_ok().await;".to_owned(),
        format!(r#"    client.send_json(&json!({{"action": "echo", "payload": "{GREETING}"}})).await;"#),
        format!(
            r#"    assert_eq!(client.receive_json().await?, json!({{"action": "echo", "payload": "{USERNAME}: {GREETING}"}}));"#
        ),
    ];
    claim(lines.iter().all(|line| test.contains(line)), &format!("the test says what was said: {test}"))
}

async fn looks_good(browser: &Browser) -> Result {
    browser.poses("playground").await?;
    browser.is_a_phone(true).await?;
    for (view, name) in [("Endpoints", "endpoints"), ("Connection", "connection"), ("History", "history")] {
        browser.clicks_words("button", view).await?;
        browser.poses(&format!("playground-phone-{name}")).await?;
        let is_too_wide = browser.runs("return document.documentElement.scrollWidth > innerWidth", vec![]).await?;
        claim(is_too_wide == json!(false), "nothing stands out at the side of a phone")?;
    }
    browser.is_a_phone(false).await
}

async fn disconnects(browser: &Browser) -> Result {
    browser.clicks_words("summary", "Subprotocols, close code").await?;
    browser.pastes(".more input[maxlength='4']", "1001").await?;
    browser.sees(".more .fault", "Browsers close with 1000, or with 3000 to 4999.").await?;
    browser.pastes(".more input[maxlength='4']", "4321").await?;
    browser.clicks_words("button", "Disconnect").await?;
    browser.sees(".status", "Not connected").await?;
    browser.sees(".entry", "Closed with 4321").await
}

/// A browser ends a connection for which no subprotocol was chosen, and does not say why; the page and the log do.
async fn offers_subprotocols(site: &Site, browser: &Browser) -> Result {
    const OFFERS: &str = ".more input[placeholder='echo.v1']";
    browser.pastes(OFFERS, "graphql-ws, hunter2").await?;
    browser.clicks_words("button", "Connect").await?;
    browser.sees(".entry", "Closed with 1006: this endpoint speaks none of the subprotocols that were offered").await?;
    browser.sees(".problem", "It speaks echo.v1").await?;
    let log = site.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("none of the subprotocols was chosen")).collect();
    claim(
        lines.len() == 1 && !log.contains("hunter2"),
        &format!("the log says so once, and without the offers: {lines:?}"),
    )?;

    browser.pastes(OFFERS, "graphql-ws, echo.v1").await?;
    browser.clicks_words("button", "Connect").await?;
    browser.sees(".entry", "Connected, with the subprotocol echo.v1").await?;
    browser.clicks_words("button", "Disconnect").await?;
    browser.sees(".status", "Not connected").await
}

/// Opens the menu of the history and chooses from it.
pub(crate) async fn chooses_from_the_menu(browser: &Browser, words: &str) -> Result {
    browser.clicks(&format!("{HISTORY} .menu summary")).await?;
    browser.clicks_words("button", words).await
}

async fn expands_the_last(browser: &Browser, direction: &str, action: &str) -> Result {
    let line = format!("(//li[contains(@class,'{direction}')]/button[bdi[@class='action']='{action}'])[last()]");
    browser.clicks_path(&line).await
}

async fn expands_the_first(browser: &Browser, direction: &str, words: &str) -> Result {
    browser.clicks_path(&format!("(//li[contains(@class,'{direction}')]/button[contains(.,'{words}')])[1]")).await
}
