//! The method for chunks of equal frames: silence, and a voltage that stands still.

use bytes::Bytes;

use crate::audio::AudioSpec;
use crate::error::{Error, Result};

/// The payload of a chunk whose frames are all the same.
pub(crate) fn encode(pcm: &Bytes, spec: &AudioSpec) -> Option<Bytes> {
    let frame = spec.frame_bytes();
    if pcm.len() < frame || pcm[frame..] != pcm[..pcm.len() - frame] {
        return None;
    }
    let silence = spec.format.silence();
    let silent = pcm[..frame].iter().all(|&byte| byte == silence);
    Some(if silent { Bytes::new() } else { pcm.slice(..frame) })
}

/// The PCM of a chunk of this many frames.
pub(crate) fn decode(payload: &[u8], frames: usize, spec: &AudioSpec) -> Result<Bytes> {
    let frame = spec.frame_bytes();
    if payload.is_empty() {
        return Ok(vec![spec.format.silence(); frames * frame].into());
    }
    if payload.len() != frame {
        return Err(Error::malformed(format!("{} bytes for one frame", payload.len())));
    }
    Ok(payload.repeat(frames).into())
}
