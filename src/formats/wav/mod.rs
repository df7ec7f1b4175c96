//! WAV files: RIFF, RF64 and RIFX.

mod head;

use byteorder::{BigEndian, ByteOrder, LittleEndian};

use self::head::{TAG_EXTENSIBLE, TAG_FLOAT, TAG_PCM, UNKNOWN};
use super::chunks::{ChunkHeader, ChunkParser, Chunks};
use super::foreign;
use super::format::{Format, Head, HeadParser, Progress};
use super::pcm_file::{self, PcmFile};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::source::{FileFormat, SourceKind, has_canonical_wav_head};
use crate::error::{Error, Result};

pub use self::head::wav_head;
pub(crate) use self::head::wav_tail;

/// Files of the kinds RIFF, RF64 and BW64 with audio.
pub(crate) struct Wav;

impl Format for Wav {
    fn recognise(&self, start: &[u8]) -> Option<Box<dyn HeadParser>> {
        let magic: Option<&[u8; 4]> = start.first_chunk();
        let is_wave = magic.is_some_and(|magic| [b"RIFF", b"RF64", b"BW64"].contains(&magic))
            && start.get(8..12) == Some(b"WAVE");
        is_wave.then(|| parser(Order::Little))
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
}

/// Big-endian RIFF files with audio.
pub(crate) const RIFX: PcmFile = PcmFile {
    format: FileFormat::Rifx,
    parser: |start| {
        let is_rifx = start.starts_with(b"RIFX") && start.get(8..12) == Some(b"WAVE");
        is_rifx.then(|| parser(Order::Big))
    },
};

/// The order of the bytes of a number in a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8]) -> u16 {
        match self {
            Order::Little => LittleEndian::read_u16(bytes),
            Order::Big => BigEndian::read_u16(bytes),
        }
    }

    fn u32(self, bytes: &[u8]) -> u32 {
        match self {
            Order::Little => LittleEndian::read_u32(bytes),
            Order::Big => BigEndian::read_u32(bytes),
        }
    }
}

fn parser(order: Order) -> Box<dyn HeadParser> {
    Box::new(ChunkParser::new(RiffChunks { order, spec: None, long_data: None }))
}

struct RiffChunks {
    order: Order,
    spec: Option<AudioSpec>,
    /// The length of the audio in a ds64 chunk.
    long_data: Option<u64>,
}

impl Chunks for RiffChunks {
    const NAME: &'static str = "WAV file";
    const START: usize = 12;
    const HEADER: usize = 8;
    const AUDIO: [u8; 4] = *b"data";

    fn header(&self, bytes: &[u8]) -> Result<ChunkHeader> {
        let length = u64::from(self.order.u32(&bytes[4..]));
        let id = [bytes[0], bytes[1], bytes[2], bytes[3]];
        Ok(ChunkHeader { id, length, padded: length + length % 2 })
    }

    fn take(&mut self, id: [u8; 4], content: &[u8]) -> Result<()> {
        match &id {
            b"fmt " => self.spec = Some(parse_format(Self::NAME, content, self.order)?),
            b"ds64" if content.len() >= 16 => {
                self.long_data = Some(LittleEndian::read_u64(&content[8..]));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&self, bytes: &[u8], body: usize, header: &ChunkHeader) -> Result<Progress> {
        let spec = self.spec.ok_or_else(|| without_format(Self::NAME))?;
        let kind = match self.order {
            Order::Little => None,
            Order::Big => {
                let signed = spec.format.bytes() > 1;
                Some(pcm_file::kind(FileFormat::Rifx, spec.format, true, signed))
            }
        };
        let head = |audio_bytes| Head { length: body, spec, audio_bytes, kind };
        // A program that writes to a pipe leaves lengths at all ones or zero. Then the audio
        // goes on to the end. So it does if the head says that nothing follows, and something
        // does.
        let riff_length = self.order.u32(&bytes[4..]);
        let nothing_follows = u64::from(riff_length) + 8 <= body as u64 || riff_length == UNKNOWN;
        Ok(match header.length {
            unknown if unknown == u64::from(UNKNOWN) => Progress::Done(head(
                self.long_data.filter(|&length| length != 0 && length != u64::MAX),
            )),
            0 if nothing_follows && bytes.len() > body => Progress::Done(head(None)),
            0 if nothing_follows => Progress::Needs { bytes: body + 1, or_else: Ok(head(Some(0))) },
            known => Progress::Done(head(Some(known))),
        })
    }
}

/// The error for a file whose audio comes without a fmt chunk before it.
pub(super) fn without_format(name: &str) -> Error {
    Error::input(format!("this {name} does not describe its audio: a fmt chunk is missing"))
}

/// Reads the content of a fmt chunk; `name` is what the file is called.
pub(super) fn parse_format(name: &str, body: &[u8], order: Order) -> Result<AudioSpec> {
    if body.len() < 16 {
        return Err(Error::input(format!(
            "the fmt chunk of this {name} has {} bytes; it must have at least 16",
            body.len()
        )));
    }
    let field = |at: usize| order.u16(&body[at..]);
    let (mut tag, channels, frame_bytes, bits) = (field(0), field(2), field(12), field(14));
    let rate = order.u32(&body[4..]);
    let mut valid = bits;
    let mut mask = None;
    if tag == TAG_EXTENSIBLE {
        if body.len() < 40 {
            return Err(Error::input(format!(
                "the extensible fmt chunk of this {name} has {} bytes; it must have at least 40",
                body.len()
            )));
        }
        mask = Some(order.u32(&body[20..]));
        // The tag begins a GUID, whose first number has 32 bits. Some programs write it as two
        // numbers of 16 bits, the tag first, also into big-endian files.
        tag = if order == Order::Big && field(24) == 0 { field(26) } else { field(24) };
        if (1..bits).contains(&field(18)) {
            valid = field(18);
        }
    }
    if tag != TAG_PCM && tag != TAG_FLOAT {
        return Err(foreign::describe_coding(tag));
    }
    if channels == 0 {
        return Err(Error::input(format!("the fmt chunk of this {name} counts 0 channels")));
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
