//! The permissions that every application needs.

use super::{Permission, Permitted, Request, allow_if};
use crate::auth::Identity;
use crate::consumer::Consumer;

/// Everybody, known or not.
#[derive(Clone, Copy, Debug)]
pub struct AllowAny;

/// Whoever is logged in.
#[derive(Clone, Copy, Debug)]
pub struct IsAuthenticated;

/// Staff, the way Django REST framework's `IsAdminUser` means it. `IsStaff` is another name for it.
#[derive(Clone, Copy, Debug)]
pub struct IsAdmin;

crate::permission_operators!(AllowAny, IsAuthenticated, IsAdmin);

impl<C: Consumer> Permission<C> for AllowAny {
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Ok(())
    }
}

impl<C: Consumer> Permission<C> for IsAuthenticated {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        allow_if(request.user().is_authenticated())
    }
}

impl<C: Consumer> Permission<C> for IsAdmin {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        allow_if(request.user().is_staff())
    }
}
