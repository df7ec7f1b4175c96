//! Patterns such as `*.wav`, which the shells of Windows leave to programs.

use std::fs;
use std::path::{Path, PathBuf};

/// Replaces patterns by the files that they stand for, on Windows: there no file has `*` or `?` in
/// its name. A pattern that stands for none stays, as it does in other shells.
pub(crate) fn expand(paths: &[PathBuf]) -> Vec<PathBuf> {
    let each = paths.iter().flat_map(|path| {
        let found = if cfg!(windows) { matching(path) } else { Vec::new() };
        if found.is_empty() { vec![path.clone()] } else { found }
    });
    each.collect()
}

/// The files whose names match the last part of a path, in the order of their names.
fn matching(path: &Path) -> Vec<PathBuf> {
    let Some(pattern) = path.file_name().map(|name| name.to_string_lossy()) else {
        return Vec::new();
    };
    if !pattern.contains(['*', '?']) {
        return Vec::new();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.retain(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') == pattern.starts_with('.')
            && matches(&letters(&pattern), &letters(&name))
    });
    names.sort();
    names.into_iter().map(|name| path.with_file_name(name)).collect()
}

/// The letters of a name, in which upper and lower case are the same.
fn letters(name: &str) -> Vec<char> {
    name.to_lowercase().chars().collect()
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], name) => name.is_empty(),
        (['*', rest @ ..], _) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        ([one, rest @ ..], [letter, others @ ..]) => {
            (*one == '?' || one == letter) && matches(rest, others)
        }
        (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_pattern() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.WAV", "a.wav", "äö.wav", ".a.wav", "a.wav.lmac", "wav"] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        for (pattern, expected) in [
            ("*.wav", &["a.wav", "b.WAV", "äö.wav"][..]),
            ("?.wav", &["a.wav", "b.WAV"]),
            ("Ä*", &["äö.wav"]),
            (".*", &[".a.wav"]),
            ("*a*a*", &["a.wav", "a.wav.lmac"]),
            ("*.flac", &[]),
            ("a.wav", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|name| folder.path().join(name)).collect();
            assert_eq!(matching(&folder.path().join(pattern)), expected, "{pattern}");
        }
    }
}
