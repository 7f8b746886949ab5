//! Who is let in: which question is asked first, and what those are told who are not.

use std::io;
use std::marker::PhantomData;

use chanx::auth::{Authentication, AuthenticationError, User};
use chanx::permission::{Negated, NotPermitted, Permission, Permitted, Request, allow_if};
use chanx::routing::path;
use chanx::testing::Connector;
use chanx::{Consumer, Context, FromHandshake, Handshake, Message, Never, Refusal, Rejection, Result};
use chanx::{Settings, Websockets};
use serde_json::{Value, json};

const NOT_PROVIDED: &str = "Authentication credentials were not provided.";
const NOT_ALLOWED: &str = "You do not have permission to perform this action.";

#[derive(Message)]
enum Words {
    Hello,
}

/// Knows users by a header.
struct Session;

impl Authentication for Session {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> std::result::Result<Option<User>, AuthenticationError> {
        Ok(handshake.header("x-user").map(|name| User::new(1, name)))
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }
}

/// The same, where an `Authorization` header would help.
struct Token;

impl Authentication for Token {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> std::result::Result<Option<User>, AuthenticationError> {
        Session::authenticate(handshake).await
    }

    fn anonymous() -> Option<User> {
        Session::anonymous()
    }

    fn challenge() -> Option<&'static str> {
        Some("Token")
    }
}

/// Something that a header says is not there.
struct Thing;

impl FromHandshake for Thing {
    async fn from_handshake(handshake: &Handshake) -> std::result::Result<Self, Rejection> {
        match handshake.header("x-thing") {
            None => Ok(Self),
            Some(detail) => Err(Refusal::not_found(detail).into()),
        }
    }
}

/// Answers as two headers say, one for each question.
struct AsTold;

fn answer(handshake: &Handshake, question: &str) -> Permitted {
    match handshake.header(question) {
        None => Ok(()),
        Some("no") => Err(NotPermitted::denied()),
        Some("later") => Err(Refusal::new(429).detail("later").into()),
        Some("broken") => Err(io::Error::other("secret").into()),
        Some(why) => Err(NotPermitted::because(why)),
    }
}

impl<C: Consumer> Permission<C> for AsTold {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        answer(request.handshake(), "x-client")
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, _: &C::Object) -> Permitted {
        answer(request.handshake(), "x-object")
    }
}

struct Guarded<A>(PhantomData<A>);

impl<A: Authentication> Consumer for Guarded<A> {
    type Authentication = A;
    type Object = Thing;
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AsTold
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

/// What a client with these headers is told.
async fn told<A: Authentication>(headers: &[(&str, &str)]) -> (u64, Value) {
    told_by::<Guarded<A>>(headers).await
}

async fn told_by<C: Consumer>(headers: &[(&str, &str)]) -> (u64, Value) {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    let app = Websockets::new([path("ws/", C::endpoint())], &settings).unwrap().into_router();
    let mut client = Connector::new(app, "/ws/").headers(headers.iter().copied()).connect().await.unwrap();
    let outcome = client.wait_for_auth().await.unwrap();
    (outcome.status_code, outcome.data["detail"].clone())
}

#[track_caller]
fn check(told: &(u64, Value), status: u64, detail: &str) {
    assert_eq!(*told, (status, json!(detail)));
}

/// Answers as the header of this name says: `never` about every object, `not-this` about the one that is asked for.
struct Asked(&'static str);

chanx::permission_operators!(Asked);

impl<C: Consumer> Permission<C> for Asked {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        allow_if(request.handshake().header(self.0) != Some("never"))
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, _: &C::Object) -> Permitted {
        allow_if(request.handshake().header(self.0) != Some("not-this"))
    }
}

const A: Asked = Asked("x-a");
const B: Asked = Asked("x-b");

/// A consumer that asks one rule, about something or about nothing.
struct Ruled<O, R>(PhantomData<(O, R)>);

/// A rule, and what it means for a client that the rules A and B let in or not.
trait Rule: Send + Sync + 'static {
    fn rule<C: Consumer>() -> impl Permission<C>;

    fn lets_in(a: bool, b: bool) -> bool;
}

macro_rules! rules {
    ($($name:ident: $rule:expr, |$a:ident, $b:ident| $means:expr;)*) => {
        $(
            struct $name;

            impl Rule for $name {
                fn rule<C: Consumer>() -> impl Permission<C> {
                    $rule
                }

                fn lets_in($a: bool, $b: bool) -> bool {
                    let _ = ($a, $b);
                    $means
                }
            }
        )*

        #[tokio::test]
        async fn combined_rules_mean_what_they_read_like() {
            $(
                says_what_it_reads_like::<Thing, $name>(stringify!($rule)).await;
                says_what_it_reads_like::<(), $name>(stringify!($rule)).await;
            )*
        }
    };
}

