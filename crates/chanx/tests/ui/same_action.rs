use chanx::Message;

#[derive(Message)]
enum Room {
    Ping,
    #[message(rename = "ping")]
    Hello,
    Say(String),
    #[message(rename = "say")]
    Shout(String),
}

fn main() {}
