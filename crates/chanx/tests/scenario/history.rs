//! What was begun, what came of it, and whether that is allowed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// What has not happened by then never will.
const PATIENCE: Duration = Duration::from_secs(20);

/// A moment: later ones are greater.
type Moment = u64;

/// Everything that happened, for all who take part.
#[derive(Debug, Default)]
pub(crate) struct History {
    events: Mutex<Events>,
    changed: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct Events {
    now: Moment,
    /// By the number of the connection.
    pub(crate) connections: Vec<Life>,
    /// By sender and number.
    messages: HashMap<(usize, u64), Sent>,
    /// The first thing that must not happen.
    pub(crate) fault: Option<String>,
    /// Whether messages may be lost at the moment.
    pub(crate) is_disturbed: bool,
    /// Whether what was sent has arrived, or never will, when sending is over.
    pub(crate) is_immediate: bool,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) server: usize,
    pub(crate) is_open: bool,
    /// Whether somebody has begun to end it.
    pub(crate) is_ending: bool,
    pub(crate) is_over: bool,
    /// What its client asked for and has no answer to.
    pub(crate) pending: usize,
    /// How many times it was told that messages were missed.
    pub(crate) missed: usize,
    memberships: Vec<Membership>,
    received: HashMap<(usize, u64), Moment>,
    latest: HashMap<(usize, usize), u64>,
}

#[derive(Debug)]
struct Membership {
    group: usize,
    asked: Moment,
    joined: Option<Moment>,
    leaving: Option<Moment>,
    left: Option<Moment>,
}

#[derive(Debug)]
struct Sent {
    group: usize,
    /// A connection that must not get it.
    excluded: Option<usize>,
    asked: Moment,
    done: Option<Moment>,
    /// Whether it may be lost.
    is_doubtful: bool,
    is_settled: bool,
}

impl History {
    /// What is known now.
    pub(crate) fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something and lets those look again who wait.
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut Events) -> T) -> T {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.now += 1;
        let result = change(&mut events);
        drop(events);
        self.changed.notify_waiters();
        result
    }

    /// Waits for something; the first fault ends that too.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Events) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let changed = self.changed.notified();
            {
                let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(fault) = &events.fault {
                    return Err(fault.clone());
                }
                if is_so(&events) {
                    return Ok(());
                }
            }
            if timeout_at(deadline, changed).await.is_err() {
                return Err(format!("this does not come about: {what}"));
            }
        }
    }
}

impl Events {
    pub(crate) fn opened(&mut self, server: usize) -> usize {
        self.connections.push(Life {
            server,
            is_open: false,
            is_ending: false,
            is_over: false,
            pending: 0,
            missed: 0,
            memberships: Vec::new(),
            received: HashMap::new(),
            latest: HashMap::new(),
        });
        self.connections.len() - 1
    }

    pub(crate) fn fault(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }

    pub(crate) fn asked_to_join(&mut self, connection: usize, group: usize) {
        let asked = self.now;
        let life = &mut self.connections[connection];
        life.memberships.push(Membership { group, asked, joined: None, leaving: None, left: None });
    }

    pub(crate) fn joined(&mut self, connection: usize, group: usize) {
        let now = self.now;
        // Answers come in the order of the questions.
        let first = |membership: &&mut Membership| membership.group == group && membership.joined.is_none();
        if let Some(membership) = self.connections[connection].memberships.iter_mut().find(first) {
            membership.joined = Some(now);
        }
    }

    pub(crate) fn asked_to_leave(&mut self, connection: usize, group: usize) {
        let now = self.now;
        let life = &mut self.connections[connection];
        for membership in life.memberships.iter_mut().filter(|membership| membership.group == group) {
            membership.leaving.get_or_insert(now);
        }
    }

