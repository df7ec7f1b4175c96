//! The kind of file that decoding writes, by the name of the result and the source.

use std::path::Path;

use lmac::source::NewFile;
use lmac::{FileFormat, SourceKind};

use crate::failure::Failure;
use crate::inputs::{Destination, has_extension};

const WAV: &[&str] = &["wav", "wave", "rf64", "bw64", "bwf"];
const FLAC: &[&str] = &["flac"];
const RAW: &[&str] = &["raw", "pcm"];
const WAVE64: &[&str] = &["w64"];
const AIFF: &[&str] = &["aiff", "aif", "aifc"];
const CAF: &[&str] = &["caf"];
const AU: &[&str] = &["au", "snd"];

/// Extensions of audio formats that decoding never writes.
const OTHERS: &[&str] = &[
    "aac", "alac", "amr", "ape", "m4a", "mka", "mp2", "mp3", "mp4", "mpc", "oga", "ogg", "opus",
    "ra", "spx", "tta", "webm", "wma", "wv",
];

/// What a stream becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The file that it was made from.
    Original,
    New(NewFile),
}

impl Target {
    /// Chooses by the name of the result. Where the name says nothing, the original comes back if
    /// `original` allows it.
    pub(crate) fn new(
        destination: &Destination,
        source: SourceKind,
        original: bool,
    ) -> Result<Target, Failure> {
        let unnamed = match (original, source) {
            (true, _) => Target::Original,
            (false, SourceKind::Raw { .. }) => Target::New(NewFile::Raw),
            (false, _) => Target::New(NewFile::Wav),
        };
        let Destination::File(path) = destination else { return Ok(unnamed) };
        if original && has_extension(path, extensions(source)) {
            return Ok(Target::Original);
        }
        for (extensions, file) in [(WAV, NewFile::Wav), (FLAC, NewFile::Flac), (RAW, NewFile::Raw)]
        {
            if has_extension(path, extensions) {
                return Ok(Target::New(file));
            }
        }
        if has_extension(path, &[OTHERS, WAVE64, AIFF, CAF, AU].concat()) {
            let own = if original { extensions(source)[0] } else { "wav" };
            let message = format!(
                "a .{} file cannot be made of this stream; decoding gives the file that the audio \
                 came from, or WAV, FLAC or raw PCM, for example {}",
                path.extension().unwrap_or_default().display(),
                path.with_extension(own).display()
            );
            return Err(Failure::elsewhere(path.display().to_string(), message));
        }
        Ok(unnamed)
    }

    /// Chooses the file that is served under this name; `None` if there is none.
    pub(crate) fn served(path: &Path, source: SourceKind) -> Option<Target> {
        if has_extension(path, extensions(source)) {
            return Some(Target::Original);
        }
        has_extension(path, WAV).then_some(Target::New(NewFile::Wav))
    }

    /// The usual extension of the result.
    pub(crate) fn extension(self, source: SourceKind) -> &'static str {
        let extensions = match self {
            Target::Original => extensions(source),
            Target::New(NewFile::Flac) => FLAC,
            Target::New(NewFile::Raw) => RAW,
            Target::New(_) => WAV,
        };
        extensions[0]
    }
}

/// The extensions of files of this kind, the usual one first.
fn extensions(source: SourceKind) -> &'static [&'static str] {
    match source {
        SourceKind::Raw { .. } => RAW,
        SourceKind::Flac => FLAC,
        SourceKind::File { format: FileFormat::Wave64, .. } => WAVE64,
        SourceKind::File { format: FileFormat::Aiff, .. } => AIFF,
        SourceKind::File { format: FileFormat::Caf, .. } => CAF,
        SourceKind::File { format: FileFormat::Au, .. } => AU,
        _ => WAV,
    }
}
