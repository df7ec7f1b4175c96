//! Files of streams, as bytes that can be read from any place.
//!
//! `RestoredFile` is the file. It is made of pieces (`piece.rs`), which `cache.rs` keeps, and
//! `blocks.rs` finds the blocks of the stream that hold parts of it.

mod blocks;
mod cache;
mod piece;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use self::blocks::{Blocks, Found};
pub use self::cache::FileCache;
use self::cache::locked;
use self::piece::{Kind, Piece};
use super::flac::{BlockHead, Restorer};
use super::restore::{NewFile, head_of_original};
use crate::chunk_codec;
use crate::container::item::block;
use crate::container::source::SourceKind;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::formats::layout;
use crate::formats::wav::{wav_head, wav_tail};
use crate::memory;
use crate::stream::decoder::Decoder;
use crate::stream::info::StreamInfo;
use crate::stream::items::{Item, Items};
use crate::stream::options::Limits;
use crate::stream::packets::ChunkDecoder;

/// The file that a stream was made from, or a WAV file of its audio, as bytes that can be read
/// from any place.
///
/// It decodes the chunks that hold what is read, and keeps some of them in a [`FileCache`], which
/// may serve many files. Clones read the same file, each at its own position; several threads may
/// read at the same time.
///
/// With [provisional](crate::DecodeOptions::provisional) audio, reading returns fewer bytes than
/// were asked for and decodes no more of a chunk than it must; FLAC files are made a block at a
/// time, which is about a chunk. Damage is an error where it is read, and does not end the reading
/// elsewhere.
///
/// ```
/// use std::io::{Cursor, Read, Seek, SeekFrom};
/// use lmac::source::{self, FileCache, RestoredFile};
/// use lmac::{DecodeOptions, Decoder, EncodeOptions};
///
/// # let spec = lmac::AudioSpec::new(lmac::SampleFormat::S16, 1, 8000);
/// # let wav = [&source::wav_head(&spec, Some(2))[..], &[1, 0, 2, 0]].concat();
/// # let stream =
/// #     source::encode_file(&wav[..], Vec::new(), &EncodeOptions::default())?.writer;
/// let decoder = Decoder::open(Cursor::new(stream), DecodeOptions::default())?;
/// let mut file = RestoredFile::original(decoder, &FileCache::default())?;
/// assert_eq!(file.length(), 48);
/// file.seek(SeekFrom::Start(46))?;
/// let mut last = Vec::new();
/// file.read_to_end(&mut last)?;
/// assert_eq!(last, [2, 0]);
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct RestoredFile<R> {
    file: Arc<File<R>>,
    position: u64,
    /// The piece that was read last, which the next reading probably goes on with.
    held: Mutex<Option<Arc<Piece>>>,
}

struct File<R> {
    info: StreamInfo,
    total_frames: u64,
    stream: Mutex<Stream<R>>,
    decoder: ChunkDecoder,
    provisional: bool,
    cache: FileCache,
    /// The number of the file in the cache.
    number: u64,
    middle: Middle,
    head: Bytes,
    /// Bytes between head and tail.
    middle_bytes: u64,
    tail: Tail,
}

/// Where pieces come from.
struct Stream<R> {
    items: Items<R>,
    decisions: Blocks,
    tail: Blocks,
}

/// What stands between head and tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Middle {
    /// Samples, in the order of the source file or as PCM.
    Samples {
        in_file_order: bool,
    },
    FlacFrames,
}

enum Tail {
    Known(&'static [u8]),
    /// So many bytes in blocks.
    Blocks(u64),
}

impl Tail {
    fn length(&self) -> u64 {
        match self {
            Tail::Known(bytes) => bytes.len() as u64,
            Tail::Blocks(length) => *length,
        }
    }
}

impl<R: Read + Seek> RestoredFile<R> {
    /// Opens the file that the stream was made from: a WAV file, if it was made from none.
    ///
    /// Fails if the stream has no sound trailer, which tells how long it is, or if the decoder's
    /// options do not allow the memory. A decoder that recovers makes no difference.
    pub fn original(decoder: Decoder<R>, cache: &FileCache) -> Result<Self> {
        let info = decoder.info();
        if info.source == SourceKind::Samples {
            return Self::converted(decoder, NewFile::Wav, cache);
        }
        let head = head_of_original(&decoder);
        let middle = match info.source {
            SourceKind::Flac => Middle::FlacFrames,
            source => Middle::Samples { in_file_order: layout::converts(source) },
        };
        Self::open(decoder, cache, middle, |_, _| (head, None))
    }

