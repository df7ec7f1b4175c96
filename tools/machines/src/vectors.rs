//! The test vectors: streams that were encoded before, on another machine.

use lmac::DecodeOptions;
use lmac_support::vectors;

use crate::Work;

/// Includes the streams in the program, since not every platform has files.
macro_rules! streams {
    ($($name:literal,)*) => {
        [$(($name, include_bytes!(concat!("../../../spec/vectors/good-", $name, ".lmac")) as &[u8])),*]
    };
}

const STREAMS: &[(&str, &[u8])] = &streams![
    "12-in-16",
    "12-in-16-that-are-16",
    "16-bit",
    "24-bit",
    "30-chunks",
    "32-bit",
    "32-bit-float",
    "40-channels",
    "64-bit-float",
    "8-bit",
    "au-float",
    "constant",
    "empty",
    "fast-16-bit",
    "fast-24-bit",
    "fast-32-bit",
    "fast-8-bit",
    "fast-a-law",
    "fast-ahead",
    "fast-bitmap",
    "fast-clipped",
    "fast-double-corrections",
    "fast-double-factor",
    "fast-double-factors",
    "fast-double-truncated",
    "fast-float",
    "fast-float-corrections",
    "fast-float-factor",
    "fast-float-factors",
    "fast-float-halves",
    "fast-float-less-one",
    "fast-float-reciprocal",
    "fast-float-truncated",
    "fast-full-scale",
    "fast-inverted-float",
    "fast-line",
    "fast-line-cut-off",
    "fast-line-rounded",
    "fast-loop",
    "fast-mu-law",
    "fast-order",
    "fast-outliers",
    "fast-rule-of-thousandths",
    "fast-scaled-float",
    "fast-silence-before",
    "fast-stereo",
    "fast-table-and-rules",
    "fast-tables",
    "fast-tiny",
    "fast-wasted-bits",
    "flac-mono",
    "flac-odd",
    "flac-stereo",
    "flac-wide",
    "flac-written",
    "full-scale",
    "max-16-bit",
    "max-24-bit",
    "max-32-bit",
    "max-8-bit",
    "max-a-law",
    "max-ahead",
    "max-bitmap",
    "max-clipped",
    "max-float",
    "max-full-scale",
    "max-line",
    "max-line-cut-off",
    "max-line-rounded",
    "max-loop",
    "max-mu-law",
    "max-outliers",
    "max-scaled-float",
    "max-settings",
    "max-silence-before",
    "max-stereo",
    "max-tables",
    "max-tiny",
    "max-wasted-bits",
    "newer-minor-version",
    "no-md5",
    "offset-binary",
    "raw-big-endian-unsigned",
    "residual",
    "silence",
    "standard-16-bit",
    "standard-24-bit",
    "standard-32-bit",
    "standard-8-bit",
    "standard-a-law",
    "standard-ahead",
    "standard-bitmap",
    "standard-clipped",
    "standard-float",
    "standard-full-scale",
    "standard-line",
    "standard-line-cut-off",
    "standard-line-rounded",
    "standard-loop",
    "standard-mu-law",
    "standard-outliers",
    "standard-scaled-float",
    "standard-settings",
    "standard-silence-before",
    "standard-stereo",
    "standard-tables",
    "standard-tiny",
    "standard-wasted-bits",
    "stored",
    "tags",
    "twos-complement",
    "walkthrough",
    "walkthrough-flac",
    "wasted-bits",
    "wav-cut-short",
    "wav-odd-and-padded",
    "wav-odd-not-padded",
    "wav-with-head-and-tail",
    "wav-with-padding",
];

pub(crate) fn run(work: &mut Work<'_>) {
    for (name, stream) in STREAMS {
        let audio = work.decoded(stream, DecodeOptions::default());
        work.digest(format_args!("vectors/{name}/decoded"), audio);
    }
    // Streams that need the models beside them.
    if let Some(options) = vectors::with_models() {
        let mut names = vectors::names("good-", true);
        // As `digests.txt` has them: in the order of file names.
        names.sort_by_key(|name| format!("{name}.lmac"));
        for name in names {
            let audio = work.decoded(&vectors::stream(&name), options.clone());
            work.digest(format_args!("vectors/{}/decoded", &name["good-".len()..]), audio);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_good_vector_is_left_out() {
        let names = vectors::names("good-", false);
        let names: Vec<_> = names.iter().map(|name| &name["good-".len()..]).collect();
        assert_eq!(names, STREAMS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
