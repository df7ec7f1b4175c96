//! Costs with a language model, in bits.
//!
//! Bits are summed up as integers, so that a sum does not depend on the order of threads.

use std::ops::Range;

/// The most bytes of a sample.
const MOST_BYTES: usize = 8;

/// Units of a bit.
const UNITS: f64 = (1u32 << 20) as f64;

/// Converts bits to units of 2^-20 bit.
pub(crate) fn units(bits: f64) -> u64 {
    (bits * UNITS).round() as u64
}

/// The cost of the chunks that went through a language model.
///
/// Constant chunks do not reach the model and are not counted. Bits follow from the
/// probabilities; the overhead of arithmetic coding is in `payload_bytes` alone.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Account {
    /// Chunks that went through the model.
    pub chunks: u64,
    /// Tokens that spell them.
    pub tokens: u64,
    /// Characters of the tokens: the bytes of the samples, without bytes whose bits are all
    /// wasted.
    pub characters: u64,
    /// Tokens with a probability of their own.
    pub hits: u64,
    /// Tokens after an escape.
    pub escapes: u64,
    /// Bits of tokens for each byte of a sample, the highest first, escapes included. The
    /// bits of a token of several characters are spread evenly over them. A chunk with
    /// wasted bits may have no last bytes.
    pub token_bits: Vec<f64>,
    /// Bits of planes for each byte of a sample, the highest first: one for each sample in a
    /// packed plane, none in a constant one, and the bits of the probabilities in a modelled
    /// one.
    pub plane_bits: Vec<f64>,
    /// Bytes of flags and of the kinds of planes, at the start of payloads.
    pub head_bytes: u64,
    /// Bytes of all payloads that the model made, refused ones included. An estimate has the
    /// bits of the probabilities, rounded up to bytes.
    pub payload_bytes: u64,
    /// Chunks whose payload was not smaller than their PCM: another method codes them.
    pub refused_chunks: u64,
    /// PCM bytes of refused chunks.
    pub refused_pcm_bytes: u64,
    /// Bytes of the payloads that were refused.
    pub refused_payload_bytes: u64,
}

impl Account {
    /// Returns the bits of all payloads: tokens, planes and the bytes before them. Real payloads
    /// are longer by the rounding of bytes and of arithmetic coding.
    pub fn payload_bits(&self) -> f64 {
        let coded: f64 = self.token_bits.iter().chain(&self.plane_bits).sum();
        coded + 8.0 * self.head_bytes as f64
    }
}

/// The cost of a segment, a run of frames that is a context of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SegmentCost {
    /// Number of its first frame in the stream.
    pub first_frame: u64,
    /// Number of its frames.
    pub frames: u64,
    /// Bits of its tokens.
    pub token_bits: f64,
    /// Bits of its planes.
    pub plane_bits: f64,
}

/// The cost of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenCost {
    /// The whole cost, in units.
    pub(crate) units: u64,
    /// Whether the token follows an escape.
    pub(crate) escaped: bool,
}

/// The sums behind an [`Account`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    tokens: u64,
    characters: u64,
    escapes: u64,
    /// Bytes of payloads before planes and tokens.
    head_bytes: u64,
    /// The most bytes of a sample so far.
    bytes: usize,
    token_units: [u64; MOST_BYTES],
    plane_units: [u64; MOST_BYTES],
    segments: Vec<SegmentUnits>,
}

#[derive(Debug, Clone, Copy)]
struct SegmentUnits {
    first_frame: u64,
    frames: u64,
    tokens: u64,
    planes: u64,
}

/// The payloads behind an [`Account`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Payloads {
    pub(crate) chunks: u64,
    pub(crate) bytes: u64,
    pub(crate) refused_chunks: u64,
    pub(crate) refused_pcm_bytes: u64,
    pub(crate) refused_bytes: u64,
}

impl Tally {
    /// Makes an empty tally for samples of `bytes` bytes and a payload with `head_bytes` bytes
    /// before planes and tokens.
    pub(crate) fn new(bytes: usize, head_bytes: u64) -> Self {
        Tally { bytes, head_bytes, ..Tally::default() }
    }

    /// Begins the next segment.
    pub(crate) fn begin_segment(&mut self, first_frame: u64, frames: u64) {
        self.segments.push(SegmentUnits { first_frame, frames, tokens: 0, planes: 0 });
    }

    /// Adds a token of the current segment; `characters` is its range in the text.
    pub(crate) fn token(&mut self, cost: TokenCost, characters: Range<usize>) {
        self.tokens += 1;
        self.characters += characters.len() as u64;
        self.escapes += u64::from(cost.escaped);
        if let Some(segment) = self.segments.last_mut() {
            segment.tokens = segment.tokens.saturating_add(cost.units);
        }
        let number = (characters.len() as u64).max(1);
        let (each, rest) = (cost.units / number, cost.units % number);
        for (at, place) in (0..).zip(characters) {
            let sum = &mut self.token_units[place % self.bytes];
            *sum = sum.saturating_add(each + u64::from(at < rest));
        }
    }

