//! Permissions and sources of identity that only cases need.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chanx::auth::{Authentication, AuthenticationError, SessionAuthentication, User};
use chanx::permission::{NotPermitted, Permission, Permitted, Request, allow_if};
use chanx::{Consumer, Handshake, Refusal, UserOf};
use serde_json::{Value, json};

use crate::rooms::Room;

pub(crate) struct HasSecret;
pub(crate) struct IsMember;
pub(crate) struct DenyWith(pub(crate) fn() -> Value);
pub(crate) struct Raises;
pub(crate) struct RefuseWith(pub(crate) fn() -> Refusal);
pub(crate) struct QueryToken;
pub(crate) struct RawQuery;
pub(crate) struct FromLocalhost;

chanx::permission_operators!(HasSecret, IsMember, DenyWith);

pub(crate) fn nope() -> Value {
    json!({"detail": "Nope, not you."})
}

pub(crate) fn quota() -> Value {
    json!({"reason": "quota", "limit": "3"})
}

pub(crate) fn two_reasons() -> Value {
    json!(["first", "second"])
}

pub(crate) fn throttled() -> Refusal {
    Refusal::new(429).detail("Request was throttled. Expected available in 13 seconds.")
}

pub(crate) fn teapot() -> Refusal {
    Refusal::new(418).text("I'm a Teapot").detail("short and stout")
}

impl<C: Consumer> Permission<C> for HasSecret {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        allow_if(request.handshake().header("x-secret") == Some("letmein"))
    }
}

impl<C: Consumer> Permission<C> for IsMember
where
    C::Object: AsRef<Room>,
    C::Authentication: Authentication<User = User>,
{
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Ok(())
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, object: &C::Object) -> Permitted {
        let user: &UserOf<C> = request.user();
        match object.as_ref().has_member(user.id) {
            true => Ok(()),
            false => Err(NotPermitted::because("You are not a member of this room.")),
        }
    }
}

impl<C: Consumer> Permission<C> for DenyWith {
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Err(NotPermitted::with_body((self.0)()))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("secret: hunter2")]
pub(crate) struct Broken;

impl<C: Consumer> Permission<C> for Raises {
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Err(Broken.into())
    }
}

impl<C: Consumer> Permission<C> for RefuseWith {
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Err((self.0)().into())
    }
}

impl<C: Consumer> Permission<C> for QueryToken {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        #[derive(serde::Deserialize)]
        struct Query {
            token: Option<String>,
        }
        let query: Query = request.handshake().query()?;
        allow_if(query.token.as_deref() == Some("letmein"))
    }
}

impl<C: Consumer> Permission<C> for RawQuery {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        allow_if(request.handshake().raw_query().contains("token=letmein"))
    }
}

impl<C: Consumer> Permission<C> for FromLocalhost {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        let address = request.handshake().remote_addr().map(|address| address.ip());
        allow_if(address == Some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    }
}

/// A source of identity whose code fails.
pub(crate) struct BrokenAuthentication;

impl Authentication for BrokenAuthentication {
    type User = User;

    async fn authenticate(_: &Handshake) -> Result<Option<User>, AuthenticationError> {
        Err(Broken.into())
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }
}

/// Login sessions, after 0.4 seconds.
pub(crate) struct SlowSessionAuthentication;

impl Authentication for SlowSessionAuthentication {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        tokio::time::sleep(Duration::from_millis(400)).await;
        SessionAuthentication::authenticate(handshake).await
    }

    fn anonymous() -> Option<User> {
        SessionAuthentication::anonymous()
    }
}
