//! A stream as a source of rodio. Programs may copy this file: it needs lmac and rodio alone.

use std::io::{Read, Seek};
use std::num::NonZero;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lmac::{DecodeOptions, Decoder, Error, SampleFormat};
use rodio::source::SeekError;
use rodio::{ChannelCount, Sample, SampleRate, Source};

/// Plays a stream with rodio.
///
/// Playing begins before the first chunk is decoded. Seeks are exact.
pub(crate) struct LmacSource<R: Read> {
    decoder: Decoder<R>,
    format: SampleFormat,
    frame_bytes: usize,
    channels: ChannelCount,
    rate: SampleRate,
    frames: Option<u64>,
    /// Decoded PCM, and how much of it was played.
    pcm: Vec<u8>,
    played: usize,
    /// Why the stream ended early.
    failure: Arc<OnceLock<String>>,
}

impl<R: Read + Seek> LmacSource<R> {
    /// Opens a stream.
    pub(crate) fn new(reader: R) -> Result<Self, Box<dyn std::error::Error>> {
        let options = DecodeOptions::default().with_provisional(true);
        let decoder = Decoder::open(reader, options)?;
        let spec = decoder.info().spec;
        Ok(LmacSource {
            format: spec.format,
            frame_bytes: spec.frame_bytes(),
            channels: NonZero::new(spec.channels).ok_or("the stream has no channels")?,
            rate: NonZero::new(spec.rate).ok_or("the stream does not say its sample rate")?,
            frames: decoder.total_frames(),
            pcm: Vec::new(),
            played: 0,
            failure: Arc::default(),
            decoder,
        })
    }

    /// Returns a place for the error that ends the stream early, as a source of rodio has none.
    pub(crate) fn failure(&self) -> Arc<OnceLock<String>> {
        Arc::clone(&self.failure)
    }

    fn frame_at(&self, time: Duration) -> u64 {
        let ticks = time.as_nanos() * u128::from(self.rate.get());
        let frame = (ticks + 500_000_000) / 1_000_000_000;
        u64::try_from(frame).unwrap_or(u64::MAX)
    }

    /// Reads more PCM, whole frames of it.
    fn read(&mut self) -> Option<()> {
        self.pcm.resize(1024 * self.frame_bytes, 0);
        self.played = 0;
        let read = self.decoder.read(&mut self.pcm);
        self.pcm.truncate(*read.as_ref().unwrap_or(&0));
        if let Err(error) = read {
            let _ = self.failure.set(Error::from(error).to_string());
        }
        (!self.pcm.is_empty()).then_some(())
    }
}

impl<R: Read + Seek> Iterator for LmacSource<R> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        if self.played == self.pcm.len() {
            self.read()?;
        }
        let pcm = &self.pcm[self.played..];
        self.played += self.format.bytes();
        Some(match self.format {
            SampleFormat::U8 => (f32::from(pcm[0]) - 128.0) / 128.0,
            SampleFormat::S16 => f32::from(i16::from_le_bytes([pcm[0], pcm[1]])) / 32_768.0,
            SampleFormat::S24 => integer([0, pcm[0], pcm[1], pcm[2]]),
            SampleFormat::S32 => integer([pcm[0], pcm[1], pcm[2], pcm[3]]),
            SampleFormat::F32 => f32::from_le_bytes([pcm[0], pcm[1], pcm[2], pcm[3]]),
            SampleFormat::F64 => {
                let bytes = [pcm[0], pcm[1], pcm[2], pcm[3], pcm[4], pcm[5], pcm[6], pcm[7]];
                f64::from_le_bytes(bytes) as f32
            }
            _ => return None,
        })
    }
}

fn integer(bytes: [u8; 4]) -> Sample {
    (f64::from(i32::from_le_bytes(bytes)) / 2_147_483_648.0) as f32
}

impl<R: Read + Seek> Source for LmacSource<R> {
    /// `None`: rate and channels stay the same to the end.
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        self.channels
    }

    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        let frames = u128::from(self.frames?);
        let nanoseconds = frames * 1_000_000_000 / u128::from(self.rate.get());
        Some(Duration::from_nanos(u64::try_from(nanoseconds).ok()?))
    }

    /// Goes to the frame that is nearest to a time; to the end if the time is behind it.
    fn try_seek(&mut self, time: Duration) -> Result<(), SeekError> {
        let frame = self.frame_at(time).min(self.frames.unwrap_or(u64::MAX));
        let sought = self.decoder.seek(frame);
        // The next sample is of the channel whose turn it is.
        let turn = self.played % self.frame_bytes;
        self.pcm.clear();
        self.played = 0;
        if sought.is_ok() && turn > 0 && self.read().is_some() {
            self.played = turn;
        }
        sought.map(drop).map_err(|error| SeekError::Other(Arc::new(error)))
    }
}
