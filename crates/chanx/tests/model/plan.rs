//! What a seed stands for: settings, connections, what their consumers do, and what their clients and networks do.

use std::ops::Range;

use crate::drill;
use crate::random::Random;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) settings: Knobs,
    pub(crate) connections: Vec<Connection>,
    /// What consumers do with events, by number.
    pub(crate) events: Vec<Handler>,
    /// Whether clients close at the end, before the server does.
    pub(crate) clients_close: bool,
    /// Whether slow clients and streams stay slow for a while before the end.
    pub(crate) stays_slow: bool,
}

/// Times are in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Knobs {
    pub(crate) max_outgoing_bytes: usize,
    pub(crate) max_waiting_messages: usize,
    pub(crate) max_queued_deliveries: usize,
    pub(crate) admission_timeout: u64,
    pub(crate) handler_timeout: Option<u64>,
    pub(crate) sends_immediately: bool,
    pub(crate) completes: bool,
    pub(crate) tells_authentication: bool,
    pub(crate) min_send_rate: usize,
    pub(crate) idle_timeout: Option<u64>,
    /// How many compression contexts there may be, if messages are compressed.
    pub(crate) compresses: Option<usize>,
}

pub(crate) const CLOSE_TIMEOUT: u64 = 500;
pub(crate) const SEND_TIMEOUT: u64 = 2000;
pub(crate) const PING_INTERVAL: u64 = 1200;
/// Bytes of a message that leaves.
pub(crate) const LONGEST: usize = 6000;

/// Which consumer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// It takes messages as they are, and each failure of a message closes.
    pub(crate) is_bare: bool,
    /// A panic does not close.
    pub(crate) is_lenient: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: StreamPlan,
    /// Whether the client takes compressed messages.
    pub(crate) inflates: bool,
    pub(crate) admission: Handler,
    pub(crate) connect: Handler,
    pub(crate) groups: Handler,
    pub(crate) joins: Vec<usize>,
    pub(crate) greet: Handler,
    pub(crate) messages: Vec<Handler>,
    pub(crate) missed: Handler,
    pub(crate) farewell: Handler,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Handler {
    pub(crate) acts: Vec<Act>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    #[default]
    Ok,
    Error,
    Closed,
    Panic,
    Hang,
    /// Of permissions alone.
    Deny,
}

/// A thing that a handler does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Say {
        count: usize,
        size: usize,
    },
    Sleep(u64),
    Yield(usize),
    /// Sends through the handle of another connection, or its own.
    Whisper {
        to: usize,
        count: usize,
        size: usize,
    },
    Publish {
        group: usize,
        count: usize,
        size: usize,
        own_too: bool,
    },
    Tell {
        group: usize,
        event: usize,
    },
    Join(usize),
    Leave(usize),
    Close(u16),
    Spawn {
        after: u64,
        size: usize,
        outcome: Outcome,
    },
    /// The layer says that messages may be missing.
    Miss,
}

/// How the stream under a connection behaves after the handshake.
#[derive(Clone, Debug)]
pub(crate) struct StreamPlan {
    /// In so many of a hundred cases it is not ready.
    pub(crate) hesitates: usize,
    /// For how long at most.
    pub(crate) delay: usize,
    /// The most bytes at a time.
    pub(crate) piece: usize,
    /// Bytes that may be on their way to the client.
    pub(crate) capacity: usize,
    /// Bytes that stay until they are flushed; 0 for none.
    pub(crate) buffer: usize,
    pub(crate) fault: Fault,
}

/// What goes wrong, after so many bytes or flushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    ReadError(usize),
    ReadEnd(usize),
    WriteError(usize),
    WriteNothing(usize),
    FlushError(usize),
}

/// A thing that a client does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Act(u32),
    /// The same in fragments.
    Fragments(u32),
    /// The same in pieces, with a pause between them.
    Pieces(u32, u64),
    /// A message whose reading panics.
    Read(u32),
    Bad(usize),
    Ping(u8),
    Violation(usize),
    Close(u16),
    Finish,
    Reset,
    Pause(u64),
    Appetite(Appetite),
    /// From now on pings are not answered.
    Mute,
}

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appetite {
    All,
    Nothing,
    Some { bytes: usize, every: u64 },
}

impl StreamPlan {
    /// Whether nothing is late because of it.
    pub(crate) fn is_prompt(&self) -> bool {
        self.delay == 0 && self.capacity > 1_000_000 && self.fault == Fault::None
    }
}

impl Connection {
    /// Whether nothing is late because of the client or the network.
    pub(crate) fn is_prompt(&self) -> bool {
        self.stream.is_prompt() && self.steps.iter().all(|step| !matches!(step, Step::Appetite(_)))
    }
}

/// The message that each client sends at the end, if it can.
pub(crate) const PROBE: u32 = 1000;

