//! The life of one connection, from the accepted socket to its end. Reads as a table of contents.

mod admission;
mod connection;

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::session::{Disconnect, EndedBy, Input, Session};
use tokio::sync::mpsc;

use crate::consumer::{Consumer, HandlerError, Result};
use crate::context::{Context, UserOf};
use crate::endpoint::Opening;
use crate::handshake::Handshake;
use crate::peer::MAILBOX_CAPACITY;
use crate::shared::SharedSession;
use admission::{Verdict, admit};
use connection::{Connection, Ran};

/// Serves one connection.
pub(crate) async fn serve<C: Consumer>(opening: Opening) {
    let Opening { transport, handshake, config, registration, id } = opening;
    let (mailbox, deliveries) = mpsc::channel(MAILBOX_CAPACITY);
    registration.announce(&mailbox);
    let session = SharedSession::new(Session::new(Arc::clone(&id), config));
    let mut connection = Connection::new(transport, session.clone(), deliveries);
    let handshake = Arc::new(handshake);

    tracing::info!("connected");
    if let Some(identity) = authenticate::<C>(&mut connection, &session, &handshake).await {
        let mut cx = Context::new(id, session.clone(), handshake, identity, mailbox);
        attend::<C>(&mut connection, &session, &mut cx).await;
    }
    connection.finish().await;
    report_end(session.borrow().disconnect());
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
    let connected = connection.run(async {
        let mut consumer = C::connect(cx).await?;
        let greeted = consumer.post_authentication(cx).await;
        Ok((consumer, greeted))
    });
    let Some((mut consumer, greeted)) = settle(connected.await, session) else { return };
    if settle(Ran::Finished(greeted), session).is_some() {
        session.borrow_mut().open();
        handle_messages(connection, session, &mut consumer, cx).await;
    }
    let how = session.borrow().disconnect().cloned();
    if let Some(how) = how {
        let farewell = connection.run(async {
            consumer.disconnected(cx, &how).await;
            Ok(())
        });
        settle(farewell.await, session);
    }
}

async fn handle_messages<C: Consumer>(
    connection: &mut Connection,
    session: &SharedSession,
    consumer: &mut C,
    cx: &mut Context<C>,
) {
    while let Input::Message(message) = connection.next::<C::Incoming>().await {
        match connection.run(consumer.receive_message(cx, message)).await {
            Ran::Finished(Ok(())) => session.borrow_mut().completed(),
            Ran::Finished(Err(error)) => fail_message(session, &error),
            Ran::Panicked(panic) if session.borrow().config().panic_closes => fail(session, &panic),
            Ran::Panicked(panic) => fail_message(session, &HandlerError::new(panic)),
            Ran::Abandoned => {}
        }
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
    let mut session = session.borrow_mut();
    if session.is_ending() && error.is_closed() {
        return;
    }
    let message_id = session.message_id();
    let id = session.failed();
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
