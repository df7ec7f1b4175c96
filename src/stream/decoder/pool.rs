//! Decoding chunks on several threads.

use bytes::Bytes;

use crate::chunk_codec;
use crate::container::header::Sealed;
use crate::container::item::ChunkHeader;
use crate::error::{Error, ErrorKind, Result};
use crate::method::model::ModelCoder;
use crate::stream::parallel::Ordered;

/// A chunk to decode.
pub(super) struct Job {
    pub(super) chunk: ChunkHeader,
    pub(super) payload: Bytes,
}

pub(super) type Pool = Ordered<Job, Result<Bytes>>;

pub(super) fn decode_chunk(
    job: &Job,
    stream: &Sealed,
    coder: Option<&dyn ModelCoder>,
) -> Result<Bytes> {
    let pcm = chunk_codec::decode(&job.chunk, &job.payload, &stream.header.spec, coder)?;
    if stream.id.crc(&[&pcm]) != job.chunk.pcm_crc {
        return Err(Error::new(ErrorKind::Checksum("audio")));
    }
    Ok(pcm)
}
