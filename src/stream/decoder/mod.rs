//! A stream in, audio out.
//!
//! `reading.rs` has the side that takes items in, `recovery.rs` what it does about damage,
//! `seek.rs` what needs random access; here is what a caller sees, and the side that hands
//! audio out.

mod model;
pub(crate) mod reading;
mod recovery;
mod seek;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};

use crate::audio::{AudioSpec, Frames, pcm_to_samples, refuse_f64};
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::{Header, Sealed, SourceKind};
use crate::container::item::ChunkHeader;
use crate::container::trailer::{Index, Trailer};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::method::identity::ModelUse;
use crate::method::model::ModelCoder;
use crate::stream::damage::Damage;
use crate::stream::digest::AudioDigest;
use crate::stream::input::Input;
use crate::stream::options::DecodeOptions;
use crate::stream::parallel::Ordered;

/// Turns a stream back into audio, in one pass and in the memory of a few chunks.
///
/// Audio comes out as PCM bytes through [`Read`], chunk by chunk through
/// [`read_frames`](Decoder::read_frames), or sample by sample through
/// [`samples`](Decoder::samples). Everything that comes out was checked against the
/// chunk's checksums; [`verification`](Decoder::verification) tells after the end whether
/// the whole was. With a reader that can seek, so can the decoder.
///
/// ```
/// use lmac::{AudioSpec, Decoder, Frames, SampleFormat};
///
/// # let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// let mut decoder = Decoder::new(stream.as_slice())?;
/// assert_eq!(decoder.info().spec.channels, 2);
/// let mut frames = Frames::new();
/// while decoder.read_frames(&mut frames)? {
///     println!("{} frames from {}", frames.len(), frames.first_frame());
/// }
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct Decoder<R: Read> {
    pub(crate) input: Input<R>,
    pub(crate) stream: Arc<Sealed>,
    info: StreamInfo,
    head: Bytes,
    options: DecodeOptions,
    /// Offset of the first item that is not part of the head.
    pub(crate) body: u64,
    /// What decodes chunks of a language model.
    coder: Option<Arc<dyn ModelCoder>>,
    /// Threads that decode, from the first chunk on.
    pool: Option<Pool>,

    // The reading side.
    /// What was read, in order. Chunks in it are with the pool.
    ahead: VecDeque<Step>,
    /// Whether nothing more is to be read.
    pub(crate) read_all: bool,
    /// Chunks that were read.
    pub(crate) chunks: u64,
    /// Frames in them, and in gaps between them.
    pub(crate) frames: u64,
    /// Offset behind the last item that was whole.
    whole_to: u64,
    /// Whether the audio is over: there was a tail block.
    in_tail: bool,
    /// Bytes in tail blocks.
    tail_length: u64,
    /// Where the chunks are, as long as all were read.
    index: Option<Index>,
    /// A chunk that came too early, in recovery.
    held: Option<Job>,
    pub(crate) trailer: Option<Trailer>,

    // The handing-out side.
    /// PCM that was decoded and not taken yet.
    current: Bytes,
    /// Frames that were handed out, or would be if they were not skipped.
    handed: u64,
    /// Frames before this one are not handed out.
    wanted_from: u64,
    digest: Option<AudioDigest>,
    verification: Verification,
    damage: Damage,
    /// The damage before the first item, which every pass through the stream has.
    damage_before: Damage,
    /// Bytes of items that did not hold, which recovery may still look through.
    trials: u64,
    failed: bool,
}

/// What a stream says of itself before its first chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// What the audio is.
    pub spec: AudioSpec,
    /// The file that it came from.
    pub source: SourceKind,
    /// The most frames of a chunk.
    pub chunk_frames: u64,
    /// The length that was announced, which need not be true.
    pub declared_frames: Option<u64>,
    /// Whether the trailer holds the MD5 of the audio.
    pub has_md5: bool,
    /// Bytes that were kept of the source file before the audio.
    pub head_bytes: u64,
    /// The language model that it needs, and how that is used.
    pub model: Option<ModelUse>,
}

