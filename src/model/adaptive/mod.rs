//! The embedded model: it learns while it codes, and needs no weights.
//!
//! `prepare.rs` turns the PCM of a chunk into integers and takes out what needs no model;
//! `fast/` predicts and codes them. The payload is laid out in `spec/models.md`.

#![allow(clippy::needless_range_loop, reason = "loops over lanes say which lane is which")]

mod fast;
mod least_squares;
mod lms;
mod prepare;
mod ranks;
mod window;

use prepare::Prepared;

use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, ErrorKind, Result};
use crate::numerics::environment::DefaultEnvironment;

/// The most channels that a chunk may have: each has a state of its own.
pub(crate) const MOST_CHANNELS: u16 = 32;

/// Bytes of memory that a chunk's state takes at most.
pub(crate) const STATE: u64 = 6 << 20;

/// Profile of the only model so far.
const FAST: u8 = 0;

/// Whether the method has anything to say about this audio.
pub(crate) fn takes(spec: &AudioSpec) -> bool {
    spec.channels <= MOST_CHANNELS && spec.format != SampleFormat::F64
}

/// The payload of a chunk. With an integer format, its samples have these wasted bits.
pub(crate) fn encode(pcm: &[u8], spec: &AudioSpec, wasted: u8) -> Vec<u8> {
    let _environment = DefaultEnvironment::enter();
    let mut prepared = Prepared::from_pcm(pcm, spec, wasted);
    let mut payload = vec![FAST];
    prepared.write(&mut payload);
    if !prepared.coded.is_empty() {
        let (tokens, raw) = fast::encode(&mut prepared);
        put_varint(&mut payload, tokens.len() as u64);
        payload.extend(raw);
        payload.extend(tokens);
    }
    payload
}

/// The PCM of a chunk of this many frames.
pub(crate) fn decode(
    payload: &[u8],
    frames: usize,
    spec: &AudioSpec,
    wasted: u8,
) -> Result<Vec<u8>> {
    let _environment = DefaultEnvironment::enter();
    let Parts { mut prepared, tokens, raw } = Parts::split(payload, frames, spec, wasted)?;
    for channel in &mut prepared.coded {
        channel.resize(frames, 0);
    }
    if !prepared.coded.is_empty() {
        fast::decode(&mut prepared, tokens, raw)?;
    }
    prepared.into_pcm(frames, spec, wasted)
}

/// The parts of a payload.
pub(crate) struct Parts<'a> {
    prepared: Prepared,
    pub(crate) tokens: &'a [u8],
    /// Bits that were not worth a model.
    pub(crate) raw: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn split(
        payload: &'a [u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        if !takes(spec) {
            return Err(Error::unsupported(
                "the adaptive method with this format or so many channels",
            ));
        }
        let mut fields = Fields::new(payload);
        let parts = Self::split_fields(&mut fields, payload, frames, spec, wasted);
        parts.map_err(|error| match error.kind() {
            ErrorKind::Truncated => Error::malformed("the payload is too short"),
            _ => error,
        })
    }

    fn split_fields(
        fields: &mut Fields<'a>,
        payload: &'a [u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        let profile = fields.u8()?;
        if profile != FAST {
            return Err(Error::unsupported(format!(
                "the profile {profile} of the adaptive method"
            )));
        }
        let prepared = Prepared::read(fields, frames, spec, wasted)?;
        let mut length = 0;
        if !prepared.coded.is_empty() {
            length = fields.varint()?;
        }
        // The tokens are the last bytes; what stands before them is raw.
        let rest = &payload[fields.position()..];
        let split = usize::try_from(length).ok().and_then(|length| rest.len().checked_sub(length));
        let split = split.ok_or_else(|| Error::malformed("the payload is too short"))?;
        let (raw, tokens) = rest.split_at(split);
        if prepared.coded.is_empty() && !raw.is_empty() {
            return Err(Error::malformed("bytes that nothing needs"));
        }
        Ok(Parts { prepared, tokens, raw })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone that fades away: its filters come near the smallest numbers.
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

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_caller_that_flushes_denormals_changes_nothing() {
        use crate::numerics::environment::with_flushing;

        for format in [SampleFormat::S16, SampleFormat::F32] {
            let spec = AudioSpec::new(format, 2, 44100);
            let pcm = fading(&spec, 20_000);
            let payload = encode(&pcm, &spec, 0);
            assert!(with_flushing(|| encode(&pcm, &spec, 0)) == payload);
            let back = with_flushing(|| decode(&payload, 20_000, &spec, 0));
            assert!(back.unwrap() == pcm);
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
            let payload = encode(&pcm, &spec, 0);
            assert!(decode(&payload, 500, &spec, 0).unwrap() == pcm, "{value}");
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
        let (integers, scaled) = (encode(&pcm, &spec, 0), encode(&floats, &float_spec, 0));
        // Samples of sixteen bits keep them: this tone does not need them all.
        assert!(
            scaled.len() <= integers.len() + integers.len() / 8,
            "{} {}",
            scaled.len(),
            integers.len()
        );
        assert!(decode(&scaled, 5000, &float_spec, 0).unwrap() == floats);
    }
}
