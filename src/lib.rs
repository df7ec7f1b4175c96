//! **lmac** is a lossless audio codec: an autoregressive model predicts every symbol of
//! the audio, an arithmetic coder stores it, and the stream decodes to the same bits on
//! every machine.
//!
//! [`encode`] and [`decode`] do it in one call; [`Encoder`] and [`Decoder`] in one pass
//! over any [`Write`](std::io::Write) and [`Read`](std::io::Read), in the memory of a few
//! chunks. [`source`] takes WAV and raw files and gives them back byte for byte.
//!
//! ```
//! use lmac::{AudioSpec, SampleFormat};
//!
//! let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
//! let samples: Vec<i32> = (0..20_000).map(|at| at / 2 % 300 * 90 - 13_000).collect();
//! let stream = lmac::encode(&samples, &spec)?;
//! assert!(stream.len() < samples.len() / 4);
//! assert_eq!(lmac::decode(&stream)?, (spec, samples));
//! # Ok::<(), lmac::Error>(())
//! ```
//!
//! The format is written down in the `spec` folder of the project, with test vectors.

mod audio;
mod chunk_codec;
mod container;
mod damage;
mod decoder;
mod digest;
mod encoder;
mod entropy;
mod error;
#[cfg(feature = "language")]
mod estimate;
#[cfg(all(fuzzing, feature = "language"))]
#[doc(hidden)]
pub mod fuzzing;
mod input;
mod inspect;
mod memory;
mod model;
mod numerics;
mod options;
mod parallel;
mod planes;
pub mod source;
mod stats;

pub use audio::{AudioSpec, Frames, SampleFormat};
pub use container::header::Source;
pub use damage::Damage;
pub use decoder::{Decoder, Samples, StreamInfo, Verification};
pub use encoder::{Encoder, Finished};
pub use error::{Error, ErrorKind, Place, Result};
pub use inspect::{ChunkInfo, Summary};
pub use model::Method;
pub use model::identity::{ModelId, ModelUse, Profile, Tokens};
pub use options::{DecodeOptions, EncodeOptions, Limits, Preset, Verify};
pub use planes::Mapping;
pub use stats::{Sections, Stats};

#[cfg(feature = "language")]
pub mod language {
    //! Language models that predict the characters of audio.

    pub use crate::estimate::{Estimate, estimate};
    pub use crate::model::language::account::{Account, SegmentCost};
    pub use crate::model::language::architecture::{
        Architecture, ByteTransformer, Expected, Llama,
    };
    pub use crate::model::language::evaluator::Evaluator;
    pub use crate::model::language::meter::Meter;
    pub use crate::model::language::model::{LanguageModel, Parts};
    pub use crate::model::language::options::LanguageOptions;
    pub use crate::model::language::stages::Stage;
    pub use crate::model::language::tensor::{Kind, Tensor, Tensors};
    pub use crate::model::language::vocabulary::{Tokenizer, Vocabulary};
}

#[cfg(feature = "checkpoints")]
pub mod checkpoint {
    //! Models on disk, in every layout.

    pub use crate::model::checkpoint::{Checkpoint, find, load, open, weight_files};
}

#[cfg(feature = "_machine")]
#[doc(hidden)]
pub use numerics::machine;

/// Version of the format that this crate writes, major and minor.
pub const FORMAT_VERSION: (u8, u8) = container::VERSION;

/// Encodes interleaved samples in one call.
pub fn encode(interleaved: &[i32], spec: &AudioSpec) -> Result<Vec<u8>> {
    let frames = interleaved.len() as u64 / u64::from(spec.channels).max(1);
    let options = EncodeOptions::default().with_declared_frames(frames);
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options)?;
    encoder.write_samples(interleaved)?;
    Ok(encoder.finish()?.writer)
}

/// Decodes a stream in one call, whatever memory its audio takes: a small stream can hold
/// much silence. [`Decoder`] hands out a chunk at a time.
pub fn decode(stream: &[u8]) -> Result<(AudioSpec, Vec<i32>)> {
    let mut decoder = Decoder::new(stream)?;
    let mut samples = Vec::new();
    let mut frames = Frames::new();
    while decoder.read_frames(&mut frames)? {
        samples.extend_from_slice(frames.samples());
    }
    decoder.expect_end()?;
    Ok((decoder.info().spec, samples))
}

const _: () = {
    const fn send<T: Send>() {}
    send::<Encoder<Vec<u8>>>();
    send::<Decoder<&[u8]>>();
};

// The README's examples are tests as well.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
