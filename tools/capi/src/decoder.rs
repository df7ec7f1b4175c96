//! Decoders.

use std::ffi::{CString, c_char, c_int, c_void};
use std::io::{Cursor, Read};
use std::ptr;

use lmac::source::Restored;
use lmac::{Decoder, ErrorKind, SampleFormat, Verification};

use crate::audio::{lmac_info, lmac_sample_format, lmac_source_kind};
use crate::error::lmac_error::LMAC_ERROR_NOT_SEEKABLE;
use crate::error::{Fault, Result, c_text, code, count, lmac_error, lmac_last_error_text, or};
use crate::handle::{Handle, close, hand_out, null, reference};
use crate::input::{self, Input, lmac_callbacks};
use crate::options::lmac_decode_options;
use crate::samples;
use crate::sized;
use crate::tags::lmac_tags;

/// An open stream that is decoded.
///
/// Threads may use a decoder one after the other; a call while another is under way returns
/// LMAC_ERROR_BUSY. Different decoders are independent of each other.
#[derive(Debug)]
pub struct lmac_decoder(Handle<Decoding>);

/// How far the audio that came out was checked.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_verification {
    /// The end was not reached yet.
    LMAC_VERIFICATION_UNFINISHED = 0,
    /// All audio matches the checksums of its chunks, and the MD5 of the whole.
    LMAC_VERIFICATION_MD5 = 1,
    /// All audio matches the checksums of its chunks; the stream has no MD5.
    LMAC_VERIFICATION_CHUNKS = 2,
    /// The audio that came out matches the checksums of its chunks; some was skipped.
    LMAC_VERIFICATION_PARTIAL = 3,
    /// Some audio was lost and replaced with silence.
    LMAC_VERIFICATION_DAMAGED = 4,
}

use lmac_verification::*;

/// Bytes of PCM that are converted at a time, or one frame where that is longer.
const BLOCK: usize = 1 << 15;

struct Decoding {
    decoder: Decoder<Input>,
    seekable: bool,
    model_name: Option<CString>,
    /// PCM on its way to the caller.
    pcm: Vec<u8>,
    /// The error that ended reading, until a seek.
    fault: Option<Fault>,
}

impl Decoding {
    fn open(input: Input, seekable: bool, options: &lmac_decode_options) -> Result<Decoding> {
        // SAFETY: whoever opens a decoder has valid models in its options.
        let inner = unsafe { options.options()? };
        let decoder = match (options.recover != 0, seekable) {
            (false, true) => Decoder::open(input, inner)?,
            (false, false) => Decoder::with_options(input, inner)?,
            (true, true) => {
                let mut decoder = Decoder::recover(input, inner)?;
                decoder.find_length()?;
                decoder
            }
            (true, false) => Decoder::recover_in_one_pass(input, inner)?,
        };
        let info = decoder.info();
        Ok(Decoding {
            model_name: info.model.as_ref().map(|usage| c_text(&usage.id.name)),
            decoder,
            seekable,
            pcm: Vec::new(),
            fault: None,
        })
    }

    fn frame_bytes(&self) -> usize {
        self.decoder.info().spec.frame_bytes()
    }

    /// Reads frames, at most a block at a time, and passes their PCM on. Returns their number,
    /// which is smaller than that asked for at the end, and before an error.
    fn read(&mut self, frames: usize, mut pass: impl FnMut(&[u8])) -> Result<i64> {
        let frame_bytes = self.frame_bytes();
        let most = (BLOCK / frame_bytes).max(1);
        let mut done = 0;
        while done < frames && self.fault.is_none() {
            let wanted = (frames - done).min(most) * frame_bytes;
            self.pcm.resize(wanted, 0);
            let mut got = 0;
            while got < wanted {
                match self.decoder.read(&mut self.pcm[got..]) {
                    Ok(0) => break,
                    Ok(read) => got += read,
                    Err(error) => {
                        self.fault = Some(error.into());
                        break;
                    }
                }
            }
            // The decoder gives whole frames to whoever asks for whole frames.
            pass(&self.pcm[..got]);
            done += got / frame_bytes;
            if got < wanted {
                break;
            }
        }
        match &self.fault {
            // The next call returns the error.
            Some(fault) if done == 0 && frames > 0 => Err(fault.clone()),
            _ => Ok(done as i64),
        }
    }

