//! Writing results: a file gets its name only when it is complete.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::inputs::{Destination, Opened};
use crate::system;
use crate::temporary::Temporary;

/// Small writes are gathered up to this size; larger ones go past the buffer.
const BUFFER: usize = 1 << 16;

/// A file or pipe that is being written.
pub(crate) struct Output {
    // Closed before the temporary file is removed: some systems insist.
    writer: BufWriter<File>,
    name: String,
    kind: OutputKind,
    /// The first error.
    error: Option<io::Error>,
}

enum OutputKind {
    Stdout,
    /// Anything but a regular file, such as a named pipe.
    Direct,
    File {
        temporary: Temporary,
        target: PathBuf,
        force: bool,
    },
}

/// The files that one run of the program writes.
pub(crate) struct Outputs {
    /// Whether files that exist may be overwritten.
    force: bool,
    /// Files of this run, which may not.
    written: HashSet<PathBuf>,
}

impl Outputs {
    pub(crate) fn new(force: bool) -> Self {
        Outputs { force, written: HashSet::new() }
    }

    /// Opens the result of an input.
    pub(crate) fn open(
        &self,
        destination: &Destination,
        input: &Opened,
    ) -> Result<Output, Failure> {
        let path = match destination {
            Destination::Stdout => return Output::stdout(input),
            Destination::File(path) => path,
            Destination::Derived { folder, source } => &folder.join(source),
        };
        if fs::canonicalize(path).is_ok_and(|path| self.written.contains(&path)) {
            return Err(Failure::elsewhere(
                path.display().to_string(),
                "was written already, from another input",
            ));
        }
        Output::file(path, input, self.force)
    }

    /// Writes an output to the disk and gives it its name. With `check`, which compares the
    /// source with the result, the source is deleted.
    pub(crate) fn complete(
        &mut self,
        mut output: Output,
        input: &Opened,
        check: Option<impl FnOnce(&Path, &Path) -> Result<(), Failure>>,
    ) -> Result<(), Failure> {
        output.seal(input)?;
        let source = check.is_some().then_some(input.path.as_deref()).flatten();
        if let (Some(check), Some(source), Some(result)) = (check, source, output.path()) {
            check(source, result)?;
        }
        let Some(target) = output.keep()? else { return Ok(()) };
        if let Some(source) = source {
            remove_source(source, &target)?;
        }
        self.written.insert(fs::canonicalize(&target).unwrap_or(target));
        Ok(())
    }
}

impl Output {
    fn stdout(input: &Opened) -> Result<Output, Failure> {
        if io::stdout().is_terminal() {
            return Err(Failure::Here(
                "results are not written to a terminal; redirect standard output or name a file"
                    .into(),
            ));
        }
        let file = system::stdout().map_err(|error| Failure::elsewhere("-", error.to_string()))?;
        if input.identity.is_some() && system::identity(&file) == input.identity {
            return Err(Failure::Here(SAME.into()));
        }
        Ok(Self::new(file, "-".into(), OutputKind::Stdout))
    }

