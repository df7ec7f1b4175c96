//! All bytes count: headers, lengths, padding.

use std::io::{Read, Write};

use lmac::{Decoder, EncodeOptions, Encoder, Preset};
use lmac_eval::{Arrangement, ByChunks, Clip, Contestant, Headers, Job, LmacPreset, baselines};

use crate::{HEADER, Plain, Random, clip, job};

const CHUNK: usize = 100;

/// Ten chunks, and one of 50 bytes.
fn noise() -> Clip {
    let mut random = Random(3);
    clip((0..1050).map(|_| random.next() as u8).collect())
}

fn bytes(contestant: &impl Contestant, job: &Job) -> u64 {
    contestant.measure(&noise(), job).unwrap().bytes
}

#[test]
fn headers_of_each_chunk_count_where_each_was_asked() {
    let each = bytes(&ByChunks::new(Plain), &job(CHUNK, Headers::Each));
    assert_eq!(each, 1050 + 11 * HEADER as u64);
    // The shortest piece is a sample and a header: ten chunks go without.
    let once = bytes(&ByChunks::new(Plain), &job(CHUNK, Headers::Once));
    assert_eq!(once, each - 10 * (HEADER as u64 + 1));
}

#[test]
fn the_header_of_a_whole_clip_counts_once() {
    let whole = Job { arrangement: Arrangement::Whole, ..job(CHUNK, Headers::Once) };
    assert_eq!(bytes(&ByChunks::new(Plain), &whole), 1050 + HEADER as u64);
    let gzip = || baselines::by_name("gzip").unwrap().remove(0);
    let clip = noise();
    let file = gzip().encode(&[&clip.pcm], &clip.spec).unwrap().remove(0);
    assert_eq!(bytes(&ByChunks::new(gzip()), &whole), file.len() as u64);
}

#[test]
fn streams_count_as_they_would_lie_on_disk() {
    let clip = noise();
    let stream = |pcm: &[u8], chunk_frames: u64| {
        let options = EncodeOptions::default()
            .with_preset(Preset::Fast)
            .with_chunk_frames(chunk_frames)
            .with_declared_frames(pcm.len() as u64);
        let mut encoder = Encoder::with_options(Vec::new(), clip.spec, options).unwrap();
        encoder.write_all(pcm).unwrap();
        let stream = encoder.finish().unwrap().writer;
        // It needs nothing beside it: no length, no number of bits that pad it.
        let mut back = Vec::new();
        Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut back).unwrap();
        assert!(back == pcm);
        stream.len() as u64
    };
    let preset = LmacPreset::new(Preset::Fast);
    let once = bytes(&preset, &job(CHUNK, Headers::Once));
    assert_eq!(once, stream(&clip.pcm, CHUNK as u64));
    let each = bytes(&preset, &job(CHUNK, Headers::Each));
    assert_eq!(each, clip.pcm.chunks(CHUNK).map(|pcm| stream(pcm, CHUNK as u64)).sum::<u64>());
    assert!(each > once);
}

#[test]
fn all_bytes_are_some_chunks_bytes() {
    let mut contestants: Vec<Box<dyn Contestant>> =
        vec![Box::new(ByChunks::new(Plain)), Box::new(LmacPreset::new(Preset::Fast))];
    for codec in baselines::by_name("gzip,lzma,png,zstd").unwrap() {
        contestants.push(Box::new(ByChunks::new(codec)));
    }
    for contestant in contestants {
        for headers in [Headers::Once, Headers::Each] {
            let outcome = contestant.measure(&noise(), &job(CHUNK, headers)).unwrap();
            let sum: f64 = outcome.chunks.iter().sum();
            assert_eq!(outcome.chunks.len(), 11, "{}", contestant.name());
            assert!((sum - outcome.bytes as f64).abs() < 1e-6, "{}", contestant.name());
        }
    }
}
