//! The file around the audio: WAV, RF64 and raw PCM, taken in and given back byte for
//! byte.
//!
//! ```
//! use std::io::Read;
//! use lmac::source::{self, Restored};
//! use lmac::{Decoder, EncodeOptions};
//!
//! # let spec = lmac::AudioSpec::new(lmac::SampleFormat::S16, 1, 8000);
//! # let mut wav = source::wav_head(&spec, Some(2));
//! # wav.extend([1, 0, 2, 0]);
//! let finished = source::encode_wav(wav.as_slice(), Vec::new(), &EncodeOptions::default())?;
//!
//! let mut back = Vec::new();
//! Restored::new(Decoder::new(finished.writer.as_slice())?).read_to_end(&mut back)?;
//! assert_eq!(back, wav);
//! # Ok::<(), lmac::Error>(())
//! ```

mod encode;
mod foreign;
mod raw;
mod restore;
mod wav;

pub use encode::{encode_raw, encode_wav, encode_wav_audio};
pub use raw::RawLayout;
pub use restore::{Restored, wav_head};
pub(crate) use wav::is_whole_head;
