//! The reader.

use std::fmt;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use lmac::packets::ChunkDecoder;
use lmac::{DecodeOptions, Decoder, ErrorKind, Tags};
use symphonia::core::common::FourCc;
use symphonia::core::errors::{Error, Result, SeekErrorKind, seek_error};
use symphonia::core::formats::probe::{
    ProbeDataMatchSpec, ProbeFormatData, ProbeableFormat, Score, Scoreable,
};
use symphonia::core::formats::{
    FormatId, FormatInfo, FormatOptions, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track,
};
use symphonia::core::io::{MediaSourceStream, ScopedStream};
use symphonia::core::meta::{ChapterGroup, Metadata, MetadataLog};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::error::symphonia_error;
use crate::source::Source;
use crate::{tags, track};

const FORMAT: FormatInfo = FormatInfo {
    format: FormatId::new(FourCc::new(*b"lmac")),
    short_name: "lmac",
    long_name: "Lossless audio with a model and an arithmetic coder",
};

/// Frames of a packet at most, as many as a decoder hands out of a chunk that it has begun.
const PACKET_FRAMES: u64 = 1024;

/// Bytes of a packet at most, if that is more than a frame.
const PACKET_BYTES: u64 = 1 << 18;

/// Damaged chunks in a row after which a stream ends.
const MOST_DAMAGED: u32 = 10;

/// Reads an `.lmac` stream, and hands it out as packets of PCM.
pub struct LmacReader<'s> {
    /// The trait wants a reader that threads can share, which a decoder is not.
    decoder: Mutex<Decoder<Source<'s>>>,
    seekable: bool,
    chunk_frames: u64,
    frame_bytes: u64,
    packet_frames: u64,
    /// The only track.
    tracks: [Track; 1],
    media: MediaInfo,
    metadata: MetadataLog,
    chapters: Option<ChapterGroup>,
    state: State,
    /// Damaged chunks since the last packet.
    damaged: u32,
}

/// What the next packet begins with.
enum State {
    Reading,
    /// Going to this frame, which is past a damaged chunk.
    Resuming(u64),
    Ended,
}

impl<'s> LmacReader<'s> {
    /// Opens the stream that begins at the position of the source.
    ///
    /// Audio comes out while its chunk is decoded
    /// ([provisional](DecodeOptions::with_provisional)), so that playing begins at once.
    pub fn try_new(source: MediaSourceStream<'s>, options: FormatOptions) -> Result<Self> {
        Self::with_options(source, options, DecodeOptions::default().with_provisional(true))
    }

    /// Opens a stream, and decodes it with these options: they have the language models that
    /// streams may need, and limit the memory.
    pub fn with_options(
        source: MediaSourceStream<'s>,
        options: FormatOptions,
        decoding: DecodeOptions,
    ) -> Result<Self> {
        let source = Source::new(source);
        let seekable = source.seekable;
        let (decoder, tags) = open(source, decoding).map_err(symphonia_error)?;
        let info = decoder.info();
        let frames = decoder.total_frames().or(info.declared_frames);
        let frame_bytes = info.spec.frame_bytes() as u64;
        let packet_frames = (PACKET_BYTES / frame_bytes).clamp(1, PACKET_FRAMES);
        let track = track::track(&info.spec, frames, packet_frames)?;

        let external = options.external_data;
        let mut metadata = external.metadata.unwrap_or_default();
        let chapters = track.time_base.and_then(|base| tags::chapters(&tags, base));
        if let Some(revision) = tags::metadata(tags)? {
            metadata.push(revision);
        }
        Ok(LmacReader {
            seekable,
            chunk_frames: info.chunk_frames,
            frame_bytes,
            packet_frames,
            media: MediaInfo::from_track(&track),
            tracks: [track],
            metadata,
            chapters: chapters.or(external.chapters),
            state: State::Reading,
            damaged: 0,
            decoder: Mutex::new(decoder),
        })
    }

    fn decoder(&mut self) -> &mut Decoder<Source<'s>> {
        self.decoder.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_to(&mut self, frame: u64) -> Result<()> {
        self.state = State::Reading;
        self.decoder().seek(frame).map_err(|error| self.failed(frame, error))?;
        Ok(())
    }

    /// Prepares for going on after an error at this frame, if that is possible.
    fn failed(&mut self, frame: u64, error: lmac::Error) -> Error {
        self.damaged += 1;
        let next = (frame / self.chunk_frames + 1) * self.chunk_frames;
        let goes_on = self.seekable
            && self.damaged < MOST_DAMAGED
            && error.is_damage()
            && !matches!(error.kind(), ErrorKind::Truncated)
            && self.decoder().total_frames().is_none_or(|total| next < total);
        self.state = if goes_on { State::Resuming(next) } else { State::Ended };
        symphonia_error(error)
    }
}

