//! Predicts and codes the samples of a chunk, the same way in both directions.

use std::sync::Arc;

use super::mixture::{Mixture, SampleRange};
use super::parameters::{Center, FilterSettings, Parameters, Start, TILT};
use super::settings::Settings;
use super::volatility::Errors;
use crate::error::Result;
use crate::method::adaptive::coding::BitCoder;
use crate::method::adaptive::least_squares::{Combiner, LagPredictor};
use crate::method::adaptive::lms::{Feedback, Float, Integer, TargetScale, settle};
use crate::method::adaptive::matches::Matches;
use crate::method::adaptive::past::Past;
use crate::method::adaptive::prepare::{Order, Prepared};
use crate::method::adaptive::values::Values;
use crate::method::adaptive::window::Window;
use crate::numerics::functions::clamp;
use crate::numerics::integers::Integers;
use crate::numerics::lanes::Lanes;

/// Predictions are limited to this many times the largest sample of their width.
const MOST: f64 = 2.0;

/// The most blocks of eight inputs of a combiner.
const BLOCKS: usize = 4;
/// The most predictors of each kind.
const MOST_BASES: usize = 8;
const MOST_CASCADES: usize = 8;
const MOST_COMBINERS: usize = 8;

/// A filter of a cascade.
enum Filter {
    Long(Integer),
    Middle(Float<32>),
    Short(Float<16>),
}

impl Filter {
    fn new(stage: FilterSettings, scale: TargetScale) -> Self {
        match stage {
            FilterSettings::Long(taps, step) => Filter::Long(Integer::new(taps, step, scale)),
            FilterSettings::Middle(step) => Filter::Middle(Float::new(step, Feedback::Error)),
            FilterSettings::Short(step, feedback) => Filter::Short(Float::new(step, feedback)),
        }
    }

    #[inline(always)]
    fn prediction(&self) -> f64 {
        f64::from(match self {
            Filter::Long(filter) => filter.prediction,
            Filter::Middle(filter) => filter.prediction,
            Filter::Short(filter) => filter.prediction,
        })
    }

    #[inline(always)]
    fn step<I: Integers>(&mut self, target: f32) {
        match self {
            Filter::Long(filter) => filter.step::<I>(target),
            Filter::Middle(filter) => filter.step(target),
            Filter::Short(filter) => filter.step(target),
        }
    }
}

struct ChannelState<const EXPERTS: usize> {
    own: Window,
    other: Window,
    bases: Vec<LagPredictor>,
    cascades: Vec<Vec<Filter>>,
    combiners: Vec<Combiner>,
    mixture: Mixture<EXPERTS>,
    errors: Errors,
    sample: f64,
}

/// All predictions of a sample.
struct Predictions {
    bases: [f64; MOST_BASES],
    /// The predictions that cascades correct, and those that they arrive at.
    starts: [f64; MOST_CASCADES],
    cascades: [f64; MOST_CASCADES],
    /// Inputs of the combiners: corrections of the first cascade.
    inputs: [[f64; 8]; BLOCKS],
    combined: [f64; MOST_COMBINERS],
    mean: f64,
}

