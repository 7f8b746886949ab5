//! Why a command failed, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use chanx::layer::LayerError;
use chanx::routing::RoutingError;
use chanx::settings::SettingsError;
use chanx::{BoxError, ChannelsError, InvalidEvent, StartError};

use super::secretkey::Weakness;
use crate::accounts::{AccountsError, CreateUserError, SetPasswordError};
use crate::database::{DatabaseError, MigrateError};
use crate::logging::LoggingError;
use crate::site::SiteError;

/// The variable that holds a new superuser's password when nobody can be asked.
pub(super) const PASSWORD_VARIABLE: &str = "CHANX_SUPERUSER_PASSWORD";

/// Why a command failed. The text says what is wrong, [`advice`](Self::advice) what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Logging(#[from] LoggingError),
    #[error("the program cannot start its threads")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error("the secret key {0}")]
    SecretKey(Weakness),
    #[error("cannot read or write the secret key in {}", path.display())]
    SecretKeyFile { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Routing(#[from] RoutingError),
    #[error("cannot listen on {address}")]
    Listen { command: &'static str, address: SocketAddr, source: io::Error },
    #[error("the server failed")]
    Serve(#[source] io::Error),
    #[error("ended at once, at a second signal")]
    EndedAtOnce { code: u8 },
    #[error(transparent)]
    CreateUser(#[from] CreateUserError),
    #[error(transparent)]
    SetPassword(#[from] SetPasswordError),
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error("there is no user {0:?}")]
    UnknownUser(String),
    #[error("this command asks questions, but its input is not a terminal")]
    NotATerminal,
    #[error("{0} is missing, and nobody may be asked")]
    MissingArgument(&'static str),
    #[error("the input ended, nothing was changed")]
    Ended,
    #[error("the terminal cannot be read or written")]
    Terminal(#[source] io::Error),
    #[error("`{name}` failed")]
    Own { name: &'static str, source: BoxError },
    #[error("the application is not ready for development")]
    Development(#[source] BoxError),
    #[error("the channel layer is memory://, which other processes do not share")]
    LonelyLayer,
    #[error("no consumer takes the event {handler:?}; known are: {known}")]
    UnknownEvent { handler: String, known: String },
    #[error(transparent)]
    Event(#[from] InvalidEvent),
    #[error("the event was not sent")]
    Send(#[from] ChannelsError),
    #[error("the channel layer does not answer")]
    Layer(#[from] LayerError),
    #[error("{} cannot be written", path.display())]
    Output { path: PathBuf, source: io::Error },
    #[error("the check found {0} {problems}", problems = if *.0 == 1 { "problem" } else { "problems" })]
    Check(usize),
}

impl CommandError {
    /// What to do, if the error does not say it itself. `program` is how this program was called.
    pub(crate) fn advice(&self, program: &str) -> Option<String> {
        let migrate = || Some(format!("Create the tables with: {program} migrate"));
        match self {
            Self::Database(DatabaseError::Missing { .. })
            | Self::Site(SiteError::Database(DatabaseError::Missing { .. }) | SiteError::NotMigrated { .. }) => {
                migrate()
            }
            Self::Site(SiteError::NoSecretKey) | Self::SecretKey(_) => Some(key_advice(program)),
            Self::Listen { command, address, source } => {
                listen_advice(&format!("{program} {command}"), *address, source)
            }
            Self::CreateUser(CreateUserError::UsernameTaken(name)) => {
                Some(format!("Choose another name, or change the password with: {program} changepassword {name}"))
            }
            Self::UnknownUser(_) => Some(format!("Create users with: {program} createuser")),
            Self::LonelyLayer => {
                Some("Set channel_layer to the address of a Redis server, such as redis://127.0.0.1:6379/0.".to_owned())
            }
            Self::NotATerminal => Some(format!(
                "Give --username, --email and --no-input, and the password in {PASSWORD_VARIABLE} or with --password-stdin."
            )),
            _ => None,
        }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Ended,
            _ => Self::Terminal(error),
        }
    }
}

fn key_advice(program: &str) -> String {
    format!(
        "Make one with `{program} secretkey` and keep it in the variable CHANX_SECRET_KEY, outside of the code.\n\
         For development, start {program} without a command: it keeps a key of its own."
    )
}

fn listen_advice(call: &str, address: SocketAddr, source: &io::Error) -> Option<String> {
    let other = SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(8000));
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            Some(format!("Another program uses this port. Stop it, or choose another port: {call} {other}"))
        }
        io::ErrorKind::PermissionDenied => {
            Some("Ports below 1024 are for the administrator; choose a higher one.".to_owned())
        }
        io::ErrorKind::AddrNotAvailable => Some("This machine does not have that address.".to_owned()),
        _ => None,
    }
}
