//! A name or a virtual address: connections lead to one server now, and to another one later.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

/// Forwards to a server that can be changed. Connections that exist stay where they are.
pub struct Proxy {
    port: u16,
    target: Arc<Mutex<String>>,
    /// While it is true, nothing passes, in either direction, and no connection ends.
    is_frozen: watch::Sender<bool>,
    task: AbortHandle,
}

impl Proxy {
    pub async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Arc::new(Mutex::new(address));
        let is_frozen = watch::Sender::new(false);
        let task: JoinHandle<()> = tokio::spawn(accept(listener, Arc::clone(&target), is_frozen.clone()));
        Self { port, target, is_frozen, task: task.abort_handle() }
    }

    pub fn url(&self, scheme: &str, rest: &str) -> String {
        format!("{scheme}://127.0.0.1:{}{rest}", self.port)
    }

    pub fn lead_to(&self, address: String) {
        *self.target.lock().unwrap() = address;
    }

    pub fn freeze(&self, is_frozen: bool) {
        self.is_frozen.send_replace(is_frozen);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: Arc<Mutex<String>>, is_frozen: watch::Sender<bool>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let address = target.lock().unwrap().clone();
        let is_frozen = is_frozen.subscribe();
        tokio::spawn(async move { forward(client, &address, is_frozen).await });
    }
}

async fn forward(mut client: TcpStream, address: &str, mut is_frozen: watch::Receiver<bool>) -> io::Result<()> {
    let _ = is_frozen.wait_for(|is_frozen| !is_frozen).await;
    let mut server = TcpStream::connect(address).await?;
    loop {
        tokio::select! {
            // What is half-way is lost with its connection, which then ends; tests freeze what is quiet.
            ended = copy_bidirectional(&mut client, &mut server) => return ended.map(drop),
            _ = is_frozen.wait_for(|is_frozen| *is_frozen) => {}
        }
        let _ = is_frozen.wait_for(|is_frozen| !is_frozen).await;
    }
}
