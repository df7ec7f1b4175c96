//! From a stream back to the file.

use std::io::{self, Read};

use bytes::{Buf, Bytes};

use crate::container::source::SourceKind;
use crate::error::Result;
use crate::formats;
use crate::memory;
use crate::source::flac::Restorer;
use crate::stream::decoder::{Decoder, Event};

/// Reads the file that a stream was made from.
///
/// Everything around the audio comes back as it was. Audio without a file, a part of a stream
/// and audio alone get a new WAV head.
#[derive(Debug)]
pub struct Restored<R: Read> {
    decoder: Decoder<R>,
    /// The head at first, then the bytes at hand.
    current: Bytes,
    /// Whether the original bytes around the audio come back.
    original: bool,
    /// Bytes of audio so far.
    audio_bytes: u64,
    /// The most bytes of audio that are wanted.
    most_bytes: u64,
    /// Makes the frames of a FLAC file from the audio.
    flac: Option<Restorer>,
    ended: bool,
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
        let implied =
            formats::of(info.source).implied_head(info.source, &info.spec, info.declared_frames);
        let head = implied.map_or_else(|| decoder.head().clone(), Bytes::from);
        let flac =
            (info.source == SourceKind::Flac).then(|| Restorer::new(&info.spec, info.chunk_frames));
        Restored { flac, ..Self::with_head(decoder, head, true, u64::MAX) }
    }

    /// Restores the audio from the decoder's position on with a new head: this many frames of
    /// it, or all.
    ///
    /// Samples of a raw file come without a head. `announced` is the number of frames for the
    /// head if all are wanted and their number is known.
    pub fn audio(decoder: Decoder<R>, frames: Option<u64>, announced: Option<u64>) -> Self {
        let info = decoder.info();
        let head = formats::of(info.source).new_head(&info.spec, frames.or(announced));
        let frame_bytes = info.spec.frame_bytes() as u64;
        let most_bytes = frames.map_or(u64::MAX, |frames| frames.saturating_mul(frame_bytes));
        Self::with_head(decoder, head.into(), false, most_bytes)
    }

    fn with_head(decoder: Decoder<R>, head: Bytes, original: bool, most_bytes: u64) -> Self {
        Restored {
            decoder,
            current: head,
            original,
            audio_bytes: 0,
            most_bytes,
            flac: None,
            ended: false,
        }
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
        while self.current.is_empty() && !self.ended {
            if self.audio_bytes == self.most_bytes {
                self.end();
                continue;
            }
            if let Some(flac) = &mut self.flac
                && let Some(part) = flac.next_part()?
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
                Event::Audio(pcm) if let Some(flac) = &mut self.flac => flac.take_pcm(pcm),
                Event::Audio(mut pcm) => {
                    let room = self.most_bytes - self.audio_bytes;
                    let room = usize::try_from(room).unwrap_or(usize::MAX).min(pcm.len());
                    self.decoder.put_back(pcm.split_off(room));
                    self.audio_bytes += pcm.len() as u64;
                    self.current = self.in_file_order(pcm)?;
                }
                Event::Decisions(block) => {
                    if let Some(flac) = &mut self.flac {
                        flac.take_block(block);
                    }
                }
                Event::Tail(bytes) if self.original => {
                    self.finish_frames()?;
                    self.current = bytes;
                }
                Event::Tail(_) => {}
                Event::End => {
                    self.finish_frames()?;
                    self.end();
                }
            }
        }
        Ok(())
    }

    fn finish_frames(&self) -> Result<()> {
        self.flac.as_ref().map_or(Ok(()), Restorer::finish)
    }

    fn end(&mut self) {
        self.ended = true;
        if !self.original {
            let tail = formats::of(self.decoder.info().source).new_tail(self.audio_bytes);
            self.current = Bytes::from_static(tail);
        }
    }

    fn in_file_order(&self, pcm: Bytes) -> Result<Bytes> {
        let info = self.decoder.info();
        let format = formats::of(info.source);
        if !format.converts(info.source) {
            return Ok(pcm);
        }
        let mut samples = memory::copied(&pcm)?;
        format.restore_samples(info.source, &info.spec, &mut samples);
        Ok(samples.into())
    }
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
