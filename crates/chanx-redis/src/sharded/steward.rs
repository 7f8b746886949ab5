//! Keeps in mind where the channels of a cluster are.

use std::sync::Arc;
use std::time::Duration;

use chanx_core::layer::Receiver;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::cluster::Cluster;
use crate::outage::Backoff;
use crate::pubsub::Name;
use crate::trouble::Trouble;

/// How old knowledge about the cluster may get while everything works.
const STALE: Duration = Duration::from_secs(30);

/// How much time is between surveys at least, whatever the reasons for them.
const CALM: Duration = Duration::from_millis(50);

/// Surveys the cluster when it is time, or when there is reason to.
pub(super) struct Steward {
    pub(super) cluster: Arc<Cluster>,
    pub(super) receiver: Arc<dyn Receiver>,
    /// The channel on which this process is reached.
    pub(super) own: Name,
    /// A node was lost, or said that another one is in charge.
    pub(super) alarm: Arc<Notify>,
    /// True once this process can be reached, or is known not to be.
    pub(super) ready: watch::Sender<bool>,
}

impl Steward {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new();
        loop {
            let mut has_moved = false;
            let is_well = self.cluster.judge(self.round(&mut has_moved).await);
            if self.ready.send_replace(true) && has_moved {
                self.receiver.missed();
            }
            if is_well {
                backoff = Backoff::new();
                self.look_after_links().await;
                sleep(CALM).await;
                // Either is a reason to go on.
                let _ = timeout(STALE, self.alarm.notified()).await;
            } else {
                sleep(backoff.pause()).await;
            }
        }
    }

    async fn round(&self, has_moved: &mut bool) -> Result<(), Trouble> {
        *has_moved = self.survey().await?;
        self.cluster.want(&self.own);
        // Without it nobody could answer this process.
        self.cluster.settled(&self.own).await.map_err(|error| Trouble::Refused(error.to_string()))
    }

    /// Brings the channels to where they belong, and says whether there were any. While one is on its way, its messages are
    /// lost.
    async fn survey(&self) -> Result<bool, Trouble> {
        let moved = self.cluster.adopt(self.cluster.survey().await?);
        for name in &moved {
            // A refusal is told to those who wait for it, and to the log.
            let _ = self.cluster.settled(name).await;
        }
        Ok(!moved.is_empty())
    }

    /// A connection for sending that broke unnoticed would cost a message, because messages are sent once.
    async fn look_after_links(&self) {
        for node in self.cluster.nodes() {
            // The link itself tells the log and restores the connection.
            let _ = node.link.ping().await;
        }
    }
}
