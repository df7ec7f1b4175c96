//! Callbacks of the C interface that do wrong, and structs of any size.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use arbitrary::Arbitrary;
use lmac_capi::{
    lmac_callbacks, lmac_decoder, lmac_decoder_close, lmac_decoder_seek, lmac_encoder,
    lmac_encoder_close, lmac_encoder_finish, lmac_error,
};

/// What callbacks do instead of what they should.
#[derive(Debug, Clone, Default, Arbitrary)]
pub struct Misbehaviour {
    /// What the call of this number returns.
    answers: Vec<(u8, i64)>,
    length: Option<i64>,
}

impl Misbehaviour {
    /// Returns whether they do nothing wrong.
    pub fn is_none(&self) -> bool {
        self.answers.is_empty() && self.length.is_none()
    }

    fn answer(&self, call: usize) -> Option<i64> {
        self.answers.iter().find(|(at, _)| usize::from(*at) == call).map(|(_, answer)| *answer)
    }
}

/// A stream in memory that callbacks read.
#[derive(Debug)]
pub struct Source {
    data: *const u8,
    size: usize,
    at: usize,
    pieces: Vec<u8>,
    calls: usize,
    wrong: Misbehaviour,
    /// The decoder that reads, which the callbacks use although they must not.
    pub decoder: *mut lmac_decoder,
}

impl Default for Source {
    fn default() -> Self {
        Source::new([].as_ptr(), 0, &[], &Misbehaviour::default())
    }
}

impl Source {
    /// Makes a source of bytes that live longer, in pieces of these lengths.
    pub fn new(data: *const u8, size: usize, pieces: &[u8], wrong: &Misbehaviour) -> Self {
        let (pieces, wrong) = (pieces.to_vec(), wrong.clone());
        Source { data, size, at: 0, pieces, calls: 0, wrong, decoder: null_mut() }
    }

    /// Returns the callbacks, for as long as the source stays where it is.
    pub fn callbacks(&mut self, seekable: bool) -> lmac_callbacks {
        lmac_callbacks {
            size: size_of::<lmac_callbacks>(),
            user: (&raw mut *self).cast(),
            read: Some(read),
            seek: seekable.then_some(seek),
            length: seekable.then_some(length),
        }
    }
}

unsafe extern "C" fn read(user: *mut c_void, buffer: *mut c_void, size: usize) -> i64 {
    let source = unsafe { &mut *user.cast::<Source>() };
    source.calls += 1;
    if !source.decoder.is_null() {
        let busy = unsafe { lmac_decoder_seek(source.decoder, 0) };
        assert_eq!(busy, lmac_error::LMAC_ERROR_BUSY);
        unsafe { lmac_decoder_close(source.decoder) };
    }
    if let Some(answer) = source.wrong.answer(source.calls) {
        // Bytes that are said to be there would be those of the buffer before.
        return if (1..=size as i64).contains(&answer) { -1 } else { answer };
    }
    let piece = match source.pieces.as_slice() {
        [] => size,
        pieces => usize::from(pieces[source.calls % pieces.len()]).max(1),
    };
    let count = size.min(piece).min(source.size.saturating_sub(source.at));
    if count > 0 {
        let from = unsafe { source.data.add(source.at) };
        unsafe { from.copy_to_nonoverlapping(buffer.cast(), count) };
    }
    source.at += count;
    count as i64
}

unsafe extern "C" fn seek(user: *mut c_void, offset: u64) -> c_int {
    let source = unsafe { &mut *user.cast::<Source>() };
    source.calls += 1;
    source.at = usize::try_from(offset).unwrap_or(usize::MAX);
    source.wrong.answer(source.calls).map_or(0, |answer| answer as c_int)
}

unsafe extern "C" fn length(user: *mut c_void) -> i64 {
    let source = unsafe { &mut *user.cast::<Source>() };
    source.wrong.length.unwrap_or(source.size as i64)
}

/// A place that an encoder writes to.
#[derive(Debug)]
pub struct Sink {
    /// What was written.
    pub bytes: Vec<u8>,
    calls: usize,
    wrong: Misbehaviour,
    /// The encoder that writes, which the callback uses although it must not.
    pub encoder: *mut lmac_encoder,
}

impl Default for Sink {
    fn default() -> Self {
        Sink::new(&Misbehaviour::default())
    }
}

impl Sink {
    /// Makes an empty place.
    pub fn new(wrong: &Misbehaviour) -> Self {
        Sink { bytes: Vec::new(), calls: 0, wrong: wrong.clone(), encoder: null_mut() }
    }

    /// The callback.
    ///
    /// # Safety
    ///
    /// `user` is a sink, and `data` has `size` bytes.
    pub unsafe extern "C" fn write(user: *mut c_void, data: *const c_void, size: usize) -> i64 {
        let sink = unsafe { &mut *user.cast::<Sink>() };
        sink.calls += 1;
        if !sink.encoder.is_null() {
            let busy = unsafe { lmac_encoder_finish(sink.encoder, null_mut()) };
            assert_eq!(busy, lmac_error::LMAC_ERROR_BUSY);
            unsafe { lmac_encoder_close(sink.encoder) };
        }
        let answer = sink.wrong.answer(sink.calls).unwrap_or(size as i64);
        let written = usize::try_from(answer).map_or(0, |count| count.min(size));
        if written > 0 {
            let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), written) };
            sink.bytes.extend_from_slice(data);
        }
        answer
    }
}

/// Returns memory for a struct that begins with its size: a whole one for 0 to 200, and for others
/// some words less or more. It has no byte behind the size that it tells.
pub fn structure<T>(size: u8) -> Vec<usize> {
    let whole = size_of::<T>().div_ceil(size_of::<usize>());
    let words = match size {
        0..=200 => whole,
        more => (whole + usize::from(more)).saturating_sub(230).max(1),
    };
    let mut memory = vec![0; words];
    memory[0] = words * size_of::<usize>();
    memory
}
