//! Hostile checkpoints: files of every layout whose numbers were made larger, and files with
//! the largest numbers of all.

use std::fs;
use std::path::{Path, PathBuf};

use lmac::checkpoint;
use lmac::language::TensorKind;
use lmac_support::bytes::varint;
use lmac_support::memory::{Turn, Used};
use lmac_support::models::{Tiny, TinyBytes, gguf, huggingface, meta, npz};
use lmac_support::tokenizers::{byte_level, pieces};
use lmac_support::{mixed, zip};

use crate::hostile::MIB;

fn tiny() -> Tiny {
    Tiny {
        width: 8,
        layers: 1,
        heads: 2,
        key_heads: 1,
        head_width: 4,
        feed_forward: 8,
        ..Tiny::default()
    }
}

/// Opens a checkpoint and reads all of it, or as much as can be read.
fn used(turn: &Turn, path: &Path) -> (lmac::Result<()>, Used) {
    turn.measure(|| {
        let mut checkpoint = checkpoint::open(path)?;
        for expected in checkpoint.architecture.tensors() {
            checkpoint.tensors.tensor(&expected)?;
        }
        Ok(())
    })
}

/// Each byte of structure in turn becomes 255, alone and with its neighbours: lengths, counts,
/// shapes and places are among them.
#[test]
fn numbers_of_any_size_in_every_layout() {
    let turn = Turn::take();
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    huggingface::sharded(&at("hf"), &tiny(), 2);
    huggingface::pickled(&at("bin"), &tiny());
    meta::folder(&at("meta"), &tiny(), 1);
    gguf::file(&at("tiny.gguf"), &tiny(), TensorKind::F32);
    npz::file(&at("large.npz"), &TinyBytes::default(), npz::Form::LargeJax);
    npz::file(&at("plain.npz"), &TinyBytes::default(), npz::Form::Fortran);
    for (checkpoint, file) in [
        ("hf", "hf/config.json"),
        ("hf", "hf/tokenizer.json"),
        ("hf", "hf/model-00001-of-00002.safetensors"),
        ("bin", "bin/pytorch_model.bin"),
        ("meta", "meta/params.json"),
        ("meta", "meta/tokenizer.model"),
        ("meta", "meta/consolidated.00.pth"),
        ("tiny.gguf", "tiny.gguf"),
        ("large.npz", "large.npz"),
        ("plain.npz", "plain.npz"),
    ] {
        let good = fs::read(at(file)).unwrap();
        let (read, sound) = used(&turn, &at(checkpoint));
        read.unwrap();
        // The memory of a sound file, and some for the errors of a damaged one.
        let most = 2 * sound.peak + MIB;
        for round in 0..300u64 {
            let chance = mixed(round);
            let span = if round % 4 == 3 { good.len() } else { good.len().min(500) };
            let place = chance as usize % span;
            let place = if chance >> 40 & 1 == 0 { place } else { good.len() - 1 - place };
            let end = good.len().min(place + [1, 2, 4, 8][(round / 4 % 4) as usize]);
            let mut bytes = good.clone();
            let digit = bytes[place].is_ascii_digit();
            bytes[place..end].fill(if digit { b'9' } else { 0xFF });
            fs::write(at(file), &bytes).unwrap();
            let (_, Used { peak, .. }) = used(&turn, &at(checkpoint));
            assert!(peak <= most, "{file} at {place}: {peak} bytes, sound {}", sound.peak);
        }
        fs::write(at(file), &good).unwrap();
    }
}

/// Asserts that a file is refused with no more memory than this; returns the message.
#[track_caller]
fn assert_refused(turn: &Turn, path: &Path, most: u64) -> String {
    let (read, Used { peak, .. }) = used(turn, path);
    let error = read.unwrap_err().to_string();
    assert!(peak <= most, "{peak} bytes, of {most}: {error}");
    error
}

#[track_caller]
fn assert_says(error: &str, words: &str) {
    assert!(error.contains(words), "{error} lacks {words:?}");
}

#[test]
fn headers_of_any_length() {
    let turn = Turn::take();
    let root = tempfile::tempdir().unwrap();
    huggingface::single(root.path(), &tiny());
    let path = root.path().join("model.safetensors");
    for length in [200 << 20, 1 << 40, u64::MAX] {
        for size in [8, 1000, 300 << 20] {
            fs::write(&path, u64::to_le_bytes(length)).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
            assert_refused(&turn, root.path(), MIB);
        }
    }
    // The header of a GGUF file, with counts of items that are not there.
    let path = root.path().join("a.gguf");
    for count in [1u64 << 20, 1 << 40, u64::MAX] {
        for [tensors, pairs] in [[count, 1], [1, count], [count, count]] {
            let counts = [tensors, pairs].map(u64::to_le_bytes).concat();
            fs::write(&path, [&b"GGUF\x03\0\0\0"[..], &counts, &[0; 5000]].concat()).unwrap();
            assert_refused(&turn, &path, MIB);
        }
    }
}

