//! A process that stands still.

use std::sync::{Arc, Mutex, mpsc};

use chanx_core::layer::{GroupName, LayerMessage, Pressure, Receiver};
use tokio::sync::oneshot;

use super::{Recorder, group_name};

/// A receiver that holds up its process with the first message until it is let go.
#[derive(Debug)]
struct Gate {
    recorder: Arc<Recorder>,
    opening: Mutex<mpsc::Receiver<()>>,
}

/// A process in a thread of its own, which is a member of `room` and stands still once a message arrives.
pub struct Halting {
    pub seen: Arc<Recorder>,
    /// It goes on when this is dropped.
    opener: Option<mpsc::Sender<()>>,
    /// It ends when this is dropped.
    _end: oneshot::Sender<()>,
}

impl Halting {
    pub async fn start(url: String) -> Self {
        let (opener, opening) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let seen = Recorder::new();
        let gate = Arc::new(Gate { recorder: Arc::clone(&seen), opening: Mutex::new(opening) });
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let layer = chanx_redis::connect(&url).unwrap();
                layer.attach(gate);
                layer.subscribe(&group_name("room")).await.unwrap();
                ready.send(()).unwrap();
                let _ = ended.await;
            });
        });
        is_ready.await.unwrap();
        Self { seen, opener: Some(opener), _end: end }
    }

    pub fn go_on(&mut self) {
        self.opener = None;
    }
}

impl Receiver for Gate {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        let pressure = self.recorder.group_message(group, message);
        let _ = self.opening.lock().unwrap().recv();
        pressure
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        self.recorder.channel_message(channel, message)
    }

    fn missed(&self) {
        self.recorder.missed();
    }
}
