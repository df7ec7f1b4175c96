//! What a parameters is made of. The numbers were found by measuring; `spec/adaptive.md` has
//! what each part is worth.

use crate::method::adaptive::least_squares::{CombinerSettings, LagSettings, Schedule};
use crate::method::adaptive::lms::Feedback;

/// A deep model.
#[derive(Debug)]
pub(in crate::method::adaptive) struct Parameters<const EXPERTS: usize> {
    /// Predictions from lags; the first is what most others correct.
    pub(super) bases: &'static [LagSettings],
    /// The same for a channel that sees no other.
    pub(super) bases_alone: &'static [LagSettings],
    pub(super) cascades: &'static [Cascade],
    /// Combinations of all these; the last one is the final prediction.
    pub(super) combiners: &'static [CombinerSettings],
    /// With a correction, the first one's place is the mixture's, and the scale of the third
    /// tells how wide an interval is.
    pub(super) experts: [Expert; EXPERTS],
    /// Whether each bit's probability is refined by what was learnt about such bits.
    pub(super) corrected: bool,
}

/// Filters, each of which predicts what those before it left over.
#[derive(Debug)]
pub(super) struct Cascade {
    pub(super) from: Start,
    pub(super) filters: &'static [FilterSettings],
}

/// What the first filter of a cascade is to correct.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start {
    /// A base prediction.
    Base(usize),
    /// The last sample times [`TILT`].
    Last,
}

/// How much of a sample is taken for the next one by the simplest of predictions.
pub(super) const TILT: f64 = 0.97;

/// A filter; the number of its taps, and how fast it learns.
#[derive(Debug, Clone, Copy)]
pub(super) enum FilterSettings {
    /// In integers.
    Long(usize, f32),
    /// Of 32 taps.
    Middle(f32),
    /// Of 16 taps.
    Short(f32, Feedback),
}

/// A distribution around a prediction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expert {
    pub(super) center: Center,
    pub(super) spread: Spread,
    /// The scale is multiplied with this.
    pub(super) factor: f32,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Center {
    Combined(usize),
    Base(usize),
    Cascade(usize),
    /// Of all combinations.
    Mean,
}

/// How large errors are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spread {
    /// A running average of the expert's own, at this rate.
    Own(f32),
    /// What is expected of the final prediction.
    Expected,
}

use Center::{Base, Combined, Mean};
use FilterSettings::{Long, Middle, Short};
use Spread::{Expected, Own};

const fn lags(own: usize, other: usize, memory: f64, every: u32) -> LagSettings {
    let first = [1, if every < 4 { every } else { 4 }];
    let schedule = Schedule { first, then: every };
    LagSettings { own, other, memory, ridge: 10.0, schedule }
}

const fn combine(memory: f64, every: u32) -> CombinerSettings {
    let first = [1, if every < 4 { every } else { 4 }];
    CombinerSettings { memory, start: 0.0, schedule: Schedule { first, then: every } }
}

const fn expert(center: Center, spread: Spread, factor: f32) -> Expert {
    Expert { center, spread, factor }
}

/// On the slowest base, in both parameter sets the second.
const FROM_SLOW: Cascade = Cascade {
    from: Start::Base(1),
    filters: &[
        Long(2048, 0.1),
        Long(1024, 0.2),
        Long(512, 0.2),
        Long(256, 0.2),
        Long(128, 0.12),
        Middle(0.08),
        Short(0.06, Feedback::Error),
        Short(0.056, Feedback::Sign),
    ],
};

const FROM_LAST: Cascade = Cascade {
    from: Start::Last,
    filters: &[Long(256, 0.01), Middle(0.005), Short(0.08, Feedback::Sign)],
};

/// On the base that most others are measured by, the first.
const FROM_QUICK: Cascade = Cascade {
    from: Start::Base(0),
    filters: &[Long(256, 0.2), Middle(0.08), Short(0.06, Feedback::Error)],
};

