//! The layouts of checkpoints: which one a path has, and the reader of each.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::opened::Checkpoint;
use super::storage::file::{error_at, in_file};
use super::{gguf, huggingface, meta, npz};
use crate::error::Result;

/// The layout of a checkpoint, with its folder or first file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CheckpointLayout {
    /// A folder with `config.json`.
    HuggingFace(PathBuf),
    /// A folder with `params.json`.
    Meta(PathBuf),
    /// A GGUF file, or the first of several.
    Gguf(PathBuf),
    /// The `.npz` file of a byte transformer.
    Npz(PathBuf),
}

impl CheckpointLayout {
    /// Recognises a file, a folder, or the name of a model in Hugging Face's cache.
    pub(super) fn of(path: &Path) -> Result<Self> {
        Self::recognise(path, &|name| env::var_os(name))
    }

    /// Does the work of [`of`](Self::of) with the given variables of the environment.
    fn recognise(given: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let path = match given.to_str().and_then(|given| given.strip_prefix("llama:")) {
            Some(path) => Path::new(path),
            None => given,
        };
        if path.is_dir() {
            return Self::of_folder(path);
        }
        if path.exists() {
            return Self::of_file(path).ok_or_else(|| {
                error_at(path, "not a checkpoint; it must be a .npz file, a .gguf file or a folder")
            });
        }
        Self::of_folder(&huggingface::snapshot(path, variable)?)
    }