    /// Decodes everything, with what else comes back of a source file.
    fn verify(self) -> Result<lmac_info> {
        let mut restored = Restored::new(self.decoder);
        while !restored.next_piece()?.is_empty() {}
        restored.decoder_mut().expect_end()?;
        Ok(describe(restored.decoder(), self.seekable))
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        if !self.seekable {
            let text = "the input cannot seek: it is a pipe, or there is no seek callback";
            return Err(Fault::new(LMAC_ERROR_NOT_SEEKABLE, text));
        }
        // Recovery accepts any frame; positions beyond i64 cannot be returned to C.
        if i64::try_from(frame).is_err() {
            return Err(Fault::argument(format!("frame {frame} is behind the end of any stream")));
        }
        match self.decoder.seek(frame) {
            Ok(_) => {
                self.fault = None;
                Ok(())
            }
            Err(error) => {
                // A frame behind the end changes nothing; after others, the place is lost.
                let stays = matches!(error.kind(), ErrorKind::Argument(_));
                let fault = Fault::from(error);
                if !stays {
                    self.fault = Some(fault.clone());
                }
                Err(fault)
            }
        }
    }

    fn info(&self) -> lmac_info {
        let model_name = self.model_name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        lmac_info { model_name, ..describe(&self.decoder, self.seekable) }
    }
}

/// Describes a stream, without the name of its model.
fn describe(decoder: &Decoder<Input>, seekable: bool) -> lmac_info {
    let info = decoder.info();
    let spec = &info.spec;
    let source = lmac_source_kind::from(info.source);
    let (major, minor) = decoder.header().version();
    let md5 = decoder.stored_md5();
    let or_unknown =
        |frames: Option<u64>| frames.and_then(|frames| i64::try_from(frames).ok()).unwrap_or(-1);
    lmac_info {
        size: size_of::<lmac_info>(),
        sample_format: lmac_sample_format::from(spec.format) as i32,
        is_float: spec.format.is_float().into(),
        channels: spec.channels.into(),
        rate: spec.rate,
        bits_per_sample: spec.format.bits(),
        valid_bits: spec.valid_bits.into(),
        frame_bytes: spec.frame_bytes() as u32,
        has_channel_mask: spec.channel_mask.is_some().into(),
        channel_mask: spec.channel_mask.unwrap_or(0),
        seekable: seekable.into(),
        total_frames: or_unknown(decoder.total_frames()),
        declared_frames: or_unknown(info.declared_frames),
        chunk_frames: info.chunk_frames,
        format_major: major.into(),
        format_minor: minor.into(),
        source_kind: source as i32,
        has_md5: md5.is_some().into(),
        source_name: source.name().as_ptr(),
        model_name: ptr::null(),
        md5: md5.unwrap_or_default(),
    }
}

/// Opens a decoder for a file, which may be a pipe. `options` may be NULL.
///
/// `*decoder` becomes the decoder, which lmac_decoder_close() closes; NULL after an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_open_file(
    path: *const c_char,
    options: *const lmac_decode_options,
    decoder: *mut *mut lmac_decoder,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(decoder, "decoder", || {
            let (path, options) = (input::path(path)?, sized::read_or_default(options)?);
            let (input, seekable) = Input::open(&path)?;
            let decoding = Decoding::open(input, seekable, &options);
            let decoding = decoding.map_err(|fault| fault.of(&path.display().to_string()))?;
            Ok(lmac_decoder(Handle::new(decoding)))
        })
    })
}

/// Opens a decoder for a stream in memory. `options` may be NULL.
///
/// The memory is not copied: it must stay as it is until the decoder is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_open_memory(
    data: *const c_void,
    size: usize,
    options: *const lmac_decode_options,
    decoder: *mut *mut lmac_decoder,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(decoder, "decoder", || {
            let options = sized::read_or_default(options)?;
            let bytes = input::bytes(data, size, "data")?;
            let decoding = Decoding::open(Input::Memory(Cursor::new(bytes)), true, &options)?;
            Ok(lmac_decoder(Handle::new(decoding)))
        })
    })
}

/// Opens a decoder for a stream that functions of the caller read. `options` may be NULL.
///
/// `callbacks` is copied. What `user` points to belongs to the caller, and must live until the
/// decoder is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_open_callbacks(
    callbacks: *const lmac_callbacks,
    options: *const lmac_decode_options,
    decoder: *mut *mut lmac_decoder,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(decoder, "decoder", || {
            let callbacks = sized::read(callbacks)?;
            let options = sized::read_or_default(options)?;
            let (input, seekable) = Input::with_callbacks(&callbacks)?;
            Ok(lmac_decoder(Handle::new(Decoding::open(input, seekable, &options)?)))
        })
    })
}

/// Closes a decoder and frees it. NULL does nothing.
///
/// It stays open while another call uses it; a callback cannot close its own decoder.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_close(decoder: *mut lmac_decoder) {
    // SAFETY: the caller does not use the decoder again.
    code(|| unsafe { close(decoder, |decoder| &decoder.0) });
}

/// Fills in what is known of the stream.
///
/// Where the input cannot seek, the length and the MD5 are known at the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_info(
    decoder: *const lmac_decoder,
    info: *mut lmac_info,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        let decoder = reference(decoder, "decoder")?;
        decoder.0.with(|decoding| sized::write(info, &decoding.info()))
    })
}

