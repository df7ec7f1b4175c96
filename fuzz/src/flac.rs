//! FLAC files, right or wrong, and streams with hostile decisions.

use std::io::{Read, Write};

use arbitrary::Arbitrary;
use lmac::source::{NewFile, Restored, SourceFile};
use lmac::{Decoder, EncodeOptions, Encoder, ErrorKind, Preset, SampleFormat, Verification};
use lmac_support::bytes::varint;
use lmac_support::parts::{Item, Parts};

use crate::audio::Audio;
use crate::streams;

/// The most bytes that a target takes of one file: frames of few bytes can have much audio.
const MOST_BYTES: usize = 16 << 20;

/// Encodes a file as FLAC, and restores it if it is.
pub fn encode_and_restore(file: &[u8]) {
    let preset = if file.len().is_multiple_of(2) { Preset::Light } else { Preset::Store };
    let options = EncodeOptions::default()
        .with_preset(preset)
        .with_chunk_frames(2000)
        .with_verify(file.len() % 4 < 2);
    let Ok(opened) = SourceFile::open(file) else { return };
    let whole = match opened.encode(Vec::new(), &options) {
        Ok(whole) => whole,
        Err(error) => {
            assert!(!matches!(error.kind(), ErrorKind::Verification), "{error}");
            return;
        }
    };
    let mut restored = Restored::new(Decoder::new(whole.writer.as_slice()).unwrap());
    let mut back = Vec::new();
    restored.read_to_end(&mut back).unwrap();
    restored.decoder_mut().expect_end().unwrap();
    assert!(back == file);
    let md5 = whole.md5.unwrap();
    assert_eq!(restored.decoder().verification(), Verification::Md5(md5));
}

/// A FLAC file of the library's encoder, and changes to it.
#[derive(Debug, Clone, Arbitrary)]
pub struct Mutated {
    audio: Audio,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Arbitrary)]
enum Change {
    Flip { at: u16, bits: u8 },
    Cut { at: u16 },
    Insert { at: u16, bytes: Vec<u8> },
    Remove { at: u16, length: u8 },
    Repeat { at: u16, length: u16 },
    Append { bytes: Vec<u8> },
}

/// Returns a stream of audio that a FLAC file can hold.
fn stream_of(audio: &Audio) -> Option<Vec<u8>> {
    let spec = audio.spec();
    if spec.format == SampleFormat::F32 || spec.format == SampleFormat::F64 {
        return None;
    }
    let options = EncodeOptions::default().with_preset(Preset::Store).with_chunk_frames(500);
    let mut encoder = Encoder::with_options(Vec::new(), spec, options).unwrap();
    encoder.write_all(&audio.pcm(3000)).unwrap();
    Some(encoder.finish().unwrap().writer)
}

/// Returns the FLAC file of this audio, if there is one.
pub fn file_of(audio: &Audio) -> Option<Vec<u8>> {
    let stream = stream_of(audio)?;
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut restored = Restored::converted(decoder, NewFile::Flac, None, None).ok()?;
    let mut file = Vec::new();
    restored.read_to_end(&mut file).unwrap();
    if let Some(head) = restored.corrected_head() {
        file.splice(..head.len(), head);
    }
    Some(file)
}

impl Mutated {
    /// Returns the file with its changes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut file = file_of(&self.audio)?;
        for change in &self.changes {
            let place = |at: u16| usize::from(at) % (file.len() + 1);
            match *change {
                Change::Flip { at, bits } => {
                    let at = place(at);
                    if let Some(byte) = file.get_mut(at) {
                        *byte ^= bits;
                    }
                }
                Change::Cut { at } => file.truncate(place(at)),
                Change::Insert { at, ref bytes } => {
                    let at = place(at);
                    file.splice(at..at, bytes.iter().copied());
                }
                Change::Remove { at, length } => {
                    let at = place(at);
                    let end = (at + usize::from(length)).min(file.len());
                    file.drain(at..end);
                }
                Change::Repeat { at, length } => {
                    let at = place(at);
                    let end = (at + usize::from(length)).min(file.len());
                    file.extend_from_within(at..end);
                }
                Change::Append { ref bytes } => file.extend(bytes),
            }
        }
        Some(file)
    }
}

/// A sound stream of a FLAC file, and what its decisions become.
#[derive(Debug, Clone, Arbitrary)]
pub struct Hostile {
    audio: Audio,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Arbitrary)]
enum Block {
    Sound,
    Missing,
    Any(Vec<u8>),
    /// A head that is right, and any records.
    Records {
        count: u64,
        bytes: Vec<u8>,
    },
    /// A sound block, changed behind its head.
    Changed {
        at: u8,
        bits: u8,
    },
}

impl Hostile {
    /// Returns the stream, and the length of its audio in bytes.
    pub fn stream(&self) -> Option<(Vec<u8>, usize)> {
        let file = file_of(&self.audio)?;
        let options = EncodeOptions::default().with_preset(Preset::Store).with_chunk_frames(500);
        let finished = SourceFile::open(&file[..]).ok()?.encode(Vec::new(), &options).ok()?;
        let mut parts = Parts::of(&finished.writer);
        let places = parts.decisions();
        for (&at, block) in places.iter().zip(&self.blocks).rev() {
            let data = parts.data(at);
            let head = head_length(data);
            match block {
                Block::Sound => {}
                Block::Missing => drop(parts.items.remove(at)),
                Block::Any(bytes) => *data = bytes.clone(),
                Block::Records { count, bytes } => {
                    let records = varint(*count);
                    let fields: Vec<u8> = data[..head.0].to_vec();
                    *data = [&fields[..], &records, bytes].concat();
                }
                &Block::Changed { at, bits } => {
                    let at = head.1 + usize::from(at);
                    if let Some(byte) = data.get_mut(at) {
                        *byte ^= bits;
                    }
                }
            }
        }
        debug_assert!(parts.items.iter().any(|item| matches!(item, Item::Block(..))));
        Some((parts.stream(), finished.stats.pcm_bytes as usize))
    }
}

/// Bytes of the fields of a block before the number of records, and of all fields.
fn head_length(data: &[u8]) -> (usize, usize) {
    let mut ends = (0..data.len()).filter(|&at| data[at] & 0x80 == 0).map(|at| at + 1).skip(3);
    let four = ends.next().unwrap_or(data.len());
    (four, ends.next().unwrap_or(data.len()))
}

/// Restores a stream as far as it goes: there is no panic, and no endless file.
pub fn restore(stream: &[u8], pcm_bytes: usize) {
    let decoder = Decoder::with_options(stream, streams::options()).unwrap();
    let mut restored = Restored::new(decoder);
    let mut length = 0;
    while let Ok(piece) = restored.next_piece()
        && !piece.is_empty()
    {
        length += piece.len();
        // A block is of one chunk at most, and of one frame more.
        let blocks = stream.len() / 8 + 1;
        assert!(length <= pcm_bytes * 1100 + (blocks << 17) + MOST_BYTES);
    }
    let mut pcm = Vec::new();
    Decoder::new(stream).unwrap().read_to_end(&mut pcm).unwrap();
    assert_eq!(pcm.len(), pcm_bytes);
}
