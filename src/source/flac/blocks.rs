//! Decisions in the blocks of a stream, and the FLAC file that they make of its audio.

use std::collections::VecDeque;
use std::fmt;

use bytes::{Buf, Bytes};

use super::coder::Coder;
use super::decisions::{Impossible, Models, Record, Verbatim};
use super::frame::{Frame, MAX_BLOCK_SIZE, StreamShape, to_subframes};
use super::write;
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::MAX_BLOCK;
use crate::container::fields::{Fields, put_varint};
use crate::entropy::Suspended;
use crate::error::{Error, Place, Result};
use crate::memory;
use crate::numerics::environment::DefaultEnvironment;

/// The most frames of audio that belong to one record.
const MAX_RECORD_FRAMES: u64 = MAX_BLOCK_SIZE as u64;

/// The most bytes that the records of a block keep as they are.
const MAX_BLOCK_VERBATIM: usize = 1 << 18;

/// A block is ended when it may have this many bytes.
const FULL: usize = 1 << 18;

impl StreamShape {
    pub(super) fn new(spec: &AudioSpec) -> Self {
        StreamShape { channels: spec.channels.into(), bits: spec.valid_bits.into() }
    }
}

/// Samples as PCM, with the bits of a FLAC sample at the top.
pub(super) fn to_pcm(channels: &[Vec<i64>], spec: &AudioSpec, pcm: &mut Vec<u8>) -> Result<()> {
    let (format, shift) = layout(spec);
    let frames = channels.first().map_or(0, Vec::len);
    let start = pcm.len();
    memory::reserve(pcm, frames * spec.frame_bytes())?;
    pcm.resize(start + frames * spec.frame_bytes(), 0);
    for (number, samples) in channels.iter().enumerate() {
        let first = &mut pcm[start + number * format.bytes()..];
        for (&sample, place) in samples.iter().zip(first.chunks_mut(spec.frame_bytes())) {
            format.put(sample << shift, place);
        }
    }
    Ok(())
}

/// The inverse of [`to_pcm`].
pub(super) fn from_pcm(pcm: &[u8], spec: &AudioSpec) -> Vec<Vec<i64>> {
    let (format, shift) = layout(spec);
    (0..usize::from(spec.channels))
        .map(|number| {
            let first = &pcm[number * format.bytes()..];
            first.chunks(spec.frame_bytes()).map(|place| format.get(place) >> shift).collect()
        })
        .collect()
}

fn layout(spec: &AudioSpec) -> (SampleFormat, u32) {
    (spec.format, spec.format.bits() - u32::from(spec.valid_bits))
}

/// Gathers decisions into blocks.
pub(super) struct BlockWriter {
    models: Models,
    coder: Coder<'static>,
    records: u64,
    /// The frame that the block begins with.
    first_frame: u64,
    frames: u64,
    /// Bytes of frames in the file before the block.
    position: u64,
    /// Bytes of the file that the block makes.
    length: u64,
    /// Bytes that the records may take.
    most_bytes: usize,
}

impl BlockWriter {
    pub(super) fn new(stream: StreamShape) -> Self {
        BlockWriter {
            models: Models::new(stream),
            coder: Coder::encoder(),
            records: 0,
            first_frame: 0,
            frames: 0,
            position: 0,
            length: 0,
            most_bytes: 0,
        }
    }

    /// Adds a frame of so many bytes, given the samples of its subframes.
    pub(super) fn frame(
        &mut self,
        frame: &Frame,
        subframes: &[Vec<i64>],
        length: usize,
    ) -> Result<()> {
        let _environment = DefaultEnvironment::enter();
        let record = Record::Frame(frame.header);
        self.models
            .record(&mut self.coder, &record)
            .and_then(|_| self.models.frame(&mut self.coder, frame.header, Some(frame), subframes))
            .map_err(|Impossible(what)| Error::input(format!("a FLAC frame is odd: {what}")))?;
        let parameters: usize =
            frame.subframes.iter().map(|subframe| subframe.residual.parameters.len()).sum();
        let most_bytes = 64 + 256 * subframes.len() + 4 * parameters;
        self.count(frame.header.size.into(), length, most_bytes);
        Ok(())
    }

