//! What the bytes of a stream are, whoever reads them.

use std::collections::BTreeMap;
use std::ops::Bound;

use lmac::packets::{
    ChunkPlace, Packet, PacketKind, PacketParser, Step, StreamHeader, StreamIndex,
};
use lmac::{ErrorKind, Inspector, Tags};

/// The most bytes before the first chunk that are kept for their tags.
const MAX_PREFIX: usize = 96 << 20;

/// A stream that is taken apart from its first byte on, or from any known place on.
#[derive(Debug, Default)]
pub(super) struct Stream {
    parser: PacketParser,
    /// Where the next packet begins.
    position: u64,
    /// Where chunks are, by the offsets at which reading must begin. Empty where nobody can seek.
    places: BTreeMap<u64, ChunkPlace>,
    index: Option<StreamIndex>,
    /// The header and the blocks before the first chunk, until their tags were asked for.
    prefix: Option<Vec<u8>>,
    trailer_seen: bool,
}

/// What the bytes at hand begin with.
#[derive(Debug)]
pub(super) enum Found {
    /// More bytes are needed: at least so many.
    Wants(u64),
    /// The header, for the first time.
    Header(StreamHeader),
    /// The header again, after a seek: so many bytes.
    HeaderAgain(usize),
    Packet(Packet),
    /// A chunk that is damaged, with the frames and bytes that it has by the index.
    Damaged(Damaged),
    /// The trailer was the last packet.
    End,
}

/// A damaged chunk, or several.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) first_frame: u64,
    pub(super) frames: u64,
    pub(super) length: u64,
    pub(super) error: lmac::Error,
}

impl Stream {
    pub(super) fn header(&self) -> Option<StreamHeader> {
        self.parser.header()
    }

    /// Returns whether the trailer was the last packet.
    pub(super) fn trailer_seen(&self) -> bool {
        self.trailer_seen
    }

    /// Looks at the bytes of the stream from this offset on. A seek may have led there.
    pub(super) fn look(&mut self, offset: u64, bytes: &[u8]) -> Result<Found, String> {
        if offset != self.position {
            let Some(header) = self.header() else {
                return Err(format!("the stream begins at byte {offset}; it must begin at 0"));
            };
            let length = header.bytes().len();
            if offset == 0 {
                // It was read before, and the same bytes are there.
                return Ok(match bytes.len() < length {
                    true => Found::Wants(length as u64),
                    false => {
                        self.position = length as u64;
                        self.go_to(&ChunkPlace::new(0, 0, length as u64))?;
                        Found::HeaderAgain(length)
                    }
                });
            }
            let place = match self.places.get(&offset) {
                Some(&place) => place,
                None if offset == length as u64 => ChunkPlace::new(0, 0, offset),
                None => return Err(format!("no chunk is known to begin at byte {offset}")),
            };
            self.position = offset;
            self.go_to(&place)?;
        }
        let found = self.next(offset, bytes);
        match found {
            Ok(Found::Header(header)) => {
                self.position = header.bytes().len() as u64;
                self.prefix = Some(header.bytes().to_vec());
                Ok(Found::Header(header))
            }
            Ok(Found::Packet(packet)) => {
                self.take_note(&packet);
                Ok(Found::Packet(packet))
            }
            Ok(found) => Ok(found),
            Err(error) => self.past_damage(offset, bytes, error),
        }
    }

    fn next(&mut self, offset: u64, bytes: &[u8]) -> lmac::Result<Found> {
        loop {
            match self.parser.next_step()? {
                Step::Header(header) => return Ok(Found::Header(header)),
                Step::Packet(packet) => return Ok(Found::Packet(packet)),
                Step::Wants(range) => {
                    let wanted = (range.start.saturating_sub(offset)) as usize
                        ..(range.end.saturating_sub(offset)) as usize;
                    match bytes.get(wanted) {
                        Some(wanted) => self.parser.push(wanted)?,
                        None => return Ok(Found::Wants(range.end - offset)),
                    }
                }
                _ => return Ok(Found::End),
            }
        }
    }

    fn go_to(&mut self, place: &ChunkPlace) -> Result<(), String> {
        self.trailer_seen = false;
        self.parser.go_to(place).map_err(|error| error.to_string())
    }

    fn take_note(&mut self, packet: &Packet) {
        self.position = packet.offset + packet.bytes.len() as u64;
        self.trailer_seen = packet.kind == PacketKind::Trailer;
        if let (Some(prefix), PacketKind::Head | PacketKind::Tags) = (&mut self.prefix, packet.kind)
        {
            match prefix.len() + packet.bytes.len() <= MAX_PREFIX {
                true => prefix.extend_from_slice(&packet.bytes),
                false => self.prefix = None,
            }
        }
    }

    /// Takes a damaged chunk as what the index says of it: the decoder decides how many of them
    /// it tolerates. Without an index nobody knows where the next chunk is.
    fn past_damage(
        &mut self,
        offset: u64,
        bytes: &[u8],
        error: lmac::Error,
    ) -> Result<Found, String> {
        let bad_bytes = matches!(error.kind(), ErrorKind::Checksum(_) | ErrorKind::Malformed(_));
        let Some(index) = self.index.as_ref().filter(|_| bad_bytes) else {
            return Err(error.to_string());
        };
        let first_frame = match self.places.get(&offset) {
            Some(place) => place.first_frame,
            // Blocks before the first chunk go with it.
            None if self.places.first_key_value().is_none_or(|(&first, _)| offset < first) => 0,
            None => return Err(error.to_string()),
        };
        let later = (Bound::Excluded(offset), Bound::Unbounded);
        let next = self.places.range(later).map(|(_, place)| place).next().copied();
        let (end, next_frame) = match next {
            Some(next) => (next.offset, next.first_frame),
            None => (index.trailer_offset(), index.total_frames()),
        };
        let length = end.saturating_sub(offset);
        if length == 0 || next_frame <= first_frame {
            return Err(error.to_string());
        }
        if (bytes.len() as u64) < length {
            return Ok(Found::Wants(length));
        }
        let number = next.map_or(index.chunks(), |next| next.number);
        self.position = end;
        self.go_to(&ChunkPlace::new(number, next_frame, end))?;
        let frames = next_frame - first_frame;
        Ok(Found::Damaged(Damaged { first_frame, frames, length, error }))
    }

    /// Remembers where chunks are.
    pub(super) fn set_index(&mut self, index: StreamIndex) {
        // The first chunk has blocks before it, which need not be read again.
        let places = index.places().filter(|place| place.number > 0);
        self.places.extend(places.map(|place| (place.offset, place)));
        self.index = Some(index);
    }

    pub(super) fn index(&self) -> Option<&StreamIndex> {
        self.index.as_ref()
    }

    /// Remembers a place that was met; returns whether it is new.
    pub(super) fn add_place(&mut self, place: ChunkPlace) -> bool {
        self.places.insert(place.offset, place).is_none()
    }

    /// Returns the tags of the stream or of its source file, once, before its first chunk.
    pub(super) fn take_tags(&mut self) -> Option<lmac::Result<Tags>> {
        let prefix = self.prefix.take()?;
        Some(Inspector::new(prefix.as_slice()).and_then(|inspector| inspector.tags()))
    }
}
