//! From a FLAC file to audio and decisions.

use std::collections::VecDeque;
use std::io::{Read, Write};

use bytes::Bytes;

use super::blocks::{BlockWriter, Restorer, to_pcm};
use super::decisions::MAX_VERBATIM;
use super::frame::{MAX_BLOCK_SIZE, StreamShape, to_subframes};
use super::read::{self, Decoded, Fault};
use super::write;
use crate::audio::AudioSpec;
use crate::container::MAX_CHUNK_PCM;
use crate::error::{Error, ErrorKind, Result};
use crate::formats::flac::StreamInfo;
use crate::memory;
use crate::stream::encoder::Encoder;
use crate::stream::input::Input;
use crate::stream::stats::FlacFindings;

/// Bytes that are read before a frame is looked for.
const WINDOW: usize = 1 << 17;
/// The most bytes of a frame.
const MAX_FRAME: usize = 1 << 24;
/// Bytes that are searched for the next frame at a time.
const SEARCHED: usize = 1 << 20;

/// Decisions that stand before a chunk end it when they have so many bytes.
const MOST_WAITING: u64 = 1 << 20;

/// Bytes of broken frames that may be read for each byte of the file. Without a limit, a file of
/// nothing but beginnings of long frames would take for ever.
const TRIALS_PER_BYTE: u64 = 64;

/// Encodes the frames of a FLAC file, up to its tail. Without `whole`, it keeps the audio alone.
pub(in crate::source) fn encode<R: Read, W: Write>(
    input: &mut Input<R>,
    encoder: &mut Encoder<W>,
    plan: Plan,
) -> Result<FlacFindings> {
    let spec = *encoder.spec();
    let stream = StreamShape::new(&spec);
    let mut encoding = Encoding {
        input,
        encoder,
        spec,
        stream,
        writer: plan.whole.then(|| BlockWriter::new(stream)),
        proof: (plan.whole && plan.verify).then(|| Proof::new(&spec)),
        block_size: plan.info.most_size,
        trials: 1 << 28,
        position: 0,
        audio_bytes: 0,
        findings: FlacFindings::default(),
    };
    encoding.run(plan.info.frames)?;
    Ok(encoding.findings)
}

/// How a FLAC file is encoded.
pub(in crate::source) struct Plan {
    /// Whether the file is to come back.
    pub(in crate::source) whole: bool,
    /// Whether decisions are decoded again.
    pub(in crate::source) verify: bool,
    pub(in crate::source) info: StreamInfo,
}

struct Encoding<'a, R: Read, W: Write> {
    input: &'a mut Input<R>,
    encoder: &'a mut Encoder<W>,
    spec: AudioSpec,
    stream: StreamShape,
    writer: Option<BlockWriter>,
    proof: Option<Proof>,
    block_size: u32,
    trials: u64,
    /// Frames of audio so far.
    position: u64,
    /// Bytes so far.
    audio_bytes: u64,
    findings: FlacFindings,
}

/// What comes next in a file.
enum Next {
    Frame(Decoded),
    /// Bytes that are no frame, and what is wrong with them.
    Broken {
        length: usize,
        cause: &'static str,
    },
    /// No frame follows.
    End,
}

