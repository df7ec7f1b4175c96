//! Damaged streams, and the parts that the damage left alone.

use std::ops::Range;

use lmac_support::Random;

use crate::subject::Subject;

/// A part of a damaged stream.
pub(crate) enum Part {
    /// Bytes of the stream at their place.
    Kept(Range<usize>),
    /// Bytes of the stream at another place.
    Moved(Range<usize>),
    /// Other bytes.
    Foreign(Vec<u8>),
}
use Part::{Foreign, Kept, Moved};

/// A damaged stream.
pub(crate) struct Damaged {
    pub(crate) bytes: Vec<u8>,
    kept: Vec<Range<usize>>,
    ends_as_it_did: bool,
}

impl Damaged {
    pub(crate) fn of(subject: &Subject, parts: Vec<Part>) -> Self {
        let mut damaged = Damaged { bytes: Vec::new(), kept: Vec::new(), ends_as_it_did: false };
        for part in parts {
            damaged.ends_as_it_did = false;
            match part {
                Kept(range) => {
                    damaged.bytes.extend(&subject.stream[range.clone()]);
                    damaged.ends_as_it_did = range.end == subject.stream.len();
                    damaged.kept.push(range);
                }
                Moved(range) => damaged.bytes.extend(&subject.stream[range]),
                Foreign(bytes) => damaged.bytes.extend(bytes),
            }
        }
        damaged
    }

    /// Returns the stream with other bytes in place of a range.
    pub(crate) fn replaced(subject: &Subject, range: Range<usize>, with: Vec<u8>) -> Self {
        let end = subject.stream.len();
        Self::of(subject, vec![Kept(0..range.start), Foreign(with), Kept(range.end..end)])
    }

    /// Describes the parts of the stream that are left.
    pub(crate) fn of_what(&self, subject: &Subject) -> String {
        let (name, kept) = (&subject.name, &self.kept);
        format!("{name}, of which {kept:?} of {} bytes are kept", subject.stream.len())
    }

    /// Returns whether all of these bytes are at their place.
    pub(crate) fn keeps(&self, range: &Range<usize>) -> bool {
        self.kept.iter().any(|kept| kept.start <= range.start && range.end <= kept.end)
    }

    /// Returns whether the stream begins with its header.
    pub(crate) fn keeps_header(&self, subject: &Subject) -> bool {
        self.keeps(&subject.header)
            && self.bytes.starts_with(&subject.stream[subject.header.clone()])
    }

    /// Returns whether the header is there: at the start, or as a copy in the trailer.
    pub(crate) fn has_header(&self, subject: &Subject) -> bool {
        let copied = subject.chunks.len() > 1 && self.keeps_trailer(subject);
        self.keeps_header(subject) || copied
    }

    /// Returns whether the stream ends with its trailer.
    pub(crate) fn keeps_trailer(&self, subject: &Subject) -> bool {
        self.ends_as_it_did && self.keeps(&subject.trailer)
    }
}

/// The kinds of damage, each at a random place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ByteChanged,
    BitFlipped,
    RunRemoved,
    RunInserted,
    RunZeroed,
    RunsSwapped,
    Sector512Zeroed,
    Sector4096Zeroed,
    CutOff,
    ChunksSwapped,
    ChunkRepeated,
    ChunkDropped,
    ChunksDropped,
    LikeHeader,
    LikeTrailer,
    Several,
}

