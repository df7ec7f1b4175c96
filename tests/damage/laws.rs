//! Laws for every damaged stream.

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{Damage, Decoder, Error, ErrorKind, Verification};

use crate::damaged::Damaged;
use crate::subject::Subject;
use crate::table::Row;

/// The bytes of a damaged stream, and how it ends.
type Outcome = (Vec<u8>, Result<(), Error>);

/// Decodes a damaged stream in every way, and counts the outcome.
#[track_caller]
pub(crate) fn check(subject: &Subject, damaged: &Damaged, row: &mut Row) {
    let name = damaged.of_what(subject);
    let unharmed = check_straight(subject, damaged, row);
    let (file, ended) = after_a_look_at_the_end(subject, damaged);
    let right = if ended.is_ok() { subject.file == file } else { subject.file.starts_with(&file) };
    assert!(right, "{name}: another file after a look at the end, {ended:?}");
    for frame in places(subject) {
        let (pcm, ended) = plainly_from(subject, damaged, frame);
        let expected = &subject.pcm[frame as usize * subject.frame_bytes..];
        let right = if ended.is_ok() { expected == pcm } else { expected.starts_with(&pcm) };
        assert!(right, "{name}: wrong behind a seek to {frame}, {ended:?}");
    }
    reaches_every_frame(subject, damaged);
    // A pipe gives the copy of the header too late.
    match Decoder::recover_in_one_pass(damaged.bytes.as_slice(), subject.options.clone()) {
        Ok(decoder) => {
            let (_, damage) =
                follows_the_laws(subject, damaged, decoder, damaged.keeps_header(subject));
            assert!(!unharmed || !damage.any(), "{name}: {damage:?} of nothing");
        }
        Err(error) => assert!(!damaged.keeps_header(subject), "{name}: {error}"),
    }
}

/// Decodes a damaged stream from its start, with recovery and without. Returns whether it
/// decoded without an error.
#[track_caller]
pub(crate) fn check_straight(subject: &Subject, damaged: &Damaged, row: &mut Row) -> bool {
    row.inputs += 1;
    let name = damaged.of_what(subject);
    let (file, ended) = plainly(subject, damaged);
    match &ended {
        Ok(()) => {
            assert!(file == subject.file, "{name}: another file without an error");
            row.unharmed += 1;
        }
        Err(error) => {
            assert!(subject.file.starts_with(&file), "{name}: wrong before {error}");
            row.refused(error);
        }
    }
    let has_header = damaged.has_header(subject);
    match Decoder::recover(Cursor::new(&damaged.bytes), subject.options.clone()) {
        Ok(decoder) => {
            let found = decoder.damage();
            let has_header = has_header || found.header_restored || found.header_repaired;
            let (pcm, damage) = follows_the_laws(subject, damaged, decoder, has_header);
            assert!(ended.is_err() || !damage.any(), "{name}: {damage:?} of nothing");
            match has_header {
                true => row.recovered(subject, damaged, &damage, frames(subject, &pcm)),
                false => row.headless += 1,
            }
        }
        Err(error) => {
            assert!(error.is_damage() && !has_header, "{name}: {error}");
            row.headless += 1;
        }
    }
    ended.is_ok()
}

fn frames(subject: &Subject, pcm: &[u8]) -> u64 {
    (pcm.len() / subject.frame_bytes) as u64
}

/// Returns the start, a frame in the middle of a chunk, and the end.
fn places(subject: &Subject) -> [u64; 3] {
    let middle = subject.chunks.get(subject.chunks.len() / 2);
    let frame = middle.map_or(0, |chunk| (chunk.frames.start + chunk.frames.end) / 2);
    [0, frame, subject.frames()]
}

/// The file, without recovery.
fn plainly(subject: &Subject, damaged: &Damaged) -> Outcome {
    let mut file = Vec::new();
    let decoder = Decoder::with_options(damaged.bytes.as_slice(), subject.options.clone());
    let ended = decoder.and_then(|decoder| {
        let mut restored = Restored::new(decoder);
        restored.read_to_end(&mut file)?;
        restored.decoder_mut().expect_end()
    });
    (file, ended)
}

/// The file, without recovery, after a look at the stream's end.
fn after_a_look_at_the_end(subject: &Subject, damaged: &Damaged) -> Outcome {
    let mut file = Vec::new();
    let decoder = Decoder::with_options(Cursor::new(&damaged.bytes), subject.options.clone());
    let ended = decoder.and_then(|mut decoder| {
        decoder.find_length()?;
        let mut restored = Restored::new(decoder);
        restored.read_to_end(&mut file)?;
        restored.decoder_mut().expect_end()
    });
    (file, ended)
}

