//! A stream in, audio out.

use std::collections::VecDeque;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use bytes::{Buf, Bytes};

use crate::audio::{AudioSpec, Frames, pcm_to_samples};
use crate::chunk_codec;
use crate::container::MAX_HEAD;
use crate::container::header::{Header, Sealed, Source};
use crate::container::item::{
    ChunkHeader, ITEM_CRC, ItemHeader, MIN_CHUNK, Parsed, block, checksum_holds,
};
use crate::container::trailer::{Index, IndexEntry, MAX_CLOSING, Trailer};
use crate::damage::Damage;
use crate::digest::AudioDigest;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::input::Input;
use crate::options::DecodeOptions;
use crate::parallel::Ordered;

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
    /// Bytes in tail blocks.
    tail_length: u64,
    /// Where the chunks are, as long as all were read.
    index: Option<Index>,
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
    failed: bool,
}

/// What a stream says of itself before its first chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// What the audio is.
    pub spec: AudioSpec,
    /// The file that it came from.
    pub source: Source,
    /// The most frames of a chunk.
    pub chunk_frames: u64,
    /// The length that was announced, which need not be true.
    pub declared_frames: Option<u64>,
    /// Whether the trailer holds the MD5 of the audio.
    pub has_md5: bool,
    /// Bytes that were kept of the source file before the audio.
    pub head_bytes: u64,
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

/// A whole item with a right checksum.
pub(crate) enum Item {
    Chunk(ChunkHeader, Bytes),
    Block { kind: u64, data: Bytes, critical: bool },
    Trailer(Trailer),
}

