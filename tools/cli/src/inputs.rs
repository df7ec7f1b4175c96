//! Inputs, and where their results go.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::Seek;
use std::path::{Path, PathBuf};

use crate::args::Writing;
use crate::failure::{Failure, Usage};
use crate::patterns;
use crate::system::{self, Identity};

/// Standard input or output on the command line.
const DASH: &str = "-";

/// The place that an input is read from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Stdin,
    Path(PathBuf),
}

impl Origin {
    fn new(path: &Path) -> Self {
        if is_dash(path) { Origin::Stdin } else { Origin::Path(path.to_path_buf()) }
    }

    /// The name in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Origin::Stdin => DASH.into(),
            Origin::Path(path) => path.display().to_string(),
        }
    }

    pub(crate) fn open(&self) -> Result<Opened, Failure> {
        let file = match self {
            Origin::Stdin => system::stdin()?,
            Origin::Path(path) => File::open(path)?,
        };
        let mut file = file;
        let metadata = system::metadata(&file)?;
        if metadata.as_ref().is_some_and(Metadata::is_dir) {
            return Err(Failure::Here("is a folder".into()));
        }
        let path = match self {
            Origin::Stdin => None,
            Origin::Path(path) => Some(path.clone()),
        };
        let (identity, start) = match metadata {
            Some(_) => (system::identity(&file), file.stream_position()?),
            None => (None, 0),
        };
        Ok(Opened { seekable: metadata.is_some(), file, metadata, identity, path, start })
    }
}

/// An input.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// The metadata of a regular file.
    pub(crate) metadata: Option<Metadata>,
    /// Tells a regular file from others, on file systems that can.
    pub(crate) identity: Option<Identity>,
    /// Its path; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    /// Whether it is a regular file: it can seek, and its size is known.
    pub(crate) seekable: bool,
    /// Where reading begins.
    pub(crate) start: u64,
}

impl Opened {
    /// The size of a regular file.
    pub(crate) fn size(&self) -> Option<u64> {
        self.metadata.as_ref().map(Metadata::len)
    }

    /// Fails if the file changed since it was opened: the bytes read may be from two versions.
    pub(crate) fn check_unchanged(&self) -> Result<(), Failure> {
        let (Some(path), Some(before)) = (&self.path, &self.metadata) else { return Ok(()) };
        // A file that was deleted can still be read through its handle.
        let now = fs::metadata(path).or_else(|_| self.file.metadata())?;
        let identity = system::identity_at(path).or(self.identity);
        let state = |file: &Metadata| (file.len(), file.modified().ok());
        if state(&now) == state(before) && identity == self.identity {
            return Ok(());
        }
        let (before, after) = (before.len(), now.len());
        Err(Failure::Here(match before == after {
            true => "changed while it was read".into(),
            false => format!(
                "changed while it was read: it had {before} bytes at first and has {after} now"
            ),
        }))
    }
}

/// The place that a result is written to.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
    /// A file named after its source; its extension is known once the input is open.
    Derived {
        folder: PathBuf,
        source: OsString,
    },
}

impl Destination {
    /// Returns the destination for a result with this extension.
    pub(crate) fn with_extension(&self, extension: &str, replaced: &[&str]) -> Destination {
        let Destination::Derived { folder, source } = self else { return self.clone() };
        let source = Path::new(source);
        let name = match source.file_stem() {
            Some(stem) if has_extension(source, replaced) => stem,
            _ => source.as_os_str(),
        };
        let mut name = name.to_os_string();
        name.push(".");
        name.push(extension);
        Destination::File(folder.join(name))
    }
}

/// An input and the place of its result.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) origin: Origin,
    pub(crate) destination: Destination,
}

/// A list of items, some of which failed before any work was done.
pub(crate) type List<T> = Vec<Result<T, Failure>>;

/// Whether one of these tasks writes to standard output.
pub(crate) fn take_stdout(tasks: &List<Task>) -> bool {
    let mut tasks = tasks.iter().flatten();
    tasks.any(|task| matches!(task.destination, Destination::Stdout))
}

/// How a command that writes files reads its paths.
pub(crate) struct PathRules {
    pub(crate) command: &'static str,
    /// Whether the second of two paths is the file to write.
    pub(crate) is_output: fn(&Path) -> bool,
    /// Extensions of the files that are taken from folders.
    pub(crate) extensions: Vec<&'static str>,
}

impl PathRules {
    /// Returns the inputs and the places of their results.
    pub(crate) fn tasks(
        &self,
        paths: &[PathBuf],
        writing: &Writing,
        recursive: bool,
    ) -> Result<List<Task>, Usage> {
        let paths = patterns::expand(paths);
        let (inputs, output) = match (&writing.output, &paths[..]) {
            (Some(output), _) => (&paths[..], Some(output)),
            (None, [input, output]) if is_dash(output) || (self.is_output)(output) => {
                (std::slice::from_ref(input), Some(output))
            }
            _ => (&paths[..], None),
        };
        self.check(inputs, output, writing)?;
        if let Some(output) = output {
            let origin = Origin::new(&inputs[0]);
            return Ok(vec![self.single(origin, output)]);
        }
        if let [input] = inputs
            && is_dash(input)
        {
            let (origin, destination) = (Origin::Stdin, Destination::Stdout);
            return Ok(vec![Ok(Task { origin, destination })]);
        }
        let found = expand(inputs, recursive, &self.extensions);
        Ok(found.into_iter().map(|found| Ok(found?.task(writing))).collect())
    }

