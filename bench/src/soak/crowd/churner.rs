//! A client that comes again and again, and goes in all the ways there are.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::client::{connect, request};
use super::session::{Session, Unexpected};
use super::words::{self, Word};
use super::{PATIENCE, Stage, World};
use crate::soak::book::Parting;
use crate::soak::dice::Dice;

/// How long a visit takes at most, and the pause before the next one.
const VISIT: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(500);

/// The beginning of a frame of 100 bytes.
const HALF_A_FRAME: &[u8] = b"\x81\xe4\x01\x02\x03\x04only a part of it";

pub(super) async fn come_and_go(world: Arc<World>, number: u32, mut dice: Dice) {
    while !world.is_leaving() {
        let process = dice.below(2);
        let mut visit = Visit { world: &world, process: number + process, dice: &mut dice };
        if let Err(unexpected) = visit.any().await {
            world.fault(format!("a visitor: {unexpected}"));
        }
        world.rest(dice.up_to(PAUSE), Stage::Leaving).await;
    }
}

struct Visit<'a> {
    world: &'a World,
    process: u32,
    dice: &'a mut Dice,
}

impl Visit<'_> {
    async fn any(&mut self) -> Result<(), Unexpected> {
        match self.dice.below(12) {
            0 => self.silent().await,
            1 => self.head_cut().await,
            2 => self.frame_cut().await,
            3 | 4 => self.reset().await,
            5 | 6 => self.changes_groups().await,
            7 => self.fails().await,
            _ => self.orderly().await,
        }
    }

    async fn enter(&mut self) -> Result<Session<'_>, Unexpected> {
        let visited = self.world.shape.visited();
        let group = visited.start + self.dice.below(visited.len() as u32);
        let mut session = Session::enter(self.world, self.world.address(self.process)).await?;
        session.join(group).await?;
        Ok(session)
    }

    async fn orderly(&mut self) -> Result<(), Unexpected> {
        let time = self.dice.up_to(VISIT);
        let mut session = self.enter().await?;
        session.ask(&words::echo("hello"), |word| matches!(word, Word::Echo(text) if text == "hello")).await?;
        session.listen(time).await?;
        session.goodbye(Parting::Leaves).await?;
        self.world.did("visits with a goodbye");
        Ok(())
    }

    async fn reset(&mut self) -> Result<(), Unexpected> {
        let time = self.dice.up_to(VISIT);
        let mut session = self.enter().await?;
        session.listen(time).await?;
        session.vanish(true);
        self.world.did("visits that end by a reset");
        Ok(())
    }

    async fn frame_cut(&mut self) -> Result<(), Unexpected> {
        let (time, by_reset) = (self.dice.up_to(VISIT), self.dice.below(2) == 0);
        let mut session = self.enter().await?;
        session.client.send_bytes(HALF_A_FRAME).await.map_err(|error| error.to_string())?;
        session.listen(time).await?;
        session.vanish(by_reset);
        self.world.did("visits that end within a frame");
        Ok(())
    }

    async fn changes_groups(&mut self) -> Result<(), Unexpected> {
        let groups: Vec<_> = (0..3).map(|_| self.dice.below(self.world.shape.loud())).collect();
        let time = self.dice.up_to(VISIT) / 3;
        let mut session = self.enter().await?;
        for group in groups {
            session.join(group).await?;
            session.listen(time).await?;
            session.leave(group).await?;
        }
        session.goodbye(Parting::Leaves).await?;
        self.world.did("visits that join and leave groups");
        Ok(())
    }

    /// A handler that fails costs the message and nothing else.
    async fn fails(&mut self) -> Result<(), Unexpected> {
        let mut session = self.enter().await?;
        for words in [words::FAIL, r#"{"action":"echo","payload":""}"#, r#"{"action":"nothing"}"#, "no JSON"] {
            session.ask(words, |word| matches!(word, Word::Error(_))).await?;
        }
        session.ask(&words::echo("still here"), |word| matches!(word, Word::Echo(_))).await?;
        session.goodbye(Parting::Leaves).await?;
        self.world.did("visits whose handlers fail");
        Ok(())
    }

    /// Connects, and says nothing. Some wait until the server has enough of it.
    async fn silent(&mut self) -> Result<(), Unexpected> {
        self.cut(0, "handshakes that never begin").await
    }

    async fn head_cut(&mut self) -> Result<(), Unexpected> {
        let half = request(self.world.address(self.process)).len() as u32 / 2;
        let bytes = 1 + self.dice.below(half);
        self.cut(bytes as usize, "handshakes that are cut").await
    }

    async fn cut(&mut self, bytes: usize, what: &'static str) -> Result<(), Unexpected> {
        let address = self.world.address(self.process);
        let failed = |error: std::io::Error| format!("{what}: {error}");
        let mut stream = connect(address, None).await.map_err(failed)?;
        stream.write_all(&request(address).as_bytes()[..bytes]).await.map_err(failed)?;
        if self.dice.below(8) > 0 {
            self.world.rest(self.dice.up_to(VISIT), Stage::Leaving).await;
            self.world.did(what);
            return Ok(());
        }
        let mut answer = Vec::new();
        tokio::select! {
            read = timeout(PATIENCE, stream.read_to_end(&mut answer)) => match read {
                // The end may come as a reset.
                Ok(_) => self.world.did("handshakes that the server ended"),
                Err(_) => return Err(format!("{what}: the server waits for longer than {PATIENCE:?}")),
            },
            () = self.world.until(Stage::Leaving) => self.world.did(what),
        }
        Ok(())
    }
}