impl<R: Read> Decoder<R> {
    /// A decoder with the default options.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_options(reader, DecodeOptions::default())
    }

    /// A decoder with these options. Reads what comes before the first chunk.
    pub fn with_options(reader: R, options: DecodeOptions) -> Result<Self> {
        let mut input = Input::new(reader);
        let stream = input.parse(Header::parse)?;
        input.consume(stream.bytes.len());
        Self::with_header(input, stream, options)
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
        };
        let digest = header.has_md5.then(|| AudioDigest::new(&header.spec));
        let stream = Arc::new(stream);
        let mut decoder = Decoder {
            body: input.offset(),
            whole_to: input.offset(),
            input,
            info,
            head: Bytes::new(),
            pool: None,
            stream,
            options,
            ahead: VecDeque::new(),
            read_all: false,
            chunks: 0,
            frames: 0,
            tail_length: 0,
            index: Some(Index::default()),
            trailer: None,
            current: Bytes::new(),
            handed: 0,
            wanted_from: 0,
            digest,
            verification: Verification::Unfinished,
            damage: Damage::default(),
            failed: false,
        };
        decoder.read_head()?;
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
        self.handed - waiting as u64
    }

    /// How far the audio that came out was checked.
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// What was lost, with [`DecodeOptions::recover`].
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Gives the reader back. It may have been read beyond the end of the stream.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    /// Puts the next samples into `frames`, as many as are at hand, at most a chunk.
    /// `false` where there are none left.
    pub fn read_frames(&mut self, frames: &mut Frames) -> Result<bool> {
        frames.samples.clear();
        frames.channels = usize::from(self.info.spec.channels);
        if self.current.len() % self.info.spec.frame_bytes() != 0 {
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
        Samples { decoder: self, frames: Frames::new(), at: 0, failed: false }
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
                Step::Gap { frames } => self.silence(frames),
                Step::Tail(bytes) => return Ok(Event::Tail(bytes)),
                Step::End => {
                    self.finish()?;
                    return Ok(Event::End);
                }
                Step::Failed(error) => return Err(error),
            };
            if let Some(pcm) = self.hand_out(pcm) {
                return Ok(Event::Audio(pcm));
            }
        }
    }

    /// Reads until the pool has enough to do or the stream ends.
    fn read_ahead(&mut self) -> Result<()> {
        self.start_pool()?;
        while !self.read_all
            && self.pool.as_ref().is_some_and(|pool| pool.pending() < pool.capacity())
            && !matches!(self.ahead.back(), Some(Step::Tail(_)))
        {
            if let Err(error) = self.read_step() {
                self.ahead.push_back(Step::Failed(error));
                self.read_all = true;
            }
        }
        Ok(())
    }

    /// Starts the threads, once it is known that there is memory for a chunk.
    fn start_pool(&mut self) -> Result<()> {
        if self.pool.is_some() {
            return Ok(());
        }
        let chunk = self.chunk_memory()?;
        // Two chunks a thread are under way, as long as there is memory for them.
        let room = usize::try_from(self.options.limits.memory / chunk).unwrap_or(usize::MAX);
        let threads = Pool::threads(self.options.threads).min(room / 2);
        let stream = Arc::clone(&self.stream);
        self.pool = Some(Ordered::new(threads, move |job: Job| decode_chunk(&job, &stream)));
        Ok(())
    }

    /// Bytes of memory that a chunk may take while it is decoded.
    fn chunk_memory(&self) -> Result<u64> {
        let info = &self.info;
        let pcm = info.chunk_frames * info.spec.frame_bytes() as u64;
        // The payload, the audio, and a method's own state.
        let needed = 2 * pcm + 64 * u64::from(info.spec.channels) + (2 << 20);
        let allowed = self.options.limits.memory;
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(needed)
    }

    /// Reads one item, or finds out that there is none.
    fn read_step(&mut self) -> Result<()> {
        let start = self.input.offset();
        match self.read_item().and_then(|item| self.take_item(item)) {
            Err(error) if self.options.recover && error.is_damage() => {
                if self.input.offset() == start {
                    // No item begins here; one may begin at the next byte.
                    self.input.skip(1.min(self.input.window().len() as u64))?;
                }
                self.resynchronise(error)
            }
            other => other,
        }
    }

    fn place(&self) -> Place {
        Place::Chunk(self.chunks)
    }

    /// Reads the item at the start of the window and goes past it if all is well.
    fn read_item(&mut self) -> Result<Item> {
        let stream = Arc::clone(&self.stream);
        if !self.input.fill(1)? {
            return Err(Error::new(ErrorKind::Truncated).at(self.place()));
        }
        if !ItemHeader::looks_like(&self.input.window()[..1]) {
            let (trailer, length) = self.input.parse(|bytes| Trailer::parse(bytes, &stream))?;
            self.input.consume(length);
            return Ok(Item::Trailer(trailer));
        }
        let Parsed { item, length: header_length, fault } = self
            .input
            .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
            .map_err(|error| error.at(self.place()))?;
        let place = match item {
            ItemHeader::Chunk(_) => self.place(),
            ItemHeader::Block(_) => Place::Block(self.chunks),
        };
        // At most a chunk's PCM, which the limits allow.
        let length = header_length + item.body_length() as usize + ITEM_CRC;
        if !self.input.fill(length)? {
            return Err(Error::new(ErrorKind::Truncated).at(place));
        }
        if !checksum_holds(&self.input.window()[..length], stream.id) {
            return Err(Error::new(ErrorKind::Checksum("stored bytes")).at(place));
        }
        if let Some(fault) = fault {
            return Err(fault.at(place));
        }
        let mut whole = self.input.take(length);
        whole.advance(header_length);
        whole.truncate(item.body_length() as usize);
        Ok(match item {
            ItemHeader::Chunk(chunk) => Item::Chunk(chunk, whole),
            ItemHeader::Block(header) => {
                Item::Block { kind: header.kind, data: whole, critical: header.critical }
            }
        })
    }

    /// Goes past an item and only counts it.
    pub(crate) fn pass_item(&mut self) -> Result<Item> {
        let item = self.read_item()?;
        match &item {
            Item::Chunk(chunk, _) if chunk.first_frame != self.frames => {
                return Err(self.out_of_place(chunk));
            }
            Item::Chunk(chunk, _) => {
                self.chunks += 1;
                self.frames += chunk.frames;
            }
            Item::Block { .. } => {}
            Item::Trailer(trailer) => {
                self.trailer = Some(trailer.clone());
                self.read_all = true;
            }
        }
        Ok(item)
    }

    fn out_of_place(&self, chunk: &ChunkHeader) -> Error {
        let (first, due) = (chunk.first_frame, self.frames);
        Error::malformed(format!("it begins at frame {first} where {due} is due")).at(self.place())
    }

    fn take_item(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Chunk(chunk, payload) => self.take_chunk(chunk, payload)?,
            Item::Block { kind, data, critical } => self
                .take_block(kind, data, critical)
                .map_err(|error| error.at(Place::Block(self.chunks)))?,
            Item::Trailer(trailer) => {
                self.take_trailer(trailer).map_err(|error| error.at(Place::Trailer))?;
            }
        }
        self.whole_to = self.input.offset();
        Ok(())
    }

    fn take_chunk(&mut self, chunk: ChunkHeader, payload: Bytes) -> Result<()> {
        let place = self.place();
        if self.tail_length > 0 {
            return Err(Error::malformed("a chunk behind the file's tail").at(place));
        }
        if chunk.first_frame != self.frames {
            if !self.options.recover {
                return Err(self.out_of_place(&chunk));
            }
            if !self.bridge(chunk.first_frame) {
                self.damage.dropped_chunks += 1;
                return Ok(());
            }
        }
        if let Some(index) = &mut self.index {
            let offset = self.whole_to;
            index.push(IndexEntry { first_frame: chunk.first_frame, offset });
        }
        self.ahead.push_back(Step::Chunk { number: self.chunks, frames: chunk.frames });
        self.chunks += 1;
        self.frames += chunk.frames;
        if let Some(pool) = &mut self.pool {
            pool.submit(Job { chunk, payload });
        }
        Ok(())
    }

    /// Fills the frames up to this one with silence; `false` where that cannot be right.
    fn bridge(&mut self, to: u64) -> bool {
        // So many chunks may have been in the bytes that were lost.
        let lost = (self.input.offset() - self.whole_to) / MIN_CHUNK + 1;
        match to.checked_sub(self.frames) {
            Some(0) => true,
            Some(frames) if frames.div_ceil(self.info.chunk_frames) <= lost => {
                self.ahead.push_back(Step::Gap { frames });
                self.frames = to;
                self.index = None;
                true
            }
            _ => false,
        }
    }

    fn take_block(&mut self, kind: u64, data: Bytes, critical: bool) -> Result<()> {
        match kind {
            block::HEAD => Err(Error::malformed("a head block that is out of place")),
            block::TAIL if self.info.source == Source::Samples => {
                Err(Error::malformed("a tail block without a source file"))
            }
            block::TAIL => {
                self.tail_length += data.len() as u64;
                self.ahead.push_back(Step::Tail(data));
                Ok(())
            }
            _ if critical => Err(Error::unsupported(format!("a critical block of type {kind}"))),
            _ => Ok(()),
        }
    }

    fn take_trailer(&mut self, trailer: Trailer) -> Result<()> {
        if self.options.recover {
            if !self.bridge(trailer.total_frames) {
                self.damage.wrong_total = true;
            }
            self.damage.tail_lost |= trailer.tail_length != self.tail_length;
        } else {
            self.check_trailer(&trailer)?;
        }
        if trailer.pad {
            self.ahead.push_back(Step::Tail(Bytes::from_static(&[0])));
        }
        self.trailer = Some(trailer);
        self.ahead.push_back(Step::End);
        self.read_all = true;
        Ok(())
    }

    fn check_trailer(&self, trailer: &Trailer) -> Result<()> {
        let wav = matches!(self.info.source, Source::CanonicalWav | Source::Wav);
        let wrong = if trailer.total_frames != self.frames {
            "another number of frames than the chunks have"
        } else if trailer.tail_length != self.tail_length {
            "another length than the tail blocks have"
        } else if trailer.pad && (!wav || self.tail_length > 0) {
            "a pad where none can be"
        } else if self.index.as_ref().is_some_and(|index| !index.fits(&trailer.index)) {
            "an index that does not fit the chunks"
        } else {
            return Ok(());
        };
        Err(Error::malformed(wrong))
    }

    /// Looks for the next whole item behind damage, and takes it.
    fn resynchronise(&mut self, error: Error) -> Result<()> {
        self.damage.note(&error);
        self.index = None;
        loop {
            if !self.input.fill(1)? {
                self.damage.skipped_bytes += self.input.offset() - self.whole_to;
                self.damage.truncated = true;
                self.ahead.push_back(Step::End);
                self.read_all = true;
                return Ok(());
            }
            let start = self.input.offset();
            self.input.fill(2)?;
            let window = &self.input.window()[..self.input.window().len().min(2)];
            if ItemHeader::looks_like(window) || Trailer::looks_like(window) {
                match self.read_item() {
                    Ok(item) => {
                        self.damage.skipped_bytes += start.saturating_sub(self.whole_to);
                        return self.take_item(item);
                    }
                    Err(error) if error.is_damage() => {}
                    Err(error) => return Err(error),
                }
            }
            self.input.consume(1);
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
                Ok(self.silence(frames))
            }
            Err(error) => Err(error.at(place)),
        }
    }

    /// Silence in place of the next frames, and the rest of it back in the queue.
    fn silence(&mut self, frames: u64) -> Bytes {
        let now = frames.min(self.info.chunk_frames);
        if frames > now {
            self.ahead.push_front(Step::Gap { frames: frames - now });
        }
        self.damage.lose(self.handed, now);
        let spec = &self.info.spec;
        vec![spec.format.silence(); now as usize * spec.frame_bytes()].into()
    }

    /// Counts PCM, and drops what was not wanted; `None` where that is all.
    fn hand_out(&mut self, mut pcm: Bytes) -> Option<Bytes> {
        if let Some(digest) = &mut self.digest {
            digest.update(&pcm);
        }
        let frame_bytes = self.info.spec.frame_bytes();
        let first = self.handed;
        self.handed += (pcm.len() / frame_bytes) as u64;
        let unwanted = self.wanted_from.saturating_sub(first) * frame_bytes as u64;
        pcm.advance((unwanted as usize).min(pcm.len()));
        (!pcm.is_empty()).then_some(pcm)
    }

    /// Says how well everything was checked.
    fn finish(&mut self) -> Result<()> {
        let expected = self.trailer.as_ref().and_then(|trailer| trailer.md5);
        let actual = self.digest.take().map(AudioDigest::finish);
        self.verification = match (actual, expected) {
            _ if self.damage.any() => Verification::Damaged,
            _ if self.wanted_from > 0 || self.index.is_none() => Verification::Partial,
            (Some(actual), Some(expected)) if actual == expected => Verification::Md5(actual),
            (_, None) => Verification::Chunks,
            _ if self.options.recover => {
                self.damage.wrong_md5 = true;
                Verification::Damaged
            }
            _ => return Err(Error::new(ErrorKind::Checksum("MD5 of the audio")).at(Place::Trailer)),
        };
        Ok(())
    }

    /// Reads the blocks before the first chunk that belong to the source file.
    fn read_head(&mut self) -> Result<()> {
        if self.info.source != Source::Wav {
            return Ok(());
        }
        let mut head = Vec::new();
        loop {
            let stream = Arc::clone(&self.stream);
            let next = self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
            let Ok(Parsed { item: ItemHeader::Block(header), .. }) = next else { break };
            if header.kind != block::HEAD {
                break;
            }
            match self.read_item() {
                Ok(Item::Block { data, .. }) => head.extend_from_slice(&data),
                Ok(_) => break,
                Err(error) if self.options.recover && error.is_damage() => {
                    self.damage.head_lost = true;
                    break;
                }
                Err(error) => return Err(error),
            }
            if head.len() > MAX_HEAD {
                return Err(Error::malformed("too long a head").at(Place::Block(0)));
            }
        }
        self.body = self.input.offset();
        self.whole_to = self.body;
        self.info.head_bytes = head.len() as u64;
        self.head = head.into();
        Ok(())
    }
}

