//! The heartbeat of a process, and what others are told when people come and go with processes. Knows no connection.

use std::sync::Arc;

use chanx::Channels;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::register::Register;
use super::{Attendee, Attendees, HEARTBEAT, lock};
use crate::messages::RoomMessage;
use crate::{clock, groups};

/// What a room is told.
type News = (i64, RoomMessage);

/// Beats until nobody can arrive any more.
pub(super) async fn beat(
    register: Arc<Register>,
    attendees: Attendees,
    channels: Channels,
    mut departed: mpsc::UnboundedReceiver<String>,
) {
    let mut beats = interval(HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let news = tokio::select! {
            connection = departed.recv() => match connection {
                Some(connection) => depart(&register, &attendees, &connection).await,
                None => break,
            },
            _ = beats.tick() => pulse(&register, &attendees).await,
        };
        match news {
            Ok(news) => announce(&channels, news).await,
            Err(error) => tracing::warn!(%error, "the presence of users cannot be kept up to date"),
        }
    }
    if let Err(error) = register.close().await {
        tracing::debug!(%error, "the presence of this process ends by itself");
    }
}

/// Takes a connection off.
async fn depart(register: &Register, attendees: &Attendees, connection: &str) -> sqlx::Result<Vec<News>> {
    let Some(attendee) = lock(attendees).remove(connection) else { return Ok(Vec::new()) };
    let is_last = register.remove(connection, &attendee).await?;
    Ok(is_last.then(|| offline(attendee)).into_iter().collect())
}

/// Shows that this process lives, and finds out which ones do not.
async fn pulse(register: &Register, attendees: &Attendees) -> sqlx::Result<Vec<News>> {
    let now = clock::now();
    let mut news = Vec::new();
    if !register.renew(now).await? {
        news = sign_in(register, attendees).await?;
    }
    news.extend(register.sweep(now).await?.into_iter().map(offline));
    Ok(news)
}

/// Adds all connections: this process is new, or it slept so long that others took it for dead.
async fn sign_in(register: &Register, attendees: &Attendees) -> sqlx::Result<Vec<News>> {
    let all: Vec<_> = lock(attendees).iter().map(|(name, attendee)| (name.clone(), attendee.clone())).collect();
    let mut news = Vec::new();
    for (connection, attendee) in all {
        if register.add(&connection, &attendee).await? {
            news.push((attendee.room, RoomMessage::Online(attendee.person)));
        }
    }
    Ok(news)
}

fn offline(Attendee { room, person }: Attendee) -> News {
    (room, RoomMessage::Offline(person))
}

async fn announce(channels: &Channels, news: Vec<News>) {
    for (room, message) in news {
        if let Err(error) = channels.send_group_message(groups::room(room), &message).await {
            tracing::warn!(%error, room, "a room was not told who comes and goes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::register::tests::{NOBODY_LIVES_SO_LONG, chat, person};
    use super::*;

    #[tokio::test]
    async fn a_process_that_was_taken_for_dead_signs_in_again() -> sqlx::Result<()> {
        let pool = chat().await;
        let sleeper = Register::new(pool.clone(), "sleeper".to_owned());
        let attendee = Attendee { room: 1, person: person(1, "alice") };
        let attendees = Attendees::default();
        lock(&attendees).insert("connection".to_owned(), attendee.clone());
        pulse(&sleeper, &attendees).await?;

        let other = Register::new(pool, "other".to_owned());
        assert_eq!(other.sweep(clock::now() + NOBODY_LIVES_SO_LONG).await?, [attendee]);
        assert_eq!(other.online(1).await?, [0; 0]);
        let news = pulse(&sleeper, &attendees).await?;
        assert_eq!(news, [(1, RoomMessage::Online(person(1, "alice")))]);
        assert_eq!(other.online(1).await?, [1]);
        Ok(())
    }
}