    /// Opens a WAV file of the stream's audio, or a file of its samples alone.
    ///
    /// Fails like [`original`](Self::original). The places of a new FLAC file are not known before
    /// it is made: [`Restored`](super::Restored) makes one from the start to the end.
    pub fn converted(decoder: Decoder<R>, file: NewFile, cache: &FileCache) -> Result<Self> {
        let source = decoder.info().source;
        let raw = matches!(source, SourceKind::Raw { .. });
        let in_file_order = match file {
            NewFile::Wav => false,
            NewFile::Raw => raw && layout::converts(source),
            NewFile::Flac => {
                let message = "a new FLAC file can only be read from its start to its end";
                return Err(Error::argument(message));
            }
        };
        Self::open(decoder, cache, Middle::Samples { in_file_order }, |info, frames| match file {
            NewFile::Raw => (Bytes::new(), Some(&[])),
            _ => {
                let audio = frames.saturating_mul(info.spec.frame_bytes() as u64);
                (wav_head(&info.spec, Some(frames)).into(), Some(wav_tail(audio)))
            }
        })
    }

    /// Opens a file whose head, and tail unless blocks have it, `around` makes of the length.
    fn open(
        decoder: Decoder<R>,
        cache: &FileCache,
        middle: Middle,
        around: impl FnOnce(&StreamInfo, u64) -> (Bytes, Option<&'static [u8]>),
    ) -> Result<Self> {
        let (info, options) = (decoder.info().clone(), decoder.options().clone());
        let (mut items, chunks) = decoder.into_chunks()?;
        items.find_trailer()?;
        let Some(trailer) = &items.trailer else {
            let message = "no sound trailer, which tells the length of the file, ends the stream";
            return Err(Error::malformed(message).at(Place::Trailer));
        };
        let total_frames = trailer.total_frames;
        let of_original = match trailer.pad {
            true => Tail::Known(&[0]),
            false => Tail::Blocks(trailer.tail_length),
        };
        let (head, tail) = around(&info, total_frames);
        let mut stream = Stream { items, decisions: Blocks::default(), tail: Blocks::default() };
        let middle_bytes = match middle {
            Middle::Samples { .. } => total_frames.checked_mul(info.spec.frame_bytes() as u64),
            Middle::FlacFrames => {
                check_memory(&info, options.limits)?;
                Some(stream.decisions.end(&mut stream.items)?)
            }
        };
        let tail = tail.map_or(of_original, Tail::Known);
        let middle_bytes = middle_bytes
            .filter(|middle| {
                let all = middle.checked_add(head.len() as u64);
                all.and_then(|all| all.checked_add(tail.length())).is_some()
            })
            .ok_or_else(|| Error::malformed("the file of the stream has 2^64 bytes or more"))?;
        let file = File {
            info,
            total_frames,
            stream: Mutex::new(stream),
            decoder: chunks,
            provisional: options.provisional,
            cache: cache.clone(),
            number: cache.add_file(),
            middle,
            head,
            middle_bytes,
            tail,
        };
        Ok(RestoredFile::of(Arc::new(file)))
    }

    /// Reads bytes from this place on, and returns their number: at least one, unless the place is
    /// behind the end or the buffer is empty.
    pub fn read_at(&self, place: u64, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let file = &*self.file;
        let head = file.head.len() as u64;
        if let Some(bytes) = usize::try_from(place).ok().and_then(|at| file.head.get(at..))
            && !bytes.is_empty()
        {
            return Ok(copy(bytes, buffer));
        }
        let place = place - head;
        let (read, piece) = if place < file.middle_bytes {
            match file.middle {
                Middle::Samples { in_file_order } => file.samples(place, buffer, in_file_order)?,
                Middle::FlacFrames => file.made(Kind::FlacFrames, place, buffer)?,
            }
        } else {
            let place = place - file.middle_bytes;
            match file.tail {
                _ if place >= file.tail.length() => return Ok(0),
                Tail::Known(bytes) => return Ok(copy(&bytes[place as usize..], buffer)),
                Tail::Blocks(_) => file.made(Kind::Tail, place, buffer)?,
            }
        };
        self.hold(Some(piece));
        Ok(read)
    }
}

impl<R> RestoredFile<R> {
    fn of(file: Arc<File<R>>) -> Self {
        RestoredFile { file, position: 0, held: Mutex::default() }
    }