/// The default.
pub(in crate::method::adaptive) static STANDARD: Parameters<16> = Parameters {
    bases: &[lags(16, 8, 0.999, 8), lags(16, 8, 0.99988, 32), lags(12, 4, 0.992, 16)],
    bases_alone: &[lags(24, 0, 0.998, 8), lags(24, 0, 0.99988, 32), lags(16, 0, 0.992, 16)],
    cascades: &[FROM_SLOW, FROM_LAST, FROM_QUICK],
    combiners: &[combine(0.9995, 16), combine(0.99, 8), combine(0.998, 8)],
    experts: [
        expert(Combined(2), Own(0.2), 1.0),
        expert(Combined(2), Own(0.05), 1.0),
        expert(Combined(2), Expected, 1.0),
        expert(Combined(2), Own(0.008), 1.0),
        expert(Combined(2), Expected, 2.5),
        expert(Combined(2), Expected, 0.6),
        expert(Combined(2), Expected, 1.6),
        expert(Combined(0), Own(0.1), 1.0),
        expert(Combined(0), Own(0.02), 1.0),
        expert(Combined(1), Own(0.1), 1.0),
        expert(Combined(1), Own(0.02), 1.0),
        expert(Base(0), Own(0.03), 1.0),
        expert(Base(1), Own(0.03), 1.0),
        expert(Center::Cascade(1), Own(0.03), 1.0),
        expert(Center::Cascade(0), Own(0.03), 1.0),
        expert(Mean, Expected, 0.8),
    ],
    corrected: false,
};

/// The smallest.
pub(in crate::method::adaptive) static MAX: Parameters<32> = Parameters {
    bases: &[
        lags(24, 16, 0.999, 2),
        lags(32, 32, 0.9999, 16),
        lags(12, 4, 0.992, 4),
        lags(32, 16, 0.9995, 8),
        lags(16, 8, 0.9975, 4),
        lags(24, 0, 0.9985, 4),
    ],
    bases_alone: &[
        lags(32, 0, 0.998, 2),
        lags(32, 0, 0.9999, 16),
        lags(16, 0, 0.992, 4),
        lags(32, 0, 0.9995, 8),
        lags(24, 0, 0.9975, 4),
        lags(24, 0, 0.9985, 4),
    ],
    cascades: &[
        FROM_SLOW,
        FROM_LAST,
        FROM_QUICK,
        Cascade {
            from: Start::Base(3),
            filters: &[
                Long(2048, 0.1),
                Long(1024, 0.2),
                Long(512, 0.2),
                Long(256, 0.2),
                Middle(0.08),
                Short(0.06, Feedback::Error),
            ],
        },
        Cascade { from: Start::Base(2), filters: &[Middle(0.08), Short(0.06, Feedback::Error)] },
    ],
    combiners: &[
        combine(0.9998, 8),
        combine(0.99, 2),
        combine(0.9985, 4),
        combine(0.9995, 4),
        combine(0.997, 2),
    ],
    experts: [
        expert(Combined(4), Own(0.2), 1.0),
        expert(Combined(4), Own(0.05), 1.0),
        expert(Combined(4), Expected, 1.0),
        expert(Combined(4), Own(0.008), 1.0),
        expert(Combined(4), Expected, 2.5),
        expert(Combined(4), Expected, 0.6),
        expert(Combined(4), Expected, 1.6),
        expert(Combined(4), Own(0.002), 1.0),
        expert(Combined(0), Own(0.1), 1.0),
        expert(Combined(0), Own(0.02), 1.0),
        expert(Combined(1), Own(0.1), 1.0),
        expert(Combined(1), Own(0.02), 1.0),
        expert(Combined(2), Own(0.1), 1.0),
        expert(Combined(2), Own(0.02), 1.0),
        expert(Combined(3), Own(0.1), 1.0),
        expert(Combined(3), Own(0.02), 1.0),
        expert(Base(0), Own(0.03), 1.0),
        expert(Base(1), Own(0.03), 1.0),
        expert(Base(2), Own(0.03), 1.0),
        expert(Base(3), Own(0.03), 1.0),
        expert(Base(4), Own(0.03), 1.0),
        expert(Base(5), Own(0.03), 1.0),
        expert(Center::Cascade(0), Own(0.03), 1.0),
        expert(Center::Cascade(1), Own(0.03), 1.0),
        expert(Center::Cascade(2), Own(0.03), 1.0),
        expert(Center::Cascade(0), Own(0.1), 1.0),
        expert(Mean, Own(0.3), 1.0),
        expert(Mean, Expected, 0.8),
        expert(Mean, Expected, 1.0),
        expert(Mean, Own(0.01), 1.0),
        expert(Mean, Expected, 0.6),
        expert(Mean, Expected, 1.7),
    ],
    corrected: true,
};
