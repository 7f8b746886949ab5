//! What runs beside the subscribers: the tasks of a layer, and the connections on which it sends.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::connection::Link;
use crate::trouble::Trouble;

/// How long a connection may lie idle before it is looked at.
const IDLE: Duration = Duration::from_secs(30);

/// The tasks of a layer: none before it is used, none after it is closed.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<Tasks>);

#[derive(Debug, Default)]
enum Tasks {
    #[default]
    Idle,
    Running([JoinHandle<()>; 2]),
    Over,
}

impl Background {
    /// Spawns the tasks unless that was done already. Outside a runtime it waits for another opportunity.
    pub(crate) fn start(&self, spawn: impl FnOnce() -> [JoinHandle<()>; 2]) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*tasks, Tasks::Idle) && Handle::try_current().is_ok() {
            *tasks = Tasks::Running(spawn());
        }
    }

    /// Whether the layer is to be used at all.
    pub(crate) fn is_open(&self) -> Result<(), Trouble> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Tasks::Over => Err(Trouble::Lost("it is closed".to_owned())),
            _ => Ok(()),
        }
    }

    /// Ends the tasks and waits until they have ended.
    pub(crate) async fn end(&self) {
        let tasks = mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), Tasks::Over);
        let Tasks::Running(tasks) = tasks else { return };
        for task in tasks {
            task.abort();
            // Being aborted is the error that it ends with.
            let _ = task.await;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Tasks::Running(tasks) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

/// Looks at the connections for sending now and then, and whenever a subscriber lost its own: one that broke unnoticed
/// would cost a message, because messages are sent once.
pub(crate) async fn keep_up(links: Vec<Arc<Link>>, lost: Arc<Notify>) {
    loop {
        // Either is a reason to look.
        let _ = timeout(IDLE, lost.notified()).await;
        for link in &links {
            // The link itself tells the log and restores the connection.
            let _ = link.ping().await;
        }
    }
}
