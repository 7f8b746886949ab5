//! A model of the driver: plans that follow from seeds are run against the real thing, and what happened is held against
//! what must be true of every run.
//!
//! A plan says what consumers, clients and streams do, and the checks in `expect` know nothing of how the driver does its part.
//! `MODEL_STEPS` is how many steps are taken at least (a step is a poll of a stream, or something that a consumer or a client does),
//! `MODEL_SEED` the first seed. What fails is made smaller and printed with its journal, unless `MODEL_BRIEF` is set.

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
mod shrink;
mod stream;
mod table;
mod world;

use std::sync::Once;

use coverage::Coverage;
use plan::Plan;
use world::{Mode, Story};

/// Some seconds, where the code is not optimized, and enough to reach every cell.
const STEPS: u64 = 2_500_000;
/// How many plans are run in each of the ways that take real time.
const IN_REAL_TIME: u64 = 8;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn first_seed() -> u64 {
    number("MODEL_SEED").unwrap_or(1)
}

/// Panics that the plan asks for are not printed.
fn hide_planned_panics() {
    static HIDDEN: Once = Once::new();
    HIDDEN.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(consumer::CAUSE) {
                usual(panic);
            }
        }));
    });
}

/// Runs a plan, and fails with all that there is to know if something is wrong.
fn try_plan(plan: &Plan, mode: Mode, coverage: &mut Coverage) -> Story {
    let story = run::run(plan, mode);
    let faults = expect::faults(plan, &story, coverage);
    if faults.is_empty() {
        return story;
    }
    println!("seed {} ({mode:?}): {faults:#?}", plan.seed);
    if std::env::var_os("MODEL_BRIEF").is_some() {
        // Whoever asks wants to know whether something fails, and no more.
    } else if mode.is_exact() {
        let fails = |plan: &Plan| !expect::faults(plan, &run::run(plan, mode), &mut Coverage::default()).is_empty();
        let small = shrink::shrink(plan.clone(), fails);
        show(&small, &run::run(&small, mode));
    } else {
        show(plan, &story);
    }
    panic!("the plan of the seed {} fails: {}", plan.seed, faults.join("; "));
}

fn show(plan: &Plan, story: &Story) {
    println!("{}", shrink::describe(plan));
    for entry in &story.entries {
        println!("{entry:?}");
    }
    println!("{:#?}", expect::faults(plan, story, &mut Coverage::default()));
}

#[test]
fn what_must_be_true_of_every_run() {
    hide_planned_panics();
    let (mut seed, mut steps) = (first_seed(), 0);
    let mut coverage = Coverage::default();
    while steps < number("MODEL_STEPS").unwrap_or(STEPS) {
        steps += try_plan(&Plan::new(seed), Mode::PAUSED, &mut coverage).steps;
        seed += 1;
    }
    println!("{steps} steps in {} plans, {} cells", seed - first_seed(), coverage.seen());
    // Fewer steps than usual reach fewer cells.
    let missing = if steps < STEPS { Vec::new() } else { coverage.missing() };
    assert!(missing.is_empty(), "{} cells were not reached: {missing:#?}", missing.len());
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

fn in_real_time(mode: Mode) {
    hide_planned_panics();
    for seed in first_seed()..first_seed() + IN_REAL_TIME {
        // Each way has plans of its own.
        let own = seed * 4 + u64::from(mode.over_tcp) * 2 + mode.threads.unwrap_or(0) as u64;
        try_plan(&Plan::new(own), mode, &mut Coverage::default());
    }
}

#[test]
fn connections_may_be_on_two_runtimes() {
    in_real_time(Mode { threads: Some(2), over_tcp: false });
}

#[test]
fn connections_may_be_sockets_of_the_system() {
    in_real_time(Mode { threads: Some(1), over_tcp: true });
}

#[test]
fn sockets_may_be_on_two_runtimes() {
    in_real_time(Mode { threads: Some(2), over_tcp: true });
}
