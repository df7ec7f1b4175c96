//! The trailer: the facts that are known only at the end, and the index for seeking.

use super::fields::{Fields, put_u32, put_varint};
use super::header::Sealed;
use super::{CLOSING_MAGIC, MAX_FRAMES, MAX_HEADER_BODY, MAX_INDEX, TRAILER_MARKER};
use crate::error::{Error, ErrorKind, Place, Result};

/// In the low half of the marker.
mod flag {
    pub(super) const INDEX: u8 = 1 << 0;
    pub(super) const TOTAL_FRAMES: u8 = 1 << 1;
    pub(super) const PAD: u8 = 1 << 2;
    pub(super) const TAIL: u8 = 1 << 3;
    pub(super) const ALL: u8 = 0b0000_1111;
}

const MAX_STRIDE: u8 = 40;

/// The most bytes of a trailer from marker to checksum: every index entry at its longest,
/// the header's copy, and the few fields beside them.
pub(crate) const MAX_TRAILER: u64 = 20 * MAX_INDEX as u64 + MAX_HEADER_BODY + 128;

/// Where a chunk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct IndexEntry {
    pub(crate) first_frame: u64,
    pub(crate) offset: u64,
}

/// Where each 2^stride-th chunk begins. It thins itself out as it grows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Index {
    pub(crate) chunks: u64,
    stride: u8,
    pub(crate) entries: Vec<IndexEntry>,
}

impl Index {
    /// Adds the next chunk.
    pub(crate) fn push(&mut self, entry: IndexEntry) {
        if self.chunks.trailing_zeros() >= u32::from(self.stride) {
            if self.entries.len() == MAX_INDEX {
                self.stride += 1;
                let mut even = false;
                self.entries.retain(|_| {
                    even = !even;
                    even
                });
            }
            if self.chunks.trailing_zeros() >= u32::from(self.stride) {
                self.entries.push(entry);
            }
        }
        self.chunks += 1;
    }

    /// Numbers and places of the listed chunks that begin at or before `frame`, the last
    /// one first.
    pub(crate) fn up_to(&self, frame: u64) -> impl Iterator<Item = (u64, IndexEntry)> {
        let after = self.entries.partition_point(|entry| entry.first_frame <= frame);
        self.listed().take(after).rev()
    }

    /// Numbers and places of the listed chunks.
    pub(crate) fn listed(
        &self,
    ) -> impl DoubleEndedIterator<Item = (u64, IndexEntry)> + ExactSizeIterator {
        let number = |at: usize| (at as u64) << self.stride;
        self.entries.iter().enumerate().map(move |(at, entry)| (number(at), *entry))
    }

    /// What is wrong with this index of a stream whose chunks are where `chunks` has them, as
    /// far as both list a chunk.
    pub(crate) fn difference(&self, chunks: &Index) -> Option<String> {
        if self.chunks != chunks.chunks {
            let (listed, there) = (self.chunks, chunks.chunks);
            return Some(format!("the index counts {listed} chunks; the stream has {there}"));
        }
        // A stream of one chunk has no index.
        if self.chunks < 2 {
            return None;
        }
        let common = self.stride.max(chunks.stride);
        let [mut ours, mut theirs] = [self, chunks].map(|index| {
            let step = 1usize.checked_shl(u32::from(common - index.stride));
            index.entries.iter().step_by(step.unwrap_or(usize::MAX))
        });
        for number in 0u64.. {
            match (ours.next(), theirs.next()) {
                (None, None) => break,
                (ours, theirs) if ours == theirs => {}
                _ => {
                    return Some(format!(
                        "the index has a wrong place for chunk {}",
                        number << common
                    ));
                }
            }
        }
        None
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_varint(out, self.chunks);
        out.push(self.stride);
        let mut last = IndexEntry::default();
        for entry in &self.entries {
            put_varint(out, entry.first_frame - last.first_frame);
            put_varint(out, entry.offset - last.offset);
            last = *entry;
        }
    }

