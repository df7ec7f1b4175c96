//! A preset as a process of its own: from file to file on one thread.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use lmac::source::{Restored, encode_wav};
use lmac::{Decoder, EncodeOptions, Preset};

use crate::failure::{About, Result};

/// The arguments that make this program such a process.
pub(crate) const ENCODE: &str = "--encode-one-file";
pub(crate) const DECODE: &str = "--decode-one-file";

/// `PRESET WAV STREAM`
pub(crate) fn encode(arguments: &[OsString]) -> Result<()> {
    let [preset, wav, stream] = arguments else {
        return Err(format!("{ENCODE} takes a preset and two files").into());
    };
    let options = EncodeOptions::default().with_preset(preset_named(preset)?);
    let (input, output) = open(wav, stream)?;
    let mut output = encode_wav(input, output, &options)?.writer;
    output.flush().about(Path::new(stream).display())
}

/// `STREAM WAV`
pub(crate) fn decode(arguments: &[OsString]) -> Result<()> {
    let [stream, wav] = arguments else {
        return Err(format!("{DECODE} takes two files").into());
    };
    let (input, mut output) = open(stream, wav)?;
    let mut restored = Restored::new(Decoder::new(input)?);
    loop {
        let piece = restored.next_piece()?;
        if piece.is_empty() {
            break;
        }
        output.write_all(&piece).about(Path::new(wav).display())?;
    }
    restored.decoder_mut().expect_end()?;
    output.flush().about(Path::new(wav).display())
}

fn open(input: &OsStr, output: &OsStr) -> Result<(File, BufWriter<File>)> {
    let reading = File::open(input).about(Path::new(input).display())?;
    let writing = File::create(output).about(Path::new(output).display())?;
    Ok((reading, BufWriter::new(writing)))
}

fn preset_named(name: &OsStr) -> Result<Preset> {
    let preset = Preset::ALL.iter().copied().find(|preset| name == preset.name());
    preset.ok_or_else(|| format!("{}: there is no such preset", name.display()).into())
}
