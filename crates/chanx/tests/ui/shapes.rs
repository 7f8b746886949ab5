use chanx::Message;

#[derive(Message)]
enum Room {
    Say(String, u32),
    Shout(),
    Whisper {},
}

fn main() {}
