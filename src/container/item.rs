//! Chunks and blocks: the items between header and trailer.

use std::borrow::Cow;
use std::ops::Range;

use super::fields::{Fields, StreamId, put_u32, put_varint};
use super::header::{Header, Sealed};
use super::{MAX_BLOCK, MAX_FRAMES, SYNC, sparse};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::Method;
use crate::planes::Mapping;

const BLOCK_CODE: u8 = 15;
const CRITICAL: u8 = 1 << 4;
/// Runs of zeros are left out of the data.
const SPARSE: u8 = 1 << 5;
const BLOCK_RESERVED: u8 = 0b1100_0000;
const WASTED: u8 = 1 << 6;
const IMPLIED: u8 = 1 << 7;

const METHODS: [Method; 5] =
    [Method::Stored, Method::Constant, Method::Light, Method::Adaptive, Method::Language];
const MAPPINGS: [Mapping; 3] = [Mapping::TwosComplement, Mapping::OffsetBinary, Mapping::Residual];

/// Bytes of the checksum behind an item.
const ITEM_CRC: usize = 4;

/// The most bytes of a block beside its data.
const MOST_AROUND_BLOCK: usize = 32;

/// The fewest bytes that a chunk takes.
pub(crate) const MIN_CHUNK: u64 = 13;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkHeader {
    pub(crate) first_frame: u64,
    pub(crate) frames: u64,
    pub(crate) method: Method,
    pub(crate) mapping: Mapping,
    pub(crate) wasted: u8,
    pub(crate) payload_length: u64,
    pub(crate) pcm_crc: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub(crate) critical: bool,
    /// Whether runs of zeros are left out of the data.
    pub(crate) sparse: bool,
    pub(crate) kind: u64,
    /// Bytes that are stored.
    pub(crate) length: usize,
}

impl BlockHeader {
    /// Returns the data of a sparse block, given the bytes that are stored; `None` if these are
    /// the data.
    pub(crate) fn expand(&self, stored: &[u8]) -> Result<Option<Vec<u8>>> {
        if self.sparse { sparse::read(stored).map(Some) } else { Ok(None) }
    }
}

/// Types of blocks.
pub(crate) mod block {
    /// Bytes of the source file before the audio.
    pub(crate) const HEAD: u64 = 1;
    /// Bytes of the source file after the audio.
    pub(crate) const TAIL: u64 = 2;
    /// Decisions of the encoder of a FLAC file.
    pub(crate) const DECISIONS: u64 = 3;
    /// Tags and pictures.
    pub(crate) const TAGS: u64 = 4;

    /// Whether blocks of this type are written critical: a decoder can't do without them.
    pub(crate) fn is_critical(kind: u64) -> bool {
        matches!(kind, HEAD | TAIL)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemHeader {
    Chunk(ChunkHeader),
    Block(BlockHeader),
}

/// An item's header as it was read.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) item: ItemHeader,
    /// Bytes of the header.
    pub(crate) length: usize,
    /// The error of the item, if its checksum turns out to be right.
    pub(crate) fault: Option<Error>,
}

impl Parsed {
    /// All bytes of the item.
    pub(crate) fn whole_length(&self) -> usize {
        // The body is at most the PCM of a chunk.
        self.length + self.item.body_length() as usize + ITEM_CRC
    }
}

impl ItemHeader {
    /// Whether an item begins with these bytes, as far as there are any.
    pub(crate) fn looks_like(bytes: &[u8]) -> bool {
        let known = bytes.len().min(SYNC.len());
        bytes[..known] == SYNC[..known]
    }

    /// Returns the fewest bytes that an item has that begins with these, without its body.
    pub(crate) fn least_length(bytes: &[u8]) -> usize {
        let known = SYNC.len() + 1;
        let Some(&head) = bytes.get(SYNC.len()) else { return known + 2 + ITEM_CRC };
        // Numbers of at least a byte each, and bytes behind them.
        let (numbers, rest) = match head & 0x0F {
            BLOCK_CODE => (2, 0),
            _ => {
                let frames = usize::from(head & IMPLIED == 0);
                (2 + frames, usize::from(head & WASTED != 0) + size_of::<u32>())
            }
        };
        let mut fields = Fields::new(&bytes[known..]);
        let read = (0..numbers).take_while(|_| fields.varint().is_ok()).count();
        known + fields.position() + (numbers - read) + rest + ITEM_CRC
    }

