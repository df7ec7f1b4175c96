//! Broken files come back too, or are refused as ruins.

use lmac::ErrorKind;
use lmac::source::SourceFile;
use lmac_support::Random;
use lmac_support::flac::Shape;

use crate::subject::{Built, audio, built, comes_back, encode, melody, options, try_restore};

fn of_twelve_frames() -> Built {
    built(Shape { channels: 2, bits: 16, rate: 44100 }, &[500; 12], 6)
}

#[test]
fn bytes_between_frames_are_kept() {
    let Built { file, pcm, starts, .. } = of_twelve_frames();
    for junk in [vec![0; 1], vec![0xFF; 3], b"\xFF\xF8\xC9".to_vec(), vec![0xAB; 3000]] {
        for at in [starts[0], starts[5], starts[11]] {
            let mut longer = file.clone();
            longer.splice(at..at, junk.iter().copied());
            let finished = comes_back(&longer);
            let findings = finished.flac.unwrap();
            assert_eq!(findings.exceptions, 1);
            assert_eq!(findings.exception_bytes, junk.len() as u64);
            assert_eq!(findings.first_exception.unwrap().0, at as u64);
            assert_eq!(findings.silent_frames, 0);
            assert!(audio(&finished.writer) == pcm);
        }
    }
}

#[test]
fn a_damaged_frame_becomes_silence() {
    let Built { file, pcm, starts, .. } = of_twelve_frames();
    for number in [0, 4, 10] {
        for offset in [0, 2, 7, 40] {
            let mut damaged = file.clone();
            damaged[starts[number] + offset] ^= 0x40;
            let finished = comes_back(&damaged);
            let findings = finished.flac.unwrap();
            assert_eq!((findings.exceptions, findings.silent_frames), (1, 500));
            let (at, cause) = findings.first_exception.unwrap();
            assert_eq!(at, starts[number] as u64);
            assert!(!cause.is_empty());
            let frame = starts[number + 1] - starts[number];
            assert_eq!(findings.exception_bytes, frame as u64);
            let mut silent = pcm.clone();
            silent[2000 * number..2000 * (number + 1)].fill(0);
            assert!(audio(&finished.writer) == silent, "frame {number}, byte {offset}");
        }
    }
}

#[test]
fn a_frame_that_is_missing_becomes_silence() {
    let Built { mut file, pcm, starts, .. } = of_twelve_frames();
    file.drain(starts[3] + 20..starts[4]);
    let finished = comes_back(&file);
    assert_eq!(finished.flac.unwrap().silent_frames, 500);
    assert_eq!(audio(&finished.writer).len(), pcm.len());
}

#[test]
fn damage_at_the_end_is_told() {
    let Built { file, pcm, starts, .. } = of_twelve_frames();
    let mut damaged = file.clone();
    damaged[starts[11] + 30] ^= 1;
    for file in [&damaged[..], &file[..file.len() - 1], &file[..starts[11] + 9]] {
        let finished = comes_back(file);
        let findings = finished.flac.unwrap();
        assert_eq!(findings.exceptions, 1);
        assert_eq!(findings.first_exception.unwrap().0, starts[11] as u64);
        assert!(audio(&finished.writer) == pcm[..pcm.len() - 2000]);
    }
    // A file that is too short by whole frames has no bytes that are wrong.
    assert_eq!(comes_back(&file[..starts[11]]).flac.unwrap().exceptions, 0);
}

#[track_caller]
fn is_refused(file: &[u8], expected: &str) {
    let error = encode(file, &options()).map(|_| "a file").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenFlac(_)), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    let finished = SourceFile::whole_flac(file).encode(Vec::new(), &options()).unwrap();
    assert_eq!((finished.stats.frames, &finished.flac), (0, &None));
    assert!(try_restore(&finished.writer).unwrap() == file);
}

