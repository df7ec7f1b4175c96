//! Damage to the recording as a tiny language model codes it.

use lmac::language::LanguageOptions;
use lmac::source::encode_file;
use lmac::{DecodeOptions, EncodeOptions, Precision};
use lmac_support::models::llama;
use lmac_support::recording;

use crate::subject::Subject;
use crate::tried::{each_byte_changed, random_damage, rounds, tried};

/// The beginning of the recording, in both precisions.
fn of_recording() -> Vec<Subject> {
    let subject = |&precision: &Precision| {
        let model = llama(1, 0.1, precision);
        let language = LanguageOptions::default().with_context(64).with_lockstep(4);
        let options =
            EncodeOptions::default().with_chunk_frames(100).with_model(model.clone(), language);
        let stream = encode_file(&*recording(400), Vec::new(), &options).unwrap().writer;
        let options = DecodeOptions::default().with_model(model);
        Subject::new(format!("speech-language-{}", precision.name()), stream, options)
    };
    Precision::ALL.iter().map(subject).collect()
}

#[test]
fn some_damage_to_a_recording_is_contained() {
    let table = tried(of_recording(), |subject, table| random_damage(subject, 2, table));
    println!("\nTo a recording with a language model:\n\n{table}");
    assert!(table.inputs() > 50);
}

#[test]
#[ignore = "takes minutes"]
fn all_damage_to_a_recording_is_contained() {
    let table = tried(of_recording(), |subject, table| random_damage(subject, rounds(), table));
    println!("\nTo a recording with a language model:\n\n{table}");
    let table = tried(of_recording(), each_byte_changed);
    println!("\nTo each of its bytes:\n\n{table}");
}
