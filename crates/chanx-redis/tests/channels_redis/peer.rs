//! A Python process with a layer of channels_redis, which does what it is told: `../python/peer.py`.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::PATIENCE;

/// Where the test command puts the interpreter that has channels_redis.
const PYTHON: &str = "CHANX_CHANNELS_REDIS_PYTHON";

/// How long a message may take to arrive. Only a test that fails waits for so long.
const SECONDS: u64 = 10;

/// A running peer; it ends with its value.
pub(crate) struct Peer {
    program: Program,
}

/// What a method of the layer raised.
#[derive(Debug)]
pub(crate) struct Raised {
    /// The name of the exception, such as `ChannelFull`.
    pub(crate) name: String,
    /// What it says.
    pub(crate) text: String,
}

impl Peer {
    pub(crate) fn start(options: &Value) -> Self {
        Self { program: Program::start("peer.py", options) }
    }

    pub(crate) async fn new_channel(&mut self) -> String {
        let name = self.must(json!({"do": "new_channel"})).await;
        name.as_str().expect("the name of a channel is text").to_owned()
    }

    pub(crate) async fn group_add(&mut self, group: &str, channel: &str) {
        self.must(json!({"do": "group_add", "group": group, "channel": channel})).await;
    }

    pub(crate) async fn group_discard(&mut self, group: &str, channel: &str) {
        self.must(json!({"do": "group_discard", "group": group, "channel": channel})).await;
    }

    /// Sends an object, or a dictionary of Python's that is written as a string.
    pub(crate) async fn group_send(&mut self, group: &str, message: impl Into<Value>) {
        self.must(json!({"do": "group_send", "group": group, "message": message.into()})).await;
    }

    /// As [`Peer::group_send`].
    pub(crate) async fn send(&mut self, channel: &str, message: impl Into<Value>) {
        self.try_send(channel, message).await.expect("the message is sent");
    }

    pub(crate) async fn try_send(&mut self, channel: &str, message: impl Into<Value>) -> Result<(), Raised> {
        self.ask(&json!({"do": "send", "channel": channel, "message": message.into()})).await.map(drop)
    }

    /// The next message of the channel.
    pub(crate) async fn receive(&mut self, channel: &str) -> Value {
        let message = self.must(json!({"do": "receive", "channel": channel, "seconds": SECONDS})).await;
        assert!(!message.is_null(), "nothing arrived in Python on {channel}");
        message
    }

    async fn must(&mut self, order: Value) -> Value {
        self.ask(&order).await.unwrap_or_else(|raised| panic!("{order} raised {}: {}", raised.name, raised.text))
    }

    async fn ask(&mut self, order: &Value) -> Result<Value, Raised> {
        self.program.write(order).await;
        let mut answer: Value = serde_json::from_str(&self.program.line().await).expect("an answer is JSON");
        match answer["error"].take() {
            Value::String(name) => Err(Raised { name, text: answer["text"].to_string() }),
            _ => Ok(answer["ok"].take()),
        }
    }
}

/// A running Python program of this folder; it ends with its value.
pub(crate) struct Program {
    name: &'static str,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Program {
    pub(crate) fn start(name: &'static str, options: &Value) -> Self {
        let Some(python) = std::env::var_os(PYTHON) else {
            panic!("{PYTHON} is not set: `cargo xtask test --only redis` installs channels_redis and runs these tests");
        };
        let mut command = Command::new(&python);
        command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name));
        command.arg(options.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{PYTHON} does not start: {error}"));
        let input = child.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        Self { name, input, output, _child: child }
    }

    /// The next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.output.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("{} says nothing", self.name)).expect("its output can be read");
        line.unwrap_or_else(|| panic!("{} ended, see above", self.name))
    }

    async fn write(&mut self, order: &Value) {
        self.input.write_all(format!("{order}\n").as_bytes()).await.expect("it reads its input");
    }
}
