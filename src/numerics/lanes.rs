//! Sums in a written order.
//!
//! Lane `i` of a sum takes the elements `i`, `i + L`, ..., and the lanes are added in a fixed
//! tree, so that the width of vectors changes no bit.

use std::ops::Add;

/// Lanes that are added in a tree.
pub(crate) trait Lanes {
    type Element;

    fn tree(self) -> Self::Element;
}

impl<T: Copy + Add<Output = T>> Lanes for [T; 4] {
    type Element = T;

    #[inline(always)]
    fn tree(self) -> T {
        (self[0] + self[2]) + (self[1] + self[3])
    }
}

/// Implements each step for a fixed length, which compilers keep in registers.
macro_rules! halves {
    ($($lanes:literal to $half:literal),*) => {$(
        impl<T: Copy + Add<Output = T>> Lanes for [T; $lanes] {
            type Element = T;

            #[inline(always)]
            fn tree(self) -> T {
                let half: [T; $half] = std::array::from_fn(|i| self[i] + self[i + $half]);
                half.tree()
            }
        }
    )*};
}

halves!(8 to 4, 16 to 8, 32 to 16);

/// Adds up lanes, halves onto halves.
#[inline(always)]
pub(crate) fn tree<A: Lanes>(lanes: A) -> A::Element {
    lanes.tree()
}

/// Returns a dot product over eight lanes; elements after the last multiple of 8 are left out.
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
        // (a + c) + (b + d): another order would round differently.
        assert_eq!(tree([big, 1.0, -big, 1.0]), 2.0);
        assert_eq!(tree([big, -big, 1.0, 1.0]), 1.0);
        assert_eq!(tree([1.0, 2.0, 3.0, 4.0]), 10.0);
        assert_eq!(dot8(&[2.0; 16], &[3.0; 16]), 96.0);
    }
}
