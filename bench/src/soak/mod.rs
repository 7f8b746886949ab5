//! A soak: many clients of all kinds for a long time, a Redis that is killed again and again, and books of everything.
//!
//! - [`site`] is the server, [`server`] its processes as this program sees them, [`redis`] what happens to Redis.
//! - [`crowd`] is the load; [`book`] has each message with each of its members.
//! - The time is divided into two equal rounds, each of which ends when all clients have left and the server is at rest again. What the
//!   second one takes more than the first is kept by something; one round alone would show what an allocator keeps.
//! - [`curve`] has what the server held, and [`report`] says all of it.

mod book;
mod crowd;
mod curve;
mod dice;
mod error;
mod figures;
mod outages;
mod redis;
mod report;
mod server;
mod site;

pub(crate) use error::SoakError;
pub(crate) use site::run as run_site;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::SoakOptions;
use crate::cores;
use crate::layer::Layer;
use crate::servers::Kind;
use crowd::{Crowd, Notes, Shape, Stage};
use curve::{Moment, Round};
use outages::Outages;
use redis::{Fault, Redis, Schedule};
use report::Report;
use server::{Holding, Server};

const TURN: Duration = Duration::from_millis(100);
const BETWEEN_SAMPLES: Duration = Duration::from_secs(1);
/// How long clients may take to go, and the server to be at rest afterwards.
const PATIENCE: Duration = Duration::from_secs(60);
/// Visitors before anything counts, so that what is made once is there.
const WARM_UP: Duration = Duration::from_secs(3);
const WARM_UP_CONNECTIONS: u32 = 100;
/// Within a round of this length or more slow readers must be closed.
const SLOW_ARE_CLOSED_WITHIN: Duration = Duration::from_secs(60);

/// Soaks the server, and reports.
///
/// # Errors
/// Faults of the server, and a machine on which it cannot be soaked.
pub(crate) fn soak(options: &SoakOptions) -> Result<(), SoakError> {
    cores::allow_many_sockets();
    write_to(&options.output, |folder| fs::create_dir_all(folder))?;
    let mut soak = Soak::start(options)?;
    let outcome = soak.run();
    let report = Report::new(options, &soak);
    println!("{report}");
    write_to(&options.output.join("soak.md"), |path| fs::write(path, report.to_string()))?;
    write_to(&options.output.join("soak.svg"), |path| fs::write(path, report.curves().to_string()))?;
    outcome?;
    match soak.notes.book().fault_count {
        0 => Ok(()),
        count => Err(SoakError::Faults { count }),
    }
}

fn write_to(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), SoakError> {
    write(path).map_err(|source| SoakError::Output { path: path.to_owned(), source })
}

/// Everything that runs.
struct Soak {
    servers: Vec<Server>,
    redis: Option<Redis>,
    shape: Shape,
    /// Of each of the two rounds.
    round: Duration,
    /// Between two kills of Redis.
    period: Duration,
    seed: u64,
    notes: Notes,
    begin: Instant,
    next_sample: Instant,
    /// What each process held after the first visitors.
    base: Vec<Holding>,
    moments: Vec<Moment>,
    marks: Vec<(f64, Fault)>,
    rounds: Vec<Round>,
}

impl Soak {
    fn start(options: &SoakOptions) -> Result<Self, SoakError> {
        let redis = options.layer.needs_redis().then(Redis::start).transpose()?;
        let url = match &redis {
            Some(redis) => options.layer.url(Kind::Chanx, redis.address()),
            None => "memory://".to_owned(),
        };
        // Without a Redis a group has members in one process only.
        let processes = if options.layer == Layer::Memory { 1 } else { options.processes };
        let log = |process| options.output.join(format!("server-{process}.log"));
        let servers: Result<_, _> = (1..=processes).map(|process| Server::start(&url, &log(process))).collect();
        Ok(Self {
            servers: servers?,
            redis,
            shape: Shape::of(options.connections),
            round: Duration::from_secs_f64(options.seconds) / 2,
            period: Duration::from_secs_f64(options.redis_restart),
            seed: options.seed,
            notes: Notes::default(),
            begin: Instant::now(),
            next_sample: Instant::now(),
            base: Vec::new(),
            moments: Vec::new(),
            marks: Vec::new(),
            rounds: Vec::new(),
        })
    }

    fn run(&mut self) -> Result<(), SoakError> {
        self.visit(Shape::of(WARM_UP_CONNECTIONS), WARM_UP, false)?;
        self.base = self.at_rest(None)?;
        for number in 1..=2 {
            self.say(&format!("round {number}"));
            self.rounds.push(Round::default());
            self.visit(self.shape, self.round, true)?;
            let base = self.base.clone();
            let held = self.at_rest(Some(&base))?;
            let rest = held.into_iter().fold(Holding::default(), |sum, held| sum + held);
            self.rounds.last_mut().into_iter().for_each(|round| round.rest = rest);
        }
        if let [first, second] = &self.rounds[..] {
            let excess = self.rounds.iter().filter_map(|round| round.excess(self.shape.slow()));
            let faults = excess.chain(curve::growth(first, second));
            faults.for_each(|fault| self.notes.book().fault(fault));
        }
        let too_slow: u64 = self.look()?.iter().map(|held| held.figures.too_slow).sum();
        if too_slow == 0 && self.round >= SLOW_ARE_CLOSED_WITHIN {
            self.notes.book().fault("no slow reader was closed");
        }
        Ok(())
    }