impl<const EXPERTS: usize> ChannelState<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    fn new(
        parameters: &Parameters<EXPERTS>,
        settings: Settings,
        alone: bool,
        scale: TargetScale,
        values: Option<Arc<Values>>,
        pasts: [Past; 2],
    ) -> Self {
        let bases = if alone { parameters.bases_alone } else { parameters.bases };
        let filter = |&filter: &FilterSettings| Filter::new(settings.filter(filter), scale);
        // Inputs: filters of the first cascade, the other cascades, the other bases.
        let [first, others @ ..] = parameters.cascades else { unreachable!("there is a cascade") };
        let inputs = first.filters.len() + others.len() + bases.len() - 1;
        assert!(inputs <= 8 * BLOCKS && bases.len() <= MOST_BASES);
        assert!(parameters.cascades.len() <= MOST_CASCADES);
        assert!(parameters.combiners.len() <= MOST_COMBINERS);
        let combiners = parameters.combiners.iter();
        ChannelState {
            own: Window::new(LagPredictor::WINDOW),
            other: Window::new(LagPredictor::WINDOW),
            bases: bases
                .iter()
                .map(|&base| LagPredictor::new(settings.base(base), pasts))
                .collect(),
            cascades: parameters
                .cascades
                .iter()
                .map(|cascade| cascade.filters.iter().map(filter).collect())
                .collect(),
            combiners: combiners.map(|&c| Combiner::new(inputs, settings.combiner(c))).collect(),
            mixture: Mixture::new(&parameters.experts, parameters.corrected, values, pasts[0]),
            errors: Errors::default(),
            sample: 0.0,
        }
    }

    #[inline(always)]
    fn predict(&mut self, parameters: &Parameters<EXPERTS>, most: f64) -> Predictions {
        let mut bases = [0.0; MOST_BASES];
        for (prediction, base) in bases.iter_mut().zip(&self.bases) {
            *prediction = clamp(base.predict(&self.own, &self.other), -most, most);
        }
        let last = TILT * self.sample;
        let mut inputs = [[0.0; 8]; BLOCKS];
        let mut slots = inputs.as_flattened_mut().iter_mut();
        let mut put = |input: f64| {
            if let Some(slot) = slots.next() {
                *slot = input;
            }
        };
        let mut starts = [0.0; MOST_CASCADES];
        let mut cascades = [0.0; MOST_CASCADES];
        for (at, (cascade, filters)) in parameters.cascades.iter().zip(&self.cascades).enumerate() {
            starts[at] = match cascade.from {
                Start::Base(base) => bases[base],
                Start::Last => last,
            };
            cascades[at] = starts[at];
            for filter in filters {
                let prediction = filter.prediction();
                cascades[at] += prediction;
                if at == 0 {
                    put(prediction);
                }
            }
            if at > 0 {
                put(cascades[at] - cascades[0]);
            }
        }
        for base in &bases[1..self.bases.len()] {
            put(base - bases[0]);
        }

        let mut combined = [0.0; MOST_COMBINERS];
        let mut mean = 0.0;
        for (prediction, combiner) in combined.iter_mut().zip(&self.combiners) {
            *prediction = clamp(cascades[0] + combiner.predict(&inputs), -most, most);
            mean += *prediction;
        }
        mean *= 1.0 / self.combiners.len() as f64;
        Predictions { bases, starts, cascades, inputs, combined, mean }
    }

    #[inline(always)]
    fn learn<I: Integers>(&mut self, predictions: &Predictions, sample: f64) {
        self.sample = sample;
        self.own.push(sample);
        for base in &mut self.bases {
            base.update(&self.own, &self.other);
        }
        let target = sample - predictions.cascades[0];
        for (combiner, prediction) in self.combiners.iter_mut().zip(&predictions.combined) {
            combiner.update(&predictions.inputs, target, sample - prediction);
        }
        let mut weigh = self.combiners.last();
        for (filters, start) in self.cascades.iter_mut().zip(&predictions.starts) {
            let mut target = sample - start;
            for (at, filter) in filters.iter_mut().enumerate() {
                let prediction = filter.prediction();
                target = settle(target);
                filter.step::<I>(target as f32);
                // In the first cascade, the weight of the last combiner scales a prediction.
                let worth = weigh.map_or(1.0, |last| clamp(1.0 + last.weight(at), 0.0, 1.0));
                target -= worth * prediction;
            }
            weigh = None;
        }
    }
}

/// The model of a chunk that is coded up to a step.
pub(super) struct Progress<const EXPERTS: usize> {
    parameters: &'static Parameters<EXPERTS>,
    channels: Vec<ChannelState<EXPERTS>>,
    matches: Vec<Matches>,
    ranges: Vec<(i32, i32)>,
    step: usize,
    /// Whether all decoded samples are within their range.
    pub(super) fits: bool,
}

