//! Starting the threads of a decoder, once there is memory for a chunk.

use std::io::Read;
use std::sync::Arc;

use super::Decoder;
use super::intake::{Decoded, Job};
use crate::container::MAX_BLOCK;
use crate::container::source::SourceKind;
use crate::error::{Error, ErrorKind, Result};
use crate::stream::packets::{ChunkDecoder, chunk_memory};
use crate::stream::parallel::{self, Ordered};

impl<R: Read> Decoder<R> {
    /// Starts the threads, once it is known that there is memory for a chunk.
    pub(super) fn start_pool(&mut self) -> Result<()> {
        if self.intake.pool.is_some() {
            return Ok(());
        }
        self.find_model()?;
        let chunk = self.chunk_memory()?;
        // Two chunks per thread are under way, as far as there is memory for them. With a
        // language model, the segments of one chunk keep all threads busy.
        let memory = self.options.limits.memory - self.aside;
        let room = usize::try_from(memory / (chunk - self.aside)).unwrap_or(usize::MAX);
        let provisional = self.options.provisional && self.recovery.is_none();
        let threads = match self.coder {
            _ if provisional => 1,
            Some(_) => 1,
            None => parallel::threads(self.options.threads).min(room / 2),
        };
        let stream = Arc::clone(&self.intake.items.stream);
        let chunks = ChunkDecoder::for_stream(stream, self.coder.clone());
        self.intake.pool = Some(Ordered::new(threads, move |Job { chunk, payload }: Job| {
            Ok(match provisional {
                true => Decoded::Begun(Box::new(chunks.begin_payload(&chunk, &payload)?)),
                false => Decoded::Whole(chunks.decode_payload(&chunk, &payload)?),
            })
        }));
        Ok(())
    }

    /// Bytes of memory that decoding a chunk may take, if the limits allow them.
    fn chunk_memory(&self) -> Result<u64> {
        let needed = self.memory_with(self.coder.as_ref().map_or(0, |coder| coder.memory()));
        let allowed = self.options.limits.memory;
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(needed)
    }

    /// Bytes of memory that decoding a chunk may take with a language model that takes `model`
    /// bytes.
    pub(super) fn memory_with(&self, model: u64) -> u64 {
        let info = &self.info;
        // Recovery may hold one chunk back, and then decode two at once.
        let pcm = info.chunk_frames * info.spec.frame_bytes() as u64;
        let held = if self.recovery.is_some() { 2 * pcm } else { 0 };
        // Blocks of decisions that are read together with a chunk.
        let blocks = if info.source == SourceKind::Flac { 2 * MAX_BLOCK as u64 } else { 0 };
        chunk_memory(&info.spec, info.chunk_frames)
            + held
            + model
            + info.head_bytes
            + self.tags.bytes()
            + blocks
            + self.aside
    }

    /// Leaves memory for what the audio becomes: this many bytes.
    pub(crate) fn set_aside(&mut self, bytes: u64) {
        self.aside = bytes;
    }
}
