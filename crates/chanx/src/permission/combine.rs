//! Rules made of rules.
//!
//! A combination has no text of its own, since either half could be the reason. A refusal of another kind and a failure
//! pass through.

use std::any::Any;

use super::{NotPermitted, Permission, Permitted, Request};
use crate::consumer::Consumer;

/// Both rules are met. Written `a & b`.
#[derive(Clone, Copy, Debug)]
pub struct And<A, B>(pub A, pub B);

/// One of the rules is met. Written `a | b`. About an object: one rule is met with and without it.
#[derive(Clone, Copy, Debug)]
pub struct Or<A, B>(pub A, pub B);

/// The rule is not met. Written `!a`: lets in whom `a`, asked with and without the object, does not let in. `a` is asked
/// once, about the object, or before where the consumer serves none.
#[derive(Clone, Copy, Debug)]
pub struct Negated<A>(pub A);

impl<C: Consumer, A: Permission<C>, B: Permission<C>> Permission<C> for And<A, B> {
    fn describe(&self) -> String {
        format!("{} & {}", operand(self.0.describe(), " | "), operand(self.1.describe(), " | "))
    }

    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        self.0.has_permission(request).await.map_err(speechless)?;
        self.1.has_permission(request).await.map_err(speechless)
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, object: &C::Object) -> Permitted {
        self.0.has_object_permission(request, object).await.map_err(speechless)?;
        self.1.has_object_permission(request, object).await.map_err(speechless)
    }
}

impl<C: Consumer, A: Permission<C>, B: Permission<C>> Permission<C> for Or<A, B> {
    fn describe(&self) -> String {
        format!("{} | {}", self.0.describe(), self.1.describe())
    }

    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        match self.0.has_permission(request).await {
            Err(NotPermitted::Denied(_)) => self.1.has_permission(request).await.map_err(speechless),
            decided => decided,
        }
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, object: &C::Object) -> Permitted {
        match with_and_without(&self.0, request, object).await {
            Err(NotPermitted::Denied(_)) => with_and_without(&self.1, request, object).await.map_err(speechless),
            decided => decided,
        }
    }
}

impl<C: Consumer, A: Permission<C>> Permission<C> for Negated<A> {
    fn describe(&self) -> String {
        format!("!{}", operand(self.0.describe(), " "))
    }

    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        match no_object::<C>() {
            Some(nothing) => negated(with_and_without(&self.0, request, nothing).await),
            None => Ok(()),
        }
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, object: &C::Object) -> Permitted {
        match no_object::<C>() {
            Some(_) => Ok(()),
            None => negated(with_and_without(&self.0, request, object).await),
        }
    }
}

/// What stands for the object of a consumer that serves none; `None` if it serves one.
fn no_object<C: Consumer>() -> Option<&'static C::Object> {
    let nothing: &'static dyn Any = &();
    nothing.downcast_ref()
}

fn negated(permitted: Permitted) -> Permitted {
    match permitted {
        Ok(()) => Err(NotPermitted::denied()),
        Err(NotPermitted::Denied(_)) => Ok(()),
        Err(rejected) => Err(rejected),
    }
}

/// The description of a part, in parentheses if it contains an operator that binds less closely.
fn operand(description: String, looser: &str) -> String {
    if description.contains(looser) { format!("({description})") } else { description }
}

async fn with_and_without<C: Consumer>(
    rule: &impl Permission<C>,
    request: &Request<'_, C>,
    object: &C::Object,
) -> Permitted {
    rule.has_permission(request).await?;
    rule.has_object_permission(request, object).await
}

fn speechless(why: NotPermitted) -> NotPermitted {
    match why {
        NotPermitted::Denied(_) => NotPermitted::denied(),
        rejected => rejected,
    }
}

/// Gives permission types the operators `&`, `|` and `!`.
///
/// ```
/// use chanx::permission::IsAuthenticated;
///
/// struct IsTuesday;
/// chanx::permission_operators!(IsTuesday);
///
/// let rule = IsTuesday & !IsAuthenticated;
/// # let _ = rule;
/// ```
#[macro_export]
macro_rules! permission_operators {
    ($($rule:ident $(<$($parameter:ident),+>)?),+ $(,)?) => {$(
        impl<$($($parameter,)+)? Other> ::core::ops::BitAnd<Other> for $rule $(<$($parameter),+>)? {
            type Output = $crate::permission::And<Self, Other>;

            fn bitand(self, other: Other) -> Self::Output {
                $crate::permission::And(self, other)
            }
        }

        impl<$($($parameter,)+)? Other> ::core::ops::BitOr<Other> for $rule $(<$($parameter),+>)? {
            type Output = $crate::permission::Or<Self, Other>;

            fn bitor(self, other: Other) -> Self::Output {
                $crate::permission::Or(self, other)
            }
        }

        impl $(<$($parameter),+>)? ::core::ops::Not for $rule $(<$($parameter),+>)? {
            type Output = $crate::permission::Negated<Self>;

            fn not(self) -> Self::Output {
                $crate::permission::Negated(self)
            }
        }
    )+};
}

permission_operators!(And<A, B>, Or<A, B>, Negated<A>);

/// A list of rules: asked in order, and the first that is not met speaks for itself.
macro_rules! list {
    ($($rule:ident),+) => {
        impl<Con: Consumer, $($rule: Permission<Con>),+> Permission<Con> for ($($rule,)+) {
            fn describe(&self) -> String {
                #[expect(non_snake_case, reason = "the variables are named as their types")]
                let ($($rule,)+) = self;
                [$($rule.describe()),+].join(", ")
            }

            async fn has_permission(&self, request: &Request<'_, Con>) -> Permitted {
                #[expect(non_snake_case, reason = "the variables are named as their types")]
                let ($($rule,)+) = self;
                $($rule.has_permission(request).await?;)+
                Ok(())
            }

            async fn has_object_permission(&self, request: &Request<'_, Con>, object: &Con::Object) -> Permitted {
                #[expect(non_snake_case, reason = "the variables are named as their types")]
                let ($($rule,)+) = self;
                $($rule.has_object_permission(request, object).await?;)+
                Ok(())
            }
        }
    };
}

list!(A);
list!(A, B);
list!(A, B, C);
list!(A, B, C, D);
