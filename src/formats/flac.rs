//! The heads of FLAC files: everything before the first frame.

use super::foreign;
use super::format::{Format, Head, HeadParser, Progress};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::MAX_HEAD;
use crate::container::source::SourceKind;
use crate::error::{Error, ErrorKind, Result};

const MARKER: &[u8; 4] = b"fLaC";
const ID3: &[u8; 3] = b"ID3";

/// Bytes of the block that describes the audio.
const INFO_LENGTH: usize = 34;

/// Speaker positions by the number of channels, from three on.
const MASKS: [u32; 6] = [0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F];

/// FLAC files.
pub(crate) struct Flac;

impl Format for Flac {
    fn recognise(&self, start: &[u8]) -> Option<Box<dyn HeadParser>> {
        let known = start.starts_with(MARKER) || start.starts_with(ID3);
        known.then(|| Box::new(Parser::default()) as Box<dyn HeadParser>)
    }

    fn has(&self, kind: SourceKind) -> bool {
        kind == SourceKind::Flac
    }

    fn kind(&self, _: &[u8], _: &AudioSpec, _: Option<u64>) -> SourceKind {
        SourceKind::Flac
    }

    fn implied_head(&self, _: SourceKind, _: &AudioSpec, _: Option<u64>) -> Option<Vec<u8>> {
        None
    }
}

/// What the first metadata block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StreamInfo {
    /// The most samples of a block.
    pub(crate) most_size: u32,
    /// Bytes of the shortest frame and of the longest, or 0.
    pub(crate) frame_bytes: (u32, u32),
    rate: u32,
    channels: u16,
    bits: u8,
    /// Frames of audio, if the file tells.
    pub(crate) frames: Option<u64>,
    /// MD5 of the audio, if the file has one.
    pub(crate) md5: Option<[u8; 16]>,
}

impl StreamInfo {
    fn parse(block: &[u8; INFO_LENGTH]) -> Self {
        let number =
            |bytes: &[u8]| bytes.iter().fold(0u64, |so_far, &b| so_far << 8 | u64::from(b));
        let packed = number(&block[10..18]);
        let (frames, md5) = (packed & ((1 << 36) - 1), &block[18..]);
        StreamInfo {
            most_size: number(&block[2..4]) as u32,
            frame_bytes: (number(&block[4..7]) as u32, number(&block[7..10]) as u32),
            rate: (packed >> 44) as u32,
            channels: (packed >> 41 & 7) as u16 + 1,
            bits: (packed >> 36 & 31) as u8 + 1,
            frames: (frames > 0).then_some(frames),
            md5: md5.try_into().ok().filter(|md5: &[u8; 16]| *md5 != [0; 16]),
        }
    }

    /// The first metadata block of a whole head.
    pub(crate) fn of_head(head: &[u8]) -> Option<Self> {
        let mut marker = 0;
        while head.get(marker..)?.starts_with(ID3) {
            marker += id3_length(head.get(marker..)?.first_chunk()?);
        }
        let info = head.get(marker + 8..)?.first_chunk()?;
        Some(Self::parse(info))
    }

