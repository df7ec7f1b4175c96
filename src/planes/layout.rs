//! The mapping from the value of a sample to an unsigned integer of whole bytes.

use crate::audio::SampleFormat;

/// The mapping from the value of a sample to the bits that become characters and planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mapping {
    /// The two's complement of the value.
    TwosComplement,
    /// The distance from the lowest value, which is continuous around zero.
    OffsetBinary,
    /// The folded residual of a prediction.
    Residual,
}

impl Mapping {
    /// All mappings.
    pub const ALL: &[Mapping] =
        &[Mapping::TwosComplement, Mapping::OffsetBinary, Mapping::Residual];

    /// Returns the mapping's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Mapping::TwosComplement => "twos-complement",
            Mapping::OffsetBinary => "offset-binary",
            Mapping::Residual => "residual",
        }
    }
}

/// The widths of a value, from the sample format and the number of wasted bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    format: SampleFormat,
    wasted: u32,
    /// Number of bits of a value, without the wasted ones.
    value_bits: u32,
    /// Number of bytes of a coded value.
    pub(crate) bytes: usize,
}

impl Layout {
    pub(crate) fn new(format: SampleFormat, wasted: u8) -> Self {
        let value_bits = format.bits() - u32::from(wasted);
        Layout {
            format,
            wasted: u32::from(wasted),
            value_bits,
            bytes: value_bits.div_ceil(8) as usize,
        }
    }

    /// Returns the number of bits of a value, without the wasted ones.
    pub(crate) fn value_bits(&self) -> u32 {
        self.value_bits
    }

    /// Returns the number of bits of a coded value.
    pub(crate) fn bits(&self) -> u32 {
        self.bytes as u32 * 8
    }

    /// Returns the value of the sample at the start of `pcm`, without its wasted bits.
    #[inline(always)]
    pub(crate) fn get(&self, pcm: &[u8]) -> i64 {
        self.format.get(pcm) >> self.wasted
    }

    /// Writes a value; `false` if it does not fit.
    #[inline(always)]
    pub(crate) fn put(&self, value: i64, pcm: &mut [u8]) -> bool {
        let spare = 64 - self.value_bits;
        self.format.put(value << self.wasted, pcm);
        value << spare >> spare == value
    }

    /// Maps the bits of a float so that they sort like the floats, or back. Integers stay.
    #[inline(always)]
    pub(crate) fn ordered(&self, value: i64) -> i64 {
        if self.format.is_float() && value < 0 {
            value ^ (i64::MAX >> (64 - self.value_bits))
        } else {
            value
        }
    }

    /// Returns the lowest `bits` of a value as a signed integer.
    #[inline(always)]
    pub(crate) fn wrap(&self, value: i64) -> i64 {
        let spare = 64 - self.bits();
        value << spare >> spare
    }

    /// Returns the lowest `bits` of a value as an unsigned integer.
    #[inline(always)]
    pub(crate) fn unsigned(&self, value: i64) -> u64 {
        let spare = 64 - self.bits();
        (value as u64) << spare >> spare
    }

    /// Returns the offset that a mapping without prediction adds to a value.
    pub(crate) fn offset(&self, mapping: Mapping) -> i64 {
        match mapping {
            Mapping::OffsetBinary => 1 << (self.bits() - 1),
            Mapping::TwosComplement | Mapping::Residual => 0,
        }
    }
}

/// Folds a signed integer to an unsigned one: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
#[inline(always)]
pub(crate) fn fold(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Inverts [`fold`].
#[inline(always)]
pub(crate) fn unfold(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Returns how many of the lowest bits are zero in every sample: all of them in silence.
pub(crate) fn wasted_bits(pcm: &[u8], format: SampleFormat) -> u32 {
    let mut seen = 0;
    for block in pcm.chunks(1024 * format.bytes()) {
        for sample in block.chunks_exact(format.bytes()) {
            seen |= format.get(sample);
        }
        if seen & 1 != 0 {
            return 0;
        }
    }
    seen.trailing_zeros().min(format.bits())
}

#[cfg(test)]
mod tests {
    use lmac_support::mixed;

    use super::*;

    /// Returns all values of 8 and 16 bits, or the extremes and a sample of wider ones.
    fn values(bits: u32) -> Vec<i64> {
        let (least, most) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        if bits <= 16 {
            return (least..=most).collect();
        }
        let spread = (0..1000).map(|seed| mixed(seed) as i64 >> (64 - bits));
        [least, least + 1, -1, 0, 1, most - 1, most].into_iter().chain(spread).collect()
    }

    #[test]
    fn every_value_comes_back_from_characters_and_planes() {
        for &format in SampleFormat::ALL {
            let layout = Layout::new(format, 0);
            for mapping in [Mapping::TwosComplement, Mapping::OffsetBinary] {
                for value in values(format.bits()) {
                    let coded = layout.unsigned(value.wrapping_add(layout.offset(mapping)));
                    let mut back = 0u64;
                    for byte in (0..layout.bytes).rev().map(|j| (coded >> (8 * j)) as u8) {
                        let (character, plane) = (byte >> 1, byte & 1);
                        assert!(character < 128);
                        back = back << 8 | u64::from(character << 1 | plane);
                    }
                    let back = (back as i64).wrapping_sub(layout.offset(mapping));
                    assert_eq!(layout.wrap(back), value);
                }
            }
        }
    }

    #[test]
    fn offset_binary_counts_up() {
        let layout = Layout::new(SampleFormat::S16, 0);
        let coded = |value| layout.unsigned(value + layout.offset(Mapping::OffsetBinary));
        assert_eq!((coded(-32768), coded(-1), coded(0), coded(32767)), (0, 32767, 32768, 65535));
    }

    #[test]
    fn folding_comes_back() {
        for value in values(64) {
            assert_eq!(unfold(fold(value)), value);
        }
        assert_eq!([0, -1, 1, -2].map(fold), [0, 1, 2, 3]);
        assert_eq!(fold(i64::MIN), u64::MAX);
    }

    #[test]
    fn floats_sort_like_their_bits() {
        let layout = Layout::new(SampleFormat::F32, 0);
        let floats = [-f32::INFINITY, -1.5, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1.0, f32::INFINITY];
        let ordered = floats.map(|float| layout.ordered(layout.get(&float.to_le_bytes())));
        assert!(ordered.is_sorted_by(|a, b| a < b), "{ordered:?}");
        for value in values(32) {
            assert_eq!(layout.ordered(layout.ordered(value)), value);
        }
    }

    #[test]
    fn wasted_bits_are_those_of_all_samples() {
        let pcm: Vec<u8> = [16i16, -48, 32].iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(wasted_bits(&pcm, SampleFormat::S16), 4);
        assert_eq!(wasted_bits(&[0; 6], SampleFormat::S24), 24);
        assert_eq!(wasted_bits(&[128; 6], SampleFormat::U8), 8);
        assert_eq!(wasted_bits(&[0, 0x80], SampleFormat::S16), 15);
    }
}
