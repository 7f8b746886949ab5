//! The echo in a real browser: its own page, and the pages for developers.
//!
//! Chromium runs headless, driven through ChromeDriver. Screenshots of the pages are in `target/screenshots` afterwards.

mod docs;
mod driver;
mod echo;
mod hostile;
mod playground;
mod site;
mod window;

use std::error::Error;
use std::time::Duration;

use tokio::time::{interval, timeout};

use site::Site;
use window::Browser;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Ends a wait for something that will never come; far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

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

/// An error and no panic, so that the browser is closed.
fn claim(holds: bool, what: &str) -> Result {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}").into()) }
}

/// Looks again and again until the condition holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result {
    let looking = async {
        let mut looks = interval(BETWEEN_LOOKS);
        while !holds().await? {
            looks.tick().await;
        }
        Ok(())
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| Err(format!("waited in vain for {what}").into()))
}
