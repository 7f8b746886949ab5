//! Telling a server which groups this process belongs to, as soon as that changes and before it is forgotten.

use std::time::Duration;

use chanx_core::layer::{GroupName, LayerError, LayerFuture, Receiver};
use futures_util::future::try_join_all;
use redis::Pipeline;
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::members::{Promise, Step};
use crate::outage::{Backoff, Part};
use crate::trouble::Trouble;

/// How many groups one message to a server is about, at most.
const BATCH: usize = 500;

/// How often somebody looks whether a server that took no writes takes them again.
const PROBE: Duration = Duration::from_secs(5);

/// The memberships are renewed so often before they would be forgotten.
const RENEWALS: u32 = 3;

impl Shared {
    pub(super) fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        if let Err(error) = self.open() {
            return Box::pin(async { Err(error) });
        }
        if self.receiver.get().is_none() {
            let reason = "nobody is attached who could receive".to_owned();
            return Box::pin(async { Err(LayerError::Refused { reason }) });
        }
        let promise = self.members.subscribe(group, || self.names.new_channel());
        Box::pin(async {
            match promise {
                Promise::Kept => Ok(()),
                // The layer was closed where nobody answers.
                Promise::Open(end) => end.await.unwrap_or(Ok(())),
            }
        })
    }

    /// Keeps a server informed, until it cannot be told. Once it knows everything, whoever is to be told so is told.
    pub(super) async fn keep_up(&self, receiver: &dyn Receiver, server: usize, mut is_back: bool) -> Trouble {
        let outage = &self.links[server].server().outage;
        let mut backoff = Backoff::new();
        let mut renewed = Instant::now();
        loop {
            match self.tell(server).await {
                Ok(()) => {
                    self.members.set_down(server, false);
                    outage.end(Part::Session);
                    if std::mem::take(&mut is_back) {
                        receiver.missed();
                    }
                }
                Err(Trouble::Full(_)) => {
                    self.members.set_down(server, true);
                    is_back = true;
                    sleep(backoff.pause()).await;
                    continue;
                }
                Err(trouble) => return trouble,
            }
            backoff = Backoff::new();
            self.wait_for_work(server, &mut renewed).await;
        }
    }

    /// Waits for news, or for the time to tell again what is known.
    async fn wait_for_work(&self, server: usize, renewed: &mut Instant) {
        let outage = &self.links[server].server().outage;
        let interval = self.config.group_expiry / RENEWALS;
        let _ = timeout(interval.min(PROBE), self.members.news(server)).await;
        if renewed.elapsed() >= interval {
            *renewed = Instant::now();
            self.members.renew(server);
        } else if outage.is_down(Part::Writes) && !self.members.renew_one(server) {
            outage.end(Part::Writes);
        }
    }

    /// Tells a server everything that it does not know.
    async fn tell(&self, server: usize) -> Result<(), Trouble> {
        loop {
            let steps = self.members.next(server, BATCH);
            if steps.is_empty() {
                return Ok(());
            }
            self.tell_batch(server, &steps).await?;
            self.members.done(server, steps.len());
        }
    }

    /// All of this is told again after an error, which changes nothing.
    async fn tell_batch(&self, server: usize, steps: &[Step]) -> Result<(), Trouble> {
        let link = &self.links[server];
        let results = link.repeatable(&self.commands(steps), link.deadline()).await?;
        let mut results = results.into_iter();
        for step in steps {
            let results = results.by_ref().take(step.length()).collect::<Result<Vec<_>, _>>();
            match results {
                Ok(_) => self.members.confirm(step),
                Err(Trouble::Refused(reason)) => self.refused(step, &reason),
                Err(trouble) => return Err(link.note(trouble)),
            }
        }
        if steps.iter().any(|step| matches!(step, Step::Join(..))) {
            link.server().outage.end(Part::Writes);
        }
        Ok(())
    }

    fn refused(&self, step: &Step, reason: &str) {
        if self.members.refuse(step, reason) {
            tracing::error!(group = %step.group(), reason, "the channel layer's server refuses a change of a group's members");
        }
    }

    fn commands(&self, steps: &[Step]) -> Pipeline {
        let mut commands = Pipeline::new();
        for step in steps {
            let key = self.names.group_key(step.group());
            match step {
                Step::Join(_, alias) => {
                    commands.cmd("ZADD").arg(&key).arg(self.clock.now().to_text()).arg(alias.as_str());
                    commands.cmd("EXPIRE").arg(&key).arg(self.config.group_expiry.as_secs());
                }
                Step::Leave(_, alias) => {
                    commands.cmd("ZREM").arg(&key).arg(alias.as_str());
                }
            }
        }
        commands
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
            link.repeatable(&self.commands(steps), deadline).await?;
        }
        let mut commands = Pipeline::new();
        commands.cmd("DEL").arg(self.names.own_key());
        link.repeatable(&commands, deadline).await?;
        Ok(())
    }
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
