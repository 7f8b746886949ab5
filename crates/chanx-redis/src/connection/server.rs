//! One server, found directly or by sentinels, and new connections to it.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_ok};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion,
    RedisConnectionInfo,
};
use tokio::time::{sleep, timeout};

use super::files::first_line;
use super::role::is_master;
use crate::config::{Address, Config};
use crate::outage::Outage;
use crate::trouble::{Trouble, checked};

/// How much later than the one before it each sentinel is asked.
const STAGGER: Duration = Duration::from_millis(200);

/// How often a server that sentinels know is compared with what they say.
const COMPARISON: Duration = Duration::from_secs(30);

/// A server that keeps a part of the data, and whether it works.
#[derive(Debug)]
pub(crate) struct Server {
    config: Arc<Config>,
    place: Place,
    pub(crate) outage: Outage,
    /// Which sentinel answered last, and is asked first.
    sentinel: AtomicUsize,
}

#[derive(Debug)]
enum Place {
    /// A server that has to be a master.
    At(Address),
    /// A node of a cluster, which tells itself what it is.
    Node(Address),
    /// Where the sentinels say that the server of this name is.
    Known(String),
}

/// A new connection, and where it leads.
pub(crate) struct Opened {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) address: Address,
}

impl Server {
    /// The servers of a configuration in the order of the ring: each host, or the one that the sentinels know.
    pub(crate) fn all(config: &Arc<Config>) -> Vec<Arc<Self>> {
        let places = match &config.sentinel {
            Some(name) => vec![Place::Known(name.clone())],
            None => config.addresses.iter().cloned().map(Place::At).collect(),
        };
        places.into_iter().map(|place| Arc::new(Self::new(config, place))).collect()
    }

    /// The node of a cluster at this address, whichever the configuration names.
    pub(crate) fn node(config: &Arc<Config>, address: Address) -> Arc<Self> {
        Arc::new(Self::new(config, Place::Node(address)))
    }

    fn new(config: &Arc<Config>, place: Place) -> Self {
        let name = match &place {
            Place::At(address) | Place::Node(address) => address.to_string(),
            Place::Known(name) => name.clone(),
        };
        Self { config: Arc::clone(config), place, outage: Outage::new(name), sentinel: AtomicUsize::new(0) }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether it has to be a master. Of a cluster's nodes, each tells about the others.
    pub(crate) fn is_master_by_rule(&self) -> bool {
        !matches!(self.place, Place::Node(_))
    }

    /// A new connection for commands in the protocol that every version speaks.
    pub(crate) async fn open(&self) -> Result<MultiplexedConnection, Trouble> {
        Ok(self.open_as(ProtocolVersion::RESP2, AsyncConnectionConfig::new()).await?.connection)
    }

    /// A new connection to a master, logged in and with its database chosen. There is no time limit for its answers, since
    /// some commands wait; see [`Deadline`](super::Deadline).
    pub(crate) async fn open_as(
        &self,
        protocol: ProtocolVersion,
        how: AsyncConnectionConfig,
    ) -> Result<Opened, Trouble> {
        let how = how.set_response_timeout(None).set_connection_timeout(None);
        match &self.place {
            Place::At(address) => self.open_master(address.clone(), protocol, &how).await,
            Place::Node(address) => {
                let connection = self.connect(address, self.login(protocol)?, &how).await?;
                Ok(Opened { connection, address: address.clone() })
            }
            Place::Known(name) => self.find(name, protocol, &how).await,
        }
    }

    /// Ends when the sentinels name another server than the one at this address. A master that is cut off from them
    /// knows nothing of its successor, and goes on as before.
    pub(crate) async fn is_replaced(&self, address: &Address) -> Trouble {
        let Place::Known(name) = &self.place else { return pending().await };
        loop {
            sleep(COMPARISON.min(self.config.dead_after.saturating_mul(3))).await;
            let named = self.first_of(self.sentinels().map(|sentinel| self.ask(sentinel, name).boxed())).await;
            if named.is_ok_and(|named| named != *address) {
                return Trouble::Lost("the sentinels name another server".to_owned());
            }
        }
    }

    /// Takes the first server that is what a sentinel says. A sentinel that was not told yet of a failover names a server
    /// that is no master any more.
    async fn find(
        &self,
        name: &str,
        protocol: ProtocolVersion,
        how: &AsyncConnectionConfig,
    ) -> Result<Opened, Trouble> {
        let open = |sentinel| async move {
            let address = self.ask(sentinel, name).await?;
            self.open_master(address, protocol, how).await
        };
        self.first_of(self.sentinels().map(|sentinel| open(sentinel).boxed())).await
    }

    /// The sentinel that answered last comes first.
    fn sentinels(&self) -> impl Iterator<Item = &Address> {
        let first = self.sentinel.load(Ordering::Relaxed);
        self.config.addresses.iter().cycle().skip(first).take(self.config.addresses.len())
    }

    /// The first good answer of [`Server::sentinels`]. Each is asked a little later than the one before, whether or not that
    /// has answered.
    async fn first_of<'a, T>(
        &self,
        questions: impl Iterator<Item = BoxFuture<'a, Result<T, Trouble>>>,
    ) -> Result<T, Trouble> {
        let questions = (0..).zip(questions).map(|(turn, question)| {
            let answer = async move {
                sleep(STAGGER * turn).await;
                question.await.map(|answer| (turn, answer))
            };
            Box::pin(answer)
        });
        let questions: Vec<_> = questions.collect();
        let count = questions.len();
        let ((turn, answer), _) = select_ok(questions).await?;
        let first = self.sentinel.load(Ordering::Relaxed) + turn as usize;
        self.sentinel.store(first % count, Ordering::Relaxed);
        Ok(answer)
    }