    /// Adds bytes that stand as they are: as many as a record may keep.
    pub(super) fn verbatim(&mut self, bytes: &[u8], frames: u64) -> Result<()> {
        let verbatim = Verbatim { bytes: memory::copied(bytes)?, frames };
        let record = Record::Verbatim(verbatim);
        self.models
            .record(&mut self.coder, &record)
            .map_err(|Impossible(what)| Error::input(what))?;
        self.count(frames, bytes.len(), bytes.len() + 64);
        Ok(())
    }

    fn count(&mut self, frames: u64, length: usize, most_bytes: usize) {
        self.records += 1;
        self.frames += frames;
        self.length += length as u64;
        self.most_bytes += most_bytes;
    }

    /// Whether the block should be ended.
    pub(super) fn is_full(&self) -> bool {
        self.most_bytes >= FULL
    }

    /// Ends the block; `None` if there are no records for it.
    pub(super) fn end_block(&mut self) -> Result<Option<Vec<u8>>> {
        if self.records == 0 {
            return Ok(None);
        }
        let mut block = Vec::new();
        for field in [self.first_frame, self.frames, self.position, self.length, self.records] {
            put_varint(&mut block, field);
        }
        let coder = std::mem::replace(&mut self.coder, Coder::encoder());
        memory::append(&mut block, &coder.finish()?)?;
        self.models.restart();
        self.first_frame += self.frames;
        self.position += self.length;
        (self.records, self.frames, self.length, self.most_bytes) = (0, 0, 0, 0);
        Ok(Some(block))
    }
}

/// What a block of decisions begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct BlockHead {
    /// Frames of audio before it.
    pub(in crate::source) first_frame: u64,
    /// Frames of audio that it is for.
    pub(in crate::source) frames: u64,
    /// Bytes of the file that the blocks before it make.
    pub(in crate::source) position: u64,
    /// Bytes of the file that it makes.
    pub(in crate::source) length: u64,
    records: u64,
}

impl BlockHead {
    /// Reads the head of a block, and returns its bytes too.
    pub(in crate::source) fn parse(block: &[u8]) -> Result<(Self, usize)> {
        let mut fields = Fields::new(block);
        let mut field =
            || fields.varint().map_err(|_| malformed("a block of decisions ends within its head"));
        let head = BlockHead {
            first_frame: field()?,
            frames: field()?,
            position: field()?,
            length: field()?,
            records: field()?,
        };
        Ok((head, fields.position()))
    }
}

/// Makes the frames of a FLAC file again, from its audio and the blocks of decisions.
pub(in crate::source) struct Restorer {
    spec: AudioSpec,
    stream: StreamShape,
    models: Models,
    chunk_frames: u64,
    blocks: VecDeque<Block>,
    /// Bytes of the blocks.
    block_bytes: u64,
    /// Frames that have decisions.
    decided: u64,
    /// Bytes of frames in the file that have decisions.
    decided_bytes: u64,
    /// Audio that was not used yet.
    pcm: VecDeque<Bytes>,
    /// Frames of audio that came.
    received: u64,
    /// Frames that were used.
    position: u64,
}

/// A block of decisions, or the rest of one.
struct Block {
    /// The coded records.
    bytes: Bytes,
    /// Bytes of the whole block.
    length: u64,
    /// The decoder of it, if it was begun.
    state: Option<Suspended>,
    records: u64,
    /// The frame behind the last one that it is for.
    end: u64,
    /// Bytes of the file that it still makes.
    left: u64,
    /// Bytes that its records may keep as they are.
    verbatim: usize,
}

/// Bytes of a file that are made at a time, about.
const PART: usize = 1 << 18;

/// The most bytes of decisions that wait for audio.
const MOST_WAITING: u64 = 1 << 21;

