//! Encoders.

use std::ffi::{c_char, c_void};
use std::io::Write;
use std::slice;

use lmac::{Encoder, SampleFormat};

use crate::audio::lmac_audio;
use crate::error::lmac_error::LMAC_ERROR_STATE;
use crate::error::{Fault, Result, code, lmac_error, lmac_last_error_text};
use crate::handle::{Handle, close, hand_out, null, reference};
use crate::input;
use crate::options::lmac_encode_options;
use crate::output::{Output, lmac_write_function};
use crate::samples;
use crate::sized::{self, SizedStruct};

/// An open stream that is encoded.
///
/// Threads may use an encoder one after the other; a call while another is under way returns
/// LMAC_ERROR_BUSY. Different encoders are independent of each other.
#[derive(Debug)]
pub struct lmac_encoder(Handle<Encoding>);

/// The sizes of a finished stream. lmac_init() comes first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_stats {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// Frames of audio.
    pub frames: u64,
    /// Bytes of PCM.
    pub pcm_bytes: u64,
    /// Bytes of the stream.
    pub stream_bytes: u64,
    /// Chunks.
    pub chunks: u64,
    /// Not 0 if the stream has an MD5.
    pub has_md5: i32,
    /// Zero.
    pub reserved: u32,
    /// The MD5 of the audio as FLAC defines it, if has_md5 is not 0.
    pub md5: [u8; 16],
}

// SAFETY: integers and bytes, and no field across words that is not larger.
unsafe impl SizedStruct for lmac_stats {
    const NAME: &str = "lmac_stats";
}

struct Encoding {
    state: State,
    /// The path, for errors.
    name: Option<String>,
    /// Bytes of an unfinished sample or frame that were written as bytes.
    odd_bytes: usize,
}

enum State {
    Open(Box<Encoder<Output>>),
    Finished,
    Failed(Fault),
}

/// Floats that are converted at a time.
const BLOCK: usize = 1 << 12;

impl Encoding {
    fn open(
        output: Output,
        name: Option<String>,
        audio: &lmac_audio,
        options: &lmac_encode_options,
    ) -> Result<Self> {
        // SAFETY: whoever opens an encoder has valid tags and a valid model in its options.
        let options = unsafe { options.options()? };
        let encoder = Encoder::with_options(output, audio.spec()?, options)?;
        Ok(Encoding { state: State::Open(Box::new(encoder)), name, odd_bytes: 0 })
    }

    /// The encoder, if it can go on.
    fn encoder(&mut self) -> Result<&mut Encoder<Output>> {
        match &mut self.state {
            State::Open(encoder) => Ok(encoder),
            State::Finished => Err(Fault::new(LMAC_ERROR_STATE, "the stream is finished")),
            State::Failed(fault) => Err(Fault::new(
                LMAC_ERROR_STATE,
                format!("the stream failed before: {}", fault.text),
            )),
        }
    }

    /// Ends the stream after an error. Nothing of an unfinished file stays.
    fn fail(&mut self, fault: Fault) -> Fault {
        let fault = match &self.name {
            Some(name) => fault.of(name),
            None => fault,
        };
        self.state = State::Failed(fault.clone());
        fault
    }

    /// Takes a step, after which nothing goes on if it fails.
    fn step(&mut self, step: impl FnOnce(&mut Encoder<Output>) -> lmac::Result<()>) -> Result<()> {
        match step(self.encoder()?) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    /// The samples of so many frames of the caller.
    ///
    /// # Safety
    ///
    /// The pointer is NULL, or so many frames are there and stay while they are used.
    unsafe fn samples<'a, T>(&mut self, samples: *const T, frames: usize) -> Result<&'a [T]> {
        let channels = usize::from(self.encoder()?.spec().channels);
        if self.odd_bytes != 0 {
            let odd = self.odd_bytes;
            return Err(Fault::argument(format!(
                "{odd} bytes of a frame were written as bytes: its other bytes must come first"
            )));
        }
        let count = frames.checked_mul(channels);
        let Some(count) = count.filter(|&count| count <= isize::MAX as usize / size_of::<T>())
        else {
            return Err(Fault::argument(format!("{frames} frames are more than memory can hold")));
        };
        match count {
            0 => Ok(&[]),
            _ if samples.is_null() => Err(null("samples")),
            // SAFETY: the caller's promise.
            _ => Ok(unsafe { slice::from_raw_parts(samples, count) }),
        }
    }

    fn finish(&mut self) -> Result<lmac_stats> {
        self.encoder()?;
        let State::Open(encoder) = std::mem::replace(&mut self.state, State::Finished) else {
            return Err(Fault::new(LMAC_ERROR_STATE, "the stream is finished"));
        };
        let finished = encoder.finish().map_err(|error| self.fail(error.into()))?;
        let stats = lmac_stats {
            size: size_of::<lmac_stats>(),
            frames: finished.stats.frames,
            pcm_bytes: finished.stats.pcm_bytes,
            stream_bytes: finished.stats.stream_bytes,
            chunks: finished.stats.chunks(),
            has_md5: finished.md5.is_some().into(),
            reserved: 0,
            md5: finished.md5.unwrap_or_default(),
        };
        finished.writer.finish().map_err(|error| self.fail(error.into()))?;
        Ok(stats)
    }
}

/// Opens an encoder that writes a file. `options` may be NULL.
///
/// The file gets its name when it is finished: until then, what is at the path stays there, and
/// after an error nothing is left behind. A device or a pipe at the path is written to directly.
///
/// `*encoder` becomes the encoder, which lmac_encoder_close() closes; NULL after an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_open_file(
    path: *const c_char,
    audio: *const lmac_audio,
    options: *const lmac_encode_options,
    encoder: *mut *mut lmac_encoder,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(encoder, "encoder", || {
            let (path, audio) = (input::path(path)?, sized::read(audio)?);
            let options = sized::read_or_default(options)?;
            let name = path.display().to_string();
            let output = Output::open(&path, options.keep_existing != 0);
            let output = output.map_err(|error| Fault::from(error).of(&name))?;
            let encoding = Encoding::open(output, Some(name), &audio, &options)?;
            Ok(lmac_encoder(Handle::new(encoding)))
        })
    })
}

