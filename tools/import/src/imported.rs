//! A file that is imported.

use std::fmt;
use std::io::{self, Cursor, Read, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lmac::{AudioSpec, SampleFormat, Tags};
use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{
    MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource,
};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use crate::coding::{Coding, unknown};
use crate::container::{Container, START};
use crate::error::Error;
use crate::flac::{self, StreamInfo};
use crate::tags;
use crate::{matroska, mp4, samples};

/// Bytes of PCM that are gathered before they are handed on, about.
const BLOCK: usize = 1 << 16;

/// The audio, tags and pictures of a file in another format.
///
/// [`Read`] gives the PCM, interleaved, in the layout of [`spec`](Imported::spec). Its end is
/// reached only if the audio is complete and agrees with the checksums in the file.
pub struct Imported {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    coding: Coding,
    /// Whether packets tell their length in frames.
    timed: bool,
    spec: AudioSpec,
    /// The plane of each channel.
    order: Vec<usize>,
    frames: Option<u64>,
    /// The length that a FLAC stream tells about itself.
    promised: Option<u64>,
    tags: Tags,
    other_tracks: usize,
    /// Decoded PCM, and how much of it was read.
    pcm: Vec<u8>,
    taken: usize,
    frames_decoded: u64,
    flac_frames: flac::Frames,
    /// Whether the packet before was shorter than the file says, which only the last may be.
    short: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl Imported {
    /// Opens a file, and reads its tags and the format of its audio.
    ///
    /// A source that cannot seek goes into [`ReadOnlySource`]. Some files need one that can.
    pub fn open<S: MediaSource + 'static>(mut source: S) -> Result<Imported, Error> {
        let mut start = Vec::new();
        (&mut source).take(START as u64).read_to_end(&mut start)?;
        let container = Container::of(&start)?;
        let title = match container {
            Container::Matroska => matroska::title(&start),
            _ => None,
        };
        let seekable = source.is_seekable();
        if seekable {
            container.check_whole(&start, &mut source)?;
        }
        if !seekable && container == Container::Matroska {
            // Symphonia cannot tell its end in a pipe from one that is cut off.
            return Err(Error::file("a Matroska file can be read from a disk, not from a pipe"));
        }
        let mut big_endian = Vec::new();
        let source: Box<dyn MediaSource> = if seekable {
            if container == Container::Mp4 {
                source.seek(SeekFrom::Start(0))?;
                big_endian = mp4::byte_orders(&mut source)?;
            }
            source.seek(SeekFrom::Start(0))?;
            Box::new(source)
        } else {
            Box::new(ReadOnlySource::new(Cursor::new(start).chain(source)))
        };
        let big_endian = seekable.then_some(&big_endian);
        let mut imported = fenced(|| Self::open_container(source, container, big_endian))?;
        imported.tags.comments.extend(title.map(|title| ("TITLE".to_string(), title)));
        Ok(imported)
    }

    fn open_container(
        source: Box<dyn MediaSource>,
        container: Container,
        big_endian: Option<&Vec<Option<bool>>>,
    ) -> Result<Imported, Error> {
        let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let mut format = symphonia::default::get_probe().probe(
            &Hint::new(),
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )?;
        let (at, track) = audio_track(&*format)?;
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(unknown(""));
        };
        let mut params = params.clone();
        let coding = Coding::of(params.codec)?;
        if coding == Coding::Pcm {
            // A number from the file, for which the decoder would allocate memory at once.
            params.max_frames_per_packet = None;
            if container == Container::Mp4 {
                set_byte_order(&mut params, big_endian.map(|orders| orders.get(at).copied()))?;
            }
        }
        let timed = track.time_base.is_some_and(|base| {
            base.numer.get() == 1 && Some(base.denom.get()) == params.sample_rate
        });
        let (track, frames, tracks) = (track.id, track.num_frames, format.tracks().len());

        let options = AudioDecoderOptions::default().verify(true);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options)?;
        let spec = describe(coding, decoder.codec_params())?;
        let promised = match coding {
            Coding::Flac => params.extra_data.as_deref().and_then(StreamInfo::read),
            _ => None,
        };
        let promised = promised.and_then(|info| info.frames);
        let tags = tags::read(&mut *format, track, container);
        Ok(Imported {
            format,
            decoder,
            track,
            coding,
            timed,
            order: channel_order(coding, spec.channels.into()),
            spec,
            frames: promised.or(frames),
            promised,
            tags,
            other_tracks: tracks - 1,
            pcm: Vec::new(),
            taken: 0,
            frames_decoded: 0,
            flac_frames: flac::Frames::default(),
            short: false,
            state: State::Reading,
        })
    }

    /// Returns the format of the PCM.
    pub fn spec(&self) -> &AudioSpec {
        &self.spec
    }

    /// Returns the frames of audio that the file announces. There may be a few less.
    pub fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// Returns the name of the coding: ALAC, FLAC or PCM.
    pub fn coding(&self) -> &'static str {
        self.coding.name()
    }

    /// Returns the tags, whose fields have upper case, and the pictures.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Returns the number of tracks that are left out: other audio, video and subtitles.
    pub fn other_tracks(&self) -> usize {
        self.other_tracks
    }

    /// Gathers PCM; less than a block only at the end.
    fn gather(&mut self) -> Result<(), Error> {
        self.pcm.clear();
        self.taken = 0;
        while self.state == State::Reading && self.pcm.len() < BLOCK {
            match fenced(|| self.decode_packet()) {
                Ok(true) => {}
                Ok(false) => self.state = State::Ended,
                Err(error) => {
                    self.state = State::Failed;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Decodes the next packet; `false` at the end.
    fn decode_packet(&mut self) -> Result<bool, Error> {
        let Some(packet) = self.format.next_packet()? else {
            self.check_end()?;
            return Ok(false);
        };
        if packet.track_id != self.track {
            return Ok(true);
        }
        if self.coding == Coding::Flac {
            self.flac_frames.check(&packet.data, self.spec.valid_bits.into())?;
        }
        let buffer = self.decoder.decode(&packet)?;
        let frames = buffer.frames() as u64;
        self.flac_frames.count(frames);
        samples::append(&buffer, &self.spec, &self.order, &mut self.pcm)?;
        self.frames_decoded += frames;
        self.check_length(&packet, frames)?;
        Ok(true)
    }

    /// Checks that a packet has given all of its frames.
    fn check_length(&mut self, packet: &Packet, frames: u64) -> Result<(), Error> {
        let missing = |expected: u64| {
            Err(Error::File(format!(
                "the file is damaged: a packet has {frames} frames in place of {expected}"
            )))
        };
        let told = self.timed.then_some(packet.dur.get());
        match self.coding {
            // The decoder of PCM leaves out what is no whole frame.
            Coding::Pcm => {
                let bytes = packet.data.len() as u64;
                if frames * self.spec.frame_bytes() as u64 != bytes {
                    return Err(Error::file("the file is cut off in the middle of a frame"));
                }
                match told {
                    Some(told) if told != frames => missing(told),
                    _ => Ok(()),
                }
            }
            Coding::Alac => {
                let was_short = std::mem::replace(
                    &mut self.short,
                    frames == 0 || told.is_some_and(|told| frames < told),
                );
                // Padding at the end is taken away.
                if was_short { missing(told.unwrap_or_default()) } else { Ok(()) }
            }
            // Its checksum has told.
            Coding::Flac => Ok(()),
        }
    }

    fn check_end(&mut self) -> Result<(), Error> {
        if let Some(promised) = self.promised.filter(|&promised| promised != self.frames_decoded) {
            return Err(Error::File(format!(
                "the file is cut off: its audio has {} frames in place of {promised}",
                self.frames_decoded
            )));
        }
        if self.decoder.finalize().verify_ok == Some(false) {
            return Err(Error::file("the file is damaged: the MD5 of its audio is wrong"));
        }
        Ok(())
    }
}

impl Read for Imported {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.pcm.len() {
            if self.state == State::Failed {
                return Err(Error::file("the file failed before").into());
            }
            self.gather()?;
        }
        let read = (&self.pcm[self.taken..]).read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

impl fmt::Debug for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imported")
            .field("coding", &self.coding)
            .field("spec", &self.spec)
            .field("frames", &self.frames)
            .field("tags", &self.tags.comments.len())
            .field("pictures", &self.tags.pictures.len())
            .finish_non_exhaustive()
    }
}

/// Turns a panic into an error: readers and decoders of Symphonia can panic on damaged files.
fn fenced<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::file("the file is damaged: its decoder gave up")))
}

