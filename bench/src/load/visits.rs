//! Clients that come all the time, to stay or to go again after one exchange.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::connect::{ConnectError, ask};
use super::crowd::PATIENCE;
use super::door::Door;
use super::script::{Exchange, Script};
use super::visitor::{Course, Visitor};
use super::{LoadError, Outcome};
use crate::histogram::Histogram;

/// Where clients go when they have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whither {
    /// Nowhere: they stay until the end.
    Stay,
    /// They ask once, are answered, and say goodbye.
    Leave,
}

/// Clients that come, so many at a time.
#[derive(Debug)]
pub(crate) struct Visits<'a> {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    course: Course<'a>,
    visitors: Vec<Option<Visitor>>,
    begun: usize,
    stayed: Vec<Visitor>,
    latencies: Histogram,
}

impl<'a> Visits<'a> {
    /// Visits to one address.
    ///
    /// # Errors
    /// There is no epoll.
    pub(crate) fn new(address: SocketAddr, door: Door<'a>, whither: Whither) -> Result<Self, LoadError> {
        Ok(Self {
            poll: Poll::new().map_err(LoadError::Poll)?,
            events: Events::with_capacity(1024),
            address,
            course: Course { door, whither, script: Script::new(door.dialect, Exchange::Echo) },
            visitors: Vec::new(),
            begun: 0,
            stayed: Vec::new(),
            latencies: Histogram::default(),
        })
    }

    /// Lets this many come, some of them at the same time.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run(&mut self, visits: usize, at_once: usize) -> Result<Outcome, LoadError> {
        let end = self.begun + visits;
        self.go_on(at_once, |begun, _| begun < end)
    }

    /// Lets so many be there at the same time, for this long.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run_for(&mut self, duration: Duration, at_once: usize) -> Result<Outcome, LoadError> {
        self.go_on(at_once, |_, elapsed| elapsed < duration)
    }

    /// Begins visits for as long as `is_going_on` says so, and waits for the last ones.
    fn go_on(&mut self, at_once: usize, is_going_on: impl Fn(usize, Duration) -> bool) -> Result<Outcome, LoadError> {
        self.latencies = Histogram::default();
        self.visitors.resize_with(at_once, || None);
        let begin = Instant::now();
        loop {
            for place in 0..at_once {
                if self.visitors[place].is_none() && is_going_on(self.begun, begin.elapsed()) {
                    self.begin(place)?;
                }
            }
            if self.visitors.iter().all(Option::is_none) {
                return Ok(Outcome { elapsed: begin.elapsed(), latencies: self.latencies.clone() });
            }
            self.listen()?;
        }
    }

    fn begin(&mut self, place: usize) -> Result<(), LoadError> {
        let (number, began) = (self.begun, Instant::now());
        let stream = ask(number, self.address, &self.course.door)?;
        let connect = |source| ConnectError::Connect { client: number, source };
        stream.set_nonblocking(true).map_err(connect)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(place), Interest::READABLE).map_err(LoadError::Poll)?;
        self.visitors[place] = Some(Visitor::new(number, stream, began));
        self.begun += 1;
        Ok(())
    }

    fn listen(&mut self) -> Result<(), LoadError> {
        match self.poll.poll(&mut self.events, Some(PATIENCE)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled.map_err(LoadError::Poll)?,
        }
        if self.events.is_empty() {
            return Err(LoadError::Stalled);
        }
        let places: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
        for place in places {
            let Some(visitor) = &mut self.visitors[place] else { continue };
            visitor.hear(&self.course)?;
            if visitor.is_done() {
                self.end(place)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, place: usize) -> Result<(), LoadError> {
        let Some(mut visitor) = self.visitors[place].take() else { return Ok(()) };
        self.latencies.record(visitor.elapsed());
        if self.course.whither == Whither::Stay {
            self.poll.registry().deregister(visitor.stream_mut()).map_err(LoadError::Poll)?;
            self.stayed.push(visitor);
        }
        Ok(())
    }
}
