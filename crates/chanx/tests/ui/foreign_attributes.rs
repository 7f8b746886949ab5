use chanx::Message;

#[derive(Message)]
enum Room {
    #[serde(rename = "p")]
    Ping,
    #[garde(length(max = 5))]
    Say(String),
    #[serde(rename = "shout", deny_unknown_fields)]
    Shout { text: String },
}

fn main() {}
