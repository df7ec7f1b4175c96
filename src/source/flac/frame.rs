//! A FLAC frame: what its encoder decided, and its samples.

/// The most samples of a block.
pub(super) const MAX_BLOCK_SIZE: u32 = 65_535;
/// The most channels.
pub(super) const MAX_CHANNELS: usize = 8;
/// The highest order of a linear predictor.
pub(super) const MAX_ORDER: usize = 32;
/// The highest order of a fixed predictor.
pub(super) const MAX_FIXED_ORDER: usize = 4;
/// The highest order of partitions.
pub(super) const MAX_PARTITION_ORDER: u32 = 15;

/// The fixed predictors, by order: the samples before, the nearest one first, times these.
pub(super) const FIXED: [&[i64]; MAX_FIXED_ORDER + 1] =
    [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];

/// What all frames of a stream have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamShape {
    pub(super) channels: usize,
    pub(super) bits: u32,
}

/// The fields of a frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether the number counts samples, and not frames.
    pub(super) variable: bool,
    pub(super) number: u64,
    /// Samples of a channel.
    pub(super) size: u32,
    /// How the header says the size, the rate, and the bits of a sample.
    pub(super) size_code: u8,
    pub(super) rate_code: u8,
    pub(super) bits_code: u8,
    /// The rate where the header spells it out.
    pub(super) rate_field: u16,
    /// The number of channels less one, or the code of a stereo mode.
    pub(super) channels_code: u8,
}

/// The modes of stereo, by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stereo {
    Independent,
    LeftSide,
    SideRight,
    MidSide,
}

impl Stereo {
    pub(super) const ALL: [Stereo; 4] =
        [Stereo::Independent, Stereo::LeftSide, Stereo::SideRight, Stereo::MidSide];

    /// The subframe that holds the difference of both channels.
    pub(super) fn side(self) -> Option<usize> {
        match self {
            Stereo::Independent => None,
            Stereo::LeftSide | Stereo::MidSide => Some(1),
            Stereo::SideRight => Some(0),
        }
    }

    pub(super) fn code(self, channels: usize) -> u8 {
        match self {
            Stereo::Independent => channels as u8 - 1,
            Stereo::LeftSide => 8,
            Stereo::SideRight => 9,
            Stereo::MidSide => 10,
        }
    }
}

/// The code of a size that one byte, or two bytes, of the header spell out.
pub(super) const SIZE_IN_8_BITS: u8 = 6;
pub(super) const SIZE_IN_16_BITS: u8 = 7;

impl FrameHeader {
    /// The size for a code that does not spell it out.
    pub(super) fn coded_size(code: u8) -> Option<u32> {
        match code {
            1 => Some(192),
            2..=5 => Some(576 << (code - 2)),
            8..=15 => Some(256 << (code - 8)),
            _ => None,
        }
    }

    /// The bits of a sample for a code; 0 stands for those of the stream.
    pub(super) fn coded_bits(code: u8, stream: &StreamShape) -> Option<u32> {
        match code {
            0 => Some(stream.bits),
            1 => Some(8),
            2 => Some(12),
            4 => Some(16),
            5 => Some(20),
            6 => Some(24),
            7 => Some(32),
            _ => None,
        }
    }

    /// Bits of the field behind the header for a rate that it spells out.
    pub(super) fn rate_field_bits(code: u8) -> u32 {
        match code {
            12 => 8,
            13 | 14 => 16,
            _ => 0,
        }
    }

    pub(super) fn stereo(&self) -> Stereo {
        match self.channels_code {
            8 => Stereo::LeftSide,
            9 => Stereo::SideRight,
            10 => Stereo::MidSide,
            _ => Stereo::Independent,
        }
    }
}

/// A frame but for its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) subframes: Vec<Subframe>,
    /// The bits that fill the last byte; zero but in odd files.
    pub(super) padding: u8,
}

/// One channel of a frame but for its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subframe {
    /// Low bits that are zero in all samples and left out.
    pub(super) wasted: u32,
    pub(super) predictor: Predictor,
    /// How the residual is coded, with a predictor that has one.
    pub(super) residual: Residual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Predictor {
    Constant,
    Verbatim,
    /// The order.
    Fixed(usize),
    Linear(Linear),
}

/// A linear predictor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linear {
    /// Bits of a coefficient.
    pub(super) precision: u32,
    /// Bits that the sum is shifted to the right.
    pub(super) shift: u32,
    pub(super) coefficients: Vec<i32>,
}

