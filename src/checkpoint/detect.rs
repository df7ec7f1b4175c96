//! Which layout a path stands for.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::file::error_at;
use crate::error::{Error, Result};

/// A checkpoint's layout, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// A folder with `config.json`.
    HuggingFace(PathBuf),
    /// A folder with `params.json`.
    Meta(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
    /// The byte transformer's file.
    Npz(PathBuf),
}

/// Finds out what `given` stands for: a file, a folder, or the name of a model that lies in
/// Hugging Face's cache, which `variable`s of the environment may have moved. A `llama:` in
/// front of it means nothing more.
pub(super) fn layout(given: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Layout> {
    let path = match given.to_str().and_then(|given| given.strip_prefix("llama:")) {
        Some(path) => Path::new(path),
        None => given,
    };
    if path.is_dir() {
        return folder(path);
    }
    if path.exists() {
        return file(path).ok_or_else(|| {
            error_at(path, "is no checkpoint: files are .npz or .gguf, and all others are folders")
        });
    }
    cached(path, &caches(variable))
}

/// What a file is, as the end of its name tells.
pub(super) fn file(path: &Path) -> Option<Layout> {
    let extension = path.extension()?;
    if extension.eq_ignore_ascii_case("npz") {
        return Some(Layout::Npz(path.to_path_buf()));
    }
    extension.eq_ignore_ascii_case("gguf").then(|| Layout::Gguf(path.to_path_buf()))
}

fn folder(path: &Path) -> Result<Layout> {
    if path.join("config.json").is_file() {
        return Ok(Layout::HuggingFace(path.to_path_buf()));
    }
    if path.join("params.json").is_file() {
        return Ok(Layout::Meta(path.to_path_buf()));
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| error_at(path, error))? {
        let entry = entry.map_err(|error| error_at(path, error))?.path();
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // A model in several files begins with the first of them.
        let follows = name.contains("-of-") && !name.contains("-00001-of-");
        if matches!(file(&entry), Some(Layout::Gguf(_))) && !follows {
            found.push(entry);
        }
    }
    match found.as_slice() {
        [file] => Ok(Layout::Gguf(file.clone())),
        [] => Err(error_at(
            path,
            "is no checkpoint: it holds no config.json, params.json or .gguf file",
        )),
        several => {
            Err(error_at(path, format!("holds {} .gguf files: name one of them", several.len())))
        }
    }
}

/// Folders in which Hugging Face's programs may keep models.
fn caches(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = set("HF_HUB_CACHE").or_else(|| set("HUGGINGFACE_HUB_CACHE")) {
        return vec![cache];
    }
    if let Some(home) = set("HF_HOME") {
        return vec![home.join("hub")];
    }
    let general = set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").or_else(|| set("USERPROFILE")).map(|home| home.join(".cache")));
    general.map(|general| general.join("huggingface").join("hub")).into_iter().collect()
}

/// A model `organisation/name` in the cache.
fn cached(name: &Path, caches: &[PathBuf]) -> Result<Layout> {
    let looked = match caches {
        [] => "there is no Hugging Face cache to look in".to_owned(),
        [cache, ..] => format!("it is not in the Hugging Face cache {}", cache.display()),
    };
    let missing = || {
        Error::model(format!("{}: there is no such file or folder, and {looked}", name.display()))
    };
    let parts: Vec<_> = name
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let [Some(organisation), Some(model)] = parts.as_slice() else {
        return Err(missing());
    };
    for cache in caches {
        let root = cache.join(format!("models--{organisation}--{model}"));
        let Ok(revision) = fs::read_to_string(root.join("refs").join("main")) else { continue };
        let revision = revision.trim();
        if revision.is_empty() || !revision.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(error_at(&root.join("refs").join("main"), "names no revision"));
        }
        let snapshot = root.join("snapshots").join(revision);
        if !snapshot.is_dir() {
            return Err(error_at(&snapshot, "the cache has no such folder"));
        }
        return folder(&snapshot);
    }
    Err(missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn files_and_folders_say_what_they_are() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"").unwrap();
            path
        };
        let npz = file("a.npz");
        assert_eq!(layout(&npz, &nothing).unwrap(), Layout::Npz(npz));
        let gguf = file("b.GGUF");
        assert_eq!(layout(&gguf, &nothing).unwrap(), Layout::Gguf(gguf));
        assert!(layout(&file("c.bin"), &nothing).is_err());

        let config = file("hf/config.json").parent().unwrap().to_path_buf();
        file("hf/params.json");
        let expected = Layout::HuggingFace(config.clone());
        assert_eq!(layout(&config, &nothing).unwrap(), expected);
        let prefixed = PathBuf::from(format!("llama:{}", config.display()));
        assert_eq!(layout(&prefixed, &nothing).unwrap(), expected);
        let params = file("meta/params.json").parent().unwrap().to_path_buf();
        assert_eq!(layout(&params, &nothing).unwrap(), Layout::Meta(params));

        let upper = file("upper/m.Gguf");
        assert_eq!(layout(upper.parent().unwrap(), &nothing).unwrap(), Layout::Gguf(upper));
        let first = file("split/m-00001-of-00002.gguf");
        file("split/m-00002-of-00002.gguf");
        let folder = first.parent().unwrap();
        assert_eq!(layout(folder, &nothing).unwrap(), Layout::Gguf(first.clone()));
        file("split/other.gguf");
        let error = layout(folder, &nothing).unwrap_err().to_string();
        assert!(error.contains("holds 2 .gguf files"), "{error}");
        let none = file("none/d.bin");
        let error = layout(none.parent().unwrap(), &nothing).unwrap_err().to_string();
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
        let home = |name: &str| (name == "HF_HOME").then(|| root.path().as_os_str().to_owned());
        let name = Path::new("org/name");
        assert_eq!(layout(name, &home).unwrap(), Layout::HuggingFace(snapshot));
        let error = layout(Path::new("org/other"), &home).unwrap_err().to_string();
        let hub = root.path().join("hub").display().to_string();
        assert!(error.starts_with("org/other: ") && error.contains(&hub), "{error}");
        assert!(layout(Path::new("../org"), &home).is_err());

        fs::write(model.join("refs").join("main"), "../../..").unwrap();
        assert!(layout(name, &home).is_err());
    }
}
