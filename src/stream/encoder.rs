//! The encoder: audio to a stream.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;

use crate::audio::{AudioSpec, samples_to_pcm};
use crate::container::MAX_BLOCK;
use crate::container::header::{Header, Sealed};
use crate::container::item::{block, write_block, write_blocks};
use crate::container::source::SourceKind;
use crate::container::trailer::{Index, IndexEntry, Trailer};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::method::model::ModelCoder;
use crate::stream::digest::AudioDigest;
use crate::stream::info::StreamInfo;
use crate::stream::options::EncodeOptions;
use crate::stream::packets::{ChunkEncoder, ChunkParts};
use crate::stream::parallel::{self, Ordered};
use crate::stream::stats::{FlacFindings, Stats};

/// Samples of a block of conversion.
const SAMPLE_BLOCK: usize = 4096;

/// The most bytes that are reserved for a chunk before its audio comes.
const RESERVE: usize = 32 << 20;

/// Encodes audio into a stream, in one pass and in the memory of a few chunks.
///
/// Audio comes as samples through [`write_samples`](Encoder::write_samples), or as
/// interleaved little-endian PCM bytes through [`Write`], in any split. The first chunk is
/// written when it is whole. The stream is complete after [`finish`](Encoder::finish); without
/// it, decoders report a truncated stream.
///
/// ```
/// use lmac::{AudioSpec, Encoder, SampleFormat};
///
/// let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
/// let mut encoder = Encoder::new(Vec::new(), spec)?;
/// encoder.write_samples(&[0, 500, 900, 1100])?;
/// let finished = encoder.finish()?;
/// assert_eq!(finished.stats.frames, 4);
/// let stream: Vec<u8> = finished.writer;
/// # assert_eq!(lmac::decode(&stream)?.1, [0, 500, 900, 1100]);
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct Encoder<W: Write> {
    writer: W,
    spec: AudioSpec,
    source: SourceHead,
    /// The data of the tags blocks.
    tags: Vec<u8>,
    options: EncodeOptions,
    /// The coder of the language model.
    coder: Option<Arc<dyn ModelCoder>>,
    chunk_frames: u64,
    /// PCM that waits until its chunk is full; always less than one chunk.
    gathered: Vec<u8>,
    /// Frames in the chunks that were cut.
    cut_frames: u64,
    /// Chunks that were cut.
    cut_chunks: u64,
    /// The header and the threads, from the first chunk on.
    started: Option<Started>,
    digest: Option<AudioDigest>,
    index: Index,
    /// Blocks of decisions, each with the number of the chunk that it stands before.
    decisions: VecDeque<(u64, Bytes)>,
    /// Bytes of the source file's tail that are in no block yet.
    tail: Vec<u8>,
    tail_length: u64,
    stats: Stats,
    failed: bool,
}

struct Started {
    stream: Arc<Sealed>,
    head_bytes: u64,
    /// Each result comes with the bytes of its PCM.
    pool: Ordered<Job, Result<(ChunkParts, u64)>>,
}

/// The head that a stream keeps of its source file.
pub(crate) struct SourceHead {
    pub(crate) kind: SourceKind,
    /// The bytes before the audio, unless they follow from the header.
    pub(crate) bytes: Bytes,
}

/// A finished stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished<W> {
    /// The writer that the encoder was given.
    pub writer: W,
    /// What the stream says about itself before its first chunk.
    pub info: StreamInfo,
    /// The sizes of its parts.
    pub stats: Stats,
    /// MD5 of the audio, as FLAC defines it.
    pub md5: Option<[u8; 16]>,
    /// What was found in a FLAC file, if the source was one.
    pub flac: Option<FlacFindings>,
}

impl<W> Finished<W> {
    /// Drops the writer and keeps the rest.
    pub fn without_writer(self) -> Finished<()> {
        let Finished { writer: _, info, stats, md5, flac } = self;
        Finished { writer: (), info, stats, md5, flac }
    }
}

struct Job {
    first_frame: u64,
    pcm: Bytes,
}

