//! The parameters of the deep models.
//!
//! The numbers were found by measuring; `spec/parts.md` says what each part is worth.

use crate::method::adaptive::least_squares::{CombinerSettings, LagSettings, Schedule};
use crate::method::adaptive::lms::Feedback;

/// The constants of a deep model.
#[derive(Debug)]
pub(in crate::method::adaptive) struct Parameters<const EXPERTS: usize> {
    /// Base predictors, from lags. Most other predictions correct the first one.
    pub(super) bases: &'static [LagSettings],
    /// Base predictors of a channel without a partner.
    pub(super) bases_alone: &'static [LagSettings],
    pub(super) cascades: &'static [Cascade],
    /// Combiners of all these; the last one gives the final prediction.
    pub(super) combiners: &'static [CombinerSettings],
    /// Experts of the mixture. The correction has the mixture itself in place of the first one,
    /// and measures the width of an interval in scales of the third one.
    pub(super) experts: [Expert; EXPERTS],
    /// Whether a learnt correction refines the probability of each bit.
    pub(super) corrected: bool,
}

/// Filters in a row; each predicts the residual of those before it.
#[derive(Debug)]
pub(super) struct Cascade {
    pub(super) from: Start,
    pub(super) filters: &'static [FilterSettings],
}

/// The prediction that the first filter of a cascade corrects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start {
    /// A base prediction.
    Base(usize),
    /// The last sample times [`TILT`].
    Last,
}

/// The factor from a sample to the simplest prediction of the next one.
pub(super) const TILT: f64 = 0.97;

/// The settings of a filter: the number of its taps, and its learning rate.
#[derive(Debug, Clone, Copy)]
pub(super) enum FilterSettings {
    /// In integers, with any multiple of 64 taps.
    Long(usize, f32),
    /// In floats, with 32 taps.
    Middle(f32),
    /// In floats, with 16 taps.
    Short(f32, Feedback),
}

/// A distribution of the sample around a prediction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expert {
    pub(super) center: Center,
    pub(super) spread: Spread,
    /// Multiplies the scale.
    pub(super) factor: f32,
    /// The weight in the mixture at first; all are one together.
    pub(super) weight: f32,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Center {
    Combined(usize),
    Base(usize),
    Cascade(usize),
    /// The mean of all combiners.
    Mean,
}

/// The scale of an expert: the size of its errors.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spread {
    /// A running average of the expert's own errors, at this rate.
    Own(f32),
    /// The expected error of the final prediction.
    Expected,
}

use Center::{Base, Combined, Mean};
use FilterSettings::{Long, Middle, Short};
use Spread::{Expected, Own};

const fn lags(own: usize, other: usize, memory: f64, every: u32) -> LagSettings {
    let first = [1, if every < 4 { every } else { 4 }];
    let schedule = Schedule { first, then: every };
    let worth = if other == 0 { 20.0 } else { 0.4 };
    LagSettings { own, other, memory, ridge: 10.0, worth, schedule }
}

const fn combine(memory: f64, every: u32) -> CombinerSettings {
    let first = [1, if every < 4 { every } else { 4 }];
    CombinerSettings { memory, start: 0.0, schedule: Schedule { first, then: every } }
}

const fn expert(center: Center, spread: Spread, factor: f32, weight: f32) -> Expert {
    Expert { center, spread, factor, weight }
}

/// Corrects the slowest base, which is the second one in both sets.
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

/// Corrects the first base.
const FROM_QUICK: Cascade = Cascade {
    from: Start::Base(0),
    filters: &[Long(256, 0.2), Middle(0.08), Short(0.06, Feedback::Error)],
};

