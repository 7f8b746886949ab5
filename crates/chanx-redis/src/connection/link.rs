//! The connection to a server that all who send share.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Arg, AsyncConnectionConfig, Cmd, Pipeline, ProtocolVersion, Value};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Opened, Server, look};
use crate::config::Address;
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

/// What an argument of a command takes beside its text.
const ARGUMENT_OVERHEAD: usize = 16;

/// In how many bytes room is counted.
const UNIT: usize = 1024;

const MAX_UNITS: u32 = u32::MAX >> 4;

/// How long a connection may lie idle before it is looked at: one that broke unnoticed would cost a message, because
/// messages are sent once.
const IDLE: Duration = Duration::from_secs(30);

/// A connection that is made when it is first needed. A task of its own looks at it now and then, and remakes it when it
/// breaks. Meanwhile senders get an error at once.
#[derive(Debug)]
pub(crate) struct Link {
    server: Arc<Server>,
    state: watch::Sender<State>,
    /// Wakes the task before its time: the state is not what it left, or another attempt is worth it now.
    wake: Arc<Notify>,
    /// Ends the task when the link is dropped.
    keeper: Mutex<Option<AbortHandle>>,
    /// What may be on its way at once. A server that is slow would let it grow otherwise.
    room: Semaphore,
}

#[derive(Clone, Debug)]
enum State {
    Unused,
    /// The first attempt, or the first after a loss, is on its way.
    Connecting,
    Connected(Shared),
    /// An answer did not come in time. It may come yet.
    Doubted(Shared),
    /// Attempts fail, and go on.
    Broken(Trouble),
}

/// A connection that all senders share.
#[derive(Clone)]
struct Shared {
    connection: MultiplexedConnection,
    address: Address,
    /// Tells one connection from the next.
    number: u64,
}

/// A connection, as one operation uses it.
struct Use {
    connection: MultiplexedConnection,
    number: u64,
    since: Instant,
}

/// The task of a link.
struct Keeper {
    server: Arc<Server>,
    state: watch::Sender<State>,
    wake: Arc<Notify>,
}

impl Link {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        let room = Semaphore::new(units(server.config().max_sending) as usize);
        Self { server, state: watch::Sender::new(State::Unused), wake: Arc::default(), keeper: Mutex::default(), room }
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
        let _room = self.room_for(size(command), deadline).await?;
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
        let _room = self.room_for(size(command), deadline).await?;
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
        let _room = self.room_for(commands.cmd_iter().map(size).sum(), deadline).await?;
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

    /// Another connection reached the server: this one is worth another attempt now.
    pub(crate) fn hurry(&self) {
        if self.change(|state| matches!(state, State::Broken(_)).then_some(State::Connecting)) {
            self.wake.notify_one();
        }
    }

    /// Another connection has trouble: this one is to be looked at now.
    pub(crate) fn look(&self) {
        self.wake.notify_one();
    }

    /// Another connection was made to this address. If this one leads elsewhere, it is replaced.
    pub(crate) fn follow(&self, address: &Address) {
        let leads_elsewhere = |state: &State| match state {
            State::Connected(shared) | State::Doubted(shared) if shared.address != *address => Some(State::Connecting),
            _ => None,
        };
        if self.change(leads_elsewhere) {
            self.wake.notify_one();
        }
    }

    /// Asks for a sign of life of a master.
    pub(crate) async fn ping(&self) -> Result<(), Trouble> {
        let deadline = self.deadline();
        match self.ask(deadline).await {
            Err(Trouble::Lost(_)) => self.ask(deadline).await,
            result => result,
        }
    }

    async fn ask(&self, deadline: Deadline) -> Result<(), Trouble> {
        let mut using = self.connection(deadline).await?;
        let answer = deadline.of(look(&mut using.connection, true)).await;
        self.judge(&using, answer.and_then(|answer| answer))
    }

    /// Makes another connection, since this one leads to another server than it should.
    pub(crate) fn renew(&self) {
        let is_connected = |state: &State| match state {
            State::Connected(_) | State::Doubted(_) => Some(State::Connecting),
            _ => None,
        };
        if self.change(is_connected) {
            self.wake.notify_one();
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

    /// Waits until there is room for so many bytes. First of all, so that nothing but the callers' own messages waits while there
    /// is no connection.
    async fn room_for(&self, bytes: usize, deadline: Deadline) -> Result<SemaphorePermit<'_>, Trouble> {
        let units = units(bytes).min(units(self.server.config().max_sending));
        let closed = |_| Trouble::Lost("the channel layer is closed".to_owned());
        deadline.of(self.room.acquire_many(units)).await?.map_err(closed)
    }

    async fn connection(&self, deadline: Deadline) -> Result<Use, Trouble> {
        let mut states = self.state.subscribe();
        if self.change(|state| matches!(state, State::Unused).then_some(State::Connecting)) {
            self.start();
        }
        let is_settled = |state: &State| matches!(state, State::Connected(_) | State::Broken(_));
        match deadline.of(states.wait_for(is_settled)).await?.as_deref() {
            Ok(State::Connected(shared)) => {
                Ok(Use { connection: shared.connection.clone(), number: shared.number, since: Instant::now() })
            }
            Ok(State::Broken(trouble)) => Err(trouble.clone()),
            _ => Err(Trouble::Lost("the channel layer is closed".to_owned())),
        }
    }

    /// Has a connection replaced or looked at, if the result says that it is of no use.
    fn judge<T>(&self, using: &Use, result: Result<T, Trouble>) -> Result<T, Trouble> {
        if let Err(trouble) = &result
            && is_loss(trouble)
            && !self.is_hasty(using, trouble)
            && self.change(|state| replaced(state, using.number, trouble))
        {
            // Before any caller can say that it is over.
            self.server.outage.begin(Part::Commands, &trouble.to_string());
            self.wake.notify_one();
        }
        result.map_err(|trouble| self.note(trouble))
    }

    /// An operation had little time left when it came to this connection, which says nothing about the connection.
    fn is_hasty(&self, using: &Use, trouble: &Trouble) -> bool {
        *trouble == Trouble::late() && using.since.elapsed() < self.server.config().timeout / 2
    }

    /// Changes the state, if there is another one to change to.
    fn change(&self, next: impl Fn(&State) -> Option<State>) -> bool {
        self.state.send_if_modified(|state| next(state).map(|next| *state = next).is_some())
    }

    fn start(&self) {
        let keeper =
            Keeper { server: Arc::clone(&self.server), state: self.state.clone(), wake: Arc::clone(&self.wake) };
        let task = tokio::spawn(keeper.run());
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner) {
            keeper.abort();
        }
    }
}

