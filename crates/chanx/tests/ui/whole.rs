use chanx::Message;

#[derive(Message)]
enum Room {
    #[message(whole)]
    Unit,
    #[message(whole)]
    Fields { text: String },
    #[message(whole)]
    Attributes(#[serde(default)] String),
    #[message(whole, default)]
    Default(String),
}

fn main() {}
