//! Clips and chunks of them as complete streams of this codec.

use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

use lmac::{AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, Inspector};

use crate::by_chunks::difference;
use crate::contestant::{Check, Codec, Interrupt, Job, Outcome};
use crate::{Error, Result};

/// Bytes of PCM between looks at an interrupt.
const BLOCK: usize = 1 << 16;

/// How streams are made, and read again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) encode: EncodeOptions,
    pub(crate) decode: DecodeOptions,
}

impl Options {
    /// Makes one stream of audio, and checks it if the job says so. The bytes of chunks are
    /// left empty.
    pub(crate) fn measure(
        self,
        pcm: &[u8],
        spec: &AudioSpec,
        job: &Job,
    ) -> Result<(Outcome, Vec<u8>)> {
        let start = Instant::now();
        let encode = self.encode.with_threads(job.threads);
        let stream = encoded(pcm, spec, encode, &job.interrupt)?;
        let encoding = start.elapsed().as_secs_f64();
        let (mut check, mut decoding) = (Check::Skipped, None);
        if job.check {
            let start = Instant::now();
            let decode = self.decode.with_threads(job.threads);
            let (spec_back, back) = decoded(&stream, decode, &job.interrupt)
                .map_err(|error| error.about("decoding"))?;
            decoding = Some(start.elapsed().as_secs_f64());
            check = match difference(pcm, &back) {
                Some(difference) => Check::Failed(difference),
                None if spec_back != *spec => {
                    Check::Failed(format!("{spec_back:?} came back, not {spec:?}"))
                }
                None => Check::Passed,
            };
        }
        let bytes = stream.len() as u64;
        let outcome =
            Outcome { check, encoding: Some(encoding), decoding, ..Outcome::of_bytes(bytes) };
        Ok((outcome, stream))
    }
}

/// Returns the bytes of each chunk of a stream: its own, and an even share of those around
/// all chunks.
pub(crate) fn chunk_bytes(stream: &[u8]) -> Result<Vec<f64>> {
    let mut inspector = Inspector::new(stream)?;
    let mut own = Vec::new();
    while let Some(chunk) = inspector.next_chunk()? {
        own.push(chunk.bytes);
    }
    let around = stream.len() as u64 - own.iter().sum::<u64>();
    let share = around as f64 / own.len() as f64;
    Ok(own.into_iter().map(|bytes| bytes as f64 + share).collect())
}

/// The stream of audio.
pub(crate) fn encoded(
    pcm: &[u8],
    spec: &AudioSpec,
    options: EncodeOptions,
    interrupt: &Interrupt,
) -> Result<Vec<u8>> {
    let frames = (pcm.len() / spec.frame_bytes()) as u64;
    let options = options.with_declared_frames(frames);
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options)?;
    for block in pcm.chunks(BLOCK) {
        interrupt.check()?;
        encoder.write_all(block).map_err(lmac::Error::from)?;
    }
    Ok(encoder.finish()?.writer)
}

fn decoded(
    stream: &[u8],
    options: DecodeOptions,
    interrupt: &Interrupt,
) -> Result<(AudioSpec, Vec<u8>)> {
    let mut decoder = Decoder::with_options(stream, options)?;
    let mut pcm = Vec::new();
    loop {
        interrupt.check()?;
        let block = decoder.by_ref().take(BLOCK as u64).read_to_end(&mut pcm);
        if block.map_err(lmac::Error::from)? == 0 {
            break;
        }
    }
    decoder.expect_end()?;
    Ok((decoder.info().spec, pcm))
}

/// A codec that makes a stream of each chunk.
pub(crate) struct EachAStream {
    pub(crate) options: Options,
    pub(crate) chunk_frames: usize,
    pub(crate) threads: usize,
    pub(crate) interrupt: Interrupt,
}

impl Codec for EachAStream {
    fn name(&self) -> &str {
        "streams"
    }

    fn description(&self) -> String {
        "a stream for each chunk".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let options =
            self.options.encode.clone().with_chunk_frames(self.chunk_frames as u64).with_threads(1);
        spread(self.threads, pieces, |piece| encoded(piece, spec, options.clone(), &self.interrupt))
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        spread(self.threads, coded, |stream| {
            let options = self.options.decode.clone().with_threads(1);
            decoded(stream, options, &self.interrupt).map(|(_, pcm)| pcm)
        })
    }
}

/// Does the same work for all things on several threads; 0 is one for each core.
fn spread<T: Sync, R: Send>(
    threads: usize,
    things: &[T],
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let part = things.len().div_ceil(threads).max(1);
    let run = |part: &[T]| part.iter().map(&work).collect::<Result<Vec<R>>>();
    if part >= things.len() {
        return run(things);
    }
    thread::scope(|scope| {
        let parts: Vec<_> =
            things.chunks(part).map(|part| scope.spawn(move || run(part))).collect();
        let mut all = Vec::with_capacity(things.len());
        for part in parts {
            let done = part.join().unwrap_or_else(|_| Err(Error::new("a thread died")));
            all.extend(done?);
        }
        Ok(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_threads_stay_in_order() {
        let things: Vec<u32> = (0..10).collect();
        for threads in [0, 1, 3, 4, 20] {
            let doubled = spread(threads, &things, |thing| Ok(2 * thing)).unwrap();
            assert!(doubled.into_iter().eq((0..10).map(|thing| 2 * thing)));
            let failed = spread(threads, &things, |&thing| match thing {
                7 => Err(Error::new("seven")),
                _ => Ok(()),
            });
            assert_eq!(failed.unwrap_err().to_string(), "seven");
        }
        assert!(spread(2, &[] as &[u32], |_| Ok(())).unwrap().is_empty());
    }
}
