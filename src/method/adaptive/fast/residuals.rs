//! The coding of folded residuals.
//!
//! The upper bits of a residual u, v = u >> k with k such that v is between 4 and 8 on
//! average, fall into one of 32 bins, a prefix of v's bits; the bits below are raw. A mixture
//! of adaptive distributions codes the bin. A running mean of u selects each of them, at
//! another rate for each. Weights follow the posterior.

use std::sync::LazyLock;

use super::{BINS, Cumulative, SymbolCoder};
use crate::numerics::lanes::tree;

/// Number of distributions, one for each running mean.
const EXPERTS: usize = 4;
const LANES: usize = EXPERTS;
/// Number of contexts of an expert, for k = 0 and again for k > 0.
const CONTEXTS: usize = 64;
/// Number of residuals that the size at the start is worth.
const KNOWN: u32 = 8;
/// Rates of the running means, as shifts.
const SHIFTS: [u32; 4] = [2, 4, 5, 7];

/// An adaptive distribution: cumulative frequencies out of 65,535.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row(Cumulative);

pub(super) struct Residuals {
    rows: Vec<Row>,
    /// Number of symbols that each row has learnt.
    seen: Vec<u8>,
    /// Running means, in 16.16 fixed point.
    means: [i64; 4],
    age: u32,
    weights: [f32; LANES],
    /// The weights, in units of 1/65,536.
    scaled: [u16; LANES],
}

/// Returns the bin of v, and the number of bits below it.
#[inline(always)]
fn bin(v: u64) -> (u32, u32) {
    if v < 16 {
        (v as u32, 0)
    } else if v < 32 {
        (8 + (v >> 1) as u32, 1)
    } else if v < 64 {
        (20 + (v >> 3) as u32, 3)
    } else if v < 128 {
        (26 + (v >> 5) as u32, 5)
    } else if v < 256 {
        (30, 7)
    } else {
        (31, 0)
    }
}

/// Returns the first v of a bin, and the number of bits below it.
#[inline(always)]
fn unbin(bin: u32) -> (u64, u32) {
    let bin64 = u64::from(bin);
    match bin {
        0..16 => (bin64, 0),
        16..24 => ((bin64 - 8) << 1, 1),
        24..28 => ((bin64 - 20) << 3, 3),
        28..30 => ((bin64 - 26) << 5, 5),
        _ => (128, 7),
    }
}

/// Returns about eight times the binary logarithm of a 16.16 number.
#[inline(always)]
fn level(mean: i64) -> i32 {
    let x = mean as u64 | 8;
    let e = 63 - x.leading_zeros();
    ((e as i32 - 16) << 3) + (x >> (e - 3) & 7) as i32
}

/// Returns the initial distribution for a mean of v: a mixture of three geometric ones.
fn start(mean: f64) -> Cumulative {
    let mut sums = [0.0f64; BINS];
    for (scale, share) in [(0.6, 0.3), (1.0, 0.5), (1.7, 0.2)] {
        let m = mean * scale;
        let theta = m / (m + 1.0);
        let mut tail = 1.0;
        for (at, sum) in sums.iter_mut().enumerate().take(31) {
            for _ in 0..1u64 << unbin(at as u32).1 {
                tail *= theta;
            }
            *sum += share * (1.0 - tail);
        }
    }
    let mut cumulative = [65_535; BINS];
    for i in 0..31 {
        cumulative[i] = (sums[i] * 65_400.0) as u16 + 4 * i as u16;
    }
    cumulative
}

/// Returns the upper half of a product.
#[inline(always)]
fn high_product(a: u16, b: u16) -> u16 {
    ((u32::from(a) * u32::from(b)) >> 16) as u16
}

/// For each bin, the distribution in which it is certain.
static TARGETS: [Cumulative; BINS] = {
    let mut targets = [[0; BINS]; BINS];
    let mut symbol = 0;
    while symbol < BINS {
        let mut j = symbol;
        while j < BINS {
            targets[symbol][j] = 65_535;
            j += 1;
        }
        symbol += 1;
    }
    targets
};

/// The initial rows of an expert.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows = Vec::with_capacity(2 * CONTEXTS);
    for wide in [false, true] {
        for context in 0..CONTEXTS {
            // The mean of the context, which counts eighths of an octave.
            let level = context as i32;
            let mut mean = 0.125;
            for _ in 0..level / 8 {
                mean *= 2.0;
            }
            mean *= 1.0 + f64::from(level % 8) / 8.0;
            if !wide {
                mean *= 0.5;
            }
            rows.push(Row(start(mean)));
        }
    }
    rows
});

