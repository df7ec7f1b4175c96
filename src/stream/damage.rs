//! What recovery lost of a damaged stream.

use std::ops::Range;

use crate::error::Error;

/// Ranges of lost frames that are listed one by one.
const LISTED: usize = 10_000;

/// What recovery lost of a damaged stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The message of the first error.
    pub first_error: Option<String>,
    /// Ranges of frames that were replaced with silence: the first ten thousand.
    pub lost: Vec<Range<u64>>,
    /// Frames that were replaced with silence.
    pub lost_frames: u64,
    /// Bytes that belong to no whole item.
    pub skipped_bytes: u64,
    /// Whole chunks that were left out: doubled, or too far out of order.
    pub dropped_chunks: u64,
    /// The stream ends without a trailer; more may have followed.
    pub truncated: bool,
    /// The header was replaced with its copy in the trailer.
    pub header_restored: bool,
    /// A wrong byte of the header was found by its checksum and repaired.
    pub header_repaired: bool,
    /// Bytes of the source file before the audio are lost.
    pub head_lost: bool,
    /// Bytes of the source file after the audio are lost.
    pub tail_lost: bool,
    /// The trailer counts a number of frames that the stream cannot have.
    pub wrong_total: bool,
    /// All chunks match their checksums, but the whole does not match the trailer's MD5.
    pub wrong_md5: bool,
}

impl Damage {
    /// No damage.
    pub(crate) const NONE: &Damage = &Damage {
        first_error: None,
        lost: Vec::new(),
        lost_frames: 0,
        skipped_bytes: 0,
        dropped_chunks: 0,
        truncated: false,
        header_restored: false,
        header_repaired: false,
        head_lost: false,
        tail_lost: false,
        wrong_total: false,
        wrong_md5: false,
    };

    /// Returns whether anything was damaged.
    pub fn any(&self) -> bool {
        self != Damage::NONE
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
