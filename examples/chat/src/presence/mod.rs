//! Who is there: known to all processes that share the database, and forgotten when a process crashes.
//!
//! Each open connection has a row, which counts as long as its process lives. A process shows that it lives by a
//! heartbeat, so that nothing is written between the arrival of a connection and its departure.

mod heart;
mod register;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chanx::Channels;
use sqlx::SqlitePool;
use tokio::sync::mpsc;

use crate::people::Person;
use register::Register;

/// How often a process shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a process counts as alive after its last heartbeat.
const LIFETIME: Duration = Duration::from_secs(15);

/// The people who are there. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    register: Arc<Register>,
    attendees: Attendees,
    departures: mpsc::UnboundedSender<String>,
}

/// The connections of this process, by their names.
type Attendees = Arc<Mutex<HashMap<String, Attendee>>>;

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attendee {
    pub(crate) room: i64,
    pub(crate) person: Person,
}

/// A connection that counts until this is dropped, however it ends.
#[derive(Debug)]
pub(crate) struct Attendance {
    connection: String,
    presence: Presence,
}

impl Presence {
    /// The register of this process. It is kept until the last clone is gone.
    pub(crate) fn start(pool: &SqlitePool, channels: &Channels) -> Self {
        let register = Arc::new(Register::new(pool.clone(), uuid::Uuid::new_v4().to_string()));
        let attendees = Attendees::default();
        let (departures, departed) = mpsc::unbounded_channel();
        tokio::spawn(heart::beat(Arc::clone(&register), Arc::clone(&attendees), channels.clone(), departed));
        Self { register, attendees, departures }
    }

    /// Counts a connection, and says whether it is the first one of this person in this room.
    pub(crate) async fn attend(&self, connection: &str, attendee: Attendee) -> sqlx::Result<(Attendance, bool)> {
        // Before anything is written: whoever leaves at once is taken off again.
        let attendance = Attendance { connection: connection.to_owned(), presence: self.clone() };
        lock(&self.attendees).insert(connection.to_owned(), attendee.clone());
        let is_first = self.register.add(connection, &attendee).await?;
        Ok((attendance, is_first))
    }

    /// The ids of those who are in a room.
    pub(crate) async fn online(&self, room: i64) -> sqlx::Result<Vec<i64>> {
        self.register.online(room).await
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        // Without a receiver the server has ended, and all its connections with it.
        let _ = self.presence.departures.send(std::mem::take(&mut self.connection));
    }
}

/// The map stays usable after a panic elsewhere: every change of it is one step.
fn lock(attendees: &Attendees) -> std::sync::MutexGuard<'_, HashMap<String, Attendee>> {
    attendees.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
