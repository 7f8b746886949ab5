//! The echo program with a database of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{Result, until};

/// The user of every site.
pub(crate) const USERNAME: &str = "admin";
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// Settings as the environment has them.
pub(crate) type Environment = &'static [(&'static str, &'static str)];

/// A server that keeps its port when it restarts.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    address: String,
    settings: Environment,
    server: Option<Child>,
}

impl Site {
    /// Makes an empty database with one user.
    pub(crate) async fn prepare(name: &str, settings: Environment) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        let site = Self { folder, address, settings, server: None };
        site.manage(&["migrate"]).await?;
        site.manage(&["createsuperuser", "--username", USERNAME, "--email", "admin@example.com", "--no-input"]).await?;
        Ok(site)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn start(&mut self) -> Result {
        self.server = Some(self.echo(&["runserver", &self.address])?.spawn()?);
        until("the server to accept connections", async || Ok(TcpStream::connect(&self.address).await.is_ok())).await
    }

    /// Kills the server, as a crash would.
    pub(crate) async fn stop(&mut self) -> Result {
        let mut server = self.server.take().ok_or("the server is not running")?;
        Ok(server.kill().await?)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_else(|error| error.to_string())
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
            .envs(self.settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("echo.log")
    }
}
