//! One chunk to a payload and back: pure, the same bytes wherever it runs.
//!
//! Read this after `lib.rs`; `spec/coding.md` says the same in words.

use bytes::Bytes;

use crate::audio::AudioSpec;
use crate::container::item::ChunkHeader;
use crate::error::Result;
use crate::model::{Method, constant, light};
use crate::options::Preset;
use crate::planes::{Layout, Mapping, wasted_bits};
use crate::stats::Sections;

/// A chunk's audio in its coded form.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    pub(crate) method: Method,
    pub(crate) mapping: Mapping,
    pub(crate) wasted: u8,
    pub(crate) payload: Bytes,
}

/// Codes the PCM of one or more whole frames in the smallest way that the preset knows.
pub(crate) fn encode(
    pcm: &Bytes,
    spec: &AudioSpec,
    preset: Preset,
    mapping: Option<Mapping>,
) -> Coded {
    let plain =
        |method, payload| Coded { method, mapping: Mapping::TwosComplement, wasted: 0, payload };
    if let Some(payload) = constant::encode(pcm, spec) {
        return plain(Method::Constant, payload);
    }
    if preset == Preset::Light {
        // Not all bits are wasted: the chunk would be constant.
        let wasted = wasted_bits(pcm, spec.format) as u8;
        let (settings, payload) = light::encode(pcm, spec, wasted, mapping);
        if payload.len() < pcm.len() {
            return Coded {
                method: Method::Light,
                mapping: settings.mapping,
                wasted: settings.wasted,
                payload: payload.into(),
            };
        }
    }
    plain(Method::Stored, pcm.clone())
}

/// The PCM of a chunk.
pub(crate) fn decode(chunk: &ChunkHeader, payload: &Bytes, spec: &AudioSpec) -> Result<Bytes> {
    let frames = chunk.frames as usize;
    match chunk.method {
        Method::Stored if payload.len() == frames * spec.frame_bytes() => Ok(payload.clone()),
        Method::Stored => Err(crate::Error::malformed("stored audio of the wrong length")),
        Method::Constant => constant::decode(payload, frames, spec),
        Method::Light => {
            let settings = light::Settings { mapping: chunk.mapping, wasted: chunk.wasted };
            light::decode(payload, frames, spec, settings).map(Bytes::from)
        }
    }
}

/// What a payload is made of, without decoding it.
pub(crate) fn sections(
    chunk: &ChunkHeader,
    payload: &[u8],
    spec: &AudioSpec,
) -> Result<Option<Sections>> {
    if chunk.method != Method::Light {
        return Ok(None);
    }
    let layout = Layout::new(spec.format, chunk.wasted);
    let frames = chunk.frames as usize;
    let parts = light::Parts::split(payload, frames, spec, layout, chunk.mapping)?;
    Ok(Some(Sections {
        token_bytes: parts.tokens.len() as u64,
        plane_bytes: parts.planes.len() as u64,
        planes: parts.kinds(),
    }))
}
