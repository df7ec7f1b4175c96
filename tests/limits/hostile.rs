//! Hostile streams with right checksums, and every way to read them.

use std::io::{Cursor, Read};

use lmac::{DecodeOptions, Decoder, Error, ErrorKind, FORMAT_VERSION, Frames, Inspector, Limits};
use lmac_support::bytes::{Builder, varint};
use lmac_support::memory::{Turn, Used};

pub(crate) const MIB: u64 = 1 << 20;

/// Memory that a reader takes for its window and a decoder for itself, for any stream: a few
/// steps of the window, which may be copied once.
pub(crate) const READER: u64 = 3 * MIB;

/// The header of a stream.
#[derive(Clone)]
pub(crate) struct Shape {
    /// The format's code: 0 unsigned 8-bit, 1 to 3 signed 16 to 32-bit, 4 and 5 float.
    pub(crate) format: u8,
    pub(crate) channels: u64,
    pub(crate) chunk_frames: u64,
    /// 0 samples, 1 raw file, 2 and 3 WAV.
    pub(crate) source: u8,
    pub(crate) declared_frames: Option<u64>,
    /// The bytes that name a language model.
    pub(crate) model: Vec<u8>,
}

impl Shape {
    /// Integers of 16 bits.
    pub(crate) fn new(channels: u64, chunk_frames: u64) -> Self {
        let (source, model) = (0, Vec::new());
        Shape { format: 1, channels, chunk_frames, source, declared_frames: None, model }
    }

    pub(crate) fn start(&self) -> Builder {
        let Shape { format, channels, chunk_frames, source, declared_frames, model } = self;
        let flags = 0x40 | source << 2 | u8::from(declared_frames.is_some()) << 5;
        let extension = 0x04 | u8::from(!model.is_empty()) << 5;
        let mut body = vec![2 << 3 | format, flags, extension];
        body.extend(varint(*channels));
        body.extend(varint(*chunk_frames));
        body.extend(declared_frames.iter().flat_map(|&frames| varint(frames)));
        body.extend(model);
        body.extend([1, 2, 3, 4]);
        let (major, minor) = FORMAT_VERSION;
        Builder::new([major, minor], &body)
    }
}

/// The fields of a chunk between its head byte and the length of its payload.
pub(crate) fn fields(first_frame: u64, frames: u64) -> Vec<u8> {
    [varint(first_frame), varint(frames)].concat()
}

/// Returns a stream that is cut off in an item.
pub(crate) fn cut_off(builder: Builder, parts: &[&[u8]]) -> Vec<u8> {
    [&builder.bytes[..], &[0xD6, 0x9B], &parts.concat()].concat()
}

/// A way to read a stream.
pub(crate) type Way = (&'static str, fn(&[u8], DecodeOptions) -> Result<u64, Error>);

/// All ways. Each returns the number of bytes that came out.
pub(crate) const WAYS: [Way; 7] = [
    ("read", |stream, options| read(Decoder::with_options(stream, options)?)),
    ("recover", |stream, options| read(Decoder::recover(Cursor::new(stream), options)?)),
    ("recover in one pass", |stream, options| read(Decoder::recover_in_one_pass(stream, options)?)),
    ("frames", |stream, options| {
        let mut decoder = Decoder::with_options(stream, options)?;
        let mut frames = Frames::new();
        let mut bytes = 0;
        while decoder.read_frames(&mut frames)? {
            bytes += 4 * frames.samples().len() as u64;
        }
        Ok(bytes)
    }),
    ("seek", |stream, options| {
        let mut decoder = Decoder::with_options(Cursor::new(stream), options)?;
        let mut bytes = 0;
        for frame in [1, 1 << 20, 1 << 40] {
            if decoder.seek(frame).is_ok() {
                bytes += decoder.read(&mut [0; 100])? as u64;
            }
        }
        Ok(bytes)
    }),
    ("inspect", |stream, options| {
        let mut inspector = Inspector::with_limits(stream, options.limits)?;
        while inspector.next_chunk()?.is_some() {}
        Ok(0)
    }),
    ("summary", |stream, options| {
        Inspector::with_limits(Cursor::new(stream), options.limits)?.summary()?;
        Decoder::with_options(Cursor::new(stream), options)?.find_length()?;
        Ok(0)
    }),
];

/// Reads audio piece by piece, so that only the decoder's memory counts.
fn read<R: Read>(mut decoder: Decoder<R>) -> Result<u64, Error> {
    let mut buffer = [0; 4096];
    let mut bytes = 0;
    loop {
        match decoder.read(&mut buffer)? {
            0 => return Ok(bytes),
            length => bytes += length as u64,
        }
    }
}

pub(crate) fn with_memory(bytes: u64) -> DecodeOptions {
    DecodeOptions::default().with_limits(Limits::default().with_memory(bytes))
}

/// Reads a stream in every way, with one thread and with three, and asserts that none takes
/// more memory than this.
#[track_caller]
pub(crate) fn assert_takes_at_most(turn: &Turn, stream: &[u8], most: u64) {
    assert_with(turn, stream, &DecodeOptions::default(), most);
}

#[track_caller]
pub(crate) fn assert_with(turn: &Turn, stream: &[u8], options: &DecodeOptions, most: u64) {
    for (name, way) in WAYS {
        for threads in [1, 3] {
            let options = options.clone().with_threads(threads);
            let (result, Used { peak, .. }) = turn.measure(|| way(stream, options));
            assert!(peak <= most, "{name}, {threads} threads: {peak} bytes, {result:?}");
        }
    }
}

/// Returns the memory that this way needs, as its error says; `None` if it decodes nothing.
pub(crate) fn needed_by((_, way): Way, stream: &[u8], options: DecodeOptions) -> Option<u64> {
    match *way(stream, options.with_limits(Limits::default().with_memory(0))).err()?.kind() {
        ErrorKind::Limit { needed, .. } => Some(needed),
        ref other => panic!("any stream needs some memory: {other}"),
    }
}

/// Returns the error of decoding a stream.
#[track_caller]
pub(crate) fn error_of(stream: &[u8], options: DecodeOptions) -> Error {
    WAYS[0].1(stream, options).unwrap_err()
}