/// The parameter set standard.
pub(in crate::method::adaptive) static STANDARD: Parameters<16> = Parameters {
    bases: &[lags(15, 16, 0.997, 8), lags(15, 16, 0.99988, 32), lags(12, 8, 0.976, 16)],
    bases_alone: &[lags(23, 0, 0.996, 8), lags(23, 0, 0.99988, 32), lags(15, 0, 0.976, 16)],
    cascades: &[FROM_SLOW, FROM_LAST, FROM_QUICK],
    combiners: &[combine(0.9995, 16), combine(0.99, 8), combine(0.998, 8)],
    experts: [
        expert(Combined(2), Own(0.2), 1.0, 0.09),
        expert(Combined(2), Own(0.05), 1.0, 0.02),
        expert(Combined(2), Expected, 1.0, 0.03),
        expert(Combined(2), Own(0.008), 1.0, 0.07),
        expert(Combined(2), Expected, 3.75, 0.01),
        expert(Combined(2), Expected, 0.6, 0.12),
        expert(Combined(2), Expected, 1.6, 0.01),
        expert(Combined(0), Expected, 1.0, 0.03),
        expert(Combined(0), Own(0.02), 1.0, 0.025),
        expert(Combined(1), Own(0.1), 1.0, 0.13),
        expert(Combined(1), Own(0.02), 1.0, 0.06),
        expert(Base(0), Own(0.03), 1.0, 0.12),
        expert(Base(1), Own(0.03), 1.0, 0.05),
        expert(Center::Cascade(1), Own(0.03), 1.0, 0.08),
        expert(Center::Cascade(0), Own(0.03), 1.0, 0.02),
        expert(Mean, Expected, 0.8, 0.135),
    ],
    corrected: false,
};

/// The parameter set max.
pub(in crate::method::adaptive) static MAX: Parameters<32> = Parameters {
    bases: &[
        lags(23, 16, 0.997, 2),
        lags(31, 32, 0.9999, 16),
        lags(12, 4, 0.976, 4),
        lags(31, 16, 0.9995, 8),
        lags(15, 8, 0.99, 4),
        lags(23, 0, 0.9985, 4),
    ],
    bases_alone: &[
        lags(31, 0, 0.997, 2),
        lags(31, 0, 0.9999, 16),
        lags(15, 0, 0.976, 4),
        lags(31, 0, 0.9995, 8),
        lags(23, 0, 0.99, 4),
        lags(23, 0, 0.9985, 4),
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
        expert(Combined(4), Own(0.2), 1.0, 0.025),
        expert(Combined(4), Own(0.05), 1.0, 0.01),
        expert(Combined(4), Expected, 1.0, 0.012),
        expert(Combined(4), Own(0.008), 1.0, 0.012),
        expert(Combined(4), Expected, 3.75, 0.01),
        expert(Combined(4), Expected, 0.6, 0.095),
        expert(Combined(4), Expected, 1.6, 0.005),
        expert(Combined(4), Own(0.002), 1.0, 0.04),
        expert(Combined(0), Expected, 1.0, 0.01),
        expert(Combined(0), Own(0.02), 1.0, 0.01),
        expert(Combined(1), Own(0.1), 1.0, 0.08),
        expert(Combined(1), Own(0.02), 1.0, 0.03),
        expert(Combined(2), Own(0.1), 1.0, 0.01),
        expert(Combined(2), Own(0.02), 1.0, 0.01),
        expert(Combined(3), Own(0.1), 1.0, 0.01),
        expert(Combined(3), Own(0.02), 1.0, 0.01),
        expert(Base(0), Own(0.03), 1.0, 0.05),
        expert(Base(1), Own(0.03), 1.0, 0.03),
        expert(Base(2), Own(0.03), 1.0, 0.075),
        expert(Base(3), Own(0.03), 1.0, 0.03),
        expert(Base(4), Own(0.03), 1.0, 0.07),
        expert(Base(5), Own(0.03), 1.0, 0.045),
        expert(Center::Cascade(0), Own(0.03), 1.0, 0.005),
        expert(Center::Cascade(1), Own(0.03), 1.0, 0.05),
        expert(Center::Cascade(2), Own(0.03), 1.0, 0.076),
        expert(Center::Cascade(0), Own(0.1), 1.0, 0.01),
        expert(Mean, Own(0.3), 1.0, 0.05),
        expert(Mean, Expected, 0.8, 0.03),
        expert(Mean, Expected, 1.0, 0.01),
        expert(Mean, Own(0.01), 1.0, 0.01),
        expert(Mean, Expected, 0.6, 0.075),
        expert(Mean, Expected, 1.7, 0.005),
    ],
    corrected: true,
};
