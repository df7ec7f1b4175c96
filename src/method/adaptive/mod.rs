//! The embedded model: it learns while it codes, and needs no weights.
//!
//! `prepare/` turns the PCM of a chunk into integers and removes redundancy that needs no
//! prediction, `values/` has the tables of the values that occur, and `choices.rs` what an
//! encoder tries out; `fast/` and `deep/` predict and code these integers with the filters of
//! `least_squares/` and `lms/`, unless `matches.rs` finds that they repeat. `spec/adaptive.md`
//! describes the payload.

#![allow(clippy::needless_range_loop, reason = "loops over lanes say which lane is which")]

mod choices;
mod coding;
mod decoding;
mod deep;
mod fast;
mod least_squares;
mod lms;
mod matches;
mod past;
mod prepare;
mod values;
mod window;

use coding::Decode;
pub(crate) use decoding::Decoding;
use deep::Settings;
use matches::Matches;
use prepare::Prepared;

use crate::audio::AudioSpec;
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::numerics::environment::DefaultEnvironment;

/// The most channels that a chunk may have: each has a state of its own.
const MOST_CHANNELS: u16 = 32;

/// Returns the bytes of memory that decoding a chunk takes at most beside its payload and its
/// PCM; 0 for audio that the method does not take.
pub(crate) fn memory(spec: &AudioSpec) -> u64 {
    let channels = u64::from(spec.channels);
    if supports(spec) { (3 << 20) * (channels + 1) + Matches::MOST_BYTES * channels } else { 0 }
}

/// The code in an adaptive payload that says which parameters the model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterSet {
    Fast = 0,
    Standard = 1,
    Max = 2,
}

impl ParameterSet {
    fn from_code(code: u8) -> Option<Self> {
        [ParameterSet::Fast, ParameterSet::Standard, ParameterSet::Max]
            .into_iter()
            .find(|&set| set as u8 == code)
    }
}

/// The bit of the first byte of a payload that says that settings follow.
const HAS_SETTINGS: u8 = 0x40;

/// A model: a parameter set, and the settings of a deep one.
#[derive(Debug, Clone, Copy)]
struct Model {
    set: ParameterSet,
    settings: Settings,
}

impl Model {
    /// Returns the model with the usual settings.
    fn usual(set: ParameterSet) -> Self {
        Model { set, settings: Settings::default() }
    }

    /// Writes the first byte of a payload, and settings if they are not the usual ones.
    fn write(self, out: &mut Vec<u8>) {
        match self.settings == Settings::default() {
            true => out.push(self.set as u8),
            false => out.extend([self.set as u8 | HAS_SETTINGS, self.settings.byte()]),
        }
    }

    /// Reads what [`write`](Self::write) wrote.
    fn read(fields: &mut Fields) -> Result<Self> {
        let first = fields.u8()?;
        let code = first & !HAS_SETTINGS;
        let set = ParameterSet::from_code(code)
            .ok_or_else(|| Error::unsupported(format!("the adaptive parameter set is {code}")))?;
        let settings = match first & HAS_SETTINGS {
            0 => Settings::default(),
            _ if set == ParameterSet::Fast => {
                return Err(Error::unsupported("the adaptive parameter set fast has settings"));
            }
            _ => Settings::from_byte(fields.u8()?)?,
        };
        Ok(Model { set, settings })
    }

    /// Encodes the samples: the token stream and the raw bits.
    fn encode(self, prepared: &mut Prepared) -> Result<(Vec<u8>, Vec<u8>)> {
        use deep::parameters::{MAX, STANDARD};
        match self.set {
            ParameterSet::Fast => fast::encode(prepared),
            ParameterSet::Standard => deep::encode(&STANDARD, self.settings, prepared),
            ParameterSet::Max => deep::encode(&MAX, self.settings, prepared),
        }
    }

    /// Returns the model of samples that are to be decoded.
    fn decoder(self, prepared: &Prepared) -> Result<Box<dyn Decode>> {
        use deep::parameters::{MAX, STANDARD};
        match self.set {
            ParameterSet::Fast => fast::decoder(prepared),
            ParameterSet::Standard => deep::decoder(&STANDARD, self.settings, prepared),
            ParameterSet::Max => deep::decoder(&MAX, self.settings, prepared),
        }
    }
}

