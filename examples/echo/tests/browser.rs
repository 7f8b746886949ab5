//! The echo page in a real browser: login, messages, and a server that restarts under it.
//!
//! Chromium runs headless, driven through ChromeDriver. Screenshots of the page are in `target/screenshots` afterwards.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{interval, timeout};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Ends a wait for something that will never come; far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

const USERNAME: &str = "admin";
const PASSWORD: &str = "correct-horse-battery";

/// Text that a page must show as it is.
const GREETING: &str = "Grüße <b>aus</b> dem Browser ☃";

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver; `cargo xtask test` installs them and runs this"]
async fn the_page_sends_receives_and_reconnects() -> Result {
    let mut site = Site::prepare("the_page").await?;
    let browser = Browser::open(&site.folder).await?;
    let story = tell_story(&mut site, &browser).await;
    if story.is_err() {
        eprintln!("the server's log:\n{}", site.log());
        browser.screenshot("echo-failed").await?;
    }
    browser.close().await?;
    story
}

async fn tell_story(site: &mut Site, browser: &Browser) -> Result {
    site.start().await?;
    browser.log_in(site).await?;
    browser.sees("status", "Connected").await?;
    browser.sees("chat-log", &format!("Welcome, {USERNAME}!")).await?;

    browser.says(GREETING).await?;
    browser.sees("chat-log", &format!("Echo: {USERNAME}: {GREETING}")).await?;
    browser.clicks("ping-button").await?;
    browser.sees("chat-log", "Received pong response").await?;
    browser.screenshot("echo").await?;

    browser.notes_every_status().await?;
    site.stop().await?;
    browser.has_noted("Reconnecting…").await?;
    browser.screenshot("echo-reconnecting").await?;

    site.start().await?;
    browser.sees("status", "Connected").await?;
    browser.says("back again").await?;
    browser.sees("chat-log", &format!("Echo: {USERNAME}: back again")).await?;
    browser.shrinks_to_a_phone().await?;
    browser.screenshot("echo-phone").await
}

/// The echo program with a database of its own, on a port that it keeps when it restarts.
struct Site {
    folder: PathBuf,
    address: String,
    server: Option<Child>,
}

impl Site {
    /// Makes an empty database with one user.
    async fn prepare(name: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        let site = Self { folder, address, server: None };
        site.manage(&["migrate"]).await?;
        site.manage(&["createsuperuser", "--username", USERNAME, "--email", "admin@example.com", "--no-input"]).await?;
        Ok(site)
    }

    async fn start(&mut self) -> Result {
        self.server = Some(self.echo(&["runserver", &self.address])?.spawn()?);
        until("the server to accept connections", async || Ok(TcpStream::connect(&self.address).await.is_ok())).await
    }

    /// Kills the server, as a crash would.
    async fn stop(&mut self) -> Result {
        let mut server = self.server.take().ok_or("the server is not running")?;
        Ok(server.kill().await?)
    }

    async fn manage(&self, args: &[&str]) -> Result {
        let status = self.echo(args)?.status().await?;
        if status.success() { Ok(()) } else { Err(format!("echo {args:?}: {status}\n{}", self.log()).into()) }
    }

    fn echo(&self, args: &[&str]) -> Result<Command> {
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_echo"));
        command
            .args(args)
            .current_dir(&self.folder)
            .env_clear()
            .env("CHANX_DATABASE_URL", format!("sqlite://{}", self.folder.join("echo.sqlite3").display()))
            .env("CHANX_SECRET_KEY", "a-secret-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz")
            .env("CHANX_ALLOWED_ORIGINS", format!("http://{}", self.address))
            .env("CHANX_SUPERUSER_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("echo.log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_else(|error| error.to_string())
    }
}

/// A browser window. What it does is written in the third person: the story is about it.
struct Browser {
    page: Client,
    _driver: Driver,
}

impl Browser {
    async fn open(folder: &Path) -> Result<Self> {
        let driver = Driver::start().await?;
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let options = json!({"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--window-size=1000,800", profile,
        ]});
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities([("goog:chromeOptions".to_owned(), options)].into_iter().collect());
        let page = builder.connect(&driver.url).await.map_err(|error| {
            format!("Chromium does not start, is it installed? On Debian: apt-get install chromium\n{error}")
        })?;
        Ok(Self { page, _driver: driver })
    }

    async fn close(self) -> Result {
        Ok(self.page.close().await?)
    }

    /// Asks for the page, is sent to the login page, and comes back.
    async fn log_in(&self, site: &Site) -> Result {
        self.page.goto(&format!("http://{}/echo/", site.address)).await?;
        until("the login page", async || Ok(self.page.current_url().await?.path() == "/admin/login/")).await?;
        self.page.find(Locator::Css("input[name=username]")).await?.send_keys(USERNAME).await?;
        self.page.find(Locator::Css("input[name=password]")).await?.send_keys(PASSWORD).await?;
        self.page.find(Locator::Css("form [type=submit]")).await?.click().await?;
        until("/echo/ after the login", async || Ok(self.page.current_url().await?.path() == "/echo/")).await
    }

    async fn says(&self, text: &str) -> Result {
        self.page.find(Locator::Id("message-input")).await?.send_keys(text).await?;
        self.clicks("send-button").await
    }

    async fn clicks(&self, id: &str) -> Result {
        Ok(self.page.find(Locator::Id(id)).await?.click().await?)
    }

    /// Waits until the element shows the text, whatever else it shows.
    async fn sees(&self, id: &str, text: &str) -> Result {
        let script = "return document.getElementById(arguments[0])?.innerText.includes(arguments[1]) ?? false";
        let wanted = vec![json!(id), json!(text)];
        until(&format!("{text:?} in #{id}"), async || {
            Ok(self.page.execute(script, wanted.clone()).await? == json!(true))
        })
        .await
    }

    /// From now on the page remembers what its status said, so that no state is too short to be seen.
    async fn notes_every_status(&self) -> Result {
        let script = "
            const status = document.getElementById('status');
            window.notedStatuses = [];
            new MutationObserver(() => window.notedStatuses.push(status.innerText.trim()))
                .observe(status, {childList: true, characterData: true, subtree: true});";
        self.page.execute(script, vec![]).await?;
        Ok(())
    }

    async fn has_noted(&self, status: &str) -> Result {
        let script = "return window.notedStatuses.includes(arguments[0])";
        until(&format!("the status {status:?}"), async || {
            Ok(self.page.execute(script, vec![json!(status)]).await? == json!(true))
        })
        .await
    }

    async fn shrinks_to_a_phone(&self) -> Result {
        Ok(self.page.set_window_size(390, 844).await?)
    }

    async fn screenshot(&self, name: &str) -> Result {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name).with_extension("png"), self.page.screenshot().await?)?)
    }
}

/// A running ChromeDriver.
struct Driver {
    url: String,
    _process: Child,
    /// Kept open: ChromeDriver goes on writing to it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts ChromeDriver on a port of its own choice, which it prints.
    async fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| {
            format!("chromedriver does not start, is it installed? On Debian: apt-get install chromium-driver\n{error}")
        })?;
        let mut output = BufReader::new(process.stdout.take().ok_or("chromedriver has no output")?).lines();
        let port = timeout(PATIENCE, Self::announced_port(&mut output)).await??;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _process: process, _output: output })
    }

    async fn announced_port(output: &mut Lines<BufReader<ChildStdout>>) -> Result<u16> {
        while let Some(line) = output.next_line().await? {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok(port.trim_end_matches('.').parse()?);
            }
        }
        Err("chromedriver ended before it was ready".into())
    }
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
