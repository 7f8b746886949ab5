use chanx::Message;

#[derive(Message)]
#[message(incoming, outgoing)]
enum Both {
    Ping,
}

#[derive(Message)]
#[message(incoming)]
enum Received {
    Ping,
}

#[derive(Message)]
#[message(outgoing)]
enum Sent {
    Ping,
}

fn receive<M: chanx_core::message::IncomingMessage>() {}
fn send<M: chanx_core::message::OutgoingMessage>() {}

fn the_wrong_way() {
    receive::<Sent>();
    send::<Received>();
}

fn main() {}
