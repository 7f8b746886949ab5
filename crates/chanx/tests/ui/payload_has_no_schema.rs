use chanx::Message;

#[derive(serde::Deserialize)]
struct Payload;

#[derive(Message)]
#[message(incoming)]
enum Room {
    Say(Payload),
    #[message(whole)]
    Shout(Payload),
    Whisper { text: Payload },
}

fn main() {}
