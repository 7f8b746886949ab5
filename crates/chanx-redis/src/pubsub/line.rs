//! One subscribed connection: what it is subscribed to, and whether it still lives.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Pipeline, ProtocolVersion, Value};
use tokio::time::sleep;

use super::ear::{Ear, Queue};
use super::wishes::{Name, Turn, Wishes};
use crate::config::Address;
use crate::connection::{Opened, Server, meaning, question};
use crate::trouble::{Trouble, checked};

/// How many channels are subscribed to at once, so that confirmations and messages take turns.
const CHUNK: usize = 500;

/// The commands of a way to publish and subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `SUBSCRIBE`: in a cluster, all nodes hear everything.
    Plain,
    /// `SSUBSCRIBE`: each channel belongs to one node of a cluster.
    Sharded,
}

/// A connection in RESP3, where messages come beside the answers and each subscription is a command with one answer.
pub(super) struct Line {
    connection: MultiplexedConnection,
    ear: Arc<Ear>,
    dialect: Dialect,
    held: HashSet<Name>,
    patience: Duration,
    address: Address,
}

impl Dialect {
    fn subscribe(self) -> &'static str {
        match self {
            Self::Plain => "SUBSCRIBE",
            Self::Sharded => "SSUBSCRIBE",
        }
    }

    fn unsubscribe(self) -> &'static str {
        match self {
            Self::Plain => "UNSUBSCRIBE",
            Self::Sharded => "SUNSUBSCRIBE",
        }
    }
}

impl Line {
    pub(super) async fn open(server: &Server, dialect: Dialect, queue: Queue) -> Result<Self, Trouble> {
        let ear = Arc::new(Ear::new(queue));
        let how = AsyncConnectionConfig::new().set_push_sender(Arc::clone(&ear));
        let Opened { connection, address } = server.open_as(ProtocolVersion::RESP3, how).await?;
        let patience = server.config().dead_after;
        Ok(Self { connection, ear, dialect, held: HashSet::new(), patience, address })
    }

    /// Where it leads.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn held(&self) -> &HashSet<Name> {
        &self.held
    }

    /// Ends when the connection is of no use any more.
    pub(super) async fn lost(&self) -> Trouble {
        lost(&self.ear).await
    }

    pub(super) async fn listen_to_pattern(&mut self, pattern: &str) -> Result<(), Trouble> {
        let mut commands = Pipeline::with_capacity(1);
        commands.cmd("PSUBSCRIBE").arg(pattern);
        let answers = self.ask(&commands).await?;
        answers.into_iter().try_for_each(|answer| checked(answer).map(drop)).map_err(|trouble| match trouble {
            Trouble::Refused(reason) => Trouble::Refused(format!("{reason}; this layer needs the rule `allchannels`")),
            trouble => trouble,
        })
    }

    /// Subscribes and unsubscribes, and tells those who wait for it. Says whether something is subscribed to that was refused
    /// before.
    pub(super) async fn fulfill(&mut self, mut turn: Turn, wishes: &Wishes) -> Result<bool, Trouble> {
        for names in turn.unsubscribe.chunks(CHUNK) {
            self.unsubscribe(names).await?;
        }
        let mut refused = Vec::new();
        for names in turn.subscribe.chunks(CHUNK) {
            self.subscribe(names, &mut refused).await?;
        }
        // One line in the log for whatever number of channels.
        if let Some((channel, reason)) = refused.first().filter(|_| !turn.is_retry) {
            tracing::warn!(%channel, reason, channels = refused.len(), "the server refuses subscriptions");
        }
        for (name, reason) in &refused {
            turn.refuse(wishes, name, reason);
        }
        Ok(turn.finish(wishes, &self.held))
    }

    /// Asks for a sign of life, and whether the server is a master still.
    pub(super) async fn look(&mut self) -> Result<(), Trouble> {
        meaning(self.ask(&question()).await?)
    }

    async fn subscribe(&mut self, names: &[Name], refused: &mut Vec<(Name, String)>) -> Result<(), Trouble> {
        let answers = self.ask(&commands(self.dialect.subscribe(), names)).await?;
        for (name, answer) in names.iter().zip(answers) {
            match checked(answer) {
                Ok(_) => {
                    self.held.insert(Name::clone(name));
                }
                Err(Trouble::Refused(reason)) => refused.push((Name::clone(name), reason)),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, names: &[Name]) -> Result<(), Trouble> {
        if self.dialect == Dialect::Sharded {
            self.ear.leave(names);
        }
        let answers = self.ask(&commands(self.dialect.unsubscribe(), names)).await?;
        for (name, answer) in names.iter().zip(answers) {
            checked(answer)?;
            self.held.remove(name);
        }
        Ok(())
    }

    /// The answers to these commands, as long as the server says anything at all: much to deliver is no reason to give up.
    ///
    /// Where a shard channel moves away unasked, the client takes the server's word for the answer to whatever was asked;
    /// therefore no answer counts once there is trouble.
    async fn ask(&mut self, commands: &Pipeline) -> Result<Vec<Value>, Trouble> {
        let answers = tokio::select! {
            answers = self.connection.req_packed_commands(commands, 0, commands.len()) => answers?,
            trouble = lost(&self.ear) => return Err(trouble),
            () = silence(&self.ear, self.patience) => return Err(Trouble::late()),
        };
        match self.ear.trouble() {
            Some(reason) => Err(Trouble::Lost(reason.to_owned())),
            None => Ok(answers),
        }
    }
}

fn commands(command: &str, names: &[Name]) -> Pipeline {
    let mut commands = Pipeline::with_capacity(names.len());
    for name in names {
        commands.cmd(command).arg(name.as_ref());
    }
    commands
}

async fn lost(ear: &Ear) -> Trouble {
    Trouble::Lost(ear.troubled().await.to_owned())
}

/// Ends when nothing was heard for so long.
async fn silence(ear: &Ear, patience: Duration) {
    loop {
        let heard = ear.heard();
        sleep(patience).await;
        if ear.heard() == heard {
            return;
        }
    }
}
