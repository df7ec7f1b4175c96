//! What an encoder would have found: linear predictors from the samples of a block.
//!
//! The coefficients in a FLAC file come from its samples. Encoders weigh a block with a window,
//! take its autocorrelation, solve for a predictor and round it. Repeating that with the windows
//! that encoders use gives most coefficients to the last bit, and the stream need only say which
//! window it was.

use std::f64::consts::{LN_2, PI};
use std::ops::{Add, Mul};

use super::frame::MAX_ORDER;
use crate::numerics::elementary::{ln, sin_cos};

/// Lags of an autocorrelation.
const LAGS: usize = MAX_ORDER + 1;

/// The windows, by their numbers in a stream.
const WINDOWS: [Window; 25] = [
    Window::plain(Shape::Tukey(0.5)),
    Window::plain(Shape::Tukey(0.25)),
    Window::part(1, 2, 0),
    Window::part(1, 2, 1),
    Window::plain(Shape::Tukey(0.5 / 3.0)),
    Window::part(4, 2, 0),
    Window::part(4, 2, 1),
    Window::part(4, 3, 0),
    Window::part(4, 3, 1),
    Window::part(4, 3, 2),
    Window::without(7),
    Window::without(8),
    Window::without(9),
    Window::without_but_last(7),
    Window::without_but_last(8),
    Window::without_but_last(9),
    Window::single(Shape::PartialTukey(0)),
    Window::single(Shape::PartialTukey(1)),
    Window::single(Shape::PunchoutTukey(0)),
    Window::single(Shape::PunchoutTukey(1)),
    Window::single(Shape::PunchoutTukey(2)),
    Window::plain(Shape::Welch),
    Window::plain(Shape::Parabola),
    Window::plain(Shape::Hann),
    Window::single(Shape::Tukey(0.5)),
];

/// The number of windows.
pub(super) const COUNT: usize = WINDOWS.len();

/// How the samples of a block are weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    shape: Shape,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// All samples, times the shape.
    Plain,
    /// The same, with autocorrelations in single precision.
    Single,
    /// One of equal parts, between the two ends of the shape.
    Part { parts: usize, number: usize },
    /// The autocorrelation of the whole without that of a part, which is another window.
    Without { part: usize, but_last: bool },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Flat, with this share of it in ends like a cosine.
    Tukey(f32),
    /// The same over one of two parts that overlap.
    PartialTukey(u8),
    /// The same everywhere but in one of three parts that overlap.
    PunchoutTukey(u8),
    Welch,
    /// A parabola from each end to the middle. It is in double precision, and its
    /// autocorrelations begin at one.
    Parabola,
    Hann,
}

impl Window {
    const fn plain(shape: Shape) -> Self {
        Window { shape, kind: Kind::Plain }
    }

    const fn single(shape: Shape) -> Self {
        Window { shape, kind: Kind::Single }
    }

    /// A part of the block, with the shape of the window `root`.
    const fn part(root: usize, parts: usize, number: usize) -> Self {
        let shape = if root == 1 { Shape::Tukey(0.25) } else { Shape::Tukey(0.5 / 3.0) };
        Window { shape, kind: Kind::Part { parts, number } }
    }

    const fn without(part: usize) -> Self {
        let kind = Kind::Without { part, but_last: false };
        Window { shape: Shape::Tukey(0.5 / 3.0), kind }
    }

    /// The last lag is that of the part.
    const fn without_but_last(part: usize) -> Self {
        let kind = Kind::Without { part, but_last: true };
        Window { shape: Shape::Tukey(0.5 / 3.0), kind }
    }
}

/// The window whose autocorrelation others subtract from.
const ROOT: usize = 4;

/// The coefficients of a predictor before they are rounded.
pub(super) struct Unrounded {
    coefficients: [f64; MAX_ORDER],
    order: usize,
    exact: bool,
}

