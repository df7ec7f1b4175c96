//! Threads that cannot be started.

use std::io::Read;
use std::process::Command;

use lmac::source::encode_file;
use lmac::{DecodeOptions, Decoder};

use crate::{encoded, injected, options, wav};

/// The stack of every thread is larger than any machine's memory, so that none starts.
const STACK: &str = "RUST_MIN_STACK";

/// Printed for each piece of work that was done without threads.
const DONE: &str = "without threads:";

#[test]
fn work_is_done_without_threads() {
    if std::env::var_os(STACK).is_none() {
        // A process reads the variable once.
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["threads::work_is_done_without_threads", "--exact"])
            .args(["--test-threads=1", "--nocapture"])
            .env(STACK, (1u64 << 50).to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
        injected("runs without threads", text.matches(DONE).count());
        return;
    }
    assert!(std::thread::Builder::new().spawn(|| {}).is_err());
    let wav = wav();
    let stream = encode_file(wav.as_slice(), Vec::new(), &options(8)).unwrap().writer;
    assert!(stream == encoded(&wav));
    println!("{DONE} encoding");
    let decode = DecodeOptions::default().with_threads(8);
    let mut audio = Vec::new();
    Decoder::with_options(stream.as_slice(), decode).unwrap().read_to_end(&mut audio).unwrap();
    assert!(wav.windows(audio.len()).any(|part| part == audio));
    println!("{DONE} decoding");
}
