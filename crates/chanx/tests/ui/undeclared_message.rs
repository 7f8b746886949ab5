use chanx::permission::{AllowAny, Permission};
use chanx::{Consumer, Context, Message, Never, Result};

#[derive(Message)]
enum Question {
    Ping,
}

#[derive(Message)]
#[message(outgoing)]
enum Answer {
    Pong,
}

#[derive(Message)]
#[message(outgoing)]
enum Undeclared {
    Secret,
}

struct Quiz;

impl Consumer for Quiz {
    type Authentication = ();
    type Object = ();
    type Incoming = Question;
    type Outgoing = Answer;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Question) -> Result {
        match message {
            Question::Ping => cx.send_message(Undeclared::Secret).await?,
        }
        Ok(())
    }
}

fn main() {}
