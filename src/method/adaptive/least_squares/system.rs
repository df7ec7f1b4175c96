//! A solver of systems of linear equations.

use crate::numerics::lanes::dot8;

pub(super) const LANES: usize = 8;
pub(super) type Block = [f64; LANES];

/// Number of rows that are eliminated together.
const GROUP: usize = 4;

/// The smallest pivot; smaller ones are replaced by it.
const LEAST_PIVOT: f64 = 1e-9;

/// A symmetric positive definite system, given by the upper triangle of its matrix.
pub(super) struct System {
    /// Number of unknowns, a multiple of four.
    size: usize,
    /// Number of blocks of a row.
    width: usize,
    matrix: Vec<Block>,
    right: Vec<f64>,
    /// Reciprocals of the pivots.
    inverse: Vec<f64>,
    solution: Vec<Block>,
}

impl System {
    /// Makes a system of at least `unknowns`; further ones are zero.
    pub(super) fn new(unknowns: usize) -> Self {
        let size = unknowns.next_multiple_of(GROUP);
        let width = size.div_ceil(LANES);
        System {
            size,
            width,
            matrix: vec![[0.0; LANES]; size * width],
            right: vec![0.0; size],
            inverse: vec![0.0; size],
            solution: vec![[0.0; LANES]; width],
        }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the number of blocks of a row.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    pub(super) fn matrix(&mut self) -> &mut [Block] {
        &mut self.matrix
    }

    /// Returns a row, which must be zero to the left of the diagonal.
    #[inline(always)]
    pub(super) fn row(&mut self, at: usize) -> &mut [f64] {
        self.matrix[at * self.width..(at + 1) * self.width].as_flattened_mut()
    }

    #[inline(always)]
    pub(super) fn right(&mut self) -> &mut [f64] {
        &mut self.right
    }

    /// Adds `ridge` to the diagonal, and `towards` times that to the right side.
    #[inline(always)]
    pub(super) fn hold(&mut self, ridge: f64, towards: f64) {
        for at in 0..self.size {
            self.row(at)[at] += ridge;
            self.right[at] += ridge * towards;
        }
    }

    /// Solves the system, which is overwritten.
    #[inline(always)]
    pub(super) fn solve(&mut self) -> &[Block] {
        for at in (0..self.size).step_by(GROUP) {
            self.eliminate(at);
        }
        self.substitute();
        &self.solution
    }

    /// Eliminates four unknowns from the rows below theirs.
    #[inline(always)]
    fn eliminate(&mut self, at: usize) {
        let width = self.width;
        let (first, o) = (at / LANES, at % LANES);
        let (top, rest) = self.matrix.split_at_mut((at + GROUP) * width);
        let pivots = &mut top[at * width..];
        let (r0, pivots) = pivots.split_at_mut(width);
        let (r1, pivots) = pivots.split_at_mut(width);
        let (r2, r3) = pivots.split_at_mut(width);
        let (right, below) = self.right[at..].split_at_mut(GROUP);

        // The corner of the four in scalars, then the rest of their rows.
        let (a1, a2, a3) = (r0[first][o + 1], r0[first][o + 2], r0[first][o + 3]);
        let i0 = one_over(r0[first][o]);
        let (l10, l20, l30) = (a1 * i0, a2 * i0, a3 * i0);
        let b1 = r1[first][o + 1] - l10 * a1;
        let (b2, b3) = (r1[first][o + 2] - l10 * a2, r1[first][o + 3] - l10 * a3);
        let i1 = one_over(b1);
        let (l21, l31) = (b2 * i1, b3 * i1);
        let c2 = (r2[first][o + 2] - l20 * a2) - l21 * b2;
        let c3 = (r2[first][o + 3] - l20 * a3) - l21 * b3;
        let i2 = one_over(c2);
        let l32 = c3 * i2;
        let d3 = ((r3[first][o + 3] - l30 * a3) - l31 * b3) - l32 * c3;
        let inverse = [i0, i1, i2, one_over(d3)];
        self.inverse[at..at + GROUP].copy_from_slice(&inverse);

        let rows = r0[first..].iter().zip(&mut r1[first..]);
        for (((a, b), c), d) in rows.zip(&mut r2[first..]).zip(&mut r3[first..]) {
            let (mut x, mut y, mut z) = (*b, *c, *d);
            for q in 0..LANES {
                x[q] -= l10 * a[q];
            }
            for q in 0..LANES {
                y[q] = (y[q] - l20 * a[q]) - l21 * x[q];
            }
            for q in 0..LANES {
                z[q] = ((z[q] - l30 * a[q]) - l31 * x[q]) - l32 * y[q];
            }
            (*b, *c, *d) = (x, y, z);
        }
        right[1] -= l10 * right[0];
        right[2] = (right[2] - l20 * right[0]) - l21 * right[1];
        right[3] = ((right[3] - l30 * right[0]) - l31 * right[1]) - l32 * right[2];

        let rows = rest.chunks_exact_mut(width).zip(below);
        for (i, (row, below)) in (at + GROUP..self.size).zip(rows) {
            let (ib, iq) = (i / LANES, i % LANES);
            let l0 = r0[ib][iq] * inverse[0];
            let l1 = r1[ib][iq] * inverse[1];
            let l2 = r2[ib][iq] * inverse[2];
            let l3 = r3[ib][iq] * inverse[3];
            let pivots = r0[ib..].iter().zip(&r1[ib..]).zip(&r2[ib..]).zip(&r3[ib..]);
            for (x, (((a, b), c), d)) in row[ib..].iter_mut().zip(pivots) {
                let mut v = *x;
                for q in 0..LANES {
                    v[q] = ((v[q] - l0 * a[q]) - l1 * b[q]) - (l2 * c[q] + l3 * d[q]);
                }
                *x = v;
            }
            *below = ((*below - l0 * right[0]) - l1 * right[1]) - (l2 * right[2] + l3 * right[3]);
        }
    }

    /// Finds the unknowns from the last to the first, four at a time.
    #[inline(always)]
    fn substitute(&mut self) {
        self.solution.fill([0.0; LANES]);
        for at in (0..self.size).step_by(GROUP).rev() {
            let (first, o) = (at / LANES, at % LANES);
            let rows = &self.matrix[at * self.width..(at + GROUP) * self.width];
            let mut left = [0.0; GROUP];
            for v in 0..GROUP {
                // Unknowns that are still to be found are zero in the solution.
                let row = rows[v * self.width + first..(v + 1) * self.width].as_flattened();
                let known = dot8(row, self.solution[first..].as_flattened());
                left[v] = self.right[at + v] - known;
            }
            let row = |v: usize| &rows[v * self.width + first];
            let (r0, r1, r2) = (row(0), row(1), row(2));
            let inverse = &self.inverse[at..at + GROUP];
            let x3 = left[3] * inverse[3];
            let x2 = (left[2] - r2[o + 3] * x3) * inverse[2];
            let x1 = ((left[1] - r1[o + 2] * x2) - r1[o + 3] * x3) * inverse[1];
            let x0 = (((left[0] - r0[o + 1] * x1) - r0[o + 2] * x2) - r0[o + 3] * x3) * inverse[0];
            self.solution[first][o..o + GROUP].copy_from_slice(&[x0, x1, x2, x3]);
        }
    }
}

#[inline(always)]
fn one_over(pivot: f64) -> f64 {
    1.0 / if pivot > LEAST_PIVOT { pivot } else { LEAST_PIVOT }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    #[test]
    fn solutions_solve() {
        let mut random = Random::new(5);
        for unknowns in [3, 4, 8, 12, 19, 24, 64] {
            // Products of random rows with themselves, and a little on the diagonal.
            let mut matrix = vec![vec![0.0; unknowns]; unknowns];
            for _ in 0..2 * unknowns {
                let x: Vec<f64> = (0..unknowns).map(|_| random.next_f32().into()).collect();
                for i in 0..unknowns {
                    for j in 0..unknowns {
                        matrix[i][j] += x[i] * x[j];
                    }
                }
            }
            let expected: Vec<f64> = (0..unknowns).map(|_| random.next_f32().into()).collect();
            let mut system = System::new(unknowns);
            for (i, row) in matrix.iter_mut().enumerate() {
                row[i] += 0.25;
                let right: f64 = row.iter().zip(&expected).map(|(a, x)| a * x).sum();
                // Compensates for the ridge.
                system.row(i)[i..unknowns].copy_from_slice(&row[i..]);
                system.row(i)[i] -= 0.125;
                system.right()[i] = right - 0.125 * 2.0;
            }
            system.hold(0.125, 2.0);
            let solution = system.solve().as_flattened();
            for (x, expected) in solution.iter().zip(&expected) {
                assert!((x - expected).abs() < 1e-6, "{unknowns}: {x} {expected}");
            }
        }
    }
}
