//! Comparing a stream on the disk with its source on the disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, Limits};

use crate::failure::Failure;
use crate::models::Models;

/// Bytes that are compared at a time.
const BLOCK: usize = 1 << 16;

/// Reads both from beginning to end; an error unless the one restores the other.
pub(crate) fn restores(
    stream: &Path,
    file: &Path,
    threads: usize,
    models: &Models,
) -> Result<(), Failure> {
    let mut decoder = open(stream, threads, models)?;
    // A new head depends on the length.
    decoder.find_length()?;
    let mut restored = Restored::new(decoder);
    let mut file = File::open(file)?;
    let mut expected = vec![0; BLOCK];
    loop {
        let piece = restored.next_piece()?;
        for part in piece.chunks(BLOCK) {
            let length = read_fully(&mut file, &mut expected[..part.len()])?;
            if expected[..length] != *part {
                return Err(differs());
            }
        }
        if piece.is_empty() {
            break;
        }
    }
    if read_fully(&mut file, &mut expected[..1])? > 0 {
        return Err(differs());
    }
    restored.decoder_mut().expect_end()?;
    Ok(())
}

/// Opens a stream that was just made here, so that it needs no limit.
pub(crate) fn open(
    stream: &Path,
    threads: usize,
    models: &Models,
) -> Result<Decoder<File>, Failure> {
    let limits = Limits::default().with_memory(u64::MAX);
    let options = DecodeOptions::default().with_threads(threads).with_limits(limits);
    let mut decoder = Decoder::with_options(File::open(stream)?, options)?;
    models.give(&mut decoder)?;
    Ok(decoder)
}

/// Reads both to the end; an error unless they have the same bytes of audio.
#[cfg(feature = "import")]
pub(crate) fn have_same_audio(
    mut decoder: Decoder<File>,
    mut audio: impl Read,
) -> Result<(), Failure> {
    let (mut one, mut other) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let length = read_fully(&mut decoder, &mut one)?;
        let other_length = read_fully(&mut audio, &mut other)?;
        if one[..length] != other[..other_length] {
            return Err(differs());
        }
        if length == 0 {
            decoder.expect_end()?;
            return Ok(());
        }
    }
}

fn differs() -> Failure {
    Failure::Here("the result on the disk does not restore the source; the source is kept".into())
}

fn read_fully(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
