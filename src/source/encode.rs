//! From a file to a stream that restores it.

use std::io::{Read, Write};

use super::raw::{self, RawLayout};
use super::wav::WavHead;
use crate::audio::AudioSpec;
use crate::container::header::{Header, SourceKind};
use crate::error::Result;
use crate::stream::encoder::{Encoder, Finished, SourceFile};
use crate::stream::input::Input;
use crate::stream::options::EncodeOptions;

/// Bytes that are handed on at a time, about.
const BLOCK: usize = 1 << 18;

/// Encodes a WAV or RF64 file, so that decoding gives the same file again.
pub fn encode_wav<R: Read, W: Write>(
    file: R,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    encode(file, writer, options, true)
}

/// Encodes the audio of a WAV or RF64 file and leaves out what surrounds it.
pub fn encode_wav_audio<R: Read, W: Write>(
    file: R,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    encode(file, writer, options, false)
}

/// Encodes a file of nothing but PCM, so that decoding gives the same file again.
pub fn encode_raw<R: Read, W: Write>(
    file: R,
    layout: &RawLayout,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    let kind = layout.source()?;
    let file_head = SourceFile { kind, head: Vec::new() };
    let mut encoder = Encoder::for_source(writer, layout.spec, options.clone(), file_head)?;
    let mut input = Input::new(file);
    copy_audio(&mut input, &mut encoder, kind, None)?;
    copy_tail(&mut input, &mut encoder)?;
    encoder.finish()
}

fn encode<R: Read, W: Write>(
    file: R,
    writer: W,
    options: &EncodeOptions,
    whole_file: bool,
) -> Result<Finished<W>> {
    let mut input = Input::new(file);
    let head = WavHead::read(&mut input)?;
    let mut options = options.clone();
    let frame_bytes = head.spec.frame_bytes() as u64;
    options.declared_frames =
        head.data_length.map(|length| length / frame_bytes).or(options.declared_frames);

    let file_head = if !whole_file {
        SourceFile { kind: SourceKind::Samples, head: Vec::new() }
    } else if is_canonical(&head, options.declared_frames) {
        SourceFile { kind: SourceKind::CanonicalWav, head: Vec::new() }
    } else {
        SourceFile { kind: SourceKind::Wav, head: head.bytes }
    };
    let kind = file_head.kind;
    let mut encoder = Encoder::for_source(writer, head.spec, options, file_head)?;
    copy_audio(&mut input, &mut encoder, kind, head.data_length)?;
    if whole_file {
        copy_tail(&mut input, &mut encoder)?;
    } else {
        // Whoever writes into the pipe is to get rid of it all.
        while input.fill(1)? {
            input.consume(input.window().len());
        }
    }
    encoder.finish()
}

fn is_canonical(head: &WavHead, declared_frames: Option<u64>) -> bool {
    let header = Header {
        model: None,
        spec: head.spec,
        source: SourceKind::CanonicalWav,
        chunk_frames: 1,
        declared_frames,
        has_md5: false,
        salt: 0,
    };
    header.canonical_wav_head().is_some_and(|canonical| canonical[..] == head.bytes)
}

/// Encodes the whole frames among the next bytes, up to a length or the end.
fn copy_audio<R: Read, W: Write>(
    input: &mut Input<R>,
    encoder: &mut Encoder<W>,
    source: SourceKind,
    length: Option<u64>,
) -> Result<()> {
    let spec: AudioSpec = *encoder.spec();
    let frame_bytes = spec.frame_bytes();
    let mut left = length.unwrap_or(u64::MAX);
    let block = BLOCK.next_multiple_of(frame_bytes);
    loop {
        let wanted = usize::try_from(left).unwrap_or(block).min(block);
        input.fill(wanted)?;
        let here = wanted.min(input.window().len());
        let here = here - here % frame_bytes;
        if here == 0 {
            return Ok(());
        }
        if raw::differs(source) {
            let mut samples = input.window()[..here].to_vec();
            raw::to_pcm(source, &spec, &mut samples);
            encoder.write_all(&samples)?;
        } else {
            encoder.write_all(&input.window()[..here])?;
        }
        input.consume(here);
        left -= here as u64;
    }
}

/// Keeps everything that is left.
fn copy_tail<R: Read, W: Write>(input: &mut Input<R>, encoder: &mut Encoder<W>) -> Result<()> {
    while input.fill(1)? {
        encoder.write_tail(input.window())?;
        input.consume(input.window().len());
    }
    Ok(())
}
