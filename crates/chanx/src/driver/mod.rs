//! The life of one connection, from the accepted socket to its end. Reads as a table of contents.

mod admission;
mod budget;
mod connection;
mod grace;
mod outcome;
mod socket;
mod sources;

pub(crate) use connection::panic_text;

use std::pin::{Pin, pin};
use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::deflate::Agreement;
use chanx_core::layer::Event;
use chanx_core::message::Message;
use chanx_core::session::{Disconnect, EndedBy, Session};

use crate::auth::user_key;
use crate::channels::parse_event;
use crate::consumer::{Consumer, Result};
use crate::context::Context;
use crate::endpoint::Opening;
use crate::handshake::Handshake;
use crate::hub::{Format, Mailbox, Memberships, Registration};
use crate::label::ConnectionLabel;
use crate::mounted::Mounted;
use crate::shared::SharedSession;
use admission::{Admitted, Verdict, admit};
use connection::{Connection, Next, Ran};
use outcome::{Phase, settle};
use tokio::time::{Sleep, sleep};

/// Serves one connection. What happens once is boxed, here and below, so that the task of an idle connection is small.
pub(crate) async fn serve<C: Consumer>(opening: Box<Opening>) {
    let Opened { mut connection, mut guest, _registration } = Box::pin(open::<C>(opening)).await;
    if let Some(guest) = &mut guest {
        // A message is boxed with its handler before anything else waits, so that the task has no room for either.
        while let Some(handling) = connection.next().await.map(|next| Box::pin(handle(&mut connection, guest, next))) {
            handling.await;
        }
        Box::pin(end(&mut connection, guest)).await;
    }
    // It leaves its groups, however long its client takes to say goodbye.
    drop(guest);
    Box::pin(connection.finish()).await;
    report_end(&connection.session().borrow());
}

/// A connection whose client was let in, or is about to be told that it was not.
struct Opened<C: Consumer> {
    connection: Connection,
    guest: Option<Guest<C>>,
    _registration: Registration,
}

/// A client that was let in, with its consumer.
struct Guest<C: Consumer> {
    consumer: C,
    cx: Context<C>,
}

/// Does what comes before the first message.
async fn open<C: Consumer>(opening: Box<Opening>) -> Opened<C> {
    let Opening { transport, handshake, agreement, mounted, mut registration, label } = *opening;
    let format: Arc<dyn Format> = Arc::clone(&mounted) as _;
    let mailbox = registration.open_mailbox(&mounted.roster, format);
    let session = new_session(&label, &mounted, agreement, &mailbox);
    let session = SharedSession::new(label, session);
    let mut connection = Connection::new(transport, session.clone(), Arc::clone(&mailbox));

    tracing::info!("connected");
    let mut deadline = pin!(sleep(mounted.config.admission_timeout));
    let mut guest = None;
    let admitted = authenticate::<C>(&mut connection, &handshake, &mounted, deadline.as_mut()).await;
    if let Some((user, object, place)) = admitted {
        if let Some(key) = user_key(&user) {
            mailbox.belongs_to(key);
        }
        let memberships = Memberships::new(Arc::clone(registration.hub()), mailbox);
        let cx = Context::new(session, handshake, (user, object, place), (mounted, memberships));
        guest = begin(&mut connection, cx, deadline).await;
    }
    Opened { connection, guest, _registration: registration }
}

/// A session, as the handshake agreed on it. Whoever writes for its client elsewhere gets to know.
fn new_session(
    label: &ConnectionLabel,
    mounted: &Mounted,
    agreement: Option<Box<Agreement>>,
    mailbox: &Mailbox,
) -> Session {
    let session = Session::new(Arc::clone(label.text()), Arc::clone(&mounted.config));
    let Some(agreement) = agreement else { return session };
    mailbox.takes_compressed(agreement.deflater.window());
    session.with_compression(*agreement)
}

