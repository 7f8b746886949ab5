//! chanx and a real client, Python's websockets: `python/client.py`.
//!
//! Plain `cargo test` leaves these out, because they need a Python package: `cargo xtask test --only compression`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::site::{Site, compressing};

/// Where the test command puts the interpreter that has websockets.
const PYTHON: &str = "CHANX_WEBSOCKETS_PYTHON";

const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python's websockets; `cargo xtask test` installs it and runs this"]
async fn each_message_stands_alone() {
    serve_python(0, true).await;
    serve_python(0, false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python's websockets; `cargo xtask test` installs it and runs this"]
async fn messages_refer_to_each_other() {
    serve_python(100, true).await;
    serve_python(100, false).await;
}

/// Runs the client against a server with as many contexts.
async fn serve_python(contexts: usize, logs: bool) {
    let Some(python) = std::env::var_os(PYTHON) else {
        panic!("{PYTHON} is not set: `cargo xtask test --only compression` installs websockets and runs these tests");
    };
    let mut settings = compressing(contexts);
    // Where nothing is logged, others may write for a connection.
    settings.log_sent_message = logs;
    let site = Site::start(&settings).await;
    let mut client = Command::new(python);
    client.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compression/python/client.py"));
    client.args([site.address.to_string(), contexts.to_string()]).stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(PATIENCE, client.status()).await.expect("the client comes to its end");
    assert!(ended.expect("the client starts").success(), "see above");
}
