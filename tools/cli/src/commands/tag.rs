//! `lmac tag`

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use lmac::{Inspector, TagEditor, Tags};
use serde::Serialize;

use crate::batch;
use crate::failure::{Failure, Status, Usage};
use crate::inputs::{Opened, Origin, streams};
use crate::report::{Report, print, printing};
use crate::tagging::{
    Field, PictureSpec, TagsJson, add, describe, field_name, parse_lines, printable, read_text, set,
};
use crate::temporary::{Temporary, undisturbed};

/// Show or change the tags and pictures of streams
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct TagArgs {
    /// Streams; - is standard input, whose tags can be shown
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Search folders and the folders below them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Print a JSON object for each file, on its own line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Changes")]
    pub(crate) changes: Changes,
    /// Write the tags to a file, in lines of FIELD=VALUE; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) export_to: Option<PathBuf>,
    /// Write picture number N to a file; - is standard output
    #[arg(long, num_args = 2, value_names = ["N", "FILE"], value_hint = ValueHint::FilePath)]
    pub(crate) export_picture: Option<Vec<String>>,
}

/// The changes, in the order in which they are made.
#[derive(Args)]
pub(crate) struct Changes {
    /// Remove everything: fields, pictures, and what else there is
    #[arg(long)]
    pub(crate) remove_all: bool,
    /// Remove all values of a field
    #[arg(long, value_name = "FIELD", value_parser = field_name)]
    pub(crate) remove: Vec<String>,
    /// Add tags from a file with lines of FIELD=VALUE; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) import_from: Option<PathBuf>,
    /// Set a field, instead of the values that it has; given twice, it gets two values
    #[arg(long, value_name = "FIELD=VALUE", value_parser = Field::parse)]
    pub(crate) set: Vec<Field>,
    /// Add a value to a field
    #[arg(long, value_name = "FIELD=VALUE", value_parser = Field::parse)]
    pub(crate) add: Vec<Field>,
    /// Set the field CUESHEET to the text of a cue sheet
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) import_cue: Option<PathBuf>,
    /// Remove all pictures
    #[arg(long)]
    pub(crate) remove_pictures: bool,
    /// Add a picture: FILE, or TYPE|MIME|DESCRIPTION|WIDTHxHEIGHTxDEPTH|FILE as metaflac takes it
    #[arg(long, value_name = "PICTURE", value_parser = PictureSpec::parse)]
    pub(crate) add_picture: Vec<PictureSpec>,
    /// Write the file anew, with N bytes left for later changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=MOST_PADDING))]
    pub(crate) padding: Option<u32>,
}

const COMMAND: &str = "tag";

/// Most bytes of padding; tags have at most 64 MiB in all.
const MOST_PADDING: i64 = 1 << 24;

/// Padding of a file that is written anew: this part of it, within these limits. Small files stay
/// small, and most changes of large ones fit.
const PADDING_PART: u64 = 256;
const PADDING_LIMITS: (u64, u64) = (256, 8192);

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

pub(crate) fn run(args: &TagArgs) -> Result<Status, Usage> {
    let files = streams(&args.paths, args.recursive, COMMAND)?;
    let changes = &args.changes;
    let several = args.recursive || args.paths.len() > 1;
    if several && (args.export_to.is_some() || args.export_picture.is_some()) {
        return Err(Usage::new(COMMAND, "tags of several files do not fit one file"));
    }
    let number = |number: &String| number.parse::<usize>().is_ok_and(|number| number > 0);
    if args.export_picture.as_ref().is_some_and(|export| !export.first().is_some_and(number)) {
        return Err(Usage::new(COMMAND, "the number of a picture is 1 or more"));
    }
    if changes.any() && args.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Usage::new(COMMAND, "standard input cannot be changed"));
    }
    let report = Report::immediate(args.json);
    let changes = match changes.prepared() {
        Ok(changes) => changes,
        Err(failure) => {
            // Whether this can be printed makes no difference.
            let _ = report.failure("", &failure);
            return Ok(Status::Failed);
        }
    };
    Ok(batch::each(&report, files, Origin::name, |file| tag(args, &changes, file, &report)))
}

