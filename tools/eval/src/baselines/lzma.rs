//! xz.

use std::io::Read;

use liblzma::read::{XzDecoder, XzEncoder};
use liblzma::stream::{Check, Stream};
use lmac::AudioSpec;

use crate::contestant::Codec;
use crate::{Result, said};

/// The preset of the program xz, and of Python's `lzma.compress`.
const PRESET: u32 = 6;

/// LZMA2 in an .xz container with a CRC-64 for each piece, as the program xz and Python's
/// `lzma.compress` make it.
pub(super) struct Lzma;

impl Codec for Lzma {
    fn name(&self) -> &str {
        "lzma"
    }

    fn description(&self) -> String {
        format!("LZMA2 in .xz by liblzma, preset {PRESET}, CRC-64")
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let one = |piece: &&[u8]| {
            let stream = Stream::new_easy_encoder(PRESET, Check::Crc64).map_err(said)?;
            read_all(XzEncoder::new_stream(*piece, stream))
        };
        pieces.iter().map(one).collect()
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        coded.iter().map(|coded| read_all(XzDecoder::new(coded.as_slice()))).collect()
    }
}

fn read_all(mut reader: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(said)?;
    Ok(bytes)
}
