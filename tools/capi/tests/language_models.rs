//! Language models through the C interface.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::ffi::{CStr, CString, c_void};
use std::ptr::{null, null_mut};

use lmac_capi::lmac_error::{LMAC_ERROR_MODEL, LMAC_OK};
use lmac_capi::*;

unsafe extern "C" fn write(user: *mut c_void, data: *const c_void, size: usize) -> i64 {
    // SAFETY: the user is a vector, and the encoder has so many bytes.
    unsafe {
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), size);
        (*user.cast::<Vec<u8>>()).extend_from_slice(bytes);
    }
    size as i64
}

fn new<T>() -> T {
    // SAFETY: zeros are fine in the structs of the interface, and the size is theirs.
    unsafe {
        let mut value: T = std::mem::zeroed();
        lmac_init((&raw mut value).cast(), size_of::<T>());
        value
    }
}

#[test]
fn a_model_encodes_and_decodes() {
    let path = lmac_support::path("spec/vectors/models/llama");
    let path = CString::new(path.to_str().unwrap()).unwrap();
    let samples: Vec<i32> = (0..120).map(|at| at * 37 % 50).collect();
    // SAFETY: every pointer is valid, and handles are freed once.
    unsafe {
        let mut model = null_mut();
        let precision = lmac_precision::LMAC_PRECISION_INT8 as i32;
        assert_eq!(lmac_model_load(path.as_ptr(), precision, &mut model), LMAC_OK);
        let mut audio: lmac_audio = new();
        audio.sample_format = lmac_sample_format::LMAC_SAMPLE_U8 as i32;
        audio.channels = 1;
        audio.rate = 8000;
        let mut options: lmac_encode_options = new();
        options.model = model;
        let mut stream = Vec::<u8>::new();
        let mut encoder = null_mut();
        let user = (&raw mut stream).cast();
        let opened = lmac_encoder_open_callback(Some(write), user, &audio, &options, &mut encoder);
        assert_eq!(opened, LMAC_OK);
        assert_eq!(lmac_encoder_write_i32(encoder, samples.as_ptr(), samples.len()), LMAC_OK);
        assert_eq!(lmac_encoder_finish(encoder, null_mut()), LMAC_OK);
        lmac_encoder_close(encoder);

        let mut back = vec![0; samples.len()];
        let (data, size) = (stream.as_ptr().cast(), stream.len());
        let mut decoder = null_mut();
        assert_eq!(lmac_decoder_open_memory(data, size, null(), &mut decoder), LMAC_OK);
        let mut info: lmac_info = new();
        assert_eq!(lmac_decoder_info(decoder, &mut info), LMAC_OK);
        assert!(!CStr::from_ptr(info.model_name).is_empty());
        let read = lmac_decoder_read_i32(decoder, back.as_mut_ptr(), back.len());
        assert_eq!(read, LMAC_ERROR_MODEL as i64);
        lmac_decoder_close(decoder);

        let models = [model.cast_const()];
        let mut options: lmac_decode_options = new();
        options.models = models.as_ptr();
        options.model_count = 1;
        assert_eq!(lmac_decoder_open_memory(data, size, &options, &mut decoder), LMAC_OK);
        // The decoder has what it needs.
        lmac_model_free(model);
        let read = lmac_decoder_read_i32(decoder, back.as_mut_ptr(), back.len());
        assert_eq!(read, samples.len() as i64);
        assert_eq!(back, samples);
        lmac_decoder_close(decoder);

        assert_eq!(lmac_model_load(c"/none".as_ptr(), precision, &mut model), LMAC_ERROR_MODEL);
        assert!(model.is_null());
    }
}
