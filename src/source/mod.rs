//! Files around audio: WAV (RF64, RIFX), FLAC, Wave64, AIFF, CAF, AU and raw PCM become streams,
//! and come back byte for byte.
//!
//! ```
//! use std::io::Read;
//! use lmac::source::{self, Restored, SourceFile};
//! use lmac::{Decoder, EncodeOptions};
//!
//! # let spec = lmac::AudioSpec::new(lmac::SampleFormat::S16, 1, 8000);
//! # let mut wav = source::wav_head(&spec, Some(2));
//! # wav.extend([1, 0, 2, 0]);
//! let file = SourceFile::open(wav.as_slice())?;
//! assert_eq!(file.spec().channels, 1);
//! let finished = file.encode(Vec::new(), &EncodeOptions::default())?;
//!
//! let mut back = Vec::new();
//! Restored::new(Decoder::new(finished.writer.as_slice())?).read_to_end(&mut back)?;
//! assert_eq!(back, wav);
//! # Ok::<(), lmac::Error>(())
//! ```

mod file;
mod flac;
mod restore;
mod seekable;

pub use crate::formats::raw::RawLayout;
pub use crate::formats::wav::wav_head;
pub use file::{SourceFile, encode_file, encode_file_audio, encode_raw};
pub use restore::{NewFile, Restored};
pub use seekable::{FileCache, RestoredFile};
