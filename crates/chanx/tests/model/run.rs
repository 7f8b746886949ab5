//! A run of a plan: on one runtime whose clock is paused, or on several threads in real time, over streams or sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use chanx::Connections;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::sync::Barrier;
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::journal::What;
use crate::plan::{CLOSE_TIMEOUT, Plan, SEND_TIMEOUT};
use crate::stream::ServerEnd;
use crate::world::{Mode, Story, World, left, live_here, serve};
use crate::{expect, log, stream};

/// How long something may take that must come, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that a socket may hold, as far as the system goes along.
const TINY: u32 = 2048;

/// One thread's part of a run.
struct Part {
    world: Arc<World>,
    app: Router,
    connections: Connections,
    /// Where the threads wait for each other.
    barrier: Arc<Barrier>,
    index: usize,
    found: Arc<Mutex<Found>>,
}

/// What the parts came to.
#[derive(Default)]
struct Found {
    steps: u64,
    left: Vec<String>,
}

pub(crate) fn run(plan: &Plan, mode: Mode) -> Story {
    let world = Arc::new(World::new(plan, mode));
    let found = Arc::new(Mutex::new(Found::default()));
    let threads = mode.threads.unwrap_or(1);
    let (app, connections) = serve(&world);
    let barrier = Arc::new(Barrier::new(threads));
    let part = |index| Part {
        world: Arc::clone(&world),
        app: app.clone(),
        connections: connections.clone(),
        barrier: Arc::clone(&barrier),
        index,
        found: Arc::clone(&found),
    };
    if mode.is_exact() {
        part(0).live();
    } else {
        std::thread::scope(|scope| {
            for index in 0..threads {
                let part = part(index);
                scope.spawn(|| part.live());
            }
        });
    }
    let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    let left = [found.left, left(&world, &connections)].concat();
    Story { mode, entries: world.journal.entries(), steps: found.steps + world.steps(), left }
}

impl Part {
    fn live(self) {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(self.world.mode.is_exact()).build().expect("a runtime");
        runtime.block_on(async {
            let _log = log::record(&self.world.journal);
            live_here(&self.world.journal);
            let mut clients = Vec::new();
            let threads = self.world.mode.threads.unwrap_or(1);
            for number in (self.index..self.world.plan.connections.len()).step_by(threads) {
                clients.push(self.connect(number).await);
            }
            let playing: Vec<_> = clients.iter().map(|client| tokio::spawn(client.clone().play())).collect();
            for play in playing {
                play.await.expect("no client panics");
            }
            self.rest(&clients).await;
            self.end(&clients).await;
            self.find(|found| found.steps += clients.iter().map(Client::steps).sum::<u64>());
        });
    }

    fn find(&self, note: impl FnOnce(&mut Found)) {
        note(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn connect(&self, number: usize) -> Client {
        let plan = &self.world.plan;
        let seed = plan.seed.wrapping_mul(31).wrapping_add(number as u64);
        // A stream before a socket knows nothing of what the server was told.
        let journal = (!self.world.mode.over_tcp).then_some(&self.world.journal);
        let (client, server) = stream::pipe(&plan.connections[number].stream, seed, journal, number);
        if self.world.mode.over_tcp {
            self.connect_by_tcp(server).await;
        } else {
            self.serve(server);
        }
        Client::new(&self.world, number, client)
    }

    fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S) {
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.app.clone()));
        tokio::spawn(connection.with_upgrades());
    }

    async fn connect_by_tcp(&self, mut stream: ServerEnd) {
        let listening = TcpSocket::new_v4().expect("a socket");
        // What is accepted has the sizes of what listens.
        listening.set_send_buffer_size(TINY).expect("a size");
        listening.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("an address");
        let listener: TcpListener = listening.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(TINY).expect("a size");
        let mut client = socket.connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        self.serve(server);
        tokio::spawn(async move {
            if copy_bidirectional(&mut stream, &mut client).await.is_err() {
                // A stream that breaks takes the socket with it, without a goodbye.
                let _ = client.set_zero_linger();
            } else {
                let _ = client.shutdown().await;
            }
        });
    }

    fn leads(&self) -> bool {
        self.index == 0
    }

    /// Lets everything come to rest.
    async fn rest(&self, clients: &[Client]) {
        let world = &self.world;
        if world.mode.is_exact() && world.plan.stays_slow {
            sleep(world.time(2 * SEND_TIMEOUT)).await;
            self.look_for_stalled(clients);
        }
        self.barrier.wait().await;
        self.note(What::Prompt);
        for client in clients {
            client.be_prompt();
        }
        self.settle(2 * SEND_TIMEOUT).await;
    }

    /// Clients that take nothing should have been given up.
    fn look_for_stalled(&self, clients: &[Client]) {
        let limit = self.world.journal.now() - SEND_TIMEOUT * 3 / 2;
        for (number, client) in clients.iter().enumerate() {
            if client.full_since().is_some_and(|since| since < limit) {
                self.find(|found| found.left.push(format!("the connection {number}, whose client takes nothing,")));
            }
        }
    }

    fn note(&self, what: What) {
        if self.leads() {
            self.world.journal.note(None, what);
        }
    }

    /// Waits until nothing is under way any more: for so long on a clock that is paused, otherwise for the thing itself.
    async fn settle(&self, time: u64) {
        let world = &self.world;
        if world.mode.is_exact() {
            sleep(world.time(time)).await;
        } else if self.leads() {
            let settled = async {
                while !expect::is_settled(&world.plan, world.mode, world.journal.entries()) {
                    sleep(Duration::from_millis(10)).await;
                }
            };
            // What is missing then is told by the checks.
            let _ = timeout(PATIENCE, settled).await;
        }
        self.note(What::Quiet);
        self.barrier.wait().await;
    }

    /// Asks who is still there, and ends the server.
    async fn end(&self, clients: &[Client]) {
        let world = &self.world;
        for client in clients {
            client.probe();
        }
        self.barrier.wait().await;
        self.settle(100).await;
        if world.plan.clients_close {
            for client in clients {
                client.close(1000);
            }
            sleep(world.time(CLOSE_TIMEOUT + 20)).await;
        }
        self.barrier.wait().await;
        if self.leads() {
            self.note(What::Drain);
            timeout(PATIENCE, self.connections.drain()).await.expect("all connections end");
            self.note(What::Drained);
        }
        self.barrier.wait().await;
        // What clients still have to see.
        sleep(world.time(50)).await;
        self.barrier.wait().await;
    }
}
