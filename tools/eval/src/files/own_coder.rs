//! A preset as a process of its own: from file to file on one thread.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use lmac::source::{Restored, encode_file};
use lmac::{Decoder, EncodeOptions, Preset};

use crate::{Error, Result, said};

/// The arguments that make this program such a process.
pub(super) const ENCODE: &str = "--encode-one-file";
pub(super) const DECODE: &str = "--decode-one-file";

/// `PRESET WAV STREAM`
pub(super) fn encode(arguments: &[OsString]) -> Result<()> {
    let [preset, wav, stream] = arguments else {
        return Err(Error::new(format!("{ENCODE} takes a preset and two files")));
    };
    let preset = Preset::ALL.iter().copied().find(|known| preset == known.name());
    let preset = preset.ok_or_else(|| Error::new("there is no such preset"))?;
    let (input, output) = open(wav, stream)?;
    let mut output =
        encode_file(input, output, &EncodeOptions::default().with_preset(preset))?.writer;
    output.flush().map_err(said)
}

/// `STREAM WAV`
pub(super) fn decode(arguments: &[OsString]) -> Result<()> {
    let [stream, wav] = arguments else {
        return Err(Error::new(format!("{DECODE} takes two files")));
    };
    let (input, mut output) = open(stream, wav)?;
    let mut restored = Restored::new(Decoder::new(input)?);
    loop {
        let piece = restored.next_piece()?;
        if piece.is_empty() {
            break;
        }
        output.write_all(&piece).map_err(said)?;
    }
    restored.decoder_mut().expect_end()?;
    output.flush().map_err(said)
}

fn open(input: &OsStr, output: &OsStr) -> Result<(File, BufWriter<File>)> {
    let about = |path: &OsStr, error| said(error).about(Path::new(path).display());
    let reading = File::open(input).map_err(|error| about(input, error))?;
    let writing = File::create(output).map_err(|error| about(output, error))?;
    Ok((reading, BufWriter::new(writing)))
}