impl Predictor {
    /// Samples that stand before the residual; `None` without a residual.
    pub(super) fn order(&self) -> Option<usize> {
        match self {
            Predictor::Constant | Predictor::Verbatim => None,
            Predictor::Fixed(order) => Some(*order),
            Predictor::Linear(linear) => Some(linear.coefficients.len()),
        }
    }

    /// The residual of samples; empty for a predictor without one.
    pub(super) fn residual(&self, samples: &[i64]) -> Vec<i64> {
        match self {
            Predictor::Constant | Predictor::Verbatim => Vec::new(),
            Predictor::Fixed(order) => fixed_residual(samples, *order),
            Predictor::Linear(Linear { shift, coefficients, .. }) => {
                linear_residual(samples, coefficients, *shift)
            }
        }
    }
}

/// Differences of differences.
pub(super) fn fixed_residual(samples: &[i64], order: usize) -> Vec<i64> {
    let mut residual = samples.to_vec();
    for done in 0..order {
        for at in (done + 1..residual.len()).rev() {
            residual[at] = residual[at].wrapping_sub(residual[at - 1]);
        }
    }
    residual.drain(..order.min(residual.len()));
    residual
}

fn linear_residual(samples: &[i64], coefficients: &[i32], shift: u32) -> Vec<i64> {
    let order = coefficients.len();
    // The oldest sample comes first, as in `samples`.
    let mut factors = [0i64; MAX_ORDER];
    for (factor, &coefficient) in factors.iter_mut().zip(coefficients.iter().rev()) {
        *factor = i64::from(coefficient);
    }
    let factors = &factors[..order];
    samples
        .windows(order + 1)
        .map(|window| {
            let sum = dot(&window[..order], factors);
            window[order].wrapping_sub(sum >> shift)
        })
        .collect()
}

/// The sum of products, in the arithmetic of 64 bits that wraps round.
#[inline(always)]
pub(super) fn dot(samples: &[i64], factors: &[i64]) -> i64 {
    samples
        .iter()
        .zip(factors)
        .fold(0i64, |sum, (&sample, &factor)| sum.wrapping_add(sample.wrapping_mul(factor)))
}

/// How a residual is coded: in partitions of equal length, each with its own parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Residual {
    /// Whether parameters have five bits, and not four.
    pub(super) wide: bool,
    /// The number of partitions is two to this power.
    pub(super) order: u32,
    pub(super) parameters: Vec<Parameter>,
}

/// The parameter of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// The number of low bits that stand as they are, behind the others in unary.
    Rice(u32),
    /// All numbers stand as they are, in this many bits.
    Escape(u32),
}

impl Residual {
    pub(super) fn parameter_bits(&self) -> u32 {
        if self.wide { 5 } else { 4 }
    }

    /// The partitions of a residual behind `predicted_from` samples: the first one is shorter.
    pub(super) fn partition(&self, size: usize, order: usize, number: usize) -> (usize, usize) {
        let length = size >> self.order;
        ((number * length).saturating_sub(order), ((number + 1) * length).saturating_sub(order))
    }
}

/// Folds signed numbers: 0, -1, 1, -2 are 0, 1, 2, 3.
#[inline(always)]
pub(super) fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

#[inline(always)]
pub(super) fn unfold(folded: u64) -> i64 {
    (folded >> 1) as i64 ^ -((folded & 1) as i64)
}

/// The subframes' samples from those of the channels.
pub(super) fn to_subframes(stereo: Stereo, channels: &mut [Vec<i64>]) {
    let [first, second] = channels else { return };
    for (left, right) in first.iter_mut().zip(second) {
        let (l, r) = (*left, *right);
        (*left, *right) = match stereo {
            Stereo::Independent => (l, r),
            Stereo::LeftSide => (l, l - r),
            Stereo::SideRight => (l - r, r),
            Stereo::MidSide => ((l + r) >> 1, l - r),
        };
    }
}

/// The inverse of [`to_subframes`].
pub(super) fn to_channels(stereo: Stereo, subframes: &mut [Vec<i64>]) {
    let [first, second] = subframes else { return };
    for (one, two) in first.iter_mut().zip(second) {
        let (a, b) = (*one, *two);
        (*one, *two) = match stereo {
            Stereo::Independent => (a, b),
            Stereo::LeftSide => (a, a - b),
            Stereo::SideRight => (a + b, b),
            Stereo::MidSide => {
                // The bit that the mean lost is that of the difference.
                let sum = a << 1 | b & 1;
                ((sum + b) >> 1, (sum - b) >> 1)
            }
        };
    }
}
