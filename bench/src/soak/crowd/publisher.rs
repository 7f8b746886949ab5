//! A client that says one thing after the other to groups in which it is not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::session::{Session, Unexpected};
use super::words::{self, Word};
use super::{Stage, World};
use crate::soak::book::Parting;
use crate::soak::dice::Dice;

/// How much is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    interval: Duration,
    /// Bytes of text.
    size: u32,
}

pub(super) const USUAL: Manner = Manner { interval: Duration::from_secs(1), size: 20 };
/// So that slow readers fall behind.
pub(super) const LOUD: Manner = Manner { interval: Duration::from_millis(150), size: 32 * 1024 };

pub(super) async fn publish(world: Arc<World>, group: u32, manner: Manner, mut dice: Dice) {
    if let Err(unexpected) = speaker(&world, group, manner, &mut dice).await {
        world.fault(format!("the speaker of group {group}: {unexpected}"));
    }
}

async fn speaker(world: &World, group: u32, manner: Manner, dice: &mut Dice) -> Result<(), Unexpected> {
    let mut session = Session::enter(world, world.address(group)).await?;
    session.listen(dice.up_to(manner.interval)).await?;
    while world.is_going() {
        say(world, &mut session, group, manner.size).await?;
        session.listen(manner.interval / 2 + dice.up_to(manner.interval)).await?;
    }
    session.listen_until(world.until(Stage::Leaving)).await?;
    session.goodbye(Parting::Settled).await
}

async fn say(world: &World, session: &mut Session<'_>, group: u32, size: u32) -> Result<(), Unexpected> {
    let number = world.book().say(group, Instant::now());
    let is_answer =
        |word: &Word| matches!(word, Word::Accepted(answered) | Word::Rejected(answered) if *answered == number);
    let answer = session.ask(&words::say(group, number, size), is_answer).await?;
    world.book().answer(group, number, matches!(answer, Word::Accepted(_)), Instant::now());
    Ok(())
}