/// Finds predictors. Shapes are kept for blocks of the same size.
#[derive(Default)]
pub(super) struct Analysis {
    size: usize,
    shapes: Vec<(Shape, Vec<f64>)>,
    /// Autocorrelations of the block at hand, by window.
    known: Vec<Option<[f64; LAGS]>>,
    weighed: Vec<f64>,
}

impl Analysis {
    /// Begins with another block of samples.
    pub(super) fn begin(&mut self, size: usize) {
        if self.size != size {
            self.size = size;
            self.shapes.clear();
        }
        self.known.clear();
        self.known.resize(COUNT, None);
    }

    /// The predictor of this order that the samples of the block have under a window; `None` if
    /// they have none.
    pub(super) fn predictor(
        &mut self,
        samples: &[i64],
        window: usize,
        order: usize,
    ) -> Option<Unrounded> {
        let exact = WINDOWS[window].shape == Shape::Parabola;
        let autocorrelation = self.autocorrelation(samples, window, order)?;
        let mut coefficients = solve(&autocorrelation, order)?;
        if !exact {
            coefficients.iter_mut().for_each(|value| *value = f64::from(*value as f32));
        }
        Some(Unrounded { coefficients, order, exact })
    }

    /// The order up to `most` whose predictor leaves the fewest bits, about: `bits` for each
    /// coefficient, and those of the error for each sample.
    pub(super) fn best_order(
        &mut self,
        samples: &[i64],
        window: usize,
        most: usize,
        bits: u32,
    ) -> Option<usize> {
        let autocorrelation = self.autocorrelation(samples, window, most)?;
        let size = samples.len() as f64;
        let mut best = None;
        let mut least = f64::INFINITY;
        solve_each(&autocorrelation, most, |order, error| {
            let mean = (error / size).max(f64::MIN_POSITIVE);
            // Half the logarithm of the variance, and no less than no bits.
            let each = (0.5 * ln(mean) / LN_2).max(0.0);
            let all = each * (size - order as f64) + f64::from(bits) * order as f64;
            if all < least {
                (best, least) = (Some(order), all);
            }
        });
        best
    }

    fn autocorrelation(
        &mut self,
        samples: &[i64],
        window: usize,
        order: usize,
    ) -> Option<[f64; LAGS]> {
        let Window { shape, kind } = *WINDOWS.get(window)?;
        if let Kind::Without { part, but_last } = kind {
            let whole = self.autocorrelation(samples, ROOT, order)?;
            let mut rest = self.autocorrelation(samples, part, order)?;
            for (lag, value) in rest.iter_mut().enumerate().take(order + 1) {
                if lag < order || !but_last {
                    *value = whole[lag] - *value;
                }
            }
            return Some(rest);
        }
        if let Some(known) = self.known[window] {
            return Some(known);
        }
        self.weigh(samples, shape, kind)?;
        let from = if shape == Shape::Parabola { 1.0 } else { 0.0 };
        let found = match kind {
            Kind::Single => autocorrelation::<f32>(&self.weighed, 0.0, order),
            _ => autocorrelation::<f64>(&self.weighed, from, order),
        };
        self.known[window] = Some(found);
        Some(found)
    }

    /// Puts the weighed samples behind [`MAX_ORDER`] zeros.
    fn weigh(&mut self, samples: &[i64], shape: Shape, kind: Kind) -> Option<()> {
        let size = samples.len();
        let at = match self.shapes.iter().position(|(known, _)| *known == shape) {
            Some(at) => at,
            None => {
                self.shapes.push((shape, shape.weights(size)));
                self.shapes.len() - 1
            }
        };
        let weights = &self.shapes[at].1;
        let exact = shape == Shape::Parabola;
        let weighed = |sample: i64, weight: f64| match exact {
            true => sample as f64 * weight,
            false => f64::from(sample as f32 * weight as f32),
        };
        self.weighed.clear();
        self.weighed.resize(MAX_ORDER, 0.0);
        match kind {
            Kind::Part { parts, number } => {
                let length = size / parts;
                if length <= MAX_ORDER {
                    return None;
                }
                let (half, first) = (length / 2, number * size / parts);
                let part = samples.get(first..first + length)?;
                let ends = weights[..half].iter().chain(&weights[size - half..]);
                self.weighed.extend(part.iter().zip(ends).map(|(&s, &w)| weighed(s, w)));
                self.weighed.resize(MAX_ORDER + length, 0.0);
            }
            _ => self.weighed.extend(samples.iter().zip(weights).map(|(&s, &w)| weighed(s, w))),
        }
        Some(())
    }
}