/// Messages that are as short to handle as the last one, and long to read.
pub(crate) const LARGE: Range<u32> = 500..600;

pub(crate) fn probe(connection: &Connection) -> Handler {
    let publish = |group: &usize| Act::Publish { group: *group, count: 1, size: 10, own_too: true };
    let mut acts: Vec<_> = connection.joins.iter().map(publish).collect();
    acts.push(Act::Say { count: 1, size: 10 });
    Handler { acts, outcome: Outcome::Ok }
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let count = random.between(2, 6);
        let groups = random.between(1, 3);
        let settings = knobs(&mut random);
        let events = (0..3).map(|_| event(&mut random, groups)).collect();
        let mut draw = Draw { random, number: 0, count, groups };
        let connections = (0..count).map(|number| draw.connection(number)).collect();
        let clients_close = draw.random.chance(50);
        let stays_slow = draw.random.chance(30);
        let mut plan = Self { seed, settings, connections, events, clients_close, stays_slow };
        drill::install(&mut plan, groups, &mut draw.random);
        plan
    }
}

fn knobs(random: &mut Random) -> Knobs {
    Knobs {
        max_outgoing_bytes: random.pick(&[300, 3000, 100_000]),
        max_waiting_messages: random.pick(&[1, 3, 64]),
        max_queued_deliveries: random.pick(&[4, 64, 1024]),
        admission_timeout: random.pick(&[300, 2000]),
        handler_timeout: random.pick(&[None, Some(300), Some(300)]),
        sends_immediately: random.chance(60),
        completes: random.chance(60),
        tells_authentication: random.chance(80),
        min_send_rate: random.pick(&[0, 100]),
        idle_timeout: random.pick(&[None, None, None, Some(1500)]),
        compresses: random.pick(&[None, None, Some(0), Some(2)]),
    }
}

const FAILURES: [Outcome; 4] = [Outcome::Error, Outcome::Closed, Outcome::Panic, Outcome::Hang];

fn event(random: &mut Random, groups: usize) -> Handler {
    let mut acts = Vec::new();
    if random.chance(50) {
        acts.push(Act::Sleep(random.between(1, 100) as u64));
    }
    if random.chance(40) {
        acts.push(Act::Say { count: 1, size: random.between(0, 300) });
    }
    if random.chance(20) {
        acts.push(Act::Publish { group: random.below(groups), count: 1, size: 50, own_too: random.chance(50) });
    }
    Handler { acts, outcome: if random.chance(60) { Outcome::Ok } else { random.pick(&FAILURES) } }
}

struct Draw {
    random: Random,
    /// The connection that is drawn.
    number: usize,
    count: usize,
    groups: usize,
}

impl Draw {
    fn connection(&mut self, number: usize) -> Connection {
        self.number = number;
        let endpoint = Endpoint { is_bare: self.random.chance(25), is_lenient: self.random.chance(40) };
        let stream = self.stream();
        // Where it is to fail: in one of the steps before the first message, in the farewell, or later.
        let focus = self.random.below(10);
        let before = |draw: &mut Self, is_here: bool| {
            let outcome = if is_here { draw.random.pick(&FAILURES) } else { Outcome::Ok };
            draw.short(outcome, is_here || focus > 5)
        };
        let admission = if focus == 0 && self.random.chance(20) {
            Handler { acts: Vec::new(), outcome: Outcome::Deny }
        } else {
            before(self, focus == 0)
        };
        let (connect, groups, mut greet) =
            (before(self, focus == 1), before(self, focus == 2), before(self, focus == 3));
        if self.random.chance(50) {
            greet.acts.push(Act::Say { count: 1, size: self.random.between(0, 500) });
        }
        let mut farewell = self.short(Outcome::Ok, true);
        if self.random.chance(40) {
            farewell.outcome = self.random.pick(&[Outcome::Panic, Outcome::Hang]);
        }
        let mut missed = self.short(Outcome::Ok, true);
        if self.random.chance(50) {
            missed.outcome = self.random.pick(&FAILURES);
        }
        let inflates = self.random.chance(60);
        let joins = (0..self.groups).filter(|_| self.random.chance(70)).collect();
        let messages: Vec<_> = (0..self.random.between(1, 8)).map(|_| self.message()).collect();
        let mut connection = Connection {
            endpoint,
            stream,
            inflates,
            admission,
            connect,
            groups,
            joins,
            greet,
            messages,
            missed,
            farewell,
            steps: Vec::new(),
        };
        connection.steps = match focus {
            0..=3 if self.random.chance(50) => self.leaves_early(),
            _ => self.steps(&connection),
        };
        connection
    }

