//! Every layout of checkpoints gives the same weights, and broken files are refused.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use lmac::checkpoint;
use lmac::language::{Architecture, TensorKind};
use lmac_support::mixed;
use lmac_support::models::{Float, Tiny, TinyBytes, Values, gguf, huggingface, meta, npz};

/// Asserts that the checkpoint at `path` is this model, bit for bit.
fn assert_is(path: &Path, architecture: &Architecture, tensors: &[Values]) {
    let mut checkpoint = checkpoint::open(path).unwrap();
    assert_eq!(&checkpoint.architecture, architecture, "{}", path.display());
    assert_eq!(checkpoint.vocabulary.len(), architecture.vocabulary());
    for (expected, values) in architecture.tensors().iter().zip(tensors) {
        let tensor = checkpoint.tensors.tensor(expected).unwrap();
        assert_eq!(tensor.shape(), expected.shape, "{}", expected.name);
        let mut row = vec![0.0; tensor.columns()];
        for (number, values) in values.values.chunks(row.len()).enumerate() {
            tensor.row(number, &mut row);
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let place = format!("{} row {number} in {}", expected.name, path.display());
            assert_eq!(bits(&row), bits(values), "{place}");
        }
    }
}

fn assert_is_tiny(path: &Path, tiny: &Tiny) {
    assert_is(path, &tiny.architecture(), &tiny.tensors());
}

/// Does everything that a reader does with a checkpoint, and returns its errors.
fn read_all(path: &Path) -> lmac::Result<()> {
    let mut checkpoint = checkpoint::open(path)?;
    for expected in checkpoint.architecture.tensors() {
        checkpoint.tensors.tensor(&expected)?;
    }
    Ok(())
}

fn error_of(path: &Path) -> String {
    read_all(path).unwrap_err().to_string()
}

#[test]
fn every_layout_gives_the_same_weights() {
    let small = Tiny { width: 16, heads: 2, key_heads: 2, third: false, ..Tiny::default() };
    let models = [
        Tiny::default(),
        Tiny { float: Float::BF16, tied: true, ..Tiny::default() },
        Tiny { float: Float::F16, third: false, ..Tiny::default() },
        // Heads together are narrower than the model; Meta's layout has no place for that.
        Tiny { heads: 2, key_heads: 1, head_width: 6, ..small.clone() },
        small,
    ];
    for tiny in &models {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        huggingface::single(&at("single"), tiny);
        assert_is_tiny(&at("single"), tiny);
        huggingface::sharded(&at("sharded"), tiny, 3);
        assert_is_tiny(&at("sharded"), tiny);
        huggingface::pickled(&at("pickled"), tiny);
        assert_is_tiny(&at("pickled"), tiny);
        if tiny.heads * tiny.head_width == tiny.width {
            for parts in [1, 2] {
                let folder = at(&format!("meta{parts}"));
                meta::folder(&folder, tiny, parts);
                assert_is_tiny(&folder, tiny);
            }
        }
        for kind in [TensorKind::F32, TensorKind::F16, TensorKind::BF16] {
            gguf::file(&at("tiny.gguf"), tiny, kind);
            assert_is_tiny(&at("tiny.gguf"), tiny);
        }
        fs::create_dir(at("split")).unwrap();
        gguf::split(&at("split"), tiny, TensorKind::F32, 3);
        assert_is_tiny(&at("split"), tiny);
    }
}

#[test]
fn weight_files_are_listed() {
    let tiny = Tiny { width: 16, heads: 2, key_heads: 2, third: false, ..Tiny::default() };
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let names = |path: &Path| -> Vec<String> {
        let files = checkpoint::weight_files(path).unwrap();
        assert!(files.iter().all(|file| file.is_file()));
        files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into()).collect()
    };
    huggingface::single(&at("single"), &tiny);
    assert_eq!(names(&at("single")), ["model.safetensors"]);
    huggingface::sharded(&at("sharded"), &tiny, 3);
    assert_eq!(names(&at("sharded")).len(), 3);
    huggingface::pickled(&at("pickled"), &tiny);
    // The files that are read, not all that are there.
    assert_eq!(names(&at("pickled")), ["pytorch_model.bin"]);
    fs::copy(at("single/model.safetensors"), at("pickled/model.safetensors")).unwrap();
    assert_eq!(names(&at("pickled")), ["model.safetensors"]);
    meta::folder(&at("meta"), &tiny, 2);
    assert_eq!(names(&at("meta")), ["consolidated.00.pth", "consolidated.01.pth"]);
    gguf::file(&at("tiny.gguf"), &tiny, TensorKind::F16);
    assert_eq!(names(&at("tiny.gguf")), ["tiny.gguf"]);
    assert!(checkpoint::weight_files(&at("none")).is_err());
}

