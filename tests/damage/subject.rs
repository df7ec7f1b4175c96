//! Sound streams with the places of their parts.

use std::io::{Cursor, Read};
use std::ops::Range;

use lmac::source::{Restored, encode_file};
use lmac::{DecodeOptions, Decoder, EncodeOptions, Inspector, Preset};
use lmac_support::bytes::{crc, varint};
use lmac_support::recording;
use lmac_support::vectors::{self, with_models};

/// A stream to be damaged.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) stream: Vec<u8>,
    /// The audio, and the file around it.
    pub(crate) pcm: Vec<u8>,
    pub(crate) file: Vec<u8>,
    /// Places of the parts in the stream.
    pub(crate) header: Range<usize>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) trailer: Range<usize>,
    pub(crate) frame_bytes: usize,
    /// The byte that silence is made of.
    pub(crate) silence: u8,
    pub(crate) options: DecodeOptions,
}

pub(crate) struct Chunk {
    pub(crate) bytes: Range<usize>,
    pub(crate) frames: Range<u64>,
}

impl Subject {
    pub(crate) fn new(name: impl Into<String>, stream: Vec<u8>, options: DecodeOptions) -> Self {
        let open = || Decoder::with_options(Cursor::new(stream.clone()), options.clone()).unwrap();
        let (mut pcm, mut file) = (Vec::new(), Vec::new());
        open().read_to_end(&mut pcm).unwrap();
        Restored::new(open()).read_to_end(&mut file).unwrap();
        let mut inspector = Inspector::new(stream.as_slice()).unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = inspector.next_chunk().unwrap() {
            let offset = chunk.offset as usize;
            chunks.push(Chunk {
                bytes: offset..offset + chunk.bytes as usize,
                frames: chunk.first_frame..chunk.first_frame + chunk.frames,
            });
        }
        let spec = inspector.info().spec;
        Subject {
            name: name.into(),
            header: 0..header_length(&stream),
            trailer: trailer_start(&stream)..stream.len(),
            chunks,
            pcm,
            file,
            frame_bytes: spec.frame_bytes(),
            silence: if spec.format.bits() == 8 { 0x80 } else { 0 },
            stream,
            options,
        }
    }

    pub(crate) fn frames(&self) -> u64 {
        (self.pcm.len() / self.frame_bytes) as u64
    }

    /// Returns the header of a stream that differs in its salt alone.
    pub(crate) fn like_header(&self) -> Vec<u8> {
        let mut header = self.stream[self.header.clone()].to_vec();
        let sealed = header.len() - 4;
        header[sealed - 1] ^= 0x5A;
        let id = crc(None, &header[..sealed]);
        header.splice(sealed.., id.to_le_bytes());
        header
    }

    /// Returns the trailer of that stream, with chunks at the same places.
    pub(crate) fn like_trailer(&self) -> Vec<u8> {
        let mut trailer = self.stream[self.trailer.clone()].to_vec();
        let header = self.like_header();
        let id = u32::from_le_bytes(header[header.len() - 4..].try_into().unwrap());
        if trailer[0] & 1 != 0 {
            let at = 1 + varint(header.len() as u64).len();
            trailer.splice(at..at + header.len(), header);
        }
        let sealed = trailer.len() - 2 - length_of_length(&trailer) - 4;
        let sum = crc(Some(id), &trailer[..sealed]);
        trailer.splice(sealed..sealed + 4, sum.to_le_bytes());
        trailer
    }
}

fn header_length(stream: &[u8]) -> usize {
    let (body, length) = read_varint(&stream[9..]);
    9 + length + body as usize + 4
}

fn read_varint(bytes: &[u8]) -> (u64, usize) {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).expect("a varint");
    let groups = bytes[..length].iter().rev();
    (groups.fold(0, |value, byte| value << 7 | u64::from(byte & 0x7F)), length)
}

/// The last bytes before the closing magic, backwards.
fn length_backwards(stream: &[u8]) -> Vec<u8> {
    stream[..stream.len() - 2].iter().rev().take(10).copied().collect()
}

fn length_of_length(stream: &[u8]) -> usize {
    read_varint(&length_backwards(stream)).1
}

fn trailer_start(stream: &[u8]) -> usize {
    let (length, bytes) = read_varint(&length_backwards(stream));
    stream.len() - 2 - bytes - length as usize
}

/// Returns all good vectors that this build can decode.
pub(crate) fn good_vectors() -> Vec<Subject> {
    let models = with_models();
    let mut names = vectors::names("good-", false);
    if models.is_some() {
        names.extend(vectors::names("good-", true));
    }
    let options = models.unwrap_or_default();
    let subject = |name: String| Subject::new(&*name, vectors::stream(&name), options.clone());
    names.into_iter().map(subject).collect()
}

/// Returns the beginning of the recording, coded with these presets.
pub(crate) fn of_recording(presets: &[Preset], frames: usize, chunk_frames: u64) -> Vec<Subject> {
    let options = EncodeOptions::default().with_chunk_frames(chunk_frames);
    of_wav("speech", &recording(frames), presets, &options)
}

/// Returns a WAV file, coded with these presets.
pub(crate) fn of_wav(
    name: &str,
    wav: &[u8],
    presets: &[Preset],
    options: &EncodeOptions,
) -> Vec<Subject> {
    let subject = |&preset: &Preset| {
        let options = options.clone().with_preset(preset);
        let stream = encode_file(wav, Vec::new(), &options).unwrap().writer;
        Subject::new(format!("{name}-{}", preset.name()), stream, DecodeOptions::default())
    };
    presets.iter().map(subject).collect()
}
