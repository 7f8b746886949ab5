use chanx::Message;

#[derive(schemars::JsonSchema, serde::Deserialize, serde::Serialize)]
struct Payload;

#[derive(Message)]
enum Room {
    #[message(default)]
    Say(Payload),
}

fn main() {}