    /// Bytes between the item's header and its checksum.
    pub(crate) fn body_length(&self) -> u64 {
        match self {
            ItemHeader::Chunk(chunk) => chunk.payload_length,
            ItemHeader::Block(block) => block.length as u64,
        }
    }

    /// Reads an item's header from the front of `bytes`. After an error, the length of the
    /// item is not known.
    pub(crate) fn parse(bytes: &[u8], stream: &Header) -> Result<Parsed> {
        let mut fields = Fields::new(bytes);
        if fields.take(SYNC.len())? != SYNC {
            return Err(Error::malformed("no chunk begins where one is due"));
        }
        let head = fields.u8()?;
        let (item, fault) = if head & 0x0F == BLOCK_CODE {
            Self::parse_block(head, &mut fields)?
        } else {
            Self::parse_chunk(head, &mut fields, stream)?
        };
        Ok(Parsed { item, length: fields.position(), fault })
    }

    /// Takes a whole chunk apart: its header, and the place of its payload.
    pub(crate) fn parse_whole_chunk(
        bytes: &[u8],
        stream: &Sealed,
    ) -> Result<(ChunkHeader, Range<usize>)> {
        let parsed = Self::parse(bytes, &stream.header);
        // Wrong fields count only if the checksum is right.
        if !checksum_holds(bytes, stream.id) {
            let cut_off = match &parsed {
                Ok(parsed) => bytes.len() < parsed.whole_length(),
                Err(error) => matches!(error.kind(), ErrorKind::Truncated),
            };
            let damage =
                if cut_off { ErrorKind::Truncated } else { ErrorKind::Checksum("stored bytes") };
            return Err(Error::new(damage));
        }
        let parsed = parsed?;
        let (whole, given) = (parsed.whole_length(), bytes.len());
        let ItemHeader::Chunk(chunk) = parsed.item else {
            return Err(Error::argument("these are the bytes of a block, not of a chunk"));
        };
        if let Some(fault) = parsed.fault {
            return Err(fault);
        }
        if given != whole {
            let message = format!("the chunk has {whole} bytes; {given} are given");
            return Err(Error::malformed(message));
        }
        Ok((chunk, parsed.length..whole - ITEM_CRC))
    }

    fn parse_block(head: u8, fields: &mut Fields) -> Result<(ItemHeader, Option<Error>)> {
        let kind = fields.varint()?;
        let sparse = head & SPARSE != 0;
        let fault = if head & BLOCK_RESERVED != 0 {
            Some(Error::unsupported(format!("the head {head:#04x} of a block has an unknown bit")))
        } else if sparse && !block::is_critical(kind) {
            Some(Error::malformed(format!("a block of type {kind} is sparse; only 1 and 2 can be")))
        } else {
            None
        };
        let length = fields.varint()?;
        if length > MAX_BLOCK as u64 {
            return Err(Error::malformed(format!(
                "a block has {length} bytes; at most {MAX_BLOCK} are allowed"
            )));
        }
        let critical = head & CRITICAL != 0;
        let block = BlockHeader { critical, sparse, kind, length: length as usize };
        Ok((ItemHeader::Block(block), fault))
    }