/// Finds out whether the client is welcome, and tells it.
async fn authenticate<C: Consumer>(
    connection: &mut Connection,
    handshake: &Handshake,
    mounted: &Mounted,
    deadline: Pin<&mut Sleep>,
) -> Option<Admitted<C>> {
    let admitted = connection.run("authentication", admit::<C>(handshake, &mounted.users), Some(deadline)).await;
    let verdict = settle(Phase::Admission, admitted, connection.session(), mounted)?;
    let mut session = connection.session().borrow_mut();
    match verdict {
        Verdict::Welcome(identity) => {
            session.accept();
            return (!session.is_ending()).then_some(identity);
        }
        Verdict::Refused(refusal) => {
            tracing::info!(status = refusal.status(), "refused");
            session.refuse(refusal.into_outcome());
        }
        Verdict::TooMany(refusal) => {
            tracing::info!(status = refusal.status(), "refused: the user has `max_connections_per_user` connections");
            session.refuse(refusal.into_outcome());
        }
    }
    None
}

/// Makes the consumer. Once there is one, it is told of the end, however soon that comes.
async fn begin<C: Consumer>(
    connection: &mut Connection,
    mut cx: Context<C>,
    mut deadline: Pin<&mut Sleep>,
) -> Option<Guest<C>> {
    let connected = connection.run("connect", C::connect(&mut cx), Some(deadline.as_mut())).await;
    let mut consumer = settle(Phase::Opening, connected, connection.session(), cx.mounted())?;
    let greeted = connection.run("post_authentication", greet(&mut consumer, &mut cx), Some(deadline)).await;
    cx.admitted();
    if settle(Phase::Opening, greeted, connection.session(), cx.mounted()).is_some() {
        connection.session().borrow_mut().open();
    }
    Some(Guest { consumer, cx })
}

/// Joins the groups, and lets the consumer say its first words.
async fn greet<C: Consumer>(consumer: &mut C, cx: &mut Context<C>) -> Result {
    cx.become_reachable().await?;
    let groups = consumer.build_groups(cx).await?;
    cx.join_all(groups).await?;
    consumer.post_authentication(cx).await
}

/// Handles one message or event.
async fn handle<C: Consumer>(connection: &mut Connection, guest: &mut Guest<C>, next: Next<C::Incoming>) {
    let Guest { consumer, cx } = guest;
    let limit = connection.session().borrow().config().handler_timeout;
    let mut deadline = limit.map(|limit| Box::pin(sleep(limit)));
    let deadline = deadline.as_mut().map(|deadline| deadline.as_mut());
    if matches!(next, Next::Event(_) | Next::Missed) {
        connection.session().borrow_mut().begin_event();
    }
    let (phase, ran) = match next {
        Next::Message(message) => {
            let action = message.action();
            (Phase::Message, connection.run(action, consumer.receive_message(cx, message), deadline).await)
        }
        Next::Event(event) => {
            (Phase::Event, connection.run("receive_event", handle_event(consumer, cx, &event), deadline).await)
        }
        Next::Missed => (Phase::Event, connection.run("messages_missed", consumer.messages_missed(cx), deadline).await),
        Next::Unreadable(panic) => (Phase::Reading, Ran::Panicked(panic)),
    };
    if settle(phase, ran, connection.session(), cx.mounted()).is_some() {
        connection.session().borrow_mut().completed();
    }
}

/// Tells the consumer that nothing more comes.
async fn end<C: Consumer>(connection: &mut Connection, guest: &mut Guest<C>) {
    let Some(how) = connection.session().borrow().disconnect().cloned() else { return };
    let farewell = async {
        guest.consumer.disconnected(&mut guest.cx, &how).await;
        Ok(())
    };
    let ended = connection.run_last(farewell).await;
    settle(Phase::Farewell, ended, connection.session(), guest.cx.mounted());
}

/// Reads an event and hands it to the consumer. One that it does not take is completed; the hub has reported it.
async fn handle_event<C: Consumer>(consumer: &mut C, cx: &mut Context<C>, event: &Event) -> Result {
    match parse_event::<C::Event>(&event.data) {
        Ok(event) => consumer.receive_event(cx, event).await,
        Err(_) => Ok(()),
    }
}

/// One line for each end, with its cause.
fn report_end(session: &Session) {
    let Some(Disconnect { code, reason, by }) = session.disconnect() else { return };
    let by = match by {
        EndedBy::Server => "server",
        EndedBy::Client => "client",
        EndedBy::Transport => "transport",
    };
    let code = code.map(CloseCode::as_u16);
    let reason = (!reason.is_empty()).then_some(&**reason);
    let unhandled = Some(session.unhandled()).filter(|unhandled| *unhandled > 0);
    tracing::info!(by, code, reason, unhandled, "disconnected");
}
