//! A FLAC encoder, for audio that came from no FLAC file.

use std::fmt;

use bytes::Bytes;

use super::analysis::Analysis;
use super::blocks::from_pcm;
use super::frame::{
    Frame, FrameHeader, Linear, MAX_CHANNELS, MAX_FIXED_ORDER, Parameter, Predictor, Residual,
    SIZE_IN_16_BITS, Stereo, StreamShape, Subframe, to_subframes,
};
use super::partitions::Partitions;
use super::write;
use crate::audio::AudioSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::formats::flac::{self, StreamInfo};
use crate::memory;
use crate::numerics::environment::DefaultEnvironment;
use crate::stream::digest::AudioDigest;
use crate::tags::{self, Tags};

/// Samples of a block.
const BLOCK_SIZE: usize = 4096;
/// The code of that size.
const BLOCK_SIZE_CODE: u8 = 12;
/// The highest order of a linear predictor that is tried.
const MAX_ORDER: usize = 12;
/// The windows that are tried: the whole block, and its halves.
const WINDOWS: [usize; 4] = [0, 1, 2, 3];
/// The highest order of partitions that is tried.
const MAX_PARTITION_ORDER: u32 = 6;
/// The highest rate that the head of a file can say.
const MAX_RATE: u32 = (1 << 20) - 1;

/// Makes a FLAC file of audio.
pub(in crate::source) struct Compressor {
    spec: AudioSpec,
    stream: StreamShape,
    /// The metadata blocks behind the first one.
    tags: Vec<u8>,
    digest: AudioDigest,
    analysis: Analysis,
    /// Audio that waits until its block is full.
    gathered: Vec<u8>,
    /// Frames of FLAC, and frames of audio.
    number: u64,
    frames: u64,
    /// Bytes of the shortest and of the longest frame.
    shortest: usize,
    longest: usize,
}

impl Compressor {
    /// Makes a file with these tags. Fails if it cannot hold such audio. `exact` tells that the bits that are not
    /// valid are zero.
    pub(in crate::source) fn new(spec: &AudioSpec, exact: bool, mut tags: Tags) -> Result<Self> {
        let refuse = |why: String| {
            let message = format!("a FLAC file cannot hold this audio: {why}; WAV can");
            Err(Error::new(ErrorKind::Argument(message)))
        };
        if spec.format.is_float() {
            return refuse("its samples are floats".into());
        }
        if usize::from(spec.channels) > MAX_CHANNELS {
            return refuse(format!(
                "it has {} channels, and {MAX_CHANNELS} are allowed",
                spec.channels
            ));
        }
        if spec.rate > MAX_RATE {
            return refuse(format!("its rate is {} Hz, and {MAX_RATE} are allowed", spec.rate));
        }
        let mut spec = *spec;
        if !exact {
            // Where those bits are zero, they are wasted bits.
            spec.valid_bits = spec.format.bits() as u8;
        }
        if let Some((field, mask)) = flac::mask_comment(&spec) {
            tags.set(field, mask)?;
        }
        Ok(Compressor {
            tags: tags::write_run(&tags.that_fit(), 0)?,
            spec,
            stream: StreamShape::new(&spec),
            digest: AudioDigest::new(&spec),
            analysis: Analysis::default(),
            gathered: Vec::new(),
            number: 0,
            frames: 0,
            shortest: usize::MAX,
            longest: 0,
        })
    }

    /// Bytes of memory that compressing chunks of so many frames may take.
    pub(in crate::source) fn memory(spec: &AudioSpec, chunk_frames: u64) -> u64 {
        // The audio, and the frames made of it, which are copied while they grow.
        let frames = chunk_frames + 2 * BLOCK_SIZE as u64;
        (5 * frames * spec.frame_bytes() as u64).max(1 << 20) + (1 << 20)
    }

    /// The head of a file of so many frames.
    pub(in crate::source) fn head(&self, frames: Option<u64>) -> Vec<u8> {
        let info = StreamInfo::announced(&self.spec, BLOCK_SIZE as u32, frames);
        flac::new_head(&info, &self.tags)
    }