impl<const EXPERTS: usize> Progress<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    /// Returns the model before the first step.
    pub(super) fn new(
        parameters: &'static Parameters<EXPERTS>,
        settings: Settings,
        prepared: &Prepared,
    ) -> Result<Self> {
        let unit = prepared.unit();
        let turns = 0..prepared.coded.len();
        let ranges: Vec<_> = turns.clone().map(|turn| prepared.range(turn)).collect();
        let partners = &prepared.order.partners;
        let channel = |c: usize| {
            let scale = TargetScale::for_range(ranges[c], unit);
            let alone = partners[c] == c;
            let pasts = [c, partners[c]].map(|c| prepared.pasts[c]);
            ChannelState::new(parameters, settings, alone, scale, prepared.values(c), pasts)
        };
        Ok(Progress {
            parameters,
            channels: turns.map(channel).collect(),
            matches: Matches::of_all(prepared)?,
            ranges,
            step: 0,
            fits: true,
        })
    }
}

/// Codes the samples of the steps up to `end`, which an encoder reads and a decoder fills in.
#[inline(always)]
pub(super) fn run<C: BitCoder, I: Integers, const EXPERTS: usize>(
    progress: &mut Progress<EXPERTS>,
    prepared: &mut Prepared,
    coder: &mut C,
    end: usize,
) where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    let unit = prepared.unit();
    let Progress { parameters, channels, matches, ranges, step: first, fits: all_fit } = progress;
    let parameters = *parameters;
    let Prepared { coded: samples, order: Order { partners, delays, .. }, bits, .. } = prepared;
    let frames = samples.first().map_or(0, Vec::len);
    let bound = MOST * (1u64 << (*bits - 1)) as f64 * unit;
    let mut fits = *all_fit;

    for step in *first..end {
        for c in 0..samples.len() {
            let Some(t) = step.checked_sub(delays[c]).filter(|&t| t < frames) else { continue };
            let partner = partners[c];
            let (other, other_sample) = match partner == c {
                true => (Errors::default(), 0.0),
                false => (channels[partner].errors, channels[partner].sample),
            };
            let channel = &mut channels[c];
            channel.other.push(other_sample);
            let predictions = channel.predict(parameters, bound);
            let last = predictions.combined[parameters.combiners.len() - 1];
            let (low, high) = (i64::from(ranges[c].0), i64::from(ranges[c].1));
            let range = SampleRange { bits: *bits, low, high, unit: unit as f32 };
            let last = clamp(last, low as f64 * unit, high as f64 * unit);
            let origin = (last / unit) as i64;
            let origin_place = origin as f64 * unit;
            let mut centers = [0.0; EXPERTS];
            for (place, expert) in centers.iter_mut().zip(&parameters.experts) {
                let prediction = match expert.center {
                    Center::Combined(at) => predictions.combined[at],
                    Center::Base(at) => predictions.bases[at],
                    Center::Cascade(at) => predictions.cascades[at],
                    Center::Mean => predictions.mean,
                };
                *place = (clamp(prediction, -bound, bound) - origin_place) as f32;
            }
            let known = matches[c].code(coder, &samples[c], t);
            let mixture = &mut channel.mixture;
            let sample = if let Some(known) = known {
                mixture.skip(known, range, origin, centers, other);
                known
            } else {
                let sample = samples[c][t];
                let (sample, within) = mixture.code(coder, sample, range, origin, &centers, other);
                fits &= within;
                sample
            };
            samples[c][t] = sample;
            let sample = f64::from(sample) * unit;
            let error = sample - last;
            matches[c].learn(&samples[c], t, error.abs() >= 0.5 * unit);
            channel.errors.push(error as f32);
            channel.learn::<I>(&predictions, sample);
        }
    }
    *first = end;
    *all_fit = fits;
}
