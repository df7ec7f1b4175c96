//! One chunk to a payload and back: pure, with the same bytes on every machine.
//!
//! Read this after `lib.rs`; `spec/coding.md` and `spec/adaptive.md` say the same in words.

use bytes::Bytes;

use crate::audio::AudioSpec;
use crate::container::header::Header;
use crate::container::item::ChunkHeader;
use crate::error::{Error, Result};
use crate::method::adaptive::{self, ParameterSet};
use crate::method::model::ModelCoder;
use crate::method::preset::{FirstChoice, Preset};
use crate::method::verify::Verify;
use crate::method::{Method, Sections, constant, light};
use crate::planes::{Layout, Mapping, wasted_bits};

/// The choices of a caller that bear on each chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choices {
    pub(crate) preset: Preset,
    /// The mapping of samples to characters; `None` leaves it to the encoder.
    pub(crate) mapping: Option<Mapping>,
    pub(crate) verify: Verify,
}

/// A chunk's audio in its coded form.
#[derive(Debug, Clone)]
pub(crate) struct CodedChunk {
    pub(crate) method: Method,
    pub(crate) mapping: Mapping,
    pub(crate) wasted: u8,
    pub(crate) payload: Bytes,
}

/// Encodes the PCM of one or more whole frames.
///
/// A constant chunk takes one frame. Any other goes to the language model, if there is one
/// and it makes the chunk smaller, and else to the methods of the preset. A chunk that none
/// of them makes smaller is stored.
pub(crate) fn encode(
    pcm: &Bytes,
    first_frame: u64,
    spec: &AudioSpec,
    choices: Choices,
    coder: Option<&dyn ModelCoder>,
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
        && let Some(coded) = language_chunk(pcm, first_frame, spec, choices, coder)?
    {
        return Ok(coded);
    }
    // A caller who names a mapping without a model means the light method.
    let mapping = if coder.is_some() { None } else { choices.mapping };
    let coded = match choices.preset.first_choice() {
        FirstChoice::Stored => None,
        FirstChoice::Adaptive(set) if mapping.is_none() && adaptive::supports(spec) => {
            Some(match adaptive_chunk(pcm, spec, set)? {
                Some(coded) => coded,
                None => light_chunk(pcm, spec, None)?,
            })
        }
        FirstChoice::Light | FirstChoice::Adaptive(_) => Some(light_chunk(pcm, spec, mapping)?),
    };
    Ok(match coded {
        Some(coded) if coded.payload.len() < pcm.len() => coded,
        _ => plain(Method::Stored, pcm.clone()),
    })
}

/// Encodes with a language model; `None` if that does not make the chunk smaller.
fn language_chunk(
    pcm: &[u8],
    first_frame: u64,
    spec: &AudioSpec,
    choices: Choices,
    coder: &dyn ModelCoder,
) -> Result<Option<CodedChunk>> {
    // A chunk whose bits are all wasted would be constant.
    let wasted = wasted_bits(pcm, spec.format) as u8;
    let mapping = choices.mapping.unwrap_or(Mapping::OffsetBinary);
    let payload =
        coder.encode_if_smaller(pcm, first_frame, spec, wasted, mapping, choices.verify)?;
    Ok(payload.map(|payload| CodedChunk {
        method: Method::Language,
        mapping,
        wasted,
        payload: payload.into(),
    }))
}

fn light_chunk(pcm: &[u8], spec: &AudioSpec, mapping: Option<Mapping>) -> Result<CodedChunk> {
    // A chunk whose bits are all wasted would be constant.
    let wasted = wasted_bits(pcm, spec.format) as u8;
    let (settings, payload) = light::encode(pcm, spec, wasted, mapping)?;
    let light::Settings { mapping, wasted } = settings;
    Ok(CodedChunk { method: Method::Light, mapping, wasted, payload: payload.into() })
}

/// Encodes with the adaptive method; `None` if it does not take the audio.
fn adaptive_chunk(pcm: &[u8], spec: &AudioSpec, set: ParameterSet) -> Result<Option<CodedChunk>> {
    // The adaptive method looks for a scale in floats, not for wasted bits.
    let wasted = if spec.format.is_float() { 0 } else { wasted_bits(pcm, spec.format) as u8 };
    let Some(payload) = adaptive::encode(pcm, spec, wasted, set)? else { return Ok(None) };
    let mapping = Mapping::Residual;
    let adaptive =
        CodedChunk { method: Method::Adaptive, mapping, wasted, payload: payload.into() };
    if spec.format.bits() <= 24 {
        return Ok(Some(adaptive));
    }
    // The low half of a wide sample may have a pattern that no waveform has.
    let light = light_chunk(pcm, spec, None)?;
    Ok(Some(if light.payload.len() < adaptive.payload.len() { light } else { adaptive }))
}