    /// The head of the file, once all of it was made.
    pub(in crate::source) fn final_head(&self) -> Vec<u8> {
        let mut info = StreamInfo::announced(&self.spec, BLOCK_SIZE as u32, Some(self.frames));
        info.md5 = Some(self.digest.clone().finish());
        info.frame_bytes = (self.shortest.min(self.longest) as u32, self.longest as u32);
        flac::new_head(&info, &self.tags)
    }

    /// Takes audio, and returns the frames that it completes.
    pub(in crate::source) fn take(&mut self, pcm: &[u8]) -> Result<Vec<u8>> {
        self.digest.update(pcm);
        let odd = (1i64 << (self.spec.format.bits() - self.stream.bits)) - 1;
        let mut samples = pcm.chunks_exact(self.spec.format.bytes());
        if odd > 0 && samples.any(|sample| self.spec.format.get(sample) & odd != 0) {
            return Err(Error::malformed(format!(
                "samples have more than the {} bits of their FLAC file",
                self.stream.bits
            )));
        }
        memory::append(&mut self.gathered, pcm)?;
        let full = BLOCK_SIZE * self.spec.frame_bytes();
        let whole = self.gathered.len() / full * full;
        let rest = memory::copied(&self.gathered[whole..])?;
        self.gathered.truncate(whole);
        let blocks = std::mem::replace(&mut self.gathered, rest);
        let mut file = Vec::new();
        for block in blocks.chunks(full) {
            self.block(block, &mut file)?;
        }
        Ok(file)
    }

    /// Returns the last frame, which may be shorter.
    pub(in crate::source) fn finish(&mut self) -> Result<Bytes> {
        let block = std::mem::take(&mut self.gathered);
        let mut file = Vec::new();
        if !block.is_empty() {
            self.block(&block, &mut file)?;
        }
        Ok(file.into())
    }

    fn block(&mut self, pcm: &[u8], file: &mut Vec<u8>) -> Result<()> {
        let _environment = DefaultEnvironment::enter();
        let channels = from_pcm(pcm, &self.spec);
        let size = channels[0].len();
        let (stereo, samples, subframes) = self.best(channels);
        let (subframes, residuals) =
            subframes.into_iter().map(|found| (found.subframe, found.residual)).unzip();
        let header = FrameHeader {
            variable: false,
            number: self.number,
            size: size as u32,
            size_code: if size == BLOCK_SIZE { BLOCK_SIZE_CODE } else { SIZE_IN_16_BITS },
            rate_code: 0,
            bits_code: 0,
            rate_field: 0,
            channels_code: stereo.code(self.stream.channels),
        };
        let residuals: Vec<Vec<i64>> = residuals;
        let frame = Frame { header, subframes, padding: 0 };
        let bytes = write::frame(&frame, &self.stream, &samples, &residuals)
            .ok_or_else(|| Error::new(ErrorKind::Verification))?;
        self.number += 1;
        self.frames += size as u64;
        self.shortest = self.shortest.min(bytes.len());
        self.longest = self.longest.max(bytes.len());
        memory::append(file, &bytes)
    }

    /// The mode of stereo that takes the fewest bits, its samples, and their subframes.
    fn best(&mut self, channels: Vec<Vec<i64>>) -> (Stereo, Vec<Vec<i64>>, Vec<Found>) {
        let bits = self.stream.bits;
        if channels.len() != 2 {
            let found = channels.iter().map(|samples| self.subframe(samples, bits)).collect();
            return (Stereo::Independent, channels, found);
        }
        let mut other = channels.clone();
        to_subframes(Stereo::MidSide, &mut other);
        let [left, right] = [0, 1].map(|at| self.subframe(&channels[at], bits));
        let [mid, side] = [0, 1].map(|at| self.subframe(&other[at], bits + at as u32));
        let cost = |stereo: &Stereo| match stereo {
            Stereo::Independent => left.bits + right.bits,
            Stereo::LeftSide => left.bits + side.bits,
            Stereo::SideRight => side.bits + right.bits,
            Stereo::MidSide => mid.bits + side.bits,
        };
        let stereo = Stereo::ALL.into_iter().min_by_key(cost).unwrap_or(Stereo::Independent);
        let mut samples = channels;
        to_subframes(stereo, &mut samples);
        let found = match stereo {
            Stereo::Independent => vec![left, right],
            Stereo::LeftSide => vec![left, side],
            Stereo::SideRight => vec![side, right],
            Stereo::MidSide => vec![mid, side],
        };
        (stereo, samples, found)
    }

