//! What was heard before: the place where the last samples of a channel stood earlier in the
//! chunk, and whether the next sample is the same as there.
//!
//! Loops, music of trackers and edited speech repeat themselves to the bit. Places are found by a
//! hash of the last samples, and checked sample by sample.

use super::coding::BitCoder;
use super::prepare::Prepared;
use crate::error::Result;
use crate::memory;

/// Number of equal samples that make a match.
const LEAST: usize = 32;

/// Number of those that were predicted wrong: others cost little anyway, and are equal by chance.
const LEAST_SURPRISES: u32 = 8;

/// Chunks of fewer frames have no matches.
const LEAST_FRAMES: usize = 64;

/// The table has places for one hash in 2^`SPARSE`, and at most 2^`MOST_BITS`: in the time of a
/// sample of the parameter set fast, there is none for misses of the cache.
const SPARSE: u32 = 5;
const MOST_BITS: u32 = 14;

/// An entry of the table is a number of samples in so many bits, and bits of the hash above.
const PLACE_BITS: u32 = 24;

/// The factor of the hash. It is even, so that 32 steps shift a sample out of the hash's 32 bits.
const FACTOR: u32 = 0x3C6E_F362;

/// Classes of a match: its length, and how the match before ended.
const LENGTHS: usize = 8;
const BEFORE: usize = 3;

/// Probabilities of a miss, in units of 2^-32: at first, and where matches are no longer used.
const FIRST_MISS: u32 = 1 << 27;
const USELESS_MISS: u32 = 1 << 29;
const RATE: u32 = 5;

/// The matches of a channel.
pub(super) struct Matches {
    /// For each hash, the number of samples up to the end of those that gave it.
    places: Vec<u32>,
    hash: u32,
    /// A bit for each of the latest samples: whether it was predicted wrong.
    surprises: u32,
    /// The number of samples since the matched place; 0 without a match.
    distance: usize,
    /// The number of equal samples.
    length: u32,
    /// How the match before ended: 0 there was none, 1 it was short, 2 it was long.
    before: usize,
    misses: [[u32; LENGTHS]; BEFORE],
}

impl Matches {
    /// The most bytes of memory that a channel takes.
    pub(super) const MOST_BYTES: u64 = (size_of::<u32>() << MOST_BITS) as u64;

    /// Makes those of each coded channel.
    pub(super) fn of_all(prepared: &Prepared) -> Result<Vec<Self>> {
        let mut all = memory::room(prepared.coded.len())?;
        for samples in &prepared.coded {
            all.push(Self::new(samples.len())?);
        }
        Ok(all)
    }

    fn new(frames: usize) -> Result<Self> {
        let places = frames.next_power_of_two().min(1 << MOST_BITS);
        Ok(Matches {
            places: memory::filled(0, if frames < LEAST_FRAMES { 0 } else { places })?,
            hash: 0,
            surprises: 0,
            distance: 0,
            length: 0,
            before: 0,
            misses: [[FIRST_MISS; LENGTHS]; BEFORE],
        })
    }

    /// Codes whether the sample at `t` is that of the match, and returns it if so.
    #[inline(always)]
    pub(super) fn code<C: BitCoder>(
        &mut self,
        coder: &mut C,
        samples: &[i32],
        t: usize,
    ) -> Option<i32> {
        if self.distance == 0 {
            return None;
        }
        // The coder is not handed to a function that is not inlined: its state is in registers.
        let one = self.same()?;
        let found = samples[t - self.distance];
        coder.bit(samples[t] == found, one).then_some(found)
    }

    /// Returns the probability that the match goes on, in units of 1/65,536; `None` if it is too
    /// low to be of use.
    #[inline(never)]
    fn same(&mut self) -> Option<u32> {
        let miss = *self.miss();
        (miss < USELESS_MISS).then(|| 65_536 - (miss >> 16).max(1))
    }

    /// Learns the sample at `t`, which the model predicted right or wrong.
    #[inline(always)]
    pub(super) fn learn(&mut self, samples: &[i32], t: usize, wrong: bool) {
        self.surprises = self.surprises << 1 | u32::from(wrong);
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(samples[t] as u32);
        if self.distance > 0 {
            self.follow(samples, t);
        }
        if self.hash >> (32 - SPARSE) == 0 {
            self.look(samples, t + 1);
        }
    }

    /// Learns whether the match goes on, and ends it if it does not.
    #[inline(never)]
    fn follow(&mut self, samples: &[i32], t: usize) {
        let same = samples[t] == samples[t - self.distance];
        let miss = self.miss();
        *miss = if same { *miss - (*miss >> RATE) } else { *miss + (!*miss >> RATE) };
        if same {
            self.length = self.length.saturating_add(1);
        } else {
            self.before = if self.length < 2 * LEAST as u32 { 1 } else { 2 };
            self.distance = 0;
        }
    }

