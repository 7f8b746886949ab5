use chanx::Message;

#[derive(Message)]
struct Room {
    text: String,
}

fn main() {}
