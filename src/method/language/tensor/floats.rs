//! Floats of 32 and of 16 bits.

pub(super) fn f32(bytes: &[u8], values: &mut [f32]) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *value = f32::from_le_bytes(*bytes);
    }
}

pub(super) fn f16(bytes: &[u8], values: &mut [f32]) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *value = half(*bytes);
    }
}

pub(super) fn bf16(bytes: &[u8], values: &mut [f32]) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *value = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
    }
}

/// A float of 16 bits as one of 32, exactly, whatever the processor does with denormals.
#[inline(always)]
pub(super) fn half(bytes: [u8; 2]) -> f32 {
    /// The smallest normal float of 16 bits.
    const LEAST_NORMAL: u32 = 113 << 23;

    let bits = u32::from(u16::from_le_bytes(bytes));
    let sign = (bits & 0x8000) << 16;
    let rest = (bits & 0x7FFF) << 13;
    // Exponents are 112 apart; what is infinite or no number stays so. A denormal is what
    // its bits add to the smallest normal number.
    let magnitude = if rest < 1 << 23 {
        (f32::from_bits(rest + LEAST_NORMAL) - f32::from_bits(LEAST_NORMAL)).to_bits()
    } else if rest >= 31 << 23 {
        rest + (224 << 23)
    } else {
        rest + (112 << 23)
    };
    f32::from_bits(magnitude | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a finite half by its definition.
    fn defined(bits: u16) -> f64 {
        let exponent = i32::from(bits >> 10 & 31);
        let mantissa = f64::from(bits & 1023);
        let magnitude = match exponent {
            0 => mantissa * 2f64.powi(-24),
            _ => (1024.0 + mantissa) * 2f64.powi(exponent - 25),
        };
        if bits >> 15 == 1 { -magnitude } else { magnitude }
    }

    #[test]
    fn every_half_is_exact() {
        for bits in 0..=u16::MAX {
            let value = half(bits.to_le_bytes());
            match (bits >> 10 & 31, bits & 1023) {
                (31, 0) => assert!(value.is_infinite()),
                (31, _) => assert!(value.is_nan()),
                _ => assert_eq!(f64::from(value).to_bits(), defined(bits).to_bits(), "{bits:#x}"),
            }
            assert_eq!(value.is_sign_negative(), bits >> 15 == 1);
        }
    }

    #[test]
    fn denormals_survive_a_processor_that_flushes_them() {
        use crate::numerics::environment::with_flushing;

        let value = with_flushing(|| half(std::hint::black_box(1u16).to_le_bytes()));
        assert_eq!(value, 2f32.powi(-24));
    }

    #[test]
    fn upper_halves_are_exact() {
        let mut values = [0.0; 2];
        bf16(&[0x80, 0x3F, 0x01, 0x80], &mut values);
        assert_eq!(values.map(f32::to_bits), [0x3F80_0000, 0x8001_0000]);
    }
}