impl<R: Read, W: Write> Encoding<'_, R, W> {
    fn run(&mut self, frames: Option<u64>) -> Result<()> {
        loop {
            match self.next(frames)? {
                Next::Frame(decoded) => self.take_frame(&decoded)?,
                Next::Broken { length, cause } => {
                    let silent = self.silence_behind(length);
                    self.take_broken(length, silent, cause)?;
                }
                Next::End => break,
            }
        }
        self.end_block()?;
        self.refuse_ruins()
    }

    fn take_frame(&mut self, decoded: &Decoded) -> Result<()> {
        let offset = self.input.offset();
        let bytes = self.input.take(decoded.length);
        let mut pcm = Vec::new();
        to_pcm(&decoded.channels, &self.spec, &mut pcm)?;
        let frames = u64::from(decoded.frame.header.size);
        if let Some(writer) = &mut self.writer {
            let mut subframes = decoded.channels.clone();
            to_subframes(decoded.frame.header.stereo(), &mut subframes);
            if remade(decoded, &self.stream, &subframes).is_none_or(|again| again != bytes) {
                self.note(offset, bytes.len(), "the frame is coded in a way that no encoder has");
                return self.take_verbatim(&bytes, pcm.into(), frames);
            }
            writer.frame(&decoded.frame, &subframes, bytes.len())?;
        }
        self.take(&bytes, pcm.into(), frames)
    }

    /// Takes bytes that are no frame, and silence in their place.
    fn take_broken(&mut self, length: usize, silent: u64, cause: &'static str) -> Result<()> {
        self.note(self.input.offset(), length, cause);
        self.findings.silent_frames += silent;
        let bytes = self.input.take(length);
        let mut left = silent;
        // Silence may be longer than memory has room for.
        while left > u64::from(MAX_BLOCK_SIZE) {
            left -= u64::from(MAX_BLOCK_SIZE);
            self.take_verbatim(&[], self.silence(MAX_BLOCK_SIZE.into())?, MAX_BLOCK_SIZE.into())?;
        }
        self.take_verbatim(&bytes, self.silence(left)?, left)
    }

    fn silence(&self, frames: u64) -> Result<Bytes> {
        let length = frames as usize * self.spec.frame_bytes();
        Ok(memory::filled(self.spec.format.silence(), length)?.into())
    }

    /// Takes bytes that the stream keeps as they are, and the audio in their place.
    fn take_verbatim(&mut self, bytes: &[u8], mut pcm: Bytes, mut frames: u64) -> Result<()> {
        let pieces = bytes.chunks(MAX_VERBATIM).chain(bytes.is_empty().then_some(bytes));
        for piece in pieces {
            if let Some(writer) = &mut self.writer {
                writer.verbatim(piece, frames)?;
            }
            // All audio belongs to the first piece.
            self.take(piece, std::mem::take(&mut pcm), std::mem::take(&mut frames))?;
        }
        Ok(())
    }

    fn note(&mut self, offset: u64, length: usize, cause: &'static str) {
        self.findings.exceptions += 1;
        self.findings.exception_bytes += length as u64;
        self.findings.first_exception.get_or_insert((offset, cause));
    }

    /// Hands audio on, which `bytes` of the file hold. The decisions for frames that begin in a
    /// chunk stand before it.
    fn take(&mut self, bytes: &[u8], pcm: Bytes, frames: u64) -> Result<()> {
        self.position += frames;
        self.audio_bytes += bytes.len() as u64;
        if let Some(proof) = &mut self.proof {
            proof.take(bytes, pcm.clone());
        }
        let full = self.writer.as_ref().is_some_and(BlockWriter::is_full);
        if full || self.encoder.ends_chunk(pcm.len()) {
            self.end_block()?;
        }
        self.encoder.write_all(&pcm)?;
        // A decoder holds decisions until their audio comes.
        if self.encoder.waiting_decisions() >= MOST_WAITING {
            self.encoder.end_chunk()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let Some(block) = writer.end_block()? else { return Ok(()) };
        if let Some(proof) = &mut self.proof {
            proof.check(&block)?;
        }
        self.encoder.write_decisions(block.into())
    }

    /// The frame that comes next, or what stands before it.
    fn next(&mut self, frames: Option<u64>) -> Result<Next> {
        if !self.input.fill(1)? {
            return Ok(Next::End);
        }
        let cause = match self.frame_at(0)? {
            Ok(decoded) => return Ok(Next::Frame(decoded)),
            Err(cause) => cause,
        };
        // Behind the announced end, anything may follow.
        if frames.is_some_and(|frames| self.position >= frames) {
            return Ok(Next::End);
        }
        for length in 1..SEARCHED {
            if !self.input.fill(length + 1)? {
                self.note_rest(frames, cause);
                return Ok(Next::End);
            }
            self.trials = self.trials.saturating_add(TRIALS_PER_BYTE);
            if self.frame_at(length)?.is_ok() {
                return Ok(Next::Broken { length, cause });
            }
        }
        Ok(Next::Broken { length: SEARCHED, cause })
    }

    /// Notes that the rest of the file, which becomes its tail, should have frames.
    fn note_rest(&mut self, frames: Option<u64>, cause: &'static str) {
        let rest = self.input.window();
        let missing = frames.is_some_and(|frames| self.position < frames);
        if missing || read::header(rest, &self.stream).is_ok() {
            let length = rest.len();
            self.audio_bytes += length as u64;
            self.note(self.input.offset(), length, cause);
        }
    }

    /// The frame at an offset of the window.
    fn frame_at(&mut self, offset: usize) -> Result<Result<Decoded, &'static str>> {
        if self.input.window().get(offset).is_some_and(|&byte| byte != 0xFF) {
            return Ok(Err("no frame begins here"));
        }
        let mut wanted = WINDOW;
        loop {
            let more = self.input.fill(offset + wanted)?;
            let bytes = &self.input.window()[offset..];
            let bytes = &bytes[..bytes.len().min(MAX_FRAME)];
            if self.trials < bytes.len() as u64 {
                return Ok(Err("too many broken frames stand before it"));
            }
            match read::frame(bytes, &self.stream) {
                Ok(decoded) => return Ok(Ok(decoded)),
                Err(Fault::Broken(cause)) => {
                    if read::header(bytes, &self.stream).is_ok() {
                        self.trials -= bytes.len() as u64;
                    }
                    return Ok(Err(cause));
                }
                Err(Fault::Short) if more && wanted < MAX_FRAME => wanted *= 2,
                Err(Fault::Short) => {
                    self.trials -= bytes.len() as u64;
                    return Ok(Err("the file ends within a frame"));
                }
            }
        }
    }

    /// Frames of audio that are missing before the frame behind bytes that are no frame.
    fn silence_behind(&self, length: usize) -> u64 {
        let Ok((header, _)) = read::header(&self.input.window()[length..], &self.stream) else {
            return 0;
        };
        let start = match header.variable {
            true => header.number,
            false => header.number.saturating_mul(self.block_size.into()),
        };
        let missing = start.saturating_sub(self.position);
        // Each frame has ten bytes or more.
        let most = (length as u64 / 10 + 1) * u64::from(MAX_BLOCK_SIZE.min(self.block_size.max(1)));
        if missing <= most { missing } else { 0 }
    }

    /// Fails if more of the file is broken than sound.
    fn refuse_ruins(&self) -> Result<()> {
        let bytes = self.findings.exception_bytes;
        let Some((offset, cause)) = self.findings.first_exception else { return Ok(()) };
        if bytes <= self.audio_bytes / 2 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::BrokenFlac(format!(
            "{bytes} of {} bytes are no sound frames; at byte {offset}, {cause}",
            self.audio_bytes
        ))))
    }
}

