//! Telling a server which groups this process belongs to, as soon as that changes and before it is forgotten.

use std::time::Duration;

use chanx_core::layer::{GroupName, LayerError, LayerFuture, Receiver};
use futures_util::future::try_join_all;
use redis::{Pipeline, Value};
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::clock::Score;
use super::members::{Alias, Promise, Step};
use super::session::LASTING;
use crate::outage::{Backoff, Part};
use crate::ring::shard;
use crate::trouble::Trouble;

/// How many groups one message to a server is about, at most.
const BATCH: usize = 500;

/// About how many groups a server is asked at once, at most.
const CHECKED_AT_ONCE: usize = 10_000;

/// How often a server is asked whether it still knows this process: it may have lost its data, or thrown some away.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The memberships are renewed so often before they would be forgotten.
const RENEWALS: u32 = 3;

/// How long a process counts as a living one after its last check: several intervals at least.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(15);
const LONGEST_HEARTBEAT: Duration = Duration::from_secs(60);

impl Shared {
    pub(super) fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        if let Err(error) = self.open() {
            return Box::pin(async { Err(error) });
        }
        if self.receiver.get().is_none() {
            let reason = "nobody is attached who could receive".to_owned();
            return Box::pin(async { Err(LayerError::Refused { reason }) });
        }
        let promise = self.members.subscribe(group, || self.names.new_alias());
        Box::pin(async {
            match promise {
                Promise::Kept => Ok(()),
                // The layer was closed where nobody answers.
                Promise::Open(end) => end.await.unwrap_or(Ok(())),
            }
        })
    }

    /// Keeps a server informed, and looks whether it still knows what it was told.
    pub(super) async fn keep_up(&self, receiver: &dyn Receiver, server: usize) {
        let standing = &self.standings[server];
        let mut backoff = Backoff::new();
        let mut working_since = None;
        let mut checked = None;
        loop {
            let session = standing.session();
            let is_due = checked.is_none_or(|time: Instant| time.elapsed() >= self.check_interval());
            if is_due {
                checked = Some(Instant::now());
            }
            let informed = self.inform(server, is_due).await;
            standing.set_registered(informed.is_ok(), session);
            let is_new_session = match informed {
                Ok(()) => {
                    if working_since.get_or_insert_with(Instant::now).elapsed() >= LASTING {
                        backoff = Backoff::new();
                    }
                    self.is_informed(receiver, server);
                    self.wait_for_work(server).await
                }
                Err(trouble) => {
                    working_since = None;
                    checked = None;
                    self.is_not_informed(server, &trouble);
                    timeout(backoff.pause(), standing.wait_opened()).await.is_ok()
                }
            };
            if is_new_session {
                checked = None;
            }
        }
    }

    fn is_informed(&self, receiver: &dyn Receiver, server: usize) {
        if self.members.set_down(server, false) {
            self.standings[server].lose();
        }
        if !self.members.has_refused(server) {
            self.links[server].server().outage.end(Part::Session);
        }
        self.tell_losses(receiver, server);
    }

    fn is_not_informed(&self, server: usize, trouble: &Trouble) {
        // Before subscribers are accepted because the server is down, health says that it is. A server that only takes no writes
        // says so elsewhere.
        if !matches!(trouble, Trouble::Full(_)) {
            self.links[server].server().outage.begin(Part::Session, &trouble.to_string());
        }
        self.members.set_down(server, true);
    }

    /// Waits for news, for a new connection that receives, or for the time to look again. Yields whether there is such a
    /// connection.
    async fn wait_for_work(&self, server: usize) -> bool {
        tokio::select! {
            () = self.standings[server].wait_opened() => true,
            () = self.members.news(server) => false,
            () = sleep(self.check_interval()) => false,
        }
    }

    fn check_interval(&self) -> Duration {
        CHECK_INTERVAL.min(self.config.group_expiry / RENEWALS)
    }

    /// Tells a server what it does not know; before that, if that is due, asks what it knows.
    async fn inform(&self, server: usize, is_due: bool) -> Result<(), Trouble> {
        if is_due {
            let groups = self.members.confirmed(server);
            let mut parts = groups.chunks(CHECKED_AT_ONCE);
            self.check(server, parts.next().unwrap_or_default(), true).await?;
            for part in parts {
                // New members do not wait for all of it.
                self.tell(server).await?;
                self.check(server, part, false).await?;
            }
            self.members.retry_refused(server);
        }
        self.tell(server).await
    }

    /// Asks whether a server still knows these memberships, says that this process lives, and leaves an echo if wanted.
    async fn check(&self, server: usize, groups: &[(GroupName, Alias)], has_echo: bool) -> Result<(), Trouble> {
        let (link, standing) = (&self.links[server], &self.standings[server]);
        let mut commands = Pipeline::new();
        self.add_heartbeat(&mut commands);
        let echo = has_echo.then(|| standing.next_echo());
        if let Some(number) = echo {
            let key = self.names.echo_key();
            commands.cmd("ZADD").arg(&key).arg(number).arg("echo");
            commands.cmd("EXPIRE").arg(&key).arg(self.heartbeat_expiry().as_secs());
        }
        for (group, alias) in groups {
            commands.cmd("ZSCORE").arg(self.names.group_key(group)).arg(alias.as_str());
        }
        let results = link.repeatable(&commands, link.deadline()).await?;
        let own = if has_echo { 4 } else { 2 };
        let mut own_results = Vec::with_capacity(own);
        let mut results = results.into_iter();
        for result in results.by_ref().take(own) {
            own_results.push(result.map_err(|trouble| link.note(trouble))?);
        }
        standing.beat(echo, own_results.first().is_some_and(is_one));
        link.server().outage.end(Part::Writes);
        for ((group, alias), score) in groups.iter().zip(results) {
            self.check_score(server, group, alias, score)?;
        }
        Ok(())
    }

    /// Has a membership told again if the server does not know it, or will forget it before long.
    fn check_score(
        &self,
        server: usize,
        group: &GroupName,
        alias: &Alias,
        score: Result<Value, Trouble>,
    ) -> Result<(), Trouble> {
        match score {
            Ok(Value::Nil) => {
                if self.members.forgotten(group, alias) {
                    self.standings[server].lose();
                }
            }
            Ok(score) => {
                let score: f64 = redis::from_redis_value(score).map_err(|_| Trouble::nonsense())?;
                if Score::age_of(score).is_some_and(|age| age >= self.config.group_expiry / RENEWALS) {
                    self.members.renew(group);
                }
            }
            // To tell it again shows what is wrong.
            Err(Trouble::Refused(_)) => self.members.renew(group),
            Err(trouble) => return Err(self.links[server].note(trouble)),
        }
        Ok(())
    }

    /// A sender does not find its own process among the members of a group. Yields whether it should be there.
    pub(super) fn registration_is_lost(&self, group: &GroupName, alias: &Alias) -> bool {
        let is_lost = self.members.forgotten(group, alias);
        if is_lost {
            self.standings[shard(group.as_str(), self.links.len())].lose();
        }
        is_lost
    }

    /// Tells a server everything that it does not know.
    async fn tell(&self, server: usize) -> Result<(), Trouble> {
        loop {
            let steps = self.members.next(server, BATCH);
            if steps.is_empty() {
                return Ok(());
            }
            self.tell_batch(server, &steps).await?;
            self.members.done(server);
        }
    }

    /// All of this is told again after an error, which changes nothing.
    async fn tell_batch(&self, server: usize, steps: &[Step]) -> Result<(), Trouble> {
        let link = &self.links[server];
        let mut commands = Pipeline::new();
        // A member without a heartbeat would be taken for a dead one.
        self.add_heartbeat(&mut commands);
        self.add_steps(&mut commands, steps);
        let mut results = link.repeatable(&commands, link.deadline()).await?.into_iter();
        let mut take = |count| results.by_ref().take(count).collect::<Result<Vec<_>, _>>();
        let beat = take(2).map_err(|trouble| link.note(trouble))?;
        self.standings[server].beat(None, beat.first().is_some_and(is_one));
        link.server().outage.end(Part::Writes);
        for step in steps {
            match take(step.length()) {
                Ok(values) => self.confirmed(server, step, values.first().is_some_and(is_one)),
                Err(Trouble::Refused(reason)) => self.refused(server, step, &reason),
                Err(trouble) => return Err(link.note(trouble)),
            }
        }
        Ok(())
    }

    fn confirmed(&self, server: usize, step: &Step, is_new: bool) {
        if let Step::Join(group, alias) = step
            && self.members.confirm(group, alias, is_new)
        {
            self.standings[server].lose();
        }
    }

    fn refused(&self, server: usize, step: &Step, reason: &str) {
        let is_loss = match step {
            Step::Join(group, alias) => self.members.refuse(group, alias, reason),
            Step::Leave(..) => false,
        };
        let group = step.group();
        if is_loss {
            self.standings[server].lose();
            self.links[server].server().outage.begin(Part::Session, &format!("the group {group}: {reason}"));
        }
        // Subscribers that wait get the error instead.
        let is_silent = is_loss || matches!(step, Step::Leave(..));
        if let Some(times) = is_silent.then(|| self.refusals.happened()).flatten() {
            tracing::error!(%group, reason, times, "the channel layer's server refuses a change of a group's members");
        }
    }

    /// Renews the heartbeat, a key that expires.
    fn add_heartbeat(&self, commands: &mut Pipeline) {
        let key = self.names.heartbeat_key();
        commands.cmd("ZADD").arg(&key).arg(0).arg("alive");
        commands.cmd("EXPIRE").arg(&key).arg(self.heartbeat_expiry().as_secs());
    }

    /// As long as messages are kept: a process whose messages expired finds that its heartbeat expired, too.
    fn heartbeat_expiry(&self) -> Duration {
        self.config.expiry.clamp(SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT)
    }

    fn add_steps(&self, commands: &mut Pipeline, steps: &[Step]) {
        for step in steps {
            let key = self.names.group_key(step.group());
            match step {
                Step::Join(_, alias) => {
                    commands.cmd("ZADD").arg(&key).arg(Score::wall().to_text()).arg(alias.as_str());
                    commands.cmd("EXPIRE").arg(&key).arg(self.config.group_expiry.as_secs());
                }
                Step::Leave(_, alias) => {
                    commands.cmd("ZREM").arg(&key).arg(alias.as_str());
                }
            }
        }
    }

    /// Leaves all groups, and drops what waits for this process.
    pub(super) async fn leave_all(&self) -> Result<(), LayerError> {
        try_join_all((0..self.links.len()).map(|server| self.leave_server(server))).await?;
        Ok(())
    }

    async fn leave_server(&self, server: usize) -> Result<(), Trouble> {
        let link = &self.links[server];
        let steps = self.members.end_all(server);
        if link.is_unused() && steps.is_empty() {
            return Ok(());
        }
        let deadline = link.deadline();
        for steps in steps.chunks(BATCH) {
            let mut commands = Pipeline::new();
            self.add_steps(&mut commands, steps);
            link.repeatable(&commands, deadline).await?;
        }
        let mut commands = Pipeline::new();
        commands.cmd("DEL").arg(self.names.own_key()).arg(self.names.heartbeat_key()).arg(self.names.echo_key());
        link.repeatable(&commands, deadline).await?;
        Ok(())
    }
}

/// Whether a `ZADD` added something, and did not only change its score.
fn is_one(value: &Value) -> bool {
    *value == Value::Int(1)
}

impl Step {
    fn group(&self) -> &GroupName {
        match self {
            Self::Join(group, _) | Self::Leave(group, _) => group,
        }
    }

    /// How many commands it takes.
    fn length(&self) -> usize {
        match self {
            Self::Join(..) => 2,
            Self::Leave(..) => 1,
        }
    }
}
