//! The end of a stream whose chunks were encoded one by one.

use std::fmt;
use std::sync::Arc;

use super::chunk_encoder::ChunkEncoder;
use crate::container::header::Sealed;
use crate::container::item::{ChunkHeader, ItemHeader};
use crate::container::trailer::{Index, IndexEntry, Trailer};
use crate::error::{Error, Result};
use crate::stream::digest::AudioDigest;

/// Makes the trailer of a stream whose chunks a [`ChunkEncoder`] has encoded.
pub struct TrailerBuilder {
    stream: Arc<Sealed>,
    /// Bytes of the stream so far.
    offset: u64,
    frames: u64,
    index: Index,
    digest: Option<AudioDigest>,
}

impl TrailerBuilder {
    /// Begins the trailer of a stream that begins with the encoder's
    /// [`start`](ChunkEncoder::start).
    pub fn new(encoder: &ChunkEncoder) -> Result<Self> {
        let stream = encoder.header().stream;
        let digest = stream.header.has_md5.then(|| AudioDigest::new(&stream.header.spec));
        let offset = encoder.start()?.len() as u64;
        Ok(TrailerBuilder { stream, offset, frames: 0, index: Index::default(), digest })
    }

    /// Takes note of the chunk that follows those so far. Its audio is needed for the MD5 alone,
    /// if the stream has one.
    ///
    /// Fails if these are not the bytes of a chunk of this stream, if it does not begin where the
    /// one before it ends, or if the stream has an MD5 and this is not the chunk's audio.
    pub fn add(&mut self, chunk: &[u8], pcm: &[u8]) -> Result<()> {
        let (header, _) = ItemHeader::parse_whole_chunk(chunk, &self.stream)?;
        let ChunkHeader { first_frame, frames, pcm_crc, .. } = header;
        if first_frame != self.frames {
            let due = self.frames;
            return Err(Error::argument(format!(
                "the chunk begins at frame {first_frame}; frame {due} is due"
            )));
        }
        if let Some(digest) = &mut self.digest {
            if self.stream.id.crc(&[pcm]) != pcm_crc {
                return Err(Error::argument("the audio is not that of the chunk"));
            }
            digest.update(pcm);
        }
        self.index.push(IndexEntry { first_frame, offset: self.offset });
        self.frames += frames;
        self.offset += chunk.len() as u64;
        Ok(())
    }

    /// Returns the bytes of the trailer, the last ones of the stream.
    pub fn finish(self) -> Vec<u8> {
        let trailer = Trailer {
            total_frames: self.frames,
            pad: false,
            tail_length: 0,
            index: self.index,
            md5: self.digest.map(AudioDigest::finish),
        };
        trailer.write(&self.stream)
    }
}

impl fmt::Debug for TrailerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrailerBuilder").field("frames", &self.frames).finish_non_exhaustive()
    }
}
