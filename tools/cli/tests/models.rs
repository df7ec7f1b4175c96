//! Language models, from checkpoints in every layout.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;
use std::io::Cursor;

use common::{Folder, Ran, wav};
use lmac::language::TensorKind;
use lmac_support::models::{Float, Tiny, TinyBytes, gguf, huggingface, meta, npz};

/// A quiet WAV file with odd samples. A model that finds all tokens about as likely makes it
/// smaller: there is a plane that is all ones.
fn quiet(frames: usize, bits: u16) -> Vec<u8> {
    let sample_format = hound::SampleFormat::Int;
    let spec =
        hound::WavSpec { channels: 2, sample_rate: 8000, bits_per_sample: bits, sample_format };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    for sample in common::samples(frames, 2) {
        writer.write_sample(i32::from(sample >> 9 | 1)).unwrap();
    }
    writer.finalize().unwrap();
    file.into_inner()
}

/// A folder with a model in every layout that a Llama 3 can have, and some audio.
fn folder() -> Folder {
    let folder = Folder::new();
    let tiny = Tiny { float: Float::F16, part: 4096.0, ..Tiny::default() };
    huggingface::single(&folder.path("models/one"), &tiny);
    huggingface::sharded(&folder.path("layouts/sharded"), &tiny, 3);
    huggingface::pickled(&folder.path("layouts/pickled"), &tiny);
    meta::folder(&folder.path("layouts/meta"), &tiny, 2);
    gguf::file(&folder.path("layouts/tiny.gguf"), &tiny, TensorKind::F16);
    folder.write("quiet.wav", &quiet(900, 16));
    folder
}

/// Runs the program with these folders for models, and a cache of its own.
fn run(folder: &Folder, models: &str, arguments: &str) -> Ran {
    let mut command = folder.command(arguments.split_whitespace());
    command.env("XDG_CACHE_HOME", folder.path("cache")).env("LMAC_MODELS", models);
    command.output().unwrap().into()
}

const LAYOUTS: [&str; 5] =
    ["models/one", "layouts/sharded", "layouts/pickled", "layouts/meta", "layouts/tiny.gguf"];

#[test]
fn what_one_layout_encoded_all_others_decode() {
    let folder = folder();
    let encode = "encode --json -f --context 300 --top-k 100 quiet.wav";
    let mut streams = Vec::new();
    for layout in LAYOUTS {
        let encoded = run(&folder, "", &format!("{encode} --model {layout}")).expect(0).json();
        assert_eq!(encoded["language_chunks"], 1, "{layout}");
        assert_eq!(encoded["model"]["tokens"], "bpe", "{layout}");
        streams.push((layout, encoded["model"]["sha256"].clone()));
        for other in LAYOUTS {
            let decode = format!("decode -f --model {other} quiet.lmac back.wav");
            run(&folder, "", &decode).expect(0);
            assert!(folder.read("back.wav") == folder.read("quiet.wav"), "{layout} {other}");
        }
    }
    assert!(streams.iter().all(|(_, hash)| hash == &streams[0].1), "{streams:?}");
}

#[test]
fn every_choice_comes_back() {
    let folder = folder();
    let pieces = Tiny { third: false, part: 4096.0, ..Tiny::default() };
    huggingface::single(&folder.path("models/pieces"), &pieces);
    npz::file(&folder.path("models/bytes.npz"), &TinyBytes::default(), npz::Form::ALL[0]);
    for bits in [8, 24, 32] {
        folder.write(&format!("quiet{bits}.wav"), &quiet(200, bits));
    }
    for (file, choices) in [
        ("quiet", "--model models/one --precision int8"),
        ("quiet", "--model llama:models/one --tokens characters --device cpu"),
        ("quiet8", "--model models/one --top-k 1 --mapping twos-complement"),
        ("quiet24", "--model models/pieces --context 120 --lockstep 3 --blocking 7"),
        ("quiet32", "--model models/pieces --precision int8 --top-k all --memory 100M"),
        ("quiet", "--model models/bytes.npz --verify=full"),
        ("quiet", "--model models/bytes.npz --precision int8 --no-verify"),
    ] {
        let encode = format!("encode -f --json {file}.wav out.lmac {choices}");
        let encoded = run(&folder, "", &encode).expect(0).json();
        let language = encoded["language_chunks"].as_u64().unwrap();
        assert!(language > 0, "{encode}: {encoded}");
        run(&folder, "models", "decode -f -T 2 out.lmac back.wav").expect(0);
        assert!(folder.read("back.wav") == folder.read(&format!("{file}.wav")), "{encode}");
        run(&folder, "models", "verify out.lmac").expect(0);
    }
}

