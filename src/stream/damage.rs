//! What recovery could not save.

use std::ops::Range;

use crate::error::Error;

/// Ranges of lost frames that are listed one by one.
const LISTED: usize = 10_000;

/// What was lost of a damaged stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The first error, in words.
    pub first_error: Option<String>,
    /// Ranges of frames that were replaced with silence: the first ten thousand.
    pub lost: Vec<Range<u64>>,
    /// Frames that were replaced with silence.
    pub lost_frames: u64,
    /// Bytes that belong to nothing that could be read.
    pub skipped_bytes: u64,
    /// Chunks that were whole and yet fitted nowhere: doubled, or out of order.
    pub dropped_chunks: u64,
    /// The stream ends without a trailer; more may have followed.
    pub truncated: bool,
    /// The header was replaced with its copy in the trailer.
    pub header_restored: bool,
    /// A wrong byte of the header was found by its checksum, and set right.
    pub header_repaired: bool,
    /// Bytes of the source file before the audio are lost.
    pub head_lost: bool,
    /// Bytes of the source file after the audio are lost.
    pub tail_lost: bool,
    /// The trailer counts another number of frames than could be there.
    pub wrong_total: bool,
    /// All chunks are good, and yet the whole is not what the trailer's MD5 says.
    pub wrong_md5: bool,
}

impl Damage {
    /// Whether there was any.
    pub fn any(&self) -> bool {
        *self != Damage::default()
    }

    pub(crate) fn note(&mut self, error: &Error) {
        self.first_error.get_or_insert_with(|| error.to_string());
    }

    pub(crate) fn lose(&mut self, first_frame: u64, frames: u64) {
        self.lost_frames += frames;
        let end = first_frame + frames;
        let room = self.lost.len() < LISTED;
        match self.lost.last_mut() {
            Some(last) if last.end == first_frame => last.end = end,
            _ if room => self.lost.push(first_frame..end),
            _ => {}
        }
    }
}
