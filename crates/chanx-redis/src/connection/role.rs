//! What a server is asked when nothing else is, and what its answer means.

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Pipeline, Value};

use crate::trouble::{Trouble, checked};

/// A sign of life, and whether the server is a master. A replica answers every `PUBLISH` and `PING` as a master does, but a
/// message that is published there reaches the subscribers of that replica alone.
pub(crate) fn question() -> Pipeline {
    let mut commands = Pipeline::with_capacity(2);
    commands.cmd("PING");
    commands.cmd("ROLE");
    commands
}

/// The meaning of the answers to [`question`].
pub(crate) fn meaning(answers: Vec<Value>) -> Result<(), Trouble> {
    let [ping, role] = <[Value; 2]>::try_from(answers).map_err(|_| Trouble::nonsense())?;
    checked(ping)?;
    is_master(checked(role))
}

/// Asks for a sign of life, and maybe whether it is a master's.
pub(crate) async fn look(connection: &mut MultiplexedConnection, of_master: bool) -> Result<(), Trouble> {
    if of_master {
        let question = question();
        return meaning(connection.req_packed_commands(&question, 0, question.len()).await?);
    }
    checked(connection.req_packed_command(&redis::cmd("PING")).await?).map(drop)
}

/// A server that does not say its role, because its rules forbid that or it knows no roles, is taken for a master.
pub(crate) fn is_master(role: Result<Value, Trouble>) -> Result<(), Trouble> {
    match role {
        Err(Trouble::Lost(reason)) => Err(Trouble::Lost(reason)),
        Ok(Value::Array(role)) if !says_master(&role) => {
            Err(Trouble::Lost("the server is not the master any more".to_owned()))
        }
        _ => Ok(()),
    }
}

fn says_master(role: &[Value]) -> bool {
    match role.first() {
        Some(Value::BulkString(word)) => word == b"master",
        Some(Value::SimpleString(word)) => word == "master",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(word: &str) -> Value {
        Value::Array(vec![Value::BulkString(word.into()), Value::Int(0)])
    }

    #[test]
    fn only_a_server_that_says_so_is_no_master() {
        let refused = Err(Trouble::Refused("NOPERM".to_owned()));
        for answer in [Ok(role("master")), refused, Ok(Value::Nil), Ok(Value::Array(vec![]))] {
            assert_eq!(is_master(answer.clone()), Ok(()), "{answer:?}");
        }
        for word in ["slave", "sentinel"] {
            assert!(matches!(is_master(Ok(role(word))), Err(Trouble::Lost(_))));
        }
        assert!(matches!(is_master(Err(Trouble::late())), Err(Trouble::Lost(_))));
        assert_eq!(meaning(vec![Value::SimpleString("PONG".to_owned())]), Err(Trouble::nonsense()));
    }
}
