use chanx::Message;

#[derive(Message)]
#[message(rename_all = "lowercase")]
enum Room {
    Ping,
}

fn main() {}
