//! One chunk to its audio, without the stream around it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::header::StreamHeader;
use crate::audio::{AudioSpec, Frames, pcm_to_samples, refuse_f64};
use crate::chunk_codec;
use crate::container::header::Sealed;
use crate::container::item::{ChunkHeader, ItemHeader};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::model::ModelCoder;
use crate::stream::models;
use crate::stream::options::DecodeOptions;
use crate::stream::parallel;

/// Decodes the chunks of a stream, each from its own bytes.
///
/// Between chunks it keeps nothing: they come in any order, and several threads may share a
/// decoder or have clones of it.
#[derive(Clone)]
pub struct ChunkDecoder {
    stream: Arc<Sealed>,
    /// Decodes chunks of a language model.
    coder: Option<Arc<dyn ModelCoder>>,
}

/// The audio of a chunk, which matches the chunk's checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodedChunk {
    /// Number of its first frame.
    pub first_frame: u64,
    /// Interleaved little-endian PCM, 8-bit samples unsigned.
    pub pcm: Bytes,
}

impl ChunkDecoder {
    /// Makes a decoder for the stream with this header.
    ///
    /// Fails if the stream needs a language model that is not among those of the options, or if
    /// a chunk may need more memory than their limits allow: several threads need as much each.
    /// The options' threads work on the chunks of language models alone.
    pub fn new(header: &StreamHeader, options: &DecodeOptions) -> Result<Self> {
        let allowed = options.limits.memory;
        let plain = chunk_memory(header.spec(), header.chunk_frames());
        let coder = match header.model() {
            None => None,
            Some(usage) => {
                let model = models::find(&options.models, &usage.id)?;
                let threads = parallel::threads(options.threads);
                Some(models::coder(model, usage, threads, allowed.saturating_sub(plain))?)
            }
        };
        let needed = plain + coder.as_ref().map_or(0, |coder| coder.memory());
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(Self::for_stream(Arc::clone(&header.stream), coder))
    }

    /// Makes a decoder with the coder of the stream's language model.
    pub(crate) fn for_stream(stream: Arc<Sealed>, coder: Option<Arc<dyn ModelCoder>>) -> Self {
        ChunkDecoder { stream, coder }
    }

    /// Decodes a chunk from all of its bytes, which a [`Packet`](super::Packet) has, and checks
    /// its checksums.
    pub fn decode(&self, chunk: &[u8]) -> Result<DecodedChunk> {
        let (header, payload) = ItemHeader::parse_whole_chunk(chunk, &self.stream)?;
        let payload = memory::copied(&chunk[payload])?.into();
        let pcm = self.decode_payload(&header, &payload)?;
        Ok(DecodedChunk { first_frame: header.first_frame, pcm })
    }

    /// Decodes a chunk like [`decode`](Self::decode), and puts its samples into `frames`.
    pub fn decode_frames(&self, chunk: &[u8], frames: &mut Frames) -> Result<()> {
        let spec = &self.stream.header.spec;
        refuse_f64(spec.format)?;
        frames.samples.clear();
        frames.channels = usize::from(spec.channels);
        let decoded = self.decode(chunk)?;
        frames.first_frame = decoded.first_frame;
        pcm_to_samples(&decoded.pcm, spec.format, &mut frames.samples)
    }

    /// Decodes the payload of a chunk and checks the checksum of the audio.
    pub(crate) fn decode_payload(&self, chunk: &ChunkHeader, payload: &Bytes) -> Result<Bytes> {
        let coder = self.coder.as_deref();
        let pcm = chunk_codec::decode(chunk, payload, &self.stream.header.spec, coder)?;
        if self.stream.id.crc(&[&pcm]) != chunk.pcm_crc {
            return Err(Error::new(ErrorKind::Checksum("audio")));
        }
        Ok(pcm)
    }
}

/// Returns the bytes of memory that decoding one chunk may take: its payload while it is read and
/// after, its audio as bytes, as samples of the caller and of a model, and the memory of the
/// method. A language model's are not among them.
pub(crate) fn chunk_memory(spec: &AudioSpec, chunk_frames: u64) -> u64 {
    let pcm = chunk_frames * spec.frame_bytes() as u64;
    let samples = chunk_frames * u64::from(spec.channels);
    3 * pcm + 8 * samples + chunk_codec::decoding_memory(spec)
}

impl fmt::Debug for ChunkDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = &self.stream.header.spec;
        f.debug_struct("ChunkDecoder").field("spec", spec).finish_non_exhaustive()
    }
}
