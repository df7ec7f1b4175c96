//! From a file to a stream that restores it.

use std::fmt;
use std::io::{Read, Seek, Write};

use bytes::Bytes;

use crate::audio::{AudioSpec, SampleFormat};
use crate::container::MAX_TAGS;
use crate::container::source::SourceKind;
use crate::error::Result;
use crate::formats::flac::{Flac, StreamInfo};
use crate::formats::raw::{Raw, RawLayout};
use crate::formats::{self, Format, Head, Progress, START, layout};
use crate::memory;
use crate::method::verify::Verify;
use crate::source::flac;
use crate::stream::encoder::{Encoder, Finished, SourceHead};
use crate::stream::input::Input;
use crate::stream::options::EncodeOptions;
use crate::stream::stats::FlacFindings;
use crate::tags::{self, Tags};

/// Bytes that are handed on at a time, about.
const BLOCK: usize = 1 << 18;

/// A file that was opened up to its audio and can be encoded.
pub struct SourceFile<R> {
    input: Input<R>,
    format: &'static dyn Format,
    /// The kind of source, if it does not depend on the bytes of the head.
    kind: Option<SourceKind>,
    spec: AudioSpec,
    /// All bytes before the audio.
    head: Bytes,
    /// Bytes of audio, if the head tells.
    audio_bytes: Option<u64>,
    whole: bool,
}

impl<R: Read> SourceFile<R> {
    /// Opens a file of a known format, as its first bytes tell, and reads its head.
    pub fn open(file: R) -> Result<Self> {
        let mut input = Input::new(file);
        input.fill(START)?;
        let start = &input.window()[..input.window().len().min(START)];
        let (format, mut parser) = formats::recognise(start)?;
        let Head { length, spec, audio_bytes, kind } = loop {
            match parser.advance(input.window())? {
                Progress::Done(head) => break head,
                // More chunks may follow this one.
                Progress::Needs { bytes, or_else } => {
                    if !input.fill_with_room(bytes, bytes + bytes / 2)? {
                        break or_else?;
                    }
                }
            }
        };
        let head = input.take(length);
        Ok(SourceFile { input, format, kind, spec, head, audio_bytes, whole: true })
    }

    /// Opens a file of nothing but PCM.
    pub fn raw(file: R, layout: &RawLayout) -> Result<Self> {
        Ok(SourceFile {
            input: Input::new(file),
            format: &Raw,
            kind: Some(layout.kind()?),
            spec: layout.spec,
            head: Bytes::new(),
            audio_bytes: None,
            whole: true,
        })
    }

    /// Takes a FLAC file as it is, without looking into it. Decoding gives the same file again, and
    /// no audio.
    pub fn whole_flac(file: R) -> Self {
        SourceFile {
            input: Input::new(file),
            format: &Flac,
            kind: Some(SourceKind::Flac),
            spec: AudioSpec::new(SampleFormat::U8, 1, 0),
            head: Bytes::new(),
            audio_bytes: Some(0),
            whole: true,
        }
    }

    /// Leaves out everything but the audio.
    pub fn audio_only(mut self) -> Self {
        self.whole = false;
        self
    }

    /// Returns the format of the audio.
    pub fn spec(&self) -> &AudioSpec {
        &self.spec
    }

    /// Returns the frames of audio, if the head of the file tells.
    pub fn frames(&self) -> Option<u64> {
        self.audio_bytes.map(|bytes| bytes / self.spec.frame_bytes() as u64)
    }

    /// Returns the tags in the head of the file.
    ///
    /// With a reader that can seek, [`find_tags`](Self::find_tags) also finds those behind the
    /// audio.
    pub fn tags(&self) -> Result<Tags> {
        tags::from_source(SourceKind::Samples, &self.head, &[], None)
    }

