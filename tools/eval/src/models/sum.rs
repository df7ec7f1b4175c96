//! The streams that a model made of a clip: one, or many.

use std::time::Duration;

use lmac::language;

use crate::contestant::{BitAccount, Check, Outcome, Stage};

/// The result of one stream.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) outcome: Outcome,
    pub(super) account: language::Account,
    /// Bytes that are neither tokens, planes nor the coder's loss.
    pub(super) other_bytes: u64,
    pub(super) segments: Vec<language::SegmentCost>,
    /// Times, by the kind of work and its stages.
    pub(super) stages: Vec<(&'static str, Vec<(language::Stage, Duration)>)>,
}

impl Part {
    /// Returns the bytes of each chunk of `chunk_frames`: the bits of its context, and an even
    /// share of the bytes that belong to no chunk. A context that is longer than a chunk, where
    /// samples have wasted bytes, is shared by its frames.
    pub(super) fn chunks(&self, frames: u64, chunk_frames: usize) -> Vec<f64> {
        let length = chunk_frames as u64;
        let count = frames.div_ceil(length);
        let mut chunks = vec![0.0; usize::try_from(count).unwrap_or(0)];
        for segment in &self.segments {
            let bytes = (segment.token_bits + segment.plane_bits) / 8.0;
            let end = segment.first_frame + segment.frames;
            for number in segment.first_frame / length..end.div_ceil(length) {
                let within =
                    end.min((number + 1) * length) - segment.first_frame.max(number * length);
                if let Some(chunk) = chunks.get_mut(number as usize) {
                    *chunk += bytes * within as f64 / segment.frames as f64;
                }
            }
        }
        let rest = self.outcome.bytes as f64 - chunks.iter().sum::<f64>();
        let share = rest / chunks.len() as f64;
        chunks.iter_mut().for_each(|chunk| *chunk += share);
        chunks
    }
}

/// All streams of a clip.
#[derive(Debug, Default)]
pub(super) struct Sum {
    outcome: Option<Outcome>,
    account: BitAccount,
    stages: Vec<Stage>,
}

impl Sum {
    /// Adds a stream and the bytes of its chunks.
    pub(super) fn add(&mut self, part: Part, mut chunks: Vec<f64>) {
        self.account.add(&BitAccount {
            tokens: part.account.tokens,
            characters: part.account.characters,
            hits: part.account.hits,
            escapes: part.account.escapes,
            token_bits: part.account.token_bits,
            plane_bits: part.account.plane_bits,
            other_bytes: part.other_bytes,
            expanded: part.account.refused_chunks,
        });
        for (work, stages) in &part.stages {
            for (stage, time) in stages.iter().filter(|(_, time)| !time.is_zero()) {
                let name = format!("{work}: {}", stage.name());
                Stage::add(&mut self.stages, &[Stage { name, seconds: time.as_secs_f64() }]);
            }
        }
        let Some(sum) = &mut self.outcome else {
            self.outcome = Some(Outcome { chunks, ..part.outcome });
            return;
        };
        let Outcome { bytes, check, encoding, decoding, .. } = part.outcome;
        sum.bytes += bytes;
        sum.chunks.append(&mut chunks);
        sum.encoding = sum.encoding.zip(encoding).map(|(sum, seconds)| sum + seconds);
        sum.decoding = sum.decoding.zip(decoding).map(|(sum, seconds)| sum + seconds);
        // The first failure stays.
        if !matches!(sum.check, Check::Failed(_)) {
            sum.check = check;
        }
    }

    /// Returns the result of the clip.
    pub(super) fn finish(self) -> Outcome {
        let Sum { outcome, account, stages } = self;
        let outcome = outcome.unwrap_or(Outcome::of_bytes(0));
        Outcome { account: Some(account), stages, ..outcome }
    }
}
