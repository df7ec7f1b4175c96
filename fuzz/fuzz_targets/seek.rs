//! Seeking in a damaged stream: bytes that are read without an error are the audio of that
//! place, or silence if recovery reports them as lost.

#![no_main]

use std::io::{Cursor, Read};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lmac::{DecodeOptions, Decoder, SampleFormat};
use lmac_fuzz::audio::Audio;
use lmac_fuzz::damage::{Damage, chunks};
use lmac_fuzz::pieces::Pieces;
use lmac_fuzz::settings::Settings;

#[derive(Debug, Arbitrary)]
struct Input {
    audio: Audio,
    settings: Settings,
    damage: Vec<Damage>,
    steps: Vec<Step>,
    pieces: Vec<u8>,
    recover: bool,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Step {
    Seek(u16),
    SeekFar(u64),
    Skip(u16),
    Read(u16),
    Length,
}

fuzz_target!(|input: Input| {
    let Input { audio, settings, damage, steps, pieces, recover } = input;
    let spec = audio.spec();
    let pcm = audio.pcm(settings.most_samples() / 2);
    let mut stream = settings.encode(spec, &pcm).writer;
    let places: Vec<_> = chunks(&stream).into_iter().map(|chunk| chunk.bytes).collect();
    damage.iter().take(8).for_each(|damage| damage.apply(&mut stream, &places));

    let options = DecodeOptions::default().with_threads(settings.threads());
    let opened = match recover {
        true => Decoder::recover(Cursor::new(&stream), options).map(|decoder| {
            go(decoder, &pcm, &steps, true);
        }),
        false => Decoder::with_options(Pieces::new(&stream, &pieces), options).map(|decoder| {
            go(decoder, &pcm, &steps, false);
        }),
    };
    assert!(opened.is_ok() || !damage.is_empty());
});

fn go<R: Read + std::io::Seek>(mut decoder: Decoder<R>, pcm: &[u8], steps: &[Step], recover: bool) {
    let spec = decoder.info().spec;
    let frame_bytes = spec.frame_bytes();
    let frames = pcm.len() as u64 / frame_bytes as u64;
    let silence = if spec.format == SampleFormat::U8 { 128 } else { 0 };
    // The byte of the audio that comes next, if known.
    let mut place = Some(0usize);
    for step in steps.iter().take(16) {
        match *step {
            Step::Seek(_) | Step::SeekFar(_) => {
                let frame = match *step {
                    Step::Seek(frame) => u64::from(frame) % (frames + 3),
                    Step::SeekFar(frame) => frame,
                    _ => unreachable!("another step"),
                };
                place = None;
                if let Ok(found) = decoder.seek(frame) {
                    assert_eq!(found, frame);
                    assert!(recover || frame <= frames);
                    place = usize::try_from(frame).ok().and_then(|at| at.checked_mul(frame_bytes));
                }
            }
            Step::Skip(count) => {
                // The position is unknown within a frame.
                place = place.filter(|at| at % frame_bytes == 0);
                place = place.map(|at| at + usize::from(count) * frame_bytes);
                decoder.skip(u64::from(count));
            }
            Step::Length => {
                // The position stays.
                let length = decoder.find_length().unwrap();
                assert!(recover || length.is_none_or(|length| length == frames));
            }
            Step::Read(length) => {
                let mut buffer = vec![0; usize::from(length) % 3000];
                let Ok(read) = decoder.read(&mut buffer) else {
                    place = None;
                    continue;
                };
                let Some(at) = place else { continue };
                place = Some(at + read);
                // Without an error, the end is the end of the audio.
                if read == 0 {
                    let ended = buffer.is_empty() || at >= pcm.len();
                    assert!(recover || ended, "an early end at byte {at}");
                    continue;
                }
                let expected = pcm.get(at..at + read);
                if expected == Some(&buffer[..read]) {
                    continue;
                }
                // Only lost frames may differ, and those are silent.
                assert!(recover, "wrong audio from byte {at} on");
                let damage = decoder.damage();
                for (number, byte) in buffer[..read].iter().enumerate() {
                    let frame = ((at + number) / frame_bytes) as u64;
                    let lost = damage.lost.iter().any(|lost| lost.contains(&frame));
                    assert!(
                        pcm.get(at + number) == Some(byte) || (lost && *byte == silence),
                        "wrong audio at byte {}",
                        at + number
                    );
                }
            }
        }
    }
}
