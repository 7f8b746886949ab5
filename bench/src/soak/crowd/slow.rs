//! A member of the loudest group that reads little or nothing for a while.
//!
//! One that reads nothing reads all that is there when the server has closed a slow reader, which may be itself: the close
//! frame comes behind what the server had begun to send, and within `close_timeout` or not at all. One that reads a little goes on
//! with that, and is cut.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::session::{Session, Unexpected};
use super::words::{Heard, Word};
use super::{Stage, World};
use crate::soak::book::Parting;
use crate::soak::dice::Dice;

/// The kernel makes more of it, but not much.
const BUFFER: u32 = 4096;
/// How much is read at once, and how often.
const SIP: usize = 32;
const SIPS: Duration = Duration::from_millis(250);
/// How long a client is slow at least, and at most twice as long.
const SLOW_FOR: Duration = Duration::from_secs(40);
/// How long it reads all that comes then: longer than `close_timeout`, after which nothing comes to a client that was closed.
const ATTENTIVE_FOR: Duration = Duration::from_secs(6);
const LET_BE: &str = "slow readers that were let be";
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn read(world: Arc<World>, number: u32, mut dice: Dice) {
    let sips = number.is_multiple_of(2);
    while world.is_going() {
        if let Err(unexpected) = visit(&world, number, sips, &mut dice).await {
            world.fault(format!("slow reader {number}: {unexpected}"));
        }
        world.rest(dice.up_to(PAUSE), Stage::Quiet).await;
    }
}

/// Stays until the server has enough of it, or until all go.
async fn visit(world: &World, number: u32, sips: bool, dice: &mut Dice) -> Result<(), Unexpected> {
    let mut session = Session::enter_slowly(world, world.address(number), BUFFER).await?;
    session.join(world.shape.loud()).await?;
    while world.is_going() {
        dawdle(world, &mut session, sips, SLOW_FOR + dice.up_to(SLOW_FOR)).await;
        let end = match catch_up(&mut session).await {
            None => LET_BE,
            Some(Heard::Closed(Some(4413))) => "slow readers that saw 4413",
            // The server had nothing more to send for a while, and asked for a sign of life.
            Some(Heard::Closed(Some(4408))) => "slow readers that saw 4408",
            Some(Heard::Cut(_)) => "slow readers that were cut",
            Some(other) => return Err(format!("{other} where 4413 or group messages were to come")),
        };
        world.did(end);
        if end != LET_BE {
            return Ok(());
        }
    }
    session.listen_until(world.until(Stage::Leaving)).await?;
    session.goodbye(Parting::Settled).await
}

/// Reads little or nothing, until the time has passed or, where it reads nothing, a slow reader was closed.
async fn dawdle(world: &World, session: &mut Session<'_>, sips: bool, time: Duration) {
    let mut too_slow = world.too_slow.clone();
    too_slow.mark_unchanged();
    let sip = async {
        loop {
            sleep(SIPS).await;
            // An end is noticed when the client catches up.
            if sips && session.client.read(SIP).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = sip => {}
        // The sender lives as long as the load.
        _ = too_slow.changed(), if !sips => {}
        _ = world.rest(time, Stage::Quiet) => {}
    }
}

/// Reads all that comes for a while. Yields the end, if it comes.
async fn catch_up(session: &mut Session<'_>) -> Option<Heard> {
    let read = async {
        loop {
            match session.hear().await {
                Heard::Word(Word::Said { .. } | Word::Missed) => {}
                end => return end,
            }
        }
    };
    timeout(ATTENTIVE_FOR, read).await.ok()
}
