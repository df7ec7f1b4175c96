//! **lmac** is a lossless audio codec. An autoregressive model predicts every symbol of the
//! audio, an arithmetic coder stores it, and the stream decodes to the same bits on every
//! machine.
//!
//! [`encode`] and [`decode`] work in one call. [`Encoder`] and [`Decoder`] work in one pass
//! over any [`Write`](std::io::Write) and [`Read`](std::io::Read), in the memory of a few
//! chunks. [`source`] encodes WAV, FLAC, AIFF and other files and restores them byte for
//! byte.
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
//! The `spec` folder of the project defines the format and has test vectors.

mod audio;
#[cfg(feature = "checkpoints")]
pub mod checkpoint;
mod chunk_codec;
mod container;
mod entropy;
mod error;
mod formats;
mod memory;
mod method;
mod numerics;
mod planes;
#[cfg(feature = "_proof")]
#[doc(hidden)]
pub mod proof;
pub mod source;
mod stream;
mod tags;

pub use audio::{AudioSpec, Frames, SampleFormat};
pub use container::source::{FileFormat, SourceKind};
pub use error::{Error, ErrorKind, Place, Result};
pub use method::identity::{ModelId, ModelUse, Precision, TokenKind};
pub use method::preset::Preset;
pub use method::verify::Verify;
pub use method::{Method, Sections};
pub use planes::Mapping;
pub use stream::damage::Damage;
pub use stream::decoder::{Decoder, Samples, Verification};
pub use stream::edit::TagEditor;
pub use stream::encoder::{Encoder, Finished};
pub use stream::info::StreamInfo;
pub use stream::inspect::{ChunkInfo, Inspector, Summary};
pub use stream::options::{DecodeOptions, EncodeOptions, Limits};
pub use stream::stats::{FlacFindings, Stats};
pub use tags::{Picture, Tags};

pub mod packets {
    //! Streams in parts, for programs that have their own input, output and threads: players,
    //! plug-ins, servers and clusters.
    //!
    //! [`PacketReader`] takes a stream apart; [`PacketParser`] does so with bytes as they arrive,
    //! and [`IndexFinder`] says where its chunks are. [`ChunkDecoder`] decodes one chunk.
    //! [`ChunkEncoder`] encodes one, and [`TrailerBuilder`] makes the end of a stream.

    pub use crate::stream::packets::{
        ChunkDecoder, ChunkDecoding, ChunkEncoder, ChunkPlace, DecodedChunk, IndexFinder,
        IndexStep, Packet, PacketKind, PacketParser, PacketReader, Step, StreamHeader, StreamIndex,
        TrailerBuilder,
    };
}

#[cfg(feature = "language")]
pub mod language {
    //! Language models, which predict the characters of audio.

    pub use crate::method::language::account::{Account, SegmentCost};
    pub use crate::method::language::architecture::{
        Architecture, ByteTransformer, ExpectedTensor, Llama,
    };
    pub use crate::method::language::evaluator::Evaluator;
    pub use crate::method::language::meter::Meter;
    pub use crate::method::language::model::{LanguageModel, ModelParts};
    pub use crate::method::language::options::LanguageOptions;
    pub use crate::method::language::stages::Stage;
    pub use crate::method::language::tensor::{Tensor, TensorKind, Tensors};
    pub use crate::method::language::vocabulary::{Tokenizer, Vocabulary};
    pub use crate::stream::language::estimate::{Estimate, estimate};
}

/// The version of the format that this crate writes, major and minor.
pub const FORMAT_VERSION: (u8, u8) = container::VERSION;

/// Encodes interleaved samples in one call.
pub fn encode(interleaved: &[i32], spec: &AudioSpec) -> Result<Vec<u8>> {
    let frames = interleaved.len() as u64 / u64::from(spec.channels).max(1);
    let options = EncodeOptions::default().with_declared_frames(frames);
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options)?;
    encoder.write_samples(interleaved)?;
    Ok(encoder.finish()?.writer)
}

/// Decodes a stream in one call.
///
/// There is no limit to the memory of the audio: a small stream can hold hours of silence.
/// [`Decoder`] returns one chunk at a time.
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
    send::<Inspector<&[u8]>>();
    send::<packets::PacketReader<&[u8]>>();
    send::<packets::PacketParser>();
    send::<packets::ChunkDecoding>();
    const fn shared<T: Send + Sync>() {}
    shared::<packets::ChunkDecoder>();
    shared::<packets::ChunkEncoder>();
};

// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
