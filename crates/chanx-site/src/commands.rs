//! The commands of every application: `runserver`, `migrate`, `createsuperuser` and their like.

mod address;
mod asyncapi;
mod changepassword;
mod check;
mod clearsessions;
mod context;
mod createuser;
mod develop;
mod error;
mod interview;
mod migrate;
mod own;
mod routes;
mod runserver;
mod secretkey;
mod sendevent;
mod serve;
mod settings;
mod terminal;
mod token;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::logging;
use crate::project::Project;
use context::Context;
use error::{CommandError, PASSWORD_VARIABLE};
use serve::Ready;
use terminal::{StandardTerminal, Terminal};

pub(crate) use own::{OwnCommand, Work};

/// What the command line says.
#[derive(Debug, Parser)]
#[command(about = "Without a command: a development server with everything set up", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set everything up and serve, for development only
    Develop(develop::Develop),
    /// Serve
    Runserver(runserver::Runserver),
    /// Create or update the tables of the database
    Migrate,
    /// Create a user with every right
    Createsuperuser(createuser::CreateUser),
    /// Create a user
    Createuser(createuser::CreateUser),
    /// Change the password of a user, which ends the user's logins
    Changepassword(changepassword::ChangePassword),
    /// Show the API token of a user, made at the first call
    Token(token::Token),
    /// Delete login sessions whose time is over
    Clearsessions,
    /// Tell running consumers something, over the channel layer
    #[command(name = "send-event")]
    SendEvent(sendevent::SendEvent),
    /// Write the AsyncAPI document of the application
    Asyncapi(asyncapi::Asyncapi),
    /// List the WebSocket routes and their messages
    Routes,
    /// Look for mistakes in settings, routes and database
    Check,
    /// List all settings with their values and where these come from
    Settings,
    /// Make a new secret key
    Secretkey,
}

/// What is to be done.
#[derive(Debug)]
enum Chosen<'a> {
    BuiltIn(Command),
    Own(&'a OwnCommand),
}

/// Runs the command that the arguments name, the program's own name first.
///
/// The exit code is 0 for success, 1 for a failure, 2 for arguments that make no sense, and that of the signal where a second one ended
/// a server at once.
pub(crate) fn run(project: &Project, arguments: &[OsString]) -> ExitCode {
    let chosen = match choose(project, arguments) {
        Ok(chosen) => chosen,
        Err(error) => return usage(&error),
    };
    let program = arguments.first().map_or(project.name().into(), |name| name.to_string_lossy().into_owned());
    let mut terminal = StandardTerminal;
    let outcome = execute(project, chosen, &program, &mut terminal);
    logging::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, &program, &mut terminal),
    }
}

fn choose<'a>(project: &'a Project, arguments: &[OsString]) -> Result<Chosen<'a>, clap::Error> {
    let known = CommandLine::command().name(project.name());
    let known = project.commands().iter().fold(known, |known, own| known.subcommand(own.usage()));
    let matches = known.try_get_matches_from(arguments)?;
    let own = project.commands().iter().find(|own| matches.subcommand_name() == Some(own.name));
    if let Some(own) = own {
        return Ok(Chosen::Own(own));
    }
    let line = CommandLine::from_arg_matches(&matches)?;
    Ok(Chosen::BuiltIn(line.command.unwrap_or_default()))
}

/// Prints help, the version or what is wrong with the arguments.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell whoever has closed the output.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn report(error: &CommandError, program: &str, terminal: &mut dyn Terminal) -> ExitCode {
    // As above: without standard error only the exit code is left.
    let _ = terminal.warn(&format!("error: {}", crate::web::chain(error)));
    if let Some(advice) = error.advice(program) {
        let _ = terminal.warn(&advice);
    }
    match error {
        CommandError::EndedAtOnce { code } => ExitCode::from(*code),
        _ => ExitCode::FAILURE,
    }
}

fn execute(
    project: &Project,
    chosen: Chosen<'_>,
    program: &str,
    terminal: &mut dyn Terminal,
) -> Result<(), CommandError> {
    if let Chosen::BuiltIn(Command::Secretkey) = chosen {
        return secretkey::run(terminal);
    }
    let settings = project.load_settings()?;
    logging::install(&settings)?;
    let runtime = chanx::runtime().map_err(CommandError::Runtime)?;
    let superuser_password = std::env::var(PASSWORD_VARIABLE).ok();
    let context = Context { project, settings, program, terminal: &mut *terminal, superuser_password };
    let ready = runtime.block_on(async {
        match chosen {
            Chosen::BuiltIn(command) => dispatch(command, context).await,
            Chosen::Own(own) => own.run(context).await.map(|()| None),
        }
    })?;
    ready.map_or(Ok(()), |ready| serve::run(runtime, ready, terminal))
}

/// Does what the command says. What it serves, if it serves, is yielded.
async fn dispatch(command: Command, mut context: Context<'_>) -> Result<Option<Ready>, CommandError> {
    match command {
        Command::Develop(develop) => return develop.prepare(context).await.map(Some),
        Command::Runserver(runserver) => return runserver.prepare(context).await.map(Some),
        Command::Migrate => migrate::run(context).await,
        Command::Createsuperuser(create) => create.run(createuser::Rank::Superuser, context).await,
        Command::Createuser(create) => create.run(createuser::Rank::User, context).await,
        Command::Changepassword(change) => change.run(context).await,
        Command::Token(token) => token.run(context).await,
        Command::Clearsessions => clearsessions::run(context).await,
        Command::SendEvent(event) => event.run(context).await,
        Command::Asyncapi(asyncapi) => asyncapi.run(&mut context),
        Command::Routes => routes::run(context.project, context.terminal),
        Command::Check => check::run(context).await,
        Command::Settings => settings::run(&context.settings, context.terminal),
        Command::Secretkey => secretkey::run(context.terminal),
    }
    .map(|()| None)
}

impl Default for Command {
    fn default() -> Self {
        Self::Develop(develop::Develop::default())
    }
}