#[test]
fn ruins_are_refused_and_can_be_kept_whole() {
    let Built { file, starts, .. } = of_twelve_frames();
    for length in [4, 7, 8, 30, 41] {
        is_refused(&file[..length], "its metadata");
    }
    is_refused(b"fLaC\0\0\0\x22aaaaaaaaaaaa", "its metadata");
    let mut wrong = file.clone();
    wrong[4] |= 1;
    is_refused(&wrong, "STREAMINFO");
    let mut wrong = file.clone();
    wrong[7] = 33;
    is_refused(&wrong, "STREAMINFO");
    for bits in [1, 2, 3u8] {
        let mut wrong = file.clone();
        wrong[20] &= 0xFE;
        wrong[21] = (bits - 1) << 4;
        is_refused(&wrong, "4 to 32 are allowed");
    }
    // No frames, and too few.
    is_refused(&[&file[..42], &[5; 1000]].concat(), "no sound frames");
    is_refused(&[&file[..starts[1]], &vec![5; 30_000]].concat(), "no sound frames");
    let mut wrong = file.clone();
    starts[..7].iter().for_each(|&at| wrong[at] = 0);
    let lost = starts[7] - starts[0];
    if lost > (file.len() - 42) / 2 {
        is_refused(&wrong, "no sound frames");
    }
    // Nothing is lost, but all frames have another rate of bits than the head says.
    let mut wrong = file;
    wrong[21] ^= 0x10;
    is_refused(&wrong, "");
}

#[test]
fn nothing_but_beginnings_of_frames() {
    let Built { file, .. } = of_twelve_frames();
    // The header of a frame of 65535 samples, and then a subframe without an end.
    let start = b"\xFF\xF8\x79\x18\0\xFF\xFE";
    let crc = (0..=255u8)
        .find(|&crc| {
            let frame = [&start[..], &[crc]].concat();
            let all = [&file[..42], &frame].concat();
            let error = encode(&all, &options()).map(|_| ()).unwrap_err().to_string();
            error.contains("ends within a frame")
        })
        .unwrap();
    let many = [&start[..], &[crc, 0, 0]].concat().repeat(100_000);
    is_refused(&[&file[..42], &many].concat(), "no sound frames");
}

#[test]
fn mutated_files_come_back_or_are_refused() {
    let mut files: Vec<Vec<u8>> = (0..8)
        .map(|seed| {
            let shape = Shape { channels: 1 + seed % 3, bits: 4 + 4 * seed as u32, rate: 44100 };
            built(shape, &[40, 16, 192, 64, 30, 30].repeat(4), seed as u64).file
        })
        .collect();
    files.push([b"ID3\x04\0\0\0\0\0\x05hello", &files[3][..], b"TAG"].concat());
    files.push(melody(4096));
    let (mut back, mut refused) = (0, 0);
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let mut file = files[random.below(files.len() as u64) as usize].clone();
        let other = &files[random.below(files.len() as u64) as usize];
        for _ in 0..1 + random.below(3) {
            let at = random.below(file.len() as u64) as usize;
            let length = random.below(60) as usize;
            match random.below(7) {
                0 | 1 => file[at] ^= 1 << random.below(8),
                2 => file[at.min(60)] = random.next_u64() as u8,
                3 => file.truncate(at.max(1)),
                4 => {
                    let junk: Vec<u8> = (0..length).map(|_| random.next_u64() as u8).collect();
                    file.splice(at..at, junk);
                }
                5 => drop(file.drain(at..(at + length).min(file.len() - 1).max(at))),
                _ => {
                    let from = random.below(other.len() as u64) as usize;
                    file.splice(at.., other[from..].iter().copied());
                }
            }
            if file.is_empty() {
                file.push(0);
            }
        }
        let verify = seed % 2 == 0;
        match encode(&file, &options().with_chunk_frames(50).with_verify(verify)) {
            Ok(finished) => {
                assert!(try_restore(&finished.writer).unwrap() == file, "seed {seed}");
                // The chunks are tiny, and there may be many of silence.
                let most = 2 * file.len() + 2000 + 40 * finished.stats.chunks() as usize;
                assert!(finished.writer.len() < most, "seed {seed}");
                back += 1;
            }
            Err(error) => {
                let kind = error.kind();
                let clean = matches!(
                    kind,
                    ErrorKind::Input(_) | ErrorKind::BrokenFlac(_) | ErrorKind::OtherFormat(_)
                );
                assert!(clean, "seed {seed}: {error}");
                refused += 1;
            }
        }
    }
    assert!(back > 600 && refused > 100, "{back} came back, {refused} were refused");
}