/// Opens an encoder that passes its stream to a function. `options` may be NULL.
///
/// The stream is written in one pass, from its first byte to its last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_open_callback(
    write: lmac_write_function,
    user: *mut c_void,
    audio: *const lmac_audio,
    options: *const lmac_encode_options,
    encoder: *mut *mut lmac_encoder,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(encoder, "encoder", || {
            let write = write.ok_or_else(|| null("write"))?;
            let (audio, options) = (sized::read(audio)?, sized::read_or_default(options)?);
            let output = Output::Callback { user, write };
            Ok(lmac_encoder(Handle::new(Encoding::open(output, None, &audio, &options)?)))
        })
    })
}

/// Encodes integers, interleaved.
///
/// `samples` has `frames` times the channels. Samples have the values that lmac_decoder_read_i32()
/// gives; one that does not fit the format is an error. Streams of floats take none.
///
/// An error that comes of the call alone changes nothing: LMAC_ERROR_BUSY, a wrong pointer or
/// number of frames, integers for a stream of floats. After any other error the stream cannot go
/// on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_write_i32(
    encoder: *mut lmac_encoder,
    samples: *const i32,
    frames: usize,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL, and there are so many samples.
    code(|| unsafe {
        reference(encoder, "encoder")?.0.with(|encoding| {
            if encoding.encoder()?.spec().format.is_float() {
                return Err(samples::no_integers());
            }
            let samples = encoding.samples(samples, frames)?;
            encoding.step(|encoder| encoder.write_samples(samples))
        })
    })
}

/// Encodes floats, interleaved, in a stream of floats.
///
/// `samples` has `frames` times the channels. Floats of 32 bits are kept bit for bit; in a stream
/// of 64 bits they become wider. Streams of integers take none, since that would round.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_write_float(
    encoder: *mut lmac_encoder,
    samples: *const f32,
    frames: usize,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL, and there are so many samples.
    code(|| unsafe {
        reference(encoder, "encoder")?.0.with(|encoding| {
            let format = encoding.encoder()?.spec().format;
            let samples = encoding.samples(samples, frames)?;
            samples::from_float(&[], format, &mut Vec::new())?;
            write_floats(encoding, samples, format)
        })
    })
}

fn write_floats(encoding: &mut Encoding, samples: &[f32], format: SampleFormat) -> Result<()> {
    let mut pcm = Vec::new();
    for block in samples.chunks(BLOCK) {
        pcm.clear();
        samples::from_float(block, format, &mut pcm)?;
        encoding.step(|encoder| Ok(encoder.write_all(&pcm)?))?;
    }
    Ok(())
}

/// Encodes bytes of PCM, interleaved, in the format of the stream.
///
/// They may be split anywhere, also within a frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_write_bytes(
    encoder: *mut lmac_encoder,
    pcm: *const c_void,
    size: usize,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL, and there are so many bytes.
    code(|| unsafe {
        reference(encoder, "encoder")?.0.with(|encoding| {
            let frame_bytes = encoding.encoder()?.spec().frame_bytes();
            let pcm = input::bytes(pcm, size, "pcm")?;
            encoding.step(|encoder| Ok(encoder.write_all(pcm)?))?;
            encoding.odd_bytes = (encoding.odd_bytes + size % frame_bytes) % frame_bytes;
            Ok(())
        })
    })
}

/// Ends the chunk here and writes it, so that a decoder can decode all audio so far.
///
/// This is for live streams. Small chunks make streams larger.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_end_chunk(encoder: *mut lmac_encoder) -> lmac_error {
    // SAFETY: the caller's pointer is valid or NULL.
    code(|| unsafe {
        reference(encoder, "encoder")?.0.with(|encoding| encoding.step(Encoder::end_chunk))
    })
}

/// Writes the rest of the stream, and gives a file its name. `stats` may be NULL.
///
/// The encoder takes no more audio then; lmac_encoder_close() frees it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_finish(
    encoder: *mut lmac_encoder,
    stats: *mut lmac_stats,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        reference(encoder, "encoder")?.0.with(|encoding| {
            if !stats.is_null() {
                // A wrong size is found before it is too late.
                sized::check(stats)?;
            }
            let value = encoding.finish()?;
            if stats.is_null() { Ok(()) } else { sized::write(stats, &value) }
        })
    })
}

/// Closes an encoder and frees it. NULL does nothing.
///
/// This is also how to abort: an encoder that is not finished leaves no file behind. It stays open
/// while another call uses it; a callback cannot close its own encoder.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_close(encoder: *mut lmac_encoder) {
    // SAFETY: the caller does not use the encoder again.
    code(|| unsafe { close(encoder, |encoder| &encoder.0) });
}

/// Returns the text of the last error of this encoder; empty if there was none.
///
/// It says what is wrong, with which value, and stays valid until the next error of the encoder.
/// For NULL, it is that of lmac_last_error_text().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_encoder_error_text(encoder: *const lmac_encoder) -> *const c_char {
    // SAFETY: the caller's pointer is valid or NULL.
    match unsafe { encoder.as_ref() } {
        Some(encoder) => encoder.0.text(),
        None => lmac_last_error_text(),
    }
}
