//! Streams of arbitrary bytes: the time that decoding would take, and right checksums for them.

use lmac::{DecodeOptions, Inspector, Limits, Method};
use lmac_support::bytes::crc;

/// The memory limit of decoders in targets.
pub const MEMORY: u64 = 96 << 20;

/// The most samples of the embedded model that are decoded for one input: few bytes can stand
/// for hours of work, which is compression and no fault.
const MOST_SAMPLES: u64 = 1000;

/// Returns options of a decoder with that memory.
pub fn options() -> DecodeOptions {
    DecodeOptions::default().with_limits(Limits::default().with_memory(MEMORY))
}

/// Returns whether a stream decodes quickly, as far as its chunks can be read.
pub fn is_quick(stream: &[u8]) -> bool {
    let Ok(mut inspector) = Inspector::with_limits(stream, options().limits) else { return true };
    let channels = u64::from(inspector.info().spec.channels);
    let mut samples = 0u64;
    while let Ok(Some(chunk)) = inspector.next_chunk() {
        let weight = match chunk.method {
            Method::Adaptive | Method::Language => 64,
            Method::Light => 8,
            _ => 1,
        };
        samples = samples.saturating_add((chunk.frames * channels).saturating_mul(weight));
    }
    samples <= 64 * MOST_SAMPLES
}

/// Returns the same stream with right checksums of header, items and trailer, as far as it can
/// be parsed: without them, hardly any input would get past the first.
pub fn with_checksums(stream: &[u8]) -> Vec<u8> {
    let mut out = stream.to_vec();
    let _ = put_checksums(&mut out);
    out
}

/// Returns `None` where the bytes cannot be parsed.
fn put_checksums(stream: &mut [u8]) -> Option<()> {
    let mut fields = Fields { bytes: stream, at: 9 };
    let body = fields.varint()?;
    fields.skip(body)?;
    let mut at = fields.at;
    let id = crc(None, &stream[..at]);
    put(stream, &mut at, id)?;
    loop {
        let start = at;
        let mut fields = Fields { bytes: stream, at };
        let first = fields.byte()?;
        if first & 0xF0 == 0xE0 {
            return put_trailer_checksum(stream, start, id);
        }
        fields.skip(1)?;
        let head = fields.byte()?;
        fields.varint()?;
        if head & 0x0F == 0x0F {
            let length = fields.varint()?;
            fields.skip(length)?;
        } else {
            if head & 0x80 == 0 {
                fields.varint()?;
            }
            if head & 0x40 != 0 {
                fields.byte()?;
            }
            let length = fields.varint()?;
            fields.skip(4)?;
            fields.skip(length)?;
        }
        at = fields.at;
        let checksum = crc(Some(id), &stream[start..at]);
        put(stream, &mut at, checksum)?;
    }
}

/// The length of the trailer is at its end.
fn put_trailer_checksum(stream: &mut [u8], start: usize, id: u32) -> Option<()> {
    let end = stream.len().checked_sub(2)?;
    let reversed: Vec<u8> = stream.get(start..end)?.iter().rev().copied().take(10).collect();
    let mut fields = Fields { bytes: &reversed, at: 0 };
    let length = usize::try_from(fields.varint()?).ok()?;
    let mut at = start.checked_add(length)?.checked_sub(4)?;
    let checksum = crc(Some(id), stream.get(start..at)?);
    put(stream, &mut at, checksum)
}

fn put(stream: &mut [u8], at: &mut usize, checksum: u32) -> Option<()> {
    stream.get_mut(*at..*at + 4)?.copy_from_slice(&checksum.to_le_bytes());
    *at += 4;
    Some(())
}

struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        let at = self.at.checked_add(usize::try_from(length).ok()?)?;
        self.at = Some(at).filter(|&at| at <= self.bytes.len())?;
        Some(())
    }
}
