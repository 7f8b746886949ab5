use chanx::Message;

#[derive(schemars::JsonSchema)]
struct Payload;

#[derive(Message)]
#[message(outgoing)]
enum Room {
    Say(Payload),
    #[message(whole)]
    Shout(Payload),
}

fn main() {}