impl<W: Write> Encoder<W> {
    /// Makes an encoder with the default options.
    pub fn new(writer: W, spec: AudioSpec) -> Result<Self> {
        Self::with_options(writer, spec, EncodeOptions::default())
    }

    /// Makes an encoder with these options.
    pub fn with_options(writer: W, spec: AudioSpec, options: EncodeOptions) -> Result<Self> {
        let source = SourceHead { kind: SourceKind::Samples, bytes: Bytes::new() };
        Self::for_source(writer, spec, options, source)
    }

    /// Makes an encoder for the audio of a file that can be restored.
    pub(crate) fn for_source(
        writer: W,
        spec: AudioSpec,
        options: EncodeOptions,
        source: SourceHead,
    ) -> Result<Self> {
        spec.validate()?;
        let chunk_frames = options.chunk_frames(&spec)?;
        Ok(Encoder {
            coder: options.coder(&spec, chunk_frames)?,
            writer,
            spec,
            source,
            tags: options.tags_run()?,
            chunk_frames,
            gathered: Vec::new(),
            cut_frames: 0,
            started: None,
            digest: options.md5.then(|| AudioDigest::new(&spec)),
            options,
            index: Index::default(),
            decisions: VecDeque::new(),
            cut_chunks: 0,
            tail: Vec::new(),
            tail_length: 0,
            stats: Stats::default(),
            failed: false,
        })
    }

    /// Returns the description of the audio.
    pub fn spec(&self) -> &AudioSpec {
        &self.spec
    }

    /// Encodes interleaved samples: signed integers, 8-bit ones centred on zero, or the bits of
    /// 32-bit floats. 64-bit floats go through [`Write`] alone.
    ///
    /// A sample that does not fit the format is an error. After any error the stream cannot go
    /// on.
    pub fn write_samples(&mut self, interleaved: &[i32]) -> Result<()> {
        self.guarded(|encoder| {
            let mut pcm = Vec::with_capacity(4 * SAMPLE_BLOCK.min(interleaved.len()));
            for block in interleaved.chunks(SAMPLE_BLOCK) {
                pcm.clear();
                samples_to_pcm(block, encoder.spec.format, &mut pcm)?;
                encoder.take_pcm(&pcm)?;
            }
            Ok(())
        })
    }

    /// Ends the chunk here and writes it, so that a decoder can decode all audio so far. This
    /// is for live streams.
    pub fn end_chunk(&mut self) -> Result<()> {
        self.guarded(|encoder| {
            let whole = encoder.gathered.len() / encoder.spec.frame_bytes();
            if whole > 0 {
                encoder.cut(whole)?;
            }
            encoder.drain(0)?;
            encoder.write_decisions_before(encoder.cut_chunks)?;
            Ok(encoder.writer.flush()?)
        })
    }

    /// Writes the rest and the trailer, and returns the writer.
    pub fn finish(mut self) -> Result<Finished<W>> {
        let (info, md5) = self.guarded(Self::write_rest)?;
        Ok(Finished { writer: self.writer, info, stats: self.stats, md5, flac: None })
    }

    /// Whether so many more bytes of PCM end the chunk at hand.
    pub(crate) fn ends_chunk(&self, bytes: usize) -> bool {
        self.gathered.len() + bytes >= self.chunk_frames as usize * self.spec.frame_bytes()
    }

    /// Bytes of decisions that stand before the chunk at hand.
    pub(crate) fn waiting_decisions(&self) -> u64 {
        let waiting = self.decisions.iter().rev();
        let waiting = waiting.take_while(|(before, _)| *before == self.cut_chunks);
        waiting.map(|(_, data)| data.len() as u64).sum()
    }

    /// Keeps decisions of the encoder of a FLAC file before the chunk at hand, in one block.
    pub(crate) fn write_decisions(&mut self, data: Bytes) -> Result<()> {
        if data.len() > MAX_BLOCK {
            let message = format!("the decisions of a FLAC file take {} bytes", data.len());
            return Err(Error::input(message));
        }
        self.decisions.push_back((self.cut_chunks, data));
        Ok(())
    }

