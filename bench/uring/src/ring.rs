//! What is asked of the kernel, what comes back, and the memory that both sides use. All that is unsafe is here.
#![expect(unsafe_code, reason = "the kernel uses the memory that entries point to while it likes; see Cargo.toml")]

mod room;

use std::io;
use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use io_uring::{IoUring, cqueue, opcode, squeue, types};

pub(crate) use room::Piece;
use room::Room;

/// How many clients there may be: as many sockets as systems let a process have that asks for no more.
const PLACES: u32 = 1024;
const REQUESTS: u32 = 1024;
const COMPLETIONS: u32 = 16 * 1024;

/// Where the kernel keeps the socket of a client.
#[derive(Clone, Copy)]
pub(crate) struct Place(u32);

/// What has happened.
pub(crate) enum Event {
    /// A client, at a place that was free.
    Came(Place),
    Arrived(Place, Piece),
    /// The buffer that was to be sent, and whether all of it was.
    Sent(Place, Vec<u8>, bool),
    /// Nothing more arrives.
    Over(Place),
}

pub(crate) struct Ring {
    ring: IoUring,
    listener: TcpListener,
    room: Room,
    /// What is being sent, by place. Never freed, as the kernel may read it for a while after the ring is gone.
    sending: ManuallyDrop<Vec<Vec<u8>>>,
}

/// What a completion belongs to.
#[derive(Clone, Copy)]
enum Request {
    Accept,
    Receive,
    Send,
    /// Whose completion says nothing new.
    Other,
}

impl Place {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    fn socket(self) -> types::Fixed {
        types::Fixed(self.0)
    }
}

impl Ring {
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        let ring = set_up()?;
        ring.submitter().register_files_sparse(PLACES)?;
        let room = Room::new(&ring.submitter())?;
        let sending = ManuallyDrop::new(vec![Vec::new(); PLACES as usize]);
        let mut ring = Self { ring, listener, room, sending };
        ring.accept()?;
        Ok(ring)
    }

    /// Hands over all requests, and waits until something has happened.
    pub(crate) fn turn(&mut self) -> io::Result<()> {
        match self.ring.submit_and_wait(1) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            turned => turned.map(drop),
        }
    }

    /// What has happened in this turn, one after the other. Requests that were meant to stay and did not are made again.
    pub(crate) fn next(&mut self) -> io::Result<Option<Event>> {
        while let Some(completion) = self.completed() {
            let event = self.event(&completion)?;
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    fn completed(&mut self) -> Option<cqueue::Entry> {
        self.ring.completion().next()
    }

    fn event(&mut self, completion: &cqueue::Entry) -> io::Result<Option<Event>> {
        let (request, place) = unpack(completion.user_data());
        match request {
            Request::Accept => self.accepted(completion).map(Some),
            Request::Receive => self.received(place, completion),
            Request::Send => Ok(Some(self.sent(place, completion.result()))),
            Request::Other => Ok(None),
        }
    }

    pub(crate) fn bytes(&self, piece: &Piece) -> &[u8] {
        self.room.bytes(piece)
    }

    pub(crate) fn give_back(&mut self, piece: Piece) {
        self.room.give_back(piece);
    }

    /// Sends a buffer, one at a time to each client, for which others are to wait. It comes back with [`Event::Sent`].
    pub(crate) fn send(&mut self, place: Place, buffer: Vec<u8>) -> io::Result<()> {
        let sending = &mut self.sending[place.index()];
        assert!(sending.is_empty(), "a second buffer for one client");
        *sending = buffer;
        let length = u32::try_from(sending.len()).map_err(io::Error::other)?;
        let send = opcode::Send::new(place.socket(), sending.as_ptr(), length).flags(libc::MSG_WAITALL);
        self.push(send.build(), Request::Send, place)
    }

    /// Gives up what is asked of a connection. [`Event::Over`] follows, and [`Event::Sent`] where something was to be sent.
    ///
    /// To shut the socket down would be a request that the kernel leaves to a thread of its own, and by then somebody else
    /// may be at this place.
    pub(crate) fn hang_up(&mut self, place: Place) -> io::Result<()> {
        let all = types::CancelBuilder::fd(place.socket()).all();
        self.push(opcode::AsyncCancel2::new(all).build(), Request::Other, place)
    }

    /// Closes the connection and frees its place, after [`Event::Over`].
    pub(crate) fn free(&mut self, place: Place) -> io::Result<()> {
        self.push(opcode::Close::new(place.socket()).build(), Request::Other, place)
    }

    fn accept(&mut self) -> io::Result<()> {
        let listener = types::Fd(self.listener.as_raw_fd());
        let accept = opcode::AcceptMulti::new(listener).allocate_file_index(true);
        self.push(accept.build(), Request::Accept, Place(0))
    }

    fn receive(&mut self, place: Place) -> io::Result<()> {
        self.push(opcode::RecvMulti::new(place.socket(), room::GROUP).build(), Request::Receive, place)
    }

    fn accepted(&mut self, completion: &cqueue::Entry) -> io::Result<Event> {
        let result = completion.result();
        let place = u32::try_from(result).map(Place).map_err(|_| io::Error::from_raw_os_error(-result))?;
        if !cqueue::more(completion.flags()) {
            self.accept()?;
        }
        self.receive(place)?;
        Ok(Event::Came(place))
    }

    fn received(&mut self, place: Place, completion: &cqueue::Entry) -> io::Result<Option<Event>> {
        let piece = self.room.piece(completion);
        // Where all buffers were in use, some are free by the time that the request is made again.
        let goes_on = piece.is_some() || completion.result() == -libc::ENOBUFS;
        if goes_on && !cqueue::more(completion.flags()) {
            self.receive(place)?;
        }
        if !goes_on {
            return Ok(Some(Event::Over(place)));
        }
        Ok(piece.map(|piece| Event::Arrived(place, piece)))
    }

    fn sent(&mut self, place: Place, result: i32) -> Event {
        let buffer = std::mem::take(&mut self.sending[place.index()]);
        let is_whole = usize::try_from(result) == Ok(buffer.len());
        Event::Sent(place, buffer, is_whole)
    }

    fn push(&mut self, entry: squeue::Entry, request: Request, place: Place) -> io::Result<()> {
        let entry = entry.user_data(u64::from(place.0) << 8 | request as u64);
        // SAFETY: entries point to nothing, to the room, which is never freed, or to a buffer in `sending`, which is neither
        // changed nor freed before its completion: `send` refuses another one, and only `sent` takes it out.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }
}

/// A ring for one thread, which finishes requests only when it waits.
pub(crate) fn set_up() -> io::Result<IoUring> {
    IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_submit_all()
        .setup_cqsize(COMPLETIONS)
        .build(REQUESTS)
}

fn unpack(data: u64) -> (Request, Place) {
    let requests = [Request::Accept, Request::Receive, Request::Send];
    let request = requests.get(data as usize & 0xff).copied().unwrap_or(Request::Other);
    (request, Place((data >> 8) as u32))
}