    /// Encodes the file, so that decoding gives the same file again.
    ///
    /// A stream of audio alone gets the tags in the head of the file, if the options have none.
    pub fn encode<W: Write>(mut self, writer: W, options: &EncodeOptions) -> Result<Finished<W>> {
        let mut options = options.clone();
        options.declared_frames = self.frames().or(options.declared_frames);
        let declared = options.declared_frames;
        let kind = self.kind.unwrap_or_else(|| self.format.kind(&self.head, &self.spec, declared));
        let info = StreamInfo::of_head(&self.head).filter(|_| kind == SourceKind::Flac);
        let mut head = SourceHead { kind, bytes: std::mem::take(&mut self.head) };
        if !self.whole {
            if options.tags.is_none() {
                let tags = tags::from_source(kind, &head.bytes, &[], None)?;
                options.tags = Some(tags.that_fit()).filter(|tags| !tags.is_empty());
            }
            head = SourceHead { kind: SourceKind::Samples, bytes: Bytes::new() };
        } else if self.format.implied_head(kind, &self.spec, declared).is_some() {
            head.bytes = Bytes::new();
        }
        let verify = options.verify != Verify::No;
        let mut encoder = Encoder::for_source(writer, self.spec, options, head)?;
        let mut findings = None;
        if let Some(info) = info {
            let plan = flac::Plan { whole: self.whole, verify, info };
            findings = Some(flac::encode(&mut self.input, &mut encoder, plan)?);
        } else {
            self.copy_audio(&mut encoder, kind)?;
        }
        // A program that writes into a pipe must be able to write all of it.
        while self.input.fill(1)? {
            if self.whole {
                encoder.write_tail(self.input.window())?;
            }
            self.input.consume(self.input.window().len());
        }
        let mut finished = encoder.finish()?;
        finished.flac = findings.map(|findings| FlacFindings {
            md5_matches: info
                .and_then(|info| info.md5)
                .zip(finished.md5)
                .map(|(said, found)| said == found),
            ..findings
        });
        Ok(finished)
    }

    /// Encodes the whole frames among the next bytes, up to the length of the audio or the end.
    fn copy_audio<W: Write>(&mut self, encoder: &mut Encoder<W>, kind: SourceKind) -> Result<()> {
        let frame_bytes = self.spec.frame_bytes();
        let mut left = self.audio_bytes.unwrap_or(u64::MAX);
        let block = BLOCK.next_multiple_of(frame_bytes);
        loop {
            let wanted = usize::try_from(left).unwrap_or(block).min(block);
            self.input.fill(wanted)?;
            let here = wanted.min(self.input.window().len());
            let here = here - here % frame_bytes;
            if here == 0 {
                return Ok(());
            }
            let samples = &self.input.window()[..here];
            if layout::converts(kind) {
                let mut samples = samples.to_vec();
                layout::to_pcm(kind, &self.spec, &mut samples);
                encoder.write_all(&samples)?;
            } else {
                encoder.write_all(samples)?;
            }
            self.input.consume(here);
            left -= here as u64;
        }
    }
}

impl<R: Read + Seek> SourceFile<R> {
    /// Returns the tags in the head of the file and behind its audio.
    pub fn find_tags(&mut self) -> Result<Tags> {
        let start = self.input.offset();
        // The frames of a FLAC file are shorter than its audio.
        let stored = self.audio_bytes.filter(|_| self.kind != Some(SourceKind::Flac));
        let behind = stored.and_then(|audio| start.checked_add(audio));
        let length = self.input.length()?;
        let tail = behind.filter(|&behind| behind < length && length - behind <= MAX_TAGS as u64);
        let mut bytes = Vec::new();
        if let Some(behind) = tail {
            self.input.seek(behind)?;
            let there = (length - behind) as usize;
            if self.input.fill(there)? {
                bytes = memory::copied(&self.input.window()[..there])?;
            }
            self.input.seek(start)?;
        }
        tags::from_source(SourceKind::Samples, &self.head, &bytes, self.audio_bytes)
    }
}

/// Encodes a WAV file, or one of another known format, so that decoding gives the same file
/// again.
pub fn encode_file<R: Read, W: Write>(
    file: R,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    SourceFile::open(file)?.encode(writer, options)
}

/// Encodes the audio of a WAV file, or of one of another known format, and leaves out everything
/// else.
pub fn encode_file_audio<R: Read, W: Write>(
    file: R,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    SourceFile::open(file)?.audio_only().encode(writer, options)
}

/// Encodes a file of nothing but PCM, so that decoding gives the same file again.
pub fn encode_raw<R: Read, W: Write>(
    file: R,
    layout: &RawLayout,
    writer: W,
    options: &EncodeOptions,
) -> Result<Finished<W>> {
    SourceFile::raw(file, layout)?.encode(writer, options)
}

impl<R> fmt::Debug for SourceFile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile")
            .field("spec", &self.spec)
            .field("head_bytes", &self.head.len())
            .field("audio_bytes", &self.audio_bytes)
            .finish_non_exhaustive()
    }
}
