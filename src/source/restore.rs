//! From a stream back to the file.

use std::io::{self, Read};

use bytes::{Buf, Bytes};

use super::raw;
use crate::audio::AudioSpec;
use crate::container::header::SourceKind;
use crate::error::Result;
use crate::memory;
use crate::stream::decoder::{Decoder, Event};

/// Reads the file that a stream was made from.
///
/// Everything that was around the audio comes back as it was. A stream that was made of
/// samples, a part of a stream, or audio alone gets a WAV head of its own.
#[derive(Debug)]
pub struct Restored<R: Read> {
    decoder: Decoder<R>,
    /// What comes before the audio, and then whatever is at hand.
    current: Bytes,
    /// Whether what surrounded the audio comes back with it.
    original: bool,
    /// Bytes of audio so far.
    audio_bytes: u64,
    /// The most there are to be.
    most_bytes: u64,
    ended: bool,
}

impl<R: Read> Restored<R> {
    /// The whole file. Where the decoder has moved on, or the head is lost, the audio that
    /// is left with a new head.
    pub fn new(decoder: Decoder<R>) -> Self {
        let header = &decoder.stream.header;
        let position = decoder.position();
        let whole = position == 0 && !decoder.damage().head_lost;
        let head = match header.source {
            _ if !whole || header.source == SourceKind::Samples => {
                let frames = decoder.total_frames().or(header.declared_frames);
                let left = frames.map(|frames| frames.saturating_sub(position));
                return Self::audio(decoder, None, left);
            }
            SourceKind::Samples | SourceKind::Raw { .. } => Bytes::new(),
            SourceKind::CanonicalWav => header
                .canonical_wav_head()
                .map(|head| Bytes::copy_from_slice(&head))
                .unwrap_or_default(),
            SourceKind::Wav => decoder.head().clone(),
        };
        Restored {
            decoder,
            current: head,
            original: true,
            audio_bytes: 0,
            most_bytes: u64::MAX,
            ended: false,
        }
    }

    /// The audio from where the decoder stands, this many frames of it or all, with a new
    /// WAV head; a raw file's samples without one. `announced` is the number of frames
    /// for the head where all are wanted and their number is known.
    pub fn audio(decoder: Decoder<R>, frames: Option<u64>, announced: Option<u64>) -> Self {
        let spec = &decoder.info().spec;
        let head = match decoder.info().source {
            SourceKind::Raw { .. } => Bytes::new(),
            _ => wav_head(spec, frames.or(announced)).into(),
        };
        let most_bytes =
            frames.map_or(u64::MAX, |frames| frames.saturating_mul(spec.frame_bytes() as u64));
        Restored {
            decoder,
            current: head,
            original: false,
            audio_bytes: 0,
            most_bytes,
            ended: false,
        }
    }

    /// The decoder, for what it knows.
    pub fn decoder(&self) -> &Decoder<R> {
        &self.decoder
    }

    /// Gives the decoder back.
    pub fn into_decoder(self) -> Decoder<R> {
        self.decoder
    }

    /// The decoder, to go on with.
    pub fn decoder_mut(&mut self) -> &mut Decoder<R> {
        &mut self.decoder
    }

    /// The next bytes of the file, as many as are at hand; empty at the end.
    pub fn next_piece(&mut self) -> Result<Bytes> {
        self.fetch()?;
        Ok(std::mem::take(&mut self.current))
    }

    /// Gets something to hand out, unless the file is at its end.
    fn fetch(&mut self) -> Result<()> {
        while self.current.is_empty() && !self.ended {
            if self.audio_bytes == self.most_bytes {
                self.end();
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
                    self.current = self.in_file_order(pcm)?;
                }
                Event::Tail(bytes) if self.original => self.current = bytes,
                Event::Tail(_) => {}
                Event::End => self.end(),
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        self.ended = true;
        let raw = matches!(self.decoder.info().source, SourceKind::Raw { .. });
        if !self.original && !raw && self.audio_bytes % 2 == 1 {
            self.current = Bytes::from_static(&[0]);
        }
    }

    fn in_file_order(&self, pcm: Bytes) -> Result<Bytes> {
        let info = self.decoder.info();
        if !raw::differs(info.source) {
            return Ok(pcm);
        }
        let mut samples = memory::copied(&pcm)?;
        raw::from_pcm(info.source, &info.spec, &mut samples);
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

/// A WAV head for audio that has none. Where the number of frames is not known, the
/// lengths in it are all ones; beyond four GiB it is an RF64 head. Audio of an odd number
/// of bytes is followed by a zero.
pub fn wav_head(spec: &AudioSpec, frames: Option<u64>) -> Vec<u8> {
    const UNKNOWN: u32 = u32::MAX;
    let bits = spec.format.bits();
    let frame_bytes = spec.frame_bytes() as u64;
    let tag: u16 = if spec.format.is_float() { 3 } else { 1 };
    let extensible =
        spec.channels > 2 || spec.channel_mask.is_some() || u32::from(spec.valid_bits) != bits;

    let mut format = Vec::new();
    format.extend(if extensible { 0xFFFE } else { tag }.to_le_bytes());
    format.extend(spec.channels.to_le_bytes());
    format.extend(spec.rate.to_le_bytes());
    let byte_rate = u64::from(spec.rate) * frame_bytes;
    format.extend(u32::try_from(byte_rate).unwrap_or(UNKNOWN).to_le_bytes());
    // Frames this wide have no WAV head that is right; readers go by the channels.
    format.extend(u16::try_from(frame_bytes).unwrap_or(u16::MAX).to_le_bytes());
    format.extend((bits as u16).to_le_bytes());
    if extensible {
        format.extend(22u16.to_le_bytes());
        format.extend(u16::from(spec.valid_bits).to_le_bytes());
        format.extend(spec.channel_mask.unwrap_or(0).to_le_bytes());
        format.extend(tag.to_le_bytes());
        format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    }

    // Lengths that do not fit are as good as none.
    let data = frames
        .and_then(|frames| frames.checked_mul(frame_bytes))
        .filter(|&data| data < u64::MAX - 256);
    // "WAVE", the fmt chunk, the data chunk's header, the audio and its padding.
    let riff = data.map(|data| 4 + 8 + format.len() as u64 + 8 + data + data % 2);
    let short = riff.is_none_or(|riff| u32::try_from(riff).is_ok());
    let length = |value: Option<u64>| match value {
        Some(value) if short => value as u32,
        _ => UNKNOWN,
    };

    let mut head = Vec::new();
    head.extend(if short { b"RIFF" } else { b"RF64" });
    head.extend(length(riff).to_le_bytes());
    head.extend(b"WAVE");
    if let (false, Some(riff), Some(data), Some(frames)) = (short, riff, data, frames) {
        head.extend(b"ds64");
        head.extend(28u32.to_le_bytes());
        head.extend((riff + 36).to_le_bytes());
        head.extend(data.to_le_bytes());
        head.extend(frames.to_le_bytes());
        head.extend(0u32.to_le_bytes());
    }
    head.extend(b"fmt ");
    head.extend((format.len() as u32).to_le_bytes());
    head.extend(format);
    head.extend(b"data");
    head.extend(length(data).to_le_bytes());
    head
}
