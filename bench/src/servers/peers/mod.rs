//! What others have written. What is in Rust is here, and where it brings dependencies of its own, with the feature `peers`;
//! what is in other languages is in [`crate::foreign`].

mod abilities;

mod axum_echo;
#[cfg(feature = "peers")]
mod fastwebsockets;
#[cfg(feature = "peers")]
mod socketioxide;
#[cfg(feature = "peers")]
mod tokio_websockets;

#[cfg(feature = "peers")]
mod listening;
mod words;

pub(crate) use abilities::foreign;
pub(super) use abilities::{can, lacks};

use tokio::runtime::Runtime;

use super::{Kind, ServeError, serve_app};
use axum_echo::Style;

/// Serves as one of those in Rust, until standard input ends.
///
/// # Errors
/// The server cannot listen, or there is no such server in this build.
pub(super) fn serve(kind: Kind) -> Result<(), ServeError> {
    match kind {
        Kind::Axum => serve_axum(Style { is_json: true, read_buffer: None }),
        Kind::Axum4k => serve_axum(Style { is_json: true, read_buffer: Some(4096) }),
        Kind::AxumRaw => serve_axum(Style { is_json: false, read_buffer: None }),
        #[cfg(feature = "peers")]
        Kind::Fastwebsockets => fastwebsockets::serve(),
        #[cfg(feature = "peers")]
        Kind::TokioWebsockets => tokio_websockets::serve(),
        #[cfg(feature = "peers")]
        Kind::Socketioxide => serve_app(Runtime::new(), async { Ok(socketioxide::app()) }),
        _ => Err(ServeError::Unknown(kind.name())),
    }
}

fn serve_axum(style: Style) -> Result<(), ServeError> {
    serve_app(Runtime::new(), async move { Ok(axum_echo::app(style)) })
}
