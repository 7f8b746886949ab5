//! A model of the driver: plans that follow from seeds are run against the real thing, and what happened is held against
//! what must be true of every run.
//!
//! `MODEL_STEPS` is how many steps are taken at least, `MODEL_SEED` the first seed, and `MODEL_SHOW` prints each run.

mod client;
mod consumer;
mod coverage;
mod drill;
mod expect;
mod journal;
mod log;
mod plan;
mod random;
mod run;
mod stream;
mod table;
mod world;

use coverage::Coverage;
use plan::Plan;
use world::{Mode, Story};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Panics that the plan asks for are not printed.
fn hide_planned_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some(consumer::CAUSE) {
            usual(panic);
        }
    }));
}

fn show(plan: &Plan, story: &Story) {
    println!("{plan:#?}");
    for entry in &story.entries {
        println!("{entry:?}");
    }
}

#[test]
fn what_must_be_true_of_every_run() {
    hide_planned_panics();
    let (mut seed, mut steps) = (number("MODEL_SEED").unwrap_or(1), 0);
    let mut coverage = Coverage::default();
    let mut bad = 0;
    while steps < number("MODEL_STEPS").unwrap_or(2_000_000) {
        let plan = Plan::new(seed);
        let story = run::run(&plan, Mode::PAUSED);
        let faults = expect::faults(&plan, &story, &mut coverage);
        if !faults.is_empty() {
            bad += 1;
            println!("seed {seed}: {faults:#?}");
        }
        if std::env::var("MODEL_SHOW").is_ok() {
            show(&plan, &story);
        }
        steps += story.steps;
        seed += 1;
    }
    println!("{steps} steps, the last seed is {}", seed - 1);
    println!("{} cells were seen", coverage.seen());
    assert_eq!(bad, 0);
    let missing = coverage.missing();
    assert!(missing.is_empty(), "{} cells were not seen: {missing:#?}", missing.len());
}

/// What connections saw, each by itself: the order in which connections that are ticked at once have their turn is not the
/// seed's.
fn stories(story: &Story) -> Vec<Vec<String>> {
    let of = |number| story.entries.iter().filter(move |entry| entry.of == Some(number));
    let count = story.entries.iter().filter_map(|entry| entry.of).max().map_or(0, |last| last + 1);
    (0..count).map(|number| of(number).map(|entry| format!("{entry:?}")).collect()).collect()
}

#[test]
fn a_seed_tells_one_story() {
    hide_planned_panics();
    for seed in 0..40 {
        let plan = Plan::new(seed);
        let tell = || stories(&run::run(&plan, Mode::PAUSED));
        let (first, second) = (tell(), tell());
        assert!(!first.is_empty());
        for (first, second) in first.iter().zip(&second) {
            let differs = first.iter().zip(second).find(|(first, second)| first != second);
            assert_eq!(differs, None, "seed {seed}");
            assert_eq!(first.len(), second.len(), "seed {seed}");
        }
    }
}

fn in_real_time(mode: Mode, seeds: std::ops::Range<u64>) {
    hide_planned_panics();
    let mut coverage = Coverage::default();
    let mut bad = 0;
    for seed in seeds {
        let plan = Plan::new(seed);
        let story = run::run(&plan, mode);
        let faults = expect::faults(&plan, &story, &mut coverage);
        if !faults.is_empty() {
            bad += 1;
            println!("seed {seed}: {faults:#?}");
        }
        if std::env::var("MODEL_SHOW").is_ok() {
            show(&plan, &story);
        }
    }
    assert_eq!(bad, 0);
}

#[test]
fn connections_may_be_on_two_runtimes() {
    in_real_time(Mode { threads: Some(2), over_tcp: false }, 1000..1010);
}

#[test]
fn connections_may_be_sockets_of_the_system() {
    in_real_time(Mode { threads: Some(1), over_tcp: true }, 2000..2010);
}

#[test]
fn sockets_may_be_on_two_runtimes() {
    in_real_time(Mode { threads: Some(2), over_tcp: true }, 3000..3010);
}