/// Reads the next frames as integers, interleaved. Returns their number, or a negative lmac_error.
///
/// `samples` has room for `frames` frames: `frames` times the channels. Fewer come at the end of
/// the stream, where the next call returns 0, and before an error, which the next call returns.
///
/// Samples have the values of the file: 24-bit ones are between -8388608 and 8388607, 8-bit ones
/// between -128 and 127. Floats have no integers: LMAC_ERROR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_read_i32(
    decoder: *mut lmac_decoder,
    samples: *mut i32,
    frames: usize,
) -> i64 {
    // SAFETY: the caller's pointers are valid or NULL, and there is room for so many samples.
    count(|| unsafe { read_samples(decoder, samples, frames, samples::to_i32) })
}

/// Reads the next frames as floats, interleaved. Returns their number, or a negative lmac_error.
///
/// It is like lmac_decoder_read_i32(), for every format. Floats of 32 bits are those of the file,
/// bit for bit; those of 64 bits are rounded. Integers are scaled to -1 to 1, which is exact up to
/// 24 bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_read_float(
    decoder: *mut lmac_decoder,
    samples: *mut f32,
    frames: usize,
) -> i64 {
    // SAFETY: the caller's pointers are valid or NULL, and there is room for so many samples.
    count(|| unsafe {
        read_samples(decoder, samples, frames, |format| Ok(samples::to_float(format)))
    })
}

/// Reads the next frames as bytes of PCM, interleaved, in the format of the file. Returns the
/// number of bytes, or a negative lmac_error.
///
/// The buffer has `size` bytes, at least those of a frame (frame_bytes of lmac_info). Only whole
/// frames come. Fewer come at the end and before an error, as with lmac_decoder_read_i32().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_read_bytes(
    decoder: *mut lmac_decoder,
    buffer: *mut c_void,
    size: usize,
) -> i64 {
    // SAFETY: the caller's pointers are valid or NULL, and the buffer has so many bytes.
    count(|| unsafe {
        reference(decoder, "decoder")?.0.with(|decoding| {
            let frame_bytes = decoding.frame_bytes();
            if size > 0 && size < frame_bytes {
                return Err(Fault::argument(format!(
                    "the buffer has {size} bytes; a frame has {frame_bytes}"
                )));
            }
            if buffer.is_null() && size > 0 {
                return Err(null("buffer"));
            }
            let mut to = buffer.cast::<u8>();
            let frames = decoding.read(size / frame_bytes, |pcm| {
                pcm.as_ptr().copy_to_nonoverlapping(to, pcm.len());
                to = to.add(pcm.len());
            })?;
            Ok(frames * frame_bytes as i64)
        })
    })
}

/// Reads frames and converts their samples.
///
/// # Safety
///
/// `samples` is NULL or has room for so many frames.
unsafe fn read_samples<T>(
    decoder: *mut lmac_decoder,
    samples: *mut T,
    frames: usize,
    conversion: impl Fn(SampleFormat) -> Result<fn(&[u8]) -> T>,
) -> Result<i64> {
    // SAFETY: the caller's pointer is valid or NULL.
    unsafe { reference(decoder, "decoder")? }.0.with(|decoding| {
        let format = decoding.decoder.info().spec.format;
        let convert = conversion(format)?;
        if samples.is_null() && frames > 0 {
            return Err(null("samples"));
        }
        let mut to = samples;
        decoding.read(frames, |pcm| {
            for sample in pcm.chunks_exact(format.bytes()) {
                // SAFETY: no more frames come than the caller has room for.
                unsafe {
                    to.write(convert(sample));
                    to = to.add(1);
                }
            }
        })
    })
}

/// Goes to a frame: the next read begins with exactly this one.
///
/// The end of the stream is allowed, a frame behind it is LMAC_ERROR_ARGUMENT and changes nothing.
/// After an error in one part of the stream, a seek to another part goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_seek(decoder: *mut lmac_decoder, frame: u64) -> lmac_error {
    // SAFETY: the caller's pointer is valid or NULL.
    code(|| unsafe { reference(decoder, "decoder")? }.0.with(|decoding| decoding.seek(frame)))
}

/// Returns the number of the frame that comes next, or a negative lmac_error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_tell(decoder: *const lmac_decoder) -> i64 {
    // SAFETY: the caller's pointer is valid or NULL.
    count(|| unsafe { ask(decoder, |decoding| decoding.decoder.position()) })
}

