//! Members that listen, one of whom speaks.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::door::Door;
use super::group::Group;
use super::{LoadError, Outcome};

/// How long to wait between two messages that are said at certain times.
const TICK: Duration = Duration::from_millis(1);

/// The members of a group, connected.
#[derive(Debug)]
pub(crate) struct Fanout {
    crowd: Crowd,
    group: Group,
}

impl Fanout {
    /// Connects the members, in turns to each of the addresses. The first one speaks, to the first of them.
    ///
    /// # Errors
    /// One cannot connect, or is not let in.
    pub(crate) fn connect(
        addresses: &[SocketAddr],
        members: usize,
        door: &Door<'_>,
        knows_the_sender: bool,
    ) -> Result<Self, LoadError> {
        let crowd = Crowd::connect(addresses, members, door)?;
        Ok(Self { group: Group::new(members, door.dialect, knows_the_sender), crowd })
    }

    /// Keeps this many messages under way for this long.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run(&mut self, outstanding: u32, duration: Duration) -> Result<Outcome, LoadError> {
        self.group.forget_latencies();
        let begin = Instant::now();
        while begin.elapsed() < duration {
            while self.group.under_way() < u64::from(outstanding) {
                self.speak()?;
            }
            self.crowd.listen(&mut self.group)?;
        }
        Ok(Outcome { elapsed: begin.elapsed(), latencies: self.group.latencies().clone() })
    }

    /// Says this many messages each second for this long, or as many as the server delivers: one at a time.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run_at(&mut self, per_second: f64, duration: Duration) -> Result<Outcome, LoadError> {
        self.group.forget_latencies();
        let (begin, mut said) = (Instant::now(), 0.0);
        while begin.elapsed() < duration {
            if self.group.under_way() == 0 && said <= begin.elapsed().as_secs_f64() * per_second {
                self.speak()?;
                said += 1.0;
            }
            self.crowd.listen_for(TICK, &mut self.group)?;
        }
        self.finish()?;
        Ok(Outcome { elapsed: begin.elapsed(), latencies: self.group.latencies().clone() })
    }

    /// Waits until every member has got every message, and nothing else.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn settle(&mut self) -> Result<(), LoadError> {
        // What comes once too often comes before what follows it.
        self.speak()?;
        self.finish()
    }

    fn finish(&mut self) -> Result<(), LoadError> {
        while self.group.under_way() > 0 {
            self.crowd.listen(&mut self.group)?;
        }
        Ok(())
    }

    fn speak(&mut self) -> Result<(), LoadError> {
        self.crowd.say(0, self.group.publish())
    }
}
