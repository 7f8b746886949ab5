//! A Redis server of the test's own.

use std::process::Stdio;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{Result, until};

/// A running Redis, which keeps its port when it is restarted.
pub(crate) struct Redis {
    port: u16,
    process: Child,
}

impl Redis {
    pub(crate) async fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        Ok(Self { port, process: launch(port).await? })
    }

    /// For the setting `channel_layer`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends it, as a crash would.
    pub(crate) async fn kill(&mut self) -> Result {
        Ok(self.process.kill().await?)
    }

    pub(crate) async fn restart(&mut self) -> Result {
        self.process = launch(self.port).await?;
        Ok(())
    }
}

async fn launch(port: u16) -> Result<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let process = command.spawn().map_err(|error| {
        format!("redis-server does not start, is it installed? On Debian: apt-get install redis-server\n{error}")
    })?;
    until("Redis to accept connections", async || Ok(TcpStream::connect(("127.0.0.1", port)).await.is_ok())).await?;
    Ok(process)
}