/// Writes the files of a model with these bytes for its tokenizer.
fn with_tokenizer(root: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    huggingface::single(root, &tiny());
    for other in ["tokenizer.json", "tokenizer.model"] {
        let _ = fs::remove_file(root.join(other));
    }
    fs::write(root.join(name), bytes).unwrap();
    root.to_path_buf()
}

#[test]
fn tokenizers_of_any_kind() {
    let turn = Turn::take();
    let root = tempfile::tempdir().unwrap();
    let json = byte_level::json();
    let refused = |name: &str, file: &[u8]| {
        let path = with_tokenizer(root.path(), name, file);
        assert_refused(&turn, &path, 64 * file.len() as u64 + 4 * MIB)
    };
    // Steps without end.
    let step = r#"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#;
    let steps = vec![step; 5000].join(",");
    let steps = format!(r#""normalizer":{{"type":"Sequence","normalizers":[{steps}]}}"#);
    let steps = json.replace(r#""normalizer":null"#, &steps);
    assert_says(&refused("tokenizer.json", steps.as_bytes()), "more than 32 steps");
    // A character that no token spells.
    let without = json.replace(r#""a":97,"#, r#""aa":97,"#);
    assert_says(&refused("tokenizer.json", without.as_bytes()), "spells the character 0x61 alone");
    // Tokens without end.
    let many: String = (0..200_000).map(|id| format!(r#""many{id}":{id},"#)).collect();
    let many = json.replace(r#""vocab":{"#, &format!(r#""vocab":{{{many}"#));
    refused("tokenizer.json", many.as_bytes());
    let piece = |id| [&b"\x0A\x0B\x0A\x09many"[..], format!("{id:05}").as_bytes()].concat();
    let many = [pieces::model(), (0..100_000).flat_map(piece).collect()].concat();
    refused("tokenizer.model", &many);
    // Lists in lists.
    let deep = "[".repeat(1 << 20);
    assert_refused(&turn, &with_tokenizer(root.path(), "tokenizer.json", deep.as_bytes()), 4 * MIB);
    // Pieces of any length.
    for length in [1 << 20, 1 << 40, u64::MAX] {
        let model = [&[0x0A][..], &varint(length), &[0x0A], &varint(length), b"abc"].concat();
        assert_refused(&turn, &with_tokenizer(root.path(), "tokenizer.model", &model), 4 * MIB);
    }
}

/// Pickles have the lengths of texts and places in a memo.
#[test]
fn pickles_of_any_kind() {
    let turn = Turn::take();
    let root = tempfile::tempdir().unwrap();
    huggingface::pickled(root.path(), &tiny());
    let refused = |instructions: &[u8], most: u64| {
        let pickle = [b"\x80\x02", instructions].concat();
        let members = [("archive/data.pkl".to_owned(), pickle)];
        let archive = zip::archive(&members, zip::Form::default());
        fs::write(root.path().join("pytorch_model.bin"), archive).unwrap();
        assert_refused(&turn, root.path(), most)
    };
    for (codes, width) in [(&b"XTBj\x8B"[..], 4), (b"\x8D\x8E", 8)] {
        for &code in codes {
            for length in [1u64 << 30, u64::from(u32::MAX), 1 << 40, u64::MAX] {
                let length = &length.to_le_bytes()[..width];
                refused(&[&[code], length, b"abc."].concat(), 4 * MIB);
            }
        }
    }
    // A place in the memo takes no memory for the places before it.
    refused(b"Nr\xFF\xFF\xFF\xFF.", 4 * MIB);
    // The most values.
    for value in [b'N', b'}', b']', b'('] {
        let error = refused(&[value].repeat(2 << 20), 256 * MIB);
        assert_says(&error, "more than 1048576 instructions");
    }
}

#[test]
fn deflated_parts_that_stand_for_a_thousand_times_their_bytes() {
    let turn = Turn::take();
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("bomb.npz");
    let form = zip::Form { deflated: true, ..zip::Form::default() };
    // An array's header, and a tensor that goes on far beyond its shape.
    let mut header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }".to_vec();
    header.resize(117, b' ');
    header.push(b'\n');
    let mut member = b"\x93NUMPY\x01\0\x76\0".to_vec();
    member.extend(header);
    member.resize(100 << 20, 0);
    // A file with a header alone.
    let mut long = b"\x93NUMPY\x02\0\xFF\xFF\xFF\x0F".to_vec();
    long.resize(100 << 20, b' ');
    for (name, content) in [("embed/embeddings.npy", member), ("embed.npy", long)] {
        let archive = zip::archive(&[(name.to_owned(), content)], form);
        assert!(archive.len() < 1 << 20);
        fs::write(&path, &archive).unwrap();
        // The largest pickle of arrays.
        assert_refused(&turn, &path, 66 * archive.len() as u64 + 4 * MIB);
    }
}