    /// Lets clients come, do what they do for so long, and go.
    fn visit(&mut self, shape: Shape, time: Duration, has_faults: bool) -> Result<(), SoakError> {
        let addresses: Vec<_> = self.servers.iter().map(Server::address).collect();
        let crowd = Crowd::start(&addresses, shape, self.seed, &self.notes).map_err(SoakError::System)?;
        let mut schedule = has_faults.then(|| Schedule::new(self.period));
        let begin = Instant::now();
        while begin.elapsed() < time || self.redis.as_ref().is_some_and(Redis::is_away) {
            self.turn(Some(&crowd))?;
            if let Some(fault) = schedule.as_mut().and_then(|schedule| schedule.due(begin.elapsed())) {
                self.strike(fault)?;
            }
        }
        self.say("nothing is said any more");
        crowd.set_stage(Stage::Quiet);
        self.wait(Outages::patience() + PATIENCE, Some(&crowd), |soak| soak.notes.book().unsettled() == 0)?;
        self.say("everybody goes");
        crowd.set_stage(Stage::Leaving);
        if !self.wait(PATIENCE, Some(&crowd), |_| crowd.is_over())? {
            self.notes.book().fault(format!("some clients could not go within {PATIENCE:?}"));
        }
        Ok(())
    }

    fn strike(&mut self, fault: Fault) -> Result<(), SoakError> {
        let Some(redis) = &mut self.redis else { return Ok(()) };
        if fault == Fault::Killed {
            self.notes.book().outages.begin(Instant::now());
        }
        redis.suffer(fault)?;
        if matches!(fault, Fault::BackWithItsData | Fault::BackEmpty) {
            self.notes.book().outages.end(Instant::now());
        }
        self.marks.push((self.begin.elapsed().as_secs_f64(), fault));
        self.say(&format!("Redis {}", fault.name()));
        Ok(())
    }

    /// Says what happens, for those who watch.
    fn say(&self, what: &str) {
        eprintln!("{:6.1} s: {what}", self.begin.elapsed().as_secs_f64());
    }

    /// Waits until something is so. Yields whether it is.
    fn wait(
        &mut self,
        patience: Duration,
        crowd: Option<&Crowd>,
        mut is_so: impl FnMut(&mut Self) -> bool,
    ) -> Result<bool, SoakError> {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if is_so(self) {
                return Ok(true);
            }
            self.turn(crowd)?;
        }
        Ok(is_so(self))
    }

    /// Waits a little, and looks at the server when it is time.
    fn turn(&mut self, crowd: Option<&Crowd>) -> Result<(), SoakError> {
        std::thread::sleep(TURN);
        if Instant::now() < self.next_sample {
            return Ok(());
        }
        self.next_sample = Instant::now() + BETWEEN_SAMPLES;
        let held = self.look()?.into_iter().fold(Holding::default(), |sum, held| sum + held);
        self.moments.push(Moment { at: self.begin.elapsed().as_secs_f64(), held });
        if let Some(crowd) = crowd {
            crowd.set_too_slow(held.figures.too_slow);
        }
        if let Some(round) = self.rounds.last_mut() {
            round.reach(held);
        }
        Ok(())
    }

    /// What each process holds.
    fn look(&mut self) -> Result<Vec<Holding>, SoakError> {
        self.servers.iter_mut().map(Server::holding).collect()
    }

    /// Waits until each process holds no more than before, and until nothing changes any more if that is not known yet.
    fn at_rest(&mut self, base: Option<&[Holding]>) -> Result<Vec<Holding>, SoakError> {
        let end = Instant::now() + PATIENCE;
        let mut before = self.look()?;
        loop {
            self.turn(None)?;
            let now = self.look()?;
            let kept: BTreeMap<_, _> = match base {
                Some(base) => unrest(&now, base),
                None => unrest(&now, &before),
            };
            let is_same = now.iter().zip(&before).all(|(now, before)| now.figures == before.figures);
            if kept.is_empty() && is_same {
                return Ok(now);
            }
            if Instant::now() > end {
                for (process, kept) in kept {
                    self.notes.book().fault(format!("process {process} is not at rest after {PATIENCE:?}: {kept}"));
                }
                return Ok(now);
            }
            before = now;
        }
    }
}

/// What keeps each process from being at rest.
fn unrest(now: &[Holding], base: &[Holding]) -> BTreeMap<usize, String> {
    let kept = now.iter().zip(base).enumerate();
    kept.filter_map(|(process, (now, base))| Some((process + 1, curve::unrest(*now, *base)?))).collect()
}
