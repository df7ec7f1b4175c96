//! One chunk to a payload and back: pure, the same bytes wherever it runs.
//!
//! Read this after `lib.rs`; `spec/coding.md` and `spec/adaptive.md` say the same in words.

use bytes::Bytes;

use crate::audio::AudioSpec;
use crate::container::header::Header;
use crate::container::item::ChunkHeader;
use crate::error::{Error, Result};
use crate::method::adaptive::{self, ParameterSet};
use crate::method::language::{self, Coder};
use crate::method::{Method, Piece, constant, light};
use crate::planes::{Layout, Mapping, wasted_bits};
use crate::stream::options::{EncodeOptions, Preset};
use crate::stream::stats::Sections;

/// A chunk's audio in its coded form.
#[derive(Debug, Clone)]
pub(crate) struct CodedChunk {
    pub(crate) method: Method,
    pub(crate) mapping: Mapping,
    pub(crate) wasted: u8,
    pub(crate) payload: Bytes,
}

/// Codes the PCM of one or more whole frames in the smallest way that the options know;
/// with a model, in that way as long as it makes the chunk smaller.
pub(crate) fn encode(
    pcm: &Bytes,
    first_frame: u64,
    spec: &AudioSpec,
    options: &EncodeOptions,
    coder: Option<&Coder>,
) -> Result<CodedChunk> {
    let plain = |method, payload| CodedChunk {
        method,
        mapping: Mapping::TwosComplement,
        wasted: 0,
        payload,
    };
    if let Some(payload) = constant::encode(pcm, spec) {
        return Ok(plain(Method::Constant, payload));
    }
    if let Some(coder) = coder
        && let Some(coded) = language_chunk(pcm, first_frame, spec, options, coder)?
    {
        return Ok(coded);
    }
    let mapping = if coder.is_some() { None } else { options.mapping };
    let coded = match options.preset {
        Preset::Store => None,
        Preset::Light => Some(light_chunk(pcm, spec, mapping)?),
        // A mapping that was asked for is the light method's affair.
        _ if mapping.is_some() || !adaptive::takes(spec) => Some(light_chunk(pcm, spec, mapping)?),
        Preset::Fast => Some(adaptive_chunk(pcm, spec, ParameterSet::Fast)?),
        Preset::Standard => Some(adaptive_chunk(pcm, spec, ParameterSet::Standard)?),
        Preset::Max => Some(adaptive_chunk(pcm, spec, ParameterSet::Max)?),
    };
    Ok(match coded {
        Some(coded) if coded.payload.len() < pcm.len() => coded,
        _ => plain(Method::Stored, pcm.clone()),
    })
}

/// Nothing where the model makes the chunk no smaller.
fn language_chunk(
    pcm: &[u8],
    first_frame: u64,
    spec: &AudioSpec,
    options: &EncodeOptions,
    coder: &Coder,
) -> Result<Option<CodedChunk>> {
    // Not all bits are wasted: the chunk would be constant.
    let wasted = wasted_bits(pcm, spec.format) as u8;
    let mapping = options.mapping.unwrap_or(Mapping::OffsetBinary);
    let piece = Piece { pcm, first_frame, spec, wasted, mapping };
    let payload = coder.smaller(piece, options.verify)?;
    Ok(payload.map(|payload| CodedChunk {
        method: Method::Language,
        mapping,
        wasted,
        payload: payload.into(),
    }))
}

fn light_chunk(pcm: &[u8], spec: &AudioSpec, mapping: Option<Mapping>) -> Result<CodedChunk> {
    // Not all bits are wasted: the chunk would be constant.
    let wasted = wasted_bits(pcm, spec.format) as u8;
    let (settings, payload) = light::encode(pcm, spec, wasted, mapping)?;
    let light::Settings { mapping, wasted } = settings;
    Ok(CodedChunk { method: Method::Light, mapping, wasted, payload: payload.into() })
}

fn adaptive_chunk(pcm: &[u8], spec: &AudioSpec, set: ParameterSet) -> Result<CodedChunk> {
    // Floats have a scale instead.
    let wasted = if spec.format.is_float() { 0 } else { wasted_bits(pcm, spec.format) as u8 };
    let payload = adaptive::encode(pcm, spec, wasted, set)?;
    let mapping = Mapping::Residual;
    let adaptive =
        CodedChunk { method: Method::Adaptive, mapping, wasted, payload: payload.into() };
    if spec.format.bits() <= 24 {
        return Ok(adaptive);
    }
    // The low half of a wide sample may have a pattern that no waveform has.
    let light = light_chunk(pcm, spec, None)?;
    Ok(if light.payload.len() < adaptive.payload.len() { light } else { adaptive })
}

/// The PCM of a chunk.
pub(crate) fn decode(
    chunk: &ChunkHeader,
    payload: &Bytes,
    spec: &AudioSpec,
    coder: Option<&Coder>,
) -> Result<Bytes> {
    let frames = chunk.frames as usize;
    match chunk.method {
        Method::Stored if payload.len() == frames * spec.frame_bytes() => Ok(payload.clone()),
        Method::Stored => Err(Error::malformed("stored audio of the wrong length")),
        Method::Constant => constant::decode(payload, frames, spec),
        Method::Light => {
            let settings = light::Settings { mapping: chunk.mapping, wasted: chunk.wasted };
            light::decode(payload, frames, spec, settings).map(Bytes::from)
        }
        Method::Adaptive => adaptive::decode(payload, frames, spec, chunk.wasted).map(Bytes::from),
        Method::Language => {
            let coder =
                coder.ok_or_else(|| Error::malformed("a language model's chunk without one"))?;
            coder.decode(payload, frames, spec, chunk.wasted, chunk.mapping).map(Bytes::from)
        }
    }
}

/// What a payload is made of, without decoding it.
pub(crate) fn sections(
    chunk: &ChunkHeader,
    payload: &[u8],
    stream: &Header,
) -> Result<Option<Sections>> {
    let (spec, frames) = (&stream.spec, chunk.frames as usize);
    let (tokens, planes, kinds) = match (chunk.method, &stream.model) {
        (Method::Light, _) => {
            let layout = Layout::new(spec.format, chunk.wasted);
            let parts = light::Payload::parse(payload, frames, spec, layout, chunk.mapping)?;
            (parts.tokens, parts.planes, parts.kinds())
        }
        (Method::Adaptive, _) => {
            let parts = adaptive::Payload::parse(payload, frames, spec, chunk.wasted)?;
            (parts.tokens, parts.raw, String::new())
        }
        (Method::Language, Some(usage)) => return language::sections(payload, usage, spec, chunk),
        (Method::Stored | Method::Constant | Method::Language, _) => return Ok(None),
    };
    Ok(Some(Sections {
        token_bytes: tokens.len() as u64,
        plane_bytes: planes.len() as u64,
        planes: kinds,
    }))
}