impl Shape {
    fn weights(self, size: usize) -> Vec<f64> {
        let last = size as f64 - 1.0;
        match self {
            Shape::Tukey(share) => tukey(size, share),
            Shape::PartialTukey(number) => partial_tukey(size, number),
            Shape::PunchoutTukey(number) => punchout_tukey(size, number),
            Shape::Parabola => (0..size)
                .map(|at| {
                    let end = at.min(size - 1 - at);
                    let place = 2.0 / last - 1.0 - end as f64;
                    if 2 * at == size - 1 { 0.0 } else { 1.0 - place * place }
                })
                .collect(),
            Shape::Welch => (0..size)
                .map(|at| {
                    let place = (at as f64 - last / 2.0) / (last / 2.0);
                    1.0 - place * place
                })
                .collect(),
            Shape::Hann => {
                (0..size).map(|at| 0.5 - 0.5 * cos(2.0 * PI * at as f64 / last)).collect()
            }
        }
    }
}

fn cos(angle: f64) -> f64 {
    sin_cos(angle).1
}

/// The rise of half a cosine from 0 at 0 to 1 at `length`.
fn rise(at: usize, length: usize) -> f64 {
    0.5 - 0.5 * cos(PI * at as f64 / length as f64)
}

fn tukey(size: usize, share: f32) -> Vec<f64> {
    let mut weights = vec![1.0; size];
    let end = (share / 2.0 * size as f32) as usize;
    if let Some(end) = end.checked_sub(1).filter(|&end| end > 0) {
        for at in 0..=end {
            weights[at] = rise(at, end);
            weights[size - end - 1 + at] = rise(at + end, end);
        }
    }
    weights
}

/// The share of a part that is in its ends.
const END_SHARE: f32 = 0.2;

/// The first sample of a part and the one behind it, where `parts` parts overlap by a share of
/// their length.
fn overlapping(size: usize, parts: u8, number: u8, overlap: f32) -> (usize, usize) {
    let units = 1.0 / (1.0 - overlap) - 1.0;
    let place = |units_before: f32| {
        let place = units_before / (f32::from(parts) + units) * size as f32;
        (place as usize).min(size)
    };
    (place(f32::from(number)), place(f32::from(number) + 1.0 + units))
}

fn partial_tukey(size: usize, number: u8) -> Vec<f64> {
    let (from, to) = overlapping(size, 2, number, 0.1);
    let end = (END_SHARE / 2.0 * (to - from) as f32) as usize;
    (0..size)
        .map(|at| match at {
            _ if at < from || at >= to => 0.0,
            _ if at < from + end => rise(at - from + 1, end),
            _ if at >= to - end => rise(to - at, end),
            _ => 1.0,
        })
        .collect()
}

fn punchout_tukey(size: usize, number: u8) -> Vec<f64> {
    let (from, to) = overlapping(size, 3, number, 0.2);
    let before = (END_SHARE / 2.0 * from as f32) as usize;
    let behind = (END_SHARE / 2.0 * (size - to) as f32) as usize;
    (0..size)
        .map(|at| match at {
            _ if at < before => rise(at + 1, before),
            _ if at < from - before => 1.0,
            _ if at < from => rise(from - at, before),
            _ if at < to => 0.0,
            _ if at < to + behind => rise(at - to + 1, behind),
            _ if at < size - behind => 1.0,
            _ => rise(size - at, behind),
        })
        .collect()
}

