//! The light method: a fixed prediction, characters and planes with adaptive bits.
//!
//! It needs integers alone, and a few hundred kilobytes for any number of channels. `coder.rs`
//! goes through the samples, the same way in both directions; this file has the layout of the
//! payload and the choices of an encoder.

mod coder;
mod predictor;
mod rows;

use bytes::Bytes;
use coder::{ChunkState, Cost, Writing};
use predictor::Predictor;

use crate::audio::AudioSpec;
use crate::entropy::{RangeEncoder, UNITS};
use crate::error::{Error, Result};
use crate::memory;
use crate::method::reading::Symbols;
use crate::planes::{BitWriter, Layout, Mapping, PlaneKind, read_kinds, write_kinds};

/// Numbers of pieces of a chunk on which an encoder tries its choices, and of samples of each.
/// They are spread over the chunk, since it may begin with silence.
const TRIAL_PIECES: usize = 8;
const TRIAL_SAMPLES: usize = 1 << 11;

/// The settings of a chunk that its header holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) mapping: Mapping,
    pub(crate) wasted: u8,
}

/// Returns the bytes of memory that decoding a chunk takes at most beside its payload and its
/// PCM.
pub(crate) fn memory(spec: &AudioSpec) -> u64 {
    64 * u64::from(spec.channels) + (2 << 20)
}

/// Encodes a chunk with this mapping, or with the best one.
pub(crate) fn encode(
    pcm: &[u8],
    spec: &AudioSpec,
    wasted: u8,
    mapping: Option<Mapping>,
) -> Result<(Settings, Vec<u8>)> {
    let layout = Layout::new(spec.format, wasted);
    let trial = trial_pieces(pcm, spec);

    // Offset binary differs from two's complement in one bit, which is always inverted: for
    // adaptive bits both cost the same, so that only one is tried.
    let candidates = match &mapping {
        Some(one) => std::slice::from_ref(one),
        None => &[Mapping::Residual, Mapping::OffsetBinary],
    };
    let plans = candidates
        .iter()
        .map(|&mapping| Plan::new(pcm, &trial, spec, layout, mapping))
        .collect::<Result<Vec<_>>>()?;
    let (_, plan) =
        plans.into_iter().min_by_key(|(cost, _)| *cost).expect("there is always a candidate");

    let settings = Settings { mapping: plan.mapping, wasted };
    Ok((settings, plan.encode(pcm, spec, layout)?))
}

fn trial_pieces<'a>(pcm: &'a [u8], spec: &AudioSpec) -> Vec<&'a [u8]> {
    let frame_bytes = spec.frame_bytes();
    let frames = pcm.len() / frame_bytes;
    let piece = (TRIAL_SAMPLES / usize::from(spec.channels)).max(1);
    if frames <= TRIAL_PIECES * piece {
        return vec![pcm];
    }
    let starts = (0..TRIAL_PIECES).map(|at| at * (frames - piece) / (TRIAL_PIECES - 1));
    starts.map(|start| &pcm[start * frame_bytes..(start + piece) * frame_bytes]).collect()
}

/// The choices of an encoder for a chunk.
struct Plan {
    mapping: Mapping,
    predictors: Vec<Predictor>,
    kinds: Vec<PlaneKind>,
}

impl Plan {
    /// Returns the cost of the trial with a mapping, and the best choices with it.
    fn new(
        pcm: &[u8],
        trial: &[&[u8]],
        spec: &AudioSpec,
        layout: Layout,
        mapping: Mapping,
    ) -> Result<(u64, Plan)> {
        let predictors = match mapping {
            Mapping::Residual => predictor::choose(trial, spec, layout),
            _ => Vec::new(),
        };
        let all_modelled = vec![PlaneKind::Modelled; layout.bytes];
        let mut plan = Plan { mapping, predictors, kinds: all_modelled };

        let mut cost = Cost::new(layout.bytes);
        let mut model = plan.model(spec, layout)?;
        for piece in trial {
            model.forget_history();
            model.encode(piece, &mut cost);
        }
        let bytes: usize = trial.iter().map(|piece| piece.len()).sum();
        let samples = (bytes / spec.format.bytes()) as u64;
        let mut total = cost.characters;
        for (kind, &modelled) in plan.kinds.iter_mut().zip(&cost.planes) {
            let packed = samples * UNITS;
            // Packing is faster, and costs no learning.
            if modelled > packed - packed / 64 {
                *kind = PlaneKind::Packed;
            }
            total += modelled.min(packed);
        }

        // A plane is constant only if it is in all samples, not just in the trial.
        let (mut ones, mut zeros) = (0, 0);
        plan.model(spec, layout)?.values(pcm, |value| {
            ones |= value;
            zeros |= !value;
        });
        for (j, kind) in plan.kinds.iter_mut().rev().enumerate() {
            let plane = 1 << (8 * j);
            if ones & plane == 0 {
                *kind = PlaneKind::Zeros;
            } else if zeros & plane == 0 {
                *kind = PlaneKind::Ones;
            }
        }
        Ok((total, plan))
    }

