//! A member that stays from the beginning to the end.

use std::sync::Arc;

use super::session::{Session, Unexpected};
use super::{Stage, World};
use crate::soak::book::Parting;

pub(super) async fn stay(world: Arc<World>, number: u32) {
    if let Err(unexpected) = member(&world, number).await {
        world.fault(format!("member {number}, which stays: {unexpected}"));
    }
}

async fn member(world: &World, number: u32) -> Result<(), Unexpected> {
    // Each group has members in each process.
    let process = number / world.shape.groups;
    let mut session = Session::enter(world, world.address(process)).await?;
    session.join(world.shape.group_of(number)).await?;
    session.listen_until(world.until(Stage::Leaving)).await?;
    session.goodbye(Parting::Settled).await
}
