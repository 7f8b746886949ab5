//! Conditions that come true at some time, and those that have to hold now.

use std::time::Duration;

use tokio::time::{interval, timeout};

use super::{PATIENCE, Result};

const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// An error and no panic, so that browsers are closed.
pub(crate) fn claim(holds: bool, what: &str) -> Result {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}").into()) }
}

/// Looks again and again until the condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result {
    let looking = async {
        let mut looks = interval(BETWEEN_LOOKS);
        while !holds().await? {
            looks.tick().await;
        }
        Ok(())
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| Err(format!("waited in vain for {what}").into()))
}
