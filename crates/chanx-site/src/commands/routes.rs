//! `routes`: the WebSocket routes in the order in which they are tried.

use chanx::Endpoint;
use chanx::routing::CompiledRoute;

use super::error::CommandError;
use super::terminal::Terminal;
use crate::project::Project;

/// The columns are the path, the consumer and the name.
pub(crate) fn run(project: &Project, terminal: &mut dyn Terminal) -> Result<(), CommandError> {
    let table = project.routes().compile()?;
    let rows: Vec<[String; 3]> = table.iter().map(row).collect();
    if rows.is_empty() {
        terminal.say("There are no WebSocket routes.")?;
    }
    let widths = [0, 1].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for [path, consumer, name] in &rows {
        let line = format!("{path:0$}  {consumer:1$}  {name}", widths[0], widths[1]);
        terminal.say(line.trim_end())?;
    }
    Ok(())
}

fn row(route: &CompiledRoute<Endpoint>) -> [String; 3] {
    let path = format!("/{}", route.pattern());
    [path, route.endpoint().name().to_owned(), route.name().unwrap_or_default().to_owned()]
}
