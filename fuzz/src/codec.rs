//! Messages of a channel layer as bytes: nothing in a store breaks a reader, and what is read can be written and read again.

use chanx_core::layer::LayerMessage;
use chanx_redis::{Serializer, fuzzing};

pub(crate) const WORDS: &[&[u8]] = &[
    b"\"type\":\"send_group_member\"",
    b"\"content\":{}",
    b"\"kind\":\"json\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\x81\xa1a\x01",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xcb\x7f\xf0\0\0\0\0\0\0",
    b"\xa4type",
    b"\xc7\x01\x01",
    b"\xd9\x01",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x91\x91\x91",
];

pub(crate) fn run(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let serializer = if first % 2 == 0 { Serializer::MsgPack } else { Serializer::Json };
    let Some(object) = fuzzing::read(serializer, bytes) else { return };
    let Ok(message) = LayerMessage::from_object(object.clone()) else { return };
    for serializer in [Serializer::MsgPack, Serializer::Json] {
        let Some(written) = fuzzing::write(serializer, &message) else { continue };
        let again = fuzzing::read(serializer, &written).map(LayerMessage::from_object);
        assert_eq!(again.as_ref(), Some(&Ok(message.clone())), "{object:?}");
    }
}
