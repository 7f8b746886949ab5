//! Where a connection sits in its groups, so that it finds its place among thousands of members when it leaves.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The seats of one connection: few, so that they are gone through.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<Vec<Seat>>);

/// A connection has one seat in a group, for whatever number of reasons.
#[derive(Debug)]
struct Seat {
    /// The number of the group.
    group: u64,
    /// The place among the members. There are fewer than this can count: each of them has a file descriptor.
    place: u32,
    reasons: u32,
}

impl Seats {
    /// Notes one more reason to be in a group. Says whether there is a seat for it already.
    pub(super) fn add_reason(&self, group: u64) -> bool {
        let mut seats = self.seats();
        let seat = seats.iter_mut().find(|seat| seat.group == group);
        seat.map(|seat| seat.reasons += 1).is_some()
    }

    /// Takes a seat in a group, for one reason.
    pub(super) fn take(&self, group: u64, place: usize) {
        let mut seats = self.seats();
        // With no more room than most connections ever need.
        seats.reserve_exact(1);
        seats.push(Seat { group, place: place as u32, reasons: 1 });
    }

    /// Notes one reason less. Yields the place that becomes free, if that was the last one.
    pub(super) fn drop_reason(&self, group: u64) -> Option<usize> {
        let mut seats = self.seats();
        let index = seats.iter().position(|seat| seat.group == group)?;
        seats[index].reasons -= 1;
        (seats[index].reasons == 0).then(|| seats.swap_remove(index).place as usize)
    }

    /// Notes that the seat in a group was moved.
    pub(super) fn move_to(&self, group: u64, place: usize) {
        if let Some(seat) = self.seats().iter_mut().find(|seat| seat.group == group) {
            seat.place = place as u32;
        }
    }

    #[cfg(test)]
    pub(super) fn place_in(&self, group: u64) -> Option<usize> {
        self.seats().iter().find(|seat| seat.group == group).map(|seat| seat.place as usize)
    }

    /// The list stays usable after a panic elsewhere: every change of it is one step.
    fn seats(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