/// Opens a decoder, and reads the tags and, if the source can seek, the length.
fn open(source: Source<'_>, options: DecodeOptions) -> lmac::Result<(Decoder<Source<'_>>, Tags)> {
    let seekable = source.seekable;
    let mut decoder = Decoder::with_options(source, options.clone())?;
    // Says at once that a language model is missing, or that the limits are too low.
    ChunkDecoder::new(&decoder.header(), &options)?;
    let tags = match seekable {
        true => decoder.find_length().and_then(|_| decoder.find_tags()),
        false => decoder.tags(),
    };
    match tags {
        Ok(tags) => Ok((decoder, tags)),
        Err(error) if matches!(error.kind(), ErrorKind::Io(_)) => Err(error),
        // Faults in tags do not matter for playing.
        Err(_) => {
            if seekable {
                decoder.seek(0)?;
            }
            Ok((decoder, Tags::new()))
        }
    }
}

impl Scoreable for LmacReader<'_> {
    fn score(_: ScopedStream<&mut MediaSourceStream<'_>>) -> Result<Score> {
        // The probe has found the marker, and no other format begins like this.
        Ok(Score::Supported(u8::MAX))
    }
}

impl ProbeableFormat<'_> for LmacReader<'_> {
    fn try_probe_new(
        source: MediaSourceStream<'_>,
        options: FormatOptions,
    ) -> Result<Box<dyn FormatReader + '_>> {
        Ok(Box::new(LmacReader::try_new(source, options)?))
    }

    fn probe_data() -> &'static [ProbeFormatData] {
        &[ProbeFormatData {
            spec: ProbeDataMatchSpec {
                extensions: &["lmac"],
                mime_types: &["audio/x-lmac"],
                markers: &[b"\x89lmac\r\n"],
            },
            info: FORMAT,
        }]
    }
}

impl FormatReader for LmacReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        &FORMAT
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media
    }

    fn chapters(&self) -> Option<&ChapterGroup> {
        self.chapters.as_ref()
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Goes to a frame. The next packet begins with it in both modes.
    ///
    /// A source that cannot seek goes forward only: the audio on the way is decoded.
    fn seek(&mut self, _: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        let (wanted, track) = match to {
            SeekTo::Timestamp { ts, track_id } => (Some(ts), track_id),
            SeekTo::Time { time, track_id } => {
                // Without a rate, times mean nothing.
                let Some(base) = self.tracks[0].time_base else {
                    return seek_error(SeekErrorKind::Unseekable);
                };
                (base.calc_timestamp(time), track_id.unwrap_or(track::ID))
            }
        };
        if track != track::ID {
            return seek_error(SeekErrorKind::InvalidTrack);
        }
        let total = self.decoder().total_frames().unwrap_or(u64::MAX);
        let frame = wanted.and_then(|ts| u64::try_from(ts.get()).ok());
        let Some(frame) = frame.filter(|&frame| frame <= total) else {
            return seek_error(SeekErrorKind::OutOfRange);
        };
        if self.seekable {
            self.damaged = 0;
            self.go_to(frame)?;
        } else {
            let decoder = self.decoder();
            let Some(ahead) = frame.checked_sub(decoder.position()) else {
                return seek_error(SeekErrorKind::ForwardOnly);
            };
            decoder.skip(ahead);
        }
        let ts = Timestamp::new(frame as i64);
        Ok(SeekedTo { track_id: track::ID, required_ts: ts, actual_ts: ts })
    }

    /// Returns the next packet of PCM; `None` at the end.
    ///
    /// After an error, it goes on behind the damaged chunk if that is possible, and else ends.
    fn next_packet(&mut self) -> Result<Option<Packet>> {
        match self.state {
            State::Reading => {}
            State::Resuming(frame) => self.go_to(frame)?,
            State::Ended => return Ok(None),
        }
        let mut pcm = vec![0; (self.packet_frames * self.frame_bytes) as usize];
        let decoder = self.decoder();
        let read = decoder.read(&mut pcm);
        let position = decoder.position();
        match read {
            Ok(0) => {
                self.state = State::Ended;
                Ok(None)
            }
            Ok(length) => {
                self.damaged = 0;
                pcm.truncate(length);
                let frames = length as u64 / self.frame_bytes;
                let first = Timestamp::new((position - frames) as i64);
                Ok(Some(Packet::new(track::ID, first, Duration::new(frames), pcm)))
            }
            Err(error) => Err(self.failed(position, error.into())),
        }
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        let decoder = self.decoder.into_inner().unwrap_or_else(PoisonError::into_inner);
        decoder.into_inner().into_inner()
    }
}

impl fmt::Debug for LmacReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LmacReader").field("tracks", &self.tracks).finish_non_exhaustive()
    }
}
