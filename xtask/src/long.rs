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

/// Doubles and singles, through the protocol and back.
pub(crate) fn floats(shell: &Shell) -> Outcome {
    shell.run(shell.cargo(&["test", "--release", "--package", "chanx", "--test", "floats", "--", "--ignored"]))?;
    Ok(None)
}
