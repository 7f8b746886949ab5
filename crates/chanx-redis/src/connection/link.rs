//! The connection to a server that all who send share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, Value};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::Server;
use crate::outage::{Backoff, Part};
use crate::trouble::{Trouble, checked};

/// When an operation with all its parts must be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now() + timeout)
    }

    /// The operation's result, if it comes in time.
    pub(crate) async fn of<T>(self, operation: impl Future<Output = T>) -> Result<T, Trouble> {
        timeout_at(self.0, operation).await.map_err(|_| Trouble::late())
    }
}

/// A connection that is made when it is first needed, and remade in the background when it breaks. Meanwhile whoever
/// sends is told so at once.
#[derive(Debug)]
pub(crate) struct Link {
    server: Arc<Server>,
    state: watch::Sender<State>,
    /// Wakes whoever waits for the time of the next attempt.
    hurry: Arc<Notify>,
    /// Ends the attempts when the link is dropped.
    connecting: Mutex<Option<tokio::task::AbortHandle>>,
}

#[derive(Clone, Debug)]
enum State {
    Unused,
    /// The first attempt, or the first after a loss, is on its way.
    Connecting,
    Connected {
        connection: MultiplexedConnection,
        number: u64,
    },
    /// Attempts fail, and go on.
    Broken(Trouble),
}

/// A connection, as one operation uses it.
struct Use {
    connection: MultiplexedConnection,
    number: u64,
    since: Instant,
}

