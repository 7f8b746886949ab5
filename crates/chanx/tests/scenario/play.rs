//! Plays steps, and judges what comes of them.

use std::sync::Arc;
use std::time::Duration;

use chanx::layer::Health;
use chanx::testing::layer::LayerFixture;
use chanx::{Audience, GroupName};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::actor::{Order, live, name};
use super::history::{Events, History};
use super::site::{Said, Site};
use super::steps::{SERVERS, SLOTS, Step};

/// Where a scenario takes place.
pub(crate) trait Stage: LayerFixture {
    /// Whether a message has arrived when sending it is over.
    const IS_IMMEDIATE: bool;
    /// How many kinds of trouble there are.
    const KINDS_OF_TROUBLE: usize;

    /// Gives the store trouble of a kind, such that messages may be lost, and ends it. Whether all layers have lost what
    /// they listen with, and must say so.
    async fn disturb(&self, kind: usize) -> bool;
}

/// Senders that are no connections have numbers beyond theirs.
const ANNOUNCERS: usize = 1_000_000;

struct Play<'a, S> {
    stage: &'a S,
    history: Arc<History>,
    servers: Vec<Site>,
    slots: Vec<Option<(usize, UnboundedSender<Order>)>>,
    actors: JoinSet<()>,
    draining: Vec<usize>,
    number: u64,
    is_disturbed: bool,
    /// What each connection that was open had been told of lost messages before all layers stopped listening.
    missed_before: Option<Vec<Option<usize>>>,
}

/// Plays the steps on a fresh stage.
///
/// # Errors
/// What went wrong first.
pub(crate) async fn play<S: Stage>(steps: &[Step]) -> Result<(), String> {
    let stage = S::start().await;
    let history = Arc::new(History::default());
    history.note(|events| events.is_immediate = S::IS_IMMEDIATE);
    let mut play = Play {
        stage: &stage,
        history,
        servers: Vec::new(),
        slots: (0..SLOTS).map(|_| None).collect(),
        actors: JoinSet::new(),
        draining: Vec::new(),
        number: 0,
        is_disturbed: false,
        missed_before: None,
    };
    for _ in 0..SERVERS {
        let site = play.site()?;
        play.servers.push(site);
    }
    for step in steps {
        play.step(*step).await?;
    }
    play.settle().await
}

