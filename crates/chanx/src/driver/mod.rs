//! The life of one connection, from the accepted socket to its end. Reads as a table of contents.

mod admission;
mod connection;
mod events;
mod socket;

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::deflate::Agreement;
use chanx_core::layer::Event;
use chanx_core::message::Message;
use chanx_core::session::{Disconnect, EndedBy, Session};

use crate::auth::Identity;
use crate::channels::parse_event;
use crate::consumer::{Consumer, HandlerError, Result};
use crate::context::{Context, UserOf};
use crate::endpoint::Opening;
use crate::handshake::Handshake;
use crate::hub::{Format, Mailbox, Memberships, Registration};
use crate::mounted::Mounted;
use crate::shared::SharedSession;
use admission::{Verdict, admit};
use connection::{Connection, Next, Ran};

/// Serves one connection. What comes once is boxed, here and below: an idle connection has no room for it.
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
    report_end(connection.session().borrow().disconnect());
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
    let Opening { transport, handshake, agreement, mounted, mut registration, id } = *opening;
    let format: Arc<dyn Format> = Arc::clone(&mounted) as _;
    let mailbox = registration.open_mailbox(&mounted.roster, format);
    let session = SharedSession::new(new_session(&id, &mounted, agreement, &mailbox));
    let mut connection = Connection::new(transport, session.clone(), Arc::clone(&mailbox));
    let handshake = Arc::new(handshake);

    tracing::info!("connected");
    let mut guest = None;
    if let Some((user, object)) = authenticate::<C>(&mut connection, &handshake).await {
        if let Some(key) = user.key() {
            mailbox.belongs_to(key);
        }
        let memberships = Memberships::new(Arc::clone(registration.hub()), mailbox);
        let cx = Context::new(id, session, handshake, (user, object), (mounted, memberships));
        guest = begin(&mut connection, cx).await;
    }
    Opened { connection, guest, _registration: registration }
}

/// A session, as the handshake agreed on it. Whoever writes for its client elsewhere gets to know.
fn new_session(id: &Arc<str>, mounted: &Mounted, agreement: Option<Box<Agreement>>, mailbox: &Mailbox) -> Session {
    let session = Session::new(Arc::clone(id), Arc::clone(&mounted.config));
    let Some(agreement) = agreement else { return session };
    mailbox.takes_compressed(agreement.deflater.window());
    session.with_compression(*agreement)
}

/// Finds out whether the client is welcome, and tells it.
async fn authenticate<C: Consumer>(
    connection: &mut Connection,
    handshake: &Handshake,
) -> Option<(UserOf<C>, C::Object)> {
    let verdict = match connection.run("authentication", admit::<C>(handshake)).await {
        Ran::Finished(verdict) => verdict,
        Ran::Panicked(panic) => Verdict::Failed(panic),
        Ran::Abandoned => return None,
    };
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
        Verdict::Failed(error) => {
            let id = session.fail_authentication();
            tracing::error!(id, error, "authentication failed");
        }
    }
    None
}

/// Makes the consumer.
async fn begin<C: Consumer>(connection: &mut Connection, mut cx: Context<C>) -> Option<Guest<C>> {
    let connected = connection.run("connect", async {
        let mut consumer = C::connect(&mut cx).await?;
        let greeted = greet(&mut consumer, &mut cx).await;
        Ok((consumer, greeted))
    });
    let connected = connected.await;
    let session = connection.session();
    let (consumer, greeted) = settle(connected, session)?;
    if settle(Ran::Finished(greeted), session).is_some() {
        session.borrow_mut().open();
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
    let Guest { consumer, cx, .. } = guest;
    match next {
        Next::Message(message) => {
            let action = message.action();
            let ran = connection.run(action, consumer.receive_message(cx, message)).await;
            conclude(ran, connection.session(), fail_message);
        }
        Next::Event(event) => {
            connection.session().borrow_mut().begin_event();
            let ran = connection.run("receive_event", handle_event(consumer, cx, &event)).await;
            conclude(ran, connection.session(), fail_event);
        }
        Next::Missed => {
            connection.session().borrow_mut().begin_event();
            let ran = connection.run("messages_missed", consumer.messages_missed(cx)).await;
            conclude(ran, connection.session(), fail_event);
        }
    }
}

/// Tells the consumer that nothing more comes.
async fn end<C: Consumer>(connection: &mut Connection, guest: &mut Guest<C>) {
    let Some(how) = connection.session().borrow().disconnect().cloned() else { return };
    let farewell = connection.run("disconnected", async {
        guest.consumer.disconnected(&mut guest.cx, &how).await;
        Ok(())
    });
    let ended = farewell.await;
    settle(ended, connection.session());
}

/// Reads an event and hands it to the consumer. One that it does not declare is passed over.
async fn handle_event<C: Consumer>(consumer: &mut C, cx: &mut Context<C>, event: &Event) -> Result {
    match parse_event::<C::Event>(&event.data) {
        Ok(event) => consumer.receive_event(cx, event).await,
        Err(error) => {
            tracing::warn!(target: "chanx::layer", %error, "an event is not delivered");
            Ok(())
        }
    }
}

/// Notes what became of a handler.
fn conclude(ran: Ran<Result>, session: &SharedSession, fail_it: impl FnOnce(&SharedSession, &HandlerError)) {
    match ran {
        Ran::Finished(Ok(())) => session.borrow_mut().completed(),
        Ran::Finished(Err(error)) => fail_it(session, &error),
        Ran::Panicked(panic) if session.borrow().config().panic_closes => fail(session, &panic),
        Ran::Panicked(panic) => fail_it(session, &HandlerError::new(panic)),
        Ran::Abandoned => {}
    }
}

/// The value, or the end of the connection.
fn settle<T>(ran: Ran<Result<T>>, session: &SharedSession) -> Option<T> {
    match ran {
        Ran::Finished(Ok(value)) => return Some(value),
        Ran::Finished(Err(error)) if error.is_closed() => {}
        Ran::Finished(Err(error)) => fail(session, &error.report()),
        Ran::Panicked(panic) => fail(session, &panic),
        Ran::Abandoned => {}
    }
    None
}

fn fail_message(session: &SharedSession, error: &HandlerError) {
    log_failure(session, error, Session::failed);
}

fn fail_event(session: &SharedSession, error: &HandlerError) {
    log_failure(session, error, Session::failed_event);
}

fn log_failure(session: &SharedSession, error: &HandlerError, note: impl FnOnce(&mut Session) -> String) {
    let mut session = session.borrow_mut();
    if session.is_ending() && error.is_closed() {
        return;
    }
    let message_id = session.message_id();
    let id = note(&mut session);
    tracing::error!(id, message_id, error = error.report(), "a handler failed");
}

fn fail(session: &SharedSession, error: &str) {
    let id = session.borrow_mut().fail();
    tracing::error!(id, error, "the connection failed");
}

fn report_end(how: Option<&Disconnect>) {
    let Some(how) = how else { return };
    let by = match how.by {
        EndedBy::Server => "server",
        EndedBy::Client => "client",
        EndedBy::Transport => "transport",
    };
    tracing::info!(by, code = how.code.map(CloseCode::as_u16), "disconnected");
}
