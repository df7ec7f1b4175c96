//! The recordings.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

pub(crate) struct Recording {
    /// Its path below the folder.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The name of the folder that it lies in.
    pub(crate) kind: String,
    pub(crate) wav: Vec<u8>,
    pub(crate) seconds: f64,
}

impl Recording {
    /// All WAV files below a folder, in the order of their names.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Recording>> {
        let mut paths = Vec::new();
        collect(folder, &mut paths)?;
        paths.sort();
        paths.into_iter().map(|path| Self::open(folder, path)).collect()
    }

    fn open(folder: &Path, path: PathBuf) -> Result<Recording> {
        let wav = fs::read(&path)?;
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        let kind = path.parent().and_then(Path::file_name).unwrap_or_default();
        let kind = kind.to_string_lossy().into_owned();
        let options = lmac::EncodeOptions::default().with_preset(lmac::Preset::Store);
        let finished = lmac::source::encode_wav(wav.as_slice(), Vec::new(), &options)
            .map_err(|error| format!("{name}: {error}"))?;
        let spec = lmac::Decoder::new(finished.writer.as_slice())?.info().spec;
        let seconds = spec.seconds(finished.stats.frames).unwrap_or(0.0);
        Ok(Recording { name, path, kind, wav, seconds })
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "wav") {
            paths.push(path);
        }
    }
    Ok(())
}
