//! Hugging Face's cache of downloaded models.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::checkpoint::storage::file::error_at;
use crate::error::Result;

/// The folder of the model `organisation/name` in the cache.
///
/// `variable` reads the environment, which may move the cache.
pub(crate) fn snapshot(
    name: &Path,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<PathBuf> {
    let cache = cache(variable);
    let missing = || {
        let looked = match &cache {
            None => "there is no Hugging Face cache to look in".to_owned(),
            Some(cache) => format!("the Hugging Face cache {} has no such model", cache.display()),
        };
        error_at(name, format!("there is no such file or folder, and {looked}"))
    };
    let parts: Vec<_> = name
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let ([Some(organisation), Some(model)], Some(cache)) = (parts.as_slice(), &cache) else {
        return Err(missing());
    };
    let root = cache.join(format!("models--{organisation}--{model}"));
    let main = root.join("refs").join("main");
    let revision = fs::read_to_string(&main).map_err(|_| missing())?;
    let revision = revision.trim();
    if revision.is_empty() || !revision.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(error_at(&main, "the file does not hold the name of a revision"));
    }
    let snapshot = root.join("snapshots").join(revision);
    if !snapshot.is_dir() {
        return Err(error_at(&snapshot, "the folder is missing from the cache"));
    }
    Ok(snapshot)
}

/// The folder in which Hugging Face's programs keep models.
fn cache(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("HF_HUB_CACHE")
        .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(set("HF_HOME")?.join("hub")))
        .or_else(|| {
            let home = || set("HOME").or_else(|| set("USERPROFILE"));
            let caches = set("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
            Some(caches?.join("huggingface").join("hub"))
        })
}
