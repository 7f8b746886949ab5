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
mod stream;
mod table;
mod world;

use coverage::Coverage;
use plan::Plan;
use world::Story;

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
    while steps < number("MODEL_STEPS").unwrap_or(60_000) {
        let plan = Plan::new(seed);
        let story = world::run(&plan);
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
