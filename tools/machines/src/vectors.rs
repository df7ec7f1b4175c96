//! The test vectors: streams that were encoded before, on another machine.

#[cfg(feature = "files")]
use std::path::Path;

use lmac::DecodeOptions;

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
    "constant",
    "empty",
    "fast-16-bit",
    "fast-24-bit",
    "fast-32-bit",
    "fast-8-bit",
    "fast-clipped",
    "fast-float",
    "fast-float-halves",
    "fast-float-less-one",
    "fast-float-reciprocal",
    "fast-full-scale",
    "fast-inverted-float",
    "fast-order",
    "fast-outliers",
    "fast-ranks",
    "fast-ranks-and-rules",
    "fast-rule-of-thousandths",
    "fast-scaled-float",
    "fast-silence-before",
    "fast-stereo",
    "fast-tiny",
    "fast-wasted-bits",
    "full-scale",
    "max-16-bit",
    "max-24-bit",
    "max-32-bit",
    "max-8-bit",
    "max-clipped",
    "max-float",
    "max-full-scale",
    "max-outliers",
    "max-ranks",
    "max-scaled-float",
    "max-silence-before",
    "max-stereo",
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
    "standard-clipped",
    "standard-float",
    "standard-full-scale",
    "standard-outliers",
    "standard-ranks",
    "standard-scaled-float",
    "standard-silence-before",
    "standard-stereo",
    "standard-tiny",
    "standard-wasted-bits",
    "stored",
    "twos-complement",
    "walkthrough",
    "wasted-bits",
    "wav-cut-short",
    "wav-odd-and-padded",
    "wav-odd-not-padded",
    "wav-with-head-and-tail",
];

pub(crate) fn run(work: &mut Work<'_>) {
    for (name, stream) in STREAMS {
        let audio = work.decoded(stream, DecodeOptions::default());
        work.digest(format_args!("vectors/{name}/decoded"), audio);
    }
    #[cfg(feature = "files")]
    with_models(work);
}

/// Decodes the streams that need the models beside them.
#[cfg(feature = "files")]
fn with_models(work: &mut Work<'_>) {
    use lmac::{Precision, checkpoint};

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors");
    let mut options = DecodeOptions::default();
    for model in ["llama", "llama-bf16", "bytes.npz"] {
        for &precision in Precision::ALL {
            let path = folder.join("models").join(model);
            options = options.with_model(checkpoint::load(&path, precision).expect("a model"));
        }
    }
    let files = std::fs::read_dir(&folder).expect("the folder of vectors");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("good-language-") && name.ends_with(".lmac"))
        .collect();
    names.sort();
    for name in names {
        let stream = std::fs::read(folder.join(&name)).expect("a vector");
        let audio = work.decoded(&stream, options.clone());
        let name = name.trim_start_matches("good-").trim_end_matches(".lmac");
        work.digest(format_args!("vectors/{name}/decoded"), audio);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_good_vector_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors");
        let files = std::fs::read_dir(folder).expect("the folder of vectors");
        let names = files.map(|file| file.expect("an entry").file_name().into_string());
        let mut names: Vec<String> = names
            .filter_map(|name| {
                let name = name.expect("a name");
                let name = name.strip_prefix("good-")?.strip_suffix(".lmac")?;
                (!name.starts_with("language-")).then(|| name.to_owned())
            })
            .collect();
        names.sort();
        assert_eq!(names, STREAMS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