    fn model(&self, spec: &AudioSpec, layout: Layout) -> Result<ChunkState> {
        ChunkState::new(spec, layout, self.mapping, &self.predictors, &self.kinds)
    }

    fn encode(&self, pcm: &[u8], spec: &AudioSpec, layout: Layout) -> Result<Vec<u8>> {
        let mut payload: Vec<u8> = write_kinds(&self.kinds).collect();
        payload.extend(self.predictors.iter().map(|predictor| predictor.code()));

        let mut writing = Writing { tokens: RangeEncoder::new(), planes: BitWriter::default() };
        self.model(spec, layout)?.encode(pcm, &mut writing);
        memory::append(&mut payload, &writing.planes.finish()?)?;
        memory::append(&mut payload, &writing.tokens.finish()?)?;
        Ok(payload)
    }
}

/// A chunk that is decoded up to a frame.
pub(crate) struct Decoding {
    frame_bytes: usize,
    /// Frames that are left.
    left: usize,
    model: ChunkState,
    symbols: Symbols,
}

impl Decoding {
    /// Begins a chunk of this many frames.
    pub(crate) fn new(
        payload: Bytes,
        frames: usize,
        spec: &AudioSpec,
        settings: Settings,
    ) -> Result<Self> {
        let layout = Layout::new(spec.format, settings.wasted);
        let parts = Payload::parse(&payload, frames, spec, layout, settings.mapping)?;
        let model =
            ChunkState::new(spec, layout, settings.mapping, &parts.predictors, &parts.kinds)?;
        let (planes, tokens) = (parts.planes.len(), parts.tokens.len());
        let symbols = Symbols::new(payload, planes, tokens);
        Ok(Decoding { frame_bytes: spec.frame_bytes(), left: frames, model, symbols })
    }

    /// Returns the PCM of the next frames: of this many, or of all that are left if they are
    /// fewer.
    pub(crate) fn next(&mut self, frames: usize) -> Result<Vec<u8>> {
        let frames = frames.min(self.left);
        let mut reader = self.symbols.reading();
        let mut pcm = memory::filled(0, frames * self.frame_bytes)?;
        if !self.model.decode(&mut pcm, &mut reader) {
            let bits = self.model.value_bits();
            return Err(Error::malformed(format!("a sample does not fit into {bits} bits")));
        }
        self.left -= frames;
        if self.left == 0 && !reader.bits.is_done() {
            return Err(Error::malformed("the packed planes have bits set after the last sample"));
        }
        let read = reader.suspend();
        self.symbols.keep(read);
        Ok(pcm)
    }
}

/// A payload, taken apart.
pub(crate) struct Payload<'a> {
    kinds: Vec<PlaneKind>,
    predictors: Vec<Predictor>,
    pub(crate) planes: &'a [u8],
    pub(crate) tokens: &'a [u8],
}

