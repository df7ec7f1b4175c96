//! The chart of what a clip costs along time.

use crate::pictures::{Cost, CostAlongTime, Piece, Sample, Sound};
use lmac::SampleFormat;

use super::{arranged, chunk_size, kind};
use crate::audio::{Clip, chunk_frames};
use crate::contestant::{Arrangement, Outcome};
use crate::report::numbers::{count, grouped};
use crate::results::{Measured, Results};

/// What a clip costs along time, if it is one of the run's.
pub(super) fn chart<'a>(results: &Results, clip: &'a Clip) -> Option<CostAlongTime<'a>> {
    let number = results.clips.iter().position(|facts| facts.name == clip.name)?;
    let costs = results.measured.iter().filter_map(|measured| {
        let Measured { arrangement, contestant, result, .. } = measured;
        let outcome = result.counting()?;
        let asked = measured.clip == number && *arrangement == Arrangement::Chunks;
        if !asked || outcome.chunks.is_empty() {
            return None;
        }
        let entry = results.contestants.get(*contestant)?;
        let estimate = if outcome.estimated { " (estimate)" } else { "" };
        Some(Cost {
            name: format!("{}{estimate}", entry.name),
            group: kind(entry),
            pieces: pieces(clip, outcome, chunk_size(results)),
        })
    });
    let spec = &clip.spec;
    let facts = &results.clips[number];
    let conversion = facts.conversion.as_ref();
    Some(CostAlongTime {
        title: format!("Cost along time: {}", clip.name),
        subtitle: format!(
            "{} Hz, {}, {} bits{}; {}",
            grouped(spec.rate as usize),
            count(spec.channels.into(), "channel"),
            facts.bits,
            conversion.map_or(String::new(), |how| format!(" ({how})")),
            arranged(results, Arrangement::Chunks),
        ),
        costs: costs.collect(),
        sound: Sound {
            pcm: &clip.pcm,
            sample: sample(spec.format)?,
            channels: spec.channels.into(),
            rate: spec.rate,
        },
        bits: spec.format.bits(),
    })
}

/// How samples are read, if that is known.
fn sample(format: SampleFormat) -> Option<Sample> {
    Some(match format {
        SampleFormat::U8 => Sample::Unsigned8,
        SampleFormat::S16 => Sample::Signed(2),
        SampleFormat::S24 => Sample::Signed(3),
        SampleFormat::S32 => Sample::Signed(4),
        SampleFormat::F32 => Sample::Float32,
        SampleFormat::F64 => Sample::Float64,
        _ => return None,
    })
}

/// When each chunk is. All are as long as was asked for, but for the last; where that makes
/// another number of chunks, they are as long as makes this one.
fn pieces(clip: &Clip, outcome: &Outcome, chunk_bytes: Option<usize>) -> Vec<Piece> {
    let frames = clip.frames() as usize;
    let chunks = outcome.chunks.len();
    let asked = chunk_bytes.map(|bytes| chunk_frames(&clip.spec, bytes));
    let length = asked.filter(|length| frames.div_ceil(*length) == chunks);
    let length = length.unwrap_or(frames.div_ceil(chunks.max(1))).max(1);
    let tempo = f64::from(clip.spec.rate.max(1));
    let starts = (0..frames).step_by(length);
    let piece = |(start, bytes): (usize, &f64)| Piece {
        start: start as f64 / tempo,
        seconds: length.min(frames - start) as f64 / tempo,
        bits: bytes * 8.0,
    };
    starts.zip(&outcome.chunks).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use lmac::AudioSpec;

    use super::*;
    use crate::report::samples::outcome;

    #[test]
    fn chunks_have_their_times() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 100);
        let clip = Clip { name: "a".into(), spec, pcm: vec![0; 4 * 70], file: None };
        let outcome = Outcome { chunks: vec![10.0, 20.0, 5.0], ..outcome(35) };
        let of = |chunk_bytes| -> Vec<(f64, f64, f64)> {
            let pieces = pieces(&clip, &outcome, chunk_bytes).into_iter();
            pieces.map(|piece| (piece.start, piece.seconds, piece.bits)).collect()
        };
        // 30 frames are 123 bytes, cut down to whole ones.
        assert_eq!(of(Some(123)), [(0.0, 0.3, 80.0), (0.3, 0.3, 160.0), (0.6, 0.1, 40.0)]);
        let thirds = [(0.0, 0.24, 80.0), (0.24, 0.24, 160.0), (0.48, 0.22, 40.0)];
        assert_eq!(of(None), thirds);
        assert_eq!(of(Some(2048)), thirds, "chunks were not as long as that");
    }
}
