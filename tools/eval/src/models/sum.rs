//! What a model made of a clip: one stream, or many.

use std::time::Duration;

use lmac::language;

use crate::contestant::{Account, Check, Outcome, Stage};

/// What came of one stream.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) outcome: Outcome,
    pub(super) account: language::Account,
    /// Bytes that are neither token nor plane, nor the coder's loss.
    pub(super) other_bytes: u64,
    pub(super) segments: Vec<language::SegmentCost>,
    /// Time by what was done and its stages.
    pub(super) stages: Vec<(&'static str, Vec<(language::Stage, Duration)>)>,
}

impl Part {
    /// What each chunk of so many frames takes: the bits of its context, and an even share of
    /// the bytes that are no chunk's own. A context that is longer than a chunk, where
    /// samples have bytes that say nothing, is shared by its frames.
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
    account: Account,
    stages: Vec<Stage>,
}

impl Sum {
    /// Adds a stream and what its chunks take.
    pub(super) fn add(&mut self, part: Part, mut chunks: Vec<f64>) {
        self.add_account(&part.account);
        self.account.other_bytes += part.other_bytes;
        for (work, stages) in &part.stages {
            for (stage, time) in stages.iter().filter(|(_, time)| !time.is_zero()) {
                self.add_stage(format!("{work}: {}", stage.name()), time.as_secs_f64());
            }
        }
        let Some(sum) = &mut self.outcome else {
            self.outcome = Some(Outcome { chunks, ..part.outcome });
            return;
        };
        let Outcome { bytes, check, encoding, decoding, .. } = part.outcome;
        sum.bytes += bytes;
        sum.chunks.append(&mut chunks);
        sum.encoding += encoding;
        sum.decoding = sum.decoding.zip(decoding).map(|(sum, seconds)| sum + seconds);
        // The first failure stays.
        if !matches!(sum.check, Check::Failed(_)) {
            sum.check = check;
        }
    }

    fn add_account(&mut self, part: &language::Account) {
        let Account { tokens, characters, hits, escapes, expanded, .. } = &mut self.account;
        *tokens += part.tokens;
        *characters += part.characters;
        *hits += part.hits;
        *escapes += part.escapes;
        *expanded += part.refused_chunks;
        for (sum, bits) in [
            (&mut self.account.token_bits, &part.token_bits),
            (&mut self.account.plane_bits, &part.plane_bits),
        ] {
            sum.resize(sum.len().max(bits.len()), 0.0);
            sum.iter_mut().zip(bits).for_each(|(sum, bits)| *sum += bits);
        }
    }

    fn add_stage(&mut self, name: String, seconds: f64) {
        match self.stages.iter_mut().find(|stage| stage.name == name) {
            Some(stage) => stage.seconds += seconds,
            None => self.stages.push(Stage { name, seconds }),
        }
    }

    /// What came of the clip.
    pub(super) fn finish(self) -> Outcome {
        let Sum { outcome, account, stages } = self;
        let outcome = outcome.unwrap_or(Outcome::of_bytes(0));
        Outcome { account: Some(account), stages, ..outcome }
    }
}
