//! What runs beside the subscribers: the tasks of a layer.

use std::mem;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::trouble::Trouble;

/// The tasks of a layer: none before it is used, none after it is closed.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<Tasks>);

#[derive(Debug, Default)]
enum Tasks {
    #[default]
    Idle,
    Running(Vec<JoinHandle<()>>),
    Over,
}

impl Background {
    /// Spawns the tasks unless that was done already. Outside a runtime it waits for another opportunity.
    pub(crate) fn start(&self, spawn: impl FnOnce() -> Vec<JoinHandle<()>>) {
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
