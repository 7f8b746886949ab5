use chanx::Message;

#[derive(Message)]
enum Room {}

fn main() {}