/// The bytes of a frame, made again from its parts.
fn remade(decoded: &Decoded, stream: &StreamShape, subframes: &[Vec<i64>]) -> Option<Vec<u8>> {
    let pairs = decoded.frame.subframes.iter().zip(subframes);
    let residuals: Vec<_> = pairs
        .map(|(subframe, samples)| {
            let shifted: Vec<i64> =
                samples.iter().map(|sample| sample >> subframe.wasted).collect();
            subframe.predictor.residual(&shifted)
        })
        .collect();
    write::frame(&decoded.frame, stream, subframes, &residuals)
}

/// Decodes blocks of decisions again, as a decoder will.
struct Proof {
    restorer: Restorer,
    /// The audio of the block at hand.
    pcm: VecDeque<Bytes>,
    /// The bytes that must come out.
    expected: Vec<u8>,
}

impl Proof {
    fn new(spec: &AudioSpec) -> Self {
        let restorer = Restorer::new(spec, MAX_CHUNK_PCM);
        Proof { restorer, pcm: VecDeque::new(), expected: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8], pcm: Bytes) {
        self.expected.extend_from_slice(bytes);
        self.pcm.push_back(pcm);
    }

    fn check(&mut self, block: &[u8]) -> Result<()> {
        self.restorer.take_block(Bytes::copy_from_slice(block))?;
        for pcm in self.pcm.drain(..) {
            self.restorer.take_pcm(pcm)?;
        }
        let mut expected = self.expected.as_slice();
        while let Some(part) = self.restorer.next_part()? {
            expected = expected
                .strip_prefix(part.as_slice())
                .ok_or_else(|| Error::new(ErrorKind::Verification))?;
        }
        if !expected.is_empty() {
            return Err(Error::new(ErrorKind::Verification));
        }
        self.expected.clear();
        Ok(())
    }
}
