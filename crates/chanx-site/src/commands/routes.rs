//! `routes`: the WebSocket routes in the order in which they are tried, with their messages.

use chanx::routing::CompiledRoute;
use chanx::{Endpoint, MessageSet};

use super::error::CommandError;
use super::terminal::Terminal;
use crate::project::Project;

/// For each route its path, consumer and name in columns, and below them what clients and others may say.
pub(crate) fn run(project: &Project, terminal: &mut dyn Terminal) -> Result<(), CommandError> {
    let table = project.routes().compile()?;
    let rows: Vec<[String; 3]> = table.iter().map(row).collect();
    if rows.is_empty() {
        terminal.say("There are no WebSocket routes.")?;
    }
    let widths = [0, 1].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for ([path, consumer, name], route) in rows.iter().zip(&table) {
        let line = format!("{path:0$}  {consumer:1$}  {name}", widths[0], widths[1]);
        terminal.say(line.trim_end())?;
        for line in messages(route.endpoint()) {
            terminal.say(&line)?;
        }
    }
    Ok(())
}

fn row(route: &CompiledRoute<Endpoint>) -> [String; 3] {
    let path = format!("/{}", route.pattern());
    [path, route.endpoint().name().to_owned(), route.name().unwrap_or_default().to_owned()]
}

/// One line for each direction in which there are messages.
fn messages(endpoint: &Endpoint) -> Vec<String> {
    let sets = [
        ("clients send", endpoint.incoming()),
        ("clients get", endpoint.outgoing()),
        ("groups get", endpoint.group_messages()),
        ("events", endpoint.events()),
    ];
    sets.into_iter()
        .filter(|(_, set)| !set.is_empty())
        .map(|(label, set)| format!("    {label:13}{}", actions(set)))
        .collect()
}

fn actions(set: &MessageSet) -> String {
    set.iter().map(|message| message.action).collect::<Vec<_>>().join(", ")
}
