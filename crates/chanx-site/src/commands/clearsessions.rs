//! `clearsessions`: deletes login sessions whose time is over.

use super::context::Context;
use super::error::CommandError;

pub(crate) async fn run(context: Context<'_>) -> Result<(), CommandError> {
    let deleted = context.accounts().await?.clear_expired_sessions().await?;
    let sessions = if deleted == 1 { "session" } else { "sessions" };
    Ok(context.terminal.say(&format!("Deleted {deleted} expired {sessions}."))?)
}
