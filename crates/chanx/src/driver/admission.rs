//! Whether a client is welcome: identity, permissions, object, permissions about the object.

use std::sync::Arc;

use crate::auth::{self, Authentication, Identity};
use crate::consumer::{Consumer, HandlerError};
use crate::context::UserOf;
use crate::handshake::Handshake;
use crate::object::FromHandshake;
use crate::permission::{NotPermitted, Permission, Request};
use crate::refusal::{Refusal, Rejection};
use crate::users::{TooMany, UserPlace, Users};

/// Whether a client is let in.
pub(super) enum Verdict<C: Consumer> {
    Welcome(Admitted<C>),
    Refused(Refusal),
    /// The user has as many connections as allowed.
    TooMany(Refusal),
}

/// Who was let in, to what, and the user's place.
pub(super) type Admitted<C> = (UserOf<C>, <C as Consumer>::Object, Option<UserPlace>);

/// # Errors
/// Something failed that had to be asked, so that there is no verdict.
pub(super) async fn admit<C: Consumer>(handshake: &Handshake, users: &Arc<Users>) -> Result<Verdict<C>, HandlerError> {
    match check::<C>(handshake).await {
        Ok((user, object)) => Ok(match users.take(&user) {
            Ok(place) => Verdict::Welcome((user, object, place)),
            Err(TooMany) => Verdict::TooMany(Refusal::new(429).detail("You have too many connections.")),
        }),
        Err(Rejection::Refused(refusal)) => Ok(Verdict::Refused(refusal)),
        Err(Rejection::Failed(error)) => Err(HandlerError::from_boxed(error)),
    }
}

async fn check<C: Consumer>(handshake: &Handshake) -> Result<(UserOf<C>, C::Object), Rejection> {
    let user = auth::identify::<C::Authentication>(handshake).await?;
    let permissions = C::permissions();
    let request = Request::<C>::new(handshake, &user);
    let refuse = |why| refusal::<C>(why, &user);
    permissions.has_permission(&request).await.map_err(refuse)?;
    let object = C::Object::from_handshake(handshake).await?;
    permissions.has_object_permission(&request, &object).await.map_err(refuse)?;
    Ok((user, object))
}

/// Somebody who is not logged in, and could be, is told to log in; others get the permission's own words.
fn refusal<C: Consumer>(why: NotPermitted, user: &UserOf<C>) -> Rejection {
    match why {
        NotPermitted::Rejected(rejection) => rejection,
        NotPermitted::Denied(_) if !user.is_authenticated() && C::Authentication::asks() => {
            auth::unauthenticated::<C::Authentication>(auth::NOT_PROVIDED).into()
        }
        NotPermitted::Denied(Some(body)) => Refusal::new(403).body(body).into(),
        NotPermitted::Denied(None) => Refusal::forbidden("You do not have permission to perform this action.").into(),
    }
}
