//! The seam that every format of files implements.

use crate::audio::AudioSpec;
use crate::container::source::SourceKind;
use crate::error::Result;

/// Bytes at the start of a file that tell its format.
pub(crate) const START: usize = 40;

/// A format of files.
pub(crate) trait Format: Sync {
    /// A parser for the head of a file that begins with `start`: [`START`] bytes, or all that
    /// the file has. `None` for files of other formats.
    fn recognise(&self, start: &[u8]) -> Option<Box<dyn HeadParser>>;

    /// Whether sources of this kind are files of this format.
    fn has(&self, kind: SourceKind) -> bool;

    /// The kind of source that a file with this head is, if its parser does not say.
    fn kind(&self, head: &[u8], spec: &AudioSpec, declared_frames: Option<u64>) -> SourceKind;

    /// The head of a file, if it follows from the header of its stream; `None` if the stream
    /// keeps it in blocks.
    fn implied_head(
        &self,
        kind: SourceKind,
        spec: &AudioSpec,
        declared_frames: Option<u64>,
    ) -> Option<Vec<u8>>;
}

/// Parses the head of a file while it arrives.
pub(crate) trait HeadParser {
    /// Goes on with the file's bytes from the first one on, as many as have arrived.
    fn advance(&mut self, bytes: &[u8]) -> Result<Progress>;
}

/// How far a head was parsed.
pub(crate) enum Progress {
    Done(Head),
    /// This many bytes of the file are needed; if it has fewer, the result is `or_else`.
    Needs {
        bytes: usize,
        or_else: Result<Head>,
    },
}

/// What a head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its bytes: all before the audio.
    pub(crate) length: usize,
    pub(crate) spec: AudioSpec,
    /// Bytes of audio, if the head tells.
    pub(crate) audio_bytes: Option<u64>,
    /// The kind of source, if it does not depend on the bytes of the head.
    pub(crate) kind: Option<SourceKind>,
}
