//! The deep parameter sets, standard and max: many predictions of each sample, whose mixed
//! distribution codes its bits from the most significant one on.
//!
//! `parameters.rs` has the tables of constants, `model.rs` predicts, and `mixture.rs` codes
//! with a mixture of distributions, whose sizes follow `volatility.rs` and which `correction.rs`
//! may refine. `occurrence.rs` learns how often the values of a table occur. `settings.rs` has
//! the factors by which a chunk changes its parameter set.

mod correction;
mod mixture;
mod model;
mod occurrence;
pub(super) mod parameters;
mod settings;
mod volatility;

use model::Progress;
use parameters::Parameters;
pub(super) use settings::{Factor, Setting, Settings};

use super::coding::{BitCoder, Decode, Writing};
use super::prepare::Prepared;
use crate::error::Result;
use crate::method::reading::Reading;
use crate::numerics::dispatch::{InstructionSet, Work, run};
use crate::numerics::integers::Integers;
use crate::numerics::lanes::Lanes;

/// A pass over the samples of a chunk, up to a step.
struct Pass<'a, C, const EXPERTS: usize> {
    progress: &'a mut Progress<EXPERTS>,
    prepared: &'a mut Prepared,
    coder: C,
    end: usize,
}

impl<C: BitCoder, const EXPERTS: usize> Work for Pass<'_, C, EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    /// The coder, and whether all samples so far are within their range.
    type Output = (C, bool);

    // Wider vectors do not pay: most of the time goes into sums that wait for each other.
    const BEST: InstructionSet = InstructionSet::Avx2;

    #[inline(always)]
    fn run<I: Integers>(self) -> (C, bool) {
        let Pass { progress, prepared, mut coder, end } = self;
        model::run::<C, I, EXPERTS>(progress, prepared, &mut coder, end);
        (coder, progress.fits)
    }
}

/// Encodes the samples: the token stream and the raw bits.
pub(super) fn encode<const EXPERTS: usize>(
    parameters: &'static Parameters<EXPERTS>,
    settings: Settings,
    prepared: &mut Prepared,
) -> Result<(Vec<u8>, Vec<u8>)>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    let (mut progress, end) = (Progress::new(parameters, settings, prepared)?, prepared.steps());
    run(Pass { progress: &mut progress, prepared, coder: Writing::new(), end }).0.finish()
}

impl<const EXPERTS: usize> Decode for Progress<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    fn decode<'a>(
        &mut self,
        prepared: &mut Prepared,
        coder: Reading<'a>,
        end: usize,
    ) -> (Reading<'a>, bool) {
        run(Pass { progress: self, prepared, coder, end })
    }
}

/// Returns the model of a chunk that is to be decoded.
pub(super) fn decoder<const EXPERTS: usize>(
    parameters: &'static Parameters<EXPERTS>,
    settings: Settings,
    prepared: &Prepared,
) -> Result<Box<dyn Decode>>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    Ok(Box::new(Progress::new(parameters, settings, prepared)?))
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::method::adaptive::coding::{decode_all, prepared, same_everywhere, signals};
    use crate::numerics::dispatch::{Supported, run_with};
    use parameters::{MAX, STANDARD};

    /// Codes all samples on an instruction set, in two parts.
    fn on<C: BitCoder, const EXPERTS: usize>(
        parameters: &'static Parameters<EXPERTS>,
        settings: Settings,
        set: Supported,
        prepared: &mut Prepared,
        coder: C,
    ) -> (C, bool)
    where
        [f32; EXPERTS]: Lanes<Element = f32>,
    {
        let mut progress = Progress::new(parameters, settings, prepared).unwrap();
        let end = prepared.steps();
        let first = Pass { progress: &mut progress, prepared, coder, end: end / 2 };
        let (coder, _) = run_with(set, first);
        run_with(set, Pass { progress: &mut progress, prepared, coder, end })
    }

    fn decode<const EXPERTS: usize>(
        parameters: &'static Parameters<EXPERTS>,
        settings: Settings,
        prepared: &mut Prepared,
        tokens: &[u8],
        raw: &[u8],
    ) -> Result<()>
    where
        [f32; EXPERTS]: Lanes<Element = f32>,
    {
        decode_all(decoder(parameters, settings, prepared)?, prepared, tokens, raw)
    }

    fn same_with<const EXPERTS: usize>(parameters: &'static Parameters<EXPERTS>, settings: Settings)
    where
        [f32; EXPERTS]: Lanes<Element = f32>,
    {
        for bits in [1, 8, 16, 24, 32] {
            for (count, frames) in [(1, 1), (1, 700), (2, 2), (2, 700), (7, 200)] {
                let signals = signals(bits, frames)[7 - count..].to_vec();
                same_everywhere(
                    &signals,
                    bits,
                    |set, prepared| on(parameters, settings, set, prepared, Writing::new()),
                    |set, prepared, coder| on(parameters, settings, set, prepared, coder),
                );
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bytes() {
        same_with(&STANDARD, Settings::default());
        same_with(&MAX, Settings::default());
    }

    fn survives_noise<const EXPERTS: usize>(
        parameters: &'static Parameters<EXPERTS>,
        settings: Settings,
    ) where
        [f32; EXPERTS]: Lanes<Element = f32>,
    {
        let mut random = Random::new(7);
        for bits in [1, 8, 16, 32] {
            let nonsense: Vec<u8> = (0..4000).map(|_| random.next_u64() as u8).collect();
            let all = (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits));
            let ranges = [all, (-3, 5), (7, 7)].into_iter().filter(|&(_, most)| most <= all.1);
            for (low, high) in ranges {
                let mut prepared = Prepared::of(vec![vec![0; 700]; 2], bits);
                (prepared.low, prepared.high) = (low, high);
                let raw = [255; 50_000];
                for (tokens, raw) in [(&nonsense[..2000], &nonsense[2000..]), (&[255; 50], &raw)] {
                    // Most bytes give an error, but samples are in range in any case.
                    let _ = decode(parameters, settings, &mut prepared, tokens, raw);
                    let mut all = prepared.coded.iter().flatten();
                    assert!(all.all(|&value| (low..=high).contains(&value)));
                }
            }

            let tables = [vec![0, all.1], vec![all.0, 0], vec![all.0, all.1]];
            for way in [1, 3] {
                let mut prepared =
                    prepared(&tables.clone().map(|values| values.repeat(200)), bits, way);
                let (tokens, raw) = nonsense.split_at(2000);
                let _ = decode(parameters, settings, &mut prepared, tokens, raw);
                for (values, samples) in tables.iter().zip(&prepared.coded).skip(way / 2) {
                    let values = if way == 1 { &tables.concat() } else { values };
                    assert!(
                        samples.iter().all(|value| values.contains(value)),
                        "{bits} bits, way {way}"
                    );
                }
            }
        }
    }

    #[test]
    fn noise_decodes_to_samples_in_range() {
        // All factors are two.
        for settings in [Settings::default(), Settings::from_byte(0b1010_1010).unwrap()] {
            survives_noise(&STANDARD, settings);
            survives_noise(&MAX, settings);
        }
    }
}
