//! A stream in, audio out.
//!
//! Here is what a caller sees. `intake.rs` reads items and `output.rs` hands audio out;
//! `recovery.rs` steps in where damage would end the reading.

mod intake;
mod model;
mod open;
mod output;
mod recovery;
mod search;
mod seek;
mod threads;

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};

use self::intake::{Decoded, Intake, Step};
use self::output::Output;
pub use self::output::Verification;
use self::recovery::Recovery;
use crate::audio::{Frames, pcm_to_samples, refuse_f64};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::method::model::ModelCoder;
use crate::stream::damage::Damage;
use crate::stream::info::StreamInfo;
use crate::stream::items::Items;
use crate::stream::options::DecodeOptions;
use crate::stream::packets::{ChunkDecoder, ChunkDecoding, StreamHeader};
use crate::stream::tags::StoredTags;
use crate::tags::{self, Tags};

/// Turns a stream back into audio, in one pass and in the memory of a few chunks.
///
/// Audio comes out as PCM bytes through [`Read`], chunk by chunk through
/// [`read_frames`](Decoder::read_frames), or sample by sample through
/// [`samples`](Decoder::samples). All of it was checked against the checksums of its chunks;
/// after the end, [`verification`](Decoder::verification) tells whether the whole was. With a
/// reader that can seek, the decoder can [seek](Decoder::seek) as well.
///
/// A damaged stream ends in an error. [`recover`](Decoder::recover) opens a decoder that goes
/// on after damage.
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
    info: StreamInfo,
    /// The head of the source file, if the stream keeps it in blocks.
    head: Bytes,
    /// The tags blocks of the stream.
    tags: StoredTags,
    options: DecodeOptions,
    /// Bytes of memory that are left for what the audio becomes.
    aside: u64,
    /// Decodes chunks of a language model.
    coder: Option<Arc<dyn ModelCoder>>,
    intake: Intake<R>,
    /// The chunk that is decoded while its audio is handed out, and its number.
    begun: Option<(u64, Box<ChunkDecoding>)>,
    output: Output,
    /// Set in a decoder that goes on after damage.
    recovery: Option<Recovery>,
    failed: bool,
}

/// Frames of a piece of a chunk that is handed out while it is decoded.
const PIECE: u64 = 1024;

/// What comes out, in order.
pub(crate) enum Event {
    /// Whole frames.
    Audio(Bytes),
    /// Decisions of the encoder of a FLAC file, for audio that follows.
    Decisions(Bytes),
    /// Bytes of the source file's tail.
    Tail(Bytes),
    /// The trailer was read and fits what came before.
    End,
}

