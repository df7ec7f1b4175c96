//! What a stream says about itself before its first chunk.

use crate::audio::AudioSpec;
use crate::container::header::Header;
use crate::container::source::SourceKind;
use crate::method::identity::ModelUse;

/// What a stream says about itself before its first chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// The format of the audio.
    pub spec: AudioSpec,
    /// The kind of file that the audio came from.
    pub source: SourceKind,
    /// The most frames of a chunk.
    pub chunk_frames: u64,
    /// The length that was announced before encoding. The audio may be longer or shorter.
    pub declared_frames: Option<u64>,
    /// Whether the trailer holds the MD5 of the audio.
    pub has_md5: bool,
    /// Bytes of the source file before the audio that the stream keeps in blocks.
    pub head_bytes: u64,
    /// The language model that the stream needs, and how the stream uses it.
    pub model: Option<ModelUse>,
}

impl StreamInfo {
    pub(crate) fn new(header: &Header, head_bytes: u64) -> Self {
        StreamInfo {
            spec: header.spec,
            source: header.source,
            chunk_frames: header.chunk_frames,
            declared_frames: header.declared_frames,
            has_md5: header.has_md5,
            head_bytes,
            model: header.model.clone(),
        }
    }
}
