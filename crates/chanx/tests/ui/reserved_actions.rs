use chanx::Message;

#[derive(Message)]
#[message(outgoing)]
enum Sent {
    Error(String),
    #[message(rename = "group_complete")]
    Done,
}

#[derive(Message)]
enum Both {
    Complete,
    Authentication,
}

fn main() {}