impl<R: Read + Seek> Decoder<R> {
    /// A decoder for a file that may be damaged: where the header is, its copy in the
    /// trailer takes its place.
    pub fn recover(reader: R, options: DecodeOptions) -> Result<Self> {
        let options = options.with_recover(true);
        let mut input = Input::new(reader);
        let error = match input.parse(Header::parse) {
            Ok(stream) => {
                input.consume(stream.bytes.len());
                return Self::with_header(input, stream, options);
            }
            Err(error) => error,
        };
        let Some(copy) = header_from_trailer(&mut input)? else {
            return Err(error);
        };
        input.seek(copy.bytes.len() as u64)?;
        let mut decoder = Self::with_header(input, copy, options)?;
        decoder.damage.note(&error.at(Place::Header));
        decoder.damage.header_restored = true;
        Ok(decoder)
    }

    /// Goes to a frame: what comes out next begins with it. The end of the stream is a
    /// frame that can be gone to; what lies behind it is refused.
    ///
    /// One chunk is read, or a few where the index is thinned out; without a trailer, the
    /// headers of all chunks before.
    pub fn seek(&mut self, frame: u64) -> Result<u64> {
        self.load_trailer()?;
        self.forget();
        let total = self.total_frames();
        if total.is_some_and(|total| frame > total) {
            return Err(self.beyond(frame));
        }
        let (number, entry) = self
            .trailer
            .as_ref()
            .and_then(|trailer| trailer.index.before(frame))
            .unwrap_or((0, IndexEntry { first_frame: 0, offset: self.body }));
        self.input.seek(entry.offset)?;
        (self.chunks, self.frames, self.whole_to) = (number, entry.first_frame, entry.offset);
        (self.handed, self.wanted_from) = (entry.first_frame, frame);
        if frame == 0 {
            self.index = Some(Index::default());
            self.digest = self.info.has_md5.then(|| AudioDigest::new(&self.info.spec));
        }
        if !self.options.recover {
            self.skip_to(frame)?;
        }
        Ok(frame)
    }

