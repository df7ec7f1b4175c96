//! The cost of bits in integers, so that an encoder chooses the same on every machine.

use super::bits::AdaptiveBit;

/// The number of cost units of a bit.
pub(crate) const UNITS: u64 = 1 << FRACTION;
const FRACTION: u32 = 12;

const STEPS: usize = 2048;

/// The cost of a bit whose probability is in the middle of each step.
static LENGTHS: [u16; STEPS] = {
    let mut lengths = [0; STEPS];
    let mut at = 0;
    while at < STEPS {
        lengths[at] = (11 * UNITS as u32 + UNITS as u32 - log2(2 * at as u64 + 1)) as u16;
        at += 1;
    }
    lengths
};

/// Returns the binary logarithm of `value`, rounded down to units, by repeated squaring.
pub(crate) const fn log2(value: u64) -> u32 {
    let whole = value.ilog2();
    let mut mantissa = if whole > 31 { value >> (whole - 31) } else { value << (31 - whole) };
    let mut log = whole;
    let mut digit = 0;
    while digit < FRACTION {
        mantissa = (mantissa * mantissa) >> 31;
        let one = (mantissa >> 32) as u32;
        mantissa >>= one;
        log = log << 1 | one;
        digit += 1;
    }
    log
}

/// Returns the approximate cost of coding `bit`.
#[inline(always)]
pub(crate) fn cost(node: AdaptiveBit, bit: bool) -> u64 {
    let one = node.one();
    let likely = if bit { one } else { 65_536 - one };
    u64::from(LENGTHS[(likely >> 5) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_logarithms() {
        for (at, &length) in LENGTHS.iter().enumerate() {
            let probability = (at as f64 + 0.5) / STEPS as f64;
            let bits = f64::from(length) / UNITS as f64;
            assert!((bits + probability.log2()).abs() < 0.001, "{at}: {bits}");
        }
    }
}
