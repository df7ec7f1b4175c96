//! Hostile FLAC files, and hostile decisions in streams.

use std::io;

use lmac::source::{NewFile, Restored, SourceFile};
use lmac::{DecodeOptions, Decoder, EncodeOptions, ErrorKind, Preset};
use lmac_support::bytes::varint;
use lmac_support::flac::{Frames, Shape as FlacShape, head, metadata};
use lmac_support::memory::Turn;
use lmac_support::parts::{DECISIONS, Item, Parts};

use crate::hostile::{MIB, READER, WAYS, fields, with_memory};

fn file(shape: FlacShape, sizes: &[usize]) -> Vec<u8> {
    let mut file = head(&shape, (4096, 4096), 0, [0; 16], true);
    let mut frames = Frames::new(shape, 3);
    sizes.iter().for_each(|&size| file.extend(frames.next(size).0.bytes()));
    file
}

fn encoded(file: &[u8], chunk_frames: u64) -> Vec<u8> {
    let options = EncodeOptions::default()
        .with_preset(Preset::Light)
        .with_chunk_frames(chunk_frames)
        .with_md5(false);
    SourceFile::open(file).unwrap().encode(Vec::new(), &options).unwrap().writer
}

/// Restores a file and throws it away; returns its length.
fn restore(stream: &[u8], options: DecodeOptions, most: u64) -> Result<u64, lmac::Error> {
    let mut restored = Restored::new(Decoder::with_options(stream, options)?);
    let mut length = 0;
    loop {
        match restored.next_piece()?.len() as u64 {
            0 => return Ok(length),
            more => length += more,
        }
        if length > most {
            return Ok(length);
        }
    }
}

/// The memory that restoring needs, as its error says.
fn needed(stream: &[u8]) -> u64 {
    // The head must fit first.
    for memory in [0, 8 * MIB] {
        match restore(stream, with_memory(memory), u64::MAX).unwrap_err().kind() {
            ErrorKind::Limit { needed, .. } if *needed > MIB => return *needed,
            _ => {}
        }
    }
    panic!("restoring needs some memory");
}

#[test]
fn restoring_stays_within_the_memory_limit() {
    let turn = Turn::take();
    for (channels, bits, sizes) in [
        (1, 8, &[65535, 65535, 65535, 100][..]),
        (2, 16, &[4096; 100]),
        (2, 16, &[16; 3000]),
        (8, 32, &[65535, 65535, 4096]),
        (8, 16, &[32768; 3]),
    ] {
        let file = file(FlacShape { channels, bits, rate: 48000 }, sizes);
        for chunk_frames in [1000, 100_000] {
            let stream = encoded(&file, chunk_frames);
            let needed = needed(&stream);
            for threads in [1, 4] {
                let options = with_memory(needed).with_threads(threads);
                let (length, used) = turn.measure(|| restore(&stream, options, u64::MAX));
                assert_eq!(length.unwrap(), file.len() as u64);
                let peak = used.peak;
                assert!(
                    peak <= needed + READER,
                    "{peak} of {needed}: {channels}, {bits}, {threads}"
                );
                let options = with_memory(needed - 1).with_threads(threads);
                assert!(restore(&stream, options, u64::MAX).is_err());
            }
            // So does making another FLAC file of the audio.
            let (peak, used) = turn.measure(|| {
                let decoder = Decoder::with_options(&stream[..], with_memory(needed)).unwrap();
                let mut new = Restored::converted(decoder, NewFile::Flac, None, None).unwrap();
                io::copy(&mut new, &mut io::sink()).unwrap()
            });
            assert!(used.peak <= needed + READER, "{} of {needed}, {peak}", used.peak);
        }
    }
}

/// A stream of silence in many chunks, with these blocks before each.
fn silence(chunks: u64, frames: u64, blocks: impl Fn(u64) -> Vec<Vec<u8>>) -> Vec<u8> {
    let base =
        Parts::of(&encoded(&file(FlacShape { channels: 1, bits: 16, rate: 8000 }, &[16]), frames));
    let mut parts = base.clone().with_total(chunks * frames);
    parts.items.truncate(1);
    let id = u32::from_le_bytes(base.header[base.header.len() - 4..].try_into().unwrap());
    let pcm = vec![0; 2 * frames as usize];
    let crc = lmac_support::bytes::crc(Some(id), &pcm).to_le_bytes();
    for chunk in 0..chunks {
        let data = blocks(chunk * frames).into_iter();
        parts.items.extend(data.map(|data| Item::Block(DECISIONS, data)));
        let head = [&[0xD6, 0x9B, 0x01][..], &fields(chunk * frames, frames), &[0], &crc].concat();
        parts.items.push(Item::Chunk(chunk * frames, head));
    }
    parts.stream()
}