    /// Goes past the chunks that end before this frame, by their headers.
    fn skip_to(&mut self, frame: u64) -> Result<()> {
        while frame > self.frames {
            let Some((chunk, length)) = self.next_chunk_header()? else {
                return Err(self.beyond(frame));
            };
            if frame < self.frames + chunk.frames {
                return Ok(());
            }
            let whole = length as u64 + chunk.payload_length + ITEM_CRC as u64;
            self.input.seek(self.input.offset() + whole)?;
            self.chunks += 1;
            self.frames += chunk.frames;
            self.handed = self.frames;
            self.whole_to = self.input.offset();
        }
        Ok(())
    }

    /// The header of the chunk at the start of the window; `None` where there is none.
    pub(crate) fn next_chunk_header(&mut self) -> Result<Option<(ChunkHeader, usize)>> {
        let stream = Arc::clone(&self.stream);
        loop {
            if !self.input.fill(1)? {
                return Err(Error::new(ErrorKind::Truncated).at(self.place()));
            }
            if !ItemHeader::looks_like(&self.input.window()[..1]) {
                return Ok(None);
            }
            let Parsed { item, length, .. } = self
                .input
                .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
                .map_err(|error| error.at(self.place()))?;
            match item {
                ItemHeader::Chunk(chunk) if chunk.first_frame != self.frames => {
                    return Err(self.out_of_place(&chunk));
                }
                ItemHeader::Chunk(chunk) => return Ok(Some((chunk, length))),
                ItemHeader::Block(header) => {
                    let whole = length + header.length + ITEM_CRC;
                    self.input.skip(whole as u64).map_err(|error| error.at(self.place()))?;
                }
            }
        }
    }