rules! {
    Not: !A, |a, b| !a;
    NotNot: !!A, |a, b| a;
    AndNot: A & !B, |a, b| a && !b;
    NotAnd: !A & B, |a, b| !a && b;
    OrNot: A | !B, |a, b| a || !b;
    NotOr: !A | B, |a, b| !a || b;
    NeitherNor: !A & !B, |a, b| !a && !b;
    NotBoth: !(A & B), |a, b| !(a && b);
    NotOne: !(A | B), |a, b| !(a || b);
    NotBothOrNot: !(A & !B), |a, b| !a || b;
    Exclusive: (A | B) & !(A & B), |a, b| a != b;
    Same: (A & B) | !(A | B), |a, b| a == b;
    ListOfNot: (!A, B), |a, b| !a && b;
}

impl<O: FromHandshake, R: Rule> Consumer for Ruled<O, R> {
    type Authentication = ();
    type Object = O;
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        R::rule()
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

async fn says_what_it_reads_like<O: FromHandshake, R: Rule>(rule: &str) {
    let answers = ["yes", "never", "not-this"];
    for (a, b) in answers.iter().flat_map(|a| answers.iter().map(move |b| (*a, *b))) {
        let (status, _) = told_by::<Ruled<O, R>>(&[("x-a", a), ("x-b", b)]).await;
        let expected = if R::lets_in(a == "yes", b == "yes") { 200 } else { 403 };
        assert_eq!(status, expected, "{rule} of a client for whom A says {a} and B says {b}");
    }
}

#[tokio::test]
async fn a_negation_softens_no_failure() {
    struct Broken;
    impl Rule for Broken {
        fn rule<C: Consumer>() -> impl Permission<C> {
            Negated(AsTold)
        }

        fn lets_in(_: bool, _: bool) -> bool {
            false
        }
    }
    for question in ["x-client", "x-object"] {
        assert_eq!(told_by::<Ruled<Thing, Broken>>(&[(question, "later")]).await.0, 429);
        assert_eq!(told_by::<Ruled<Thing, Broken>>(&[(question, "broken")]).await.0, 500);
    }
}

#[tokio::test]
async fn whoever_meets_all_rules_is_let_in() {
    check(&told::<Session>(&[("x-user", "ann")]).await, 200, "OK");
    check(&told::<Session>(&[]).await, 200, "OK");
    check(&told::<()>(&[]).await, 200, "OK");
}

#[tokio::test]
async fn a_known_user_hears_the_words_of_the_rule() {
    for question in ["x-client", "x-object"] {
        let told = async |answer| told::<Token>(&[("x-user", "ann"), (question, answer)]).await;
        check(&told("no").await, 403, NOT_ALLOWED);
        check(&told("Staff only.").await, 403, "Staff only.");
    }
}

#[tokio::test]
async fn whoever_could_log_in_is_told_to() {
    for question in ["x-client", "x-object"] {
        for answer in ["no", "Staff only."] {
            check(&told::<Session>(&[(question, answer)]).await, 403, NOT_PROVIDED);
            check(&told::<Token>(&[(question, answer)]).await, 401, NOT_PROVIDED);
        }
    }
}

#[tokio::test]
async fn whoever_could_not_log_in_is_not_told_to() {
    for question in ["x-client", "x-object"] {
        check(&told::<()>(&[(question, "no")]).await, 403, NOT_ALLOWED);
        check(&told::<()>(&[(question, "Closed on Mondays.")]).await, 403, "Closed on Mondays.");
    }
}

#[tokio::test]
async fn a_refusal_of_another_kind_and_a_failure_stay_what_they_are() {
    for question in ["x-client", "x-object"] {
        check(&told::<Token>(&[(question, "later")]).await, 429, "later");
        assert_eq!(told::<Token>(&[(question, "broken")]).await.0, 500);
    }
}

#[tokio::test]
async fn what_there_is_is_told_only_to_those_who_may_connect() {
    let missing = ("x-thing", "There is no such thing.");
    check(&told::<Session>(&[missing]).await, 404, missing.1);
    check(&told::<Session>(&[missing, ("x-client", "no")]).await, 403, NOT_PROVIDED);
    check(&told::<Session>(&[missing, ("x-object", "no")]).await, 404, missing.1);
    let both = [("x-user", "ann"), ("x-client", "Not you."), ("x-object", "Not this.")];
    check(&told::<Session>(&both).await, 403, "Not you.");
}