impl Restorer {
    /// Restores a FLAC file of this audio from a stream with chunks of so many frames.
    pub(in crate::source) fn new(spec: &AudioSpec, chunk_frames: u64) -> Self {
        let stream = StreamShape::new(spec);
        Restorer {
            spec: *spec,
            stream,
            models: Models::new(stream),
            chunk_frames,
            blocks: VecDeque::new(),
            block_bytes: 0,
            decided: 0,
            decided_bytes: 0,
            pcm: VecDeque::new(),
            received: 0,
            position: 0,
        }
    }

    /// Restores the part of a file that begins with this block.
    pub(in crate::source) fn from_block(
        spec: &AudioSpec,
        chunk_frames: u64,
        block: &BlockHead,
    ) -> Self {
        let mut restorer = Self::new(spec, chunk_frames);
        let first = block.first_frame;
        (restorer.decided, restorer.received, restorer.position) = (first, first, first);
        restorer.decided_bytes = block.position;
        restorer
    }

    /// Bytes of memory that restoring may take beside the decoder.
    pub(in crate::source) fn memory(spec: &AudioSpec, chunk_frames: u64) -> u64 {
        let frame_bytes = spec.frame_bytes() as u64;
        // Audio that waits is that of a block, but for its last frame, and a chunk.
        let pcm = (2 * chunk_frames + MAX_RECORD_FRAMES) * frame_bytes;
        // The samples of a frame, those of its subframes, its residuals and its bytes, which are
        // copied while they grow; what is found in the samples of one channel.
        let channel = MAX_RECORD_FRAMES * (3 * 8 + 3 * write::MOST_FOR_SAMPLE / 8);
        let frame = u64::from(spec.channels) * channel + MAX_RECORD_FRAMES * (frame_bytes + 160);
        pcm + frame + MOST_WAITING + 2 * MAX_BLOCK as u64
    }

    /// Takes a block of decisions.
    pub(in crate::source) fn take_block(&mut self, mut block: Bytes) -> Result<()> {
        let (head, head_length) = BlockHead::parse(&block)?;
        let BlockHead { first_frame, frames, position, length: left, records } = head;
        if first_frame != self.decided || position != self.decided_bytes {
            return Err(malformed(format!(
                "a block of decisions begins with the frame {first_frame} and byte {position}; \
                 the frame {} and byte {} are due",
                self.decided, self.decided_bytes
            )));
        }
        let waiting = (self.decided - self.received).saturating_add(frames);
        let most = self.chunk_frames + MAX_RECORD_FRAMES;
        let length = block.len() as u64;
        self.block_bytes += length;
        if waiting > most || self.block_bytes > MOST_WAITING {
            return Err(malformed(format!(
                "decisions for {waiting} frames in {} bytes stand before their audio; {most} frames \
                 and {MOST_WAITING} bytes are allowed",
                self.block_bytes
            )));
        }
        self.decided += frames;
        self.decided_bytes = self.decided_bytes.saturating_add(left);
        block.advance(head_length);
        self.blocks.push_back(Block {
            bytes: block,
            length,
            state: None,
            records,
            end: self.decided,
            left,
            verbatim: MAX_BLOCK_VERBATIM,
        });
        Ok(())
    }

    /// Takes a chunk of audio. The decisions for frames that begin in it must be there.
    pub(in crate::source) fn take_pcm(&mut self, pcm: Bytes) -> Result<()> {
        let frames = (pcm.len() / self.spec.frame_bytes()) as u64;
        if frames > self.decided - self.received {
            let decided = self.decided;
            return Err(malformed(format!(
                "the decisions from the frame {decided} on are missing"
            )));
        }
        self.received += frames;
        self.pcm.push_back(pcm);
        Ok(())
    }