/// Tells whether the method can code this audio.
pub(crate) fn supports(spec: &AudioSpec) -> bool {
    spec.channels <= MOST_CHANNELS
}

/// Encodes a chunk, whose samples have these wasted bits if their format is an integer; `None`
/// if the method does not take the floats.
pub(crate) fn encode(
    pcm: &[u8],
    spec: &AudioSpec,
    wasted: u8,
    set: ParameterSet,
) -> Result<Option<Vec<u8>>> {
    let _environment = DefaultEnvironment::enter();
    let Some(mut prepared) = Prepared::from_pcm(pcm, spec, wasted)? else { return Ok(None) };
    let model = choices::make(&mut prepared, set)?;
    payload(&mut prepared, model).map(Some)
}

/// Encodes prepared samples with a model.
fn payload(prepared: &mut Prepared, model: Model) -> Result<Vec<u8>> {
    let mut payload = memory::room(2 + prepared.most_bytes())?;
    model.write(&mut payload);
    prepared.write(&mut payload);
    if !prepared.coded.is_empty() {
        let (tokens, raw) = model.encode(prepared)?;
        put_varint(&mut payload, raw.len() as u64);
        memory::append(&mut payload, &raw)?;
        memory::append(&mut payload, &tokens)?;
    }
    Ok(payload)
}

/// A payload, taken apart.
pub(crate) struct Payload<'a> {
    model: Model,
    prepared: Prepared,
    pub(crate) tokens: &'a [u8],
    /// Bits that are stored without a model, as they are close to random.
    pub(crate) raw: &'a [u8],
}