    pub(crate) fn left(&mut self, connection: usize, group: usize) {
        let now = self.now;
        let of_group =
            self.connections[connection].memberships.iter_mut().filter(|membership| membership.group == group);
        // Those that were asked for after the question are not meant.
        for membership in of_group.filter(|membership| membership.leaving.is_some() && membership.joined.is_some()) {
            membership.left.get_or_insert(now);
        }
    }

    pub(crate) fn asked_to_send(&mut self, sender: usize, number: u64, group: usize, excluded: Option<usize>) {
        let is_doubtful = self.is_disturbed;
        let sent = Sent { group, excluded, asked: self.now, done: None, is_doubtful, is_settled: false };
        self.messages.insert((sender, number), sent);
    }

    pub(crate) fn sent(&mut self, sender: usize, number: u64, was_taken: bool) {
        let (now, is_disturbed) = (self.now, self.is_disturbed);
        if let Some(sent) = self.messages.get_mut(&(sender, number)) {
            sent.done = Some(now);
            sent.is_doubtful |= !was_taken || is_disturbed;
        }
    }

    pub(crate) fn refused(&mut self, sender: usize, number: u64) {
        if !self.is_disturbed {
            self.fault(format!("message {number} of {sender} is refused"));
        }
        self.sent(sender, number, false);
    }

    /// Notes that a message arrived, and whether it may.
    pub(crate) fn received(&mut self, connection: usize, group: usize, sender: usize, number: u64) {
        let now = self.now;
        let Some(sent) = self.messages.get(&(sender, number)) else {
            return self.fault(format!("{connection} got message {number} of {sender}, which nobody sent"));
        };
        let was_meant = sent.group == group && sent.excluded != Some(connection);
        let life = &mut self.connections[connection];
        let was_member = life.memberships.iter().any(|membership| membership.allows(sent, self.is_immediate));
        let is_first = life.received.insert((sender, number), now).is_none();
        let latest = life.latest.insert((sender, group), number);
        let about = format!("{connection} got message {number} of {sender} to group {group}");
        if !was_meant {
            self.fault(format!("{about}, which was not meant for it"));
        } else if !was_member {
            self.fault(format!("{about} and was no member"));
        } else if !is_first {
            self.fault(format!("{about} twice"));
        } else if latest.is_some_and(|latest| latest >= number) {
            self.fault(format!("{about} out of order"));
        }
    }

    /// A message that a connection which stays has not got and must get.
    pub(crate) fn lost(&self) -> Option<String> {
        let unsettled = self.messages.iter().filter(|(_, sent)| !sent.is_settled && !sent.is_doubtful);
        for ((sender, number), sent) in unsettled {
            for (connection, life) in self.connections.iter().enumerate() {
                if life.must_get(sent, connection) && !life.received.contains_key(&(*sender, *number)) {
                    let group = sent.group;
                    return Some(format!("{connection} did not get message {number} of {sender} to group {group}"));
                }
            }
        }
        None
    }

    /// What is sent from now on has nothing to do with what was sent before.
    pub(crate) fn settle(&mut self) {
        for sent in self.messages.values_mut() {
            sent.is_settled = true;
        }
    }
}

impl Life {
    fn must_get(&self, sent: &Sent, connection: usize) -> bool {
        let stays = self.is_open && !self.is_ending && !self.is_over;
        let is_sent = sent.done.is_some() && sent.excluded != Some(connection);
        stays && is_sent && self.memberships.iter().any(|membership| membership.lasts_beyond(sent))
    }
}

impl Membership {
    /// Whether the message may come: the membership may have lasted into the time in which it was on its way.
    fn allows(&self, sent: &Sent, is_immediate: bool) -> bool {
        let began_in_time = !is_immediate || sent.done.is_none_or(|done| self.asked < done);
        self.group == sent.group && began_in_time && self.left.is_none_or(|left| left > sent.asked)
    }

    /// Whether the message must come.
    fn lasts_beyond(&self, sent: &Sent) -> bool {
        self.group == sent.group && self.leaving.is_none() && self.joined.is_some_and(|joined| joined < sent.asked)
    }
}
