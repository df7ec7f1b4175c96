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
    // The stream was just made here, so it needs no limit.
    let limits = Limits::default().with_memory(u64::MAX);
    let options = DecodeOptions::default().with_threads(threads).with_limits(limits);
    let mut decoder = Decoder::with_options(File::open(stream)?, options)?;
    models.give(&mut decoder)?;
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

fn differs() -> Failure {
    Failure::Here("the result on the disk does not restore the source; the source is kept".into())
}

fn read_fully(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
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