    /// Keeps bytes of the source file's tail. No audio comes after them.
    pub(crate) fn write_tail(&mut self, bytes: &[u8]) -> Result<()> {
        self.guarded(|encoder| {
            for part in bytes.chunks(MAX_BLOCK) {
                memory::append(&mut encoder.tail, part)?;
                encoder.tail_length += part.len() as u64;
                if encoder.tail.len() >= MAX_BLOCK {
                    encoder.cut_rest()?;
                    let rest = memory::copied(&encoder.tail[MAX_BLOCK..])?;
                    encoder.tail.truncate(MAX_BLOCK);
                    let block = std::mem::replace(&mut encoder.tail, rest);
                    encoder.write_tail_block(&block)?;
                }
            }
            Ok(())
        })
    }

    /// Takes a step, unless an earlier one failed.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.failed {
            return Err(Error::new(ErrorKind::AlreadyFailed));
        }
        let result = step(self);
        self.failed = result.is_err();
        result
    }

    fn take_pcm(&mut self, mut pcm: &[u8]) -> Result<()> {
        let full = self.chunk_frames as usize * self.spec.frame_bytes();
        while !pcm.is_empty() {
            if self.gathered.is_empty() {
                self.gathered = memory::room(full.min(RESERVE))?;
            }
            let (now, later) = pcm.split_at(pcm.len().min(full - self.gathered.len()));
            memory::append(&mut self.gathered, now)?;
            pcm = later;
            if self.gathered.len() == full {
                self.cut(self.chunk_frames as usize)?;
            }
        }
        Ok(())
    }

    /// Cuts a chunk from the start of the gathered PCM.
    fn cut(&mut self, frames: usize) -> Result<()> {
        // The rest is a part of a frame.
        let rest = self.gathered.split_off(frames * self.spec.frame_bytes());
        let pcm = Bytes::from(std::mem::replace(&mut self.gathered, rest));
        if let Some(digest) = &mut self.digest {
            digest.update(&pcm);
        }
        let first_frame = self.cut_frames;
        self.cut_frames += frames as u64;
        self.cut_chunks += 1;
        let started = self.start(&pcm)?;
        started.pool.submit(Job { first_frame, pcm });
        let room = started.pool.capacity() - 1;
        self.drain(room)
    }

    /// Writes the header, if it is not written yet.
    fn start(&mut self, first_pcm: &[u8]) -> Result<&mut Started> {
        let started = match self.started.take() {
            Some(started) => started,
            None => self.write_start(first_pcm)?,
        };
        Ok(self.started.insert(started))
    }

    fn write_start(&mut self, first_pcm: &[u8]) -> Result<Started> {
        let stream = Header {
            spec: self.spec,
            source: self.source.kind,
            chunk_frames: self.chunk_frames,
            declared_frames: self.options.declared_frames,
            has_md5: self.digest.is_some(),
            model: self.coder.as_ref().map(|coder| coder.usage().clone()),
            salt: crc32fast::hash(first_pcm),
        }
        .seal();
        self.write(&stream.bytes)?;
        let head = std::mem::take(&mut self.source.bytes);
        write_blocks(block::HEAD, &head, stream.id, |block| self.write(block))?;
        let tags = std::mem::take(&mut self.tags);
        write_blocks(block::TAGS, &tags, stream.id, |block| self.write(block))?;
        let head_bytes = head.len() as u64;
        self.stats.foreign_bytes += head_bytes;
        let stream = Arc::new(stream);
        // With a language model the segments of one chunk keep all threads busy.
        let threads = match self.coder {
            Some(_) => 1,
            None => parallel::threads(self.options.threads),
        };
        let (choices, coder) = (self.options.choices(), self.coder.clone());
        let chunks = ChunkEncoder::for_stream(Arc::clone(&stream), choices, coder);
        let pool = Ordered::new(threads, move |job: Job| {
            let parts = chunks.encode_parts(job.first_frame, &job.pcm)?;
            Ok((parts, job.pcm.len() as u64))
        });
        Ok(Started { stream, head_bytes, pool })
    }

    /// Writes the blocks of decisions that stand before a chunk.
    fn write_decisions_before(&mut self, chunk: u64) -> Result<()> {
        while let Some((before, _)) = self.decisions.front()
            && *before <= chunk
            && let Some((_, data)) = self.decisions.pop_front()
        {
            let id = self.start(&[])?.stream.id;
            let block = write_block(block::DECISIONS, &data, id)?;
            self.stats.decision_bytes += block.len() as u64;
            self.write(&block)?;
        }
        Ok(())
    }

    /// Writes finished chunks, in order, until at most `under_way` are unfinished.
    fn drain(&mut self, under_way: usize) -> Result<()> {
        while let Some(started) = &mut self.started
            && started.pool.pending() > under_way
            && let Some(chunk) = started.pool.next()
        {
            let number = self.index.chunks;
            self.write_decisions_before(number)?;
            let (chunk, pcm_bytes) =
                chunk.and_then(|chunk| chunk).map_err(|error| error.at(Place::Chunk(number)))?;
            let offset = self.stats.stream_bytes;
            self.index.push(IndexEntry { first_frame: chunk.header.first_frame, offset });
            self.stats.count(&chunk.header, pcm_bytes);
            self.write(&chunk.head)?;
            self.write(&chunk.payload)?;
            self.write(&chunk.crc.to_le_bytes())?;
        }
        Ok(())
    }

    /// Writes all audio so far.
    fn cut_rest(&mut self) -> Result<()> {
        let frame_bytes = self.spec.frame_bytes();
        let odd = self.gathered.len() % frame_bytes;
        if odd > 0 {
            return Err(Error::argument(format!(
                "the audio ends within a frame: it ends with {odd} of {frame_bytes} bytes"
            )));
        }
        if !self.gathered.is_empty() {
            self.cut(self.gathered.len() / frame_bytes)?;
        }
        self.start(&[])?;
        self.drain(0)?;
        self.write_decisions_before(self.cut_chunks)
    }

    fn write_rest(&mut self) -> Result<(StreamInfo, Option<[u8; 16]>)> {
        self.cut_rest()?;
        let pad = self.tail == [0] && self.tail_length == 1 && self.source.kind.may_have_pad();
        let tail = std::mem::take(&mut self.tail);
        if !pad && !tail.is_empty() {
            self.write_tail_block(&tail)?;
        }
        let trailer = Trailer {
            total_frames: self.cut_frames,
            pad,
            tail_length: if pad { 0 } else { self.tail_length },
            index: std::mem::take(&mut self.index),
            md5: self.digest.take().map(AudioDigest::finish),
        };
        self.stats.foreign_bytes += self.tail_length;
        let Started { stream, head_bytes, .. } = self.start(&[])?;
        let (bytes, info) = (trailer.write(stream), StreamInfo::new(&stream.header, *head_bytes));
        self.write(&bytes)?;
        self.writer.flush()?;
        Ok((info, trailer.md5))
    }

    fn write_tail_block(&mut self, data: &[u8]) -> Result<()> {
        let id = self.start(&[])?.stream.id;
        self.write(&write_block(block::TAIL, data, id)?)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes)?;
        self.stats.stream_bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Encodes interleaved little-endian PCM in any split; 8-bit samples are unsigned.
impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, pcm: &[u8]) -> io::Result<usize> {
        self.guarded(|encoder| encoder.take_pcm(pcm))?;
        Ok(pcm.len())
    }

    /// Writes all full chunks. [`end_chunk`](Encoder::end_chunk) also writes one that is not
    /// full.
    fn flush(&mut self) -> io::Result<()> {
        self.guarded(|encoder| {
            encoder.drain(0)?;
            Ok(encoder.writer.flush()?)
        })?;
        Ok(())
    }
}

impl<W: Write> fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("spec", &self.spec)
            .field("options", &self.options)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
