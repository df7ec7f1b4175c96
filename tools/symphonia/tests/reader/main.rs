//! Streams through Symphonia's probe and codecs, beside `lmac::Decoder`.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod damage;
mod formats;
mod models;
mod seeking;
mod sources;
mod tags;

use std::io::{self, Cursor, Read};

use lmac::{AudioSpec, DecodeOptions, Decoder, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm, stream};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, SeekedTo, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::units::Timestamp;

type Reader<'s> = Box<dyn FormatReader + 's>;

fn source<'s>(source: impl MediaSource + 's) -> MediaSourceStream<'s> {
    MediaSourceStream::new(Box::new(source), Default::default())
}

/// Opens a source as programs do.
fn probe<'s>(from: impl MediaSource + 's) -> Result<Reader<'s>> {
    let probe = lmac_symphonia::get_probe();
    probe.probe(&Default::default(), source(from), Default::default(), Default::default())
}

/// Opens a stream in memory.
fn open(stream: &[u8]) -> Reader<'_> {
    probe(Cursor::new(stream)).unwrap()
}

/// Opens a stream in a pipe.
fn open_pipe(stream: &[u8]) -> Reader<'_> {
    probe(ReadOnlySource::new(stream)).unwrap()
}

fn track<'a>(reader: &'a Reader<'_>) -> &'a Track {
    assert_eq!(reader.tracks().len(), 1);
    reader.default_track(TrackType::Audio).unwrap()
}

fn parameters<'a>(reader: &'a Reader<'_>) -> &'a AudioCodecParameters {
    match &track(reader).codec_params {
        Some(CodecParameters::Audio(parameters)) => parameters,
        other => panic!("{other:?}"),
    }
}

fn codec(reader: &Reader<'_>) -> Result<Box<dyn AudioDecoder>> {
    symphonia::default::get_codecs().make_audio_decoder(parameters(reader), &Default::default())
}

/// What was decoded to the end, or to an error.
struct Decoded {
    /// Interleaved little-endian PCM.
    pcm: Vec<u8>,
    /// First frames of the packets, and how many they have.
    packets: Vec<(i64, u64)>,
    error: Option<Error>,
}

fn decode(reader: &mut Reader<'_>) -> Decoded {
    let mut codec = codec(reader).unwrap();
    let mut decoded = Decoded { pcm: Vec::new(), packets: Vec::new(), error: None };
    let mut piece = Vec::new();
    loop {
        match reader.next_packet() {
            Ok(None) => return decoded,
            Ok(Some(packet)) => {
                assert_eq!(packet.track_id, track(reader).id);
                let audio = codec.decode(&packet).unwrap();
                assert_eq!(audio.frames() as u64, packet.dur.get());
                audio.copy_bytes_to_vec_interleaved(&mut piece);
                decoded.pcm.append(&mut piece);
                decoded.packets.push((packet.pts.get(), packet.dur.get()));
            }
            Err(error) => {
                decoded.error = Some(error);
                return decoded;
            }
        }
    }
}

/// Decodes to the end, and checks that no frame is missing.
#[track_caller]
fn rest(reader: &mut Reader<'_>, mut first: i64) -> Vec<u8> {
    let decoded = decode(reader);
    if let Some(error) = decoded.error {
        panic!("{error}");
    }
    for (at, frames) in decoded.packets {
        assert_eq!(at, first);
        first += frames as i64;
    }
    decoded.pcm
}

fn seek(reader: &mut Reader<'_>, frame: i64) -> Result<SeekedTo> {
    let to = SeekTo::Timestamp { ts: Timestamp::new(frame), track_id: track(reader).id };
    reader.seek(SeekMode::Accurate, to)
}

/// The PCM that lmac decodes.
fn expected(stream: &[u8]) -> Vec<u8> {
    let mut pcm = Vec::new();
    Decoder::new(stream).unwrap().read_to_end(&mut pcm).unwrap();
    pcm
}

/// A stream of six chunks of a melody, in stereo of 16 bits, and its PCM.
fn melody() -> (Vec<u8>, Vec<u8>) {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 11_500, Signal::Melody, 3);
    let options = EncodeOptions::default().with_preset(Preset::Fast).with_chunk_frames(2000);
    (stream(&pcm, &spec, options), pcm)
}

const FRAME: usize = 4;
const FRAMES: i64 = 11_500;