    fn stream(&mut self) -> StreamPlan {
        let random = &mut self.random;
        let piece = random.pick(&[1, 7, 100, 1000, 20_000]);
        let buffer = random.pick(&[0, 0, 64, 4096]);
        let hesitates = random.pick(&[0, 10, 50]);
        if random.chance(55) {
            return StreamPlan { hesitates, delay: 0, piece, capacity: 1 << 24, buffer, fault: Fault::None };
        }
        let after = random.below(1500);
        let fault = match random.below(12) {
            0 => Fault::ReadError(after),
            1 => Fault::ReadEnd(after),
            2 => Fault::WriteError(after),
            3 => Fault::WriteNothing(after),
            4 => Fault::FlushError(random.below(20)),
            _ => Fault::None,
        };
        StreamPlan { hesitates, delay: random.between(0, 20), piece, capacity: random.between(50, 5000), buffer, fault }
    }

    /// What has little to do.
    fn short(&mut self, outcome: Outcome, may_sleep: bool) -> Handler {
        let mut acts = Vec::new();
        if self.random.chance(20) {
            acts.push(Act::Yield(self.random.between(1, 3)));
        }
        if may_sleep && self.random.chance(60) {
            acts.push(Act::Sleep(self.random.between(1, 60) as u64));
        }
        Handler { acts, outcome }
    }

    fn message(&mut self) -> Handler {
        let acts = (0..self.random.below(5)).map(|_| self.act()).collect();
        let outcome = if self.random.chance(60) { Outcome::Ok } else { self.random.pick(&FAILURES) };
        Handler { acts, outcome }
    }

    fn act(&mut self) -> Act {
        let (count, groups, own) = (self.count, self.groups, self.number);
        let random = &mut self.random;
        let size = random.pick(&[0, 20, 200, 1000, 4000]);
        match random.below(24) {
            0..=5 => Act::Say { count: 1, size },
            6 => Act::Say { count: random.between(2, 30), size },
            7..=9 => Act::Sleep(random.between(1, 200) as u64),
            10 => Act::Yield(random.between(1, 5)),
            11 => Act::Whisper { to: random.below(count), count: random.between(1, 6), size },
            12 => Act::Whisper { to: own, count: random.between(1, 6), size },
            13..=15 => Act::Publish { group: random.below(groups), count: 1, size, own_too: random.chance(50) },
            16 => Act::Publish { group: random.below(groups), count: random.between(2, 40), size, own_too: true },
            17 | 18 => Act::Tell { group: random.below(groups), event: random.below(3) },
            19 => Act::Join(random.below(groups)),
            20 => Act::Leave(random.below(groups)),
            21 if random.chance(30) => Act::Close(random.pick(&[1000, 1001, 3000, 4321])),
            22 => Act::Spawn { after: random.between(0, 100) as u64, size, outcome: random.pick(&FAILURES[..3]) },
            23 => Act::Miss,
            _ => Act::Spawn { after: random.between(0, 100) as u64, size, outcome: Outcome::Ok },
        }
    }

    fn leaves_early(&mut self) -> Vec<Step> {
        let pause = Step::Pause(self.random.below(80) as u64);
        vec![pause, Step::Act(0), self.leave()]
    }

    fn leave(&mut self) -> Step {
        match self.random.below(3) {
            0 => Step::Close(self.random.pick(&[1000, 1001, 3500])),
            1 => Step::Finish,
            _ => Step::Reset,
        }
    }

    fn steps(&mut self, connection: &Connection) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.random.chance(50) {
            steps.push(Step::Pause(self.random.below(200) as u64));
        }
        let is_calm = connection.stream.is_prompt() && self.random.chance(80);
        for n in 0..connection.messages.len() as u32 {
            steps.push(match self.random.below(10) {
                0 => Step::Fragments(n),
                1 => Step::Pieces(n, self.random.below(50) as u64),
                _ => Step::Act(n),
            });
            match self.random.below(14) {
                0..=2 => steps.push(Step::Pause(self.random.below(150) as u64)),
                3 | 4 => steps.push(Step::Ping(n as u8)),
                5 => steps.push(Step::Bad(self.random.below(4))),
                6 if !connection.endpoint.is_bare => steps.push(Step::Read(n)),
                7 | 8 if !is_calm => {
                    let some = Appetite::Some { bytes: self.random.between(1, 400), every: 10 };
                    let appetite = self.random.pick(&[Appetite::All, Appetite::Nothing, some]);
                    steps.push(Step::Appetite(appetite));
                }
                9 if self.random.chance(30) => steps.push(Step::Violation(self.random.below(4))),
                // Gone while the handler runs, or while messages wait.
                10 if self.random.chance(70) => {
                    if self.random.chance(50) {
                        steps.push(Step::Pause(self.random.between(1, 50) as u64));
                    }
                    steps.push(self.leave());
                }
                _ => {}
            }
        }
        match self.random.below(10) {
            0 | 1 => steps.push(self.leave()),
            2 => steps.push(Step::Mute),
            _ => {}
        }
        steps
    }
}