impl<'a> Payload<'a> {
    pub(crate) fn parse(
        payload: &'a [u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        if !supports(spec) {
            return Err(Error::unsupported(format!(
                "the adaptive method has {} channels of {} bits; known are up to {MOST_CHANNELS} \
                 channels",
                spec.channels,
                spec.format.bits()
            )));
        }
        let mut fields = Fields::new(payload);
        let parts = Self::parse_fields(&mut fields, payload, frames, spec, wasted);
        parts.map_err(|error| match error.kind() {
            ErrorKind::Truncated => {
                let length = payload.len();
                Error::malformed(format!("the payload has {length} bytes, too few for its fields"))
            }
            _ => error,
        })
    }

    fn parse_fields(
        fields: &mut Fields<'a>,
        payload: &'a [u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        let model = Model::read(fields)?;
        let prepared = Prepared::read(fields, frames, spec, wasted)?;
        let mut length = 0;
        if !prepared.coded.is_empty() {
            length = fields.varint()?;
        }
        // The tokens are the last bytes, behind the raw bits.
        let rest = &payload[fields.position()..];
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let (raw, tokens) = split.ok_or_else(|| {
            let left = rest.len();
            Error::malformed(format!("the raw bits have {length} bytes, but {left} bytes are left"))
        })?;
        if prepared.coded.is_empty() && !tokens.is_empty() {
            let extra = tokens.len();
            return Err(Error::malformed(format!("{extra} bytes follow, but no channel is coded")));
        }
        Ok(Payload { model, prepared, tokens, raw })
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::deep::{Factor, Setting};
    use super::*;
    use crate::audio::SampleFormat;

    fn encode(pcm: &[u8], spec: &AudioSpec, wasted: u8, set: ParameterSet) -> Result<Vec<u8>> {
        Ok(super::encode(pcm, spec, wasted, set)?.expect("numbers"))
    }

    fn decode(payload: &[u8], frames: usize, spec: &AudioSpec, wasted: u8) -> Result<Vec<u8>> {
        Decoding::new(payload.to_vec().into(), frames, spec, wasted)?.next(frames)
    }

    const SETS: [ParameterSet; 3] = [ParameterSet::Fast, ParameterSet::Standard, ParameterSet::Max];

    /// A tone that fades away, so that filters hold numbers close to denormals.
    fn fading(spec: &AudioSpec, frames: usize) -> Vec<u8> {
        let mut pcm = Vec::new();
        for at in 0..frames * usize::from(spec.channels) {
            let value = (at as f64 * 0.05).sin() * 20_000.0 / (1.0 + at as f64 * 0.05);
            let value = if at > frames / 2 { 0.0 } else { value };
            match spec.format {
                SampleFormat::F32 => pcm.extend((value as f32 / 32768.0).to_le_bytes()),
                _ => pcm.extend((value as i16).to_le_bytes()),
            }
        }
        pcm
    }

    #[test]
    fn a_caller_that_flushes_denormals_changes_nothing() {
        use crate::numerics::environment::with_flushing;

        for (set, frames) in SETS.into_iter().zip([20_000, 5_000, 3_000]) {
            for format in [SampleFormat::S16, SampleFormat::F32] {
                let spec = AudioSpec::new(format, 2, 44100);
                let pcm = fading(&spec, frames);
                let payload = encode(&pcm, &spec, 0, set).unwrap();
                assert!(with_flushing(|| encode(&pcm, &spec, 0, set)).unwrap() == payload);
                let back = with_flushing(|| decode(&payload, frames, &spec, 0));
                assert!(back.unwrap() == pcm);
            }
        }
    }

    #[test]
    fn floats_come_back_with_every_bit() {
        let spec = AudioSpec::new(SampleFormat::F32, 1, 44100);
        let special = [f32::NAN, -f32::NAN, f32::INFINITY, -0.0, 1e-45, f32::MIN_POSITIVE, 1.5];
        let signalling = f32::from_bits(0x7F80_0001);
        for value in special.into_iter().chain([signalling, f32::MAX]) {
            let mut pcm = fading(&spec, 500);
            pcm.splice(400..404, value.to_le_bytes());
            for set in SETS {
                let payload = encode(&pcm, &spec, 0, set).unwrap();
                assert!(decode(&payload, 500, &spec, 0).unwrap() == pcm, "{set:?} {value}");
            }
        }
    }

    #[test]
    fn doubles_that_are_all_denormal_come_back() {
        let spec = AudioSpec::new(SampleFormat::F64, 1, 44100);
        for unit in [1.5e-323, 1.3e-310, 1.37e-309, f64::MIN_POSITIVE] {
            let pcm: Vec<u8> =
                (0..4000).flat_map(|at| (f64::from(at * 7 % 500) * unit).to_le_bytes()).collect();
            for set in SETS {
                let Some(payload) = super::encode(&pcm, &spec, 0, set).unwrap() else { continue };
                assert!(decode(&payload, 4000, &spec, 0).unwrap() == pcm, "{unit:e} {set:?}");
            }
        }
    }

    #[test]
    fn floats_that_are_integers_cost_what_those_cost() {
        let spec = AudioSpec::new(SampleFormat::S16, 1, 44100);
        let pcm = fading(&spec, 5000);
        let floats: Vec<u8> = pcm
            .chunks(2)
            .flat_map(|s| (f32::from(i16::from_le_bytes([s[0], s[1]])) / 32768.0).to_le_bytes())
            .collect();
        let float_spec = AudioSpec::new(SampleFormat::F32, 1, 44100);
        for set in SETS {
            let integers = encode(&pcm, &spec, 0, set).unwrap();
            let scaled = encode(&floats, &float_spec, 0, set).unwrap();
            // Integers keep all of their 16 bits; this tone needs fewer.
            assert!(
                scaled.len() <= integers.len() + integers.len() / 8,
                "{set:?} {} {}",
                scaled.len(),
                integers.len()
            );
            assert!(decode(&scaled, 5000, &float_spec, 0).unwrap() == floats);
        }
    }

    /// Returns a generator of 32 bits at a time.
    fn random(seed: u64) -> impl FnMut() -> u32 {
        let mut random = Random::new(seed);
        move || random.next_u64() as u32
    }

    #[test]
    fn the_better_of_two_channels_is_coded_first() {
        const MOST: usize = 60;
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        let mut random = random(1);
        let signal: Vec<i16> = (0..32_768 + MOST).map(|_| random() as i16 / 32).collect();
        let payload = |delays: [usize; 2]| {
            let frame = |at: usize| delays.map(|delay| signal[at - delay]);
            let pcm: Vec<u8> =
                (MOST..signal.len()).flat_map(frame).flat_map(i16::to_le_bytes).collect();
            let payload = encode(&pcm, &spec, 0, ParameterSet::Standard).unwrap();
            assert!(decode(&payload, signal.len() - MOST, &spec, 0).unwrap() == pcm);
            payload
        };
        // With a lead of four, the channel that is coded first sees samples that are 5 to 20
        // frames old; for the other one, they are at most 11 old.
        let (behind, ahead) = (payload([18, 0]), payload([0, 18]));
        assert_eq!((behind[1] & 0x10, ahead[1] & 0x10), (0x10, 0x10));
        // Turns, partners, delays.
        assert_eq!(behind[2..8], [0, 1, 1, 0, 0, 4]);
        assert_eq!(ahead[2..8], [1, 0, 1, 0, 0, 4]);
        assert!(ahead.len().abs_diff(behind.len()) < 20);
        // Neither of these sees what helps it.
        assert!(4 * ahead.len() < 3 * payload([0, MOST]).len());
    }

    /// Returns the payload of samples with a model, whatever an encoder would choose.
    fn payload_of(pcm: &[u8], spec: &AudioSpec, model: Model) -> Vec<u8> {
        payload(&mut Prepared::from_pcm(pcm, spec, 0).unwrap().unwrap(), model).unwrap()
    }

    #[test]
    fn every_setting_changes_a_payload_and_comes_back() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        let pcm = fading(&spec, 1500);
        for set in [ParameterSet::Standard, ParameterSet::Max] {
            let usual = Model::usual(set);
            let others = Setting::ALL.map(|setting| {
                Factor::ALL[1..].iter().map(move |&factor| usual.settings.with(setting, factor))
            });
            let mut payloads = vec![payload_of(&pcm, &spec, usual)];
            assert_eq!(payloads[0][0], set as u8);
            for settings in others.into_iter().flatten() {
                let payload = payload_of(&pcm, &spec, Model { set, settings });
                assert_eq!(payload[..2], [set as u8 | 0x40, settings.byte()]);
                assert!(decode(&payload, 1500, &spec, 0).unwrap() == pcm, "{settings:?}");
                payloads.push(payload[1..].to_vec());
            }
            // With each setting, other bytes follow those that say which settings these are.
            let tokens = payloads.iter().map(|payload| &payload[1..]);
            let different: std::collections::HashSet<_> = tokens.collect();
            assert_eq!(different.len(), payloads.len());
        }
    }

    #[test]
    fn a_payload_with_wrong_settings_is_refused() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        let malformed = |payload: &[u8]| match decode(payload, 300, &spec, 0).unwrap_err().kind() {
            ErrorKind::Malformed(_) => true,
            ErrorKind::Unsupported(_) => false,
            other => panic!("{other:?}"),
        };
        for set in SETS {
            let payload = payload_of(&fading(&spec, 300), &spec, Model::usual(set));
            for bit in [0x04, 0x08, 0x10, 0x20, 0x80] {
                let mut other = payload.clone();
                other[0] |= bit;
                assert!(!malformed(&other), "{bit:#x}");
            }
            // The set fast has no settings; those of the others are not all the usual ones.
            let mut other = payload.clone();
            other.splice(..1, [set as u8 | 0x40, 0]);
            assert_eq!(malformed(&other), set != ParameterSet::Fast);
            assert_eq!(malformed(&other[..1]), set != ParameterSet::Fast);
            // No set has the code 3.
            other[0] |= 3;
            assert!(!malformed(&other));
        }
    }

    #[test]
    fn the_set_max_takes_settings_that_make_a_chunk_smaller() {
        // Tones that stay as they are, so that long memories are best.
        let mut random = random(3);
        let sample = |at: u32| {
            let tone = |i: u32| (f64::from(at) * (0.01 + 0.11 * f64::from(i))).sin();
            (0..12).map(|i| 1500.0 * tone(i)).sum::<f64>() as i32 + (random() % 7) as i32
        };
        let mut prepared = Prepared::of(vec![(0..65_536).map(sample).collect()], 16);
        let model = choices::make(&mut prepared, ParameterSet::Max).unwrap();
        assert_ne!(model.settings, Settings::default());
        let mut size = |model| payload(&mut prepared, model).unwrap().len();
        let (found, usual) = (size(model), size(Model::usual(ParameterSet::Max)));
        assert!(found + found / 100 < usual, "{found} {usual}");
    }

    /// Channels that depend on each other, in one of many ways.
    fn related(spec: &AudioSpec, frames: usize, seed: u64) -> Vec<u8> {
        let mut random = random(seed);
        let channels = usize::from(spec.channels);
        let relations: Vec<u32> = (0..channels).map(|_| random() % 8).collect();
        let power = [7, 15, 23][random() as usize % 3];
        let divisor = f64::from((1 << power) - random() as i32 % 2);
        let odd = 1 + random() % 400;
        // Exact scales, a factor, two of them, a slope, and something added.
        let shape = random() % 5;
        let mut level = 0i32;
        let mut pcm = Vec::new();
        for at in 0..frames {
            level += (random() % 201) as i32 - 100 - level / 64;
            for relation in &relations {
                let noise = (random() % 64) as i32;
                let value = match relation {
                    0 => noise,
                    1 => level,
                    2 => -level,
                    3 => level / 2 + noise,
                    4 => (f64::from(level) * 0.7).round() as i32,
                    5 => {
                        if at > frames / 2 {
                            -7
                        } else {
                            level
                        }
                    }
                    6 => level * 40,
                    _ => -9,
                };
                match spec.format {
                    SampleFormat::F32 | SampleFormat::F64 => {
                        let float = (f64::from(value) / divisor) as f32;
                        let float = match shape {
                            0 => float,
                            1 => float * 0.77,
                            2 => float * 0.77 * 1.1,
                            3 => float * at as f32 * 0.001,
                            _ => float + noise as f32 * 1e-9,
                        };
                        let special = [random(), f32::NAN.to_bits(), 1 << 31, 1];
                        let float = match random() % odd {
                            1 => f32::from_bits(special[random() as usize % 4]),
                            _ if value == 0 && noise > 40 => -0.0,
                            _ => float,
                        };
                        let double = f64::from(float) * [1.0, 1.000_000_001][relations.len() % 2];
                        match spec.format {
                            SampleFormat::F32 => pcm.extend(float.to_le_bytes()),
                            _ => pcm.extend(double.to_le_bytes()),
                        }
                    }
                    SampleFormat::U8 => pcm.push((value / 8) as u8 ^ 128),
                    format => {
                        let value = value.clamp(-32768, 30000);
                        pcm.extend(&(i64::from(value) << 8 >> 8).to_le_bytes()[..format.bytes()]);
                    }
                }
            }
        }
        pcm
    }

    #[test]
    fn a_loop_costs_little_more_than_one_pass() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        for (set, frames) in SETS.into_iter().zip([4000, 1500, 800]) {
            let mut random = random(3);
            // All of the 255 values occur, so that a table would not pay.
            let once: Vec<u8> =
                (0..2 * frames).flat_map(|_| (random() as i16 / 256).to_le_bytes()).collect();
            let pcm = once.repeat(10);
            let one = encode(&once, &spec, 0, set).unwrap().len();
            let payload = encode(&pcm, &spec, 0, set).unwrap();
            let more = payload.len() - one;
            assert!(more < 400, "{set:?} {one} + {more}");
            assert!(decode(&payload, 10 * frames, &spec, 0).unwrap() == pcm);

            for _ in 0..10 {
                let mut damaged = payload.clone();
                let place = random() as usize % damaged.len();
                damaged[place] ^= 1 << (random() % 8);
                if let Ok(other) = decode(&damaged, 10 * frames, &spec, 0) {
                    assert_eq!(other.len(), pcm.len());
                }
            }
        }
    }

    #[test]
    fn related_channels_come_back_and_damage_does_no_harm() {
        for seed in 0..300 {
            let formats = [
                SampleFormat::F32,
                SampleFormat::S16,
                SampleFormat::U8,
                SampleFormat::S32,
                SampleFormat::F64,
            ];
            let format = formats[seed as usize % 5];
            let spec = AudioSpec::new(format, 1 + (seed / 5 % 7) as u16, 44100);
            let frames = [1, 2, 3, 40, 400][seed as usize / 5 % 5];
            let pcm = related(&spec, frames, seed);
            let set = SETS[(seed / 3 % 3) as usize];
            let Some(payload) = super::encode(&pcm, &spec, 0, set).unwrap() else { continue };
            assert!(decode(&payload, frames, &spec, 0).unwrap() == pcm, "{seed}");

            // Damage gives an error, or other audio of the right length.
            let mut random = random(seed);
            for _ in 0..20 {
                let mut damaged = payload.clone();
                let place = random() as usize % damaged.len().min(1 + random() as usize % 60);
                damaged[place] ^= 1 << (random() % 8);
                damaged.truncate(damaged.len() - (random() % 3) as usize % damaged.len());
                if let Ok(other) = decode(&damaged, frames, &spec, 0) {
                    assert_eq!(other.len(), pcm.len());
                }
            }
        }
    }
}
