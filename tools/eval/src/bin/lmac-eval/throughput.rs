//! The speed of audio that is only stored: of everything around the methods.

use std::fmt::Write as _;
use std::io::{Write, sink};
use std::time::Instant;

use lmac::source::Restored;
use lmac::{AudioSpec, Decoder, EncodeOptions, Encoder, Preset, SampleFormat};

const BYTES: usize = 256 << 20;
const ROUNDS: usize = 5;

/// A table of Markdown.
pub(crate) fn table() -> lmac::Result<Vec<u8>> {
    let audio = noise();
    let mut table = format!(
        "MB/s on one thread, {} MiB of 16-bit stereo, median of {ROUNDS}\n\
         | MD5 | verification | encoding | decoding |\n|:--|:--|--:|--:|\n",
        BYTES >> 20
    );
    for (md5, verify) in [(true, true), (true, false), (false, false)] {
        let options =
            EncodeOptions::default().with_preset(Preset::Store).with_md5(md5).with_verify(verify);
        let mut encoding = Vec::new();
        let mut decoding = Vec::new();
        let stream = encode(&audio, Vec::with_capacity(BYTES + (1 << 20)), &options)?;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            encode(&audio, sink(), &options)?;
            encoding.push(start.elapsed().as_secs_f64());

            let start = Instant::now();
            let mut restored = Restored::new(Decoder::new(stream.as_slice())?);
            while !restored.next_piece()?.is_empty() {}
            decoding.push(start.elapsed().as_secs_f64());
        }
        let speed = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            BYTES as f64 / 1e6 / times[ROUNDS / 2]
        };
        let (encoding, decoding) = (speed(encoding), speed(decoding));
        let _ = writeln!(table, "| {md5} | {verify} | {encoding:.0} | {decoding:.0} |");
    }
    Ok(table.into_bytes())
}

fn encode<W: Write>(audio: &[u8], writer: W, options: &EncodeOptions) -> lmac::Result<W> {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let mut encoder = Encoder::with_options(writer, spec, options.clone())?;
    encoder.write_all(audio).map_err(lmac::Error::from)?;
    Ok(encoder.finish()?.writer)
}

/// Audio that nothing can compress.
fn noise() -> Vec<u8> {
    let mut state = 1u64;
    let mut noise = vec![0; BYTES];
    for eight in noise.chunks_exact_mut(8) {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        eight.copy_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    noise
}