    fn check(
        &self,
        inputs: &[PathBuf],
        output: Option<&PathBuf>,
        writing: &Writing,
    ) -> Result<(), Usage> {
        let stdin = inputs.iter().any(|path| is_dash(path));
        let stdout = output.map_or(stdin, |path| is_dash(path));
        let message = if output.is_some() && writing.output_dir.is_some() {
            "--output-dir does not go with a file to write"
        } else if output.is_some() && inputs.len() > 1 {
            "several inputs do not fit one output; --output-dir DIR takes them"
        } else if stdin && inputs.len() > 1 {
            "standard input cannot be one of several inputs"
        } else if stdin && writing.output_dir.is_some() {
            "standard input has no name to give to a file in --output-dir"
        } else if writing.rm > 0 && (stdin || stdout) {
            "--rm needs a file on both sides"
        } else {
            return Ok(());
        };
        Err(Usage::new(self.command, message))
    }

    fn single(&self, origin: Origin, output: &Path) -> Result<Task, Failure> {
        if let Origin::Path(path) = &origin
            && path.is_dir()
        {
            return Err(Failure::elsewhere(
                origin.name(),
                "is a folder, which does not fit one output; use -r and --output-dir DIR",
            ));
        }
        let destination = match Origin::new(output) {
            Origin::Stdin => Destination::Stdout,
            Origin::Path(path) => Destination::File(path),
        };
        Ok(Task { origin, destination })
    }
}

/// The streams that a command reads which writes no files.
pub(crate) fn streams(
    paths: &[PathBuf],
    recursive: bool,
    command: &'static str,
) -> Result<List<Origin>, Usage> {
    if paths.iter().filter(|path| is_dash(path)).count() > 1 {
        return Err(Usage::new(command, "standard input can be read only once"));
    }
    let found = expand(&patterns::expand(paths), recursive, STREAM);
    Ok(found.into_iter().map(|found| Ok(Origin::new(&found?.path))).collect())
}

/// The extension of streams.
pub(crate) const STREAM: &[&str] = &["lmac"];

/// A file that was named, or one below a folder that was named.
struct FoundFile {
    path: PathBuf,
    /// Its folder below the one that was named.
    below: PathBuf,
}

impl FoundFile {
    fn task(self, writing: &Writing) -> Task {
        let folder = match &writing.output_dir {
            Some(output) => output.join(&self.below),
            None => self.path.parent().unwrap_or(Path::new("")).to_path_buf(),
        };
        let source = self.path.file_name().unwrap_or_default().to_os_string();
        let destination = Destination::Derived { folder, source };
        Task { origin: Origin::Path(self.path), destination }
    }
}

fn expand(paths: &[PathBuf], recursive: bool, extensions: &[&str]) -> List<FoundFile> {
    let mut found = Vec::new();
    for path in paths {
        if is_dash(path) || !path.is_dir() {
            found.push(Ok(FoundFile { path: path.clone(), below: PathBuf::new() }));
        } else if recursive {
            walk(path, Path::new(""), extensions, &mut found);
        } else {
            let name = path.display().to_string();
            found.push(Err(Failure::elsewhere(name, "is a folder; -r goes through folders")));
        }
    }
    found
}

/// Collects the files below a folder in the order of their names, which is always the same.
fn walk(folder: &Path, below: &Path, extensions: &[&str], found: &mut List<FoundFile>) {
    let entries = fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(|error| Failure::elsewhere(folder.display().to_string(), error.to_string()));
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(failure) => return found.push(Err(failure)),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link to a folder could lead back to where we are.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&path, &below.join(entry.file_name()), extensions, found);
        } else if has_extension(&path, extensions) && path.is_file() {
            found.push(Ok(FoundFile { path, below: below.to_path_buf() }));
        }
    }
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == DASH
}

/// Whether a path has one of these extensions, in any case.
pub(crate) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|own| extensions.iter().any(|one| own.eq_ignore_ascii_case(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(source: &str, extension: &str, replaced: &[&str]) -> String {
        let destination = Destination::Derived { folder: "out".into(), source: source.into() };
        match destination.with_extension(extension, replaced) {
            Destination::File(path) => path.display().to_string().replace('\\', "/"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_of_results() {
        let wav = &["wav", "wave"];
        assert_eq!(derived("song.wav", "lmac", wav), "out/song.lmac");
        assert_eq!(derived("SONG.WAV", "lmac", wav), "out/SONG.lmac");
        assert_eq!(derived("v1.2", "lmac", wav), "out/v1.2.lmac");
        assert_eq!(derived("song", "lmac", wav), "out/song.lmac");
        assert_eq!(derived(".wav", "lmac", wav), "out/.wav.lmac");
        assert_eq!(derived("song.lmac", "raw", STREAM), "out/song.raw");
        assert_eq!(derived("song.old", "wav", STREAM), "out/song.old.wav");
    }
}