/// Returns the number of the frame up to which the audio that came out was checked, or a negative
/// lmac_error.
///
/// That is lmac_decoder_tell(), unless the options ask for provisional audio.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_checked_to(decoder: *const lmac_decoder) -> i64 {
    // SAFETY: the caller's pointer is valid or NULL.
    count(|| unsafe { ask(decoder, |decoding| decoding.decoder.checked_to()) })
}

/// Returns the number of frames so far that were lost to damage and replaced with silence, or a
/// negative lmac_error. It is 0 unless the options ask to recover.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_lost_frames(decoder: *const lmac_decoder) -> i64 {
    // SAFETY: the caller's pointer is valid or NULL.
    count(|| unsafe { ask(decoder, |decoding| decoding.decoder.damage().lost_frames) })
}

/// Returns how far the audio that came out was checked, an lmac_verification, or a negative
/// lmac_error. Ask at the end of the stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_verification(decoder: *const lmac_decoder) -> c_int {
    // SAFETY: the caller's pointer is valid or NULL.
    let found = count(|| unsafe {
        ask(decoder, |decoding| match decoding.decoder.verification() {
            Verification::Md5(_) => LMAC_VERIFICATION_MD5,
            Verification::Chunks => LMAC_VERIFICATION_CHUNKS,
            Verification::Partial => LMAC_VERIFICATION_PARTIAL,
            Verification::Damaged => LMAC_VERIFICATION_DAMAGED,
            _ => LMAC_VERIFICATION_UNFINISHED,
        } as u64)
    });
    found as c_int
}

/// Asks a decoder for a number.
///
/// # Safety
///
/// The pointer is valid or NULL.
unsafe fn ask(
    decoder: *const lmac_decoder,
    question: impl FnOnce(&Decoding) -> u64,
) -> Result<i64> {
    // SAFETY: the caller's promise.
    unsafe { reference(decoder, "decoder")? }
        .0
        .with(|decoding| Ok(i64::try_from(question(decoding)).unwrap_or(i64::MAX)))
}

/// Gets the tags of the stream: its own, or else those of the file that the audio came from.
///
/// `*tags` becomes a handle that lmac_tags_free() frees; NULL after an error. A stream without tags
/// has tags without comments. The position stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_tags(
    decoder: *mut lmac_decoder,
    tags: *mut *mut lmac_tags,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        // Also where the decoder cannot be used.
        if !tags.is_null() {
            tags.write(ptr::null_mut());
        }
        reference(decoder, "decoder")?.0.with(|decoding| {
            hand_out(tags, "tags", || {
                let tags = match decoding.seekable {
                    true => decoding.decoder.find_tags()?,
                    false => decoding.decoder.tags()?,
                };
                Ok(lmac_tags::new(tags))
            })
        })
    })
}

/// Returns the text of the last error of this decoder; empty if there was none.
///
/// It says what is wrong, with which value, and where in the stream, and stays valid until the next
/// error of the decoder. For NULL, it is that of lmac_last_error_text().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_decoder_error_text(decoder: *const lmac_decoder) -> *const c_char {
    // SAFETY: the caller's pointer is valid or NULL.
    match unsafe { decoder.as_ref() } {
        Some(decoder) => decoder.0.text(),
        None => lmac_last_error_text(),
    }
}

/// Decodes a whole file and compares everything with its checksums. LMAC_OK says that it is sound.
///
/// `options` may be NULL; `provisional` and `recover` are ignored. `info` may be NULL, and is filled
/// in if the file is sound; its model_name is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_verify_file(
    path: *const c_char,
    options: *const lmac_decode_options,
    info: *mut lmac_info,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        if !info.is_null() {
            // A wrong size is found before everything is decoded.
            sized::check(info)?;
        }
        let (path, mut options) = (input::path(path)?, sized::read_or_default(options)?);
        options.provisional = 0;
        options.recover = 0;
        let (input, seekable) = Input::open(&path)?;
        let verified = Decoding::open(input, seekable, &options).and_then(Decoding::verify);
        let verified = verified.map_err(|fault| fault.of(&path.display().to_string()))?;
        if info.is_null() { Ok(()) } else { sized::write(info, &verified) }
    })
}

/// Returns whether bytes can be the start of an lmac stream: 1 or 0.
///
/// Players ask this of the first bytes of a file, at least LMAC_MAGIC_SIZE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_is_lmac(data: *const c_void, size: usize) -> c_int {
    or(0, || {
        // SAFETY: the caller has so many bytes there, or NULL.
        let bytes = unsafe { input::bytes(data, size.min(LMAC_MAGIC_SIZE), "data")? };
        Ok(c_int::from(bytes == MAGIC))
    })
}

/// Bytes with which every stream begins: 0x89, "lmac", carriage return, line feed.
pub const LMAC_MAGIC_SIZE: usize = 7;

const MAGIC: &[u8; LMAC_MAGIC_SIZE] = b"\x89lmac\r\n";
