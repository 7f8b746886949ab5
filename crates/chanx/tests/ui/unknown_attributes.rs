use chanx::Message;

#[derive(Message)]
#[message(inbound)]
enum OnTheSet {
    Ping,
}

#[derive(Message)]
enum OnTheVariants {
    #[message(renamed = "hello")]
    Ping,
    Say(#[message(default)] String),
}

#[derive(Message)]
enum Twice {
    #[message(rename = "a", rename = "b")]
    Ping,
}

fn main() {}
