//! Server processes of the chat that share a database file and a channel layer.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::redis::Redis;
use super::{Result, until};

/// Two processes with ports that they keep when they restart.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    /// That of all users.
    pub(crate) password: String,
    channel_layer: String,
    addresses: [String; 2],
    servers: [Option<Child>; 2],
}

impl Site {
    /// Makes a database with the examples.
    pub(crate) async fn prepare(name: &str, redis: &Redis) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let addresses = [free_address().await?, free_address().await?];
        let (channel_layer, password) = (redis.url(), String::new());
        let mut site = Self { folder, password, channel_layer, addresses, servers: [None, None] };
        site.manage("migrate").await?;
        let report = site.manage("seed").await?;
        let password = report.split("password   ").nth(1).and_then(|rest| rest.split_whitespace().next());
        site.password = password.ok_or_else(|| format!("seed told no password: {report}"))?.to_owned();
        Ok(site)
    }

    pub(crate) fn url(&self, server: usize, path: &str) -> String {
        format!("http://{}{path}", self.addresses[server])
    }

    pub(crate) async fn start(&mut self, server: usize) -> Result {
        let address = &self.addresses[server];
        self.servers[server] = Some(self.chat(&["runserver", address])?.spawn()?);
        until("the server to accept connections", async || Ok(TcpStream::connect(address).await.is_ok())).await
    }

    /// Ends a server, as a crash would.
    pub(crate) async fn kill(&mut self, server: usize) -> Result {
        let mut process = self.servers[server].take().ok_or("the server is not running")?;
        Ok(process.kill().await?)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_else(|error| error.to_string())
    }

    /// Runs a command to its end, and gives what it printed.
    async fn manage(&self, name: &str) -> Result<String> {
        let output = self.chat(&[name])?.stdout(Stdio::piped()).output().await?;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)?),
            false => Err(format!("chat {name}: {}\n{}", output.status, self.log()).into()),
        }
    }

    fn chat(&self, arguments: &[&str]) -> Result<Command> {
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("CHANX_DEBUG", "true")
            .env("CHANX_DATABASE_URL", format!("sqlite://{}", self.folder.join("chat.sqlite3").display()))
            .env("CHANX_CHANNEL_LAYER", &self.channel_layer)
            .env("CHANX_SECRET_KEY", "a-secret-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz")
            .env(
                "CHANX_ALLOWED_ORIGINS",
                self.addresses.each_ref().map(|address| format!("http://{address}")).join(","),
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("chat.log")
    }
}

async fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string())
}
