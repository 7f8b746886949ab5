//! `migrate`: brings the tables up to date.

use super::context::Context;
use super::error::CommandError;
use crate::database::Database;

/// Creates the database if it is missing, and its tables.
pub(crate) async fn run(context: Context<'_>) -> Result<(), CommandError> {
    let database = Database::connect(context.settings.database_url.expose(), true).await?;
    let applied = database.migrate_with(&context.project.additions().migrations).await?;
    for step in &applied {
        context.terminal.say(&format!("applied {step}"))?;
    }
    if applied.is_empty() {
        context.terminal.say("The database is up to date.")?;
    }
    Ok(())
}
