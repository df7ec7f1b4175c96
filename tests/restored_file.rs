//! Files of streams, read from any place.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use lmac::source::{FileCache, NewFile, Restored, RestoredFile, SourceFile};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, ErrorKind, Limits, Place, Preset,
    SampleFormat,
};
use lmac_support::bytes::varint;
use lmac_support::flac::{Frames, Shape, head};
use lmac_support::parts::Parts;
use lmac_support::{Random, Signal, pcm, stream, vectors};

type File<'a> = RestoredFile<Cursor<&'a [u8]>>;

fn decoder(stream: &[u8], provisional: bool) -> Decoder<Cursor<&[u8]>> {
    let options = DecodeOptions::default().with_provisional(provisional);
    Decoder::open(Cursor::new(stream), options).unwrap()
}

fn original(stream: &[u8]) -> lmac::Result<File<'_>> {
    RestoredFile::original(decoder(stream, false), &FileCache::default())
}

/// Reads as many bytes as there are.
fn read_at<R: Read + Seek>(
    file: &RestoredFile<R>,
    place: u64,
    length: usize,
) -> lmac::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(place + filled as u64, &mut bytes[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Asserts that all places of a file have these bytes.
#[track_caller]
fn has<R: Read + Seek>(file: &mut RestoredFile<R>, expected: &[u8], seed: u64) {
    assert_eq!(file.length(), expected.len() as u64);
    let mut random = Random::new(seed);
    for _ in 0..20 {
        let place = random.below(expected.len() as u64 + 10);
        let share = 1 + random.below(9);
        let length = random.below(1 + expected.len() as u64 / share) as usize;
        let from = expected.len().min(place as usize);
        let to = expected.len().min(from + length);
        assert!(read_at(file, place, length).unwrap() == expected[from..to], "{place}, {length}");
    }
    let mut all = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut all).unwrap();
    assert!(all == expected);
    if let Some(last) = expected.last() {
        file.seek(SeekFrom::End(-1)).unwrap();
        assert_eq!(file.stream_position().unwrap(), expected.len() as u64 - 1);
        let mut one = [0];
        file.read_exact(&mut one).unwrap();
        assert_eq!(one[0], *last);
    }
    assert!(file.seek(SeekFrom::End(-1 - expected.len() as i64)).is_err());
}

/// A FLAC file of several frames a chunk, with bytes that are no frames and a tail.
fn flac_file(sizes: usize) -> Vec<u8> {
    let shape = Shape { channels: 2, bits: 16, rate: 44100 };
    let mut file = head(&shape, (16, 4096), 0, [0; 16], true);
    let mut frames = Frames::new(shape, 5);
    for size in 0..sizes {
        file.extend(frames.next(100 + 37 * (size % 9)).0.bytes());
        if size == sizes / 2 {
            file.extend(b"no frame");
        }
    }
    file.extend(b"and a tail");
    file
}

fn stream_of(file: &[u8], chunk_frames: u64) -> Vec<u8> {
    let options =
        EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(chunk_frames);
    SourceFile::open(file).unwrap().encode(Vec::new(), &options).unwrap().writer
}

#[test]
fn every_vector_has_its_file_at_every_place() {
    for (seed, name) in vectors::names("good-", false).into_iter().enumerate() {
        let stream = vectors::stream(&name);
        let expected = vectors::restore(&stream, DecodeOptions::default()).unwrap();
        for provisional in [false, true] {
            // Without room for a second piece, and with room for all.
            for room in [0, 1 << 30] {
                let cache = FileCache::new(room, 1);
                let opened = RestoredFile::original(decoder(&stream, provisional), &cache);
                let mut file = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
                has(&mut file, &expected, seed as u64);
                drop(file);
                assert_eq!(cache.bytes(), 0, "{name}");
            }
            for new in [NewFile::Wav, NewFile::Raw] {
                let total = decoder(&stream, false).total_frames();
                let restored =
                    Restored::converted(decoder(&stream, false), new, None, total).unwrap();
                let mut expected = Vec::new();
                { restored }.read_to_end(&mut expected).unwrap();
                let decoder = decoder(&stream, provisional);
                let cache = FileCache::default();
                has(&mut RestoredFile::converted(decoder, new, &cache).unwrap(), &expected, 3);
            }
        }
    }
}

#[test]
fn flac_files_of_many_chunks() {
    let expected = flac_file(120);
    for chunk_frames in [300, 1000, 5000, 100_000] {
        let stream = stream_of(&expected, chunk_frames);
        for provisional in [false, true] {
            let cache = FileCache::new(50_000, 1);
            let decoder = decoder(&stream, provisional);
            has(&mut RestoredFile::original(decoder, &cache).unwrap(), &expected, chunk_frames);
        }
    }
}

#[test]
fn new_flac_files_have_no_places() {
    let stream = stream_of(&flac_file(3), 1000);
    let error =
        RestoredFile::converted(decoder(&stream, false), NewFile::Flac, &FileCache::default());
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::Argument(_)));
}