impl Changes {
    fn any(&self) -> bool {
        self.remove_all
            || !self.remove.is_empty()
            || self.import_from.is_some()
            || !self.set.is_empty()
            || !self.add.is_empty()
            || self.import_cue.is_some()
            || self.remove_pictures
            || !self.add_picture.is_empty()
            || self.padding.is_some()
    }

    /// Reads the files that the changes name, once for all streams.
    fn prepared(&self) -> Result<Prepared<'_>, Failure> {
        let imported = match &self.import_from {
            None => Vec::new(),
            Some(path) => parse_lines(&read_text(path)?)
                .map_err(|error| Failure::elsewhere(path.display().to_string(), error))?,
        };
        let cue = self.import_cue.as_ref().map(read_text).transpose()?;
        let pictures: Result<Vec<_>, _> = self.add_picture.iter().map(PictureSpec::load).collect();
        Ok(Prepared { changes: self, imported, cue, pictures: pictures? })
    }
}

struct Prepared<'a> {
    changes: &'a Changes,
    imported: Vec<Field>,
    cue: Option<String>,
    pictures: Vec<lmac::Picture>,
}

impl Prepared<'_> {
    fn apply(&self, tags: &mut Tags) -> Result<(), Failure> {
        for field in &self.changes.remove {
            tags.remove(field);
        }
        add(tags, &self.imported)?;
        set(tags, &self.changes.set)?;
        add(tags, &self.changes.add)?;
        if let Some(cue) = &self.cue {
            tags.set("CUESHEET", cue.as_str())?;
        }
        if self.changes.remove_pictures {
            tags.pictures.clear();
        }
        tags.pictures.extend(self.pictures.iter().cloned());
        Ok(())
    }
}

/// What happened to a file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Nothing,
    InPlace,
    Anew,
}

#[derive(Serialize)]
struct Tagged<'a> {
    file: &'a str,
    vendor: &'a str,
    #[serde(flatten)]
    tags: TagsJson,
    written: Written,
}

fn tag(
    args: &TagArgs,
    changes: &Prepared,
    origin: &Origin,
    report: &Report,
) -> Result<Status, Failure> {
    let name = origin.name();
    let input = origin.open()?;
    let (tags, written) = match &input.path {
        Some(path) if args.changes.any() => {
            let path = path.clone();
            change(changes, &path, input)?
        }
        _ => {
            let file = input.file.try_clone()?;
            let mut inspector = Inspector::new(file)?;
            let tags = if input.seekable { inspector.find_tags()? } else { inspector.tags()? };
            (tags, Written::Nothing)
        }
    };
    if let Some(path) = &args.export_to {
        let lines = tags.comments.iter().map(|(field, value)| format!("{field}={value}\n"));
        write(path, lines.collect::<String>().as_bytes())?;
    }
    if let Some([number, path]) = args.export_picture.as_deref() {
        let number: usize = number.parse().unwrap_or_default();
        let Some(picture) = number.checked_sub(1).and_then(|at| tags.pictures.get(at)) else {
            let there = tags.pictures.len();
            return Err(Failure::Here(format!("there is no picture {number}; there are {there}")));
        };
        write(Path::new(path), &picture.data)?;
    }
    let exports = args.export_to.is_some() || args.export_picture.is_some();
    if !args.json && !args.changes.any() && !exports {
        printing(|out| show(out, &name, &tags))?;
    }
    let (vendor, json) = (tags.vendor.as_str(), TagsJson::new(Some(&tags)));
    report.json(&Tagged { file: &name, vendor, tags: json, written })?;
    Ok(Status::Fine)
}

fn show(out: &mut dyn Write, name: &str, tags: &Tags) -> io::Result<()> {
    writeln!(out, "{name}")?;
    for (field, value) in &tags.comments {
        writeln!(out, "  {}={}", printable(field), printable(value))?;
    }
    for (at, picture) in tags.pictures.iter().enumerate() {
        writeln!(out, "  picture {}: {}", at + 1, describe(picture))?;
    }
    Ok(())
}

/// Writes a small file, over what is there.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return print(bytes);
    }
    fs::write(path, bytes).map_err(|error| {
        Failure::elsewhere(path.display().to_string(), format!("cannot be written: {error}"))
    })
}

