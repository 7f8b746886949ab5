use chanx::Message;

#[derive(Message)]
enum Typed<T> {
    Say(T),
}

#[derive(Message)]
enum Borrowed<'a> {
    Say(&'a str),
}

fn main() {}
