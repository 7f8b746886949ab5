use chanx::Message;

#[derive(schemars::JsonSchema)]
struct Payload;

#[derive(Message)]
#[message(incoming)]
enum Room {
    Say(Payload),
    #[message(default)]
    Sing(Option<Payload>),
    #[message(whole)]
    Shout(Payload),
}

fn main() {}
