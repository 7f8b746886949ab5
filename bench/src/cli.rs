//! What can be asked for on the command line.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::layer::Layer;
use crate::load::MAX_OUTSTANDING;
use crate::plan::{self, Plan};
use crate::servers::Kind;
use crate::work::{Answer, Growing, Login, Work};

#[derive(Debug, Parser)]
#[command(about = "Measures chanx beside its peers on this machine")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    #[command(flatten)]
    Measure(Measurement),
    /// Clients of all kinds for a long time, while Redis is killed again and again: whether anything is lost or kept
    Soak(SoakOptions),
    /// A process of the server that is soaked, until its standard input ends
    #[command(hide = true)]
    SoakSite(SiteOptions),
    /// One of the servers, until its standard input ends
    #[command(hide = true)]
    Serve(ServeOptions),
    /// A part of a fleet, until its standard input ends
    #[command(hide = true)]
    Hold(HoldOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Measurement {
    /// Connections whose messages are answered: what an answer costs
    Echo(EchoOptions),
    /// One group, one publisher: what a delivery costs
    Fanout(FanoutOptions),
    /// Connections that do nothing: what each costs in memory
    Idle(IdleOptions),
    /// Connections that come, and go again: what each costs
    Churn(ChurnOptions),
    /// The same work among few and many: whether it costs the same
    Growth(GrowthOptions),
    /// More connections than a process may hold, over several processes
    Fleet(FleetOptions),
    /// A first impression of chanx beside the floor, in less than two minutes
    Quick(Common),
    /// Everything with everybody, and the page and the plots that show it
    All(Common),
}

/// What every measurement can be told.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// How often everything is measured; the medians are reported
    #[arg(long, value_parser = at_least_one())]
    pub(crate) rounds: Option<u32>,
    /// Seconds of each measurement
    #[arg(long, value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    /// Which servers
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(crate) servers: Option<Vec<Kind>>,
    /// Where the report goes as well
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EchoOptions {
    /// How many connections
    #[arg(long, value_delimiter = ',', default_value = "64,512", value_parser = at_least_one())]
    connections: Vec<u32>,
    /// How many messages each of them keeps under way
    #[arg(long, value_delimiter = ',', default_value = "1,16", value_parser = up_to(1..=MAX_OUTSTANDING as i64))]
    in_flight: Vec<u32>,
    /// How many frames answer a message: the reply, or the reply and its completion
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = up_to(1..=2))]
    frames: Vec<u32>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct FanoutOptions {
    /// Sizes of the group
    #[arg(long, value_delimiter = ',', default_value = "1000,10000", value_parser = at_least_one())]
    members: Vec<u32>,
    /// How many messages may be under way at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,4", value_parser = up_to(1..=MAX_OUTSTANDING as i64))]
    outstanding: Vec<u32>,
    /// What connects the processes; all but `memory` need a `redis-server` in the path
    #[arg(long, value_delimiter = ',', value_enum, default_value = "memory,redis+pubsub,redis,redis+sharded")]
    layers: Vec<Layer>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct IdleOptions {
    /// How many connections
    #[arg(long, value_delimiter = ',', default_value = "10000", value_parser = at_least_one())]
    connections: Vec<u32>,
    /// How servers know who connects
    #[arg(long, value_delimiter = ',', value_enum, default_value = "nobody,session")]
    logins: Vec<Login>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct ChurnOptions {
    /// How many connections there are at a time
    #[arg(long, value_delimiter = ',', default_value = "64", value_parser = at_least_one())]
    at_once: Vec<u32>,
    /// How many connect and stay, to measure the handshake alone
    #[arg(long, value_delimiter = ',', default_value = "10000", value_parser = at_least_one())]
    handshakes: Vec<u32>,
    /// How servers know who connects
    #[arg(long, value_delimiter = ',', value_enum, default_value = "nobody,session,cached-session")]
    logins: Vec<Login>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct GrowthOptions {
    /// How many connections
    #[arg(long, value_delimiter = ',', default_value = "1000,15000", value_parser = at_least_one())]
    connections: Vec<u32>,
    /// What is done among them
    #[arg(long, value_delimiter = ',', value_enum, default_value = "echo,fanout,membership")]
    of: Vec<Growing>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct FleetOptions {
    /// How many connections in all
    #[arg(long, default_value_t = 250_000, value_parser = at_least_one())]
    connections: u32,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct SoakOptions {
    /// How many connections at a time
    #[arg(long, default_value_t = 5000, value_parser = at_least_one())]
    pub(crate) connections: u32,
    /// Seconds of both rounds together
    #[arg(long, default_value_t = 600.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Seconds between two kills of Redis
    #[arg(long, default_value_t = 60.0, value_parser = seconds)]
    pub(crate) redis_restart: f64,
    /// What connects the processes; all but `memory`, where there is one process, need a `redis-server` in the path
    #[arg(long, value_enum, default_value = "redis")]
    pub(crate) layer: Layer,
    /// How many processes of the server
    #[arg(long, default_value_t = 2, value_parser = at_least_one())]
    pub(crate) processes: u32,
    /// What clients do by chance is the same for the same seed
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A folder for the report, the curves and the logs of the processes
    #[arg(long, default_value = "target/soak")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SiteOptions {
    #[arg(value_enum)]
    pub(crate) command: SiteCommand,
}

/// What a site is to do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SiteCommand {
    Migrate,
    Runserver,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// The Redis that connects it with others
    #[arg(long)]
    pub(crate) layer: Option<String>,
    /// The database in which its users are
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// Look sessions up in the database each time
    #[arg(long)]
    pub(crate) uncached: bool,
    /// Seconds between two pings
    #[arg(long, value_parser = seconds)]
    pub(crate) ping_interval: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct HoldOptions {
    /// The address of the server
    #[arg(long)]
    pub(crate) address: std::net::SocketAddr,
    /// How many connections
    #[arg(long)]
    pub(crate) connections: u32,
    /// The key of a login session
    #[arg(long)]
    pub(crate) session: String,
}

impl Measurement {
    /// What is to be done.
    pub(crate) fn into_plan(self) -> Plan {
        match self {
            Self::Echo(options) => plan::of(options.works(), options.common),
            Self::Fanout(options) => plan::of(options.works(), options.common),
            Self::Idle(options) => plan::of(options.works(), options.common),
            Self::Churn(options) => plan::of(options.works(), options.common),
            Self::Growth(options) => plan::of(options.works(), options.common),
            Self::Fleet(options) => plan::of(vec![Work::Fleet { connections: options.connections }], options.common),
            Self::Quick(common) => plan::quick(common),
            Self::All(common) => plan::everything(common),
        }
    }
}

impl EchoOptions {
    fn works(&self) -> Vec<Work> {
        let answer = |frames| if frames == 1 { Answer::Reply } else { Answer::ReplyAndCompletion };
        each(&self.connections, &self.in_flight, |connections, in_flight| {
            let work = move |frames| Work::Echo { connections, in_flight, answer: answer(frames) };
            self.frames.iter().map(|frames| work(*frames)).collect()
        })
    }
}

impl FanoutOptions {
    fn works(&self) -> Vec<Work> {
        each(&self.layers, &self.members, |layer, members| {
            self.outstanding.iter().map(|&outstanding| Work::Fanout { layer, members, outstanding }).collect()
        })
    }
}

impl IdleOptions {
    fn works(&self) -> Vec<Work> {
        each(&self.connections, &self.logins, |connections, login| vec![Work::Idle { connections, login }])
    }
}

impl ChurnOptions {
    fn works(&self) -> Vec<Work> {
        let handshakes = |connections, login| vec![Work::Handshake { connections, login }];
        let visits = |at_once, login| vec![Work::Churn { at_once, login }];
        [each(&self.handshakes, &self.logins, handshakes), each(&self.at_once, &self.logins, visits)].concat()
    }
}

impl GrowthOptions {
    fn works(&self) -> Vec<Work> {
        each(&self.of, &self.connections, |of, connections| vec![Work::Growth { of, connections }])
    }
}

/// The works of each pair.
fn each<A: Copy, B: Copy>(some: &[A], others: &[B], works: impl Fn(A, B) -> Vec<Work>) -> Vec<Work> {
    some.iter().flat_map(|one| others.iter().flat_map(|other| works(*one, *other)).collect::<Vec<_>>()).collect()
}

fn at_least_one() -> RangedI64ValueParser<u32> {
    up_to(1..=i64::from(u32::MAX))
}

fn up_to(range: RangeInclusive<i64>) -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(range)
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_owned())?;
    match (0.05..=3600.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("between 0.05 and 3600 seconds".to_owned()),
    }
}

/// All servers there are.
pub(crate) fn all_servers() -> Vec<Kind> {
    Kind::value_variants().to_vec()
}
