//! Vectors that were recorded from channels_redis 4.3.0, and what hostile bytes do.

use serde_json::json;

use super::*;
use crate::config::Mode;

fn codec(serializer: Serializer) -> Codec {
    Codec::new(&Config::new(Mode::Core, Vec::new()).serializer(serializer))
}

fn msgpack() -> Codec {
    codec(Serializer::MsgPack)
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object is needed") };
    object
}

fn other(value: Value) -> LayerMessage {
    LayerMessage::Other(object(value))
}

fn encode(codec: &Codec, value: Value) -> Vec<u8> {
    codec.plain(&codec.draft(&other(value)).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn scalars() -> Value {
    json!({
        "type": "t", "s": "é",
        "i": [0, 127, 128, -1, -33, 255, 256, 65536, 4_294_967_296_u64, 9_223_372_036_854_775_808_u64, i64::MIN],
        "f": 1.5, "b": [true, false, null], "d": {},
    })
}

#[test]
fn msgpack_is_python_s() {
    let expected = bytes(
        "86 a4 74 79 70 65 a1 74 a1 73 a2 c3 a9 a1 69 9b 00 7f cc 80 ff d0 df cc ff cd 01 00 ce 00 01 00 00 cf 00 00 00 01 00 00 00 00 cf 80 00 00 00 00 00 00 00 d3 80 00 00 00 00 00 00 00 a1 66 cb 3f f8 00 00 00 00 00 00 a1 62 93 c3 c2 c0 a1 64 80",
    );
    assert_eq!(encode(&msgpack(), scalars()), expected);
    assert_eq!(msgpack().decode(&expected, None), Ok(object(scalars())));
}

#[test]
fn json_is_python_s() {
    let expected = r#"{"type": "t", "s": "\u00e9", "i": [0, 127, 128, -1, -33, 255, 256, 65536, 4294967296, 9223372036854775808, -9223372036854775808], "f": 1.5, "b": [true, false, null], "d": {}}"#;
    let codec = codec(Serializer::Json);
    assert_eq!(String::from_utf8(encode(&codec, scalars())).unwrap(), expected);
    assert_eq!(codec.decode(expected.as_bytes(), None), Ok(object(scalars())));
    let text = json!({"a\"\n\u{7f}\u{1}": ["😀 ~", {"x": []}, [[], {}]]});
    let expected = r#"{"a\"\n\u007f\u0001": ["\ud83d\ude00 ~", {"x": []}, [[], {}]]}"#;
    assert_eq!(String::from_utf8(encode(&codec, text.clone())).unwrap(), expected);
    assert_eq!(codec.decode(expected.as_bytes(), None), Ok(object(text)));
}

#[test]
fn the_addressee_is_the_last_key() {
    let name = "specific.475c006d54164c42af4f3108ba27d361!ac126cf9be644b2a99b1af70d611e661";
    let expected = bytes(
        "83 a4 74 79 70 65 a6 64 69 72 65 63 74 a1 6e 01 b0 5f 5f 61 73 67 69 5f 63 68 61 6e 6e 65 6c 5f 5f d9 4a 73 70 65 63 69 66 69 63 2e 34 37 35 63 30 30 36 64 35 34 31 36 34 63 34 32 61 66 34 66 33 31 30 38 62 61 32 37 64 33 36 31 21 61 63 31 32 36 63 66 39 62 65 36 34 34 62 32 61 39 39 62 31 61 66 37 30 64 36 31 31 65 36 36 31",
    );
    let draft = msgpack().draft(&other(json!({"type": "direct", "n": 1}))).unwrap();
    assert_eq!(msgpack().addressed(&draft, &name.into()).unwrap(), expected);
    let codec = codec(Serializer::Json);
    let draft = codec.draft(&other(json!({}))).unwrap();
    assert_eq!(codec.addressed(&draft, &json!(["a", "b"])).unwrap(), br#"{"__asgi_channel__": ["a", "b"]}"#);
}

#[test]
fn long_things_have_long_headers() {
    for count in [15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        let value = json!({
            "text": "x".repeat(count),
            "list": vec![0; count],
            "map": (0..count).map(|n| (n.to_string(), n.into())).collect::<Map<_, _>>(),
        });
        assert_eq!(msgpack().decode(&encode(&msgpack(), value.clone()), None), Ok(object(value)));
    }
}

#[test]
fn what_json_does_not_have_is_an_error() {
    let table: [(&[u8], DecodeError); 15] = [
        (b"", DecodeError::Cut),
        (b"\x81\xa1a", DecodeError::Cut),
        (b"\x81\xa5abc", DecodeError::Cut),
        (b"\xdf\xff\xff\xff\xff", DecodeError::Cut),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", DecodeError::Cut),
        (b"\x80garbage", DecodeError::Trailing),
        (b"\x93\x01\x02\x03", DecodeError::NoMap),
        (b"\x07", DecodeError::NoMap),
        (b"\x81\x01\x01", DecodeError::Key),
        (b"\x81\xc0\x01", DecodeError::Key),
        (b"\x81\xc4\x01a\x01", DecodeError::Key),
        (b"\x81\xa1a\xa2\xff\xfe", DecodeError::Text),
        (b"\x81\xa1a\xc4\x01x", DecodeError::Type),
        (b"\x81\xa1a\xd6\xff\x00\x00\x00\x00", DecodeError::Type),
        (b"\x81\xa1a\xc1", DecodeError::Type),
    ];
    for (bytes, error) in table {
        assert_eq!(msgpack().decode(bytes, None), Err(error), "{bytes:?}");
    }
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let bytes = [b"\x81\xa1a\xcb".as_slice(), &number.to_be_bytes()].concat();
        assert_eq!(msgpack().decode(&bytes, None), Err(DecodeError::Number));
        let bytes = [b"\x81\xa1a\xca".as_slice(), &(number as f32).to_be_bytes()].concat();
        assert_eq!(msgpack().decode(&bytes, None), Err(DecodeError::Number));
    }
}

#[test]
fn json_that_cannot_be_carried_is_an_error() {
    let codec = codec(Serializer::Json);
    let table = [
        ("", DecodeError::Json),
        ("{} x", DecodeError::Json),
        (r#"{"a": NaN}"#, DecodeError::Json),
        (r#"{"a": Infinity}"#, DecodeError::Json),
        (r#"{"a": "\ud83d"}"#, DecodeError::Json),
        (r#"{"a": 1e400}"#, DecodeError::Json),
        ("[]", DecodeError::NoMap),
        (r#"{"a": 18446744073709551616}"#, DecodeError::Number),
    ];
    for (text, error) in table {
        assert_eq!(codec.decode(text.as_bytes(), None), Err(error), "{text}");
    }
}

#[test]
fn depth_is_bounded_for_writers_as_for_readers() {
    let nested = |depth: usize| (1..depth).fold(json!({}), |value, _| json!({ "a": value }));
    for serializer in [Serializer::MsgPack, Serializer::Json] {
        let codec = codec(serializer);
        let deep = encode(&codec, nested(MAX_DEPTH));
        assert_eq!(codec.decode(&deep, None), Ok(object(nested(MAX_DEPTH))));
        let error = codec.draft(&other(nested(MAX_DEPTH + 1))).unwrap_err();
        assert!(matches!(error, LayerError::Message(_)));
    }
    assert_eq!(msgpack().decode(&[0x81, 0xa1, b'a'].repeat(MAX_DEPTH + 1), None), Err(DecodeError::TooDeep));
    assert_eq!(msgpack().decode(&[0x91; 100_000], None), Err(DecodeError::TooDeep));
}

#[test]
fn length_is_bounded_for_writers_as_for_readers() {
    let codec = msgpack();
    let draft = codec.draft(&other(json!({"a": "x".repeat(MAX_LENGTH)}))).unwrap();
    assert!(matches!(codec.plain(&draft), Err(LayerError::Message(_))));
    assert_eq!(codec.decode(&vec![0; MAX_LENGTH + 1], None), Err(DecodeError::TooLong));
}

#[test]
fn every_cut_and_every_changed_byte_is_survived() {
    for serializer in [Serializer::MsgPack, Serializer::Json] {
        let codec = codec(serializer);
        let whole = encode(&codec, scalars());
        for at in 0..whole.len() {
            assert!(codec.decode(&whole[..at], None).is_err(), "{at} bytes");
            for byte in 0..=255 {
                let mut changed = whole.clone();
                changed[at] = byte;
                if let Ok(message) = codec.decode(&changed, None) {
                    assert!(codec.draft(&LayerMessage::Other(message)).is_ok());
                }
            }
        }
    }
}

#[test]
fn encryption_is_around_everything() {
    let config = Config::new(Mode::Core, Vec::new());
    let new = Codec::new(&config.clone().encryption_keys(["new", "old"]));
    let old = Codec::new(&config.clone().encryption_keys(["old"]));
    let message = json!({"type": "x"});
    assert_eq!(new.decode(&encode(&old, message.clone()), None), Ok(object(message.clone())));
    assert_eq!(old.decode(&encode(&new, message.clone()), None), Err(DecodeError::Encryption));
    assert_eq!(new.decode(&encode(&msgpack(), message), None), Err(DecodeError::Encryption));
    assert!(!format!("{new:?} {:?}", config.encryption_keys(["hush"])).contains("hush"));
}

/// Recorded from a process of channels_redis with the key `golden channel key` (the random prefix is left out).
#[test]
fn an_encrypted_group_message_of_python_is_read() {
    let token = "gAAAAABrA0XDVk1Z-vHalczynsCERHViE5YQ5hDzp3RAYmS6f2lf8Iz7wj6-tQj5_w5-UcRw1nurK8fVwJ4-wwtv7K5o09D5eYldbXvAEfaBkK4RRQ-jtmEjsh-nXAlPd3XwmFhnmJn79qyn96fh9jlgBD3jZTD9atXHNMT10RADhGg2kkrImCx3o2D8sTcpW5NdkYx4BFLqAemyeZ9p8oqZRAEUKbI5TKl8EHu1cYlOSBmkMm5hSvshgUpcxX2DRTgBmVRfw9PXW7GPesjZ9xQC16j3Y84IR_avL51hQLndcKIF2272vl6c5Gazmj2Bk2hbbbQOWZrVGgY_QnaMUMfoOpRWbFBAYjAG9ZDJKsfQSekI5FLAQ8c_5qis02jBccvJKsgpvzmr-ksG-kKeniY7zoJ8R4GR4YJpi3tfG_njDSPUoacSWSvfILR1g52qbhg95zvdAfRiL0tdOHXdjaIFJHA3s4zcUbbYNy2AwG1sFqQ1WlJTMjA=";
    let codec = Codec::new(&Config::new(Mode::Core, Vec::new()).encryption_keys(["another", "golden channel key"]));
    let expected = json!({
        "type": "send_group_member",
        "content": {"action": "member_message", "payload": "secret", "is_mine": false, "is_current": false},
        "kind": "message",
        "exclude_current": false,
        "from_channel": "specific.678dcf1895ba494ba9cde95f381f3fef!f66a72e855fc4f499fa3526b9a3bbaa1",
        "from_user_pk": 1,
        "__asgi_channel__": ["specific.9e18078cfaba41c797a95704562c8fcb!18d7f0a7ebb94834bc5ecaa5079fca7d"],
    });
    assert_eq!(codec.decode(token.as_bytes(), None), Ok(object(expected)));
}

#[test]
fn floats_come_back_as_they_went_in() {
    let mut bits = 0x0123_4567_89ab_cdef_u64;
    let mut random = || loop {
        // Xorshift.
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let number = f64::from_bits(bits);
        if number.is_finite() {
            break number;
        }
    };
    let numbers: Vec<_> = (0..10_000).map(|_| random()).chain([1_796_353_693.559_418_7, -0.0, 5e-324]).collect();
    for codec in [msgpack(), codec(Serializer::Json)] {
        let decoded = codec.decode(&encode(&codec, json!({"numbers": numbers})), None).unwrap();
        let decoded: Vec<_> = decoded["numbers"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert!(bits(&decoded) == bits(&numbers));
    }
}
