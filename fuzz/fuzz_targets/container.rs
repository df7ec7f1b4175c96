//! Headers, chunks, blocks and trailers: those that parse are written again, and parse to the
//! same.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::proof;
use lmac_fuzz::bytes::Builder;

/// The format that is written.
const VERSION: [u8; 2] = [lmac::FORMAT_VERSION.0, lmac::FORMAT_VERSION.1];

fuzz_target!(|data: &[u8]| -> Corpus {
    // The body of a header, and the bytes after it.
    let Some((&[kind, length], rest)) = data.split_first_chunk() else { return Corpus::Reject };
    let Some((body, rest)) = rest.split_at_checked(usize::from(length)) else {
        return Corpus::Reject;
    };
    let builder = Builder::new(VERSION, body);
    let header = builder.bytes.clone();
    let Some([read, again]) = proof::header(&header) else { return Corpus::Keep };
    assert_eq!(read, again);
    if kind & 128 != 0 {
        if let Some([read, again]) = proof::item(&header, rest) {
            assert_eq!(read, again);
        }
    } else {
        let flags = kind & 15;
        let copy = if flags & 1 != 0 { builder.header_copy() } else { Vec::new() };
        let stream = builder.trailer(flags, &[&copy, rest].concat());
        if let Some([read, again]) = proof::trailer(&header, &stream[header.len()..]) {
            assert_eq!(read, again);
        }
    }
    Corpus::Keep
});