/// How far the audio that came out was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// The end was not reached yet.
    Unfinished,
    /// All of it against the checksums of its chunks, and the whole against the MD5.
    Md5([u8; 16]),
    /// All of it against the checksums of its chunks; the stream has no MD5.
    Chunks,
    /// What came out, against the checksums of its chunks: some of the stream was skipped.
    Partial,
    /// Some of it was lost and replaced with silence.
    Damaged,
}

/// What comes out, in order.
pub(crate) enum Event {
    /// Whole frames.
    Audio(Bytes),
    /// Bytes that followed the audio in the source file.
    Tail(Bytes),
    /// The trailer was read, and fits what came before.
    End,
}

/// What was read, in order.
enum Step {
    /// The next of the pool's results.
    Chunk {
        number: u64,
        frames: u64,
    },
    /// Frames that were lost.
    Gap {
        frames: u64,
    },
    Tail(Bytes),
    End,
    Failed(Error),
}

struct Job {
    chunk: ChunkHeader,
    payload: Bytes,
}

type Pool = Ordered<Job, Result<Bytes>>;

impl<R: Read> Decoder<R> {
    /// A decoder with the default options.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_options(reader, DecodeOptions::default())
    }

    /// A decoder with these options. Reads what comes before the first chunk.
    pub fn with_options(reader: R, options: DecodeOptions) -> Result<Self> {
        let mut input = Input::new(reader);
        match input.parse(Header::parse) {
            Ok(stream) => {
                input.consume(stream.bytes.len());
                Self::with_header(input, stream, options)
            }
            Err(error) if options.recover => Self::with_repaired_header(input, error, options),
            Err(error) => Err(error),
        }
    }

    fn with_header(input: Input<R>, stream: Sealed, options: DecodeOptions) -> Result<Self> {
        let header = &stream.header;
        let info = StreamInfo {
            spec: header.spec,
            source: header.source,
            chunk_frames: header.chunk_frames,
            declared_frames: header.declared_frames,
            has_md5: header.has_md5,
            head_bytes: 0,
            model: header.model.clone(),
        };
        let digest = header.has_md5.then(|| AudioDigest::new(&header.spec));
        let stream = Arc::new(stream);
        let mut decoder = Decoder {
            body: input.offset(),
            whole_to: input.offset(),
            input,
            info,
            head: Bytes::new(),
            coder: None,
            pool: None,
            stream,
            options,
            ahead: VecDeque::new(),
            read_all: false,
            chunks: 0,
            frames: 0,
            in_tail: false,
            tail_length: 0,
            index: Some(Index::default()),
            held: None,
            trailer: None,
            current: Bytes::new(),
            handed: 0,
            wanted_from: 0,
            digest,
            verification: Verification::Unfinished,
            damage: Damage::default(),
            damage_before: Damage::default(),
            trials: MAX_CHUNK_PCM,
            failed: false,
        };
        decoder.read_head()?;
        decoder.damage_before = decoder.damage.clone();
        Ok(decoder)
    }

    /// What the stream says of itself before its first chunk.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// The bytes of the source file before the audio, where they stand in blocks.
    pub(crate) fn head(&self) -> &Bytes {
        &self.head
    }

    /// The stream's length, once the trailer was read.
    pub fn total_frames(&self) -> Option<u64> {
        self.trailer.as_ref().map(|trailer| trailer.total_frames)
    }

    /// The frame that comes out next.
    pub fn position(&self) -> u64 {
        let waiting = self.current.len().div_ceil(self.info.spec.frame_bytes());
        (self.handed - waiting as u64).max(self.wanted_from)
    }

    /// How far the audio that came out was checked.
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// What was lost, with [`DecodeOptions::recover`].
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// The reader. It may have been read beyond what came out.
    pub fn get_ref(&self) -> &R {
        self.input.get_ref()
    }

    /// Gives the reader back. It may have been read beyond the end of the stream.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    /// Puts the next samples into `frames`, as many as are at hand, at most a chunk.
    /// `false` where there are none left.
    pub fn read_frames(&mut self, frames: &mut Frames) -> Result<bool> {
        refuse_f64(self.info.spec.format)?;
        frames.samples.clear();
        frames.channels = usize::from(self.info.spec.channels);
        if !self.current.len().is_multiple_of(self.info.spec.frame_bytes()) {
            return Err(Error::argument("the bytes of a frame were read in part"));
        }
        if self.current.is_empty() && !self.next_audio()? {
            return Ok(false);
        }
        frames.first_frame = self.position();
        let pcm = std::mem::take(&mut self.current);
        pcm_to_samples(&pcm, self.info.spec.format, &mut frames.samples)?;
        Ok(true)
    }

    /// All samples from here on, interleaved.
    pub fn samples(&mut self) -> Samples<'_, R> {
        Samples { decoder: self, failed: false }
    }

    fn next_sample(&mut self) -> Result<Option<i32>> {
        let format = self.info.spec.format;
        refuse_f64(format)?;
        if self.current.is_empty() && !self.next_audio()? {
            return Ok(None);
        }
        if self.current.len() < format.bytes() {
            return Err(Error::argument("the bytes of a sample were read in part"));
        }
        let sample = format.get(&self.current) as i32;
        self.current.advance(format.bytes());
        Ok(Some(sample))
    }

    /// PCM that was decoded and not taken yet.
    pub(crate) fn take_current(&mut self) -> Bytes {
        std::mem::take(&mut self.current)
    }

    /// Puts back what was taken and not used.
    pub(crate) fn put_back(&mut self, pcm: Bytes) {
        self.current = pcm;
    }

    /// Goes past this many frames, or to the end. Chunks on the way are read and checked;
    /// with a reader that can seek, [`seek`](Decoder::seek) need not.
    pub fn skip(&mut self, frames: u64) {
        if frames == 0 {
            return;
        }
        let target = self.position().saturating_add(frames);
        let frame_bytes = self.info.spec.frame_bytes() as u64;
        let unwanted = frames.saturating_mul(frame_bytes).min(self.current.len() as u64);
        self.current.advance(unwanted as usize);
        self.wanted_from = self.wanted_from.max(target);
    }

    /// Fails where anything follows the stream. To be asked after its end.
    pub fn expect_end(&mut self) -> Result<()> {
        if self.input.fill(1)? {
            let offset = self.input.offset();
            return Err(Error::malformed(format!(
                "something follows the stream's end at byte {offset}"
            ))
            .at(Place::Trailer));
        }
        Ok(())
    }

    /// Makes `current` the next audio; `false` at the end.
    fn next_audio(&mut self) -> Result<bool> {
        // Its memory is to be free before the next chunk takes more.
        self.current = Bytes::new();
        loop {
            match self.next_event()? {
                Event::Audio(pcm) => {
                    self.current = pcm;
                    return Ok(true);
                }
                Event::Tail(_) => {}
                Event::End => return Ok(false),
            }
        }
    }

    /// The next thing that comes out. An error stays, and so does the end.
    pub(crate) fn next_event(&mut self) -> Result<Event> {
        if self.failed {
            return Err(Error::new(ErrorKind::AlreadyFailed));
        }
        let event = self.try_next_event();
        self.failed = event.is_err();
        event
    }

    fn try_next_event(&mut self) -> Result<Event> {
        loop {
            self.read_ahead()?;
            let Some(step) = self.ahead.pop_front() else {
                return Ok(Event::End);
            };
            let pcm = match step {
                Step::Chunk { number, frames } => self.collect(number, frames)?,
                Step::Gap { frames } => self.silence(frames)?,
                // Bytes of the tail are wrong here where audio before them is missing.
                Step::Tail(_) if matches!(self.ahead.front(), Some(Step::Failed(_))) => continue,
                Step::Tail(bytes) => return Ok(Event::Tail(bytes)),
                Step::End => {
                    self.finish()?;
                    self.wanted_from = self.wanted_from.min(self.handed);
                    return Ok(Event::End);
                }
                Step::Failed(error) => return Err(error),
            };
            if let Some(pcm) = self.hand_out(pcm) {
                return Ok(Event::Audio(pcm));
            }
        }
    }

    /// The PCM of the chunk that is due.
    fn collect(&mut self, number: u64, frames: u64) -> Result<Bytes> {
        let place = Place::Chunk(number);
        let decoded = self.pool.as_mut().and_then(Ordered::next);
        let decoded = decoded.unwrap_or_else(|| Err(Error::new(ErrorKind::Worker)));
        match decoded.and_then(|pcm| pcm) {
            Ok(pcm) => Ok(pcm),
            Err(error) if self.options.recover && error.is_damage() => {
                self.damage.note(&error.at(place));
                self.silence(frames)
            }
            Err(error) => Err(error.at(place)),
        }
    }

    /// Silence in place of the next frames, and the rest of it back in the queue.
    fn silence(&mut self, frames: u64) -> Result<Bytes> {
        let now = frames.min(self.info.chunk_frames);
        if frames > now {
            self.ahead.push_front(Step::Gap { frames: frames - now });
        }
        self.damage.lose(self.handed, now);
        let spec = &self.info.spec;
        Ok(memory::filled(spec.format.silence(), now as usize * spec.frame_bytes())?.into())
    }

    /// Counts PCM, and drops what was not wanted; `None` where that is all.
    fn hand_out(&mut self, mut pcm: Bytes) -> Option<Bytes> {
        if let Some(digest) = &mut self.digest {
            digest.update(&pcm);
        }
        let frame_bytes = self.info.spec.frame_bytes();
        let first = self.handed;
        self.handed += (pcm.len() / frame_bytes) as u64;
        let unwanted = self.wanted_from.saturating_sub(first).saturating_mul(frame_bytes as u64);
        pcm.advance(unwanted.min(pcm.len() as u64) as usize);
        (!pcm.is_empty()).then_some(pcm)
    }

    /// Says how well everything was checked.
    fn finish(&mut self) -> Result<()> {
        let expected = self.trailer.as_ref().and_then(|trailer| trailer.md5);
        let actual = self.digest.take().map(AudioDigest::finish);
        self.verification = match (actual, expected) {
            _ if self.damage.any() => Verification::Damaged,
            _ if self.index.is_none() => Verification::Partial,
            (Some(actual), Some(expected)) if actual == expected => match self.wanted_from {
                0 => Verification::Md5(actual),
                _ => Verification::Partial,
            },
            (_, None) if self.wanted_from == 0 => Verification::Chunks,
            (_, None) => Verification::Partial,
            _ if self.options.recover => {
                self.damage.wrong_md5 = true;
                Verification::Damaged
            }
            _ => return Err(Error::new(ErrorKind::Checksum("MD5 of the audio")).at(Place::Trailer)),
        };
        Ok(())
    }
}

/// The samples of a stream, from [`Decoder::samples`]. It ends after an error.
#[derive(Debug)]
pub struct Samples<'a, R: Read> {
    decoder: &'a mut Decoder<R>,
    failed: bool,
}

impl<R: Read> Iterator for Samples<'_, R> {
    type Item = Result<i32>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let sample = self.decoder.next_sample().transpose()?;
        self.failed = sample.is_err();
        Some(sample)
    }
}

impl<R: Read> fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("info", &self.info)
            .field("position", &self.position())
            .field("verification", &self.verification)
            .finish_non_exhaustive()
    }
}

/// Interleaved little-endian PCM, 8-bit samples unsigned.
impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || (self.current.is_empty() && !self.next_audio()?) {
            return Ok(0);
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
