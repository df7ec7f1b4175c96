//! A reader of `.lmac` streams for programs that decode through the crate Symphonia.
//!
//! [`get_probe`] is Symphonia's default probe with [`LmacReader`] added. A program with a probe of
//! its own registers the reader:
//!
//! ```
//! use symphonia::core::formats::probe::Probe;
//!
//! let mut probe = Probe::new();
//! symphonia::default::register_enabled_formats(&mut probe);
//! probe.register_format::<lmac_symphonia::LmacReader<'_>>();
//! ```
//!
//! No codec needs to be registered: the reader decodes, and its packets are PCM, for which the
//! default registry has a decoder.
//!
//! ```
//! use std::io::Cursor;
//! use symphonia::core::codecs::CodecParameters;
//! use symphonia::core::formats::{SeekMode, SeekTo, TrackType};
//! use symphonia::core::io::MediaSourceStream;
//! use symphonia::core::units::Timestamp;
//!
//! # let spec = lmac::AudioSpec::new(lmac::SampleFormat::S16, 2, 44100);
//! # let stream = lmac::encode(&(0..9000).collect::<Vec<i32>>(), &spec)?;
//! // Of a program that plays files, this is a `File`.
//! let source = MediaSourceStream::new(Box::new(Cursor::new(stream)), Default::default());
//! let probe = lmac_symphonia::get_probe();
//! let hint = Default::default();
//! let mut reader = probe.probe(&hint, source, Default::default(), Default::default())?;
//!
//! let track = reader.default_track(TrackType::Audio).expect("a track");
//! assert_eq!(track.num_frames, Some(4500));
//! let Some(CodecParameters::Audio(parameters)) = &track.codec_params else { unreachable!() };
//! let codecs = symphonia::default::get_codecs();
//! let mut decoder = codecs.make_audio_decoder(parameters, &Default::default())?;
//!
//! // A seek is exact: the next packet begins with the frame.
//! let to = SeekTo::Timestamp { ts: Timestamp::new(3000), track_id: track.id };
//! reader.seek(SeekMode::Accurate, to)?;
//! decoder.reset();
//! let mut samples: Vec<i16> = Vec::new();
//! let mut piece = Vec::new();
//! while let Some(packet) = reader.next_packet()? {
//!     decoder.decode(&packet)?.copy_to_vec_interleaved(&mut piece);
//!     samples.append(&mut piece);
//! }
//! assert_eq!(samples, (6000..9000).collect::<Vec<i16>>());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Language models
//!
//! The probe refuses streams of language models, as it has none. A program that has the model opens
//! such a stream itself, with [`LmacReader::with_options`].
//!
//! # Damage
//!
//! A damaged chunk is an error of [`next_packet`]. Where the source can seek, the next call goes on
//! with the chunk after it, and the timestamps of the packets tell what is missing. Anywhere else,
//! and after ten damaged chunks in a row, the stream ends.
//!
//! [`next_packet`]: symphonia::core::formats::FormatReader::next_packet

mod error;
mod reader;
mod source;
mod tags;
mod track;

use std::sync::LazyLock;

pub use reader::LmacReader;
use symphonia::core::formats::probe::Probe;

/// Returns Symphonia's default probe, with the formats that the program has enabled, and `.lmac`.
pub fn get_probe() -> &'static Probe {
    static PROBE: LazyLock<Probe> = LazyLock::new(|| {
        let mut probe = Probe::new();
        symphonia::default::register_enabled_formats(&mut probe);
        probe.register_format::<LmacReader<'_>>();
        probe
    });
    &PROBE
}

// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