/// A block of decisions with these fields, the first in its file to make any bytes.
fn block(first: u64, frames: u64, length: u64, records: u64, bytes: &[u8]) -> Vec<u8> {
    [&[first, frames, 0, length, records].map(varint).concat(), bytes].concat()
}

#[test]
fn audio_without_decisions() {
    let turn = Turn::take();
    let stream = silence(40, 4 * MIB, |_| Vec::new());
    let (result, used) = turn.measure(|| restore(&stream, with_memory(150 * MIB), u64::MAX));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("decisions from the frame"), "{error}");
    assert!(used.peak <= 150 * MIB, "{} bytes", used.peak);
    // Its audio is there.
    let (_, way) = WAYS[0];
    assert_eq!(way(&stream, with_memory(150 * MIB)).unwrap(), 40 * 8 * MIB);
}

#[test]
fn decisions_without_audio() {
    let turn = Turn::take();
    // Blocks of nonsense that wait for the last frame of a chunk, which is never there.
    let stream = silence(1, 1000, |first| {
        let wait = |at: u64| block(first + at, 1, 0, u64::MAX, &[9; 1 << 20][..(1 << 20) - 40]);
        (0..50).map(wait).collect()
    });
    let needed = needed(&stream);
    let (result, used) = turn.measure(|| restore(&stream, with_memory(needed), u64::MAX));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("bytes stand before their audio"), "{error}");
    assert!(used.peak <= needed + READER, "{} of {needed}", used.peak);
}

#[test]
fn records_without_end() {
    let turn = Turn::take();
    let mut random = lmac_support::Random::new(8);
    let frames = 1 << 18;
    for round in 0..150 {
        let length = random.below(40) as usize;
        let bytes: Vec<u8> = match round % 3 {
            0 => vec![[0, 0xFF, 0x80][round / 3 % 3]; length],
            _ => (0..length).map(|_| random.next_u64() as u8).collect(),
        };
        let length = [u64::MAX, 3 * MIB, 0][round % 5 % 3];
        let stream =
            silence(2, frames, |first| vec![block(first, frames, length, u64::MAX, &bytes)]);
        let needed = needed(&stream);
        // Two frames of a sample each take a kilobyte more than theirs at most.
        let (_, used) = turn.measure(|| restore(&stream, with_memory(needed), 20 * MIB));
        assert!(used.peak <= needed + READER, "{} of {needed}", used.peak);
    }
}

#[test]
fn flac_files_of_any_metadata() {
    let turn = Turn::take();
    let shape = FlacShape { channels: 2, bits: 16, rate: 44100 };
    let options = EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(1000);
    let start = head(&shape, (4096, 4096), u64::from(u32::MAX), [0; 16], false);
    for length in [0, 1000, (1 << 24) - 1] {
        for there in [0, 1000, 2 << 20] {
            let mut block = metadata(1, &vec![0; length], false);
            block.truncate(4 + there);
            let file = [&start[..], &block].concat();
            let (result, used) = turn.measure(|| {
                SourceFile::open(&file[..]).and_then(|file| file.encode(io::sink(), &options))
            });
            assert!(result.is_err());
            assert!(used.peak <= 3 * there as u64 + READER, "{} bytes for {length}", used.peak);
        }
    }
    let many = [&start[..], &metadata(1, &[], false).repeat(17 << 20)].concat();
    let (result, used) = turn.measure(|| SourceFile::open(&many[..]).map(drop));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("64 MiB are allowed"), "{error}");
    assert!(used.peak <= 3 * 64 * MIB + READER, "{} bytes", used.peak);
}

/// A file of nothing but beginnings of frames, or of bytes between two frames.
#[test]
fn flac_files_that_are_mostly_broken() {
    let turn = Turn::take();
    let shape = FlacShape { channels: 2, bits: 16, rate: 44100 };
    let sound = file(shape, &[4096; 3]);
    let options = EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(1000);
    for junk in [&[0u8][..], &[0xFF], b"\xFF\xF8\xC9\x18\0\x88"] {
        let junk = junk.repeat((24 << 20) / junk.len());
        let file = [&sound[..], &junk, &sound[42..]].concat();
        let (result, used) = turn.measure(|| {
            SourceFile::open(&file[..]).and_then(|file| file.encode(io::sink(), &options))
        });
        let error = result.map(drop).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BrokenFlac(_)), "{error}");
        assert!(used.peak <= 64 * MIB, "{} bytes", used.peak);
    }
}