    fn file(path: &Path, input: &Opened, force: bool) -> Result<Output, Failure> {
        let name = path.display().to_string();
        let fail = |message: &str| Err(Failure::elsewhere(name.as_str(), message));
        if path.is_dir() {
            return fail("is a folder");
        }
        if system::is_device(path) {
            return Self::direct(path, name);
        }
        if input.identity.is_some() && system::identity_at(path) == input.identity {
            return Err(Failure::Here(SAME.into()));
        }
        if !force && path.symlink_metadata().is_ok() {
            return fail(EXISTS);
        }
        // What a link points to is replaced, and not the link.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let created = folder
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| Temporary::beside(&target, attributes(input).is_some()));
        match created {
            Ok((temporary, file)) => {
                Ok(Self::new(file, name, OutputKind::File { temporary, target, force }))
            }
            Err(error) => fail(&format!("cannot be created: {error}")),
        }
    }

    fn direct(path: &Path, name: String) -> Result<Output, Failure> {
        let opened = OpenOptions::new().write(true).open(path);
        let file = opened.map_err(|error| Failure::elsewhere(name.as_str(), error.to_string()))?;
        if file.is_terminal() {
            return Err(Failure::elsewhere(name, "is a terminal"));
        }
        Ok(Self::new(file, name, OutputKind::Direct))
    }

    fn new(file: File, name: String, kind: OutputKind) -> Output {
        Output { writer: BufWriter::with_capacity(BUFFER, file), name, kind, error: None }
    }

    /// The name in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The path that the bytes can be read back from before the file has its name.
    fn path(&self) -> Option<&Path> {
        match &self.kind {
            OutputKind::File { temporary, .. } => Some(temporary.path()),
            OutputKind::Stdout | OutputKind::Direct => None,
        }
    }

    /// Drops everything that was written, where that is possible.
    pub(crate) fn begin_again(&mut self) -> Result<(), Failure> {
        if !matches!(self.kind, OutputKind::File { .. }) {
            return Err(Failure::elsewhere(
                self.name(),
                "is no regular file: what was written cannot be taken back",
            ));
        }
        let emptied = self.writer.rewind().and_then(|()| self.writer.get_ref().set_len(0));
        emptied.map_err(|error| self.failure(error))
    }

    /// Replaces the first bytes; `false` where that is not possible.
    pub(crate) fn rewrite_start(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        if !matches!(self.kind, OutputKind::File { .. }) {
            return Ok(false);
        }
        let written = self.writer.rewind().and_then(|()| self.writer.write_all(bytes));
        written.map_err(|error| self.failure(error))?;
        Ok(true)
    }

    /// Brings everything onto the disk, with the permissions and modification time of
    /// the source.
    fn seal(&mut self, input: &Opened) -> Result<(), Failure> {
        self.flush().map_err(|error| self.failure(error))?;
        if matches!(self.kind, OutputKind::File { .. }) {
            let file = self.writer.get_ref();
            if let Some(source) = attributes(input) {
                keep_attributes(file, source);
            }
            file.sync_all().map_err(|error| self.failure(error))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    fn keep(self) -> Result<Option<PathBuf>, Failure> {
        let Output { writer, name, kind, .. } = self;
        drop(writer);
        let OutputKind::File { temporary, target, force } = kind else { return Ok(None) };
        if !force && target.symlink_metadata().is_ok() {
            return Err(Failure::elsewhere(name, EXISTS));
        }
        temporary
            .keep_as(&target)
            .map_err(|error| Failure::elsewhere(name, format!("cannot be renamed: {error}")))?;
        Ok(Some(target))
    }

    /// Turns an error of the library into a failure; the cause may be an error of this output.
    pub(crate) fn explain(&mut self, error: lmac::Error) -> Failure {
        match self.error.take() {
            Some(error) => self.failure(error),
            None => error.into(),
        }
    }

    /// Turns an error in writing into a failure.
    pub(crate) fn failure(&self, error: io::Error) -> Failure {
        if matches!(self.kind, OutputKind::Stdout) && system::is_broken_pipe(&error) {
            return Failure::BrokenPipe;
        }
        Failure::elsewhere(self.name.as_str(), format!("cannot be written: {error}"))
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            // An error cannot be in two places.
            let copy = match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            };
            self.error.get_or_insert(copy);
        }
        result
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.writer.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.writer.flush();
        self.note(result)
    }
}

const EXISTS: &str = "exists already; -f overwrites it";
const SAME: &str = "input and output are the same file";

/// Whether an input can be deleted after its output was compared with it.
pub(crate) fn can_be_checked(input: &Opened, output: &Output) -> Result<(), Failure> {
    if !input.seekable {
        return Err(Failure::Here("--rm needs a regular file, to read it again".into()));
    }
    match output.kind {
        OutputKind::File { .. } => Ok(()),
        OutputKind::Stdout | OutputKind::Direct => Err(Failure::elsewhere(
            output.name(),
            "--rm needs a regular file, to read it back; the source is kept",
        )),
    }
}

/// Deletes a source whose result is in place.
fn remove_source(path: &Path, result: &Path) -> Result<(), Failure> {
    // The result's name must be on the disk before the source is deleted.
    #[cfg(unix)]
    if let Some(folder) = result.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // Some file systems cannot do this for folders.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = result;
    fs::remove_file(path).map_err(|error| Failure::Here(format!("cannot be deleted: {error}")))
}

/// The metadata of an input whose permissions and modification time mean something.
fn attributes(input: &Opened) -> Option<&Metadata> {
    input.metadata.as_ref().filter(|_| input.path.is_some())
}

/// Takes over what a file system may not be able to keep; the content matters more.
fn keep_attributes(file: &File, source: &Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = source.permissions().mode() & 0o777;
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
    if let Ok(modified) = source.modified() {
        let _ = file.set_times(FileTimes::new().set_modified(modified));
    }
}
