//! From a stream back to the file.

use std::io::{self, Read};

use bytes::{Buf, Bytes};

use crate::audio::AudioSpec;
use crate::container::source::SourceKind;
use crate::error::Result;
use crate::formats::wav::{wav_head, wav_tail};
use crate::formats::{self, layout};
use crate::memory;
use crate::source::flac::{Compressor, Restorer};
use crate::stream::decoder::{Decoder, Event};
use crate::tags::Tags;

/// A file that audio is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewFile {
    /// WAV, or RF64 beyond four GiB.
    Wav,
    /// FLAC, with the tags of the stream. It holds integers of up to eight channels.
    Flac,
    /// Samples alone: in the layout of the source file if that was raw, else as PCM.
    Raw,
}

/// Reads the file that a stream was made from, or another file of its audio.
///
/// Everything around the audio comes back as it was, and so do the frames of a FLAC file. Audio
/// without a file, a part of a stream and audio alone get a new WAV head.
#[derive(Debug)]
pub struct Restored<R: Read> {
    decoder: Decoder<R>,
    /// The head at first, then the bytes at hand.
    current: Bytes,
    making: Making,
    /// The head of a new file.
    head: Bytes,
    /// Bytes of audio so far.
    audio_bytes: u64,
    /// The most bytes of audio that are wanted.
    most_bytes: u64,
    ended: bool,
}

/// What the audio becomes.
#[derive(Debug)]
enum Making {
    /// The file that it came from.
    Original,
    /// The FLAC file that it came from.
    OriginalFlac(Box<Restorer>),
    New(NewFile),
    NewFlac(Box<Compressor>),
}

impl<R: Read> Restored<R> {
    /// Restores the whole file.
    ///
    /// If the decoder has moved on, or the head is lost, the rest of the audio comes with a
    /// new head.
    pub fn new(decoder: Decoder<R>) -> Self {
        let info = decoder.info();
        let position = decoder.position();
        if position > 0 || decoder.damage().head_lost || info.source == SourceKind::Samples {
            let frames = decoder.total_frames().or(info.declared_frames);
            let left = frames.map(|frames| frames.saturating_sub(position));
            return Self::audio(decoder, None, left);
        }
        let head = head_of_original(&decoder);
        let making = match info.source {
            SourceKind::Flac => {
                Making::OriginalFlac(Box::new(Restorer::new(&info.spec, info.chunk_frames)))
            }
            _ => Making::Original,
        };
        Self::with_head(decoder, head, making, u64::MAX)
    }

    /// Restores the audio from the decoder's position on with a new head: this many frames of
    /// it, or all.
    ///
    /// Samples of a raw file come without a head. `announced` is the number of frames for the
    /// head if all are wanted and their number is known.
    pub fn audio(decoder: Decoder<R>, frames: Option<u64>, announced: Option<u64>) -> Self {
        let file = match decoder.info().source {
            SourceKind::Raw { .. } => NewFile::Raw,
            _ => NewFile::Wav,
        };
        Self::new_file(decoder, file, frames, announced)
    }

    /// Makes a file of the audio from the decoder's position on: of this many frames of it, or of
    /// all. `announced` is as in [`audio`](Self::audio).
    ///
    /// Fails if such a file cannot hold the audio.
    pub fn converted(
        decoder: Decoder<R>,
        file: NewFile,
        frames: Option<u64>,
        announced: Option<u64>,
    ) -> Result<Self> {
        if file != NewFile::Flac {
            return Ok(Self::new_file(decoder, file, frames, announced));
        }
        let info = decoder.info();
        let exact = info.source == SourceKind::Flac;
        // Tags that are damaged do not matter here.
        let mut tags = decoder.tags().unwrap_or_default();
        tags.vendor = Tags::new().vendor;
        if decoder.position() > 0 || frames.is_some() {
            // They are for the whole.
            tags.cue_sheets.clear();
        }
        let compressor = Compressor::new(&info.spec, exact, tags)?;
        let head = compressor.head(frames.or(announced)).into();
        let most_bytes = most_bytes(&info.spec, frames);
        Ok(Self::with_head(decoder, head, Making::NewFlac(Box::new(compressor)), most_bytes))
    }

    /// Makes a WAV file or one of samples alone.
    fn new_file(
        decoder: Decoder<R>,
        file: NewFile,
        frames: Option<u64>,
        announced: Option<u64>,
    ) -> Self {
        let spec = &decoder.info().spec;
        let head = match file {
            NewFile::Raw => Vec::new(),
            _ => wav_head(spec, frames.or(announced)),
        };
        let most_bytes = most_bytes(spec, frames);
        Self::with_head(decoder, head.into(), Making::New(file), most_bytes)
    }

    fn with_head(mut decoder: Decoder<R>, head: Bytes, making: Making, most_bytes: u64) -> Self {
        // Whoever makes a file waits for what is right.
        decoder.stop_provisional();
        let info = decoder.info();
        decoder.set_aside(match &making {
            Making::Original | Making::New(_) => 0,
            Making::OriginalFlac(_) => Restorer::memory(&info.spec, info.chunk_frames),
            Making::NewFlac(_) => Compressor::memory(&info.spec, info.chunk_frames),
        });
        Restored {
            decoder,
            current: head.clone(),
            making,
            head,
            audio_bytes: 0,
            most_bytes,
            ended: false,
        }
    }