/// The sums of products of samples at each distance up to `order`, of samples behind
/// [`MAX_ORDER`] zeros. Each sum runs from the first sample to the last.
fn autocorrelation<T: Real>(weighed: &[f64], from: f64, order: usize) -> [f64; LAGS] {
    let mut sums = [from; LAGS];
    match order {
        0..8 => add_products::<T, 8>(weighed, &mut sums),
        8..16 => add_products::<T, 16>(weighed, &mut sums),
        _ => add_products::<T, LAGS>(weighed, &mut sums),
    }
    sums
}

fn add_products<T: Real, const COUNT: usize>(weighed: &[f64], sums: &mut [f64; LAGS]) {
    // Lane i has the lag COUNT - 1 - i.
    let mut lanes = [T::rounded(sums[0]); COUNT];
    for window in weighed[MAX_ORDER + 1 - COUNT..].windows(COUNT) {
        let Some(window) = window.first_chunk::<COUNT>() else { break };
        let last = T::rounded(window[COUNT - 1]);
        for lane in 0..COUNT {
            lanes[lane] = lanes[lane] + last * T::rounded(window[lane]);
        }
    }
    for (sum, lane) in sums.iter_mut().zip(lanes.into_iter().rev()) {
        *sum = lane.into();
    }
}

/// Floats of single or double precision.
trait Real: Copy + Into<f64> + Add<Output = Self> + Mul<Output = Self> {
    fn rounded(value: f64) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn rounded(value: f64) -> f32 {
        value as f32
    }
}

impl Real for f64 {
    #[inline(always)]
    fn rounded(value: f64) -> f64 {
        value
    }
}

/// Solves for a predictor.
fn solve(autocorrelation: &[f64; LAGS], order: usize) -> Option<[f64; MAX_ORDER]> {
    solve_each(autocorrelation, order, |_, _| {})
}

/// Solves for predictors by the recursion of Levinson and Durbin, and tells the error that each
/// order leaves.
fn solve_each(
    autocorrelation: &[f64; LAGS],
    order: usize,
    mut tell: impl FnMut(usize, f64),
) -> Option<[f64; MAX_ORDER]> {
    let mut error = autocorrelation[0];
    let mut filter = [0.0; MAX_ORDER];
    for at in 0..order {
        if error == 0.0 || !error.is_finite() {
            return None;
        }
        let mut reflection = -autocorrelation[at + 1];
        for before in 0..at {
            reflection -= filter[before] * autocorrelation[at - before];
        }
        reflection /= error;
        filter[at] = reflection;
        for one in 0..at / 2 {
            let two = at - 1 - one;
            let value = filter[one];
            filter[one] += reflection * filter[two];
            filter[two] += reflection * value;
        }
        if at % 2 == 1 {
            filter[at / 2] += filter[at / 2] * reflection;
        }
        error *= 1.0 - reflection * reflection;
        tell(at + 1, error);
    }
    filter.iter_mut().for_each(|value| *value = -*value);
    filter.iter().all(|value| value.is_finite()).then_some(filter)
}

impl Unrounded {
    /// The shift that makes the most of coefficients of this many bits.
    pub(super) fn shift(&self, precision: u32) -> u32 {
        let largest = self.coefficients[..self.order]
            .iter()
            .fold(0.0f64, |largest, value| largest.max(value.abs()));
        // The power of two above it.
        let exponent = (largest.to_bits() >> 52) as i32 - 1022;
        (precision as i32 - 1 - exponent).clamp(0, 15) as u32
    }

    /// The coefficients, rounded so that errors cancel out.
    pub(super) fn rounded(&self, precision: u32, shift: u32) -> Vec<i32> {
        let most = (1i32 << (precision - 1)) - 1;
        let least = if self.exact { -most } else { -most - 1 };
        let scale = f64::from(1u32 << shift.min(31));
        let mut error = 0.0;
        self.coefficients[..self.order]
            .iter()
            .map(|&value| {
                error += value * scale;
                let nearest = match self.exact {
                    true => f64::from((error as f32).round_ties_even()),
                    false => error.round(),
                };
                let rounded = (nearest as i32).clamp(least, most);
                error -= f64::from(rounded);
                rounded
            })
            .collect()
    }
}
