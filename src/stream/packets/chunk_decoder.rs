//! One chunk to its audio, without the stream around it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use crc32fast::Hasher;

use super::header::StreamHeader;
use crate::audio::{AudioSpec, Frames, pcm_to_samples, refuse_f64};
use crate::chunk_codec;
use crate::container::header::{Header, Sealed};
use crate::container::item::{ChunkHeader, ItemHeader};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::model::ModelCoder;
use crate::stream::models;
use crate::stream::options::{DecodeOptions, Limits};
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

/// The audio of a chunk, or a piece of it.
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
        Self::within(options.limits, Arc::clone(&header.stream), coder)
    }

    /// Makes a decoder with the coder of the stream's language model, if the limits allow it.
    pub(crate) fn within(
        limits: Limits,
        stream: Arc<Sealed>,
        coder: Option<Arc<dyn ModelCoder>>,
    ) -> Result<Self> {
        let Header { spec, chunk_frames, .. } = &stream.header;
        let allowed = limits.memory;
        let needed =
            chunk_memory(spec, *chunk_frames) + coder.as_ref().map_or(0, |coder| coder.memory());
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(Self::for_stream(stream, coder))
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

    /// Begins to decode a chunk, whose audio then comes in pieces.
    pub fn begin(&self, chunk: &[u8]) -> Result<ChunkDecoding> {
        let (header, payload) = ItemHeader::parse_whole_chunk(chunk, &self.stream)?;
        self.begin_payload(&header, &memory::copied(&chunk[payload])?.into())
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
        let mut decoding = self.begin_payload(chunk, payload)?;
        let decoded = decoding.next_frames(chunk.frames)?;
        Ok(decoded.map_or_else(Bytes::new, |decoded| decoded.pcm))
    }

    pub(crate) fn begin_payload(
        &self,
        chunk: &ChunkHeader,
        payload: &Bytes,
    ) -> Result<ChunkDecoding> {
        let spec = &self.stream.header.spec;
        Ok(ChunkDecoding {
            decoding: chunk_codec::Decoding::new(chunk, payload, spec, self.coder.as_deref())?,
            frame_bytes: spec.frame_bytes(),
            first_frame: chunk.first_frame,
            next_frame: chunk.first_frame,
            end: chunk.first_frame + chunk.frames,
            hasher: self.stream.id.hasher(),
            pcm_crc: chunk.pcm_crc,
            failed: false,
        })
    }
}

/// A chunk whose audio comes in pieces, from [`ChunkDecoder::begin`].
///
/// All pieces but the last are provisional: only with the last one it turns out whether the audio
/// of the chunk matches its checksum.
pub struct ChunkDecoding {
    decoding: chunk_codec::Decoding,
    frame_bytes: usize,
    first_frame: u64,
    /// The number of the frame that comes next.
    next_frame: u64,
    /// The number of the frame behind the chunk.
    end: u64,
    /// The CRC of the audio so far.
    hasher: Hasher,
    pcm_crc: u32,
    failed: bool,
}

impl ChunkDecoding {
    /// Decodes the next frames, at most so many, but at least one; `None` behind the last one.
    ///
    /// The last frames come only if the audio of the whole chunk matches its checksum. Floats that
    /// are stored as integers with a scale come whole, however many frames are asked for. A chunk
    /// of a language model is decoded whole when it is begun.
    pub fn next_frames(&mut self, most: u64) -> Result<Option<DecodedChunk>> {
        if self.failed {
            return Err(Error::new(ErrorKind::AlreadyFailed));
        }
        let decoded = self.try_next_frames(most);
        self.failed = decoded.is_err();
        decoded
    }

    fn try_next_frames(&mut self, most: u64) -> Result<Option<DecodedChunk>> {
        let first_frame = self.next_frame;
        let left = self.end - first_frame;
        if left == 0 {
            return Ok(None);
        }
        let pcm = self.decoding.next(most.clamp(1, left) as usize)?;
        self.hasher.update(&pcm);
        self.next_frame += (pcm.len() / self.frame_bytes) as u64;
        if self.is_done() && self.hasher.clone().finalize() != self.pcm_crc {
            return Err(Error::new(ErrorKind::Checksum("audio")));
        }
        Ok(Some(DecodedChunk { first_frame, pcm }))
    }

    /// Returns the number of the chunk's first frame.
    pub fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Returns whether all frames came.
    pub fn is_done(&self) -> bool {
        self.next_frame == self.end
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

impl fmt::Debug for ChunkDecoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frames = self.next_frame..self.end;
        f.debug_struct("ChunkDecoding").field("frames", &frames).finish_non_exhaustive()
    }
}
