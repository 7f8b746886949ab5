//! ChromeDriver, which moves the browsers.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::{PATIENCE, Result};

/// A running ChromeDriver.
pub(crate) struct Driver {
    pub(crate) url: String,
    _process: Child,
    /// Kept open: ChromeDriver goes on writing to it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts ChromeDriver on a port of its own choice, which it prints.
    pub(crate) async fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| {
            format!("chromedriver does not start, is it installed? On Debian: apt-get install chromium-driver\n{error}")
        })?;
        let mut output = BufReader::new(process.stdout.take().ok_or("chromedriver has no output")?).lines();
        let port = timeout(PATIENCE, announced_port(&mut output)).await??;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _process: process, _output: output })
    }
}

async fn announced_port(output: &mut Lines<BufReader<ChildStdout>>) -> Result<u16> {
    while let Some(line) = output.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
    }
    Err("chromedriver ended before it was ready".into())
}
