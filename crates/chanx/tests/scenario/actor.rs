//! One client: does as it is told, and writes down what it hears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chanx::testing::{Communicator, Connector, ReceiveError};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::history::History;
use super::site::Command;

/// What a client is told to do.
#[derive(Debug)]
pub(crate) enum Order {
    Join(usize),
    Leave(usize),
    Send { group: usize, number: u64, exclude_current: bool },
    Close,
    Vanish,
}

/// A question that was not answered yet.
#[derive(Debug)]
enum Asked {
    Join(usize),
    Leave(usize),
    Send(u64),
}

pub(crate) struct Actor {
    id: usize,
    history: Arc<History>,
    client: Communicator,
    asked: VecDeque<Asked>,
    /// Whether the question that is being answered failed.
    has_failed: bool,
}

/// Lives the life of a connection.
pub(crate) async fn live(id: usize, connector: Connector, orders: UnboundedReceiver<Order>, history: Arc<History>) {
    if let Some(client) = connect(connector).await {
        history.note(|events| events.connections[id].is_open = true);
        let actor = Actor { id, history: Arc::clone(&history), client, asked: VecDeque::new(), has_failed: false };
        actor.live(orders).await;
    }
    history.note(|events| {
        let life = &mut events.connections[id];
        (life.is_over, life.pending) = (true, 0);
        if !life.is_ending {
            events.fault(format!("connection {id} ended by itself"));
        }
    });
}

/// A client that was let in; none if the server ends.
async fn connect(connector: Connector) -> Option<Communicator> {
    // Long enough that only the servers' own times end anything.
    let mut client = connector.connect().await.ok()?.patience(Duration::from_secs(3600));
    for expected in ["authentication", "complete"] {
        let message = client.receive_json().await.ok()?;
        (message["action"] == expected).then_some(())?;
    }
    Some(client)
}

impl Actor {
    async fn live(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            let is_over = tokio::select! {
                biased;
                order = orders.recv() => self.obey(order.unwrap_or(Order::Vanish)).await,
                heard = self.client.receive_json() => self.hear(heard),
            };
            if is_over {
                return;
            }
        }
    }

    async fn obey(&mut self, order: Order) -> bool {
        let id = self.id;
        match order {
            Order::Join(group) => {
                self.history.note(|events| events.asked_to_join(id, group));
                self.ask(Asked::Join(group), Command::Join(name(group))).await;
            }
            Order::Leave(group) => {
                self.history.note(|events| events.asked_to_leave(id, group));
                self.ask(Asked::Leave(group), Command::Leave(name(group))).await;
            }
            Order::Send { group, number, exclude_current } => {
                self.history.note(|events| events.asked_to_send(id, number, group, exclude_current.then_some(id)));
                let command = Command::Send { group: name(group), sender: id, number, exclude_current };
                self.ask(Asked::Send(number), command).await;
            }
            Order::Close => {
                let normal = 1000_u16.to_be_bytes();
                self.client.send_frame(chanx::testing::Opcode::Close, &normal).await;
            }
            Order::Vanish => return true,
        }
        false
    }

    async fn ask(&mut self, asked: Asked, command: Command) {
        self.asked.push_back(asked);
        let message = match command {
            Command::Join(group) => serde_json::json!({"action": "join", "payload": group}),
            Command::Leave(group) => serde_json::json!({"action": "leave", "payload": group}),
            Command::Send { group, sender, number, exclude_current } => serde_json::json!({
                "action": "send",
                "payload": {"group": group, "sender": sender, "number": number, "exclude_current": exclude_current},
            }),
        };
        self.client.send_json(&message).await;
    }

    /// Whether that was the last word.
    fn hear(&mut self, heard: Result<Value, ReceiveError>) -> bool {
        let id = self.id;
        let message = match heard {
            Ok(message) => message,
            Err(ReceiveError::Closed(_)) => return true,
            Err(error) => {
                self.history.note(|events| events.fault(format!("connection {id}: {error}")));
                return true;
            }
        };
        match message["action"].as_str() {
            Some("said") => self.heard_said(&message["payload"]),
            Some("missed") => {
                self.history.note(|events| events.connections[id].missed += 1);
                // Its completion answers no question.
                self.asked.push_front(Asked::Leave(usize::MAX));
                self.history.note(|events| events.connections[id].pending += 1);
            }
            Some("error") => self.has_failed = true,
            Some("complete") => self.answered(),
            Some("group_complete") => {}
            _ => self.history.note(|events| events.fault(format!("connection {id} is told {message}"))),
        }
        false
    }

    fn heard_said(&self, said: &Value) {
        let number = |key: &str| said[key].as_u64().unwrap_or(u64::MAX);
        let group = said["group"].as_str().and_then(|name| name.strip_prefix("group.")?.parse().ok());
        let (group, sender, number) = (group.unwrap_or(usize::MAX), number("sender") as usize, number("number"));
        self.history.note(|events| events.received(self.id, group, sender, number));
    }

    fn answered(&mut self) {
        let (id, has_failed) = (self.id, std::mem::take(&mut self.has_failed));
        let Some(asked) = self.asked.pop_front() else {
            return self.history.note(|events| events.fault(format!("connection {id} is answered without a question")));
        };
        self.history.note(|events| {
            events.connections[id].pending -= 1;
            match asked {
                Asked::Send(number) if has_failed => events.refused(id, number),
                Asked::Send(number) => events.sent(id, number, true),
                _ if has_failed => events.fault(format!("connection {id} cannot join or leave")),
                Asked::Join(group) => events.joined(id, group),
                Asked::Leave(group) => events.left(id, group),
            }
        });
    }
}

pub(crate) fn name(group: usize) -> String {
    format!("group.{group}")
}
