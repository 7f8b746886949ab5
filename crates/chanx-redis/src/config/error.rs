//! What can be wrong with the URL of a layer.

use thiserror::Error;

/// Why a URL names no layer. Nothing of the URL that may be secret is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// What stands before `://`.
    #[error(
        "the address of a Redis layer begins with redis:// or rediss:// (TLS), with +pubsub or +sharded for another way to \
         use it and +unix for a socket, as in redis+pubsub://"
    )]
    Scheme,
    /// `rediss://` without the means for it.
    #[error("rediss:// needs the feature `tls` of chanx-redis")]
    NoTls,
    /// An `@` behind the place where the server's name ends.
    #[error(
        "the characters / ? # and @ in a user's name or a password are written in percent form in the address of a layer \
         (%2F %3F %23 %40), and so is @ in an option"
    )]
    Unescaped,
    /// A `%` without two hexadecimal digits, or bytes that are no UTF-8.
    #[error(
        "the address of a layer has a % that is not followed by two hexadecimal digits of UTF-8 text; % itself is %25"
    )]
    Percent,
    /// What stands before `@`.
    #[error(
        "a password is written as :password@ or user:password@ in the address of a layer; a user alone needs the option \
         `password_file`"
    )]
    User,
    /// A host or port that cannot be.
    #[error("the address of a layer names each server as host, host:port or [IPv6]:port, with commas between them")]
    Server,
    /// What stands behind the servers.
    #[error("behind the servers, the address of a layer has the number of a database, as in redis://localhost/0")]
    Database,
    /// `+unix` without the path of a socket, or with what does not go with it.
    #[error(
        "the address of a socket is one absolute path, as in redis+unix:///run/redis.sock?db=0, without TLS or sentinels"
    )]
    Socket,
    /// A cluster has one database.
    #[error("redis+sharded:// uses database 0, and has no sentinels")]
    Sharded,
    /// An option that there is not.
    #[error("`{name}` is no option of a layer's address; there are {known}")]
    UnknownOption {
        /// Its name.
        name: String,
        /// All names.
        known: String,
    },
    /// The same option twice.
    #[error("the option `{name}` is given twice in the address of a layer")]
    Twice {
        /// Its name.
        name: &'static str,
    },
    /// A value that the option cannot have.
    #[error("the option `{name}` of a layer's address takes {expected}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}
