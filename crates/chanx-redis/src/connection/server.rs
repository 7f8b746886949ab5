//! One server, found directly or by sentinels, and new connections to it.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion,
    RedisConnectionInfo,
};
use tokio::time::timeout;

use crate::config::{Address, Config};
use crate::outage::Outage;
use crate::trouble::Trouble;

/// A server that keeps a part of the data, and whether it works.
#[derive(Debug)]
pub(crate) struct Server {
    config: Arc<Config>,
    place: Place,
    pub(crate) outage: Outage,
}

#[derive(Debug)]
enum Place {
    At(Address),
    /// Where the sentinels say that the server of this name is.
    Known(String),
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

    /// The server at this address, whichever the configuration names.
    pub(crate) fn at(config: &Arc<Config>, address: Address) -> Arc<Self> {
        Arc::new(Self::new(config, Place::At(address)))
    }

    fn new(config: &Arc<Config>, place: Place) -> Self {
        let name = match &place {
            Place::At(address) => address.to_string(),
            Place::Known(name) => name.clone(),
        };
        Self { config: Arc::clone(config), place, outage: Outage::new(name) }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// A new connection for commands in the protocol that every version speaks.
    pub(crate) async fn open(&self) -> Result<MultiplexedConnection, Trouble> {
        self.open_as(ProtocolVersion::RESP2, AsyncConnectionConfig::new()).await
    }

    /// A new connection, logged in and with its database chosen. There is no time limit for its answers, since some
    /// commands wait; see [`Deadline`](super::Deadline).
    pub(crate) async fn open_as(
        &self,
        protocol: ProtocolVersion,
        how: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Trouble> {
        let how = how.set_response_timeout(None).set_connection_timeout(None);
        match &self.place {
            Place::At(address) => self.connect(address, self.login(protocol), &how).await,
            Place::Known(name) => self.find(name, protocol, &how).await,
        }
    }

    /// Asks the sentinels one by one, and takes the first server that is what they say. A sentinel that was not told yet
    /// of a failover names a server that is no master any more.
    async fn find(
        &self,
        name: &str,
        protocol: ProtocolVersion,
        how: &AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Trouble> {
        let mut trouble = Trouble::Lost("there is no sentinel".to_owned());
        for sentinel in &self.config.addresses {
            match self.find_by(sentinel, name, protocol, how).await {
                Ok(connection) => return Ok(connection),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    async fn find_by(
        &self,
        sentinel: &Address,
        name: &str,
        protocol: ProtocolVersion,
        how: &AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Trouble> {
        let address = self.ask(sentinel, name).await?;
        let mut connection = self.connect(&address, self.login(protocol), how).await?;
        let role = redis::cmd("ROLE");
        let role: Vec<redis::Value> = self.in_time(role.query_async(&mut connection)).await?;
        if role.first() != Some(&redis::Value::BulkString(b"master".to_vec())) {
            return Err(Trouble::Lost(format!("{address} is not the master any more")));
        }
        Ok(connection)
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

    fn login(&self, protocol: ProtocolVersion) -> RedisConnectionInfo {
        let mut login = RedisConnectionInfo::default()
            .set_protocol(protocol)
            .set_db(self.config.database)
            .set_lib_name("chanx-redis", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.config.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.config.password {
            login = login.set_password(password);
        }
        login
    }

    async fn connect(
        &self,
        address: &Address,
        login: RedisConnectionInfo,
        how: &AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Trouble> {
        let info = self.address(address).into_connection_info()?.set_redis_settings(login);
        let client = self.client(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))?;
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
        super::tls::client(info, self.config.ca_file.as_deref())
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the certificates are its own, with TLS")]
    fn client(&self, info: ConnectionInfo) -> Result<Client, Trouble> {
        Ok(Client::open(info)?)
    }

    async fn in_time<T>(&self, operation: impl Future<Output = redis::RedisResult<T>>) -> Result<T, Trouble> {
        Ok(timeout(self.config.timeout, operation).await.map_err(|_| Trouble::late())??)
    }
}
