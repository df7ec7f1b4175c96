//! gzip.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lmac::AudioSpec;

use crate::contestant::Codec;
use crate::{Result, said};

/// zlib at its best level, a gzip member for each piece. There is no file name in it, so
/// that sizes are those of Python's `gzip.compress`.
pub(super) struct Gzip;

impl Codec for Gzip {
    fn name(&self) -> &str {
        "gzip"
    }

    fn description(&self) -> String {
        "gzip by zlib, level 9, without a file name".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let one = |piece: &&[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(piece)?;
            encoder.finish()
        };
        let coded: std::io::Result<_> = pieces.iter().map(one).collect();
        coded.map_err(said)
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let one = |coded: &Vec<u8>| {
            let mut piece = Vec::new();
            GzDecoder::new(coded.as_slice()).read_to_end(&mut piece)?;
            Ok(piece)
        };
        let pieces: std::io::Result<_> = coded.iter().map(one).collect();
        pieces.map_err(said)
    }
}