    /// Holds this piece instead of the one before.
    fn hold(&self, piece: Option<Arc<Piece>>) {
        let mut held = locked(&self.held);
        let changes = held.as_ref().map(Arc::as_ptr) != piece.as_ref().map(Arc::as_ptr);
        *held = piece;
        drop(held);
        if changes {
            self.file.cache.shrink();
        }
    }

    /// Returns the length of the file in bytes.
    pub fn length(&self) -> u64 {
        self.file.head.len() as u64 + self.file.middle_bytes + self.file.tail.length()
    }

    /// Returns what the stream says about itself.
    pub fn info(&self) -> &StreamInfo {
        &self.file.info
    }

    /// Returns the length of the stream in frames.
    pub fn total_frames(&self) -> u64 {
        self.file.total_frames
    }
}

impl<R: Read + Seek> File<R> {
    /// Samples from a place of the audio on: their number, and the piece that they are from.
    fn samples(
        &self,
        place: u64,
        buffer: &mut [u8],
        in_file_order: bool,
    ) -> Result<(usize, Arc<Piece>)> {
        let frame_bytes = self.info.spec.frame_bytes();
        let (frame, within) = (place / frame_bytes as u64, (place % frame_bytes as u64) as usize);
        let most = (within.saturating_add(buffer.len())).div_ceil(frame_bytes) as u64;
        let (mut samples, piece) = self.pcm(frame, (1, most))?;
        if in_file_order {
            layout::restore(self.info.source, &self.info.spec, &mut samples);
        }
        Ok((copy(&samples[within..], buffer), piece))
    }

    /// Frames from this one on: at most so many, and at least so many if the chunk has them.
    fn pcm(&self, frame: u64, (least, most): (u64, u64)) -> Result<(Vec<u8>, Arc<Piece>)> {
        let frame_bytes = self.info.spec.frame_bytes();
        let with = (&self.decoder, &self.cache);
        loop {
            let piece = self.piece(Kind::Chunk, frame)?;
            let provisional = self.provisional && !self.cache.is_full();
            let pcm = piece.pcm(with, frame_bytes, frame, (least, most), provisional);
            if let Some(pcm) = self.settled(&piece, pcm)? {
                return Ok((pcm, piece));
            }
        }
    }

    /// Bytes of FLAC frames or of the tail: their number, and the piece that they are from.
    fn made(&self, kind: Kind, place: u64, buffer: &mut [u8]) -> Result<(usize, Arc<Piece>)> {
        loop {
            let piece = self.piece(kind, place)?;
            let made = piece.made(|decisions| self.flac_frames(decisions));
            if let Some(bytes) = self.settled(&piece, made)? {
                return Ok((copy(&bytes[(place - piece.start) as usize..], buffer), piece));
            }
        }
    }

    /// Takes note of how much a piece takes now, and drops one that failed.
    fn settled<T>(&self, piece: &Arc<Piece>, result: Result<Option<T>>) -> Result<Option<T>> {
        match result {
            Ok(Some(_)) => self.cache.weigh(self.number, piece),
            Ok(None) | Err(_) => self.cache.drop_piece(self.number, piece),
        }
        result
    }

    /// The piece that has this frame or byte.
    fn piece(&self, kind: Kind, at: u64) -> Result<Arc<Piece>> {
        if let Some(piece) = self.cache.find(self.number, kind, at) {
            return Ok(piece);
        }
        let mut stream = locked(&self.stream);
        // Another reader may have found it meanwhile.
        if let Some(piece) = self.cache.find(self.number, kind, at) {
            return Ok(piece);
        }
        let stream = &mut *stream;
        let piece = match kind {
            Kind::Chunk => self.find_chunk(&mut stream.items, at)?,
            Kind::FlacFrames => {
                let Found { start, length, data, place } =
                    stream.decisions.find(&mut stream.items, block::DECISIONS, at)?;
                // A block is for about a chunk, and bytes that are no frames are in it.
                let audio = self.info.chunk_frames * self.info.spec.frame_bytes() as u64;
                let most = 4 * audio + 64 * data.len() as u64;
                Piece::flac_frames(start, (length, most), data, place)
            }
            Kind::Tail => {
                let Found { start, data, place, .. } =
                    stream.tail.find(&mut stream.items, block::TAIL, at)?;
                Piece::tail(start, data, place)
            }
        };
        let piece = Arc::new(piece);
        self.cache.insert(self.number, &piece);
        Ok(piece)
    }

