//! FLAC files to try things with, and the ways there and back.

use std::io::Read;

use lmac::source::{NewFile, Restored, SourceFile};
use lmac::{AudioSpec, Decoder, EncodeOptions, Encoder, Finished, Preset, SampleFormat};
use lmac_support::flac::{Frames, Shape, head, to_pcm};
use lmac_support::{Random, Signal, pcm};

pub(crate) type Encoded = Result<Finished<Vec<u8>>, lmac::Error>;

/// A reader that gives a few bytes at a time.
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8], pub(crate) Random);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = 1 + self.1.below(2000) as usize;
        let length = length.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

pub(crate) fn options() -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(1000).with_verify(true)
}

pub(crate) fn encode(file: &[u8], options: &EncodeOptions) -> Encoded {
    SourceFile::open(file)?.encode(Vec::new(), options)
}

pub(crate) fn try_restore(stream: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut file = Vec::new();
    let mut restored = Restored::new(Decoder::new(stream)?);
    restored.read_to_end(&mut file)?;
    restored.decoder_mut().expect_end()?;
    Ok(file)
}

pub(crate) fn audio(stream: &[u8]) -> Vec<u8> {
    let mut pcm = Vec::new();
    Decoder::new(stream).unwrap().read_to_end(&mut pcm).unwrap();
    pcm
}

/// Asserts that a file comes back; returns what encoding it found.
#[track_caller]
pub(crate) fn comes_back(file: &[u8]) -> Finished<Vec<u8>> {
    let finished = encode(file, &options()).unwrap();
    assert!(try_restore(&finished.writer).unwrap() == file);
    finished
}

/// Makes a FLAC file of audio with the library's own encoder.
pub(crate) fn flac_of(spec: AudioSpec, pcm: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::with_options(Vec::new(), spec, options()).unwrap();
    std::io::Write::write_all(&mut encoder, pcm).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let frames = pcm.len() / spec.frame_bytes();
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut restored =
        Restored::converted(decoder, NewFile::Flac, None, Some(frames as u64)).unwrap();
    let mut file = Vec::new();
    restored.read_to_end(&mut file).unwrap();
    if let Some(head) = restored.corrected_head() {
        file.splice(..head.len(), head);
    }
    file
}

/// Returns a stereo file of a melody.
pub(crate) fn melody(frames: usize) -> Vec<u8> {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    flac_of(spec, &pcm(&spec, frames, Signal::Melody, 1))
}

/// A file of random frames.
pub(crate) struct Built {
    pub(crate) file: Vec<u8>,
    pub(crate) pcm: Vec<u8>,
    pub(crate) spec: AudioSpec,
    /// Where its frames begin.
    pub(crate) starts: Vec<usize>,
}

/// Makes a file with frames of these sizes and random decisions.
pub(crate) fn built(shape: Shape, sizes: &[usize], seed: u64) -> Built {
    let format = SampleFormat::integer(shape.bits.next_multiple_of(8)).unwrap();
    let spec =
        AudioSpec::new(format, shape.channels as u16, shape.rate).with_valid_bits(shape.bits as u8);
    let total: usize = sizes.iter().sum();
    let most = sizes.iter().max().copied().unwrap_or(4096) as u16;
    let mut file = head(&shape, (most, most), total as u64, [0; 16], true);
    let (mut pcm, mut starts) = (Vec::new(), Vec::new());
    let mut frames = Frames::new(shape, seed);
    for &size in sizes {
        let (frame, channels) = frames.next(size);
        starts.push(file.len());
        file.extend(frame.bytes());
        pcm.extend(to_pcm(&channels, &spec));
    }
    Built { file, pcm, spec, starts }
}
