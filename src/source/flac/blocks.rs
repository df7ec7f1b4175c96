//! Decisions in the blocks of a stream, and the FLAC file that they make of its audio.

use std::collections::VecDeque;
use std::fmt;

use bytes::{Buf, Bytes};

use super::coder::Coder;
use super::decisions::{Impossible, MAX_VERBATIM, Models, Record, Verbatim};
use super::frame::{Frame, MAX_BLOCK_SIZE, StreamShape, to_subframes};
use super::write;
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, Result};
use crate::memory;
use crate::numerics::environment::DefaultEnvironment;

/// The most frames of audio that belong to one record.
const MAX_RECORD_FRAMES: u64 = MAX_BLOCK_SIZE as u64;

/// A block is ended when it may have this many bytes.
const FULL: usize = 1 << 16;

impl StreamShape {
    pub(super) fn new(spec: &AudioSpec) -> Self {
        StreamShape {
            channels: spec.channels.into(),
            bits: spec.valid_bits.into(),
            rate: spec.rate,
        }
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
            most_bytes: 0,
        }
    }

    /// Adds a frame, given the samples of its subframes.
    pub(super) fn frame(&mut self, frame: &Frame, subframes: &[Vec<i64>]) -> Result<()> {
        let _environment = DefaultEnvironment::enter();
        let record = Record::Frame(frame.header);
        self.models
            .record(&mut self.coder, &record)
            .and_then(|_| self.models.frame(&mut self.coder, frame.header, Some(frame), subframes))
            .map_err(|Impossible(what)| Error::input(format!("a FLAC frame is odd: {what}")))?;
        let parameters: usize =
            frame.subframes.iter().map(|subframe| subframe.residual.parameters.len()).sum();
        self.count(frame.header.size.into(), 64 + 256 * subframes.len() + 4 * parameters);
        Ok(())
    }

    /// Adds bytes that stand as they are, at most [`MAX_VERBATIM`] of them.
    pub(super) fn verbatim(&mut self, bytes: &[u8], frames: u64) -> Result<()> {
        let verbatim = Verbatim { bytes: memory::copied(bytes)?, frames };
        let record = Record::Verbatim(verbatim);
        self.models
            .record(&mut self.coder, &record)
            .map_err(|Impossible(what)| Error::input(what))?;
        self.count(frames, bytes.len() + 64);
        Ok(())
    }

    fn count(&mut self, frames: u64, bytes: usize) {
        self.records += 1;
        self.frames += frames;
        self.most_bytes += bytes;
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
        put_varint(&mut block, self.first_frame);
        put_varint(&mut block, self.frames);
        put_varint(&mut block, self.records);
        let coder = std::mem::replace(&mut self.coder, Coder::encoder());
        memory::append(&mut block, &coder.finish()?)?;
        self.first_frame += self.frames;
        (self.records, self.frames, self.most_bytes) = (0, 0, 0);
        Ok(Some(block))
    }
}

/// Splits bytes that stand as they are, and frames in their place, into records.
pub(super) fn in_records(bytes: &[u8], frames: u64) -> impl Iterator<Item = (&[u8], u64)> {
    let records = bytes.len().div_ceil(MAX_VERBATIM) as u64;
    let records = records.max(frames.div_ceil(MAX_RECORD_FRAMES));
    (0..records).map(move |number| {
        let from = (number as usize * MAX_VERBATIM).min(bytes.len());
        let to = (from + MAX_VERBATIM).min(bytes.len());
        let left = frames.saturating_sub(number * MAX_RECORD_FRAMES);
        (&bytes[from..to], left.min(MAX_RECORD_FRAMES))
    })
}

/// Makes the frames of a FLAC file again, from its audio and the blocks of decisions.
pub(in crate::source) struct Restorer {
    spec: AudioSpec,
    stream: StreamShape,
    models: Models,
    /// The most frames that a block may need.
    most_frames: u64,
    blocks: VecDeque<Bytes>,
    /// Audio that was not used yet.
    pcm: VecDeque<Bytes>,
    /// Bytes of it.
    pcm_bytes: u64,
    /// Frames that were used.
    position: u64,
}

impl Restorer {
    /// Restores a FLAC file of this audio from a stream with chunks of so many frames.
    pub(in crate::source) fn new(spec: &AudioSpec, chunk_frames: u64) -> Self {
        let stream = StreamShape::new(spec);
        Restorer {
            spec: *spec,
            stream,
            models: Models::new(stream),
            most_frames: chunk_frames + MAX_RECORD_FRAMES,
            blocks: VecDeque::new(),
            pcm: VecDeque::new(),
            pcm_bytes: 0,
            position: 0,
        }
    }

    /// Takes a block of decisions.
    pub(in crate::source) fn take_block(&mut self, block: Bytes) {
        self.blocks.push_back(block);
    }

    /// Takes audio.
    pub(in crate::source) fn take_pcm(&mut self, pcm: Bytes) {
        self.pcm_bytes += pcm.len() as u64;
        self.pcm.push_back(pcm);
    }

    /// Makes the frames of the next block, if there is one and all of its audio is there.
    pub(in crate::source) fn next_part(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(block) = self.blocks.front() else { return Ok(None) };
        let mut fields = Fields::new(block);
        let head = (fields.varint(), fields.varint(), fields.varint());
        let (Ok(first), Ok(frames), Ok(records)) = head else {
            return Err(malformed("a block of decisions ends within its head"));
        };
        if first != self.position {
            return Err(malformed(format!(
                "the decisions for the frames from {} on are missing; the next are for those \
                 from {first} on",
                self.position
            )));
        }
        if frames > self.most_frames {
            let most = self.most_frames;
            return Err(malformed(format!(
                "a block of decisions is for {frames} frames; at most {most} are allowed"
            )));
        }
        if self.pcm_bytes / (self.spec.frame_bytes() as u64) < frames {
            return Ok(None);
        }
        let start = fields.position();
        let block = self.blocks.pop_front().unwrap_or_default();
        let _environment = DefaultEnvironment::enter();
        let mut coder = Coder::decoder(&block[start..]);
        let mut file = Vec::new();
        let end = first + frames;
        for _ in 0..records {
            self.record(&mut coder, end, &mut file)?;
        }
        if self.position != end {
            let left = end - self.position;
            return Err(malformed(format!("a block of decisions leaves out {left} of its frames")));
        }
        Ok(Some(file))
    }

    fn record(&mut self, coder: &mut Coder, end: u64, file: &mut Vec<u8>) -> Result<()> {
        let impossible = |Impossible(what)| malformed(format!("in the decisions, {what}"));
        let none = Record::Verbatim(Verbatim::default());
        let header = match self.models.record(coder, &none).map_err(impossible)? {
            Record::Verbatim(Verbatim { bytes, frames }) => {
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
        self.pcm_bytes -= wanted as u64;
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

    /// Fails unless all audio and all decisions were used.
    pub(in crate::source) fn finish(&self) -> Result<()> {
        if self.pcm_bytes > 0 || !self.blocks.is_empty() {
            return Err(malformed(format!(
                "the decisions for the frames from {} on are missing, or have no audio",
                self.position
            )));
        }
        Ok(())
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