impl Residuals {
    /// Makes the coder of residuals whose root of the mean square is `size`.
    pub(super) fn new(size: f64) -> Self {
        let rows = ROWS.repeat(EXPERTS);
        Residuals {
            seen: vec![0; rows.len()],
            rows,
            // A folded residual is twice as large, and its mean is smaller than the root.
            means: [(size * 1.6 * 65_536.0) as i64; 4],
            age: KNOWN,
            weights: [1.0 / EXPERTS as f32; LANES],
            scaled: [65_536usize.div_euclid(EXPERTS) as u16; LANES],
        }
    }

    /// Codes a residual.
    #[inline(always)]
    pub(super) fn code<C: SymbolCoder>(&mut self, u: u64, coder: &mut C) -> u64 {
        let levels: [i32; 4] = std::array::from_fn(|i| level(self.means[i]));
        let middle = (levels[1] + levels[2]) >> 1;
        let k = ((middle >> 3) - 2).max(0);
        let (set, offset) = if k == 0 { (0, 32) } else { (1, 24 - 8 * k) };
        let k = k as u32;
        let clamp = |x: i32, most: i32| x.clamp(0, most) as usize;
        let contexts = [
            clamp(levels[0] + offset, 63),
            clamp(levels[1] + offset, 63),
            clamp(levels[2] + offset, 63),
            clamp(levels[3] + offset, 63),
        ];
        let at: [usize; EXPERTS] = std::array::from_fn(|i| (i * 2 + set) * CONTEXTS + contexts[i]);

        // Every bin of the mixture has a frequency of at least 1.
        let mut mixed = [0u16; BINS];
        for i in 0..EXPERTS {
            let row = &self.rows[at[i]].0;
            let w = [self.scaled[i]; BINS];
            for j in 0..BINS {
                mixed[j] += high_product(row[j], w[j]);
            }
        }
        for j in 0..BINS {
            mixed[j] = (mixed[j] >> 1) - (mixed[j] >> 11) + j as u16 + 1;
        }
        mixed[BINS - 1] = 32_768;

        let v = u >> k;
        let symbol = coder.symbol(bin(v).0, &mixed);
        let u = if symbol == 31 {
            let length = coder.raw(63 - u64::from((v | 1).leading_zeros()), 6) as u32 & 63;
            let v = coder.raw(v, length.min(40)) | 1u64 << length.min(40);
            v << k | coder.raw(u, k)
        } else {
            let (first, below) = unbin(symbol);
            (first << k) | coder.raw(u, below + k) & ((1 << (below + k)) - 1)
        };

        self.learn(symbol as usize & 31, &at);
        self.age = self.age.saturating_add(1);
        let x = ((u.min(1 << 40)) << 16) as i64;
        for i in 0..4 {
            let young = 32 - self.age.leading_zeros();
            self.means[i] += (x - self.means[i]) >> SHIFTS[i].min(young);
        }
        u
    }

    #[inline(always)]
    fn learn(&mut self, symbol: usize, at: &[usize; EXPERTS]) {
        let target = &TARGETS[symbol];
        let mut likely = [0f32; LANES];
        for i in 0..EXPERTS {
            let row = &mut self.rows[at[i]].0;
            let seen = &mut self.seen[at[i]];
            let below = if symbol == 0 { 0 } else { row[symbol - 1] };
            likely[i] = f32::from(row[symbol] - below) + 1.0;
            let rate = RATES[usize::from(*seen)];
            *seen = seen.saturating_add(1);
            let rate = [rate; BINS];
            for j in 0..BINS {
                let c = row[j];
                let up = high_product(!c & target[j], rate[j]);
                let down = high_product(c & !target[j], rate[j]);
                row[j] = c + up - down;
            }
        }
        let mut weighted = [0f32; LANES];
        for i in 0..LANES {
            weighted[i] = likely[i] * self.weights[i];
        }
        let scale = WEIGHT_RATE / tree(weighted);
        let mut weights = [0f32; LANES];
        for i in 0..LANES {
            let w = self.weights[i] * (1.0 - WEIGHT_RATE) + weighted[i] * scale;
            weights[i] = if w < LEAST_WEIGHT { LEAST_WEIGHT } else { w };
        }
        let norm = 1.0 / tree(weights);
        for i in 0..LANES {
            let w = weights[i] * norm;
            self.weights[i] = w;
            self.scaled[i] = (w * 65_535.0) as i32 as u16;
        }
    }
}

const LEAST_WEIGHT: f32 = 0.005;
const WEIGHT_RATE: f32 = 0.02;

/// The learning rate of a row by the number of symbols seen, in units of 1/65,536.
static RATES: [u16; 256] = {
    let mut rates = [0; 256];
    let mut i = 0;
    while i < 256 {
        rates[i] = (65_536 / (24 + i as i32)) as u16;
        i += 1;
    }
    rates
};
