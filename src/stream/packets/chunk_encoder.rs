//! Audio to one chunk, without the stream around it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::header::StreamHeader;
use crate::audio::AudioSpec;
use crate::chunk_codec::{self, Choices};
use crate::container::header::{Header, Sealed};
use crate::container::item::{ChunkHeader, block, check_frames, write_blocks};
use crate::container::source::SourceKind;
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::Method;
use crate::method::model::ModelCoder;
use crate::method::verify::Verify;
use crate::stream::options::EncodeOptions;

/// Encodes the chunks of a stream, each on its own, for programs that write streams themselves.
///
/// A stream is [`start`](Self::start), chunks in the order of their frames, and the bytes of a
/// [`TrailerBuilder`](super::TrailerBuilder). Between chunks the encoder keeps nothing: they may
/// be encoded in any order, several threads may share an encoder, and several machines may have
/// one each, made of the same description, options and salt.
///
/// ```
/// use lmac::packets::{ChunkEncoder, TrailerBuilder};
/// use lmac::{AudioSpec, EncodeOptions, SampleFormat};
///
/// let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
/// let encoder = ChunkEncoder::new(spec, &EncodeOptions::default(), 7)?;
/// let mut stream = encoder.start()?;
/// let mut trailer = TrailerBuilder::new(&encoder)?;
/// for (first_frame, pcm) in [(0, [1, 0, 2, 0].as_slice()), (2, &[3, 0])] {
///     let chunk = encoder.encode(first_frame, pcm)?;
///     trailer.add(&chunk, pcm)?;
///     stream.extend(chunk);
/// }
/// stream.extend(trailer.finish());
/// assert_eq!(lmac::decode(&stream)?, (spec, vec![1, 2, 3]));
/// # Ok::<(), lmac::Error>(())
/// ```
#[derive(Clone)]
pub struct ChunkEncoder {
    stream: Arc<Sealed>,
    choices: Choices,
    coder: Option<Arc<dyn ModelCoder>>,
    /// The data of the tags blocks.
    tags: Bytes,
}

/// A chunk in the parts that are written one after the other.
pub(crate) struct ChunkParts {
    pub(crate) header: ChunkHeader,
    /// The bytes before the payload.
    pub(crate) head: Vec<u8>,
    pub(crate) payload: Bytes,
    pub(crate) crc: u32,
}

impl ChunkEncoder {
    /// Makes an encoder for a stream of this audio.
    ///
    /// `salt` goes into the header, and makes the checksums of this stream differ from those of
    /// another one of the same format: recovery then never mixes the chunks of two streams. It is
    /// best random, or a checksum of the audio.
    pub fn new(spec: AudioSpec, options: &EncodeOptions, salt: u32) -> Result<Self> {
        spec.validate()?;
        let chunk_frames = options.chunk_frames(&spec)?;
        let coder = options.coder(&spec, chunk_frames)?;
        let stream = Header {
            spec,
            source: SourceKind::Samples,
            chunk_frames,
            declared_frames: options.declared_frames,
            has_md5: options.md5,
            model: coder.as_ref().map(|coder| coder.usage().clone()),
            salt,
        }
        .seal();
        let tags = options.tags_run()?.into();
        Ok(ChunkEncoder { stream: Arc::new(stream), choices: options.choices(), coder, tags })
    }

    /// Makes an encoder for a stream with this header.
    pub(crate) fn for_stream(
        stream: Arc<Sealed>,
        choices: Choices,
        coder: Option<Arc<dyn ModelCoder>>,
    ) -> Self {
        ChunkEncoder { stream, choices, coder, tags: Bytes::new() }
    }

    /// Returns the header of the stream.
    pub fn header(&self) -> StreamHeader {
        StreamHeader { stream: Arc::clone(&self.stream) }
    }

    /// Returns the bytes before the first chunk: the header, and the tags of the options.
    pub fn start(&self) -> Result<Vec<u8>> {
        let mut start = memory::copied(&self.stream.bytes)?;
        write_blocks(block::TAGS, &self.tags, self.stream.id, |block| {
            memory::append(&mut start, block)
        })?;
        Ok(start)
    }

    /// Encodes a chunk of interleaved little-endian PCM that begins with this frame.
    ///
    /// Fails if the PCM is not whole frames, or if there are none or more than
    /// [`chunk_frames`](StreamHeader::chunk_frames) of them.
    pub fn encode(&self, first_frame: u64, pcm: &[u8]) -> Result<Vec<u8>> {
        let Header { spec, chunk_frames, .. } = &self.stream.header;
        let (frame_bytes, length) = (spec.frame_bytes(), pcm.len());
        let frames = (length / frame_bytes) as u64;
        if length % frame_bytes != 0 {
            return Err(Error::argument(format!(
                "{length} bytes of PCM are not whole frames of {frame_bytes} bytes"
            )));
        }
        check_frames(first_frame, frames, *chunk_frames).map_err(Error::argument)?;
        let parts = self.encode_parts(first_frame, &memory::copied(pcm)?.into())?;
        let mut bytes = parts.head;
        memory::append(&mut bytes, &parts.payload)?;
        memory::append(&mut bytes, &parts.crc.to_le_bytes())?;
        Ok(bytes)
    }

    pub(crate) fn encode_parts(&self, first_frame: u64, pcm: &Bytes) -> Result<ChunkParts> {
        let (spec, choices) = (&self.stream.header.spec, self.choices);
        let coder = self.coder.as_deref();
        let coded = chunk_codec::encode(pcm, first_frame, spec, choices, coder)?;
        let header = ChunkHeader {
            first_frame,
            frames: (pcm.len() / spec.frame_bytes()) as u64,
            method: coded.method,
            mapping: coded.mapping,
            wasted: coded.wasted,
            payload_length: coded.payload.len() as u64,
            pcm_crc: self.stream.id.crc(&[pcm]),
        };
        // The language method verifies its chunks itself.
        if choices.verify != Verify::No && coded.method != Method::Language {
            match chunk_codec::decode(&header, &coded.payload, spec, None) {
                Ok(decoded) if decoded == *pcm => {}
                Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                    return Err(error);
                }
                _ => return Err(Error::new(ErrorKind::Verification)),
            }
        }
        let head = header.write(&self.stream.header);
        let crc = self.stream.id.crc(&[&head, &coded.payload]);
        Ok(ChunkParts { header, head, payload: coded.payload, crc })
    }
}

impl fmt::Debug for ChunkEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkEncoder")
            .field("spec", &self.stream.header.spec)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}
