//! How fast messages are handed over.

use std::time::Duration;

use chanx_core::layer::Pressure;
use tokio::time::sleep;

/// Enough for a connection to empty its mailbox, and little for those who wait behind.
const PAUSE: Duration = Duration::from_millis(1);

/// Lets connections run that have little room left. To yield is no pause where there are several threads: the reader
/// may be back before another thread has begun.
pub(crate) async fn relieve(pressure: Pressure) {
    if pressure == Pressure::High {
        sleep(PAUSE).await;
    }
}
