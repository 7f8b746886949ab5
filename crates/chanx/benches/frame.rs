//! What a frame costs beside its message: the header and the mask, the check that text is UTF-8, and writing.
//!
//! `cargo bench -p chanx --bench frame`.

use std::io::Write as _;

use chanx_core::frame::{Frame, FrameReader, FrameWriter, Opcode, Role, write_frame, write_masked};
use divan::counter::BytesCount;
use divan::{Bencher, Divan, black_box};

/// Sizes of the payload, in bytes.
const SIZES: [usize; 2] = [73, 4096];
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn main() {
    Divan::default().sample_count(200).sample_size(200).config_with_args().main();
}

/// The header and the mask.
#[divan::bench(args = SIZES)]
fn read_binary(bencher: Bencher<'_, '_>, size: usize) {
    read(bencher, Opcode::Binary, &vec![0x5a; size]);
}

#[divan::bench(args = SIZES)]
fn read_text(bencher: Bencher<'_, '_>, size: usize) {
    read(bencher, Opcode::Text, "x".repeat(size).as_bytes());
}

/// Text whose characters take two bytes.
#[divan::bench(args = SIZES)]
fn read_text_beyond_ascii(bencher: Bencher<'_, '_>, size: usize) {
    read(bencher, Opcode::Text, "ж".repeat(size / 2).as_bytes());
}

#[divan::bench(args = SIZES)]
fn write(bencher: Bencher<'_, '_>, size: usize) {
    let (payload, mut out) = ("x".repeat(size), Vec::new());
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        write_frame(&mut out, Opcode::Text, black_box(payload.as_bytes()));
        black_box(&out);
    });
}

/// As messages are written: the size is not known before the payload is there.
#[divan::bench(args = SIZES)]
fn write_in_place(bencher: Bencher<'_, '_>, size: usize) {
    let (payload, mut out) = ("x".repeat(size), Vec::new());
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        let mut frame = FrameWriter::text(&mut out);
        frame.write_all(black_box(payload.as_bytes())).unwrap();
        frame.finish();
        black_box(&out);
    });
}

/// From received bytes to the frame, which is let go again, as a driver's reader does with one frame after the other.
fn read(bencher: Bencher<'_, '_>, opcode: Opcode, payload: &[u8]) {
    let mut bytes = Vec::new();
    write_masked(&mut bytes, opcode, payload, KEY);
    let mut reader = FrameReader::new(Role::Server, 1 << 20);
    bencher.counter(BytesCount::new(payload.len())).bench_local(|| {
        reader.buffer_mut().extend_from_slice(black_box(&bytes));
        assert!(matches!(reader.next(), Ok(Some(Frame::Text(_) | Frame::Binary(_)))));
        assert_eq!(reader.next(), Ok(None));
    });
}
