//! A Redis server of a test's own.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, FromRedisValue, IntoConnectionInfo, RedisConnectionInfo};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::PATIENCE;

/// A server on a port and a socket of its own, without anything on the disk that outlasts it. It ends with its value.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
    /// None: it speaks plain TCP on that port.
    tls: bool,
    arguments: Vec<String>,
    password: Option<String>,
    directory: TempDir,
}

impl RedisServer {
    /// A server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with these arguments besides, such as `["--requirepass", "secret"]`.
    pub async fn start_with(arguments: &[&str]) -> Self {
        Self::launch(arguments, false, &[]).await
    }

    /// A server that speaks TLS only, with a certificate and its key (PEM).
    pub async fn start_tls(certificate: &str, key: &str) -> Self {
        Self::launch(&[], true, &[("server.crt", certificate), ("server.key", key)]).await
    }

    /// The same, for clients whose certificate that one has signed.
    pub async fn start_mutual_tls(certificate: &str, key: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = directory.path().join("clients.crt");
        fs::write(&authority, certificate).unwrap();
        let arguments = ["--tls-auth-clients", "yes", "--tls-ca-cert-file", authority.to_str().unwrap()];
        Self::launch(&arguments, true, &[("server.crt", certificate), ("server.key", key)]).await
    }

    /// A sentinel with this configuration.
    pub async fn start_sentinel(configuration: &str) -> Self {
        Self::launch(&["--sentinel"], false, &[("sentinel.conf", configuration)]).await
    }

    async fn launch(arguments: &[&str], tls: bool, files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let at = |name: &str| arguments.iter().position(|argument| argument == name);
        let password = at("--requirepass").map(|at| arguments[at + 1].clone());
        let port = free_port();
        let child = spawn(port, tls, &arguments, &directory);
        let mut server = Self { child, port, tls, arguments, password, directory };
        server.wait_until_up().await;
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// The address of a layer at this server, as with `url("redis+pubsub", "?prefix=x")`.
    pub fn url(&self, scheme: &str, rest: &str) -> String {
        format!("{scheme}://{}{rest}", self.address())
    }

    /// Ends the process at once, as a power failure would.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, at the same port and without any data.
    pub async fn start_again(&mut self) {
        self.child = spawn(self.port, self.tls, &self.arguments, &self.directory);
        self.wait_until_up().await;
    }

    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    /// A connection of the test's own, by the socket.
    pub async fn connection(&self) -> MultiplexedConnection {
        self.try_connection().await.unwrap()
    }

    /// Runs a command.
    pub async fn command<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut self.connection().await).await.unwrap()
    }

    async fn try_connection(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut login = RedisConnectionInfo::default();
        if let Some(password) = &self.password {
            login = login.set_password(password);
        }
        let info = ConnectionAddr::Unix(self.socket()).into_connection_info()?.set_redis_settings(login);
        let how = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        Client::open(info)?.get_multiplexed_async_connection_with_config(&how).await
    }

    async fn wait_until_up(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Ok(mut connection) = self.try_connection().await {
                let pong: redis::RedisResult<String> = redis::cmd("PING").query_async(&mut connection).await;
                if pong.is_ok() {
                    return;
                }
            }
            let log = || fs::read_to_string(self.directory.path().join("redis.log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none(), "redis-server ended: {}", log());
            assert!(Instant::now() < end, "redis-server does not answer: {}", log());
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, tls: bool, arguments: &[String], directory: &TempDir) -> Child {
    let path = |name: &str| directory.path().join(name);
    let mut command = Command::new("redis-server");
    if path("sentinel.conf").exists() {
        command.arg(path("sentinel.conf"));
    }
    let port = port.to_string();
    if tls {
        command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
        command.arg("--tls-cert-file").arg(path("server.crt")).arg("--tls-key-file").arg(path("server.key"));
    } else {
        command.args(["--port", &port]);
    }
    command.args(["--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]);
    command.arg("--dir").arg(directory.path()).arg("--unixsocket").arg(path("redis.sock"));
    command.arg("--logfile").arg(path("redis.log")).args(arguments);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    child.expect("redis-server must be installed for these tests (`cargo xtask test --only tools` does that)")
}

/// A port that nobody uses, though others may take it at the same time; the server would say so.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