    /// The block of a new file in blocks of one size.
    pub(crate) fn announced(spec: &AudioSpec, block_size: u32, frames: Option<u64>) -> Self {
        StreamInfo {
            most_size: block_size,
            frame_bytes: (0, 0),
            rate: spec.rate,
            channels: spec.channels,
            bits: spec.valid_bits,
            frames: frames.filter(|&frames| frames < 1 << 36),
            md5: None,
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut block = Vec::with_capacity(INFO_LENGTH);
        block.extend((self.most_size as u16).to_be_bytes());
        block.extend((self.most_size as u16).to_be_bytes());
        block.extend(&self.frame_bytes.0.to_be_bytes()[1..]);
        block.extend(&self.frame_bytes.1.to_be_bytes()[1..]);
        let packed = u64::from(self.rate) << 44
            | u64::from(self.channels - 1) << 41
            | u64::from(self.bits - 1) << 36
            | self.frames.unwrap_or(0);
        block.extend(packed.to_be_bytes());
        block.extend(self.md5.unwrap_or_default());
        block
    }

    fn spec(&self) -> Option<AudioSpec> {
        let bits = u32::from(self.bits);
        let format = SampleFormat::integer(bits.next_multiple_of(8))?;
        let mut spec = AudioSpec::new(format, self.channels, self.rate).with_valid_bits(self.bits);
        if let Some(speakers) = usize::from(self.channels).checked_sub(3) {
            spec.channel_mask = MASKS.get(speakers).copied();
        }
        (bits >= 4).then_some(spec)
    }
}

/// The head of a new file, with a run of metadata blocks behind the first one.
pub(crate) fn new_head(info: &StreamInfo, others: &[u8]) -> Vec<u8> {
    let first = [0, 0, 0, INFO_LENGTH as u8];
    [&MARKER[..], &first, &info.write(), others].concat()
}

/// The comment for speaker positions that channels do not have by themselves.
pub(crate) fn mask_comment(spec: &AudioSpec) -> Option<(&'static str, String)> {
    let usual = usize::from(spec.channels).checked_sub(3).and_then(|more| MASKS.get(more));
    let mask = spec.channel_mask.filter(|mask| Some(mask) != usual && *mask != 0)?;
    Some(("WAVEFORMATEXTENSIBLE_CHANNEL_MASK", format!("0x{mask:04X}")))
}

/// Bytes of the head of an ID3v2 tag, and of its foot.
const ID3_HEAD: usize = 10;

/// Bytes of an ID3v2 tag with this head.
fn id3_length(head: &[u8; ID3_HEAD]) -> usize {
    let size = head[6..].iter().fold(0, |so_far, &byte| so_far << 7 | usize::from(byte & 0x7F));
    let has_foot = head[3] == 4 && head[5] & 0x10 != 0;
    ID3_HEAD + size + if has_foot { ID3_HEAD } else { 0 }
}

#[derive(Default)]
struct Parser {
    /// Where the marker is, or a tag before it.
    marker: usize,
    info: Option<StreamInfo>,
    /// Where the next metadata block begins.
    next: usize,
}

impl HeadParser for Parser {
    fn advance(&mut self, bytes: &[u8]) -> Result<Progress> {
        while bytes.get(self.marker..).is_some_and(|rest| rest.starts_with(ID3)) {
            let head = bytes.get(self.marker..).and_then(|rest| rest.first_chunk());
            let Some(head) = head else {
                let bytes = self.marker + ID3_HEAD;
                return Ok(Progress::Needs { bytes, or_else: Err(no_flac()) });
            };
            self.marker += id3_length(head);
        }
        let marker = self.marker;
        if marker + 4 > MAX_HEAD {
            return Err(no_flac());
        }
        let Some(found) = bytes.get(marker..marker + 4) else {
            return Ok(Progress::Needs { bytes: marker + 4, or_else: Err(no_flac()) });
        };
        if found != MARKER {
            return Err(no_flac());
        }
        self.next = self.next.max(marker + 4);
        loop {
            let body = self.next + 4;
            let Some(&[head, a, b, c]) = bytes.get(self.next..body).and_then(|b| b.first_chunk())
            else {
                return Ok(needs(body));
            };
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let end = body + length;
            if end > MAX_HEAD {
                return Err(too_long(end));
            }
            let Some(block) = bytes.get(body..end) else {
                return Ok(needs(end));
            };
            if self.info.is_none() {
                let info = (head & 0x7F == 0).then(|| block.try_into().ok()).flatten();
                let info =
                    info.ok_or_else(|| broken("its first metadata block is not STREAMINFO"))?;
                self.info = Some(StreamInfo::parse(info));
            }
            self.next = end;
            if head & 0x80 != 0 {
                return self.finish();
            }
        }
    }
}

impl Parser {
    fn finish(&self) -> Result<Progress> {
        let info = self.info.unwrap_or_default();
        let spec = info.spec().ok_or_else(|| {
            let bits = info.bits;
            broken(format!("it has samples of {bits} bits; 4 to 32 are allowed"))
        })?;
        let audio_bytes = info.frames.map(|frames| frames * spec.frame_bytes() as u64);
        Ok(Progress::Done(Head {
            length: self.next,
            spec,
            audio_bytes,
            kind: Some(SourceKind::Flac),
        }))
    }
}

/// The error for a file that only begins with a tag: MP3 files do, too.
fn no_flac() -> Error {
    foreign::describe(ID3)
}

fn needs(bytes: usize) -> Progress {
    Progress::Needs { bytes, or_else: Err(broken("it ends within its metadata")) }
}

fn too_long(end: usize) -> Error {
    let most = MAX_HEAD >> 20;
    broken(format!("its metadata takes {end} bytes or more; {most} MiB are allowed"))
}

fn broken(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::BrokenFlac(what.into()))
}
