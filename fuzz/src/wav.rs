//! WAV files, right or wrong.

use std::io::Read;

use arbitrary::Arbitrary;
use lmac::source::{Restored, encode_file, encode_file_audio};
use lmac::{Decoder, EncodeOptions, Preset, Verification};

/// A file made of chunks.
#[derive(Debug, Clone, Arbitrary)]
pub struct File {
    long: bool,
    riff_length: Length,
    chunks: Vec<Chunk>,
    behind: Vec<u8>,
}

/// A length field, which may be wrong.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Length {
    Right,
    Zero,
    AllOnes,
    More(u8),
    Less(u8),
    Any(u32),
}

#[derive(Debug, Clone, Arbitrary)]
enum Chunk {
    Format { tag: Tag, channels: u8, rate: u32, bits: u8, frame_bytes: Length, extra: Vec<u8> },
    Extensible { channels: u8, bits: u8, valid: u8, mask: u32, float: bool },
    Long { riff: u64, data: u64, frames: u64, table: Vec<u8> },
    Data { bytes: Vec<u8>, length: Length, padded: bool },
    Other { id: [u8; 4], bytes: Vec<u8>, length: Length, padded: bool },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Tag {
    Pcm,
    Float,
    Any(u16),
}

impl Length {
    fn of(self, right: u32) -> u32 {
        match self {
            Length::Right => right,
            Length::Zero => 0,
            Length::AllOnes => u32::MAX,
            Length::More(more) => right.saturating_add(more.into()),
            Length::Less(less) => right.saturating_sub(less.into()),
            Length::Any(any) => any,
        }
    }
}

impl Chunk {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            &Chunk::Format { tag, channels, rate, bits, frame_bytes, ref extra } => {
                let tag = match tag {
                    Tag::Pcm => 1u16,
                    Tag::Float => 3,
                    Tag::Any(tag) => tag,
                };
                let bits = if bits > 128 { bits % 9 * 8 } else { bits };
                let right = u32::from(channels) * u32::from(bits).div_ceil(8);
                let frame_bytes = frame_bytes.of(right) as u16;
                let mut body = fields(tag, channels.into(), rate, frame_bytes, bits.into());
                body.extend(extra);
                chunk(out, b"fmt ", &body, Length::Right, true);
            }
            &Chunk::Extensible { channels, bits, valid, mask, float } => {
                let bytes = 1 + u16::from(bits) % 8;
                let frame_bytes = u16::from(channels) * bytes;
                let mut body = fields(0xFFFE, channels.into(), 48_000, frame_bytes, 8 * bytes);
                body.extend([22, 0, valid, 0]);
                body.extend(mask.to_le_bytes());
                body.extend([if float { 3 } else { 1 }, 0]);
                body.extend(b"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
                chunk(out, b"fmt ", &body, Length::Right, true);
            }
            Chunk::Long { riff, data, frames, table } => {
                let numbers = [riff, data, frames].map(|number| number.to_le_bytes()).concat();
                chunk(out, b"ds64", &[&numbers, table.as_slice()].concat(), Length::Right, true);
            }
            &Chunk::Data { ref bytes, length, padded } => {
                chunk(out, b"data", bytes, length, padded);
            }
            &Chunk::Other { id, ref bytes, length, padded } => {
                chunk(out, &id, bytes, length, padded);
            }
        }
    }
}

fn fields(tag: u16, channels: u16, rate: u32, frame_bytes: u16, bits: u16) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(rate.to_le_bytes());
    body.extend(rate.wrapping_mul(frame_bytes.into()).to_le_bytes());
    body.extend(frame_bytes.to_le_bytes());
    body.extend(bits.to_le_bytes());
    body
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], bytes: &[u8], length: Length, padded: bool) {
    out.extend(id);
    out.extend(length.of(bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
    if padded && bytes.len() % 2 == 1 {
        out.push(0);
    }
}

impl File {
    /// Returns the whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = b"WAVE".to_vec();
        self.chunks.iter().for_each(|chunk| chunk.write(&mut body));
        let mut file = if self.long { b"RF64" } else { b"RIFF" }.to_vec();
        file.extend(self.riff_length.of(body.len() as u32).to_le_bytes());
        file.extend(body);
        file.extend(&self.behind);
        file
    }
}

/// Encodes a file as WAV, and restores it if it is.
pub fn encode_and_restore(file: &[u8]) {
    let preset = if file.len().is_multiple_of(2) { Preset::Light } else { Preset::Store };
    let options = EncodeOptions::default().with_preset(preset);
    let Ok(whole) = encode_file(file, Vec::new(), &options) else {
        assert!(encode_file_audio(file, Vec::new(), &options).is_err());
        return;
    };
    let mut restored = Restored::new(Decoder::new(whole.writer.as_slice()).unwrap());
    let mut back = Vec::new();
    restored.read_to_end(&mut back).unwrap();
    restored.decoder_mut().expect_end().unwrap();
    assert!(back == file);
    let md5 = whole.md5.unwrap();
    assert_eq!(restored.decoder().verification(), Verification::Md5(md5));
    // Encoding the audio alone gives the same audio.
    let audio = encode_file_audio(file, Vec::new(), &options).unwrap();
    assert_eq!(audio.md5, Some(md5));
    assert_eq!(audio.stats.frames, whole.stats.frames);
}
