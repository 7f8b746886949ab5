use chanx::Message;

#[derive(Message)]
enum Room {
    #[message(default)]
    Unit,
    #[message(default)]
    Fields { text: String },
}

fn main() {}
