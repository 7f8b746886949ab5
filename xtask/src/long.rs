//! The steps that `cargo xtask test --all` runs beside the usual ones.

use crate::shell::Shell;
use crate::steps::Outcome;

/// Random input, from a seed that differs from that of the usual tests.
pub(crate) fn fuzz(shell: &Shell) -> Outcome {
    let mut test = shell.cargo(&["test", "--release", "--package", "fuzz"]);
    test.env("FUZZ_INPUTS", "2000000").env("FUZZ_SEED", "7");
    shell.run(test)?;
    Ok(None)
}

/// The model of the driver, from a seed that differs from that of the usual tests.
pub(crate) fn model(shell: &Shell) -> Outcome {
    let mut test = shell.cargo(&["test", "--release", "--package", "chanx", "--test", "model", "what_must"]);
    test.env("MODEL_STEPS", "10000000").env("MODEL_SEED", "700000");
    shell.run(test)?;
    Ok(None)
}

/// Clients of all kinds for ten minutes, and a Redis that is killed each minute.
pub(crate) fn soak(shell: &Shell) -> Outcome {
    shell.run(shell.cargo(&["run", "--release", "--package", "bench", "--", "soak"]))?;
    Ok(Some("curves in target/soak".to_owned()))
}

/// Doubles and singles, through the protocol and back.
pub(crate) fn floats(shell: &Shell) -> Outcome {
    shell.run(shell.cargo(&["test", "--release", "--package", "chanx", "--test", "floats", "--", "--ignored"]))?;
    Ok(None)
}