    /// Adds a plane's bit; `place` is the place of its byte in the text.
    pub(crate) fn plane(&mut self, units: u64, segment: usize, place: usize) {
        self.plane_units[place % self.bytes] += units;
        if let Some(segment) = self.segments.get_mut(segment) {
            segment.planes += units;
        }
    }

    /// Returns the bytes of the payload, rounded up.
    pub(crate) fn whole_bytes(&self) -> u64 {
        let units = self.token_units.iter().chain(&self.plane_units);
        let units = units.fold(0u64, |sum, &units| sum.saturating_add(units));
        self.head_bytes + units.div_ceil(8 * UNITS as u64)
    }

    /// Adds another tally, and its segments if `segments` is set.
    pub(crate) fn add(&mut self, other: &Tally, segments: bool) {
        self.tokens += other.tokens;
        self.characters += other.characters;
        self.escapes += other.escapes;
        self.head_bytes += other.head_bytes;
        self.bytes = self.bytes.max(other.bytes);
        for at in 0..MOST_BYTES {
            self.token_units[at] = self.token_units[at].saturating_add(other.token_units[at]);
            self.plane_units[at] += other.plane_units[at];
        }
        if segments {
            self.segments.extend_from_slice(&other.segments);
        }
    }

    pub(crate) fn account(&self, payloads: &Payloads) -> Account {
        let bits = |units: &[u64; MOST_BYTES]| {
            units[..self.bytes].iter().map(|&units| units as f64 / UNITS).collect()
        };
        Account {
            chunks: payloads.chunks,
            tokens: self.tokens,
            characters: self.characters,
            hits: self.tokens - self.escapes,
            escapes: self.escapes,
            token_bits: bits(&self.token_units),
            plane_bits: bits(&self.plane_units),
            head_bytes: self.head_bytes,
            payload_bytes: payloads.bytes,
            refused_chunks: payloads.refused_chunks,
            refused_pcm_bytes: payloads.refused_pcm_bytes,
            refused_payload_bytes: payloads.refused_bytes,
        }
    }

    /// Returns the segments in the order of their frames.
    pub(crate) fn segments(&self) -> Vec<SegmentCost> {
        let cost = |segment: &SegmentUnits| SegmentCost {
            first_frame: segment.first_frame,
            frames: segment.frames,
            token_bits: segment.tokens as f64 / UNITS,
            plane_bits: segment.planes as f64 / UNITS,
        };
        let mut segments: Vec<SegmentCost> = self.segments.iter().map(cost).collect();
        segments.sort_by_key(|segment| segment.first_frame);
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_costs_are_spread_over_their_bytes() {
        let mut tally = Tally::new(2, 2);
        tally.begin_segment(7, 2);
        tally.token(TokenCost { units: units(3.0), escaped: false }, 0..3);
        tally.token(TokenCost { units: units(5.0), escaped: true }, 3..4);
        tally.plane(units(1.0), 0, 1);
        tally.begin_segment(2, 1);
        tally.token(TokenCost { units: 1, escaped: false }, 4..6);
        let account = tally.account(&Payloads::default());
        let least = 1.0 / UNITS;
        assert_eq!(account.token_bits, [2.0 + least, 6.0]);
        assert_eq!(account.plane_bits, [0.0, 1.0]);
        assert_eq!((account.tokens, account.hits, account.escapes), (3, 2, 1));
        assert_eq!(account.characters, 6);
        assert_eq!(account.payload_bits(), 9.0 + least + 16.0);
        assert_eq!(tally.whole_bytes(), 2 + 2);

        let mut sum = Tally::new(1, 0);
        sum.add(&tally, true);
        sum.add(&tally, false);
        assert_eq!(sum.account(&Payloads::default()).token_bits, [4.0 + 2.0 * least, 12.0]);
        let segments = sum.segments();
        assert_eq!(segments.iter().map(|segment| segment.first_frame).collect::<Vec<_>>(), [2, 7]);
        assert_eq!((segments[1].token_bits, segments[1].plane_bits), (8.0, 1.0));
    }

    #[test]
    fn nearly_impossible_tokens_do_not_overflow() {
        let mut tally = Tally::new(1, 0);
        for _ in 0..3 {
            tally.token(TokenCost { units: units(1e39), escaped: true }, 0..1);
        }
        let mut sum = tally.clone();
        sum.add(&tally, false);
        assert!(sum.account(&Payloads::default()).payload_bits() > 1e13);
        assert!(sum.whole_bytes() > 1 << 40);
    }
}
