//! WAV and RF64 files.

mod head;

use byteorder::{ByteOrder, LittleEndian};

use self::head::{TAG_EXTENSIBLE, TAG_FLOAT, TAG_PCM, UNKNOWN};
use super::foreign;
use super::format::{Format, Head, HeadParser, Progress, START};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::MAX_HEAD;
use crate::container::source::{SourceKind, has_canonical_wav_head};
use crate::error::{Error, Result};

pub use self::head::wav_head;
pub(crate) use self::head::wav_tail;

/// Files of the kinds RIFF, RF64 and BW64 with audio.
pub(crate) struct Wav;

impl Format for Wav {
    fn recognise(&self, start: &[u8]) -> Option<Box<dyn HeadParser>> {
        let magic: Option<&[u8; 4]> = start.first_chunk();
        let is_wave = magic.is_some_and(|magic| [b"RIFF", b"RF64", b"BW64"].contains(&magic))
            && start.get(8..) == Some(b"WAVE");
        is_wave.then(|| Box::new(Parser::default()) as Box<dyn HeadParser>)
    }

    fn has(&self, kind: SourceKind) -> bool {
        matches!(kind, SourceKind::CanonicalWav | SourceKind::Wav)
    }

    fn kind(&self, head: &[u8], spec: &AudioSpec, declared_frames: Option<u64>) -> SourceKind {
        let canonical = self.implied_head(SourceKind::CanonicalWav, spec, declared_frames);
        match canonical.is_some_and(|canonical| canonical == head) {
            true => SourceKind::CanonicalWav,
            false => SourceKind::Wav,
        }
    }

    fn implied_head(
        &self,
        kind: SourceKind,
        spec: &AudioSpec,
        declared_frames: Option<u64>,
    ) -> Option<Vec<u8>> {
        let canonical =
            kind == SourceKind::CanonicalWav && has_canonical_wav_head(spec, declared_frames);
        canonical.then(|| head::plain_head(spec, declared_frames))
    }

    fn converts(&self, _: SourceKind) -> bool {
        false
    }

    fn to_pcm(&self, _: SourceKind, _: &AudioSpec, _: &mut [u8]) {}

    fn restore_samples(&self, _: SourceKind, _: &AudioSpec, _: &mut [u8]) {}
}

#[derive(Default)]
struct Parser {
    /// Bytes of the chunks that were parsed, after the start.
    parsed: usize,
    spec: Option<AudioSpec>,
    /// The length of the audio in a ds64 chunk.
    long_data: Option<u64>,
}

impl HeadParser for Parser {
    fn advance(&mut self, bytes: &[u8]) -> Result<Progress> {
        loop {
            let header = START + self.parsed;
            let body = header + 8;
            let Some([a, b, c, d, length @ ..]) = bytes.get(header..body) else {
                let message = "this WAV file has no audio: it ends without a data chunk";
                return Ok(Progress::Needs { bytes: body, or_else: Err(Error::input(message)) });
            };
            let id = [*a, *b, *c, *d];
            let length = LittleEndian::read_u32(length);
            if &id == b"data" {
                return self.finish(bytes, body, length);
            }
            let padded = u64::from(length) + u64::from(length % 2);
            // The header of the data chunk must fit as well.
            if body as u64 + padded + 8 > MAX_HEAD as u64 {
                return Err(Error::input(format!(
                    "the \"{}\" chunk of this WAV file counts {length} bytes; more than {} MiB \
                     before the audio cannot be kept",
                    id.escape_ascii(),
                    MAX_HEAD >> 20
                )));
            }
            let end = body + padded as usize;
            let Some(content) = bytes.get(body..end) else {
                let id = id.escape_ascii();
                let message = format!("this WAV file ends within its \"{id}\" chunk");
                return Ok(Progress::Needs { bytes: end, or_else: Err(Error::input(message)) });
            };
            match &id {
                b"fmt " => self.spec = Some(parse_format(&content[..length as usize])?),
                b"ds64" if length >= 16 => {
                    self.long_data = Some(LittleEndian::read_u64(&content[8..]));
                }
                _ => {}
            }
            self.parsed = end - START;
        }
    }
}

impl Parser {
    /// The head that ends where the audio begins.
    fn finish(&self, bytes: &[u8], length: usize, data_length: u32) -> Result<Progress> {
        let spec = self.spec.ok_or_else(|| {
            Error::input("this WAV file does not describe its audio: a fmt chunk is missing")
        })?;
        let head = |audio_bytes| Head { length, spec, audio_bytes };
        // A program that writes to a pipe leaves lengths at all ones or zero. Then the audio
        // goes on to the end. So it does if the head says that nothing follows, and something
        // does.
        let riff_length = LittleEndian::read_u32(&bytes[4..]);
        let nothing_follows = u64::from(riff_length) + 8 <= length as u64 || riff_length == UNKNOWN;
        Ok(match data_length {
            UNKNOWN => Progress::Done(head(
                self.long_data.filter(|&length| length != 0 && length != u64::MAX),
            )),
            0 if nothing_follows && bytes.len() > length => Progress::Done(head(None)),
            0 if nothing_follows => {
                Progress::Needs { bytes: length + 1, or_else: Ok(head(Some(0))) }
            }
            known => Progress::Done(head(Some(u64::from(known)))),
        })
    }
}

fn parse_format(body: &[u8]) -> Result<AudioSpec> {
    if body.len() < 16 {
        return Err(Error::input(format!(
            "the fmt chunk of this WAV file has {} bytes; it must have at least 16",
            body.len()
        )));
    }
    let field = |at: usize| LittleEndian::read_u16(&body[at..]);
    let (mut tag, channels, frame_bytes, bits) = (field(0), field(2), field(12), field(14));
    let rate = LittleEndian::read_u32(&body[4..]);
    let mut valid = bits;
    let mut mask = None;
    if tag == TAG_EXTENSIBLE {
        if body.len() < 40 {
            return Err(Error::input(format!(
                "the extensible fmt chunk of this WAV file has {} bytes; it must have at least 40",
                body.len()
            )));
        }
        mask = Some(LittleEndian::read_u32(&body[20..]));
        tag = field(24);
        if (1..bits).contains(&field(18)) {
            valid = field(18);
        }
    }
    if tag != TAG_PCM && tag != TAG_FLOAT {
        return Err(foreign::describe_coding(tag));
    }
    if channels == 0 {
        return Err(Error::input("the fmt chunk of this WAV file counts 0 channels"));
    }
    let container = u32::from(frame_bytes) / u32::from(channels) * 8;
    let whole = frame_bytes % channels == 0 && u32::from(valid) <= container && valid > 0;
    let format = match tag {
        TAG_FLOAT if u32::from(bits) == container => SampleFormat::float(container),
        TAG_FLOAT => None,
        _ => SampleFormat::integer(container),
    };
    let Some(format) = format.filter(|_| whole) else {
        let kind = if tag == TAG_FLOAT { "float" } else { "PCM" };
        return Err(Error::input(format!(
            "{kind} samples of {bits} bits in frames of {frame_bytes} bytes for {channels} \
             channels cannot be carried; 8, 16, 24 and 32-bit PCM and 32 and 64-bit float can"
        )));
    };
    let mut spec = AudioSpec::new(format, channels, rate);
    spec.channel_mask = mask;
    if !format.is_float() {
        spec.valid_bits = valid as u8;
    }
    Ok(spec)
}