    /// Returns the head that a new file should have, once all of it was read; `None` if it begins
    /// with that one, or if that one has another length.
    pub fn corrected_head(&self) -> Option<Vec<u8>> {
        let spec = &self.decoder.info().spec;
        let right = match &self.making {
            Making::Original | Making::OriginalFlac(_) | Making::New(NewFile::Raw) => return None,
            Making::New(_) => wav_head(spec, Some(self.audio_bytes / spec.frame_bytes() as u64)),
            Making::NewFlac(compressor) => compressor.final_head(),
        };
        (right != self.head && right.len() == self.head.len()).then_some(right)
    }

    /// Returns the decoder, to ask it.
    pub fn decoder(&self) -> &Decoder<R> {
        &self.decoder
    }

    /// Returns the decoder.
    pub fn into_decoder(self) -> Decoder<R> {
        self.decoder
    }

    /// Returns the decoder, to change it.
    pub fn decoder_mut(&mut self) -> &mut Decoder<R> {
        &mut self.decoder
    }

    /// Returns the next bytes of the file, as many as are decoded; empty at the end.
    pub fn next_piece(&mut self) -> Result<Bytes> {
        self.fetch()?;
        Ok(std::mem::take(&mut self.current))
    }

    /// Gets bytes to hand out, unless the file is at its end.
    fn fetch(&mut self) -> Result<()> {
        self.try_fetch().map_err(|error| match &self.making {
            Making::OriginalFlac(restorer) if error.is_damage() => error.at(restorer.place()),
            _ => error,
        })
    }

    fn try_fetch(&mut self) -> Result<()> {
        while self.current.is_empty() && !self.ended {
            if self.audio_bytes == self.most_bytes {
                self.end()?;
                continue;
            }
            if let Making::OriginalFlac(restorer) = &mut self.making
                && let Some(part) = restorer.next_part()?
            {
                self.current = part.into();
                continue;
            }
            let waiting = self.decoder.take_current();
            let event = match waiting.is_empty() {
                true => self.decoder.next_event()?,
                false => Event::Audio(waiting),
            };
            match event {
                Event::Audio(mut pcm) => {
                    let room = self.most_bytes - self.audio_bytes;
                    let room = usize::try_from(room).unwrap_or(usize::MAX).min(pcm.len());
                    self.decoder.put_back(pcm.split_off(room));
                    self.audio_bytes += pcm.len() as u64;
                    self.take_audio(pcm)?;
                }
                Event::Decisions(block) => {
                    if let Making::OriginalFlac(restorer) = &mut self.making {
                        restorer.take_block(block)?;
                    }
                }
                Event::Tail(bytes) => match &self.making {
                    Making::Original => self.current = bytes,
                    Making::OriginalFlac(restorer) => {
                        restorer.finish()?;
                        self.current = bytes;
                    }
                    Making::New(_) | Making::NewFlac(_) => {}
                },
                Event::End => self.end()?,
            }
        }
        Ok(())
    }

    fn take_audio(&mut self, pcm: Bytes) -> Result<()> {
        match &mut self.making {
            Making::Original | Making::New(NewFile::Raw) => {
                self.current = self.in_file_order(pcm)?;
            }
            Making::New(_) => self.current = pcm,
            Making::OriginalFlac(restorer) => restorer.take_pcm(pcm)?,
            Making::NewFlac(compressor) => self.current = compressor.take(&pcm)?.into(),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.ended = true;
        match &mut self.making {
            Making::Original | Making::New(NewFile::Raw) => {}
            Making::OriginalFlac(restorer) => restorer.finish()?,
            Making::New(_) => {
                self.current = Bytes::from_static(wav_tail(self.audio_bytes));
            }
            Making::NewFlac(compressor) => self.current = compressor.finish()?,
        }
        Ok(())
    }

    fn in_file_order(&self, pcm: Bytes) -> Result<Bytes> {
        let info = self.decoder.info();
        let raw = matches!(info.source, SourceKind::Raw { .. });
        let in_order = matches!(self.making, Making::Original) || raw;
        if !in_order || !layout::converts(info.source) {
            return Ok(pcm);
        }
        let mut samples = memory::copied(&pcm)?;
        layout::restore(info.source, &info.spec, &mut samples);
        Ok(samples.into())
    }
}

/// The head of the file that a stream was made from.
pub(super) fn head_of_original<R: Read>(decoder: &Decoder<R>) -> Bytes {
    let info = decoder.info();
    let implied =
        formats::of(info.source).implied_head(info.source, &info.spec, info.declared_frames);
    implied.map_or_else(|| decoder.head().clone(), Bytes::from)
}

fn most_bytes(spec: &AudioSpec, frames: Option<u64>) -> u64 {
    frames.map_or(u64::MAX, |frames| frames.saturating_mul(spec.frame_bytes() as u64))
}

impl<R: Read> Read for Restored<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.fetch()?;
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