    async fn open_master(
        &self,
        address: Address,
        protocol: ProtocolVersion,
        how: &AsyncConnectionConfig,
    ) -> Result<Opened, Trouble> {
        let mut connection = self.connect(&address, self.login(protocol)?, how).await?;
        let role = redis::cmd("ROLE");
        let answer = self.in_time(connection.req_packed_command(&role)).await.and_then(checked);
        match is_master(answer) {
            Ok(()) => Ok(Opened { connection, address }),
            Err(_) => Err(Trouble::Lost(format!("{address} is not the master"))),
        }
    }

    async fn ask(&self, sentinel: &Address, name: &str) -> Result<Address, Trouble> {
        let mut login = RedisConnectionInfo::default();
        if let Some(password) = &self.config.sentinel_password {
            login = login.set_password(password);
        }
        let mut connection = self.connect(sentinel, login, &AsyncConnectionConfig::new()).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
        let answer: Option<(String, u16)> = self.in_time(question.query_async(&mut connection)).await?;
        let (host, port) = answer.ok_or_else(|| Trouble::Lost(format!("the sentinel knows no server `{name}`")))?;
        Ok(Address::Tcp { host, port })
    }

    fn login(&self, protocol: ProtocolVersion) -> Result<RedisConnectionInfo, Trouble> {
        let mut login = RedisConnectionInfo::default()
            .set_protocol(protocol)
            .set_db(self.config.database)
            .set_lib_name("chanx-redis", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.config.user {
            login = login.set_username(user);
        }
        if let Some(path) = &self.config.password_file {
            login = login.set_password(first_line(path)?);
        } else if let Some(password) = &self.config.password {
            login = login.set_password(password);
        }
        Ok(login)
    }

    async fn connect(
        &self,
        address: &Address,
        login: RedisConnectionInfo,
        how: &AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Trouble> {
        let info = self.address(address).into_connection_info()?.set_redis_settings(login);
        let client = self.client(info.set_tcp_settings(tcp_settings(self.config.dead_after)))?;
        self.in_time(client.get_multiplexed_async_connection_with_config(how)).await
    }

    fn address(&self, address: &Address) -> ConnectionAddr {
        match address.clone() {
            Address::Unix(path) => ConnectionAddr::Unix(path),
            Address::Tcp { host, port } if self.config.tls => {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            }
            Address::Tcp { host, port } => ConnectionAddr::Tcp(host, port),
        }
    }

    #[cfg(feature = "tls")]
    fn client(&self, info: ConnectionInfo) -> Result<Client, Trouble> {
        if !self.config.tls {
            return Ok(Client::open(info)?);
        }
        super::tls::client(info, &self.config)
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the certificates are its own, with TLS")]
    fn client(&self, info: ConnectionInfo) -> Result<Client, Trouble> {
        Ok(Client::open(info)?)
    }

    async fn in_time<T>(&self, operation: impl Future<Output = redis::RedisResult<T>>) -> Result<T, Trouble> {
        Ok(timeout(self.config.connect_timeout, operation).await.map_err(|_| Trouble::late())??)
    }
}

/// TCP keepalive, and a limit on unacknowledged data: the system ends a connection whose other side is gone, also while no
/// command waits for an answer.
fn tcp_settings(dead_after: Duration) -> TcpSettings {
    let interval = (dead_after / 4).max(Duration::from_secs(1));
    let keepalive = TcpKeepalive::new().with_time(interval).with_interval(interval).with_retries(3);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(dead_after);
    settings
}
