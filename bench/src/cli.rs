//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::load::MAX_OUTSTANDING;
use crate::servers::Kind;
use crate::setting::Layer;

#[derive(Debug, Parser)]
#[command(about = "Measures chanx beside its peers on this machine")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// One group, one publisher: what a delivery costs
    Fanout(FanoutOptions),
    /// One of the servers, until its standard input ends
    #[command(hide = true)]
    Serve(ServeOptions),
}

#[derive(Debug, Args)]
pub(crate) struct FanoutOptions {
    /// Sizes of the group
    #[arg(long, value_delimiter = ',', default_value = "1000,10000", value_parser = clap::value_parser!(u32).range(1..))]
    members: Vec<u32>,
    /// How many messages may be under way at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,4", value_parser = clap::value_parser!(u32).range(1..=MAX_OUTSTANDING as i64))]
    outstanding: Vec<u32>,
    /// How often everything is measured; the medians are reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// Which servers
    #[arg(long, value_delimiter = ',', value_enum, default_value = "chanx,axum-broadcast,floor")]
    pub(crate) servers: Vec<Kind>,
    /// What connects the processes; all but `memory` need a `redis-server` in the path
    #[arg(long, value_delimiter = ',', value_enum, default_value = "memory,redis+pubsub,redis,redis+sharded")]
    layers: Vec<Layer>,
    /// A first impression in less than a minute: 1,000 members, one process and one layer, one short round
    #[arg(long)]
    quick: bool,
    /// Where the report goes as well
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// The Redis that connects it with others
    #[arg(long)]
    pub(crate) layer: Option<String>,
}

impl FanoutOptions {
    pub(crate) fn members(&self) -> &[u32] {
        if self.quick { &[1000] } else { &self.members }
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        if self.quick { &[Layer::Memory, Layer::PubSub] } else { &self.layers }
    }

    pub(crate) fn outstanding(&self) -> &[u32] {
        &self.outstanding
    }

    pub(crate) fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }

    pub(crate) fn seconds(&self) -> f64 {
        if self.quick { 1.0 } else { self.seconds }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_owned())?;
    match (0.05..=3600.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("between 0.05 and 3600 seconds".to_owned()),
    }
}