    /// Looks for a match of the last samples of these `end`, and keeps their place.
    #[inline(never)]
    fn look(&mut self, samples: &[i32], end: usize) {
        if end < LEAST || self.surprises.count_ones() < LEAST_SURPRISES {
            return;
        }
        let at = (self.hash >> (32 - SPARSE - MOST_BITS)) as usize % self.places.len().max(1);
        let Some(entry) = self.places.get_mut(at) else { return };
        let new = self.hash << PLACE_BITS | end as u32 & ((1 << PLACE_BITS) - 1);
        let old = std::mem::replace(entry, new);
        if (old ^ new) >> PLACE_BITS != 0 || self.distance > 0 {
            return;
        }
        let distance = (new.wrapping_sub(old) & ((1 << PLACE_BITS) - 1)) as usize;
        let found = end.saturating_sub(distance);
        if distance > 0
            && found >= LEAST
            && samples[found - LEAST..found] == samples[end - LEAST..end]
        {
            self.distance = distance;
            self.length = LEAST as u32;
        }
    }

    /// Returns the probability that a match like this one ends.
    fn miss(&mut self) -> &mut u32 {
        let class = (self.length / LEAST as u32).max(1).ilog2() as usize;
        &mut self.misses[self.before][class.min(LENGTHS - 1)]
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::method::adaptive::coding::Writing;
    use crate::method::reading::Reading;

    /// Codes samples, the model being wrong where it says so; returns how many a match gave, and
    /// the bytes of the rest of the bits.
    fn given(samples: &[i32], wrong: impl Fn(usize) -> bool) -> (usize, usize) {
        let mut matches = Matches::new(samples.len()).unwrap();
        let mut coder = Writing::new();
        let mut found = Vec::new();
        for t in 0..samples.len() {
            found.push(matches.code(&mut coder, samples, t));
            matches.learn(samples, t, wrong(t));
        }
        let (tokens, raw) = coder.finish().unwrap();

        let mut matches = Matches::new(samples.len()).unwrap();
        let mut coder = Reading::new(&tokens, &raw);
        let mut decoded = vec![0; samples.len()];
        for t in 0..samples.len() {
            let known = matches.code(&mut coder, &decoded, t);
            assert_eq!(known, found[t], "{t}");
            decoded[t] = known.unwrap_or(samples[t]);
            matches.learn(&decoded, t, wrong(t));
        }
        assert_eq!(decoded, samples);
        (found.iter().flatten().count(), tokens.len())
    }

    fn noise(count: usize, most: u64) -> Vec<i32> {
        let mut random = Random::new(5);
        (0..count).map(|_| random.below(most) as i32).collect()
    }

    #[test]
    fn a_loop_is_found_and_costs_nothing() {
        let samples = noise(3000, 1000).repeat(20);
        let (count, bytes) = given(&samples, |_| true);
        assert!(count > 19 * 3000 - 250, "{count}");
        assert!(bytes < 10, "{bytes}");
    }

    #[test]
    fn what_is_predicted_right_is_not_looked_for() {
        assert_eq!(given(&vec![7; 5000], |_| false), (0, 0));
        assert_eq!(given(&noise(100, 1000).repeat(20), |t| t % 5 == 0), (0, 0));
        assert!(given(&noise(100, 1000).repeat(20), |t| t % 3 == 0).0 > 1000);
    }

    #[test]
    fn short_chunks_have_no_matches() {
        let samples = noise(8, 1000).repeat(8);
        assert_eq!(given(&samples[..63], |_| true), (0, 0));
        assert!(Matches::new(63).unwrap().places.is_empty());
        assert_eq!(Matches::new(64).unwrap().places.len(), 64);
        assert_eq!(Matches::new(1 << 20).unwrap().places.len(), 1 << MOST_BITS);
    }

    #[test]
    fn matches_by_chance_are_soon_not_used() {
        // All samples repeat, but for one of about ten.
        let mut random = Random::new(6);
        let mut samples = noise(40, 2).repeat(2000);
        samples.iter_mut().for_each(|sample| *sample ^= i32::from(random.below(10) == 0));
        let (count, bytes) = given(&samples, |_| true);
        assert!(count < 8000 && bytes < 1000, "{count} {bytes}");
    }

    #[test]
    fn other_samples_of_the_same_hash_are_no_match() {
        let mut matches = Matches::new(1 << 8).unwrap();
        let samples = noise(300, 1000);
        matches.surprises = u32::MAX;
        matches.look(&samples, 100);
        // The hash is that of other samples: they are compared.
        matches.look(&samples, 200);
        assert_eq!(matches.distance, 0);
    }
}
