//! Packets from bytes as they arrive.

use std::fmt;
use std::io::{self, Empty};
use std::ops::Range;
use std::sync::Arc;

use super::header::StreamHeader;
use super::index::ChunkPlace;
use super::packet::{self, Packet, PacketKind};
use crate::container::header::Header;
use crate::container::item::ItemHeader;
use crate::container::trailer::Trailer;
use crate::error::{Error, ErrorKind, Result};
use crate::stream::input::Input;
use crate::stream::items::Items;
use crate::stream::options::Limits;
use crate::stream::sequence::Sequence;

/// Takes the packets of a stream from bytes that the caller has, as they arrive.
///
/// It makes no calls and waits for nothing: [`next_step`](Self::next_step) says which bytes it
/// wants, and the caller gets them in its own way. [`PacketReader`](super::PacketReader) reads on
/// its own.
///
/// ```
/// use lmac::packets::{PacketParser, Step};
/// use lmac::{AudioSpec, SampleFormat};
///
/// # let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// let mut parser = PacketParser::new();
/// loop {
///     match parser.next_step()? {
///         Step::Header(header) => println!("{} channels", header.spec().channels),
///         Step::Packet(packet) => println!("{:?}, {} bytes", packet.kind, packet.bytes.len()),
///         // More than these bytes may be given, if they are at hand.
///         Step::Wants(range) => parser.push(&stream[range.start as usize..range.end as usize])?,
///         _ => break,
///     }
/// }
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct PacketParser {
    state: State,
    limits: Limits,
}

enum State {
    /// Before the header is whole.
    Opening(Input<Empty>),
    Open {
        items: Items<Empty>,
        sequence: Sequence,
        ended: bool,
    },
}

/// The result of [`PacketParser::next_step`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// The header, once, before everything else.
    Header(StreamHeader),
    /// The next packet.
    Packet(Packet),
    /// The parser wants at least these bytes of the stream, or [`end`](PacketParser::end) if there
    /// are no more.
    Wants(Range<u64>),
    /// The trailer was the last packet.
    End,
}

impl PacketParser {
    /// Makes a parser for a stream from its first byte on, with the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a parser for a stream from its first byte on, with these limits.
    pub fn with_limits(limits: Limits) -> Self {
        PacketParser { state: State::Opening(Input::pushed()), limits }
    }

    /// Returns the header, once it is known.
    pub fn header(&self) -> Option<StreamHeader> {
        match &self.state {
            State::Opening(_) => None,
            State::Open { items, .. } => Some(StreamHeader { stream: Arc::clone(&items.stream) }),
        }
    }

    /// Takes the bytes that follow those it has. Fails after [`end`](Self::end).
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.input().push(bytes)
    }

    /// Says that no bytes follow. If the stream is not whole, [`next_step`](Self::next_step) then
    /// fails with [`Truncated`](ErrorKind::Truncated).
    pub fn end(&mut self) {
        self.input().end();
    }

    /// Returns the offset in the stream of the byte that is to be pushed next.
    pub fn offset(&self) -> u64 {
        let input = match &self.state {
            State::Opening(input) => input,
            State::Open { items, .. } => &items.input,
        };
        input.offset().saturating_add(input.window().len() as u64)
    }

    /// Takes the next step with the bytes that it has.
    ///
    /// After an error, another call meets it again. To go past damage, [go](Self::go_to) to a
    /// place behind it.
    pub fn next_step(&mut self) -> Result<Step> {
        if self.input().lacking() > 0 {
            return Ok(self.wants());
        }
        match self.try_step() {
            Err(error) if is_waiting(&error) => {
                // No step is possible with fewer bytes than these.
                let least = self.least_length();
                self.input().want(least);
                Ok(self.wants())
            }
            step => step,
        }
    }

    /// The fewest bytes of what begins at the start of the window.
    fn least_length(&self) -> usize {
        match &self.state {
            State::Opening(input) => Header::least_length(input.window()),
            State::Open { items, .. } => match items.input.window() {
                [] => ItemHeader::least_length(&[]).min(Trailer::least_length(&[], &items.stream)),
                window if Trailer::looks_like(window) => {
                    Trailer::least_length(window, &items.stream)
                }
                window => ItemHeader::least_length(window),
            },
        }
    }

    fn try_step(&mut self) -> Result<Step> {
        match &mut self.state {
            State::Opening(input) => {
                let stream = input.parse(Header::parse)?;
                input.consume(stream.bytes.len());
                let input = std::mem::replace(input, Input::pushed());
                let items = Items::new(input, stream, u64::MAX);
                let header = StreamHeader { stream: Arc::clone(&items.stream) };
                let sequence = Sequence::from_header();
                self.state = State::Open { items, sequence, ended: false };
                Ok(Step::Header(header))
            }
            State::Open { ended: true, .. } => Ok(Step::End),
            State::Open { items, sequence, ended } => {
                items.check_memory(self.limits)?;
                let packet = packet::read(items, sequence)?;
                *ended = packet.kind == PacketKind::Trailer;
                Ok(Step::Packet(packet))
            }
        }
    }

    fn wants(&mut self) -> Step {
        let offset = self.offset();
        Step::Wants(offset..offset.saturating_add(self.input().lacking() as u64))
    }

    /// Goes to a chunk: the bytes that are pushed next are those of the stream from there on.
    ///
    /// Fails before the header is known.
    pub fn go_to(&mut self, place: &ChunkPlace) -> Result<()> {
        let State::Open { items, sequence, ended } = &mut self.state else {
            return Err(Error::argument("the header must be read before the parser can go on"));
        };
        // No stream is that long.
        if place.number.max(place.first_frame).max(place.offset) > u64::MAX / 4 {
            return Err(Error::argument(format!("there is no chunk at {place:?}")));
        }
        items.input.continue_at(place.offset);
        (items.chunks, items.frames) = (place.number, place.first_frame);
        *sequence = match place.offset == items.body {
            true => Sequence::from_header(),
            false => Sequence::from_chunk(),
        };
        *ended = false;
        Ok(())
    }

    fn input(&mut self) -> &mut Input<Empty> {
        match &mut self.state {
            State::Opening(input) => input,
            State::Open { items, .. } => &mut items.input,
        }
    }
}

fn is_waiting(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl Default for PacketParser {
    fn default() -> Self {
        Self::with_limits(Limits::default())
    }
}

impl fmt::Debug for PacketParser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketParser")
            .field("header", &self.header())
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}
