//! The test vectors in `spec/vectors`, and the decoder in Python.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, Error};

/// Returns the folder of the vectors.
pub fn folder() -> PathBuf {
    crate::path("spec/vectors")
}

/// Returns a command that runs a Python program in `spec`.
pub fn python(program: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(crate::path("spec").join(program));
    python
}

/// Reads the stream of a vector.
pub fn stream(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.lmac"))).expect("a vector")
}

/// Returns options with every model of the vectors, if this build can load models.
pub fn with_models() -> Option<DecodeOptions> {
    #[cfg(feature = "checkpoints")]
    return Some(crate::vector_models::MODELS.iter().fold(
        DecodeOptions::default(),
        |all, path| {
            lmac::Precision::ALL.iter().fold(all, |all, &precision| {
                let model = lmac::checkpoint::load(&folder().join(path), precision);
                all.with_model(model.expect("a model of the vectors"))
            })
        },
    ));
    #[allow(unreachable_code, reason = "the end of a build without models")]
    None
}

/// Restores the source file of a stream.
pub fn restore(stream: &[u8], options: DecodeOptions) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    let mut restored = Restored::new(Decoder::with_options(stream, options)?);
    restored.read_to_end(&mut file)?;
    restored.decoder_mut().expect_end()?;
    Ok(file)
}

/// Returns the file that a vector restores, or `made` for a new vector: sines are not the same
/// on every machine.
pub fn recorded(name: &str, made: Vec<u8>) -> Vec<u8> {
    fs::read(folder().join(format!("good-{name}.restored"))).unwrap_or(made)
}

/// Compares a vector with its file; writes a new one if `LMAC_WRITE_VECTORS` is set.
pub fn check_file(name: &str, bytes: &[u8]) {
    let path = folder().join(name);
    match fs::read(&path) {
        Ok(file) => assert!(file == bytes, "{name} has changed"),
        Err(_) if std::env::var_os("LMAC_WRITE_VECTORS").is_some() => {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, bytes).expect("a file");
        }
        Err(error) => panic!("{name}: {error}; LMAC_WRITE_VECTORS=1 writes new vectors"),
    }
}

/// Returns the names of the vectors with this prefix: those that need a language model, or all
/// others.
pub fn names(prefix: &str, language: bool) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .expect("the folder of vectors")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter_map(|name| name.strip_suffix(".lmac").map(str::to_owned))
        .filter(|name| name.starts_with(prefix) && name.contains("-language-") == language)
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// Returns the verdict of the decoder in Python on each of these vectors.
pub fn said_by_python(names: &[String]) -> Vec<String> {
    let output = python("decoder.py")
        .arg("--check")
        .args(names.iter().map(|name| folder().join(format!("{name}.lmac"))))
        .output()
        .expect("the tests need python3");
    let text = String::from_utf8(output.stdout).expect("text");
    let said: Vec<String> = text
        .lines()
        .map(|line| line.split_once(".lmac: ").expect("the name of a vector").1.to_owned())
        .collect();
    assert_eq!(said.len(), names.len(), "{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Restores these vectors with the decoder in Python, and compares the files.
pub fn python_restores(names: Vec<String>) {
    let names = Mutex::new(names);
    let next = || names.lock().expect("no thread has died").pop();
    let restore_some = || {
        while let Some(name) = next() {
            let path = folder().join(&name);
            let stream = path.with_extension("lmac");
            let output = python("decoder.py").arg(stream).arg("-").output().expect("python3");
            assert!(output.status.success(), "{name}: {output:?}");
            let restored = fs::read(path.with_extension("restored")).expect("a vector");
            assert!(output.stdout == restored, "{name}");
        }
    };
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(restore_some);
        }
    });
}