/// Decodes the payload of a chunk into its PCM.
pub(crate) fn decode(
    chunk: &ChunkHeader,
    payload: &Bytes,
    spec: &AudioSpec,
    coder: Option<&dyn ModelCoder>,
) -> Result<Bytes> {
    Decoding::new(chunk, payload, spec, coder)?.next(chunk.frames as usize)
}

/// A chunk that is decoded up to a frame.
pub(crate) enum Decoding {
    /// The rest of the PCM, with the bytes of a frame.
    Whole(Bytes, usize),
    Light(Box<light::Decoding>),
    Adaptive(Box<adaptive::Decoding>),
}

impl Decoding {
    /// Begins to decode the payload of a chunk. Methods without a state decode all of it.
    pub(crate) fn new(
        chunk: &ChunkHeader,
        payload: &Bytes,
        spec: &AudioSpec,
        coder: Option<&dyn ModelCoder>,
    ) -> Result<Self> {
        let frames = chunk.frames as usize;
        let whole = |pcm| Decoding::Whole(pcm, spec.frame_bytes());
        Ok(match chunk.method {
            Method::Stored => {
                let (length, right) = (payload.len(), frames * spec.frame_bytes());
                if length != right {
                    return Err(Error::malformed(format!(
                        "the stored payload has {length} bytes; the chunk's audio has {right}"
                    )));
                }
                whole(payload.clone())
            }
            Method::Constant => whole(constant::decode(payload, frames, spec)?),
            Method::Light => {
                let settings = light::Settings { mapping: chunk.mapping, wasted: chunk.wasted };
                let decoding = light::Decoding::new(payload.clone(), frames, spec, settings)?;
                Decoding::Light(Box::new(decoding))
            }
            Method::Adaptive => {
                let wasted = chunk.wasted;
                let decoding = adaptive::Decoding::new(payload.clone(), frames, spec, wasted)?;
                Decoding::Adaptive(Box::new(decoding))
            }
            Method::Language => {
                let coder = coder.ok_or_else(|| {
                    Error::malformed("the chunk needs a language model; the header names none")
                })?;
                let (wasted, mapping) = (chunk.wasted, chunk.mapping);
                whole(coder.decode(payload, frames, spec, wasted, mapping)?.into())
            }
        })
    }

    /// Returns the PCM of the next frames, at most this many. Audio that does not come in pieces
    /// comes whole.
    pub(crate) fn next(&mut self, frames: usize) -> Result<Bytes> {
        match self {
            Decoding::Whole(pcm, frame_bytes) => {
                Ok(pcm.split_to(pcm.len().min(frames.saturating_mul(*frame_bytes))))
            }
            Decoding::Light(decoding) => decoding.next(frames).map(Bytes::from),
            Decoding::Adaptive(decoding) => decoding.next(frames).map(Bytes::from),
        }
    }
}

/// Returns the bytes of memory that decoding a chunk takes beside its payload and its PCM,
/// whichever its method. A language model's are not among them.
pub(crate) fn decoding_memory(spec: &AudioSpec) -> u64 {
    light::memory(spec).max(adaptive::memory(spec))
}

/// Like [`decoding_memory`], for a chunk of this method with so many bytes of PCM.
pub(crate) fn decoding_memory_of(method: Method, spec: &AudioSpec, pcm_bytes: u64) -> u64 {
    match method {
        Method::Light => light::memory(spec),
        Method::Adaptive => adaptive::memory(spec),
        // They are decoded as a whole, whatever was asked for.
        Method::Constant | Method::Language => pcm_bytes,
        Method::Stored => 0,
    }
}

/// Returns the sizes of a payload's parts, without decoding it; `None` if it has no parts.
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
        #[cfg(feature = "language")]
        (Method::Language, Some(usage)) => {
            return crate::method::language::sections(payload, usage, spec, chunk).map(Some);
        }
        (Method::Stored | Method::Constant | Method::Language, _) => return Ok(None),
    };
    Ok(Some(Sections {
        token_bytes: tokens.len() as u64,
        plane_bytes: planes.len() as u64,
        planes: kinds,
    }))
}
