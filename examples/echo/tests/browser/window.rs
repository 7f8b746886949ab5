//! A browser window. What it does is written in the third person: the stories are about it.

use std::fs;
use std::path::{Path, PathBuf};

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use super::devtools::DevTools;
use super::driver::Driver;
use super::site::{PASSWORD, Site, USERNAME};
use super::{Result, until};

/// Where the rules for accessible pages are: the file `axe.min.js` of axe-core. Without it they are not checked.
const AXE: &str = "CHANX_AXE";

pub(crate) struct Browser {
    page: Client,
    downloads: PathBuf,
    _driver: Driver,
}

impl Browser {
    pub(crate) async fn open(folder: &Path) -> Result<Self> {
        let driver = Driver::start().await?;
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let downloads = folder.join("downloads");
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--disable-component-update", "--window-size=1280,860", profile,
                "--force-prefers-reduced-motion",
            ],
            "prefs": {"download.default_directory": downloads},
        });
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities([("goog:chromeOptions".to_owned(), options)].into_iter().collect());
        let page = builder.connect(&driver.url).await.map_err(|error| {
            format!("Chromium does not start, is it installed? On Debian: apt-get install chromium\n{error}")
        })?;
        Ok(Self { page, downloads, _driver: driver })
    }

    pub(crate) async fn close(self) -> Result {
        Ok(self.page.close().await?)
    }

    pub(crate) async fn goes(&self, site: &Site, path: &str) -> Result {
        Ok(self.page.goto(&site.url(path)).await?)
    }

    pub(crate) async fn is_at(&self, path: &str) -> Result {
        until(path, async || Ok(self.page.current_url().await?.path() == path)).await
    }

    /// Fills in the login page, and comes back to where it was sent from.
    pub(crate) async fn logs_in(&self, back_to: &str) -> Result {
        self.is_at("/admin/login/").await?;
        self.types("input[name=username]", USERNAME).await?;
        self.types("input[name=password]", PASSWORD).await?;
        self.clicks("form [type=submit]").await?;
        self.is_at(back_to).await
    }

    /// Types into a field, behind what it holds. A line feed is the Enter key.
    pub(crate) async fn types(&self, field: &str, text: &str) -> Result {
        Ok(self.page.wait().for_element(Locator::Css(field)).await?.send_keys(text).await?)
    }

    /// Puts a text into a field at once, in the place of what it held, as pasting does.
    pub(crate) async fn pastes(&self, field: &str, text: &str) -> Result {
        let script = "const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new Event('input', {bubbles: true}))";
        self.runs(script, vec![json!(field), json!(text)]).await.map(drop)
    }

    /// Chooses an option of a list by its value.
    pub(crate) async fn chooses(&self, list: &str, option: &str) -> Result {
        Ok(self.page.find(Locator::Css(list)).await?.select_by_value(option).await?)
    }

    pub(crate) async fn clicks(&self, selector: &str) -> Result {
        Ok(self.page.wait().for_element(Locator::Css(selector)).await?.click().await?)
    }

    /// Clicks the first thing of this kind that says exactly this.
    pub(crate) async fn clicks_words(&self, tag: &str, words: &str) -> Result {
        self.clicks_path(&format!("//{tag}[normalize-space()={words:?}]")).await
    }

    pub(crate) async fn clicks_path(&self, path: &str) -> Result {
        Ok(self.page.wait().for_element(Locator::XPath(path)).await?.click().await?)
    }

    /// Waits until one of the elements shows the text, whatever else it shows.
    pub(crate) async fn sees(&self, selector: &str, text: &str) -> Result {
        until(&format!("{text:?} in {selector}"), async || self.shows(selector, text).await).await
    }

    async fn shows(&self, selector: &str, text: &str) -> Result<bool> {
        // Not `innerText`, which leaves out what the browser does not draw because it is out of sight.
        let script = "return [...document.querySelectorAll(arguments[0])].some(
            (element) => element.checkVisibility() && element.textContent.includes(arguments[1]))";
        Ok(self.runs(script, vec![json!(selector), json!(text)]).await? == json!(true))
    }

    /// Waits until there are so many elements that can be seen.
    pub(crate) async fn counts(&self, selector: &str, number: usize) -> Result {
        until(&format!("{number} of {selector}"), async || Ok(self.count(selector).await? == number)).await
    }

    pub(crate) async fn count(&self, selector: &str) -> Result<usize> {
        let script = "return [...document.querySelectorAll(arguments[0])].filter((it) => it.checkVisibility()).length";
        let count = self.runs(script, vec![json!(selector)]).await?;
        Ok(count.as_u64().map(usize::try_from).ok_or("a count is a number")??)
    }

    pub(crate) async fn runs(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.page.execute(script, arguments).await?)
    }

    /// From now on the page remembers what this element says, so that nothing is too short to be seen.
    pub(crate) async fn notes_all_words_of(&self, selector: &str) -> Result {
        let script = "
            const element = document.querySelector(arguments[0]);
            window.noted = [];
            new MutationObserver(() => window.noted.push(element.innerText.trim()))
                .observe(element, {childList: true, characterData: true, subtree: true});";
        self.runs(script, vec![json!(selector)]).await.map(drop)
    }

    pub(crate) async fn has_noted(&self, words: &str) -> Result {
        let script = "return window.noted.includes(arguments[0])";
        until(&format!("{words:?} to have been seen"), async || {
            Ok(self.runs(script, vec![json!(words)]).await? == json!(true))
        })
        .await
    }

    /// Whether a page has opened a dialog, as a script that was smuggled in would.
    pub(crate) async fn has_dialog(&self) -> bool {
        self.page.get_alert_text().await.is_ok()
    }

    /// Waits for a file that the page saves, and gives its text.
    pub(crate) async fn downloaded(&self, name: &str) -> Result<String> {
        let path = self.downloads.join(name);
        until(name, async || Ok(path.exists())).await?;
        Ok(fs::read_to_string(path)?)
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

    pub(crate) async fn is_dark(&self, is_dark: bool) -> Result {
        let value = if is_dark { "dark" } else { "light" };
        let parameters = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.page.issue_cmd(DevTools { name: "Emulation.setEmulatedMedia", parameters }).await?;
        Ok(())
    }

    /// Takes pictures in the light and in the dark, of which everybody must be able to read everything.
    pub(crate) async fn poses(&self, name: &str) -> Result {
        for (is_dark, name) in [(true, format!("{name}-dark")), (false, name.to_owned())] {
            self.is_dark(is_dark).await?;
            self.screenshot(&name).await?;
            self.is_accessible(&name).await?;
        }
        Ok(())
    }

    async fn is_accessible(&self, name: &str) -> Result {
        let Some(axe) = std::env::var_os(AXE) else { return Ok(()) };
        self.runs(&fs::read_to_string(axe)?, vec![]).await?;
        let violations = self.page.execute_async(include_str!("axe.js"), vec![]).await?;
        if violations == json!([]) { Ok(()) } else { Err(format!("axe finds faults in {name}: {violations:#}").into()) }
    }

    pub(crate) async fn screenshot(&self, name: &str) -> Result {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("echo-{name}.png")), self.page.screenshot().await?)?)
    }
}
