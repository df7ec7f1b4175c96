//! The long texts of `--help`.

macro_rules! examples {
    () => {
        "\
Examples:
  lmac-eval --audio-dir recordings
  lmac-eval --audio-dir recordings --model Llama-3.2-1B --precision int8 -o results.json
  lmac-eval --audio-dir recordings --bit-depth 8 --num-chunks 5000 --seed 1
  lmac-eval --dataset random --model tiny.gguf            what no codec can compress
  lmac-eval --audio-dir recordings --external 'mac=mac {in} {out} -c4000' \\
           --external-decode 'mac=mac {in} {out} -d'
  lmac-eval --audio-dir recordings -o results.json --resume    after Ctrl-C"
    };
}
pub(crate) const SHORT: &str = examples!();
pub(crate) const LONG: &str = concat!(
    examples!(),
    "

A rate is bytes that were made over bytes of PCM that went in, after a conversion that
--bit-depth asks for, before any mapping. Everything counts: planes, escapes, lengths,
checksums, headers. Rates over several files are sums over sums. Everything is decoded again
and compared; what does not come back is reported and in no rate. Files that cannot be read
and audio that a contestant does not take are named.

In chunks, contestants know nothing beyond --chunk-size bytes. With --headers once, lmac's
presets have one stream a file with chunks of that size; language models one stream a file
with contexts of that many characters; of the others, what a chunk of one frame of zeros
takes is left out of all chunks but the first. With --headers each, every chunk is a stream
or file of its own.

A language model is judged alone: what it makes larger counts as what it made, though a
stream would keep such a chunk in another way. Its rate is also given with its weights: with
the size of its files, and with two bytes for each number.

To fewer bits, samples are shifted right, and rounded down that way; to more, shifted left.

With --output, all that is done is kept in FILE.partial until the run is complete, whatever
interrupts it. The JSON is described in tools/eval/FORMAT.md; it does not change but by
additions within a version."
);

macro_rules! files_examples {
    () => {
        "\
Examples:
  lmac-eval files recordings
  lmac-eval files recordings --programs flac,wavpack --rounds 3 --markdown table.md
  lmac-eval files recordings --presets fast --programs none --external 'tta=ttaenc -e {in} -o {out}'
  lmac-eval files recordings --peers sizes.csv --pictures charts -o results.json"
    };
}
pub(crate) const FILES: &str = files_examples!();
pub(crate) const FILES_LONG: &str = concat!(
    files_examples!(),
    "

Each codec encodes and decodes each file in a process of its own, on one thread and without
verification, and the result is compared with the file: byte for byte for lmac, the audio for
other programs. A rate is compressed bytes over bytes of the WAV file. Rates are also given by
kind, the last folder in a file's path; speeds also beside flac's; and the peak memory of both
ways.

Known programs are flac, WavPack, Monkey's Audio, MPEG-4 ALS, ffmpeg (TTA, ALAC), OptimFROG,
Sac and xz."
);