    fn find_chunk(&self, items: &mut Items<R>, frame: u64) -> Result<Piece> {
        items.go_to_frame(frame)?;
        loop {
            let place = items.place();
            match items.read()? {
                Item::Chunk(chunk, payload) => {
                    items.check_in_place(&chunk)?;
                    items.count(&chunk);
                    if frame < items.frames {
                        let spec = &self.info.spec;
                        let pcm_bytes = chunk.frames * spec.frame_bytes() as u64;
                        let aside = chunk_codec::decoding_memory_of(chunk.method, spec, pcm_bytes);
                        return Ok(Piece::chunk(chunk, payload, (pcm_bytes, aside), place));
                    }
                }
                Item::Block(_) => {}
                Item::Trailer(_) => {
                    let message = format!("no chunk has the frame {frame}");
                    return Err(Error::malformed(message).at(place));
                }
            }
        }
    }

    /// Makes the FLAC frames of a block of decisions.
    fn flac_frames(&self, decisions: &Bytes) -> Result<Vec<u8>> {
        let (head, _) = BlockHead::parse(decisions)?;
        let end = head.first_frame.checked_add(head.frames);
        if end.is_none_or(|end| end > self.total_frames) {
            let total = self.total_frames;
            return Err(Error::malformed(format!(
                "a block of decisions is for {} frames from {} on; the stream has {total}",
                head.frames, head.first_frame
            )));
        }
        let spec = &self.info.spec;
        let mut restorer = Restorer::from_block(spec, self.info.chunk_frames, &head);
        restorer.take_block(decisions.clone())?;
        let mut left = head.frames;
        while left > 0 {
            let (pcm, _) = self.pcm(head.first_frame + (head.frames - left), (left, left))?;
            left -= (pcm.len() / spec.frame_bytes()) as u64;
            restorer.take_pcm(pcm.into())?;
        }
        let mut frames = Vec::new();
        loop {
            let _turn = self.cache.take_turn();
            match restorer.next_part()? {
                Some(part) => memory::append(&mut frames, &part)?,
                None => {
                    // It grew beyond what it needs.
                    frames.shrink_to_fit();
                    return Ok(frames);
                }
            }
        }
    }
}

fn copy(bytes: &[u8], buffer: &mut [u8]) -> usize {
    let length = bytes.len().min(buffer.len());
    buffer[..length].copy_from_slice(&bytes[..length]);
    length
}

/// Fails unless the limits allow to make FLAC frames.
fn check_memory(info: &StreamInfo, limits: Limits) -> Result<()> {
    let frame_bytes = info.spec.frame_bytes() as u64;
    // A block is for about a chunk, and so are the bytes that it makes.
    let chunk = info.chunk_frames * frame_bytes;
    let needed = Restorer::memory(&info.spec, info.chunk_frames)
        + chunk_codec::decoding_memory(&info.spec)
        + 4 * chunk;
    match needed > limits.memory {
        true => Err(Error::new(ErrorKind::Limit { needed, allowed: limits.memory })),
        false => Ok(()),
    }
}

impl<R: Read + Seek> Read for RestoredFile<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_at(self.position, buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R> Seek for RestoredFile<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        let before = "a place before the start of the file, or beyond 2^64";
        self.position = place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, before))?;
        Ok(self.position)
    }
}

/// The clone reads the same file from its start on.
impl<R> Clone for RestoredFile<R> {
    fn clone(&self) -> Self {
        RestoredFile::of(Arc::clone(&self.file))
    }
}

impl<R> Drop for RestoredFile<R> {
    fn drop(&mut self) {
        self.hold(None);
    }
}

impl<R> Drop for File<R> {
    fn drop(&mut self) {
        self.cache.drop_file(self.number);
    }
}

impl<R> fmt::Debug for RestoredFile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestoredFile")
            .field("info", &self.file.info)
            .field("length", &self.length())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
