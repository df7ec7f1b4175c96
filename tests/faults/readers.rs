//! Readers that fail at each byte, end too early, or cannot seek.

use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};

use lmac::source::{RawLayout, Restored, encode_file, encode_file_audio, encode_raw};
use lmac::{DecodeOptions, Decoder, Inspector, Verification};

use crate::{encoded, injected, options, spec, wav};

const KINDS: [ErrorKind; 4] =
    [ErrorKind::Other, ErrorKind::UnexpectedEof, ErrorKind::WouldBlock, ErrorKind::TimedOut];

/// A reader that gives an error from `end` on; seeking may fail as well.
struct Faulty<'a> {
    bytes: Cursor<&'a [u8]>,
    end: u64,
    kind: ErrorKind,
    /// Calls of `seek` that succeed before one fails.
    seeks: Option<usize>,
}

impl<'a> Faulty<'a> {
    fn new(bytes: &'a [u8], end: usize, kind: ErrorKind) -> Self {
        Faulty { bytes: Cursor::new(bytes), end: end as u64, kind, seeks: None }
    }
}

impl Read for Faulty<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.bytes.position()) as usize;
        let length = buffer.len().min(left);
        if length == 0 && !buffer.is_empty() {
            return Err(io::Error::new(self.kind, "the disk is gone"));
        }
        self.bytes.read(&mut buffer[..length])
    }
}

impl Seek for Faulty<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.seeks {
            Some(0) => return Err(io::Error::new(self.kind, "the disk is gone")),
            Some(left) => *left -= 1,
            None => {}
        }
        self.bytes.seek(to)
    }
}

/// Asserts that the error arrives unchanged.
#[track_caller]
fn assert_is<T>(result: Result<T, lmac::Error>, kind: ErrorKind) {
    let error = io::Error::from(result.map(|_| "it reads").unwrap_err());
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, "the disk is gone"));
}

fn restored(reader: impl Read, recover: bool) -> Result<Vec<u8>, lmac::Error> {
    let options = DecodeOptions::default().with_threads(2);
    let decoder = match recover {
        true => Decoder::recover_in_one_pass(reader, options)?,
        false => Decoder::with_options(reader, options)?,
    };
    let mut file = Vec::new();
    let mut restored = Restored::new(decoder);
    restored.read_to_end(&mut file)?;
    restored.decoder_mut().expect_end()?;
    Ok(file)
}

#[test]
fn a_failing_reader_of_a_stream_is_its_error() {
    let wav = wav();
    let stream = encoded(&wav);
    let mut count = 0;
    for end in 0..stream.len() {
        for kind in KINDS {
            let faulty = || Faulty::new(&stream, end, kind);
            assert_is(restored(faulty(), false), kind);
            // Recovery is for damage, and not for faults of the reader.
            assert_is(restored(faulty(), true), kind);
            assert_is(
                Decoder::recover(faulty(), DecodeOptions::default()).and_then(|mut decoder| {
                    decoder.read_to_end(&mut Vec::new())?;
                    decoder.expect_end()
                }),
                kind,
            );
            assert_is(
                Inspector::new(faulty()).and_then(|mut inspector| {
                    while inspector.next_chunk()?.is_some() {}
                    Ok(())
                }),
                kind,
            );
            count += 4;
            if let Ok(mut inspector) = Inspector::new(faulty()) {
                assert_is(inspector.summary(), kind);
                count += 1;
            }
            if let Ok(mut decoder) = Decoder::new(faulty()) {
                assert_is(decoder.find_length(), kind);
                assert_is(decoder.seek(150), kind);
                count += 2;
            }
        }
    }
    injected("readers of streams", count);
}

#[test]
fn a_failing_seek_is_its_error() {
    let stream = encoded(&wav());
    let mut count = 0;
    for kind in KINDS {
        for seeks in 0.. {
            let mut faulty = Faulty::new(&stream, stream.len(), kind);
            faulty.seeks = Some(seeks);
            let mut decoder = Decoder::new(faulty).unwrap();
            let read = decoder.find_length().and_then(|_| {
                decoder.seek(150)?;
                decoder.seek(10)?;
                decoder.read_to_end(&mut Vec::new())?;
                Ok(())
            });
            if decoder.verification() == Verification::Partial {
                assert!(read.is_ok() && seeks > 5);
                break;
            }
            assert_is(read, kind);
            count += 1;
        }
    }
    injected("seeks", count);
}

#[test]
fn a_failing_reader_of_a_file_is_its_error() {
    let wav = wav();
    let layout = RawLayout::new(spec());
    let mut count = 0;
    for end in 0..wav.len() {
        for kind in KINDS {
            let faulty = || Faulty::new(&wav, end, kind);
            for threads in [1, 2] {
                let options = options(threads);
                assert_is(encode_file(faulty(), Vec::new(), &options), kind);
                assert_is(encode_file_audio(faulty(), Vec::new(), &options), kind);
                assert_is(encode_raw(faulty(), &layout, Vec::new(), &options), kind);
                count += 3;
            }
        }
    }
    injected("readers of files", count);
}

#[test]
fn a_file_that_became_shorter_is_restored_as_read() {
    let wav = wav();
    let mut count = 0;
    for end in 0..wav.len() {
        let Ok(finished) = encode_file(&wav[..end], Vec::new(), &options(2)) else {
            assert!(end < 100, "only without audio it is no WAV file");
            continue;
        };
        assert!(restored(finished.writer.as_slice(), false).unwrap() == wav[..end], "{end}");
        count += 1;
    }
    injected("files that end early", count);
}

#[test]
fn a_file_that_became_longer_is_restored_as_read() {
    let wav = wav();
    for more in [1, 2, 3, 4, 100, 3000] {
        let longer = [&wav[..], &vec![5; more]].concat();
        assert!(restored(encoded(&longer).as_slice(), false).unwrap() == longer);
    }
}