impl<R: Read> Decoder<R> {
    /// Opens a decoder with the default options.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_options(reader, DecodeOptions::default())
    }

    /// Opens a decoder with these options. Reads the header and the head of the source file.
    pub fn with_options(reader: R, options: DecodeOptions) -> Result<Self> {
        Self::with_items(Items::open(reader)?, None, options)
    }

    /// Reads the head of the source file.
    fn with_items(
        mut items: Items<R>,
        mut recovery: Option<Recovery>,
        options: DecodeOptions,
    ) -> Result<Self> {
        let mut head = Vec::new();
        // The buffer is copied while it grows, and in recovery once more.
        let copies = if recovery.is_some() { 6 } else { 3 };
        let allowed = options.limits.memory;
        let gather = |head: &mut Vec<u8>, data: &[u8]| {
            memory::append(head, data)?;
            let needed = copies * head.len() as u64;
            match needed > allowed {
                true => Err(Error::new(ErrorKind::Limit { needed, allowed })),
                false => Ok(()),
            }
        };
        match &mut recovery {
            None => {
                items.read_head(|data| gather(&mut head, data))?;
            }
            Some(recovery) => recovery.read_head(&mut items, &mut head, gather)?,
        }
        let tags = items.read_tags(allowed)?;
        let info = StreamInfo::new(items.header(), head.len() as u64);
        Ok(Decoder {
            output: Output::new(&info),
            info,
            head: memory::copied(&head)?.into(),
            tags,
            options,
            aside: 0,
            coder: None,
            intake: Intake::new(items),
            begun: None,
            recovery,
            failed: false,
        })
    }

    /// Returns what the stream says about itself before its first chunk.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Returns the header, as [`packets`](crate::packets) have it.
    pub fn header(&self) -> StreamHeader {
        StreamHeader { stream: Arc::clone(&self.intake.items.stream) }
    }

    /// Returns the items of the stream and a decoder of its chunks, to read them in another order.
    pub(crate) fn into_chunks(mut self) -> Result<(Items<R>, ChunkDecoder)> {
        self.find_model()?;
        let mut items = self.intake.items;
        items.trials = u64::MAX;
        let stream = Arc::clone(&items.stream);
        let chunks = ChunkDecoder::within(self.options.limits, stream, self.coder)?;
        Ok((items, chunks))
    }

    /// Returns the options.
    pub(crate) fn options(&self) -> &DecodeOptions {
        &self.options
    }

    /// Returns the head of the source file, if the stream keeps it in blocks.
    pub(crate) fn head(&self) -> &Bytes {
        &self.head
    }

    /// Returns the stream's own tags, or else those in its source file's head.
    ///
    /// With a reader that can seek, [`find_tags`](Decoder::find_tags) also finds those in the
    /// file's tail. Faults in tags do not matter for decoding.
    pub fn tags(&self) -> Result<Tags> {
        match self.tags.parse()? {
            Some(tags) => Ok(tags),
            None => tags::from_source(self.info.source, &self.head, &[], None),
        }
    }

    /// Returns the length of the stream in frames, once the trailer was read: at the end, or by
    /// [`open`](Decoder::open), [`seek`](Decoder::seek) or [`find_length`](Decoder::find_length).
    pub fn total_frames(&self) -> Option<u64> {
        self.intake.items.trailer.as_ref().map(|trailer| trailer.total_frames)
    }

    /// Returns the MD5 of the audio that the trailer holds, once the trailer was read. Audio was
    /// compared with it if [`verification`](Decoder::verification) says so.
    pub fn stored_md5(&self) -> Option<[u8; 16]> {
        self.intake.items.trailer.as_ref().and_then(|trailer| trailer.md5)
    }

    /// Returns the number of the frame that comes out next.
    pub fn position(&self) -> u64 {
        self.output.position()
    }

    /// Returns the number of the frame up to which the audio that came out was checked.
    ///
    /// This is the [position](Self::position), unless the options let
    /// [provisional](DecodeOptions::provisional) audio out: then it may be the first frame of the
    /// chunk at hand.
    pub fn checked_to(&self) -> u64 {
        let begun = self.begun.as_ref().map(|(_, chunk)| chunk.first_frame());
        begun.map_or(self.position(), |first| first.min(self.position()))
    }

    /// Returns how far the audio that came out was checked.
    pub fn verification(&self) -> Verification {
        self.output.verification
    }

    /// Returns the damage so far.
    ///
    /// Only a decoder that [recovers](Decoder::recover) has damage; any other one ends in an
    /// error.
    pub fn damage(&self) -> &Damage {
        self.recovery.as_ref().map_or(Damage::NONE, |recovery| &recovery.damage)
    }

    /// Returns the reader. It may have been read beyond the audio that came out.
    pub fn get_ref(&self) -> &R {
        self.intake.items.input.get_ref()
    }

    /// Returns the reader. It may have been read beyond the end of the stream.
    pub fn into_inner(self) -> R {
        self.intake.items.input.into_inner()
    }

    /// Puts the next samples into `frames`; returns `false` at the end.
    ///
    /// A call gives as many samples as are decoded, at most a chunk.
    pub fn read_frames(&mut self, frames: &mut Frames) -> Result<bool> {
        refuse_f64(self.info.spec.format)?;
        frames.samples.clear();
        frames.channels = usize::from(self.info.spec.channels);
        let odd = self.output.current.len() % self.info.spec.frame_bytes();
        if odd != 0 {
            return Err(Error::argument(format!(
                "the frame at {} was read in part as bytes: {odd} bytes of it are left",
                self.position()
            )));
        }
        if self.output.current.is_empty() && !self.next_audio()? {
            return Ok(false);
        }
        frames.first_frame = self.position();
        let pcm = self.take_current();
        pcm_to_samples(&pcm, self.info.spec.format, &mut frames.samples)?;
        Ok(true)
    }

    /// Returns all samples from here on, interleaved.
    pub fn samples(&mut self) -> Samples<'_, R> {
        Samples { decoder: self, failed: false }
    }

    fn next_sample(&mut self) -> Result<Option<i32>> {
        let format = self.info.spec.format;
        refuse_f64(format)?;
        if self.output.current.is_empty() && !self.next_audio()? {
            return Ok(None);
        }
        let left = self.output.current.len();
        if left < format.bytes() {
            return Err(Error::argument(format!(
                "a sample was read in part as bytes: {left} bytes of it are left"
            )));
        }
        let sample = format.get(&self.output.current) as i32;
        self.output.current.advance(format.bytes());
        Ok(Some(sample))
    }

    /// PCM that was decoded and not taken yet.
    pub(crate) fn take_current(&mut self) -> Bytes {
        std::mem::take(&mut self.output.current)
    }

    /// Puts back PCM that was taken and not used.
    pub(crate) fn put_back(&mut self, pcm: Bytes) {
        self.output.current = pcm;
    }

    /// Skips this many frames, or all that are left.
    ///
    /// Chunks on the way are read and checked; with a reader that can seek,
    /// [`seek`](Decoder::seek) passes over them.
    pub fn skip(&mut self, frames: u64) {
        self.output.skip(frames);
    }

    /// Fails if anything follows the stream. Call it at the end.
    pub fn expect_end(&mut self) -> Result<()> {
        let input = &mut self.intake.items.input;
        if input.fill(1)? {
            let offset = input.offset();
            return Err(Error::malformed(format!(
                "the stream ends at byte {offset}, and more bytes follow"
            ))
            .at(Place::Trailer));
        }
        Ok(())
    }

    /// Makes `current` the next audio; `false` at the end.
    fn next_audio(&mut self) -> Result<bool> {
        // Its memory must be free before the next chunk takes more.
        self.output.current = Bytes::new();
        loop {
            match self.next_event()? {
                Event::Audio(pcm) => {
                    self.output.current = pcm;
                    return Ok(true);
                }
                Event::Decisions(_) | Event::Tail(_) => {}
                Event::End => return Ok(false),
            }
        }
    }

    /// Returns the next event. After an error or the end, there is no other.
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
            if let Some(pcm) = self.next_piece()? {
                if let Some(pcm) = self.output.take(pcm) {
                    return Ok(Event::Audio(pcm));
                }
                continue;
            }
            self.read_ahead()?;
            let pcm = match self.intake.next() {
                Some(Step::Chunk { number, first_frame, frames }) => {
                    match (self.intake.decoded(number), &mut self.recovery) {
                        (Err(error), Some(recovery)) if error.is_damage() => {
                            recovery.damage.note(&error);
                            self.silence(first_frame, frames)?
                        }
                        (decoded, _) => match decoded? {
                            Decoded::Whole(pcm) => pcm,
                            Decoded::Begun(mut chunk) if !self.options.provisional => {
                                let whole = chunk.next_frames(u64::MAX);
                                let whole =
                                    whole.map_err(|error| error.at(Place::Chunk(number)))?;
                                whole.map_or_else(Bytes::new, |whole| whole.pcm)
                            }
                            Decoded::Begun(chunk) => {
                                self.begun = Some((number, chunk));
                                continue;
                            }
                        },
                    }
                }
                Some(Step::Gap { first_frame, frames }) => self.silence(first_frame, frames)?,
                Some(Step::Decisions(bytes)) => return Ok(Event::Decisions(bytes)),
                Some(Step::Tail(bytes)) => return Ok(Event::Tail(bytes)),
                Some(Step::Failed(error)) => return Err(error),
                Some(Step::End) => {
                    self.verify()?;
                    return Ok(Event::End);
                }
                None => return Ok(Event::End),
            };
            if let Some(pcm) = self.output.take(pcm) {
                return Ok(Event::Audio(pcm));
            }
        }
    }

    /// Decodes a piece of the chunk at hand; `None` if there is none.
    fn next_piece(&mut self) -> Result<Option<Bytes>> {
        let Some((number, chunk)) = &mut self.begun else { return Ok(None) };
        let place = Place::Chunk(*number);
        let piece = chunk.next_frames(PIECE).map_err(|error| error.at(place))?;
        if chunk.is_done() {
            self.begun = None;
        }
        Ok(piece.map(|piece| piece.pcm))
    }

    /// Hands out whole chunks that were checked from here on, as for files.
    pub(crate) fn stop_provisional(&mut self) {
        self.options.provisional = false;
        let Some((number, mut chunk)) = self.begun.take() else { return };
        match chunk.next_frames(u64::MAX) {
            Ok(piece) => {
                let rest = piece.and_then(|piece| self.output.take(piece.pcm)).unwrap_or_default();
                self.output.current = [&self.output.current[..], &rest].concat().into();
            }
            Err(error) => {
                self.intake.ahead.push_front(Step::Failed(error.at(Place::Chunk(number))));
            }
        }
    }

    /// Reads until the pool has enough to do or the stream ends.
    fn read_ahead(&mut self) -> Result<()> {
        self.start_pool()?;
        while self.intake.wants_more() {
            let read = match &mut self.recovery {
                None => self.intake.step(),
                Some(recovery) => recovery.step(&mut self.intake),
            };
            if let Err(error) = read {
                self.intake.stop(Step::Failed(error));
            }
        }
        Ok(())
    }

    /// Silence in place of lost frames, a chunk at most; the rest goes back to the queue.
    fn silence(&mut self, first_frame: u64, frames: u64) -> Result<Bytes> {
        let now = frames.min(self.info.chunk_frames);
        if frames > now {
            let rest = Step::Gap { first_frame: first_frame + now, frames: frames - now };
            self.intake.ahead.push_front(rest);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.damage.lose(first_frame, now);
        }
        let spec = &self.info.spec;
        Ok(memory::filled(spec.format.silence(), now as usize * spec.frame_bytes())?.into())
    }

    /// Finds out at the end how far everything was checked.
    fn verify(&mut self) -> Result<()> {
        let md5 = self.intake.items.trailer.as_ref().and_then(|trailer| trailer.md5);
        let verified = self.output.verify(md5, self.intake.sequence.index.is_some());
        self.output.verification = match &mut self.recovery {
            None => verified?,
            Some(recovery) => recovery.judge(verified),
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
            .field("verification", &self.verification())
            .finish_non_exhaustive()
    }
}

/// Interleaved little-endian PCM, 8-bit samples unsigned.
impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || (self.output.current.is_empty() && !self.next_audio()?) {
            return Ok(0);
        }
        let length = buffer.len().min(self.output.current.len());
        self.output.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