impl<S: Stage> Play<'_, S> {
    fn site(&self) -> Result<Site, String> {
        Site::new(self.stage.layer()).map_err(|error| format!("{error:?}"))
    }

    async fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Open { slot, server } => self.open(slot, server),
            Step::Join { slot, group } => self.tell(slot, Order::Join(group)),
            Step::Leave { slot, group } => self.tell(slot, Order::Leave(group)),
            Step::Send { slot, group, exclude_current } => {
                self.number += 1;
                self.tell(slot, Order::Send { group, number: self.number, exclude_current });
            }
            Step::Announce { server, group } => self.announce(server, group).await?,
            Step::Close { slot } => self.end(slot, Order::Close),
            Step::Vanish { slot } => self.end(slot, Order::Vanish),
            Step::Drain { server } => self.drain(server),
            Step::Pause { turns } => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            Step::Disturb { kind } => self.disturb(kind).await,
            Step::Settle => self.settle().await?,
        }
        Ok(())
    }

    fn open(&mut self, slot: usize, server: usize) {
        if self.slots[slot].is_some() || self.draining.contains(&server) {
            return;
        }
        let id = self.history.note(|events| events.opened(server));
        let (orders, received) = unbounded_channel();
        self.slots[slot] = Some((id, orders));
        self.actors.spawn(live(id, self.servers[server].connector.clone(), received, Arc::clone(&self.history)));
    }

    fn tell(&self, slot: usize, order: Order) {
        if let Some((id, orders)) = &self.slots[slot] {
            self.history.note(|events| events.connections[*id].pending += 1);
            // Whoever is gone hears nothing.
            let _ = orders.send(order);
        }
    }

    fn end(&mut self, slot: usize, order: Order) {
        let Some((id, _)) = self.slots[slot] else { return };
        self.history.note(|events| events.connections[id].is_ending = true);
        self.tell(slot, order);
        self.slots[slot] = None;
    }

    async fn announce(&mut self, server: usize, group: usize) -> Result<(), String> {
        self.number += 1;
        let (sender, number) = (ANNOUNCERS + server, self.number);
        self.history.note(|events| events.asked_to_send(sender, number, group, None));
        let name = GroupName::new(&name(group)).map_err(|error| error.to_string())?;
        let message = Said::Said { group: name.to_string(), sender, number };
        // A server that ends no longer reaches its layer.
        let is_draining = self.draining.contains(&server);
        let sent = self.servers[server].channels.send_group_message(Audience::from(name), &message).await;
        self.history.note(|events| match sent.is_ok() {
            false if !is_draining => events.refused(sender, number),
            was_taken => events.sent(sender, number, was_taken),
        });
        Ok(())
    }

    fn drain(&mut self, server: usize) {
        if self.draining.contains(&server) {
            return;
        }
        self.draining.push(server);
        for slot in &mut self.slots {
            let Some((id, _)) = slot else { continue };
            let is_meant = self.history.note(|events| {
                let is_meant = events.connections[*id].server == server;
                events.connections[*id].is_ending |= is_meant;
                is_meant
            });
            if is_meant {
                *slot = None;
            }
        }
        let connections = self.servers[server].connections.clone();
        self.actors.spawn(async move { connections.drain().await });
    }

    async fn disturb(&mut self, kind: usize) {
        let missed = self.history.note(|events| {
            events.is_disturbed = true;
            events.connections.iter().map(|life| life.is_open.then_some(life.missed)).collect()
        });
        self.is_disturbed = true;
        if self.stage.disturb(kind).await {
            self.missed_before.get_or_insert(missed);
        }
    }

    /// Waits until everything is answered and everybody has what he must get.
    async fn settle(&mut self) -> Result<(), String> {
        let history = Arc::clone(&self.history);
        history
            .until("all questions are answered", |events| {
                events
                    .connections
                    .iter()
                    .all(|life| life.is_over || (life.is_open && life.pending == 0 && !life.is_ending))
            })
            .await?;
        for server in std::mem::take(&mut self.draining) {
            self.servers[server].connections.drained().await;
            self.servers[server] = self.site()?;
        }
        self.recover().await?;
        let arrived = history.until("all messages arrive", |events| events.lost().is_none()).await;
        if let Err(fault) = arrived {
            return Err(history.events().lost().unwrap_or(fault));
        }
        history.note(Events::settle);
        Ok(())
    }

    /// After trouble: waits until the layers are well and all connections know that they may have missed something.
    async fn recover(&mut self) -> Result<(), String> {
        if !std::mem::take(&mut self.is_disturbed) {
            return Ok(());
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.is_well().await {
            if Instant::now() > deadline {
                return Err("the layers do not recover".to_owned());
            }
            sleep(Duration::from_millis(5)).await;
        }
        let before = self.missed_before.take().unwrap_or_default();
        self.history
            .until("everybody is told of the trouble", |events| {
                let mut lives = events.connections.iter().zip(&before);
                lives.all(|(life, before)| life.is_over || before.is_none_or(|before| life.missed > before))
            })
            .await?;
        self.history.note(|events| {
            events.settle();
            events.is_disturbed = false;
        });
        Ok(())
    }

    /// Whether all layers say so, and take messages.
    async fn is_well(&self) -> bool {
        let Ok(nobody) = GroupName::new("nobody") else { return false };
        for server in &self.servers {
            let probe = server.channels.send_raw(nobody.clone(), Default::default());
            if server.channels.health() != Health::Up || probe.await.is_err() {
                return false;
            }
        }
        true
    }
}