impl<'a> Payload<'a> {
    pub(crate) fn parse(
        payload: &'a [u8],
        frames: usize,
        spec: &AudioSpec,
        layout: Layout,
        mapping: Mapping,
    ) -> Result<Self> {
        let short = || {
            let length = payload.len();
            Error::malformed(format!("the payload has {length} bytes, too few for its planes"))
        };
        let channels = usize::from(spec.channels);

        let (kinds, rest) = payload.split_at_checked(layout.bytes.div_ceil(4)).ok_or_else(short)?;
        let kinds = read_kinds(kinds, layout.bytes)?;
        let codes = if mapping == Mapping::Residual { channels } else { 0 };
        let (codes, rest) = rest.split_at_checked(codes).ok_or_else(short)?;
        let predictors = codes
            .iter()
            .enumerate()
            .map(|(channel, &code)| Predictor::from_code(code, channel))
            .collect::<Result<_>>()?;
        let packed = kinds.iter().filter(|&&kind| kind == PlaneKind::Packed).count();
        let (planes, tokens) =
            rest.split_at_checked((packed * frames * channels).div_ceil(8)).ok_or_else(short)?;
        Ok(Payload { kinds, predictors, planes, tokens })
    }

    /// Returns a letter for each plane: `0`, `1`, `p`acked or `m`odelled.
    pub(crate) fn kinds(&self) -> String {
        self.kinds.iter().map(|&kind| kind.letter()).collect()
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::audio::SampleFormat;

    fn decode(
        payload: &[u8],
        frames: usize,
        spec: &AudioSpec,
        settings: Settings,
    ) -> Result<Vec<u8>> {
        Decoding::new(payload.to_vec().into(), frames, spec, settings)?.next(frames)
    }

    /// A melody with a little noise, in every sample format.
    fn melody(spec: &AudioSpec, frames: usize, wasted: u32) -> Vec<u8> {
        let bytes = spec.format.bytes();
        let mut pcm = vec![0; frames * spec.frame_bytes()];
        let mut random = Random::new(1);
        for (at, sample) in pcm.chunks_exact_mut(bytes).enumerate() {
            let phase = (at / usize::from(spec.channels)) as f64 * 0.05;
            let full = 2f64.powi(spec.format.bits() as i32 - 2);
            let value = (phase.sin() * full) as i64 + random.below(16) as i64;
            spec.format.put(value >> wasted << wasted, sample);
        }
        pcm
    }

    #[test]
    fn every_format_and_mapping_comes_back() {
        let formats = [
            (SampleFormat::U8, 0),
            (SampleFormat::S16, 0),
            (SampleFormat::S16, 4),
            (SampleFormat::S24, 4),
            (SampleFormat::S24, 12),
            (SampleFormat::S32, 0),
            (SampleFormat::F32, 0),
            (SampleFormat::F64, 0),
        ];
        for (format, wasted) in formats {
            for channels in [1, 2, 5] {
                let spec = AudioSpec::new(format, channels, 44100);
                let pcm = melody(&spec, 700, u32::from(wasted));
                let all = [Mapping::TwosComplement, Mapping::OffsetBinary, Mapping::Residual];
                for mapping in all.into_iter().map(Some).chain([None]) {
                    let (settings, payload) = encode(&pcm, &spec, wasted, mapping).unwrap();
                    let back = decode(&payload, 700, &spec, settings).unwrap();
                    assert!(back == pcm, "{format:?} {channels} {mapping:?}");
                }
            }
        }
    }

    #[test]
    fn prediction_makes_a_melody_small() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        let pcm = melody(&spec, 20_000, 0);
        let (settings, payload) = encode(&pcm, &spec, 0, None).unwrap();
        assert_eq!(settings.mapping, Mapping::Residual);
        assert!(payload.len() * 2 < pcm.len(), "{} of {}", payload.len(), pcm.len());
    }

    #[test]
    fn repeated_patterns_are_coded_without_prediction() {
        // Values that follow from the one before, but lie nowhere near it.
        let spec = AudioSpec::new(SampleFormat::U8, 1, 11025);
        let mut value = 0u8;
        let pcm: Vec<u8> = (0..20_000)
            .map(|at| {
                value = value.wrapping_mul(5).wrapping_add(if at % 50 == 0 { 24 } else { 8 });
                value
            })
            .collect();
        let (settings, payload) = encode(&pcm, &spec, 0, None).unwrap();
        assert_eq!(settings.mapping, Mapping::OffsetBinary);
        assert!(payload.len() * 4 < pcm.len(), "{} of {}", payload.len(), pcm.len());
    }
}
