//! Small streams of every shape.

use std::io::Read;
use std::ops::Range;

use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Error, Inspector, Preset, SampleFormat,
    Verification,
};
use lmac_support::{Signal, pcm, stream};

pub(crate) const SPEC: fn() -> AudioSpec = || AudioSpec::new(SampleFormat::S16, 2, 44100);

/// Returns small streams of every shape with their PCM.
pub(crate) fn streams() -> Vec<(Vec<u8>, Vec<u8>)> {
    let audio = |signal, frames| pcm(&SPEC(), frames, signal, 4);
    let options = || EncodeOptions::default().with_preset(Preset::Light);
    let mixed = [
        audio(Signal::Melody, 60),
        audio(Signal::Silence, 30),
        audio(Signal::Constant, 1).repeat(30),
        audio(Signal::Noise, 30),
    ]
    .concat();
    let mut all: Vec<_> = [
        (Vec::new(), options()),
        (audio(Signal::Melody, 50), options()),
        (audio(Signal::Melody, 50), options().with_declared_frames(50).with_md5(false)),
        (mixed.clone(), options().with_chunk_frames(30)),
        (mixed.clone(), options().with_chunk_frames(30).with_declared_frames(150)),
        (audio(Signal::Noise, 40), options().with_preset(Preset::Store)),
    ]
    .map(|(pcm, options)| (stream(&pcm, &SPEC(), options), pcm))
    .into();
    // A WAV file with chunks around its audio.
    let mut wav = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(150));
    wav.extend(&mixed);
    wav.extend(b"LIST\x04\0\0\0tail");
    let options = options().with_chunk_frames(100);
    let finished = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap();
    all.push((finished.writer, mixed));
    all
}

/// Returns the PCM of a stream, and how it ends.
pub(crate) fn decode(stream: &[u8], recover: bool) -> (Vec<u8>, Result<Verification, Error>) {
    let options = DecodeOptions::default();
    let decoder = match recover {
        true => Decoder::recover_in_one_pass(stream, options),
        false => Decoder::with_options(stream, options),
    };
    let mut pcm = Vec::new();
    let result = decoder.and_then(|mut decoder| {
        decoder.read_to_end(&mut pcm)?;
        decoder.expect_end()?;
        Ok(decoder.verification())
    });
    (pcm, result)
}

/// Returns a stream of ten chunks, its PCM, and the places of the chunks.
pub(crate) fn ten_chunks(seed: u64) -> (Vec<u8>, Vec<u8>, Vec<Range<usize>>) {
    let pcm = pcm(&SPEC(), 1000, Signal::Melody, seed);
    let stream = stream(
        &pcm,
        &SPEC(),
        EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(100),
    );
    let mut inspector = Inspector::new(stream.as_slice()).unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        chunks.push(chunk.offset as usize..(chunk.offset + chunk.bytes) as usize);
    }
    (stream, pcm, chunks)
}

/// Returns the PCM with some of the ten chunks silent.
pub(crate) fn silenced(pcm: &[u8], chunks: Range<usize>) -> Vec<u8> {
    let mut pcm = pcm.to_vec();
    pcm[chunks.start * 400..chunks.end * 400].fill(0);
    pcm
}