    fn parse_chunk(
        head: u8,
        fields: &mut Fields,
        stream: &Header,
    ) -> Result<(ItemHeader, Option<Error>)> {
        let first_frame = fields.varint()?;
        let frames = if head & IMPLIED == 0 {
            fields.varint()?
        } else {
            stream.implied_frames(first_frame).ok_or_else(|| {
                Error::malformed("its frames follow from declared ones; the header has none")
            })?
        };
        check_frames(first_frame, frames, stream.chunk_frames).map_err(Error::malformed)?;
        let wasted = if head & WASTED != 0 { Some(fields.u8()?) } else { None };
        let payload_length = fields.varint()?;
        let pcm_length = frames * stream.spec.frame_bytes() as u64;
        if payload_length > pcm_length {
            return Err(Error::malformed(format!(
                "the payload has {payload_length} bytes; its audio has only {pcm_length}"
            )));
        }
        let pcm_crc = fields.u32()?;

        let method = METHODS.get(usize::from(head & 0x0F)).copied();
        let mapping = MAPPINGS.get(usize::from(head >> 4 & 3)).copied();
        let plain = mapping == Some(Mapping::TwosComplement) && wasted.is_none();
        let wasted_range = 1..stream.spec.format.bits();
        let fault = match (method, mapping, wasted) {
            (None, ..) => {
                Some(Error::unsupported(format!("the method has the unknown code {}", head & 0x0F)))
            }
            (_, None, _) => Some(Error::unsupported("the mapping has the unknown code 3")),
            (Some(method @ (Method::Stored | Method::Constant)), ..) if !plain => {
                let name = method.name();
                Some(Error::malformed(format!(
                    "the method {name} has a mapping or wasted bits; it takes neither"
                )))
            }
            (Some(Method::Adaptive), Some(mapping), _) if mapping != Mapping::Residual => {
                let name = mapping.name();
                Some(Error::malformed(format!(
                    "the method adaptive has the mapping {name}; it takes residual alone"
                )))
            }
            (Some(Method::Language), Some(Mapping::Residual), _) => {
                Some(Error::malformed("the method language cannot have the mapping residual"))
            }
            (Some(Method::Language), ..) if stream.model.is_none() => {
                Some(Error::malformed("the method is language; the header names no model"))
            }
            (.., Some(wasted)) if !wasted_range.contains(&u32::from(wasted)) => {
                let most = wasted_range.end - 1;
                Some(Error::malformed(format!("{wasted} wasted bits; 1 to {most} are allowed")))
            }
            _ => None,
        };
        let chunk = ChunkHeader {
            first_frame,
            frames,
            method: method.unwrap_or(Method::Stored),
            mapping: mapping.unwrap_or(Mapping::TwosComplement),
            wasted: wasted.unwrap_or(0),
            payload_length,
            pcm_crc,
        };
        Ok((ItemHeader::Chunk(chunk), fault))
    }
}

/// Says why no chunk of a stream has these frames.
pub(crate) fn check_frames(first_frame: u64, frames: u64, most: u64) -> Result<(), String> {
    if frames == 0 || frames > most {
        return Err(format!("the chunk has {frames} frames; 1 to {most} are allowed"));
    }
    if first_frame >= MAX_FRAMES - frames {
        return Err(format!(
            "the chunk has {frames} frames from {first_frame} on; all must be below {MAX_FRAMES}"
        ));
    }
    Ok(())
}

impl ChunkHeader {
    /// The bytes before the payload.
    pub(crate) fn write(&self, stream: &Header) -> Vec<u8> {
        let implied = stream.implied_frames(self.first_frame) == Some(self.frames);
        let method = METHODS.iter().position(|&method| method == self.method);
        let mapping = MAPPINGS.iter().position(|&mapping| mapping == self.mapping);
        let mut head = method.unwrap_or_default() as u8 | (mapping.unwrap_or_default() as u8) << 4;
        if self.wasted > 0 {
            head |= WASTED;
        }
        if implied {
            head |= IMPLIED;
        }
        let mut out = vec![SYNC[0], SYNC[1], head];
        put_varint(&mut out, self.first_frame);
        if !implied {
            put_varint(&mut out, self.frames);
        }
        if self.wasted > 0 {
            out.push(self.wasted);
        }
        put_varint(&mut out, self.payload_length);
        put_u32(&mut out, self.pcm_crc);
        out
    }
}

/// The whole of a block, critical or not as its type is.
pub(crate) fn write_block(kind: u64, data: &[u8], id: StreamId) -> Result<Vec<u8>> {
    debug_assert!(data.len() <= MAX_BLOCK);
    let mut head = BLOCK_CODE;
    let mut data = Cow::Borrowed(data);
    // What programs write over in place has all of its bytes.
    if block::is_critical(kind) {
        head |= CRITICAL;
        if let Some(stored) = sparse::write(&data)? {
            head |= SPARSE;
            data = Cow::Owned(stored);
        }
    }
    let mut out = memory::room(data.len() + MOST_AROUND_BLOCK)?;
    out.extend([SYNC[0], SYNC[1], head]);
    put_varint(&mut out, kind);
    put_varint(&mut out, data.len() as u64);
    out.extend_from_slice(&data);
    let crc = id.crc(&[&out]);
    put_u32(&mut out, crc);
    Ok(out)
}

/// Writes data in as many blocks as it needs.
pub(crate) fn write_blocks(
    kind: u64,
    data: &[u8],
    id: StreamId,
    mut write: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    data.chunks(MAX_BLOCK).try_for_each(|part| write(&write_block(kind, part, id)?))
}

/// Whether the checksum at the end of a whole item is right.
pub(crate) fn checksum_holds(item: &[u8], id: StreamId) -> bool {
    let Some(split) = item.len().checked_sub(ITEM_CRC) else {
        return false;
    };
    let (covered, crc) = item.split_at(split);
    id.crc(&[covered]).to_le_bytes() == crc
}