fn change(changes: &Prepared, path: &Path, input: Opened) -> Result<(Tags, Written), Failure> {
    let Some(size) = input.size() else {
        return Err(Failure::Here("is not a regular file; its tags cannot be changed".into()));
    };
    let file = File::options().read(true).write(true).open(path)?;
    let mut editor = TagEditor::open(file)?;
    let old = match editor.tags() {
        Ok(tags) => Some(tags),
        Err(_) if changes.changes.remove_all => None,
        Err(error) => {
            return Err(Failure::Here(format!("{error}; --remove-all begins with new tags")));
        }
    };
    let mut tags = match &old {
        Some(tags) if !changes.changes.remove_all => tags.clone(),
        _ => Tags::new(),
    };
    changes.apply(&mut tags)?;
    let same = old.is_some_and(|mut old| {
        old.vendor.clone_from(&tags.vendor);
        old == tags
    });
    let padding = changes.changes.padding;
    if same && padding.is_none() {
        return Ok((tags, Written::Nothing));
    }
    tags.vendor = Tags::new().vendor;
    if padding.is_none() && editor.fits(&tags)? {
        undisturbed(|| editor.rewrite(&tags)?.sync_all().map_err(lmac::Error::from))?;
        return Ok((tags, Written::InPlace));
    }
    let default = (size / PADDING_PART).clamp(PADDING_LIMITS.0, PADDING_LIMITS.1);
    write_anew(editor, &tags, padding.unwrap_or(default as u32), path, input)?;
    Ok((tags, Written::Anew))
}

/// Writes the stream beside itself and puts the result in its place.
fn write_anew(
    mut editor: TagEditor<File>,
    tags: &Tags,
    padding: u32,
    path: &Path,
    input: Opened,
) -> Result<(), Failure> {
    let fail = |what: &str, error: io::Error| Failure::Here(format!("cannot be {what}: {error}"));
    // What a link points to is replaced, and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let created = Temporary::beside(&target, true);
    let (temporary, file) = created.map_err(|error| fail("written anew", error))?;
    let mut writer = BufWriter::with_capacity(BUFFER, file);
    editor.copy(tags, padding, &mut writer)?;
    let file = writer.into_inner().map_err(|error| fail("written anew", error.into_error()))?;
    // Some file systems keep no permissions.
    let _ = input.metadata.as_ref().map(|source| file.set_permissions(source.permissions()));
    file.sync_all().map_err(|error| fail("written anew", error))?;
    input.check_unchanged()?;
    // Some systems replace no file that is open.
    drop((file, editor, input));
    temporary.keep_as(&target).map_err(|error| fail("replaced", error))
}

const EXAMPLES: &str = "\
Examples:
  lmac tag song.lmac                          shows tags and pictures
  lmac tag --set ARTIST=Ada --set TITLE=Aria song.lmac
  lmac tag --add-picture cover.jpg *.lmac
  lmac tag --remove COMMENT -r music
  lmac tag --export-to song.txt song.lmac
  metaflac --export-tags-to=- song.flac | lmac tag --import-from - song.lmac";

const DETAILS: &str = "\
A stream without tags of its own has those of its source file: of FLAC metadata; of INFO lists,
bext, iXML and id3 chunks in WAV files; of ID3 and text chunks in AIFF files; and of APEv2 tags at
the end of any file. The first change copies them. The source file that `lmac decode` gives back
stays as it is: changes are in the stream alone.

Changes are made in the order of their list. They are written over the old tags where they fit,
and nothing else of the file changes; if this is interrupted by a power failure, the tags may be
damaged, and the audio is not (`lmac decode --recover` reads it, and `lmac tag --remove-all`
repairs the file). Otherwise the file is written anew beside the old one and replaces it, with
a 256th of its size, from 256 to 8192 bytes, left for later changes.

Names of fields are compared without regard to case. Lines of --export-to have the form that
metaflac reads and writes; a value of several lines becomes several lines.

JSON, on standard output:
  file                  name; - is standard input
  vendor                the program that has written the tags
  tags                  a list of [field, value]
  pictures              a list of type, mime, description, width, height, depth, colors, bytes
  written               nothing, in_place or anew
For a file with an error: file, error.";