    /// Makes the next bytes of the file, if all that they need is there.
    pub(in crate::source) fn next_part(&mut self) -> Result<Option<Vec<u8>>> {
        if self.blocks.front().is_none_or(|block| block.end > self.received) {
            return Ok(None);
        }
        let Some(mut block) = self.blocks.pop_front() else { return Ok(None) };
        let _environment = DefaultEnvironment::enter();
        let bytes = block.bytes.clone();
        if block.state.is_none() {
            self.models.restart();
        }
        let mut coder = Coder::decoder(&bytes, block.state);
        let mut file = Vec::new();
        while block.records > 0 && file.len() < PART {
            self.record(&mut coder, &mut block, &mut file)?;
            block.records -= 1;
        }
        block.left = block.left.checked_sub(file.len() as u64).ok_or_else(|| {
            malformed("the decisions of a block make more bytes of the file than it says")
        })?;
        if block.records > 0 {
            block.state = coder.suspend();
            self.blocks.push_front(block);
            return Ok(Some(file));
        }
        if self.position != block.end || block.left > 0 {
            let frames = block.end - self.position;
            return Err(malformed(format!(
                "a block of decisions leaves out {frames} of its frames and {} of its bytes",
                block.left
            )));
        }
        self.block_bytes -= block.length;
        Ok(Some(file))
    }

    fn record(&mut self, coder: &mut Coder, block: &mut Block, file: &mut Vec<u8>) -> Result<()> {
        let end = block.end;
        let impossible = |Impossible(what)| malformed(format!("in the decisions, {what}"));
        let none = Record::Verbatim(Verbatim::default());
        let header = match self.models.record(coder, &none).map_err(impossible)? {
            Record::Verbatim(Verbatim { bytes, frames }) => {
                block.verbatim = block.verbatim.checked_sub(bytes.len()).ok_or_else(|| {
                    malformed(format!(
                        "a block of decisions keeps more than {MAX_BLOCK_VERBATIM} bytes as they are"
                    ))
                })?;
                self.take_frames(frames, end)?;
                return memory::append(file, &bytes);
            }
            Record::Frame(header) => header,
        };
        let mut channels = from_pcm(&self.take_frames(header.size.into(), end)?, &self.spec);
        to_subframes(header.stereo(), &mut channels);
        let (frame, residuals) =
            self.models.frame(coder, header, None, &channels).map_err(impossible)?;
        let bytes = write::frame(&frame, &self.stream, &channels, &residuals)
            .ok_or_else(|| malformed("in the decisions, a frame is too long for its samples"))?;
        memory::append(file, &bytes)
    }

    /// The next frames of audio, of those up to `end`.
    fn take_frames(&mut self, frames: u64, end: u64) -> Result<Bytes> {
        if frames > end - self.position {
            return Err(malformed("the decisions of a block are for more frames than it says"));
        }
        let wanted = frames as usize * self.spec.frame_bytes();
        self.position += frames;
        let first = self.pcm.front_mut();
        if let Some(first) = first
            && first.len() >= wanted
        {
            let taken = first.split_to(wanted);
            if first.is_empty() {
                self.pcm.pop_front();
            }
            return Ok(taken);
        }
        let mut gathered = memory::room(wanted)?;
        while gathered.len() < wanted
            && let Some(first) = self.pcm.front_mut()
        {
            let length = first.len().min(wanted - gathered.len());
            gathered.extend_from_slice(&first[..length]);
            first.advance(length);
            if first.is_empty() {
                self.pcm.pop_front();
            }
        }
        Ok(gathered.into())
    }

    /// Where the decisions are that are due, about: chunks can be shorter than most.
    pub(in crate::source) fn place(&self) -> Place {
        Place::Block(self.position / self.chunk_frames)
    }

    /// Fails unless all audio and all decisions were used.
    pub(in crate::source) fn finish(&self) -> Result<()> {
        match self.blocks.is_empty() && self.position == self.received {
            true => Ok(()),
            false => Err(malformed(format!(
                "the audio ends with the frame {}, and the decisions with {}",
                self.received, self.decided
            ))),
        }
    }
}

fn malformed(what: impl Into<String>) -> Error {
    Error::malformed(what)
}

impl fmt::Debug for Restorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restorer").field("position", &self.position).finish_non_exhaustive()
    }
}
