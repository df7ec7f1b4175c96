//! Sums in a written order.
//!
//! Lane `i` of a sum takes the elements `i`, `i + L`, ..., and the lanes are added in a
//! fixed tree, so that no vector width changes a bit.

use std::ops::Add;

/// The sum of lanes: halves onto halves. `L` is a power of two.
#[inline(always)]
pub(crate) fn tree<T: Copy + Add<Output = T>, const L: usize>(lanes: [T; L]) -> T {
    let mut sum = lanes;
    let mut half = L / 2;
    while half > 0 {
        for i in 0..half {
            sum[i] = sum[i] + sum[i + half];
        }
        half /= 2;
    }
    sum[0]
}

/// A dot product over eight lanes; what is behind the last multiple of eight is left out.
#[inline(always)]
pub(crate) fn dot8(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for i in 0..8 {
            lanes[i] += a[i] * b[i];
        }
    }
    tree(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_add_halves_onto_halves() {
        let big = 2f32.powi(24);
        // (a + c) + (b + d) gives this: in another order a one would get lost, or not.
        assert_eq!(tree([big, 1.0, -big, 1.0]), 2.0);
        assert_eq!(tree([big, -big, 1.0, 1.0]), 1.0);
        assert_eq!(tree([1.0, 2.0, 3.0, 4.0]), 10.0);
        assert_eq!(dot8(&[2.0; 16], &[3.0; 16]), 96.0);
    }
}