#[test]
fn every_kind_of_gguf_tensor_gives_its_values_back() {
    let root = tempfile::tempdir().unwrap();
    for &kind in TensorKind::ALL {
        let numbers = match kind {
            TensorKind::Q2K => (-2, 1),
            TensorKind::Q3K => (-4, 3),
            TensorKind::Q4_0 | TensorKind::Q4_1 | TensorKind::Q4K => (-8, 7),
            TensorKind::Q5_0 | TensorKind::Q5_1 | TensorKind::Q5K => (-16, 15),
            TensorKind::Q6K => (-32, 31),
            _ => (-127, 127),
        };
        let block = kind.block().max(32);
        let (width, head_width) = (block, block / 4);
        let tiny = Tiny { width, feed_forward: 2 * block, head_width, numbers, ..Tiny::default() };
        let path = root.path().join(format!("{}.gguf", kind.name()));
        gguf::file(&path, &tiny, kind);
        assert_is_tiny(&path, &tiny);
        let mut opened = checkpoint::open(&path).unwrap();
        let query = opened.architecture.tensors().remove(2);
        assert_eq!(opened.tensors.tensor(&query).unwrap().kind(), kind, "stays as it is stored");
    }
}

#[test]
fn every_form_of_npz_gives_the_same_weights() {
    let root = tempfile::tempdir().unwrap();
    let tiny = TinyBytes::default();
    for form in npz::Form::ALL {
        let path = root.path().join(format!("{form:?}.npz"));
        npz::file(&path, &tiny, form);
        assert_is(&path, &tiny.architecture(), &tiny.tensors());
        let opened = checkpoint::open(&path).unwrap();
        assert!(opened.tokenizer.is_none());
        assert_eq!(opened.vocabulary.len(), 256);
        assert_eq!(
            (opened.vocabulary.beginning(), opened.vocabulary.bytes(200)),
            (0, Some(&[200][..]))
        );
    }
    let four = TinyBytes { heads: 4, ..tiny };
    let path = root.path().join("four.npz");
    npz::file(&path, &four, npz::Form::Jax);
    fs::write(root.path().join("four.json"), r#"{"num_heads": 4}"#).unwrap();
    assert_is(&path, &four.architecture(), &four.tensors());
    fs::write(root.path().join("four.json"), r#"{"num_heads": 3}"#).unwrap();
    assert!(error_of(&path).contains("3 heads"));
}

#[test]
fn errors_name_the_file_and_the_cause() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let tiny = Tiny::default();

    let folder = at("missing");
    huggingface::single(&folder, &tiny);
    let weights = folder.join("model.safetensors");
    let mut named = huggingface::named(&tiny);
    let removed = named.remove(3);
    fs::write(&weights, huggingface::safetensors(&named, tiny.float)).unwrap();
    let error = error_of(&folder);
    assert!(
        error.ends_with(
            "model.safetensors: the tensor model.layers.0.self_attn.k_proj.weight is missing"
        ),
        "{error}"
    );

    named.push(removed.transposed());
    fs::write(&weights, huggingface::safetensors(&named, tiny.float)).unwrap();
    assert!(
        error_of(&folder).contains("k_proj.weight has shape [32, 16]; the model needs [16, 32]")
    );

    named.pop();
    named.push(removed);
    named.push(Values {
        name: "model.layers.0.self_attn.q_proj.bias".into(),
        shape: vec![1],
        values: vec![0.0],
    });
    fs::write(&weights, huggingface::safetensors(&named, tiny.float)).unwrap();
    assert!(
        error_of(&folder).contains("the tensor model.layers.0.self_attn.q_proj.bias is unknown")
    );

    huggingface::sharded(&at("shards"), &tiny, 3);
    fs::remove_file(at("shards/model-00002-of-00003.safetensors")).unwrap();
    assert!(error_of(&at("shards")).contains("model-00002-of-00003.safetensors: "));
    let index = at("shards/model.safetensors.index.json");
    fs::write(&index, r#"{"weight_map": {"a": "../model.safetensors"}}"#).unwrap();
    assert!(error_of(&at("shards")).contains("the name ../model.safetensors is not allowed"));

    meta::folder(&at("meta"), &tiny, 2);
    fs::rename(at("meta/consolidated.01.pth"), at("meta/consolidated.02.pth")).unwrap();
    assert!(error_of(&at("meta")).contains("consolidated.01.pth: the file is missing"));
    fs::remove_file(at("meta/consolidated.02.pth")).unwrap();
    let error = error_of(&at("meta"));
    assert!(
        error.contains("params.json: vocab_size is 522, but the embedding has 261 rows"),
        "{error}"
    );
    fs::write(
        at("meta/consolidated.00.pth"),
        b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
    )
    .unwrap();
    assert!(error_of(&at("meta")).contains("before version 1.6"));

    gguf::file(&at("a.gguf"), &tiny, TensorKind::F32);
    let good = fs::read(at("a.gguf")).unwrap();
    let change = |from: &[u8], to: &[u8]| {
        let place = good.windows(from.len()).position(|bytes| bytes == from).unwrap();
        let mut bytes = good.clone();
        bytes[place..place + to.len()].copy_from_slice(to);
        fs::write(at("a.gguf"), bytes).unwrap();
        error_of(&at("a.gguf"))
    };
    assert!(change(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0qwen2").contains("qwen2"));
    assert!(change(b"GGUF\x03\0\0\0", b"GGUF\0\0\0\x03").contains("big-endian"));
    assert!(change(b"GGUF\x03\0\0\0", b"GGUF\x01\0\0\0").contains("version 1"));
    assert!(change(b"blk.0.attn_k.weight", b"blk.9").contains("the tensor blk.9"));

    let none = error_of(&at("nowhere"));
    assert!(none.contains("nowhere: there is no such file or folder"), "{none}");
}

/// A pickle names the functions that it calls; only those that make tensors are accepted.
#[test]
fn functions_that_a_pickle_calls_are_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("pickled");
    huggingface::pickled(&folder, &Tiny::default());
    let file = folder.join("pytorch_model.bin");
    let good = fs::read(&file).unwrap();
    for (from, to, named) in [
        ("_rebuild_tensor_v2", "_rebuild_nested_v2", "torch._utils._rebuild_nested_v2 is not"),
        ("torch._utils", "posix.system", "posix.system._rebuild_tensor_v2 is not"),
        ("FloatStorage", "ShortStorage", "values of torch.ShortStorage are not"),
        ("OrderedDict", "defaultdict", "found a collections.defaultdict, expected a dictionary"),
        ("little", "middle", "big-endian"),
        ("archive/data/3", "archive/data/x", "the member archive/data/3 is"),
    ] {
        let mut bytes = good.clone();
        for place in 0..bytes.len() - from.len() {
            if bytes[place..].starts_with(from.as_bytes()) {
                bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
            }
        }
        fs::write(&file, bytes).unwrap();
        let error = error_of(&folder);
        assert!(error.contains("pytorch_model.bin: ") && error.contains(named), "{error}");
    }
}

/// Every file of a checkpoint is cut off and changed: nothing panics, and a file that was cut
/// off is never accepted.
#[test]
fn broken_files_are_errors() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let tiny = Tiny {
        width: 8,
        layers: 1,
        heads: 2,
        key_heads: 1,
        head_width: 4,
        feed_forward: 8,
        ..Tiny::default()
    };
    huggingface::sharded(&at("hf"), &tiny, 2);
    huggingface::pickled(&at("bin"), &tiny);
    meta::folder(&at("meta"), &tiny, 1);
    gguf::file(&at("tiny.gguf"), &tiny, TensorKind::F32);
    npz::file(&at("jax.npz"), &TinyBytes::default(), npz::Form::Jax);
    npz::file(&at("large.npz"), &TinyBytes::default(), npz::Form::LargeJax);
    npz::file(&at("plain.npz"), &TinyBytes::default(), npz::Form::Fortran);
    for (checkpoint, file) in [
        ("hf", "hf/config.json"),
        ("hf", "hf/model.safetensors.index.json"),
        ("hf", "hf/model-00001-of-00002.safetensors"),
        ("bin", "bin/pytorch_model.bin"),
        ("meta", "meta/params.json"),
        ("meta", "meta/consolidated.00.pth"),
        ("tiny.gguf", "tiny.gguf"),
        ("jax.npz", "jax.npz"),
        ("large.npz", "large.npz"),
        ("plain.npz", "plain.npz"),
    ] {
        break_in_every_way(&at(checkpoint), &at(file));
    }
}

fn break_in_every_way(checkpoint: &Path, file: &PathBuf) {
    read_all(checkpoint).unwrap();
    let good = fs::read(file).unwrap();
    // Structure is at both ends: every byte there is tried.
    let edge = 400.min(good.len());
    let lengths = (0..edge)
        .chain((edge..good.len() - edge.min(good.len() / 2)).step_by(509))
        .chain(good.len() - edge..good.len());
    // Changed in place: replacing whole files is slow.
    let mut writer = fs::File::options().write(true).open(file).unwrap();
    let mut write = |bytes: &[u8]| {
        writer.rewind().unwrap();
        writer.write_all(bytes).unwrap();
        writer.set_len(bytes.len() as u64).unwrap();
    };
    for length in lengths {
        write(&good[..length]);
        let result = read_all(checkpoint);
        assert!(result.is_err(), "{length} of {} bytes of {}", good.len(), file.display());
    }
    for seed in 0..400u64 {
        let mut bytes = good.clone();
        for change in 0..1 + seed % 3 {
            let chance = mixed(seed << 8 | change);
            let span = if seed % 4 == 3 { good.len() } else { edge };
            let place = mixed(chance) as usize % span;
            let place = if chance & 1 == 0 { place } else { good.len() - 1 - place };
            bytes[place] = match chance >> 1 & 3 {
                0 => 0xFF,
                1 => 0,
                2 => bytes[place] ^ 1 << (chance >> 3 & 7),
                _ => (chance >> 3) as u8,
            };
        }
        write(&bytes);
        // Many changes are to values, which may be anything.
        let _ = read_all(checkpoint);
    }
    write(&good);
    read_all(checkpoint).unwrap();
}
