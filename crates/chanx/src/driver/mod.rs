//! The life of one connection, from the accepted socket to its end. Reads as a table of contents.

mod admission;
mod connection;
mod events;

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::layer::Event;
use chanx_core::session::{Disconnect, EndedBy, Session};
use tracing::Instrument;

use crate::auth::Identity;
use crate::channels::parse_event;
use crate::consumer::{Consumer, HandlerError, Result};
use crate::context::{Context, Place, UserOf};
use crate::endpoint::Opening;
use crate::handshake::Handshake;
use crate::hub::Format;
use crate::shared::SharedSession;
use admission::{Verdict, admit};
use connection::{Connection, Next, Ran};

/// Serves one connection.
pub(crate) async fn serve<C: Consumer>(opening: Opening) {
    let Opening { transport, handshake, mounted, registration, id, span } = opening;
    let format: Arc<dyn Format> = Arc::clone(&mounted) as _;
    let mailbox = registration.open_mailbox(format, mounted.limits);
    let session = SharedSession::new(Session::new(Arc::clone(&id), Arc::clone(&mounted.config)));
    let inbox = (Arc::clone(&mailbox), mounted.limits);
    let mut connection = Connection::new(transport, session.clone(), inbox, span.clone());
    let handshake = Arc::new(handshake);

    span.in_scope(|| tracing::info!("connected"));
    let identity = authenticate::<C>(&mut connection, &session, &handshake).instrument(span.clone()).await;
    if let Some((user, object)) = identity {
        if let Some(key) = user.key() {
            mailbox.belongs_to(key);
        }
        let place = Place { mounted, hub: Arc::clone(registration.hub()), mailbox };
        let mut cx = Context::new(id, session.clone(), handshake, (user, object), place);
        attend::<C>(&mut connection, &session, &mut cx).await;
    }
    connection.finish().await;
    span.in_scope(|| report_end(session.borrow().disconnect()));
}

/// Finds out whether the client is welcome, and tells it.
async fn authenticate<C: Consumer>(
    connection: &mut Connection,
    session: &SharedSession,
    handshake: &Handshake,
) -> Option<(UserOf<C>, C::Object)> {
    let verdict = match connection.run(admit::<C>(handshake)).await {
        Ran::Finished(verdict) => verdict,
        Ran::Panicked(panic) => Verdict::Failed(panic),
        Ran::Abandoned => return None,
    };
    let mut session = session.borrow_mut();
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

/// Runs the consumer until nothing more comes.
async fn attend<C: Consumer>(connection: &mut Connection, session: &SharedSession, cx: &mut Context<C>) {
    let span = connection.span();
    let begun = begin(connection, session, cx).instrument(span.clone()).await;
    let Some((mut consumer, is_open)) = begun else { return };
    if is_open {
        while let Some(next) = connection.next::<C::Incoming>().await {
            handle(connection, session, &mut consumer, cx, next).instrument(span.clone()).await;
        }
    }
    end(connection, session, &mut consumer, cx).instrument(span).await;
}

/// Makes the consumer, and says whether it has come as far as handling messages.
async fn begin<C: Consumer>(
    connection: &mut Connection,
    session: &SharedSession,
    cx: &mut Context<C>,
) -> Option<(C, bool)> {
    let connected = connection.run(async {
        let mut consumer = C::connect(cx).await?;
        let greeted = greet(&mut consumer, cx).await;
        Ok((consumer, greeted))
    });
    let (consumer, greeted) = settle(connected.await, session)?;
    let is_open = settle(Ran::Finished(greeted), session).is_some();
    if is_open {
        session.borrow_mut().open();
    }
    Some((consumer, is_open))
}

/// Joins the groups, and lets the consumer say its first words.
async fn greet<C: Consumer>(consumer: &mut C, cx: &mut Context<C>) -> Result {
    cx.become_reachable().await?;
    let groups = consumer.build_groups(cx).await?;
    cx.join_all(groups).await?;
    consumer.post_authentication(cx).await
}

/// Handles one message or event.
async fn handle<C: Consumer>(
    connection: &mut Connection,
    session: &SharedSession,
    consumer: &mut C,
    cx: &mut Context<C>,
    next: Next<C::Incoming>,
) {
    match next {
        Next::Message(message) => {
            let ran = connection.run(consumer.receive_message(cx, message)).await;
            conclude(ran, session, fail_message);
        }
        Next::Event(event) => {
            session.borrow_mut().begin_event();
            let ran = connection.run(handle_event(consumer, cx, &event)).await;
            conclude(ran, session, fail_event);
        }
        Next::Missed => {
            session.borrow_mut().begin_event();
            let ran = connection.run(consumer.messages_missed(cx)).await;
            conclude(ran, session, fail_event);
        }
    }
}

/// Tells the consumer that nothing more comes.
async fn end<C: Consumer>(connection: &mut Connection, session: &SharedSession, consumer: &mut C, cx: &mut Context<C>) {
    let Some(how) = session.borrow().disconnect().cloned() else { return };
    let farewell = connection.run(async {
        consumer.disconnected(cx, &how).await;
        Ok(())
    });
    settle(farewell.await, session);
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