/// The audio track that is imported, and its place among the tracks.
fn audio_track(format: &dyn FormatReader) -> Result<(usize, &Track), Error> {
    let tracks = format.tracks();
    let track = format
        .default_track(TrackType::Audio)
        .or_else(|| format.first_track(TrackType::Audio))
        .ok_or_else(|| match tracks.iter().any(|track| track.codec_params.is_none()) {
            true => unknown(""),
            false => Error::file("this file holds no audio"),
        })?;
    let at = tracks.iter().position(|other| other.id == track.id).unwrap_or_default();
    Ok((at, track))
}

/// Sets the byte order of PCM in an MP4 or QuickTime file, which Symphonia takes for
/// little-endian.
fn set_byte_order(
    params: &mut AudioCodecParameters,
    big_endian: Option<Option<Option<bool>>>,
) -> Result<(), Error> {
    let big = match params.codec {
        CODEC_ID_PCM_S24LE => CODEC_ID_PCM_S24BE,
        CODEC_ID_PCM_S32LE => CODEC_ID_PCM_S32BE,
        CODEC_ID_PCM_F32LE => CODEC_ID_PCM_F32BE,
        CODEC_ID_PCM_F64LE => CODEC_ID_PCM_F64BE,
        _ => return Ok(()),
    };
    match big_endian {
        None => Err(Error::file(
            "the byte order of PCM in a QuickTime file can only be found in a file that can seek, \
             not in a pipe",
        )),
        Some(Some(Some(true))) => {
            params.codec = big;
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// Describes the PCM that a decoder gives.
fn describe(coding: Coding, params: &AudioCodecParameters) -> Result<AudioSpec, Error> {
    let float = matches!(
        params.codec,
        CODEC_ID_PCM_F32LE | CODEC_ID_PCM_F32BE | CODEC_ID_PCM_F64LE | CODEC_ID_PCM_F64BE
    );
    let bits = match coding {
        Coding::Alac => params.extra_data.as_deref().and_then(alac_bits),
        Coding::Flac => params.extra_data.as_deref().and_then(StreamInfo::read).map(|it| it.bits),
        Coding::Pcm => Some(pcm_bits(params)),
    };
    let bits = bits.filter(|&bits| (1..=64).contains(&bits)).ok_or_else(|| {
        Error::File(format!("the number of bits in a sample of {} is not known", coding.name()))
    })?;
    let format = match float {
        true => SampleFormat::float(bits),
        false => SampleFormat::integer(bits.next_multiple_of(8)),
    };
    let channels = params.channels.as_ref().map_or(0, Channels::count);
    let (Some(format), Ok(channels @ 1..), Some(rate)) =
        (format, u16::try_from(channels), params.sample_rate)
    else {
        return Err(Error::File(format!(
            "audio of {bits} bits and {channels} channels cannot be imported"
        )));
    };
    let spec = AudioSpec::new(format, channels, rate).with_valid_bits(bits as u8);
    Ok(match channel_mask(coding, channels, params) {
        Some(mask) => spec.with_channel_mask(mask),
        None => spec,
    })
}

/// Bits of a sample of PCM.
fn pcm_bits(params: &AudioCodecParameters) -> u32 {
    match params.codec {
        CODEC_ID_PCM_S8 | CODEC_ID_PCM_U8 => 8,
        CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE | CODEC_ID_PCM_U16LE | CODEC_ID_PCM_U16BE => 16,
        CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE | CODEC_ID_PCM_U24LE | CODEC_ID_PCM_U24BE => 24,
        CODEC_ID_PCM_F64LE | CODEC_ID_PCM_F64BE => 64,
        _ => 32,
    }
}

/// The bit depth in the configuration of an ALAC decoder, which atoms may stand before.
fn alac_bits(mut cookie: &[u8]) -> Option<u32> {
    for atom in [b"frma", b"alac"] {
        if cookie.get(4..8) == Some(atom) {
            cookie = cookie.get(12..)?;
        }
    }
    cookie.get(5).map(|&bits| bits.into())
}

/// The speakers of more than two channels.
fn channel_mask(coding: Coding, channels: u16, params: &AudioCodecParameters) -> Option<u32> {
    match (coding, &params.channels) {
        // What Symphonia tells about PCM are guesses.
        (Coding::Pcm, _) => None,
        (_, Some(Channels::Positioned(positions))) if channels > 2 => {
            u32::try_from(positions.bits()).ok()
        }
        _ => None,
    }
}

/// The plane of each channel, in the order of the speakers in a WAV file.
fn channel_order(coding: Coding, channels: usize) -> Vec<usize> {
    match (coding, channels) {
        // Symphonia's decoder of ALAC leaves these in an order that is not the one of the speakers
        // that it tells: L R C LFE Cs Ls Rs and L R C LFE Lc Rc Ls Rs.
        (Coding::Alac, 7) => vec![0, 1, 2, 3, 5, 6, 4],
        (Coding::Alac, 8) => vec![0, 1, 2, 3, 6, 7, 4, 5],
        _ => (0..channels).collect(),
    }
}
