//! Damage to a stream.

use std::ops::Range;

use arbitrary::Arbitrary;
use lmac::Inspector;

/// A change of the bytes of a stream. Places and lengths are taken modulo its length.
#[derive(Debug, Clone, Arbitrary)]
pub enum Damage {
    /// Bits of a byte are flipped.
    Flip { at: u16, bits: u8 },
    /// Bytes become zeros.
    Zero { at: u16, length: u8 },
    /// The stream is cut off.
    Cut { at: u16 },
    /// Bytes are inserted.
    Insert { at: u16, bytes: Vec<u8> },
    /// Bytes are removed.
    Remove { at: u16, length: u8 },
    /// Two runs of bytes change places.
    Swap { at: u16, length: u8, with: u16 },
    /// A chunk is moved.
    Move { chunk: u8, to: u8 },
    /// A chunk is doubled.
    Repeat { chunk: u8, to: u8 },
    /// A chunk is removed.
    Drop { chunk: u8 },
}

impl Damage {
    /// Returns whether all bytes stay at their places.
    pub fn keeps_places(&self) -> bool {
        matches!(self, Damage::Flip { .. } | Damage::Zero { .. })
    }

    /// Damages a stream whose chunks were at these places when it was whole.
    pub fn apply(&self, stream: &mut Vec<u8>, chunks: &[Range<usize>]) {
        let length = stream.len();
        let place = |at: u16| usize::from(at) % (length + 1);
        let run = |at: u16, length: u8| {
            let start = place(at);
            start..(start + usize::from(length)).min(stream.len())
        };
        let chunk = |number: u8| {
            let range = chunks.get(usize::from(number) % chunks.len().max(1));
            range.cloned().filter(|range| range.end <= length).unwrap_or(0..0)
        };
        match *self {
            Damage::Flip { at, bits } => {
                if let Some(byte) = stream.get_mut(place(at)) {
                    *byte ^= bits;
                }
            }
            Damage::Zero { at, length } => {
                let run = run(at, length);
                stream[run].fill(0);
            }
            Damage::Cut { at } => stream.truncate(place(at)),
            Damage::Insert { at, ref bytes } => {
                let at = place(at);
                stream.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove { at, length } => {
                let run = run(at, length);
                stream.drain(run);
            }
            Damage::Swap { at, length, with } => {
                let (one, other) = (run(at, length), run(with, length));
                let (one, other) =
                    if one.start < other.start { (one, other) } else { (other, one) };
                if one.end <= other.start && one.len() == other.len() {
                    let (left, right) = stream.split_at_mut(other.start);
                    left[one].swap_with_slice(&mut right[..other.len()]);
                }
            }
            Damage::Move { chunk: which, to } => {
                let (from, to) = (chunk(which), chunk(to).start);
                let moved: Vec<u8> = stream.drain(from.clone()).collect();
                let to = if to > from.start { to - moved.len() } else { to };
                stream.splice(to..to, moved);
            }
            Damage::Repeat { chunk: which, to } => {
                let (again, to) = (stream[chunk(which)].to_vec(), chunk(to).start);
                stream.splice(to..to, again);
            }
            Damage::Drop { chunk: which } => drop(stream.drain(chunk(which))),
        }
    }
}

/// The bytes and the frames of a chunk in a good stream.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Its bytes.
    pub bytes: Range<usize>,
    /// Its frames.
    pub frames: Range<u64>,
}

/// Returns the end of the header of a good stream: behind the bytes in front of its body's length,
/// the length, the body and a checksum.
pub fn header_end(stream: &[u8]) -> usize {
    let (mut length, mut at) = (0, 9);
    for shift in (0..).step_by(7) {
        let byte = stream[at];
        at += 1;
        length |= usize::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
    }
    at + length + 4
}

/// Returns the chunks of a good stream.
pub fn chunks(stream: &[u8]) -> Vec<Chunk> {
    let mut inspector = Inspector::new(stream).unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        chunks.push(Chunk {
            bytes: chunk.offset as usize..(chunk.offset + chunk.bytes) as usize,
            frames: chunk.first_frame..chunk.first_frame + chunk.frames,
        });
    }
    chunks
}