#[test]
fn many_threads_read_one_file() {
    let flac = flac_file(120);
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let audio = pcm(&spec, 40_000, Signal::Melody, 3);
    let wav = [&lmac::source::wav_head(&spec, Some(40_000))[..], &audio].concat();
    for (expected, provisional) in [(&flac, false), (&wav, true)] {
        let stream = stream_of(expected, 1000);
        for readers in [1, 3] {
            let cache = FileCache::new(100_000, readers);
            let file = RestoredFile::original(decoder(&stream, provisional), &cache).unwrap();
            thread::scope(|scope| {
                for thread in 0..8 {
                    let mut file = file.clone();
                    scope.spawn(move || has(&mut file, expected, thread));
                }
            });
            // What readers held is gone with them.
            assert!(cache.bytes() <= 100_000, "{}", cache.bytes());
        }
    }
}

#[test]
fn files_share_a_cache() {
    let cache = FileCache::default();
    let streams: Vec<_> =
        (3..9).map(|size| (flac_file(size), stream_of(&flac_file(size), 500))).collect();
    let mut files: Vec<_> = streams
        .iter()
        .map(|(_, stream)| RestoredFile::original(decoder(stream, false), &cache).unwrap())
        .collect();
    for (file, (expected, _)) in files.iter_mut().zip(&streams) {
        has(file, expected, 1);
    }
    let all = cache.bytes();
    files.truncate(3);
    assert!(cache.bytes() < all);
    files.clear();
    assert_eq!(cache.bytes(), 0);
}

/// Counts the bytes that are read.
struct Counting<'a>(Cursor<&'a [u8]>, Arc<AtomicU64>);

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_place_costs_a_chunk() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let audio = pcm(&spec, 400_000, Signal::Melody, 3);
    let wav = [&lmac::source::wav_head(&spec, Some(400_000))[..], &audio].concat();
    let flac = {
        let stream = stream_of(&wav, 400_000);
        let restored =
            Restored::converted(decoder(&stream, false), NewFile::Flac, None, Some(400_000));
        let mut file = Vec::new();
        restored.unwrap().read_to_end(&mut file).unwrap();
        file
    };
    for (file, chunks) in [(&wav, 1), (&flac, 2)] {
        let stream = stream_of(file, 10_000);
        let read = Arc::new(AtomicU64::new(0));
        let reader = Counting(Cursor::new(&stream), Arc::clone(&read));
        let decoder = Decoder::open(reader, DecodeOptions::default()).unwrap();
        let opened = RestoredFile::original(decoder, &FileCache::new(0, 1)).unwrap();
        assert!(read.swap(0, Ordering::Relaxed) < 64 << 10, "opening");
        let chunk = stream.len() as u64 / 40;
        let mut random = Random::new(2);
        for _ in 0..30 {
            let place = random.below(file.len() as u64 - 100);
            assert!(read_at(&opened, place, 100).unwrap() == file[place as usize..][..100]);
            // What is read ahead is a few kilobytes more; the search for FLAC frames takes ten
            // steps.
            let most = 2 * chunks * chunk + chunks * (64 << 10);
            let bytes = read.swap(0, Ordering::Relaxed);
            assert!(bytes <= most, "{bytes} of {most} bytes");
        }
    }
}

#[test]
fn readers_beyond_the_cache_go_on() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let audio = pcm(&spec, 60_000, Signal::Melody, 3);
    let wav = [&lmac::source::wav_head(&spec, Some(60_000))[..], &audio].concat();
    let flac = flac_file(200);
    for (source, times) in [(&wav, 1), (&flac, 3)] {
        let stream = stream_of(source, 20_000);
        let read = Arc::new(AtomicU64::new(0));
        for room in [0, 1 << 20] {
            let cache = FileCache::new(room, 1);
            let mut files: Vec<_> = (0..12)
                .map(|_| {
                    let reader = Counting(Cursor::new(&stream[..]), Arc::clone(&read));
                    let options = DecodeOptions::default().with_provisional(true);
                    let decoder = Decoder::open(reader, options).unwrap();
                    (RestoredFile::original(decoder, &cache).unwrap(), Vec::new())
                })
                .collect();
            read.store(0, Ordering::Relaxed);
            // Each reads a little, one after the other.
            let mut buffer = [0; 1000];
            while files[0].1.len() < source.len() {
                for (file, bytes) in &mut files {
                    let more = file.read(&mut buffer).unwrap();
                    bytes.extend_from_slice(&buffer[..more]);
                }
            }
            assert!(files.iter().all(|(_, bytes)| bytes == source));
            // No chunk is read twice; some bytes are read ahead, and decisions are searched for.
            let most = 12 * times * (stream.len() as u64 + (64 << 10));
            let bytes = read.load(Ordering::Relaxed);
            assert!(bytes <= most, "{bytes} of {most} bytes");
            assert!(room > 0 || cache.bytes() > 0, "what they hold counts");
            files.iter_mut().for_each(|(file, _)| *file = file.clone());
            assert!(cache.bytes() <= room);
        }
    }
}

