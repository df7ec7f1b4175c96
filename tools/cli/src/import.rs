//! Files of other formats, whose audio and tags are kept and which are not restored.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lmac::{EncodeOptions, Encoder, ErrorKind, Finished, Tags};
use lmac_import::{Error, Imported, ReadOnlySource};

use crate::compare;
use crate::failure::Failure;
use crate::inputs::Opened;
use crate::models::Models;
use crate::progress::{Metered, Progress};

/// A pipe is read again from its start only if no more than this was read.
const START: usize = 1 << 20;

/// A reader that remembers the first bytes of a pipe.
pub(crate) struct Remembering<R> {
    reader: R,
    start: Vec<u8>,
    /// Bytes that are remembered; none where the file can be read again.
    most: usize,
}

impl<R> Remembering<R> {
    pub(crate) fn new(reader: R, input: &Opened) -> Self {
        Remembering { reader, start: Vec::new(), most: if input.seekable { 0 } else { START } }
    }

    pub(crate) fn into_start(self) -> Vec<u8> {
        self.start
    }
}

impl<R: Read> Read for Remembering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if self.start.len() <= self.most && self.most > 0 {
            self.start.extend_from_slice(&buffer[..read]);
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Remembering<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// A file of another format.
pub(crate) struct Import {
    song: Imported,
    /// The size of the file, which a pipe shows as it is read.
    size: Arc<AtomicU64>,
}

impl Import {
    /// Opens a file that lmac's own readers refused with this error, after they read its start
    /// from a pipe.
    pub(crate) fn open(
        refused: lmac::Error,
        input: &Opened,
        start: Vec<u8>,
    ) -> lmac::Result<Import> {
        let foreign = matches!(refused.kind(), ErrorKind::OtherFormat(_) | ErrorKind::NotPcm(_));
        // Other places in a file are counted from its first byte.
        if !foreign || input.start > 0 {
            return Err(refused);
        }
        let mut file = input.file.try_clone()?;
        let size = Arc::new(AtomicU64::new(input.size().unwrap_or(0)));
        let opened = if input.seekable {
            file.seek(SeekFrom::Start(0))?;
            Imported::open(file)
        } else if start.len() <= START {
            let pipe = Counted { reader: Cursor::new(start).chain(file), bytes: size.clone() };
            Imported::open(ReadOnlySource::new(pipe))
        } else {
            return Err(refused);
        };
        match opened {
            Ok(song) => Ok(Import { song, size }),
            Err(Error::Unknown) => Err(refused),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// Whether the file has more than one track.
    pub(crate) fn leaves_tracks_out(&self) -> bool {
        self.song.other_tracks() > 0
    }

    /// Says what is kept.
    pub(crate) fn note(&self) -> String {
        let others = match self.song.other_tracks() {
            0 => String::new(),
            1 => "; another track is left out".into(),
            count => format!("; {count} other tracks are left out"),
        };
        format!(
            "the audio and the tags are kept; the {} file itself cannot be restored (decode writes \
             a WAV or FLAC file){others}",
            self.song.coding()
        )
    }

    /// The tags and pictures of the file.
    pub(crate) fn tags(&self) -> &Tags {
        self.song.tags()
    }

    /// Encodes the audio; returns the size of the file, too.
    pub(crate) fn encode<W: Write>(
        self,
        mut options: EncodeOptions,
        progress: &Progress,
        writer: W,
    ) -> lmac::Result<(Finished<W>, u64)> {
        let spec = *self.song.spec();
        options.declared_frames = self.song.frames();
        progress.restart();
        let frame_bytes = spec.frame_bytes() as u64;
        progress.expect(self.song.frames().and_then(|frames| frames.checked_mul(frame_bytes)));
        progress.set_audio(&spec);
        let mut encoder = Encoder::with_options(writer, spec, options)?;
        io::copy(&mut Metered::new(self.song, progress), &mut encoder)?;
        Ok((encoder.finish()?, self.size.load(Ordering::Relaxed)))
    }
}

/// Reads a file again and compares its audio with that of a stream.
pub(crate) fn has_same_audio(
    stream: &Path,
    file: &Path,
    threads: usize,
    models: &Models,
) -> Result<(), Failure> {
    let song = Imported::open(File::open(file)?).map_err(io::Error::from)?;
    let decoder = compare::open(stream, threads, models)?;
    compare::have_same_audio(decoder, song)
}

/// A pipe whose bytes are counted.
struct Counted<R> {
    reader: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
