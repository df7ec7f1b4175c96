//! The options of decoders and encoders. Zero is the default of each.

use std::slice;

use lmac::{DecodeOptions, EncodeOptions, Limits, Preset, Verify};

use crate::error::{Fault, Result};
use crate::handle::{null, reference};
use crate::model::lmac_model;
use crate::sized::SizedStruct;
use crate::tags::lmac_tags;

/// A number of threads: one for each core.
pub const LMAC_THREADS_ALL: u32 = 0xFFFF_FFFF;

/// Options of a decoder. lmac_init() comes first; zero is the default of each.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_decode_options {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// Bytes of memory that decoding may take; 0 is 2 GiB. A stream that needs more is refused.
    pub memory_limit: u64,
    /// Threads that decode chunks; 0 is 1. With more, the decoder reads ahead.
    pub threads: u32,
    /// Not 0 to get audio before all of its chunk is decoded, so that playing begins at once.
    ///
    /// The stored bytes of a chunk are checked before, as always; its audio at its end. If that is
    /// wrong, the error follows audio that was wrong. lmac_decoder_checked_to() tells how far audio
    /// was checked. One thread decodes then.
    pub provisional: i32,
    /// Not 0 to go on after damage, with silence in place of what is lost.
    /// lmac_decoder_lost_frames() tells how much that is. Audio then comes by whole chunks.
    pub recover: i32,
    /// The number of models.
    pub model_count: u32,
    /// Language models that streams may need. NULL if there are none.
    pub models: *const *const lmac_model,
}

// SAFETY: integers and a pointer, and no field across words that is not larger.
unsafe impl SizedStruct for lmac_decode_options {
    const NAME: &str = "lmac_decode_options";
}

/// How much work an encoder does to make a stream small.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_preset {
    /// The same as LMAC_PRESET_STANDARD.
    LMAC_PRESET_DEFAULT = 0,
    /// Compresses nothing.
    LMAC_PRESET_STORE = 1,
    /// Compresses little, the fastest.
    LMAC_PRESET_LIGHT = 2,
    /// Compresses well.
    LMAC_PRESET_FAST = 3,
    /// Compresses better: six times as slow.
    LMAC_PRESET_STANDARD = 4,
    /// Compresses best: another five to ten times as slow.
    LMAC_PRESET_MAX = 5,
}

use lmac_preset::*;

/// How much of each chunk an encoder decodes again and compares before it is written.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_verify {
    /// Nothing.
    LMAC_VERIFY_NO = 0,
    /// Everything; with a language model, samples of its work.
    LMAC_VERIFY_USUAL = 1,
    /// Everything, also with a language model.
    LMAC_VERIFY_FULL = 2,
}

use lmac_verify::*;

/// Options of an encoder. lmac_init() comes first; zero is the default of each.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_encode_options {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// How much work is done to make the stream small, an lmac_preset.
    pub preset: i32,
    /// How much is checked, an lmac_verify.
    pub verify: i32,
    /// Threads that encode chunks; 0 is 1. The stream is the same for every number.
    pub threads: u32,
    /// Not 0 to leave out the MD5 of the audio.
    pub without_md5: i32,
    /// Frames of a chunk, the unit of seeking, of threads and of damage; 0 lets the preset choose.
    pub chunk_frames: u64,
    /// The length of the audio, if it is known; 0 if not. A wrong number does no harm.
    pub declared_frames: u64,
    /// Tags of the stream, or NULL. The encoder copies them.
    pub tags: *const lmac_tags,
    /// A language model to encode with, or NULL.
    pub model: *const lmac_model,
    /// Bytes that are left for tags that are added later, if there are tags.
    pub tag_padding: u32,
    /// Not 0 to fail where a file is at the path already; it is replaced otherwise.
    pub keep_existing: i32,
}

// SAFETY: integers and pointers, and no field across words that is not larger.
unsafe impl SizedStruct for lmac_encode_options {
    const NAME: &str = "lmac_encode_options";
}

/// The library's number of threads: 0 is one for each core there.
fn threads(threads: u32) -> usize {
    match threads {
        0 => 1,
        LMAC_THREADS_ALL => 0,
        some => some as usize,
    }
}

impl lmac_decode_options {
    /// Returns the options for the library.
    ///
    /// # Safety
    ///
    /// `models` has `model_count` models.
    pub(crate) unsafe fn options(&self) -> Result<DecodeOptions> {
        let mut options = DecodeOptions::default()
            .with_threads(threads(self.threads))
            .with_provisional(self.provisional != 0);
        if self.memory_limit != 0 {
            options = options.with_limits(Limits::default().with_memory(self.memory_limit));
        }
        if self.model_count != 0 {
            if self.models.is_null() {
                return Err(null("models in lmac_decode_options"));
            }
            // SAFETY: the caller's promise.
            let models = unsafe { slice::from_raw_parts(self.models, self.model_count as usize) };
            for &model in models {
                // SAFETY: the caller's promise.
                options =
                    unsafe { reference(model, "a model in lmac_decode_options")? }.decode(options);
            }
        }
        Ok(options)
    }
}

impl lmac_encode_options {
    /// Returns the options for the library.
    ///
    /// # Safety
    ///
    /// `tags` and `model` are NULL or valid.
    pub(crate) unsafe fn options(&self) -> Result<EncodeOptions> {
        const PRESETS: [(lmac_preset, Preset); 6] = [
            (LMAC_PRESET_DEFAULT, Preset::Standard),
            (LMAC_PRESET_STORE, Preset::Store),
            (LMAC_PRESET_LIGHT, Preset::Light),
            (LMAC_PRESET_FAST, Preset::Fast),
            (LMAC_PRESET_STANDARD, Preset::Standard),
            (LMAC_PRESET_MAX, Preset::Max),
        ];
        const CHECKS: [(lmac_verify, Verify); 3] = [
            (LMAC_VERIFY_NO, Verify::No),
            (LMAC_VERIFY_USUAL, Verify::Usual),
            (LMAC_VERIFY_FULL, Verify::Full),
        ];
        let preset = PRESETS.iter().find(|(number, _)| *number as i32 == self.preset);
        let verify = CHECKS.iter().find(|(number, _)| *number as i32 == self.verify);
        let (Some((_, preset)), Some((_, verify))) = (preset, verify) else {
            let (name, value) = match preset {
                None => ("preset", self.preset),
                Some(_) => ("verify", self.verify),
            };
            return Err(Fault::argument(format!("{name} is {value}, which is no lmac_{name}")));
        };
        let mut options = EncodeOptions::default()
            .with_preset(*preset)
            .with_verify(*verify)
            .with_threads(threads(self.threads))
            .with_md5(self.without_md5 == 0)
            .with_tag_padding(self.tag_padding);
        options.chunk_frames = (self.chunk_frames != 0).then_some(self.chunk_frames);
        options.declared_frames = (self.declared_frames != 0).then_some(self.declared_frames);
        // SAFETY: the caller's promise.
        if let Some(tags) = unsafe { self.tags.as_ref() } {
            options = options.with_tags(tags.tags().clone());
        }
        // SAFETY: the caller's promise.
        if let Some(model) = unsafe { self.model.as_ref() } {
            options = model.encode(options);
        }
        Ok(options)
    }
}
