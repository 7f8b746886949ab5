//! One connection with its memberships, for which the books are kept.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::client::{Client, connect};
use super::words::{self, Heard, Word};
use super::{PATIENCE, World};
use crate::soak::book::Parting;

/// One connection with its memberships.
#[derive(Debug)]
pub(super) struct Session<'a> {
    world: &'a World,
    pub(super) client: Client,
    /// The names of the memberships, by group.
    members: BTreeMap<u32, u64>,
    is_slow: bool,
}

/// An end that the client did not bring about, or an answer that did not come.
pub(super) type Unexpected = String;

impl<'a> Session<'a> {
    /// Connects and is let in.
    pub(super) async fn enter(world: &'a World, address: SocketAddr) -> Result<Self, Unexpected> {
        Self::enter_with(world, address, None).await
    }

    /// The same for a client that reads slowly, with a small buffer.
    pub(super) async fn enter_slowly(world: &'a World, address: SocketAddr, buffer: u32) -> Result<Self, Unexpected> {
        Self::enter_with(world, address, Some(buffer)).await
    }

    async fn enter_with(world: &'a World, address: SocketAddr, buffer: Option<u32>) -> Result<Self, Unexpected> {
        let gate = world.gate.acquire().await.map_err(|error| error.to_string())?;
        let entering = async { Client::enter(connect(address, buffer).await?, address).await };
        let client = timeout(PATIENCE, entering).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let client = client.map_err(|error| format!("not let in: {error}"))?;
        let mut session = Self { world, client, members: BTreeMap::new(), is_slow: buffer.is_some() };
        session.answer(|word| matches!(word, Word::Authentication(_)), "authentication").await?;
        drop(gate);
        world.did("connections");
        Ok(session)
    }

    /// The next thing that is heard; the books are kept.
    pub(super) async fn hear(&mut self) -> Heard {
        let heard = self.client.hear().await;
        match &heard {
            Heard::Word(Word::Said { group, number }) => {
                if let Some(member) = self.members.get(group) {
                    self.world.book().hear(*member, *number);
                }
            }
            Heard::Word(Word::Missed) => self.world.book().miss(self.members.values().copied(), Instant::now()),
            _ => {}
        }
        heard
    }

    /// Hears until this word comes. Group messages and notices may come before it.
    async fn answer(&mut self, is_answer: impl Fn(&Word) -> bool, what: &str) -> Result<Word, Unexpected> {
        let hear = async {
            loop {
                match self.hear().await {
                    Heard::Word(word) if is_answer(&word) => return Ok(word),
                    Heard::Word(Word::Said { .. } | Word::Missed) => {}
                    other => return Err(format!("{other} where {what} was to come")),
                }
            }
        };
        timeout(PATIENCE, hear).await.unwrap_or_else(|_| Err(format!("no {what} came in {PATIENCE:?}")))
    }

    /// Says something, and hears the answer.
    pub(super) async fn ask(&mut self, words: &str, is_answer: impl Fn(&Word) -> bool) -> Result<Word, Unexpected> {
        self.client.say(words).await.map_err(|error| error.to_string())?;
        self.answer(is_answer, &format!("an answer to {}", words.chars().take(60).collect::<String>())).await
    }

    /// Joins a group. To join twice is to join once.
    pub(super) async fn join(&mut self, group: u32) -> Result<(), Unexpected> {
        self.ask(&words::join(group), |word| matches!(word, Word::Joined(joined) if *joined == group)).await?;
        if !self.members.contains_key(&group) {
            let member = self.world.book().join(group, self.is_slow, Instant::now());
            self.members.insert(group, member);
        }
        Ok(())
    }

    pub(super) async fn leave(&mut self, group: u32) -> Result<(), Unexpected> {
        if let Some(member) = self.members.remove(&group) {
            self.world.book().part(member, Parting::Leaves, Instant::now());
        }
        self.ask(&words::leave(group), |word| matches!(word, Word::Left(left) if *left == group)).await?;
        Ok(())
    }

    /// Hears group messages and notices for so long.
    pub(super) async fn listen(&mut self, time: Duration) -> Result<(), Unexpected> {
        self.listen_until(sleep(time)).await
    }

    /// The same until something happens.
    pub(super) async fn listen_until(&mut self, end: impl Future<Output = ()>) -> Result<(), Unexpected> {
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                heard = self.hear() => match heard {
                    Heard::Word(Word::Said { .. } | Word::Missed) => {}
                    other => return Err(format!("{other} while only group messages were to come")),
                },
                () = &mut end => return Ok(()),
            }
        }
    }

    /// Closes the memberships in the books.
    pub(super) fn part(&mut self, how: Parting) {
        let mut book = self.world.book();
        for member in std::mem::take(&mut self.members).into_values() {
            book.part(member, how, Instant::now());
        }
    }

    /// The closing handshake. What else was on its way comes before its answer.
    pub(super) async fn goodbye(mut self, how: Parting) -> Result<(), Unexpected> {
        self.part(how);
        self.client.close().await.map_err(|error| format!("no goodbye: {error}"))?;
        let hear = async {
            loop {
                match self.client.hear().await {
                    Heard::Word(_) => {}
                    Heard::Closed(Some(1000)) => return Ok(()),
                    other => return Err(format!("{other} where a goodbye was to come")),
                }
            }
        };
        timeout(PATIENCE, hear).await.unwrap_or_else(|_| Err(format!("no goodbye came in {PATIENCE:?}")))
    }

    /// The end without a word: by a reset, or by the end of what is sent.
    pub(super) fn vanish(mut self, by_reset: bool) {
        self.part(Parting::Leaves);
        if by_reset {
            self.client.reset();
        }
    }
}

/// No membership outlives its connection, whatever went wrong.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.part(Parting::Ended);
    }
}