/// The state after an operation failed on a connection. A late answer is no proof that the connection is dead.
fn replaced(state: &State, number: u64, trouble: &Trouble) -> Option<State> {
    match state {
        State::Connected(shared) if shared.number == number && *trouble == Trouble::late() => {
            Some(State::Doubted(shared.clone()))
        }
        State::Connected(shared) | State::Doubted(shared) if shared.number == number => Some(State::Connecting),
        _ => None,
    }
}

impl Keeper {
    async fn run(self) {
        let mut loss = None;
        for number in 0.. {
            let opened = self.connect(loss.as_ref()).await;
            let shared = Shared { connection: opened.connection, address: opened.address, number };
            // First, so that senders that wait for the connection find the server up.
            self.server.outage.end(Part::Commands);
            self.state.send_replace(State::Connected(shared.clone()));
            loss = Some(self.watch(shared).await);
        }
    }

    /// Connects, however long it takes.
    async fn connect(&self, loss: Option<&Trouble>) -> Opened {
        let mut backoff = Backoff::new();
        if let Some(trouble) = loss.filter(|trouble| **trouble == Trouble::late()) {
            self.pause(backoff.after(trouble, self.server.config().dead_after)).await;
        }
        loop {
            match self.server.open_as(ProtocolVersion::RESP2, AsyncConnectionConfig::new()).await {
                Ok(opened) => return opened,
                Err(trouble) => self.is_broken(trouble),
            }
            self.pause(backoff.pause()).await;
        }
    }

    /// Looks at a connection when it was idle or there is reason to, until it is of no use.
    async fn watch(&self, mut shared: Shared) -> Trouble {
        loop {
            let idle = IDLE.min(self.server.config().dead_after.saturating_mul(3));
            self.pause(idle).await;
            let state = self.state.borrow().clone();
            let result = match state {
                State::Connected(_) => self.look(&mut shared.connection).await,
                State::Doubted(_) => self.wait_for(&mut shared).await,
                // An operation found out, and told it.
                _ => return Trouble::Lost("the connection is replaced".to_owned()),
            };
            if let Err(trouble) = result {
                if trouble == Trouble::late() {
                    // After a late answer the first attempt pauses: all processes of a site would come at once.
                    self.is_broken(trouble.clone());
                } else {
                    self.server.outage.begin(Part::Commands, &trouble.to_string());
                    self.state.send_replace(State::Connecting);
                }
                return trouble;
            }
        }
    }

    /// Gives a late answer the time until the connection counts as dead. After a while senders wait no longer.
    async fn wait_for(&self, shared: &mut Shared) -> Result<(), Trouble> {
        {
            let mut answer = pin!(self.look(&mut shared.connection));
            match timeout(self.server.config().timeout, &mut answer).await {
                Ok(result) => result?,
                Err(_) => {
                    self.is_broken(Trouble::late());
                    answer.await?;
                }
            }
        }
        // Unless the connection was found broken, or is to lead elsewhere.
        let is_over = self.state.send_if_modified(|state| {
            let is_awaited = matches!(state, State::Doubted(_) | State::Broken(_));
            if is_awaited {
                self.server.outage.end(Part::Commands);
                *state = State::Connected(shared.clone());
            }
            is_awaited
        });
        if is_over { Ok(()) } else { Err(Trouble::Lost("the connection is replaced".to_owned())) }
    }

    async fn look(&self, connection: &mut MultiplexedConnection) -> Result<(), Trouble> {
        let deadline = Deadline::after(self.server.config().dead_after);
        deadline.of(look(connection, self.server.is_master_by_rule())).await?
    }

    fn is_broken(&self, trouble: Trouble) {
        self.server.outage.begin(Part::Commands, &trouble.to_string());
        self.state.send_replace(State::Broken(trouble));
    }

    async fn pause(&self, time: Duration) {
        // Either is a reason to go on.
        let _ = timeout(time, self.wake.notified()).await;
    }
}

/// Without the connection, which has no text.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("address", &self.address).field("number", &self.number).finish_non_exhaustive()
    }
}

/// How many bytes a command takes on its way, roughly.
fn size(command: &Cmd) -> usize {
    let sizes = command.args_iter().map(|arg| match arg {
        Arg::Simple(bytes) => ARGUMENT_OVERHEAD + bytes.len(),
        _ => ARGUMENT_OVERHEAD,
    });
    sizes.sum()
}

/// Room is counted in parts, because a semaphore's counter has 32 bits.
fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX).min(MAX_UNITS)
}

fn is_loss(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Lost(_))
}
