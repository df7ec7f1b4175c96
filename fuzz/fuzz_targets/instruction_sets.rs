//! Audio of any kind: every instruction set of the machine encodes the same bytes, and decodes
//! the audio from them.

#![no_main]

use std::io::Read;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lmac::{DecodeOptions, Decoder, proof};
use lmac_fuzz::audio::Audio;
use lmac_fuzz::models;
use lmac_fuzz::settings::Settings;

#[derive(Debug, Arbitrary)]
struct Input {
    audio: Audio,
    settings: Settings,
    model: u8,
}

fuzz_target!(|input: Input| {
    let Input { audio, settings, model } = input;
    let spec = audio.spec();
    let model = models::all().get(usize::from(model / 16));
    // Short, since each instruction set encodes and decodes it.
    let most = if model.is_some() { 40 } else { settings.most_samples() / 4 };
    let pcm = audio.pcm(most);
    let encode_and_decode = || {
        let stream = match model {
            None => settings.encode(spec, &pcm).writer,
            Some(model) => models::encode(model, spec, &pcm)?,
        };
        let options = DecodeOptions::default();
        let options =
            model.into_iter().fold(options, |options, model| options.with_model(model.clone()));
        let mut back = Vec::new();
        Decoder::with_options(stream.as_slice(), options).unwrap().read_to_end(&mut back).unwrap();
        assert!(back == pcm);
        Some(stream)
    };
    let mut first = None;
    for set in proof::instruction_sets() {
        let stream = proof::with_instruction_set(set, &encode_and_decode).unwrap();
        assert!(stream == *first.get_or_insert_with(|| stream.clone()), "{set}");
    }
});
