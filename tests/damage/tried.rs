//! Damage of every kind, tried on every vector and on a recording.

use std::env;
use std::sync::Mutex;
use std::thread;

use lmac::{EncodeOptions, Preset};
use lmac_support::Random;

use crate::damaged::{Damaged, Kind};
use crate::laws::{check, check_straight};
use crate::subject::{Subject, good_vectors, of_recording, of_wav};
use crate::table::Table;

/// Calls a function for each subject, on all processors.
pub(crate) fn tried(subjects: Vec<Subject>, try_on: impl Fn(&Subject, &mut Table) + Sync) -> Table {
    let (waiting, all) = (Mutex::new(subjects), Mutex::new(Table::default()));
    let work = || {
        let next = || waiting.lock().unwrap().pop();
        while let Some(subject) = next() {
            let mut table = Table::default();
            try_on(&subject, &mut table);
            all.lock().unwrap().merge(table);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |count| count.get()) {
            scope.spawn(work);
        }
    });
    all.into_inner().unwrap()
}

/// Tries each kind of damage this often.
pub(crate) fn random_damage(subject: &Subject, rounds: usize, table: &mut Table) {
    let mut random = Random::new(subject.stream.len() as u64);
    for kind in Kind::ALL {
        for _ in 0..rounds {
            if let Some(damaged) = kind.damage(subject, &mut random) {
                check(subject, &damaged, table.row(kind.name()));
            }
        }
    }
}

pub(crate) fn each_byte_changed(subject: &Subject, table: &mut Table) {
    let mut random = Random::new(1);
    for (at, byte) in subject.stream.iter().enumerate() {
        let other = byte ^ (1 + random.below(255) as u8);
        let damaged = Damaged::replaced(subject, at..at + 1, vec![other]);
        check_straight(subject, &damaged, table.row("each byte changed"));
    }
}

fn each_bit_flipped(subject: &Subject, table: &mut Table) {
    for bit in 0..8 * subject.stream.len() {
        let at = bit / 8;
        let other = subject.stream[at] ^ 1 << (bit % 8);
        let damaged = Damaged::replaced(subject, at..at + 1, vec![other]);
        check_straight(subject, &damaged, table.row("each bit flipped"));
    }
}

#[test]
fn some_damage_to_every_vector_is_contained() {
    let table = tried(good_vectors(), |subject, table| random_damage(subject, 1, table));
    println!("\nTo vectors:\n\n{table}");
    assert!(table.inputs() > 1000);
}

#[test]
fn some_damage_to_a_recording_is_contained() {
    let subjects = of_recording(Preset::ALL, 1000, 125);
    let table = tried(subjects, |subject, table| random_damage(subject, 2, table));
    println!("\nTo a recording:\n\n{table}");
    assert!(table.inputs() > 150);
}

/// Returns how often each kind of damage is tried on each stream.
pub(crate) fn rounds() -> usize {
    env::var("LMAC_DAMAGE_ROUNDS").map_or(100, |rounds| rounds.parse().expect("a number"))
}

#[test]
#[ignore = "takes minutes"]
fn all_damage_to_every_vector_is_contained() {
    let table = tried(good_vectors(), |subject, table| {
        random_damage(subject, rounds(), table);
        each_byte_changed(subject, table);
        if subject.stream.len() < 300 {
            each_bit_flipped(subject, table);
        }
    });
    println!("\nTo vectors:\n\n{table}");
}

#[test]
#[ignore = "takes minutes"]
fn all_damage_to_a_recording_is_contained() {
    let quick = [Preset::Store, Preset::Light, Preset::Fast];
    let mut subjects = of_recording(&quick, 90_000, 9000);
    subjects.extend(of_recording(&[Preset::Standard, Preset::Max], 5000, 500));
    let table = tried(subjects, |subject, table| random_damage(subject, rounds(), table));
    println!("\nTo the recording:\n\n{table}");
    let table = tried(of_recording(Preset::ALL, 600, 100), each_byte_changed);
    println!("\nTo each byte of its beginning:\n\n{table}");
}

#[test]
#[ignore = "takes as long as the files are"]
fn all_damage_to_other_files_is_contained() {
    let Some(paths) = env::var_os("LMAC_DAMAGE_WAVS") else { return };
    let subjects = env::split_paths(&paths).flat_map(|path| {
        let wav = std::fs::read(&path).unwrap();
        of_wav(&path.display().to_string(), &wav, Preset::ALL, &EncodeOptions::default())
    });
    let table = tried(subjects.collect(), |subject, table| random_damage(subject, rounds(), table));
    println!("\nTo the files of LMAC_DAMAGE_WAVS:\n\n{table}");
}
