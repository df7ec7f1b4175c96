//! Signals at random moments: what stands under a target's name is what was there or all of
//! what is new, and the source is as it was.
//!
//! `LMAC_FAULT_ROUNDS` says how many moments are tried for each signal and command, and
//! `LMAC_FAULT_SEED` which ones.

use std::thread::sleep;
use std::time::{Duration, Instant};

use lmac_support::Random;

use super::sent::{ignored, send};
use crate::common::{Folder, wav};

const OLD: &[u8] = b"what was there before";

/// A run of the program on files of a folder.
struct Case {
    arguments: &'static str,
    /// Each source with the target that it is made to.
    files: &'static [(&'static str, &'static str)],
    /// Whether targets are there before.
    over: bool,
    /// Whether sources are deleted.
    removes: bool,
}

const CASES: [Case; 6] = [
    Case {
        arguments: "encode --chunk-frames 3000 a.wav",
        files: &[("a.wav", "a.lmac")],
        over: false,
        removes: false,
    },
    Case {
        arguments: "encode -f --chunk-frames 3000 --threads 2 a.wav a.lmac",
        files: &[("a.wav", "a.lmac")],
        over: true,
        removes: false,
    },
    Case {
        arguments: "decode s.lmac a.wav",
        files: &[("s.lmac", "a.wav")],
        over: false,
        removes: false,
    },
    Case {
        arguments: "decode -f --threads 2 s.lmac a.wav",
        files: &[("s.lmac", "a.wav")],
        over: true,
        removes: false,
    },
    Case {
        arguments: "encode -f --chunk-frames 3000 a.wav b.wav c.wav",
        files: &[("a.wav", "a.lmac"), ("b.wav", "b.lmac"), ("c.wav", "c.lmac")],
        over: true,
        removes: false,
    },
    Case {
        arguments: "encode --rm --chunk-frames 3000 a.wav b.wav",
        files: &[("a.wav", "a.lmac"), ("b.wav", "b.lmac")],
        over: false,
        removes: true,
    },
];

/// The rounds of a case in which no moment was one of the program's work, at most.
const MOST_ROUNDS: usize = 50;

/// What the environment says, or else this.
fn chosen(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect("a number"))
}

/// What sources are made to, and how long that takes undisturbed.
fn undisturbed(case: &Case, sources: &dyn Fn(&Folder)) -> (Vec<Vec<u8>>, Duration) {
    let folder = Folder::new();
    sources(&folder);
    let began = Instant::now();
    folder.run(case.arguments).expect(0);
    let took = began.elapsed();
    (case.files.iter().map(|(_, target)| folder.read(target)).collect(), took)
}

/// How the rounds of a case ended.
#[derive(Default)]
struct Ends {
    /// The program was stopped.
    stopped: usize,
    /// It was done before.
    done: usize,
    /// Parts that were left, which only a kill may do.
    parts: usize,
}

fn try_case(case: &Case, signal: &str, seed: u64) -> Ends {
    let audio = wav(60_000, 1);
    let stream = {
        let folder = Folder::new();
        folder.write("a.wav", &audio);
        folder.run("encode --chunk-frames 3000 a.wav s.lmac").expect(0);
        folder.read("s.lmac")
    };
    let content = |name: &str| if name == "s.lmac" { &stream } else { &audio };
    let sources = |folder: &Folder| {
        case.files.iter().for_each(|(source, _)| drop(folder.write(source, content(source))));
    };
    let (results, took) = undisturbed(case, &sources);

    let mut random = Random::new(seed);
    let mut ends = Ends::default();
    let rounds = chosen("LMAC_FAULT_ROUNDS", 3) as usize;
    for round in 0.. {
        if round >= rounds && (ends.stopped > 0 || round >= MOST_ROUNDS) {
            break;
        }
        let folder = Folder::new();
        sources(&folder);
        for (_, target) in case.files.iter().filter(|_| case.over) {
            folder.write(target, OLD);
        }
        let moment = took.mul_f64(random.below(1 << 24) as f64 / f64::from(1 << 24) * 1.1);
        let mut child = folder.command(case.arguments.split_whitespace()).spawn().unwrap();
        sleep(moment);
        send(&child, signal);
        let status = child.wait().unwrap();

        match status.code() {
            Some(0) => ends.done += 1,
            // Before it could take the signal, the system did.
            Some(130) | None => ends.stopped += 1,
            Some(code) => panic!("{signal} ends in {code}"),
        }
        for ((source, target), result) in case.files.iter().zip(&results) {
            let complete = folder.has(target) && folder.read(target) == *result;
            let before = match case.over {
                true => folder.has(target) && folder.read(target) == OLD,
                false => !folder.has(target),
            };
            assert!(complete || before, "{signal} leaves half of {target}");
            let kept = folder.has(source) && folder.read(source) == *content(source);
            assert!(kept || (case.removes && complete), "{signal} harms {source}");
            assert!(status.code() != Some(0) || complete, "{target} is missing");
        }
        let known = |name: &str| case.files.iter().any(|&(a, b)| name == a || name == b);
        let parts = folder.files().into_iter().filter(|name| !known(name)).count();
        ends.parts += parts;
        assert!(parts == 0 || (signal == "-KILL" && parts == 1), "{:?}", folder.files());

        // Whatever was left, the next run gets there.
        sources(&folder);
        folder.run(&format!("{} --force", case.arguments.replace(" -f", ""))).expect(0);
        for ((_, target), result) in case.files.iter().zip(&results) {
            assert!(folder.read(target) == *result, "{target} of the next run");
        }
    }
    ends
}

#[test]
fn signals_at_random_moments_leave_nothing_half_written() {
    let seed = chosen("LMAC_FAULT_SEED", 6);
    println!("seed {seed}");
    for signal in ["-INT", "-TERM", "-HUP", "-KILL"] {
        if ignored(signal) {
            println!("skipped: {signal} is ignored here");
            continue;
        }
        let mut all = Ends::default();
        for (number, case) in CASES.iter().enumerate() {
            let Ends { stopped, done, parts } = try_case(case, signal, seed ^ number as u64);
            assert!(stopped > 0, "{signal} never came in time: {}", case.arguments);
            all.stopped += stopped;
            all.done += done;
            all.parts += parts;
        }
        let Ends { stopped, done, parts } = all;
        println!("{signal}: {stopped} times stopped, {done} times done before, {parts} parts left");
    }
}
