//! Damaged, cut off and hostile streams.

use lmac_support::parts::{Item, Parts};
use lmac_support::{Random, vectors};

use super::*;

/// Flips a bit within the stored bytes of these chunks.
fn damaged(chunks: &[usize]) -> (Vec<u8>, Vec<u8>) {
    let (mut stream, pcm) = melody();
    let parts = Parts::of(&stream);
    for &number in chunks {
        let Item::Chunk(_, bytes) = &parts.items[number] else { panic!("a chunk") };
        let at = stream.windows(bytes.len()).position(|window| window == *bytes);
        stream[at.unwrap() + bytes.len() / 2] ^= 4;
    }
    (stream, pcm)
}

/// Decodes to the end, past errors. Returns the PCM, the first frames after each error, and the
/// errors.
fn decode_past_errors(reader: &mut Reader<'_>) -> (Vec<u8>, Vec<i64>, Vec<String>) {
    let (mut pcm, mut resumed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let decoded = decode(reader);
        pcm.extend(decoded.pcm);
        resumed.extend(decoded.packets.first().map(|packet| packet.0));
        match decoded.error {
            Some(error) => errors.push(error.to_string()),
            None => return (pcm, resumed, errors),
        }
    }
}

fn mismatch(chunk: usize) -> String {
    format!("malformed stream: chunk {chunk}: checksum mismatch (stored bytes)")
}

#[test]
fn a_damaged_chunk_is_an_error_and_what_follows_is_read() {
    let (stream, pcm) = damaged(&[1, 2, 4]);
    let mut reader = open(&stream);
    let (found, resumed, errors) = decode_past_errors(&mut reader);
    assert_eq!(errors, [1, 2, 4].map(mismatch));
    assert_eq!(resumed, [0, 6000, 10_000]);
    assert!(found == [&pcm[..8000], &pcm[24_000..32_000], &pcm[40_000..]].concat());

    // From the middle of a damaged chunk.
    seek(&mut reader, 3500).unwrap();
    let (found, resumed, errors) = decode_past_errors(&mut reader);
    assert_eq!((errors.len(), resumed), (3, vec![6000, 10_000]));
    assert!(found == [&pcm[24_000..32_000], &pcm[40_000..]].concat());
}

#[test]
fn what_follows_is_read_without_a_trailer_too() {
    let (stream, pcm) = damaged(&[1]);
    let cut = &stream[..stream.len() - 30];
    let mut reader = open(cut);
    assert_eq!(track(&reader).num_frames, None);
    let (found, resumed, errors) = decode_past_errors(&mut reader);
    assert!(found == [&pcm[..8000], &pcm[16_000..]].concat());
    assert_eq!(resumed, [0, 4000]);
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0], mismatch(1));
    assert!(errors[1].ends_with("the stream is cut off here"), "{errors:?}");
}

#[test]
fn a_pipe_ends_at_damage() {
    let (stream, pcm) = damaged(&[1]);
    let mut reader = open_pipe(&stream);
    let (found, _, errors) = decode_past_errors(&mut reader);
    assert_eq!(errors, [mismatch(1)]);
    assert!(found == pcm[..8000]);
}

#[test]
fn wrong_audio_is_an_error_after_it() {
    let (stream, pcm) = melody();
    let mut parts = Parts::of(&stream);
    let Item::Chunk(_, bytes) = &mut parts.items[1] else { panic!("a chunk") };
    let last = bytes.len() - 8;
    bytes[last] ^= 0x55;
    // All checksums of stored bytes are right.
    let stream = parts.stream();
    let (found, resumed, errors) = decode_past_errors(&mut open(&stream));
    assert_eq!(resumed, [0, 4000]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("chunk 1: "), "{errors:?}");
    assert!(found.starts_with(&pcm[..8000]) && found.ends_with(&pcm[16_000..]));
}

#[test]
fn many_damaged_chunks_end_the_stream() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let pcm = pcm(&spec, 4000, Signal::Noise, 1);
    let options = EncodeOptions::default().with_chunk_frames(100);
    let mut stream = stream(&pcm, &spec, options);
    let parts = Parts::of(&stream);
    let mut at = parts.header.len();
    for item in &parts.items[3..] {
        let Item::Chunk(_, bytes) = item else { panic!("a chunk") };
        at += stream[at..].windows(bytes.len()).position(|window| window == *bytes).unwrap();
        stream[at + 20] ^= 1;
    }
    let mut reader = open(&stream);
    let (found, _, errors) = decode_past_errors(&mut reader);
    assert!(found == pcm[..600]);
    assert_eq!(errors.len(), 10);
    // A seek is another try.
    seek(&mut reader, 0).unwrap();
    assert!(reader.next_packet().unwrap().is_some());
}