#[test]
fn a_model_is_found_by_its_hash() {
    let folder = folder();
    run(&folder, "", "encode quiet.wav --model layouts/meta").expect(0);
    let info = run(&folder, "", "info --json quiet.lmac").expect(0).json();
    let hash = info["model"]["sha256"].as_str().unwrap().to_string();
    assert_eq!(info["model"]["name"], "meta");
    let text = run(&folder, "", "info quiet.lmac").expect(0).text();
    assert!(text.contains(&hash), "{text}");

    run(&folder, "", "decode quiet.lmac x.wav").expect(1).says(&hash).says("LMAC_MODELS");
    let other = Tiny { seed: 2, ..Tiny::default() };
    huggingface::single(&folder.path("others/two"), &other);
    run(&folder, "others", "decode quiet.lmac x.wav").expect(1).says(&hash).says("others");
    run(&folder, "", "decode quiet.lmac x.wav --model others/two").expect(1).says(&hash);
    assert!(!folder.has("x.wav"));

    // Another name, another layout, a folder further down; once and from the cache.
    for _ in 0..2 {
        run(&folder, "others:models", "decode -f quiet.lmac x.wav").expect(0);
        assert!(folder.read("x.wav") == folder.read("quiet.wav"));
    }
    let cache = String::from_utf8(folder.read("cache/lmac/models.json")).unwrap();
    assert!(cache.contains(&hash), "{cache}");
    fs::remove_dir_all(folder.path("models")).unwrap();
    run(&folder, "others:models", "decode -f quiet.lmac x.wav").expect(1).says(&hash);
}

#[test]
fn pipes_parts_and_removal_work_with_models() {
    let folder = folder();
    let encode = "encode --model models/one --chunk-frames 300 --rm quiet.wav";
    let original = folder.read("quiet.wav");
    run(&folder, "", encode).expect(0);
    assert!(!folder.has("quiet.wav"));
    let decode = "decode --model models/one quiet.lmac part.wav --start 250 --end 350";
    run(&folder, "", decode).expect(0);
    assert!(folder.read("part.wav")[44..] == original[44 + 4 * 250..44 + 4 * 350]);
    let mut command = folder.command(["decode", "-", "-", "--model", "models/one"]);
    command.stdin(fs::File::open(folder.path("quiet.lmac")).unwrap());
    let decoded = Ran::from(command.output().unwrap()).expect(0);
    assert!(decoded.stdout == original);
}

#[test]
fn what_is_no_model_is_named() {
    let folder = folder();
    folder.write("no.gguf", b"GGUF and then nothing");
    fs::create_dir(folder.path("empty")).unwrap();
    for (model, says) in [
        ("nowhere", "nowhere"),
        ("no/where", "no/where"),
        ("no.gguf", "no.gguf"),
        ("empty", "config.json"),
        ("quiet.wav", "quiet.wav"),
    ] {
        run(&folder, "", &format!("encode quiet.wav --model {model}")).expect(1).says(says);
        assert!(!folder.has("quiet.lmac"));
    }
    run(&folder, "", "encode quiet.wav --model models/one --context 513").expect(1).says("512");
    run(&folder, "", "encode quiet.wav --model models/one --memory 1M").expect(1).says("bytes");
    run(&folder, "", "encode quiet.wav --precision int8").expect(2).says("--model");
    folder.write("loud.wav", &wav(900, 2));
    run(&folder, "", "encode loud.wav").expect(0);
    run(&folder, "", "decode loud.lmac x.wav --model nowhere").expect(0);
}
