//! Codecs of pieces as contestants.

use std::time::Instant;

use lmac::AudioSpec;

use crate::audio::Clip;
use crate::contestant::{Arrangement, Check, Codec, Contestant, Headers, Job, Outcome};
use crate::{Error, Result};

/// Pieces of a batch, and their bytes: between batches a run can be interrupted.
const PIECES: usize = 512;
const BYTES: usize = 16 << 20;

/// A codec of pieces as a contestant.
///
/// With [`Headers::Each`] the compressed pieces count as they are. With [`Headers::Once`]
/// headers count once, as in the published harness: the size of a header is that of the
/// shortest possible piece, one frame of zeros, when it is compressed. All pieces but the first
/// count without it, though none counts below zero. Of whole clips everything counts.
#[derive(Debug)]
pub struct ByChunks<C> {
    codec: C,
}

impl<C: Codec> ByChunks<C> {
    /// This codec as a contestant.
    pub fn new(codec: C) -> Self {
        ByChunks { codec }
    }

    /// Returns the size of the shortest possible piece.
    fn header(&self, spec: &AudioSpec) -> Result<u64> {
        let shortest = vec![0; spec.frame_bytes()];
        let coded = self.codec.encode(&[&shortest], spec).and_then(|coded| match &coded[..] {
            [coded] => Ok(coded.len() as u64),
            several => Err(count(several.len(), 1)),
        });
        coded.map_err(|error| error.about("the shortest possible piece, one frame of zeros"))
    }
}

impl<C: Codec> Contestant for ByChunks<C> {
    fn name(&self) -> &str {
        self.codec.name()
    }

    fn description(&self) -> String {
        self.codec.description()
    }

    fn refuses(&self, spec: &AudioSpec) -> Option<String> {
        self.codec.refuses(spec)
    }

    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome> {
        let pieces: Vec<&[u8]> = match job.arrangement {
            Arrangement::Chunks => clip.chunks(job.chunk_bytes).collect(),
            Arrangement::Whole | Arrangement::Files => vec![&clip.pcm],
        };
        let check = job.check && self.codec.decodes();
        // Before all the work, since it may fail.
        let header = match (job.arrangement, job.headers) {
            (Arrangement::Chunks, Headers::Once) => {
                job.interrupt.check()?;
                self.header(&clip.spec)?
            }
            _ => 0,
        };
        let chunked = job.arrangement == Arrangement::Chunks;
        let mut tally = Tally { chunked, ..Tally::default() };
        for batch in batches(&pieces) {
            job.interrupt.check()?;
            tally.add(&self.codec, batch, &clip.spec, check)?;
        }
        let (bytes, chunks) = match job.arrangement {
            Arrangement::Whole | Arrangement::Files => (tally.sizes.iter().sum(), Vec::new()),
            Arrangement::Chunks => counted(&tally.sizes, header),
        };
        // The first chunk counts with its header.
        let clamped = tally.sizes.iter().skip(1).filter(|&&size| size < header).count();
        Ok(Outcome {
            chunks,
            clamped: u32::try_from(clamped).unwrap_or(u32::MAX),
            check: match tally.difference {
                Some(difference) => Check::Failed(difference),
                None if check => Check::Passed,
                None => Check::Skipped,
            },
            encoding: Some(tally.encoding),
            decoding: check.then_some(tally.decoding),
            ..Outcome::of_bytes(bytes)
        })
    }
}

/// The sizes and times of the pieces so far.
#[derive(Default)]
struct Tally {
    /// Whether pieces are chunks, which have numbers.
    chunked: bool,
    sizes: Vec<u64>,
    encoding: f64,
    decoding: f64,
    /// The first difference of a piece.
    difference: Option<String>,
}

impl Tally {
    fn add(
        &mut self,
        codec: &impl Codec,
        pieces: &[&[u8]],
        spec: &AudioSpec,
        check: bool,
    ) -> Result<()> {
        let first = self.sizes.len();
        let chunked = self.chunked;
        let about = |error: Error, doing: &str| match chunked {
            true => error.about(format!("{doing} chunks {first} to {}", first + pieces.len() - 1)),
            false => error.about(doing),
        };
        let start = Instant::now();
        let coded = codec.encode(pieces, spec).map_err(|error| about(error, "encoding"))?;
        self.encoding += start.elapsed().as_secs_f64();
        if coded.len() != pieces.len() {
            return Err(about(count(coded.len(), pieces.len()), "encoding"));
        }
        self.sizes.extend(coded.iter().map(|piece| piece.len() as u64));
        if !check {
            return Ok(());
        }
        let start = Instant::now();
        let back = codec.decode(&coded, spec).map_err(|error| about(error, "decoding"))?;
        self.decoding += start.elapsed().as_secs_f64();
        if back.len() != pieces.len() {
            return Err(about(count(back.len(), pieces.len()), "decoding"));
        }
        if self.difference.is_none() {
            let mut differences = pieces.iter().zip(&back).enumerate();
            self.difference = differences.find_map(|(number, (piece, back))| {
                let difference = difference(piece, back)?;
                Some(match chunked {
                    true => format!("chunk {}: {difference}", first + number),
                    false => difference,
                })
            });
        }
        Ok(())
    }
}

/// Pieces in batches that are neither too many nor too long.
fn batches<'a, 'p>(pieces: &'a [&'p [u8]]) -> impl Iterator<Item = &'a [&'p [u8]]> {
    let mut rest = pieces;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(PIECES).take_while(|piece| {
            bytes += piece.len();
            bytes <= BYTES
        });
        // One that is too long goes alone.
        let length = fitting.count().max(1).min(rest.len());
        let (batch, others) = rest.split_at(length);
        rest = others;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Returns all bytes that count, and each chunk's: the first header is shared by all.
fn counted(sizes: &[u64], header: u64) -> (u64, Vec<f64>) {
    let Some(&first) = sizes.first() else { return (0, Vec::new()) };
    let bare = |size: &u64| size.saturating_sub(header);
    let shared = first - bare(&first);
    let share = shared as f64 / sizes.len() as f64;
    let bytes = shared + sizes.iter().map(bare).sum::<u64>();
    (bytes, sizes.iter().map(|size| bare(size) as f64 + share).collect())
}

/// Describes the first difference of two slices that should be equal.
pub(crate) fn difference(expected: &[u8], back: &[u8]) -> Option<String> {
    let place = expected.iter().zip(back).position(|(one, other)| one != other);
    match place {
        Some(at) => {
            Some(format!("byte {at} came back as {:#04x}, not {:#04x}", back[at], expected[at]))
        }
        None if expected.len() != back.len() => {
            Some(format!("{} bytes came back, not {}", back.len(), expected.len()))
        }
        None => None,
    }
}

fn count(got: usize, expected: usize) -> Error {
    Error::new(format!("the codec gave {got} results for {expected} pieces"))
}

#[cfg(test)]
mod tests;