    /// The way to code samples that takes the fewest bits.
    fn subframe(&mut self, samples: &[i64], bits: u32) -> Found {
        let used = samples.iter().fold(0, |used, sample| used | sample);
        let wasted = if used == 0 { 0 } else { used.trailing_zeros() };
        let bits = bits - wasted;
        let shifted: Vec<i64> = samples.iter().map(|sample| sample >> wasted).collect();
        if shifted.iter().all(|&sample| sample == shifted[0]) {
            return Found::plain(Predictor::Constant, wasted, bits.into());
        }
        let plain = u64::from(bits) * samples.len() as u64;
        let mut best = Found::plain(Predictor::Verbatim, wasted, plain);
        let mut try_one = |predictor: Predictor, beside: u64| {
            if let Some(found) = Found::new(predictor, &shifted, wasted, bits, beside)
                && found.bits < best.bits
            {
                best = found;
            }
        };
        for order in 0..=MAX_FIXED_ORDER {
            try_one(Predictor::Fixed(order), 0);
        }
        self.analysis.begin(shifted.len());
        let precision = if bits > 17 { 15 } else { 14 };
        for window in WINDOWS {
            let most = MAX_ORDER.min(shifted.len() - 1);
            let order = self.analysis.best_order(&shifted, window, most, bits + precision);
            let Some(order) = order else { continue };
            let Some(found) = self.analysis.predictor(&shifted, window, order) else { continue };
            let shift = found.shift(precision);
            let coefficients = found.rounded(precision, shift);
            let beside = 9 + u64::from(precision) * order as u64;
            let linear = Linear { precision, shift, coefficients };
            try_one(Predictor::Linear(linear), beside);
        }
        best
    }
}

/// A way to code samples.
struct Found {
    subframe: Subframe,
    residual: Vec<i64>,
    bits: u64,
}

impl Found {
    fn plain(predictor: Predictor, wasted: u32, bits: u64) -> Self {
        let subframe = Subframe { wasted, predictor, residual: Residual::default() };
        Found { subframe, residual: Vec::new(), bits }
    }

    /// A predictor with its residual; `None` if it has none that FLAC allows. `beside` is the
    /// number of bits that the predictor takes.
    fn new(
        predictor: Predictor,
        samples: &[i64],
        wasted: u32,
        bits: u32,
        beside: u64,
    ) -> Option<Self> {
        let order = predictor.order().filter(|&order| order < samples.len())?;
        let residual = predictor.residual(samples);
        // The smallest number of 32 bits is not allowed.
        if residual.iter().any(|&value| value.unsigned_abs() >= 1 << 31) {
            return None;
        }
        let partitions = Partitions::new(samples.len(), order, &residual);
        let best = partitions.best_order(MAX_PARTITION_ORDER, true);
        let parameters: Vec<u32> =
            (0..1usize << best).map(|number| partitions.parameter(best, number)).collect();
        let mut coding = Residual {
            wide: parameters.iter().any(|&parameter| parameter > 14),
            order: best,
            parameters: Vec::new(),
        };
        let width = u64::from(coding.parameter_bits());
        let mut total = beside + u64::from(bits) * order as u64 + 6;
        for (number, &parameter) in parameters.iter().enumerate() {
            let (from, to) = coding.partition(samples.len(), order, number);
            let folded = residual[from..to].iter().map(|&value| super::frame::fold(value));
            let high: u64 = folded.map(|folded| folded >> parameter).sum();
            total += width + high + (to - from) as u64 * u64::from(parameter + 1);
        }
        coding.parameters = parameters.into_iter().map(Parameter::Rice).collect();
        let subframe = Subframe { wasted, predictor, residual: coding };
        Some(Found { subframe, residual, bits: total })
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("frames", &self.frames).finish_non_exhaustive()
    }
}
