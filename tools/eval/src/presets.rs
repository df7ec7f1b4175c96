//! The presets of this codec as contestants.

use lmac::{AudioSpec, EncodeOptions, FORMAT_VERSION, Preset};

use crate::Result;
use crate::audio::{Clip, chunk_frames};
use crate::by_chunks::ByChunks;
use crate::contestant::{Arrangement, Contestant, Headers, Job, Outcome};
use crate::streams::{EachAStream, Options, chunk_bytes};

/// A preset. With [`Headers::Once`] a clip is one stream, in which chunks know nothing of
/// each other; with [`Headers::Each`] each chunk is a stream; a whole clip is a stream with
/// chunks as long as the preset has them. Streams hold all that they hold elsewhere: index,
/// checksums, and the MD5 of the audio.
#[derive(Debug)]
pub struct LmacPreset {
    preset: Preset,
    name: String,
}

impl LmacPreset {
    /// This preset as a contestant.
    pub fn new(preset: Preset) -> Self {
        LmacPreset { preset, name: name(preset) }
    }

    fn options(&self) -> Options {
        Options { encode: EncodeOptions::default().with_preset(self.preset), ..Options::default() }
    }
}

/// The name of a preset in results.
pub(crate) fn name(preset: Preset) -> String {
    format!("lmac {}", preset.name())
}

pub(crate) fn description(preset: Preset) -> String {
    let (major, minor) = FORMAT_VERSION;
    let version = env!("CARGO_PKG_VERSION");
    format!("lmac {version}, format {major}.{minor}, preset {}", preset.name())
}

impl Contestant for LmacPreset {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        description(self.preset)
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome> {
        let mut options = self.options();
        let chunk_frames = chunk_frames(&clip.spec, job.chunk_bytes);
        match (job.arrangement, job.headers) {
            (Arrangement::Whole | Arrangement::Files, _) => {
                Ok(options.measure(&clip.pcm, &clip.spec, job)?.0)
            }
            (Arrangement::Chunks, Headers::Once) => {
                options.encode = options.encode.with_chunk_frames(chunk_frames as u64);
                let (mut outcome, stream) = options.measure(&clip.pcm, &clip.spec, job)?;
                outcome.chunks = chunk_bytes(&stream)?;
                Ok(outcome)
            }
            (Arrangement::Chunks, Headers::Each) => ByChunks::new(EachAStream {
                options,
                chunk_frames,
                threads: job.threads,
                interrupt: job.interrupt.clone(),
            })
            .measure(clip, job),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lmac::{Decoder, Encoder, SampleFormat};

    use super::*;
    use crate::contestant::{Check, Interrupt};

    fn clip(format: SampleFormat, channels: u16, frames: usize) -> Clip {
        let spec = AudioSpec::new(format, channels, 8000);
        let tone = |at: usize| ((at as f64 * 0.05).sin() * 90.0) as i8 as u8;
        let pcm = (0..frames * spec.frame_bytes()).map(tone).collect();
        Clip { name: "clip".into(), spec, pcm, file: None }
    }

    fn job(arrangement: Arrangement, headers: Headers) -> Job {
        let interrupt = Interrupt::default();
        Job { arrangement, chunk_bytes: 500, headers, check: true, threads: 2, interrupt }
    }

    fn stream(pcm: &[u8], spec: &AudioSpec, options: EncodeOptions) -> Vec<u8> {
        let options = options.with_declared_frames((pcm.len() / spec.frame_bytes()) as u64);
        let mut encoder = Encoder::with_options(Vec::new(), *spec, options).unwrap();
        encoder.write_all(pcm).unwrap();
        encoder.finish().unwrap().writer
    }

    #[test]
    fn rates_are_those_of_real_streams() {
        for (format, channels) in
            [(SampleFormat::U8, 1), (SampleFormat::S24, 2), (SampleFormat::F64, 1)]
        {
            let clip = clip(format, channels, 1201);
            let frames = 500 / clip.spec.frame_bytes();
            for &preset in &[Preset::Store, Preset::Light, Preset::Fast] {
                let contestant = LmacPreset::new(preset);
                let measure =
                    |arrangement, headers| contestant.measure(&clip, &job(arrangement, headers));
                let options = EncodeOptions::default().with_preset(preset);
                let chunked = options.clone().with_chunk_frames(frames as u64);

                let once = measure(Arrangement::Chunks, Headers::Once).unwrap();
                let real = stream(&clip.pcm, &clip.spec, chunked.clone());
                assert_eq!((once.bytes, &once.check), (real.len() as u64, &Check::Passed));
                assert_eq!(once.chunks.len(), 1201usize.div_ceil(frames));
                assert!((once.chunks.iter().sum::<f64>() - once.bytes as f64).abs() < 1e-6);

                let each = measure(Arrangement::Chunks, Headers::Each).unwrap();
                let pieces = clip.pcm.chunks(frames * clip.spec.frame_bytes());
                let real = pieces.map(|piece| stream(piece, &clip.spec, chunked.clone()).len());
                assert!(each.chunks.iter().map(|&bytes| bytes as usize).eq(real));
                assert_eq!(each.bytes as f64, each.chunks.iter().sum::<f64>());
                assert!(each.bytes > once.bytes);

                let whole = measure(Arrangement::Whole, Headers::Each).unwrap();
                let real = stream(&clip.pcm, &clip.spec, options);
                assert_eq!((whole.bytes, whole.chunks), (real.len() as u64, vec![]));
                assert!(Decoder::new(real.as_slice()).unwrap().info().has_md5);
            }
        }
    }

    #[test]
    fn chunks_that_cannot_be_are_an_error() {
        let clip = clip(SampleFormat::U8, 1, 10);
        let long = Job { chunk_bytes: 1 << 40, ..job(Arrangement::Chunks, Headers::Once) };
        let error = LmacPreset::new(Preset::Store).measure(&clip, &long).unwrap_err();
        assert!(error.to_string().contains("frames"), "{error}");
    }

    #[test]
    fn streams_can_be_interrupted() {
        let job = job(Arrangement::Whole, Headers::Once);
        job.interrupt.stop();
        let clip = clip(SampleFormat::U8, 1, 10);
        let error = LmacPreset::new(Preset::Store).measure(&clip, &job).unwrap_err();
        assert!(error.is_interrupted());
    }
}
