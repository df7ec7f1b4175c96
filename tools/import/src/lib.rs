//! Lossless files of other formats as input for lmac.
//!
//! [`Imported`] opens ALAC in MP4, CAF and Matroska, FLAC in Ogg, Matroska, MP4 and its own
//! container, and PCM in MP4, QuickTime and Matroska. It gives their PCM bit for bit in lmac's
//! layout, and their tags and pictures. The file itself cannot be restored from them.
//!
//! Containers and codings are read by the crate `symphonia`. This crate checks what that leaves
//! open: the true bit depth, the checksums of FLAC, the order of channels and of bytes, and
//! whether the audio is complete. Lossy audio is refused by name.
//!
//! ```no_run
//! use std::{fs::File, io};
//! use lmac_import::Imported;
//!
//! let mut song = Imported::open(File::open("song.m4a")?)?;
//! let mut encoder = lmac::Encoder::new(Vec::new(), *song.spec())?;
//! io::copy(&mut song, &mut encoder)?;
//! let stream = encoder.finish()?.writer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod coding;
mod container;
mod error;
mod flac;
mod imported;
mod matroska;
mod mp4;
mod samples;
mod tags;

pub use container::EXTENSIONS;
pub use error::Error;
pub use imported::Imported;
pub use symphonia::core::io::{MediaSource, ReadOnlySource};
