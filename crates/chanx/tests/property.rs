//! Random lives over the layer of a single process, which is where servers of one process meet.

mod scenario;

use std::sync::Arc;

use chanx::layer::{ChannelLayer, MemoryLayer};
use chanx::testing::layer::LayerFixture;
use scenario::steps::{Step, steps};
use scenario::{Stage, play};

struct Memory(MemoryLayer);

impl LayerFixture for Memory {
    async fn start() -> Self {
        Self(MemoryLayer::new())
    }

    fn layer(&self) -> Arc<dyn ChannelLayer> {
        Arc::new(self.0.neighbor())
    }
}

impl Stage for Memory {
    const IS_IMMEDIATE: bool = true;
    const KINDS_OF_TROUBLE: usize = 0;

    async fn disturb(&self, _: usize) -> bool {
        false
    }
}

const CASES: u64 = 150;
const STEPS: usize = 150;

/// What goes wrong, if anything does. The same steps do the same, as long as one thread runs them and no time passes.
fn outcome(steps: &[Step]) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime can be made").block_on(play::<Memory>(steps))
}

/// Fewer steps that fail too: parts are left out, ever smaller ones, as long as what is left still fails.
fn shrink(mut steps: Vec<Step>, fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            if fails(&fewer) {
                steps = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    steps
}

/// Cases of other numbers are run with `CHANX_SEED` in the environment.
fn first_seed() -> u64 {
    std::env::var("CHANX_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

#[test]
fn members_get_what_is_theirs_once_and_in_order() {
    for seed in first_seed()..first_seed() + CASES {
        let steps = steps(seed, STEPS, Memory::KINDS_OF_TROUBLE);
        if let Err(fault) = outcome(&steps) {
            let fewest = shrink(steps, |steps| outcome(steps).is_err());
            let fault = outcome(&fewest).err().unwrap_or(fault);
            panic!("seed {seed}: {fault}, after\n{fewest:#?}");
        }
    }
}

#[test]
fn the_same_holds_on_several_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    for seed in first_seed()..first_seed() + CASES {
        let steps = steps(seed, STEPS, Memory::KINDS_OF_TROUBLE);
        if let Err(fault) = runtime.block_on(play::<Memory>(&steps)) {
            panic!("seed {seed}: {fault}");
        }
    }
}