    /// Recognises a file by its extension.
    pub(super) fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        if extension.eq_ignore_ascii_case("npz") {
            return Some(CheckpointLayout::Npz(path.to_path_buf()));
        }
        extension.eq_ignore_ascii_case("gguf").then(|| CheckpointLayout::Gguf(path.to_path_buf()))
    }

    /// Recognises a folder by its configuration file.
    pub(super) fn of_configuration(folder: &Path) -> Option<Self> {
        if folder.join("config.json").is_file() {
            return Some(CheckpointLayout::HuggingFace(folder.to_path_buf()));
        }
        let meta = folder.join("params.json").is_file();
        meta.then(|| CheckpointLayout::Meta(folder.to_path_buf()))
    }

    /// Recognises a folder by its configuration file, or by the one GGUF model in it.
    fn of_folder(path: &Path) -> Result<Self> {
        if let Some(layout) = Self::of_configuration(path) {
            return Ok(layout);
        }
        let mut found = Vec::new();
        for entry in in_file(path, fs::read_dir(path))? {
            let entry = in_file(path, entry)?.path();
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let continues = name.contains("-of-") && !name.contains("-00001-of-");
            match Self::of_file(&entry) {
                Some(layout @ CheckpointLayout::Gguf(_)) if !continues => found.push(layout),
                _ => {}
            }
        }
        match found.len() {
            0 => Err(error_at(
                path,
                "not a checkpoint; the folder has no config.json, params.json or .gguf file",
            )),
            1 => Ok(found.remove(0)),
            several => Err(error_at(
                path,
                format!("the folder has {several} .gguf models; give the path of one of them"),
            )),
        }
    }

    /// Opens the checkpoint.
    pub(super) fn open(&self) -> Result<Checkpoint> {
        match self {
            CheckpointLayout::HuggingFace(folder) => huggingface::open(folder),
            CheckpointLayout::Meta(folder) => meta::open(folder),
            CheckpointLayout::Gguf(first) => gguf::open(first),
            CheckpointLayout::Npz(file) => npz::open(file),
        }
    }

    /// The files with the weights, in order.
    pub(super) fn weight_files(&self) -> Result<Vec<PathBuf>> {
        match self {
            CheckpointLayout::HuggingFace(folder) => huggingface::weight_files(folder),
            CheckpointLayout::Meta(folder) => meta::weight_files(folder),
            CheckpointLayout::Gguf(first) => Ok(gguf::weight_files(first)),
            CheckpointLayout::Npz(file) => Ok(vec![file.clone()]),
        }
    }

    /// All files that the model's hash may depend on.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        match self {
            CheckpointLayout::Gguf(first) => Ok(gguf::weight_files(first)),
            CheckpointLayout::Npz(file) => {
                Ok([file.clone()].into_iter().chain(npz::settings(file)).collect())
            }
            CheckpointLayout::HuggingFace(folder) | CheckpointLayout::Meta(folder) => {
                let entries = fs::read_dir(folder)?.flatten();
                let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
                files.retain(|file| file.is_file());
                files.sort();
                Ok(files)
            }
        }
    }

    /// The folder or the first file.
    pub(super) fn path(&self) -> &Path {
        match self {
            CheckpointLayout::HuggingFace(path)
            | CheckpointLayout::Meta(path)
            | CheckpointLayout::Gguf(path)
            | CheckpointLayout::Npz(path) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(path: &Path) -> Result<CheckpointLayout> {
        CheckpointLayout::recognise(path, &|_| None)
    }

    fn files(path: &Path) -> Vec<PathBuf> {
        layout(path).unwrap().files().unwrap()
    }

    #[test]
    fn files_and_folders_are_recognised() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"").unwrap();
            path
        };
        let npz = file("a.npz");
        assert_eq!(layout(&npz).unwrap(), CheckpointLayout::Npz(npz));
        let gguf = file("b.GGUF");
        assert_eq!(layout(&gguf).unwrap(), CheckpointLayout::Gguf(gguf));
        assert!(layout(&file("c.bin")).is_err());

        let config = file("hf/config.json").parent().unwrap().to_path_buf();
        file("hf/params.json");
        let expected = CheckpointLayout::HuggingFace(config.clone());
        assert_eq!(layout(&config).unwrap(), expected);
        let prefixed = PathBuf::from(format!("llama:{}", config.display()));
        assert_eq!(layout(&prefixed).unwrap(), expected);
        let params = file("meta/params.json").parent().unwrap().to_path_buf();
        assert_eq!(layout(&params).unwrap(), CheckpointLayout::Meta(params));

        let upper = file("upper/m.Gguf");
        assert_eq!(layout(upper.parent().unwrap()).unwrap(), CheckpointLayout::Gguf(upper));
        let first = file("split/m-00001-of-00002.gguf");
        file("split/m-00002-of-00002.gguf");
        let folder = first.parent().unwrap();
        assert_eq!(layout(folder).unwrap(), CheckpointLayout::Gguf(first.clone()));
        file("split/other.gguf");
        let error = layout(folder).unwrap_err().to_string();
        assert!(error.contains("2 .gguf models"), "{error}");
        let none = file("none/d.bin");
        let error = layout(none.parent().unwrap()).unwrap_err().to_string();
        assert!(error.contains("config.json, params.json"), "{error}");
    }

    #[test]
    fn names_are_looked_up_in_the_cache() {
        let root = tempfile::tempdir().unwrap();
        let model = root.path().join("hub").join("models--org--name");
        let snapshot = model.join("snapshots").join("0a1b");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(model.join("refs")).unwrap();
        fs::write(model.join("refs").join("main"), "0a1b\n").unwrap();
        fs::write(snapshot.join("config.json"), "{}").unwrap();
        let layout = |name: &str| {
            let home = |name: &str| (name == "HF_HOME").then(|| root.path().as_os_str().to_owned());
            CheckpointLayout::recognise(Path::new(name), &home)
        };
        assert_eq!(layout("org/name").unwrap(), CheckpointLayout::HuggingFace(snapshot));
        let error = layout("org/other").unwrap_err().to_string();
        let hub = root.path().join("hub").display().to_string();
        assert!(error.starts_with("org/other: ") && error.contains(&hub), "{error}");
        assert!(layout("../org").is_err());

        fs::write(model.join("refs").join("main"), "../../..").unwrap();
        assert!(layout("org/name").is_err());
    }

    #[test]
    fn a_split_model_has_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let part = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            path
        };
        let parts = [1, 2, 3].map(|number| part(&format!("m-0000{number}-of-00003.gguf")));
        assert_eq!(files(&parts[0]), parts);
        assert_eq!(files(folder.path()), parts);
        let upper = [1, 2].map(|number| part(&format!("n-0000{number}-of-00002.GGUF")));
        assert_eq!(files(&upper[0]), upper);
        for name in
            ["m.gguf", "m-00001-of-3.gguf", "m-00001-of-00001.gguf", "m-00001-of-09999.gguf"]
        {
            let single = part(name);
            assert_eq!(files(&single), [single]);
        }
    }

    #[test]
    fn the_settings_beside_an_npz_file_count() {
        let folder = tempfile::tempdir().unwrap();
        let [arrays, settings] = ["m.npz", "m.json"].map(|name| folder.path().join(name));
        fs::write(&arrays, b"").unwrap();
        assert_eq!(files(&arrays), [arrays.as_path()]);
        fs::write(&settings, b"").unwrap();
        assert_eq!(files(&arrays), [arrays.as_path(), settings.as_path()]);
    }
}
