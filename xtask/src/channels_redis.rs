//! Runs the Redis layers beside a real channels_redis and a real Chanx. The tests are Rust's and start both; here is the
//! Python that they start.

use crate::python::Environment;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The programs of the Python side.
const PROJECT: &str = "crates/chanx-redis/tests/python";

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import channels_redis.core, chanx, cryptography, django, hiredis, msgpack, pydantic, \
     rest_framework, structlog, uvicorn, websockets";

/// Where the tests look for their interpreter.
const PYTHON: &str = "CHANX_CHANNELS_REDIS_PYTHON";

/// Runs the tests that plain `cargo test` leaves out because they need Python packages.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::new(shell, "channels_redis", PROJECT, IMPORTS);
    environment.run_tests(shell, "chanx-redis", "channels_redis", PYTHON)?;
    Ok(None)
}
