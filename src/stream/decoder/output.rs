//! The side of a decoder that hands audio out.

use bytes::{Buf, Bytes};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::stream::digest::AudioDigest;
use crate::stream::info::StreamInfo;

/// How far the audio that came out was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// The end was not reached yet.
    Unfinished,
    /// All audio matches the checksums of its chunks, and the MD5 of the whole.
    Md5([u8; 16]),
    /// All audio matches the checksums of its chunks; the stream has no MD5.
    Chunks,
    /// The audio that came out matches the checksums of its chunks; some was skipped.
    Partial,
    /// Some audio was lost and replaced with silence.
    Damaged,
}

pub(super) struct Output {
    frame_bytes: usize,
    /// PCM that was decoded and not taken yet.
    pub(super) current: Bytes,
    /// Frames that were handed out or skipped.
    pub(super) handed: u64,
    /// Frames before this one are not handed out.
    wanted_from: u64,
    /// The MD5 of everything so far, if it began with the first frame.
    digest: Option<AudioDigest>,
    pub(super) verification: Verification,
}

impl Output {
    pub(super) fn new(info: &StreamInfo) -> Self {
        Output {
            frame_bytes: info.spec.frame_bytes(),
            current: Bytes::new(),
            handed: 0,
            wanted_from: 0,
            digest: info.has_md5.then(|| AudioDigest::new(&info.spec)),
            verification: Verification::Unfinished,
        }
    }

    /// The output of frames from `wanted` on, where the next chunk begins at `first`.
    pub(super) fn from(info: &StreamInfo, first: u64, wanted: u64) -> Self {
        let mut output = Output { handed: first, wanted_from: wanted, ..Self::new(info) };
        output.digest.take_if(|_| wanted > 0);
        output
    }

    /// The frame that comes out next.
    pub(super) fn position(&self) -> u64 {
        let waiting = self.current.len().div_ceil(self.frame_bytes);
        (self.handed - waiting as u64).max(self.wanted_from)
    }

    /// Skips this many frames, or all that are left.
    pub(super) fn skip(&mut self, frames: u64) {
        if frames == 0 {
            return;
        }
        let target = self.position().saturating_add(frames);
        let bytes = frames.saturating_mul(self.frame_bytes as u64);
        self.current.advance(bytes.min(self.current.len() as u64) as usize);
        self.wanted_from = self.wanted_from.max(target);
    }

    /// Counts PCM and drops what was skipped; `None` if that is all of it.
    pub(super) fn take(&mut self, mut pcm: Bytes) -> Option<Bytes> {
        if let Some(digest) = &mut self.digest {
            digest.update(&pcm);
        }
        let first = self.handed;
        self.handed += (pcm.len() / self.frame_bytes) as u64;
        let skipped = self.wanted_from.saturating_sub(first);
        let skipped = skipped.saturating_mul(self.frame_bytes as u64);
        pcm.advance(skipped.min(pcm.len() as u64) as usize);
        (!pcm.is_empty()).then_some(pcm)
    }

    /// Compares everything with the MD5 of the trailer; `all_read` tells whether every chunk
    /// went through here.
    pub(super) fn verify(&mut self, md5: Option<[u8; 16]>, all_read: bool) -> Result<Verification> {
        let actual = self.digest.take().map(AudioDigest::finish);
        let skipped = self.wanted_from > 0;
        // Skipping goes no further than to the end.
        self.wanted_from = self.wanted_from.min(self.handed);
        let wholly = |verification| if skipped { Verification::Partial } else { verification };
        match (actual, md5) {
            _ if !all_read => Ok(Verification::Partial),
            (Some(actual), Some(md5)) if actual == md5 => Ok(wholly(Verification::Md5(md5))),
            (_, None) => Ok(wholly(Verification::Chunks)),
            _ => Err(Error::new(ErrorKind::Checksum("MD5 of the audio")).at(Place::Trailer)),
        }
    }
}