    fn beyond(&self, frame: u64) -> Error {
        let total = self.total_frames().unwrap_or(self.frames);
        Error::argument(format!("frame {frame} lies behind the end of the stream at {total}"))
    }

    /// Drops everything that belongs to another place of the stream.
    fn forget(&mut self) {
        self.ahead.clear();
        while self.pool.as_mut().and_then(Ordered::next).is_some() {}
        self.current = Bytes::new();
        self.index = None;
        self.digest = None;
        self.tail_length = 0;
        self.read_all = false;
        self.failed = false;
        self.verification = Verification::Unfinished;
    }

    /// Reads the trailer from the end of the file, if there is a good one.
    pub(crate) fn load_trailer(&mut self) -> Result<()> {
        if self.trailer.is_some() {
            return Ok(());
        }
        let here = self.input.offset();
        if let Some(bytes) = last_bytes(&mut self.input)? {
            self.trailer = Trailer::parse(&bytes, &self.stream).ok().map(|(trailer, _)| trailer);
        }
        self.input.seek(here)
    }
}

fn decode_chunk(job: &Job, stream: &Sealed) -> Result<Bytes> {
    let pcm = chunk_codec::decode(&job.chunk, &job.payload, &stream.header.spec)?;
    if stream.id.crc(&[&pcm]) != job.chunk.pcm_crc {
        return Err(Error::new(ErrorKind::Checksum("audio")));
    }
    Ok(pcm)
}

/// The bytes from the trailer's marker on, if a trailer ends the stream.
fn last_bytes<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Vec<u8>>> {
    let length = input.length()?;
    let mut last = length.min(MAX_CLOSING as u64);
    for _ in 0..2 {
        input.seek(length - last)?;
        if !input.fill(last as usize)? {
            return Ok(None);
        }
        match Trailer::distance_from_end(&input.window()[..last as usize]) {
            Some(distance) if distance == last => {
                return Ok(Some(input.window()[..last as usize].to_vec()));
            }
            Some(distance) if distance <= length => last = distance,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The copy of the header in a good trailer.
fn header_from_trailer<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Sealed>> {
    let bytes = last_bytes(input)?;
    Ok(bytes.and_then(|bytes| {
        let stream = Header::parse(Trailer::header_copy(&bytes)?).ok()?;
        Trailer::parse(&bytes, &stream).ok()?;
        Some(stream)
    }))
}

/// The samples of a stream, from [`Decoder::samples`]. It ends after an error.
pub struct Samples<'a, R: Read> {
    decoder: &'a mut Decoder<R>,
    frames: Frames,
    at: usize,
    failed: bool,
}

impl<R: Read> Iterator for Samples<'_, R> {
    type Item = Result<i32>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at == self.frames.samples().len() {
            if self.failed {
                return None;
            }
            self.at = 0;
            match self.decoder.read_frames(&mut self.frames) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        self.at += 1;
        Some(Ok(self.frames.samples()[self.at - 1]))
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
