//! The consumer that sends back what it is told.

use chanx::permission::{AllowAny, Permission};
use chanx::{Consumer, Context, Never, Overrides, Result};

use super::messages::{EchoIncoming, EchoOutgoing};

/// Whether it says that a message is dealt with is part of its type, as overrides are.
pub(super) struct Echo<const COMPLETES: bool>;

impl<const COMPLETES: bool> Consumer for Echo<COMPLETES> {
    type Authentication = ();
    type Object = ();
    type Incoming = EchoIncoming;
    type Outgoing = EchoOutgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(COMPLETES)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
        let EchoIncoming::Echo(text) = message;
        cx.send_message(EchoOutgoing::Echo(text)).await?;
        Ok(())
    }
}
