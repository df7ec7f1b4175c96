//! Slow, interrupted and failing readers and writers.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lmac::source::Restored;
use lmac::{AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, SampleFormat};
use lmac_support::{Random, Signal, pcm, stream};

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

fn options() -> EncodeOptions {
    EncodeOptions::default().with_chunk_frames(200)
}

/// A reader that gives a few bytes at a time, with interruptions between them.
struct Slow<'a> {
    bytes: &'a [u8],
    random: Random,
    most: u64,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.below(3) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = (1 + self.random.below(self.most) as usize).min(buffer.len());
        self.bytes.read(&mut buffer[..length])
    }
}

#[test]
fn slow_readers_give_the_same_audio() {
    let pcm = pcm(&spec(), 1111, Signal::Melody, 1);
    let stream = stream(&pcm, &spec(), options());
    for (most, threads) in [(1, 1), (7, 1), (1000, 2)] {
        let slow = Slow { bytes: &stream, random: Random::new(most), most };
        let options = DecodeOptions::default().with_threads(threads);
        let mut decoder = Decoder::with_options(slow, options).unwrap();
        let mut back = Vec::new();
        let mut buffer = [0; 7];
        loop {
            match decoder.read(&mut buffer).unwrap() {
                0 => break,
                length => back.extend_from_slice(&buffer[..length]),
            }
        }
        assert!(back == pcm);
    }
}

#[test]
fn slow_wav_readers_give_the_same_stream() {
    let mut wav = lmac::source::wav_head(&spec(), Some(300));
    wav.extend(pcm(&spec(), 300, Signal::Melody, 1));
    wav.extend(b"LIST\x04\0\0\0tail");
    let whole = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options()).unwrap().writer;
    let slow = Slow { bytes: &wav, random: Random::new(1), most: 1 };
    let slow = lmac::source::encode_file(slow, Vec::new(), &options()).unwrap().writer;
    assert!(slow == whole);
    let slow = Slow { bytes: &whole, random: Random::new(1), most: 1 };
    let mut back = Vec::new();
    Restored::new(Decoder::new(slow).unwrap()).read_to_end(&mut back).unwrap();
    assert!(back == wav);
}

/// A reader that fails behind its bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            length => Ok(length),
        }
    }
}

#[test]
fn a_failing_reader_is_an_error_and_not_the_end() {
    let pcm = pcm(&spec(), 500, Signal::Melody, 1);
    let stream = stream(&pcm, &spec(), options());
    for cut in 0..stream.len() {
        let error = (|| -> io::Result<()> {
            let mut decoder = Decoder::new(Failing(&stream[..cut]))?;
            let mut back = Vec::new();
            let result = decoder.read_to_end(&mut back);
            assert!(back == pcm[..back.len()]);
            result.map(|_| ())
        })()
        .unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone", "cut at {cut}");
    }
    let wav = [lmac::source::wav_head(&spec(), Some(500)), pcm].concat();
    for cut in (0..wav.len()).step_by(97) {
        let result = lmac::source::encode_file(Failing(&wav[..cut]), Vec::new(), &options());
        assert_eq!(result.unwrap_err().to_string(), "the disk is gone", "cut at {cut}");
    }
}

/// A writer with room for some bytes, which takes a few at a time.
#[derive(Debug)]
struct Small {
    room: usize,
    taken: Vec<u8>,
}

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = if self.taken.len() % 5 == 1 { 1 } else { 13 };
        let length = bytes.len().min(self.room - self.taken.len()).min(most);
        if length == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_writer_is_an_error() {
    let pcm = pcm(&spec(), 500, Signal::Melody, 1);
    let whole = stream(&pcm, &spec(), options());
    for threads in [1, 2] {
        for room in (0..whole.len()).step_by(3) {
            let writer = Small { room, taken: Vec::new() };
            let options = options().with_threads(threads);
            let mut encoder = Encoder::with_options(writer, spec(), options).unwrap();
            let written = encoder.write_all(&pcm);
            let error = match written {
                Ok(()) => io::Error::from(encoder.finish().expect_err("no room")),
                Err(error) => {
                    // Nothing is written behind a gap.
                    let again = encoder.finish().expect_err("failed before");
                    assert!(matches!(again.kind(), ErrorKind::AlreadyFailed), "{again}");
                    error
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "room for {room}");
        }
    }
}

/// A writer whose bytes can be read while an encoder owns it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn flushed_audio_can_be_decoded() {
    let pcm = pcm(&spec(), 500, Signal::Melody, 1);
    let shared = Shared::default();
    let mut encoder =
        Encoder::with_options(shared.clone(), spec(), options().with_threads(2)).unwrap();
    let arrived = || {
        let bytes = shared.0.lock().unwrap().clone();
        let mut back = Vec::new();
        match Decoder::new(bytes.as_slice()) {
            Ok(mut decoder) => decoder.read_to_end(&mut back).expect_err("unfinished"),
            Err(error) => error.into(),
        };
        back
    };
    encoder.write_all(&pcm[..4 * 450]).unwrap();
    encoder.flush().unwrap();
    assert!(arrived() == pcm[..4 * 400], "two chunks are full");
    encoder.end_chunk().unwrap();
    assert!(arrived() == pcm[..4 * 450], "and a third is cut short");
    drop(encoder);
    assert!(arrived() == pcm[..4 * 450], "a dropped encoder writes nothing");
}

/// A reader that counts its bytes.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicUsize>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.fetch_add(length, Ordering::Relaxed);
        Ok(length)
    }
}

/// A reader that generates a long recording.
struct Endless {
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left);
        for (at, byte) in buffer[..length].iter_mut().enumerate() {
            *byte = ((self.left - at) / 3000 % 11) as u8;
        }
        self.left -= length;
        Ok(length)
    }
}

#[test]
fn a_decoder_reads_no_further_ahead_than_its_threads_need() {
    let mut encoder = Encoder::with_options(
        Vec::new(),
        spec(),
        EncodeOptions::default().with_preset(lmac::Preset::Store).with_chunk_frames(100_000),
    )
    .unwrap();
    io::copy(&mut Endless { left: 40_000_000 }, &mut encoder).unwrap();
    let stream = encoder.finish().unwrap().writer;
    for (threads, most) in [(1, 2), (2, 6)] {
        let read = Arc::new(AtomicUsize::new(0));
        let reader = Counting { inner: stream.as_slice(), read: Arc::clone(&read) };
        let options = DecodeOptions::default().with_threads(threads);
        let mut decoder = Decoder::with_options(reader, options).unwrap();
        decoder.read_exact(&mut [0; 4]).unwrap();
        // A step of the reader's window may come on top.
        let chunks = read.load(Ordering::Relaxed).saturating_sub(1 << 20) / 400_000;
        assert!(chunks <= most, "{chunks} chunks with {threads} threads");
        assert_eq!(io::copy(&mut decoder, &mut io::sink()).unwrap(), 40_000_000 - 4);
    }
}