impl Link {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server, state: watch::Sender::new(State::Unused), hurry: Arc::default(), connecting: Mutex::default() }
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// The time limit of an operation that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.server.config().timeout)
    }

    /// Sends a command once. After an error the server may have run it nevertheless.
    pub(crate) async fn command(&self, command: &Cmd, deadline: Deadline) -> Result<Value, Trouble> {
        let mut using = self.connection(deadline).await?;
        let result = deadline.of(using.connection.req_packed_command(command)).await;
        self.judge(&using, result.and_then(|value| checked(value?)))
    }

    /// Runs a script once, whose answer may tell of trouble that the script met.
    pub(crate) async fn script<T>(
        &self,
        command: &Cmd,
        deadline: Deadline,
        read: impl FnOnce(Value) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut using = self.connection(deadline).await?;
        let result = deadline.of(using.connection.req_packed_command(command)).await;
        self.judge(&using, result.and_then(|value| read(checked(value?)?)))
    }

    /// Sends commands together, once. Each has a result of its own, unless the connection fails.
    pub(crate) async fn pipeline(
        &self,
        commands: &Pipeline,
        deadline: Deadline,
    ) -> Result<Vec<Result<Value, Trouble>>, Trouble> {
        let mut using = self.connection(deadline).await?;
        let result = deadline.of(using.connection.req_packed_commands(commands, 0, commands.len())).await;
        let values = self.judge(&using, result.and_then(|values| Ok(values?)))?;
        let results: Vec<_> = values.into_iter().map(checked).collect();
        let lost = results.iter().find_map(|result| result.as_ref().err().filter(|trouble| is_loss(trouble)));
        self.judge(&using, lost.map_or(Ok(()), |trouble| Err(trouble.clone())))?;
        Ok(results)
    }

    /// The same for commands that may run twice. A connection that broke while nobody used it goes unnoticed until the
    /// first command fails, which is then sent again.
    pub(crate) async fn repeatable(
        &self,
        commands: &Pipeline,
        deadline: Deadline,
    ) -> Result<Vec<Result<Value, Trouble>>, Trouble> {
        match self.pipeline(commands, deadline).await {
            Err(Trouble::Lost(_)) => self.pipeline(commands, deadline).await,
            result => result,
        }
    }

    /// The server was reached by somebody else: it is worth another attempt now.
    pub(crate) fn hurry(&self) {
        let is_broken = self.state.send_if_modified(|state| {
            let is_broken = matches!(state, State::Broken(_));
            if is_broken {
                *state = State::Connecting;
            }
            is_broken
        });
        if is_broken {
            self.hurry.notify_one();
        }
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&self) -> Result<(), Trouble> {
        let mut commands = Pipeline::new();
        commands.cmd("PING");
        self.repeatable(&commands, self.deadline()).await?.into_iter().try_for_each(|result| result.map(|_| ()))
    }

    /// Makes another connection, since this one leads to another server than it should.
    pub(crate) fn renew(&self, reason: &str) {
        let mut number = 0;
        let begins = self.begin_connecting(|state| {
            let State::Connected { number: current, .. } = state else { return false };
            number = *current;
            true
        });
        if begins {
            self.server.outage.begin(Part::Commands, reason);
            self.connect(number + 1);
        }
    }

    /// Whether nobody has used it yet.
    pub(crate) fn is_unused(&self) -> bool {
        matches!(*self.state.borrow(), State::Unused)
    }

    /// Remembers trouble that came inside of an answer.
    pub(crate) fn note(&self, trouble: Trouble) -> Trouble {
        if let Trouble::Full(reason) = &trouble {
            self.server.outage.begin(Part::Writes, reason);
        }
        trouble
    }

    async fn connection(&self, deadline: Deadline) -> Result<Use, Trouble> {
        let mut states = self.state.subscribe();
        if self.begin_connecting(|state| matches!(state, State::Unused)) {
            self.connect(0);
        }
        let settled = deadline.of(states.wait_for(|state| !matches!(state, State::Unused | State::Connecting))).await?;
        match settled.as_deref() {
            Ok(State::Connected { connection, number }) => {
                Ok(Use { connection: connection.clone(), number: *number, since: Instant::now() })
            }
            Ok(State::Broken(trouble)) => Err(trouble.clone()),
            _ => Err(Trouble::Lost("the channel layer is closed".to_owned())),
        }
    }

    /// Replaces a connection if the result says that it is of no use.
    fn judge<T>(&self, using: &Use, result: Result<T, Trouble>) -> Result<T, Trouble> {
        let is_this = |state: &State| matches!(state, State::Connected { number, .. } if *number == using.number);
        if let Err(trouble) = &result
            && is_loss(trouble)
            && !self.is_hasty(using, trouble)
            && self.begin_connecting(is_this)
        {
            // Before anybody can say that it is over.
            self.server.outage.begin(Part::Commands, &trouble.to_string());
            self.connect(using.number + 1);
        }
        result.map_err(|trouble| self.note(trouble))
    }

    /// An operation had little time left when it came to this connection, which says nothing about the connection.
    fn is_hasty(&self, using: &Use, trouble: &Trouble) -> bool {
        *trouble == Trouble::late() && using.since.elapsed() < self.server.config().timeout / 2
    }

    /// Whether the caller is the one who has to connect, since the state was a certain one.
    fn begin_connecting(&self, mut is_due: impl FnMut(&State) -> bool) -> bool {
        self.state.send_if_modified(|state| {
            let begins = is_due(state);
            if begins {
                *state = State::Connecting;
            }
            begins
        })
    }

    fn connect(&self, number: u64) {
        let task = tokio::spawn(connect(Arc::clone(&self.server), self.state.clone(), number, self.hurry.clone()));
        *self.connecting.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = self.connecting.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// Connects, however long it takes.
async fn connect(server: Arc<Server>, state: watch::Sender<State>, number: u64, hurry: Arc<Notify>) {
    let mut backoff = Backoff::new();
    loop {
        match server.open().await {
            Ok(connection) => {
                // First, so that whoever waits for the connection finds the server up.
                server.outage.end(Part::Commands);
                state.send_replace(State::Connected { connection, number });
                return;
            }
            Err(trouble) => {
                server.outage.begin(Part::Commands, &trouble.to_string());
                state.send_replace(State::Broken(trouble));
            }
        }
        let _ = timeout(backoff.pause(), hurry.notified()).await;
    }
}

fn is_loss(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Lost(_))
}
