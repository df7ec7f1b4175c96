//! The header, without which no packet can be read.

use std::fmt;
use std::sync::Arc;

use crate::audio::AudioSpec;
use crate::container::MAGIC;
use crate::container::header::{Header, Sealed};
use crate::container::source::SourceKind;
use crate::error::{Error, Place, Result};
use crate::method::identity::ModelUse;

/// The header of a stream: all that a chunk needs to be decoded, beside its own bytes and a
/// language model.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamHeader {
    pub(crate) stream: Arc<Sealed>,
}

impl StreamHeader {
    /// Reads a header from its bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let stream = Header::parse(bytes)?;
        if stream.bytes.len() < bytes.len() {
            let (length, all) = (stream.bytes.len(), bytes.len());
            let message = format!("the header has {length} bytes, not {all}");
            return Err(Error::argument(message).at(Place::Header));
        }
        Ok(StreamHeader { stream: Arc::new(stream) })
    }

    /// Returns the bytes of the header, with which each stream begins.
    pub fn bytes(&self) -> &[u8] {
        &self.stream.bytes
    }

    /// Returns the version of the format that the stream has, major and minor.
    pub fn version(&self) -> (u8, u8) {
        // It stands behind the magic; a header without it is not parsed.
        (self.stream.bytes[MAGIC.len()], self.stream.bytes[MAGIC.len() + 1])
    }

    /// Returns the format of the audio.
    pub fn spec(&self) -> &AudioSpec {
        &self.stream.header.spec
    }

    /// Returns the kind of file that the audio came from.
    pub fn source(&self) -> SourceKind {
        self.stream.header.source
    }

    /// Returns the most frames of a chunk.
    pub fn chunk_frames(&self) -> u64 {
        self.stream.header.chunk_frames
    }

    /// Returns the length that was announced before encoding. The audio may be longer or shorter.
    pub fn declared_frames(&self) -> Option<u64> {
        self.stream.header.declared_frames
    }

    /// Returns whether the trailer holds the MD5 of the audio.
    pub fn has_md5(&self) -> bool {
        self.stream.header.has_md5
    }

    /// Returns the language model that the stream needs, and how the stream uses it.
    pub fn model(&self) -> Option<&ModelUse> {
        self.stream.header.model.as_ref()
    }
}

impl fmt::Debug for StreamHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamHeader")
            .field("spec", self.spec())
            .field("source", &self.source())
            .finish_non_exhaustive()
    }
}
