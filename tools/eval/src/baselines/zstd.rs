//! Zstandard.

use lmac::AudioSpec;
use zstd::bulk::Compressor;

use crate::contestant::Codec;
use crate::{Result, said};

/// The highest level that needs no leave to take more memory.
const LEVEL: i32 = 19;

/// A frame for each piece, as the library makes it where nothing else is asked for: the
/// length of the piece is in it, a checksum is not. (The program `zstd` adds one: four
/// bytes.)
pub(super) struct Zstd;

impl Codec for Zstd {
    fn name(&self) -> &str {
        "zstd"
    }

    fn description(&self) -> String {
        let version = zstd::zstd_safe::version_string();
        format!("libzstd {version}, level {LEVEL}, with the length and no checksum")
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let mut compressor = Compressor::new(LEVEL).map_err(said)?;
        pieces.iter().map(|piece| compressor.compress(piece).map_err(said)).collect()
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        coded.iter().map(|coded| zstd::decode_all(coded.as_slice()).map_err(said)).collect()
    }
}
