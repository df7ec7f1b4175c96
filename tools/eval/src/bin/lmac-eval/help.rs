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

A rate is compressed bytes divided by bytes of PCM. PCM is counted after the conversion of
--bit-depth and before any mapping. Everything counts: planes, escapes, lengths, checksums,
headers. Rates over several files are sums over sums. Everything is decoded again and compared;
a clip that is not restored is reported and left out of all rates. Files that cannot be read
and audio that a contestant refuses are named.

In chunks, contestants know nothing beyond --chunk-size bytes. With --headers once, lmac's
presets have one stream a file with chunks of that size; language models one stream a file
with contexts of that many characters; for other codecs, the size of a chunk of one
frame of zeros is subtracted from each chunk but the first. With --headers each, every chunk is
a stream or file of its own.

A language model is measured alone: a chunk that it makes larger counts with that size, although
a stream would store the chunk by another method. Its rate is also given with its weights: with
the size of its files, and with two bytes for each number.

To reduce the bits, samples are shifted right, which rounds down; to add bits, they are shifted
left.

With --output, finished results are kept in FILE.partial until the run is complete.
tools/eval/FORMAT.md describes the JSON; within a version, fields are only added."
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