    fn parse(fields: &mut Fields) -> Result<Index> {
        let chunks = fields.varint()?;
        let stride = fields.u8()?;
        if chunks < 2 || stride > MAX_STRIDE || chunks.div_ceil(1 << stride) > MAX_INDEX as u64 {
            return Err(Error::malformed(format!(
                "the index counts {chunks} chunks with the stride {stride}; at least 2 chunks, a \
                 stride up to {MAX_STRIDE} and {MAX_INDEX} entries are allowed"
            )));
        }
        let mut entries: Vec<IndexEntry> = Vec::new();
        for number in 0..chunks.div_ceil(1 << stride) {
            let last = entries.last().copied().unwrap_or_default();
            let (frames, bytes) = (fields.varint()?, fields.varint()?);
            let entry = last
                .first_frame
                .checked_add(frames)
                .zip(last.offset.checked_add(bytes))
                .map(|(first_frame, offset)| IndexEntry { first_frame, offset });
            match entry {
                Some(entry) if number == 0 && frames == 0 => entries.push(entry),
                Some(entry) if number > 0 && frames > 0 && bytes > 0 => entries.push(entry),
                _ => {
                    return Err(Error::malformed(format!(
                        "entry {number} of the index does not follow the one before it"
                    )));
                }
            }
        }
        Ok(Index { chunks, stride, entries })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) total_frames: u64,
    /// The source file has one zero byte after the audio.
    pub(crate) pad: bool,
    /// Bytes in the tail blocks.
    pub(crate) tail_length: u64,
    pub(crate) index: Index,
    pub(crate) md5: Option<[u8; 16]>,
}

impl Trailer {
    /// Whether a trailer may begin with these bytes, as far as there are any.
    pub(crate) fn looks_like(bytes: &[u8]) -> bool {
        bytes.first().is_none_or(|&byte| byte & !flag::ALL == TRAILER_MARKER)
    }

    pub(crate) fn write(&self, stream: &Sealed) -> Vec<u8> {
        let indexed = self.index.chunks > 1;
        let total_is_declared = stream.header.declared_frames == Some(self.total_frames);
        let mut flags = 0;
        for (bit, set) in [
            (flag::INDEX, indexed),
            (flag::TOTAL_FRAMES, !total_is_declared),
            (flag::PAD, self.pad),
            (flag::TAIL, self.tail_length > 0),
        ] {
            flags |= bit * u8::from(set);
        }

        let mut out = vec![TRAILER_MARKER | flags];
        if indexed {
            put_varint(&mut out, stream.bytes.len() as u64);
            out.extend(&stream.bytes);
        }
        if !total_is_declared {
            put_varint(&mut out, self.total_frames);
        }
        if self.tail_length > 0 {
            put_varint(&mut out, self.tail_length);
        }
        if indexed {
            self.index.write(&mut out);
        }
        if let Some(md5) = self.md5 {
            out.extend(md5);
        }
        let crc = stream.id.crc(&[&out]);
        put_u32(&mut out, crc);

        let mut length = Vec::new();
        put_varint(&mut length, out.len() as u64);
        out.extend(length.iter().rev());
        out.extend(CLOSING_MAGIC);
        out
    }

    /// Reads a trailer from the front of `bytes`, and its length.
    /// [`ErrorKind::Truncated`] if there are too few.
    pub(crate) fn parse(bytes: &[u8], stream: &Sealed) -> Result<(Trailer, usize)> {
        Self::parse_fields(bytes, stream).map_err(|error| error.at(Place::Trailer))
    }

    /// Returns the fewest bytes that a trailer has that begins with these.
    pub(crate) fn least_length(bytes: &[u8], stream: &Sealed) -> usize {
        let mut fields = Fields::new(bytes);
        // Behind what is known: checksum, length, closing magic.
        let rest = size_of::<u32>() + 1 + CLOSING_MAGIC.len();
        let rest = rest + if stream.header.has_md5 { 16 } else { 0 };
        let mut index = || -> Result<usize> {
            let flags = fields.u8()?;
            if flags & flag::INDEX == 0 {
                return Ok(0);
            }
            fields.counted()?;
            for flag in [flag::TOTAL_FRAMES, flag::TAIL] {
                if flags & flag != 0 {
                    fields.varint()?;
                }
            }
            let (chunks, stride) = (fields.varint()?, u32::from(fields.u8()?).min(63));
            let entries = chunks.div_ceil(1 << stride).min(MAX_INDEX as u64);
            // Each has two numbers.
            for number in 0..2 * entries {
                if fields.varint().is_err() {
                    return Ok((2 * entries - number) as usize);
                }
            }
            Ok(0)
        };
        let index = index().unwrap_or(0);
        let known = fields.position().max(1) + index;
        // The copy of the header is as long as the header.
        let copied = bytes.first().is_some_and(|flags| flags & flag::INDEX != 0);
        let copy = if copied { 2 + stream.bytes.len() } else { 0 };
        known.max(copy) + rest
    }