impl Kind {
    pub(crate) const ALL: [Kind; 16] = [
        Kind::ByteChanged,
        Kind::BitFlipped,
        Kind::RunRemoved,
        Kind::RunInserted,
        Kind::RunZeroed,
        Kind::RunsSwapped,
        Kind::Sector512Zeroed,
        Kind::Sector4096Zeroed,
        Kind::CutOff,
        Kind::ChunksSwapped,
        Kind::ChunkRepeated,
        Kind::ChunkDropped,
        Kind::ChunksDropped,
        Kind::LikeHeader,
        Kind::LikeTrailer,
        Kind::Several,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::ByteChanged => "byte changed",
            Kind::BitFlipped => "bit flipped",
            Kind::RunRemoved => "run removed",
            Kind::RunInserted => "run inserted",
            Kind::RunZeroed => "run zeroed",
            Kind::RunsSwapped => "runs swapped",
            Kind::Sector512Zeroed => "sector of 512 zeroed",
            Kind::Sector4096Zeroed => "sector of 4096 zeroed",
            Kind::CutOff => "cut off",
            Kind::ChunksSwapped => "chunks swapped",
            Kind::ChunkRepeated => "chunk repeated",
            Kind::ChunkDropped => "chunk dropped",
            Kind::ChunksDropped => "chunks in a row dropped",
            Kind::LikeHeader => "header of a like stream",
            Kind::LikeTrailer => "trailer of a like stream",
            Kind::Several => "several bytes changed",
        }
    }

    /// Returns the stream with damage of this kind, or `None` if it has too few chunks for that.
    pub(crate) fn damage(self, subject: &Subject, random: &mut Random) -> Option<Damaged> {
        let length = subject.stream.len();
        let mut below = |end: usize| random.below(end as u64) as usize;
        let at = below(length);
        let some = |from: usize, run: usize| from..(from + run).min(length);
        Some(match self {
            Kind::ByteChanged => {
                let change = 1 + below(255) as u8;
                Damaged::replaced(subject, at..at + 1, vec![subject.stream[at] ^ change])
            }
            Kind::BitFlipped => {
                let bit = 1 << below(8);
                Damaged::replaced(subject, at..at + 1, vec![subject.stream[at] ^ bit])
            }
            Kind::RunRemoved => Damaged::replaced(subject, some(at, 1 + below(60)), Vec::new()),
            Kind::RunInserted => {
                let run = (0..1 + below(60)).map(|_| below(256) as u8).collect();
                Damaged::replaced(subject, at..at, run)
            }
            Kind::RunZeroed => {
                let run = some(at, 1 + below(60));
                Damaged::replaced(subject, run.clone(), vec![0; run.len()])
            }
            Kind::RunsSwapped => {
                // Shorter than any chunk, so that chunks stay where they are.
                let (run, other) = (1 + below(12), below(length));
                let (a, c) = (at.min(other), at.max(other));
                let (b, d) = ((a + run).min(c), (c + run).min(length));
                let parts = [Kept(0..a), Moved(c..d), Kept(b..c), Moved(a..b), Kept(d..length)];
                Damaged::of(subject, parts.into())
            }
            Kind::Sector512Zeroed => zeroed_sector(subject, at, 512),
            Kind::Sector4096Zeroed => zeroed_sector(subject, at, 4096),
            Kind::CutOff => Damaged::of(subject, vec![Kept(0..at)]),
            Kind::ChunksSwapped => {
                let (first, second) = two_of(subject, &mut below)?;
                let parts = [
                    Kept(0..first.start),
                    Moved(second.clone()),
                    Kept(first.end..second.start),
                    Moved(first),
                    Kept(second.end..length),
                ];
                Damaged::of(subject, parts.into())
            }
            Kind::ChunkRepeated => {
                let (chunk, place) = two_of(subject, &mut below)?;
                let parts = [Kept(0..place.end), Moved(chunk), Kept(place.end..length)];
                Damaged::of(subject, parts.into())
            }
            Kind::ChunkDropped => {
                let chunk = &subject.chunks.get(below(subject.chunks.len().max(1)))?.bytes;
                Damaged::replaced(subject, chunk.clone(), Vec::new())
            }
            Kind::ChunksDropped => {
                let (first, last) = two_of(subject, &mut below)?;
                Damaged::replaced(subject, first.start..last.end, Vec::new())
            }
            Kind::LikeHeader => {
                Damaged::replaced(subject, subject.header.clone(), subject.like_header())
            }
            Kind::LikeTrailer => {
                Damaged::replaced(subject, subject.trailer.clone(), subject.like_trailer())
            }
            Kind::Several => {
                let mut places: Vec<_> = (0..2 + below(4)).map(|_| below(length)).collect();
                places.sort_unstable();
                places.dedup();
                let (mut parts, mut from) = (Vec::new(), 0);
                for place in places {
                    parts.push(Kept(from..place));
                    parts.push(Foreign(vec![subject.stream[place] ^ (1 + below(255) as u8)]));
                    from = place + 1;
                }
                parts.push(Kept(from..length));
                Damaged::of(subject, parts)
            }
        })
    }
}

/// Returns the stream with zeros in the disk sector that has this byte.
fn zeroed_sector(subject: &Subject, at: usize, size: usize) -> Damaged {
    let start = at / size * size;
    let end = (start + size).min(subject.stream.len());
    Damaged::replaced(subject, start..end, vec![0; end - start])
}

/// Returns two chunks, in order.
fn two_of(
    subject: &Subject,
    below: &mut impl FnMut(usize) -> usize,
) -> Option<(Range<usize>, Range<usize>)> {
    let count = subject.chunks.len();
    if count < 2 {
        return None;
    }
    let first = below(count - 1);
    let second = first + 1 + below(count - 1 - first);
    Some((subject.chunks[first].bytes.clone(), subject.chunks[second].bytes.clone()))
}
