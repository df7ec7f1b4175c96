//! Results for tests of reports.

use crate::contestant::{Arrangement, BitAccount, Check, Outcome, Stage, Weights};
use crate::results::{ClipFacts, Entry, Measured, Results, Setting, Skipped, Taken};

pub(crate) fn clip(name: &str, bits: u32, pcm_bytes: u64) -> ClipFacts {
    ClipFacts {
        name: name.into(),
        folder: name.split_once('/').map_or("", |(folder, _)| folder).into(),
        rate: 8000,
        channels: 1,
        bits,
        pcm_bytes,
        file_bytes: None,
        seconds: pcm_bytes as f64 / (8000.0 * f64::from(bits / 8)),
        conversion: None,
    }
}

pub(crate) fn entry(name: &str, weights: Option<Weights>) -> Entry {
    Entry { name: name.into(), description: format!("{name} 1.0"), weights }
}

pub(crate) fn outcome(bytes: u64) -> Outcome {
    Outcome {
        check: Check::Passed,
        encoding: Some(0.5),
        decoding: Some(0.25),
        peak_memory: Some(bytes << 10),
        ..Outcome::of_bytes(bytes)
    }
}

pub(crate) fn measured(clip: usize, contestant: usize, result: Taken) -> Measured {
    Measured { clip, contestant, arrangement: Arrangement::Chunks, result }
}

/// Three clips of two folders and depths. `gzip` takes all, but decodes one wrongly;
/// `tiny` is a language model that refuses one and fails with none.
pub(crate) fn results() -> Results {
    let account = |scale: u64| BitAccount {
        tokens: 90 * scale,
        characters: 100 * scale,
        hits: 80 * scale,
        escapes: 10 * scale,
        token_bits: vec![200.0 * scale as f64, 300.0 * scale as f64],
        plane_bits: vec![0.0, 100.0 * scale as f64],
        other_bytes: 5 * scale,
        expanded: scale,
    };
    let model = |scale: u64| {
        Taken::Done(Outcome {
            chunks: vec![40.5 * scale as f64, 39.5 * scale as f64],
            account: Some(account(scale)),
            stages: vec![
                Stage { name: "attention".into(), seconds: 0.125 * scale as f64 },
                Stage { name: "coding".into(), seconds: 0.25 },
            ],
            ..outcome(80 * scale)
        })
    };
    let broken = Outcome { check: Check::Failed("byte 7 differs".into()), ..outcome(1) };
    Results {
        settings: vec![Setting::new("chunk-size", "2048"), Setting::new("headers", "once")],
        clips: vec![
            clip("music/a|b.wav", 16, 1000),
            ClipFacts {
                conversion: Some("16 to 8 bits: >> 8".into()),
                ..clip("music/b.wav", 8, 4000)
            },
            clip("speech/c.wav", 16, 2000),
        ],
        skipped: vec![Skipped { file: "music/notes.txt".into(), reason: "is no WAV file".into() }],
        contestants: vec![
            entry("gzip", None),
            entry("tiny", Some(Weights { file_bytes: 600, parameters: 150 })),
        ],
        measured: vec![
            measured(0, 0, Taken::Done(outcome(900))),
            measured(0, 1, model(1)),
            measured(1, 0, Taken::Done(broken)),
            measured(1, 1, Taken::Refused { reason: "takes no 8-bit audio".into() }),
            measured(2, 0, Taken::Done(outcome(1000))),
            measured(2, 1, model(2)),
        ],
        complete: true,
    }
}