#[test]
fn a_cut_stream_gives_what_is_there() {
    let (stream, pcm) = melody();
    let parts = Parts::of(&stream);
    let Item::Chunk(_, first) = &parts.items[0] else { panic!("a chunk") };
    let end = parts.header.len() + first.len() + 4;
    for length in (0..stream.len()).step_by(251) {
        let cut = &stream[..length];
        for opened in [probe(Cursor::new(cut)), probe(ReadOnlySource::new(cut))] {
            let Ok(mut reader) = opened else { continue };
            let decoded = decode(&mut reader);
            let Some(Error::IoError(error)) = decoded.error else { panic!("{:?}", decoded.error) };
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert!(error.to_string().ends_with("the stream is cut off here"), "{error}");
            assert!(pcm.starts_with(&decoded.pcm));
            assert!(reader.next_packet().unwrap().is_none());
        }
        let Ok(mut reader) = probe(Cursor::new(cut)) else { continue };
        // To a place that may be gone, and back.
        let _ = seek(&mut reader, 9000);
        let _ = reader.next_packet();
        seek(&mut reader, 0).unwrap();
        assert_eq!(reader.next_packet().is_ok(), length >= end);
    }
}

#[test]
fn mutated_streams_do_no_harm() {
    let mut random = Random::new(4);
    let mut seeds: Vec<Vec<u8>> =
        vectors::names("good-", false).iter().map(|name| vectors::stream(name)).collect();
    seeds.retain(|stream| stream.len() < 20_000);
    let (mut opened, mut errors) = (0, 0);
    for _ in 0..600 {
        let mut stream = seeds[random.below(seeds.len() as u64) as usize].clone();
        for _ in 0..1 + random.below(4) {
            // More often near the beginning, where the fields are.
            let most = if random.below(2) == 0 { 80 } else { stream.len() as u64 };
            let at = random.below(most.min(stream.len() as u64)) as usize;
            match random.below(4) {
                0 => stream.truncate(at.max(1)),
                1 => stream.insert(at, random.next_u64() as u8),
                _ => stream[at] ^= 1 << random.below(8),
            }
        }
        exercise(&stream, &mut random, &mut opened, &mut errors);
    }
    println!("{opened} of 1200 times opened, {errors} errors");
    assert!(opened > 100 && errors > 50);
}

#[test]
fn bad_vectors_do_no_harm() {
    let mut random = Random::new(5);
    let (mut opened, mut errors) = (0, 0);
    for name in vectors::names("bad-", false) {
        exercise(&vectors::stream(&name), &mut random, &mut opened, &mut errors);
    }
    println!("{opened} opened, {errors} errors");
    assert!(opened > 10 && errors > 10);
}

/// Reads and seeks whatever the bytes are, and goes on after errors.
fn exercise(stream: &[u8], random: &mut Random, opened: &mut u32, errors: &mut u32) {
    for pipe in [false, true] {
        let reader = match pipe {
            false => probe(Cursor::new(stream)),
            true => probe(ReadOnlySource::new(stream)),
        };
        let Ok(mut reader) = reader else { continue };
        *opened += 1;
        // Symphonia's codec allocates as many channels as the stream has.
        let mut codec = codec(&reader).ok();
        for _ in 0..6 {
            // As many errors as one place can have, and an end.
            let mut left = 10;
            for _ in 0..100 {
                match reader.next_packet() {
                    Ok(None) => break,
                    Ok(Some(packet)) => {
                        let decoded = codec.as_mut().map(|codec| codec.decode(&packet));
                        assert!(decoded.is_none_or(|decoded| decoded.is_ok()));
                        left = 10;
                    }
                    Err(_) => {
                        *errors += 1;
                        left -= 1;
                        assert!(left >= 0, "the stream does not end");
                    }
                }
            }
            let end = track(&reader).num_frames.unwrap_or(2000).min(1 << 40);
            let _ = seek(&mut reader, random.below(end + 10) as i64);
        }
    }
}
