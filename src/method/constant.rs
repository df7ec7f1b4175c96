//! The constant method, for chunks whose frames are all equal: silence or a constant offset.

use bytes::Bytes;

use crate::audio::AudioSpec;
use crate::error::{Error, Result};
use crate::memory;

/// Encodes a chunk; `None` if its frames are not all equal.
pub(crate) fn encode(pcm: &Bytes, spec: &AudioSpec) -> Option<Bytes> {
    let frame = spec.frame_bytes();
    if pcm.len() < frame || pcm[frame..] != pcm[..pcm.len() - frame] {
        return None;
    }
    let silence = spec.format.silence();
    let silent = pcm[..frame].iter().all(|&byte| byte == silence);
    Some(if silent { Bytes::new() } else { pcm.slice(..frame) })
}

/// Decodes the payload of a chunk of `frames` frames into its PCM.
pub(crate) fn decode(payload: &[u8], frames: usize, spec: &AudioSpec) -> Result<Bytes> {
    let frame = spec.frame_bytes();
    if payload.is_empty() {
        return Ok(memory::filled(spec.format.silence(), frames * frame)?.into());
    }
    if payload.len() != frame {
        return Err(Error::malformed(format!(
            "the constant payload has {} bytes; it must have 0 or the {frame} of a frame",
            payload.len()
        )));
    }
    let whole = frames * frame;
    let mut pcm = memory::room(whole)?;
    pcm.extend_from_slice(payload);
    while pcm.len() < whole {
        let more = pcm.len().min(whole - pcm.len());
        pcm.extend_from_within(..more);
    }
    Ok(pcm.into())
}
