//! Who may do what: permissions, and their combinations with `&`, `|` and `!`.

mod builtin;
mod combine;

pub use builtin::{AllowAny, IsAdmin, IsAdmin as IsStaff, IsAuthenticated};
pub use combine::{And, Negated, Or};

use std::error::Error;

use serde_json::{Value, json};

use crate::auth::Authentication;
use crate::consumer::Consumer;
use crate::endpoint::short_name;
use crate::handshake::Handshake;
use crate::refusal::{Refusal, Rejection};

/// What a permission answers: `Ok` lets the client in.
pub type Permitted = Result<(), NotPermitted>;

/// Lets the client in if a condition is met.
///
/// # Errors
/// A denial in the usual words, if it is not.
pub fn allow_if(condition: bool) -> Permitted {
    if condition { Ok(()) } else { Err(NotPermitted::denied()) }
}

/// A rule about who may connect to the consumer `C`, and to which of its objects.
///
/// A tuple asks its members in order, each with its own words. `&`, `|` and `!` combine rules into one without words of
/// its own; a type gets these operators from [`permission_operators!`](crate::permission_operators). A combination means
/// what it reads like: `!IsBanned` lets in whom `IsBanned` would not let in to this object. It is asked once the object
/// is known, so that a client which it refuses is told 404 where the object does not exist.
///
/// ```
/// use chanx::permission::{IsStaff, NotPermitted, Permission, Permitted, Request};
/// use chanx::Consumer;
///
/// struct HasSecret;
/// chanx::permission_operators!(HasSecret);
///
/// impl<C: Consumer> Permission<C> for HasSecret {
///     async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
///         match request.handshake().header("x-secret") {
///             Some("letmein") => Ok(()),
///             _ => Err(NotPermitted::because("The secret is missing.")),
///         }
///     }
/// }
///
/// let rule = IsStaff | !HasSecret;
/// # let _ = rule;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no permission for `{C}`",
    note = "implement `Permission<C>` for it; a permission about objects needs `C: Consumer<Object = …>`"
)]
pub trait Permission<C: Consumer>: Send + Sync + 'static {
    /// The rule in a few words, for documents: the name of its type, unless it says more.
    fn describe(&self) -> String {
        short_name(std::any::type_name::<Self>()).to_owned()
    }

    /// Whether the client may connect at all.
    fn has_permission(&self, request: &Request<'_, C>) -> impl Future<Output = Permitted> + Send;

    /// Whether the client may connect to this object. Asked after [`has_permission`](Self::has_permission).
    fn has_object_permission(
        &self,
        request: &Request<'_, C>,
        object: &C::Object,
    ) -> impl Future<Output = Permitted> + Send {
        let _ = (request, object);
        std::future::ready(Ok(()))
    }
}

/// What a permission may look at.
pub struct Request<'a, C: Consumer> {
    handshake: &'a Handshake,
    user: &'a <C::Authentication as Authentication>::User,
}

impl<'a, C: Consumer> Request<'a, C> {
    pub(crate) fn new(handshake: &'a Handshake, user: &'a <C::Authentication as Authentication>::User) -> Self {
        Self { handshake, user }
    }

    /// The request that opened the connection.
    pub fn handshake(&self) -> &'a Handshake {
        self.handshake
    }

    /// Who it is; possibly nobody.
    pub fn user(&self) -> &'a <C::Authentication as Authentication>::User {
        self.user
    }
}

impl<C: Consumer> std::fmt::Debug for Request<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("handshake", self.handshake).finish_non_exhaustive()
    }
}

/// Why a permission does not let a client in.
#[derive(Debug)]
pub enum NotPermitted {
    /// The rule is not met. The body replaces the usual words; a client that is not logged in is told to log in.
    Denied(Option<Value>),
    /// A refusal of another kind, or a failure. No combination softens it.
    Rejected(Rejection),
}

impl NotPermitted {
    /// The rule is not met.
    pub fn denied() -> Self {
        Self::Denied(None)
    }

    /// The rule is not met, for this reason.
    pub fn because(detail: &str) -> Self {
        Self::Denied(Some(json!({"detail": detail})))
    }

    /// The rule is not met, with this body.
    pub fn with_body(body: Value) -> Self {
        Self::Denied(Some(body))
    }
}

impl From<Refusal> for NotPermitted {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(refusal.into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for NotPermitted {
    fn from(error: E) -> Self {
        Self::Rejected(error.into())
    }
}
