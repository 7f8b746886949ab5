use chanx::Message;

#[derive(Message)]
enum Room {
    Ping = 1,
}

fn main() {}
