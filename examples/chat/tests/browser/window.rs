//! A person at a browser. What it does is written in the third person: the story is about it.

use std::fs;
use std::path::Path;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use super::devtools::DevTools;
use super::driver::Driver;
use super::site::Site;
use super::{Result, until};

/// How the system of the person looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Light,
    Dark,
}

pub(crate) struct Window {
    name: &'static str,
    page: Client,
    _driver: Driver,
}

impl Window {
    pub(crate) async fn open(folder: &Path, name: &'static str, look: Look) -> Result<Self> {
        let driver = Driver::start().await?;
        let profile = format!("--user-data-dir={}", folder.join(format!("profile-{name}")).display());
        let scheme = if look == Look::Dark { 0 } else { 1 };
        let options = json!({"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--window-size=1280,860", profile,
            "--force-prefers-reduced-motion", format!("--blink-settings=preferredColorScheme={scheme}"),
        ]});
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities([("goog:chromeOptions".to_owned(), options)].into_iter().collect());
        let page = builder.connect(&driver.url).await.map_err(|error| {
            format!("Chromium does not start, is it installed? On Debian: apt-get install chromium\n{error}")
        })?;
        Ok(Self { name, page, _driver: driver })
    }

    pub(crate) async fn close(self) -> Result {
        Ok(self.page.close().await?)
    }

    /// Asks for a page, is sent to the login page, and comes back.
    pub(crate) async fn logs_in(&self, site: &Site, server: usize, path: &str) -> Result {
        self.goes(site, server, path).await?;
        self.is_at("/admin/login/").await?;
        self.page.find(Locator::Css("input[name=username]")).await?.send_keys(self.name).await?;
        self.page.find(Locator::Css("input[name=password]")).await?.send_keys(&site.password).await?;
        self.clicks("form [type=submit]").await?;
        self.is_at(path).await
    }

    pub(crate) async fn goes(&self, site: &Site, server: usize, path: &str) -> Result {
        Ok(self.page.goto(&site.url(server, path)).await?)
    }

    async fn is_at(&self, path: &str) -> Result {
        until(path, async || Ok(self.page.current_url().await?.path() == path)).await
    }

    /// Types into the field for messages. A line feed is the Enter key.
    pub(crate) async fn types(&self, text: &str) -> Result {
        Ok(self.page.find(Locator::Id("text")).await?.send_keys(text).await?)
    }

    /// Faster than anybody can type.
    pub(crate) async fn says_at_once(&self, messages: &[String]) -> Result {
        let script = "for (const message of arguments[0]) {
            document.getElementById('text').value = message;
            document.getElementById('composer').requestSubmit();
        }";
        self.page.execute(script, vec![json!(messages)]).await?;
        Ok(())
    }

    pub(crate) async fn presses_shift_enter(&self) -> Result {
        let (shift, enter) = (char::from(Key::Shift), char::from(Key::Enter));
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: shift })
            .then(KeyAction::Down { value: enter })
            .then(KeyAction::Up { value: enter })
            .then(KeyAction::Up { value: shift });
        Ok(self.page.perform_actions(keys).await?)
    }

    pub(crate) async fn clicks(&self, selector: &str) -> Result {
        Ok(self.page.wait().for_element(Locator::Css(selector)).await?.click().await?)
    }

    pub(crate) async fn clicks_if_there(&self, selector: &str) -> Result {
        self.page.execute("document.querySelector(arguments[0])?.click()", vec![json!(selector)]).await?;
        Ok(())
    }

    pub(crate) async fn clicks_member(&self, name: &str) -> Result {
        let selector = format!("button.member[title$=' {name}']");
        self.clicks(&selector).await
    }

    /// Waits until one of the elements shows the text, whatever else it shows.
    pub(crate) async fn sees(&self, selector: &str, text: &str) -> Result {
        let what = format!("{text:?} in {selector}, before {}", self.name);
        until(&what, async || self.shows(selector, text).await).await
    }

    pub(crate) async fn no_longer_sees(&self, selector: &str, text: &str) -> Result {
        let what = format!("{text:?} to vanish from {selector}, before {}", self.name);
        until(&what, async || Ok(!self.shows(selector, text).await?)).await
    }

    pub(crate) async fn shows(&self, selector: &str, text: &str) -> Result<bool> {
        let script = "return [...document.querySelectorAll(arguments[0])].some(\
                      (element) => element.innerText.includes(arguments[1]))";
        Ok(self.page.execute(script, vec![json!(selector), json!(text)]).await? == json!(true))
    }

    pub(crate) async fn count(&self, selector: &str) -> Result<usize> {
        Ok(self.page.find_all(Locator::Css(selector)).await?.len())
    }

    /// What the first of the elements shows.
    pub(crate) async fn text_of(&self, selector: &str) -> Result<String> {
        Ok(self.page.find(Locator::Css(selector)).await?.text().await?)
    }

    pub(crate) async fn scrolls_to_the_top(&self) -> Result {
        self.page.execute("document.getElementById('log').scrollTop = 0", vec![]).await?;
        Ok(())
    }

    /// Waits until the newest message is in sight.
    pub(crate) async fn stays_at_the_end(&self) -> Result {
        let script = "const log = document.getElementById('log');
            return log.scrollHeight - log.scrollTop - log.clientHeight < 2";
        until("the newest message", async || Ok(self.page.execute(script, vec![]).await? == json!(true))).await
    }

    pub(crate) async fn scroll_top(&self) -> Result<f64> {
        let value: Value = self.page.execute("return document.getElementById('log').scrollTop", vec![]).await?;
        Ok(value.as_f64().unwrap_or_default())
    }

    /// From now on the page remembers what this element says, so that nothing is too short to be seen.
    pub(crate) async fn notes_all_words_of(&self, selector: &str) -> Result {
        let script = "
            const element = document.querySelector(arguments[0]);
            window.noted ??= [];
            new MutationObserver(() => window.noted.push(element.textContent))
                .observe(element, {childList: true, characterData: true, subtree: true});";
        self.page.execute(script, vec![json!(selector)]).await?;
        Ok(())
    }

    pub(crate) async fn has_noted(&self, words: &str) -> Result {
        let script = "return window.noted.includes(arguments[0])";
        until(&format!("{} to have seen {words:?}", self.name), async || {
            Ok(self.page.execute(script, vec![json!(words)]).await? == json!(true))
        })
        .await
    }

    pub(crate) async fn is_a_phone(&self, is_phone: bool) -> Result {
        let command = if is_phone {
            let screen = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
            DevTools { name: "Emulation.setDeviceMetricsOverride", parameters: screen }
        } else {
            DevTools { name: "Emulation.clearDeviceMetricsOverride", parameters: json!({}) }
        };
        self.page.issue_cmd(command).await?;
        Ok(())
    }

    /// Goes to a new tab, and gives the old one.
    pub(crate) async fn opens_another_tab(&self) -> Result<WindowHandle> {
        let old = self.page.window().await?;
        let new = self.page.new_window(true).await?;
        self.page.switch_to_window(new.handle).await?;
        Ok(old)
    }

    pub(crate) async fn returns_to(&self, tab: WindowHandle) -> Result {
        Ok(self.page.switch_to_window(tab).await?)
    }

    /// Takes a picture, of which every text must be legible.
    pub(crate) async fn poses(&self, name: &str) -> Result {
        self.screenshot(name).await?;
        let illegible = self.page.execute(include_str!("contrast.js"), vec![]).await?;
        if illegible == json!([]) { Ok(()) } else { Err(format!("too little contrast in {name}: {illegible}").into()) }
    }

    pub(crate) async fn screenshot(&self, name: &str) -> Result {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("chat-{name}.png")), self.page.screenshot().await?)?)
    }
}