/// The audio from a frame on, without recovery.
fn plainly_from(subject: &Subject, damaged: &Damaged, frame: u64) -> Outcome {
    let mut pcm = Vec::new();
    let decoder = Decoder::with_options(Cursor::new(&damaged.bytes), subject.options.clone());
    let ended = decoder.and_then(|mut decoder| {
        decoder.seek(frame)?;
        decoder.read_to_end(&mut pcm)?;
        Ok(())
    });
    (pcm, ended)
}

/// Checks the laws of recovery. Returns the recovered audio and the damage.
#[track_caller]
fn follows_the_laws<R: Read>(
    subject: &Subject,
    damaged: &Damaged,
    mut decoder: Decoder<R>,
    has_header: bool,
) -> (Vec<u8>, Damage) {
    let name = damaged.of_what(subject);
    let mut pcm = Vec::new();
    decoder.read_to_end(&mut pcm).unwrap_or_else(|error| panic!("{name}: {error}"));
    let damage = decoder.damage().clone();

    let frames = frames(subject, &pcm);
    if damaged.keeps_trailer(subject) && has_header {
        assert_eq!(frames, subject.frames(), "{name}: another length, {damage:?}");
    }
    assert!(pcm.len() <= subject.pcm.len(), "{name}: longer than it was, {damage:?}");

    is_right(subject, damaged, &pcm, 0, &damage, has_header);
    let all_is_well = matches!(decoder.verification(), Verification::Md5(_) | Verification::Chunks);
    assert_eq!(all_is_well, !damage.any(), "{name}: {damage:?}");
    (pcm, damage)
}

/// Checks audio from a frame on: lost frames are silent, all others are right, and no chunk
/// that the damage did not touch is lost.
#[track_caller]
fn is_right(
    subject: &Subject,
    damaged: &Damaged,
    pcm: &[u8],
    from: u64,
    damage: &Damage,
    has_header: bool,
) {
    let name = damaged.of_what(subject);
    let at = |frame: u64| frame as usize * subject.frame_bytes;
    let end = from + frames(subject, pcm);
    let mut expected = subject.pcm[..at(end)].to_vec();
    for lost in &damage.lost {
        expected[at(lost.start)..at(lost.end)].fill(subject.silence);
    }
    assert!(pcm == &expected[at(from)..], "{name}: not what it says, {damage:?}");
    let listed: u64 = damage.lost.iter().map(|lost| lost.end - lost.start).sum();
    assert_eq!(damage.lost_frames, listed, "{name}");
    for chunk in subject.chunks.iter().filter(|chunk| chunk.frames.end > from) {
        let lost = lost_of(damage, end, chunk.frames.clone());
        assert!(
            lost == 0 || !has_header || !damaged.keeps(&chunk.bytes),
            "{name}: {lost} frames of {:?} are lost and were not touched, {damage:?}",
            chunk.frames
        );
    }
}

/// Counts those of `frames` that are lost, in audio that ends at `end`.
pub(crate) fn lost_of(damage: &Damage, end: u64, frames: std::ops::Range<u64>) -> u64 {
    let within = |lost: &std::ops::Range<u64>| {
        lost.end.min(frames.end).saturating_sub(lost.start.max(frames.start))
    };
    let missing = frames.end.saturating_sub(frames.start.max(end));
    damage.lost.iter().map(within).sum::<u64>() + missing
}

/// Checks the laws of recovery after seeks, if the stream has a header.
#[track_caller]
fn reaches_every_frame(subject: &Subject, damaged: &Damaged) {
    if !damaged.has_header(subject) {
        return;
    }
    let name = damaged.of_what(subject);
    let options = subject.options.clone();
    let mut decoder = Decoder::recover(Cursor::new(&damaged.bytes), options).unwrap();
    for frame in places(subject) {
        if let Err(error) = decoder.seek(frame) {
            let argument = matches!(error.kind(), ErrorKind::Argument(_));
            assert!(argument && !damaged.keeps_trailer(subject), "{name}: {error}");
            continue;
        }
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        let whole = !damaged.keeps_trailer(subject)
            || back.len() == subject.pcm.len() - frame as usize * subject.frame_bytes;
        assert!(whole, "{name}: another length behind frame {frame}");
        if !back.is_empty() {
            is_right(subject, damaged, &back, frame, decoder.damage(), true);
        }
    }
}
