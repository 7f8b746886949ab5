//! Who is connected: what each is still to be sent, and how they leave.

use std::io;

use crate::Peer;
use crate::ring::{Event, Piece, Place, Ring};

/// What may wait for a client that does not take what it is sent, before it is cut off.
const MAX_WAITING: usize = 1024 * 1024;

pub(crate) struct Clients<P, A> {
    admit: A,
    /// By their places.
    clients: Vec<Option<Client<P>>>,
    /// Buffers for answers, without anything in them.
    spare: Vec<Vec<u8>>,
}

struct Client<P> {
    peer: P,
    /// What is to follow that which is being sent.
    answer: Vec<u8>,
    is_sending: bool,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Talking,
    /// Has all been said that there is to say, the connection ends.
    Leaving,
    /// What was asked of the system for it is given up.
    HungUp,
    /// Nothing more arrives.
    Over,
}

impl<P: Peer, A: FnMut() -> P> Clients<P, A> {
    pub(crate) fn new(admit: A) -> Self {
        Self { admit, clients: Vec::new(), spare: Vec::new() }
    }

    pub(crate) fn take(&mut self, event: Event, ring: &mut Ring) -> io::Result<()> {
        match event {
            Event::Came(place) => self.welcome(place),
            Event::Arrived(place, piece) => self.hear(place, piece, ring),
            Event::Sent(place, buffer, is_whole) => self.sent(place, buffer, is_whole, ring),
            Event::Over(place) => self.over(place, ring),
        }
    }

    fn welcome(&mut self, place: Place) -> io::Result<()> {
        let client = Client { peer: (self.admit)(), answer: Vec::new(), is_sending: false, stage: Stage::Talking };
        if place.index() >= self.clients.len() {
            self.clients.resize_with(place.index() + 1, || None);
        }
        self.clients[place.index()] = Some(client);
        Ok(())
    }

    fn hear(&mut self, place: Place, piece: Piece, ring: &mut Ring) -> io::Result<()> {
        if let Some(client) = &mut self.clients[place.index()]
            && client.stage == Stage::Talking
        {
            if client.answer.capacity() == 0 {
                client.answer = self.spare.pop().unwrap_or_default();
            }
            if !client.peer.hear(ring.bytes(&piece), &mut client.answer) {
                client.stage = Stage::Leaving;
            }
            if client.answer.len() > MAX_WAITING {
                client.answer.clear();
                client.hang_up(place, ring)?;
            }
        }
        ring.give_back(piece);
        self.go_on(place, ring)
    }

    fn sent(&mut self, place: Place, mut buffer: Vec<u8>, is_whole: bool, ring: &mut Ring) -> io::Result<()> {
        buffer.clear();
        self.spare.push(buffer);
        if let Some(client) = &mut self.clients[place.index()] {
            client.is_sending = false;
            if !is_whole {
                client.answer.clear();
                client.hang_up(place, ring)?;
            }
        }
        self.go_on(place, ring)
    }

    fn over(&mut self, place: Place, ring: &mut Ring) -> io::Result<()> {
        if let Some(client) = &mut self.clients[place.index()] {
            client.stage = Stage::Over;
        }
        self.go_on(place, ring)
    }

    /// Sends what waits; if nothing does, lets those go who are to.
    fn go_on(&mut self, place: Place, ring: &mut Ring) -> io::Result<()> {
        let Some(client) = &mut self.clients[place.index()] else { return Ok(()) };
        if client.is_sending {
            return Ok(());
        }
        if !client.answer.is_empty() {
            client.is_sending = true;
            return ring.send(place, std::mem::take(&mut client.answer));
        }
        match client.stage {
            Stage::Talking | Stage::HungUp => Ok(()),
            Stage::Leaving => client.hang_up(place, ring),
            Stage::Over => {
                self.clients[place.index()] = None;
                ring.free(place)
            }
        }
    }
}

impl<P> Client<P> {
    fn hang_up(&mut self, place: Place, ring: &mut Ring) -> io::Result<()> {
        if matches!(self.stage, Stage::Talking | Stage::Leaving) {
            self.stage = Stage::HungUp;
            ring.hang_up(place)?;
        }
        Ok(())
    }
}
