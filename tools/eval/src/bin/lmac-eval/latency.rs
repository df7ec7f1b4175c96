//! How long a player waits for sound, and what short chunks cost.

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::time::Instant;

use lmac::{DecodeOptions, Decoder, EncodeOptions, Encoder, Frames, Preset};
use lmac_eval::{Clip, Dataset, Error, Result};

use crate::args::LatencyArgs;

/// A table of Markdown.
pub(crate) fn table(args: &LatencyArgs) -> Result<Vec<u8>> {
    let dataset = Dataset::files(&args.folder)?;
    let clips = dataset.facts().len();
    let mut table = format!(
        "First sound in milliseconds on one thread: medians of {clips} recordings, and of {} seeks \
         in each.\nSizes are against chunks of the default length.\n\n\
         | preset | chunk | size | opening, a piece | opening, a chunk | seeking, a piece | \
         seeking, a chunk |\n|:--|--:|--:|--:|--:|--:|--:|\n",
        args.seeks
    );
    for preset in args.presets.iter().filter_map(|preset| preset.0) {
        let options = EncodeOptions::default().with_preset(preset).with_verify(false);
        let usual = Measured::of(&dataset, args, |_| options.clone())?;
        for &seconds in &args.chunk_seconds {
            let measured = Measured::of(&dataset, args, |clip| {
                let frames = (seconds * f64::from(clip.spec.rate)).round().max(1.0);
                options.clone().with_chunk_frames(frames as u64)
            })?;
            measured.line(preset, &format!("{seconds} s"), &usual, &mut table);
        }
        usual.line(preset, "default", &usual, &mut table);
    }
    Ok(table.into_bytes())
}

/// Streams of all clips.
#[derive(Default)]
struct Measured {
    bytes: usize,
    /// Times with provisional audio, and with whole chunks.
    opening: [Vec<f64>; 2],
    seeking: [Vec<f64>; 2],
}

impl Measured {
    fn of(
        dataset: &Dataset,
        args: &LatencyArgs,
        options: impl Fn(&Clip) -> EncodeOptions,
    ) -> Result<Self> {
        let mut measured = Measured::default();
        for number in 0..dataset.facts().len() {
            let clip = dataset.load(number)?;
            let added = measured.add(&clip, options(&clip), args.seeks);
            added.map_err(|error| Error::from(error).about(&clip.name))?;
        }
        Ok(measured)
    }

    fn add(&mut self, clip: &Clip, options: EncodeOptions, seeks: u32) -> lmac::Result<()> {
        let mut encoder = Encoder::with_options(Vec::new(), clip.spec, options)?;
        encoder.write_all(&clip.pcm).map_err(lmac::Error::from)?;
        let stream = encoder.finish()?.writer;
        self.bytes += stream.len();
        for (kind, provisional) in [true, false].into_iter().enumerate() {
            let options = DecodeOptions::default().with_provisional(provisional);
            let mut frames = Frames::new();
            let start = Instant::now();
            let mut decoder = Decoder::open(Cursor::new(&stream), options)?;
            decoder.read_frames(&mut frames)?;
            self.opening[kind].push(start.elapsed().as_secs_f64());
            // Places that follow no pattern of chunks.
            for seek in 1..=u64::from(seeks) {
                let frame = seek.wrapping_mul(0x9E37_79B9_7F4A) % clip.frames().max(1);
                let start = Instant::now();
                decoder.seek(frame)?;
                decoder.read_frames(&mut frames)?;
                self.seeking[kind].push(start.elapsed().as_secs_f64());
            }
        }
        Ok(())
    }

    fn line(&self, preset: Preset, chunk: &str, usual: &Measured, table: &mut String) {
        let more = 100.0 * (self.bytes as f64 / usual.bytes as f64 - 1.0);
        let _ = write!(table, "| {} | {chunk} | {more:+.2} % |", preset.name());
        for times in self.opening.iter().chain(&self.seeking) {
            let mut times = times.clone();
            times.sort_by(f64::total_cmp);
            let median = times.get(times.len() / 2).map_or(0.0, |seconds| 1e3 * seconds);
            let _ = write!(table, " {median:.1} |");
        }
        table.push('\n');
    }
}