#[test]
fn damage_stays_where_it_is() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 8000);
    let audio = pcm(&spec, 10_000, Signal::Melody, 3);
    let options = EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(1000);
    let mut stream = stream(&audio, &spec, options);
    let middle = stream.len() / 2;
    stream[middle] ^= 1;
    let file = original(&stream).unwrap();
    let mut failed = 0;
    for chunk in 0..10 {
        match read_at(&file, 44 + 4000 * chunk, 4000) {
            Ok(bytes) => assert!(bytes == audio[4000 * chunk as usize..][..4000]),
            Err(error) => {
                assert!(matches!(error.place(), Some(Place::Chunk(number)) if number == chunk));
                assert!(error.is_damage());
                // It is the same the next time.
                assert!(read_at(&file, 44 + 4000 * chunk, 1).is_err());
                failed += 1;
            }
        }
    }
    assert_eq!(failed, 1);

    // Decisions that say something else about one part of the file.
    let flac = flac_file(60);
    let mut parts = Parts::of(&stream_of(&flac, 1000));
    let blocks = parts.decisions();
    let damaged = parts.data(blocks[blocks.len() / 2]);
    let last = damaged.len() - 3;
    damaged[last] ^= 0x55;
    let stream = parts.stream();
    let file = original(&stream).unwrap();
    assert_eq!(file.length(), flac.len() as u64);
    let wrong = (0..flac.len()).step_by(50).filter(|&place| {
        let length = 50.min(flac.len() - place);
        read_at(&file, place as u64, length).map_or(true, |bytes| bytes != flac[place..][..length])
    });
    let wrong = wrong.count();
    assert!(wrong > 0 && wrong < flac.len() / 50 / 3, "{wrong}");
}

#[test]
fn streams_without_an_end_are_refused() {
    let stream = stream_of(&flac_file(20), 500);
    let cut = &stream[..stream.len() - 3];
    let error = original(cut).unwrap_err();
    assert!(error.to_string().contains("tells the length of the file"), "{error}");
    assert_eq!(error.place(), Some(Place::Trailer));
}

#[test]
fn hostile_lengths_are_refused_or_errors() {
    let sound = Parts::of(&stream_of(&flac_file(40), 1000));
    let blocks = sound.decisions();
    let mut random = Random::new(9);
    for _ in 0..300 {
        let mut parts = sound.clone();
        let at = blocks[random.below(blocks.len() as u64) as usize];
        let data = parts.data(at);
        let mut ends = (0..data.len()).filter(|&at| data[at] & 0x80 == 0).map(|at| at + 1);
        let ends: Vec<_> = (0..5).map(|_| ends.next().unwrap()).collect();
        // One of the fields before the symbols gets any value.
        let field = random.below(5) as usize;
        let start = if field == 0 { 0 } else { ends[field - 1] };
        let small = random.below(64);
        let value = match random.below(4) {
            0 => u64::MAX - (random.next_u64() >> small),
            _ => random.next_u64() >> small,
        };
        data.splice(start..ends[field], varint(value));
        let stream = parts.stream();
        if let Ok(file) = original(&stream) {
            for _ in 0..20 {
                let place = random.below(file.length().max(1));
                let _ = read_at(&file, place, 1000);
            }
        }
    }
}

#[test]
fn memory_is_limited() {
    let stream = stream_of(&flac_file(5), 200_000);
    for memory in [0, 1 << 20, 8 << 20] {
        let options = DecodeOptions::default().with_limits(Limits::default().with_memory(memory));
        let opened = Decoder::open(Cursor::new(&stream), options)
            .and_then(|decoder| RestoredFile::original(decoder, &FileCache::default()));
        assert!(matches!(opened.unwrap_err().kind(), ErrorKind::Limit { .. }));
    }
}
