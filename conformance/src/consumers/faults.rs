//! Consumers whose handlers fail, close, dawdle, and send odd things.

use std::collections::BTreeMap;
use std::time::Duration;

use chanx::auth::{Authentication, SessionAuthentication, User};
use chanx::permission::{AllowAny, IsAuthenticated, Permission};
use chanx::{About, Consumer, Context, GroupName, HandlerError, Never, Overrides, Result};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::effects::{self, Mark};
use crate::messages::{EchoIncoming, FaultsIncoming, FaultsOutgoing, Odd, Outgoing, Point};
use crate::permissions::{Broken, SlowSessionAuthentication};

macro_rules! faults {
    ($(#[doc = $about:literal] $name:ident: $authentication:ty, $permissions:expr, |$cx:ident| $hello:expr;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = ();
            type Incoming = FaultsIncoming;
            type Outgoing = FaultsOutgoing;
            type GroupMessage = Never;
            type Event = Never;

            fn about() -> About {
                About::new($about.trim()).tag("faults")
            }

            fn permissions() -> impl Permission<Self> {
                $permissions
            }

            fn overrides() -> Overrides {
                Overrides::new().panic_closes(false)
            }

            async fn connect(_: &mut Context<Self>) -> Result<Self> {
                Ok(Self)
            }

            async fn post_authentication(&mut self, $cx: &mut Context<Self>) -> Result {
                $hello.await
            }

            async fn receive_message(&mut self, cx: &mut Context<Self>, message: FaultsIncoming) -> Result {
                answer(cx, message).await
            }
        }
    )*};
}

faults! {
    /// Misbehaves when it is told to.
    Faults: (), AllowAny, |_cx| async { Ok(()) };
    /// Refuses strangers at once.
    QuickDeny: SessionAuthentication, IsAuthenticated, |_cx| async { Ok(()) };
    /// Takes its time to find out who a client is.
    SlowAuth: SlowSessionAuthentication, IsAuthenticated, |cx| ready(cx);
    /// Takes its time before it says hello.
    SlowPostAuth: (), AllowAny, |cx| async {
        sleep(Duration::from_millis(400)).await;
        ready(cx).await
    };
}

async fn ready<C: Consumer<Outgoing = FaultsOutgoing>>(cx: &mut Context<C>) -> Result {
    cx.send_message(FaultsOutgoing::Status("ready".to_owned())).await?;
    Ok(())
}

async fn result<C: Consumer<Outgoing = FaultsOutgoing>>(cx: &mut Context<C>, payload: impl Into<Value>) -> Result {
    cx.send_message(FaultsOutgoing::Result(Odd::Json(payload.into()))).await?;
    Ok(())
}

async fn answer<C>(cx: &mut Context<C>, message: FaultsIncoming) -> Result
where
    C: Consumer<Outgoing = FaultsOutgoing, Authentication: Authentication<User = User>>,
{
    match message {
        FaultsIncoming::Ping => cx.send_message(FaultsOutgoing::Pong).await?,
        FaultsIncoming::Mark(mark) => {
            effects::leave(Mark { mark: mark.clone(), user: cx.user().username.clone() });
            result(cx, format!("marked {mark}")).await?;
        }
        FaultsIncoming::Slow { id, ms } => {
            result(cx, format!("begin {id}")).await?;
            sleep(Duration::from_millis(ms)).await;
            result(cx, format!("end {id}")).await?;
        }
        FaultsIncoming::Flood(n) => {
            for number in 0..n {
                result(cx, number).await?;
            }
        }
        FaultsIncoming::Fault { what, n, ms, text } => fault(cx, &what, n, ms, &text).await?,
    }
    Ok(())
}

async fn fault<C>(cx: &mut Context<C>, what: &str, n: i64, ms: u64, text: &str) -> Result
where
    C: Consumer<Outgoing = FaultsOutgoing>,
{
    let code = u16::try_from(n).unwrap_or_default();
    match what {
        "raise" => return Err(Broken.into()),
        "raise_after_reply" => {
            result(cx, "before").await?;
            return Err(Broken.into());
        }
        "raise_key" => panic!("a key is missing"),
        "raise_validation" => drop("internal value".parse::<i64>()?),
        "close" => cx.close(),
        "close_code" => cx.close_with(code, "")?,
        "close_reason" => cx.close_with(code, text)?,
        "reply_then_close" => {
            result(cx, "bye").await?;
            cx.close_with(4002, "")?;
        }
        "close_then_reply" => {
            cx.close_with(4003, "")?;
            result(cx, "too late").await?;
        }
        "send_json_close" => {
            result(cx, 1).await?;
            cx.close();
        }
        "send_json_close_code" => {
            result(cx, 1).await?;
            cx.close_with(4004, "")?;
        }
        "unserialisable" => {
            let odd = BTreeMap::from([(Point { x: 1 }, 1)]);
            cx.send_message(FaultsOutgoing::Result(Odd::Unserializable(odd))).await?;
        }
        "nan" => cx.send_message(FaultsOutgoing::Result(Odd::Number(f64::NAN))).await?,
        "binary" => cx.send_binary(&[0, 1, 255]).await?,
        "raw_text" => cx.send_text(text).await?,
        "unicode" => cx.send_text(&json!({"é": "☃😀\u{2028}\u{7f}\0</script>"}).to_string()).await?,
        "big" => result(cx, "x".repeat(usize::try_from(n)?)).await?,
        "block" => {
            // What no handler should do: it holds up the whole thread.
            std::thread::sleep(Duration::from_millis(ms));
            result(cx, "unblocked").await?;
        }
        _ => {}
    }
    Ok(())
}

macro_rules! broken_beginnings {
    ($(#[doc = $about:literal] $name:ident: build_groups $groups:expr, post_authentication |$cx:ident| $hello:expr;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = ();
            type Object = ();
            type Incoming = EchoIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = Never;
            type Event = Never;

            fn about() -> About {
                About::new($about.trim()).tag("faults")
            }

            fn permissions() -> impl Permission<Self> {
                AllowAny
            }

            async fn connect(_: &mut Context<Self>) -> Result<Self> {
                Ok(Self)
            }

            async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
                $groups
            }

            async fn post_authentication(&mut self, $cx: &mut Context<Self>) -> Result {
                $hello
            }

            async fn receive_message(&mut self, _: &mut Context<Self>, _: EchoIncoming) -> Result {
                Err(HandlerError::new("nothing is handled here"))
            }
        }
    )*};
}

broken_beginnings! {
    /// Fails while it names its groups.
    FaultBuildGroups: build_groups Err(Broken.into()), post_authentication |_cx| Ok(());
    /// Fails instead of saying hello.
    FaultPostAuth: build_groups Ok(vec![]), post_authentication |_cx| Err(Broken.into());
    /// Closes instead of saying hello.
    ClosePostAuth: build_groups Ok(vec![]), post_authentication |cx| {
        cx.send_message(Outgoing::Status("closing".to_owned())).await?;
        cx.close_with(4000, "")?;
        Ok(())
    };
}
