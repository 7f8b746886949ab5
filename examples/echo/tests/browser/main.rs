//! The echo in a real browser: its own page, and the pages for developers.
//!
//! Chromium runs headless, driven through ChromeDriver. Screenshots of the pages are in `target/screenshots` afterwards.

// The examples have these in common.
#[path = "../../../browser/devtools.rs"]
mod devtools;
#[path = "../../../browser/driver.rs"]
mod driver;
#[path = "../../../browser/waiting.rs"]
mod waiting;

mod docs;
mod echo;
mod hostile;
mod playground;
mod site;
mod window;

use std::error::Error;
use std::time::Duration;

use site::Site;
use waiting::{claim, until};
use window::Browser;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Ends a wait for something that will never come; far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver; `cargo xtask test` installs them and runs this"]
async fn the_page_sends_receives_and_reconnects() -> Result {
    let mut site = Site::prepare("the_page", &[]).await?;
    let browser = Browser::open(&site.folder).await?;
    let story = echo::story(&mut site, &browser).await;
    finish(&site, browser, story).await
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver; `cargo xtask test` installs them and runs this"]
async fn a_developer_tries_the_echo_out() -> Result {
    let mut site = Site::prepare("the_playground", playground::SETTINGS).await?;
    let browser = Browser::open(&site.folder).await?;
    let story = playground::story(&mut site, &browser).await;
    finish(&site, browser, story).await
}

/// Closes the browser; if the story went wrong, shows what there is to know.
async fn finish(site: &Site, browser: Browser, story: Result) -> Result {
    if story.is_err() {
        eprintln!("the server's log:\n{}", site.log());
        browser.screenshot("failed").await?;
    }
    browser.close().await?;
    story
}