    fn parse_fields(bytes: &[u8], stream: &Sealed) -> Result<(Trailer, usize)> {
        let mut fields = Fields::new(bytes);
        let flags = fields.u8()?;
        if flags & !flag::ALL != TRAILER_MARKER {
            return Err(Error::malformed(format!(
                "neither a chunk nor the trailer begins with the byte {flags:#04x}"
            )));
        }
        let set = |bit| flags & bit != 0;
        if set(flag::INDEX) {
            let length = fields.varint()?;
            if length != stream.bytes.len() as u64 || fields.take(length as usize)? != stream.bytes
            {
                return Err(Error::malformed("the copy of the header differs from the header"));
            }
        }
        let total_frames = match stream.header.declared_frames {
            _ if set(flag::TOTAL_FRAMES) => fields.varint()?,
            Some(declared) => declared,
            None => return Err(Error::malformed("the number of frames is missing")),
        };
        if total_frames >= MAX_FRAMES {
            return Err(Error::malformed(format!(
                "it counts {total_frames} frames; there must be fewer than {MAX_FRAMES}"
            )));
        }
        let tail_length = if set(flag::TAIL) { fields.varint()? } else { 0 };
        if set(flag::TAIL) && tail_length == 0 {
            return Err(Error::malformed("the tail has 0 bytes; it must have at least 1"));
        }
        let index = if set(flag::INDEX) {
            Index::parse(&mut fields)?
        } else {
            Index { chunks: u64::from(total_frames > 0), ..Index::default() }
        };
        let md5 = if stream.header.has_md5 {
            let mut md5 = [0; 16];
            md5.copy_from_slice(fields.take(16)?);
            Some(md5)
        } else {
            None
        };
        let covered = fields.position();
        let crc = fields.u32()?;
        if stream.id.crc(&[&bytes[..covered]]) != crc {
            return Err(Error::new(ErrorKind::Checksum("trailer")));
        }
        let mut length = Vec::new();
        put_varint(&mut length, fields.position() as u64);
        length.reverse();
        if fields.take(length.len())? != length || fields.take(2)? != CLOSING_MAGIC {
            return Err(Error::malformed("it does not end with its length and the closing magic"));
        }
        Ok((
            Trailer { total_frames, pad: set(flag::PAD), tail_length, index, md5 },
            fields.position(),
        ))
    }

    /// From the last bytes of a stream: how many bytes before its end the trailer begins.
    pub(crate) fn distance_from_end(last: &[u8]) -> Option<u64> {
        let length = last.strip_suffix(&CLOSING_MAGIC)?;
        let reversed: Vec<u8> = length.iter().rev().copied().take(10).collect();
        let mut fields = Fields::new(&reversed);
        let length = fields.varint().ok().filter(|&length| length <= MAX_TRAILER)?;
        Some(length + (fields.position() + CLOSING_MAGIC.len()) as u64)
    }

    /// The copy of the header within the bytes of a trailer, if it holds one.
    pub(crate) fn header_copy(bytes: &[u8]) -> Option<&[u8]> {
        let mut fields = Fields::new(bytes);
        let flags = fields.u8().ok()?;
        if flags & !flag::ALL != TRAILER_MARKER || flags & flag::INDEX == 0 {
            return None;
        }
        let length = fields.varint().ok().filter(|&length| length <= MAX_TRAILER)?;
        fields.take(length as usize).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(chunk: u64) -> IndexEntry {
        IndexEntry { first_frame: chunk * 10, offset: 30 + chunk * 7 }
    }

    #[test]
    fn the_index_thins_itself_out() {
        let mut index = Index::default();
        let chunks = 5 * MAX_INDEX as u64 + 3;
        (0..chunks).for_each(|chunk| index.push(entry(chunk)));
        assert_eq!(index.chunks, chunks);
        assert!(index.entries.len() <= MAX_INDEX);
        assert_eq!(index.entries.len() as u64, chunks.div_ceil(1 << index.stride));
        for frame in [0, 9, 10, 79, 80, 12_345, chunks * 10 - 1, u64::MAX] {
            let (number, found) = index.up_to(frame).next().unwrap();
            assert_eq!(found, entry(number));
            assert!(found.first_frame <= frame);
            let next = entry(number + (1 << index.stride));
            assert!(next.first_frame > frame || number + (1 << index.stride) >= chunks);
        }

        let mut bytes = Vec::new();
        index.write(&mut bytes);
        assert!(bytes.len() as u64 <= MAX_TRAILER);
        assert_eq!(Index::parse(&mut Fields::new(&bytes)).unwrap(), index);
    }
}
