//! What was measured.

use serde::{Deserialize, Serialize};

use crate::contestant::{Arrangement, Check, Outcome, Weights};

/// All that came out of a run.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// What was asked for, as names and values for people, in the order of the options.
    pub settings: Vec<(String, String)>,
    /// What was compressed, in the order of the run.
    pub clips: Vec<ClipFacts>,
    /// Files that are not among them, and why.
    pub skipped: Vec<(String, String)>,
    /// Who took part, in the order of the run.
    pub contestants: Vec<Entry>,
    /// What became of it, in the order of clips, contestants and arrangements.
    pub measured: Vec<Measured>,
    /// Whether nothing is missing.
    pub complete: bool,
}

/// A clip without its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipFacts {
    /// As of the clip.
    pub name: String,
    /// Frames a second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Bits of a sample.
    pub bits: u32,
    /// Bytes of PCM.
    pub pcm_bytes: u64,
    /// Its length.
    pub seconds: f64,
    /// What was done to the samples of the file, such as `16 to 8 bits: >> 8`.
    pub conversion: Option<String>,
}

/// A contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is in full.
    pub description: String,
    /// What its decoder needs.
    pub weights: Option<Weights>,
}

/// What became of a clip in the hands of a contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Number of the clip.
    pub clip: usize,
    /// Number of the contestant.
    pub contestant: usize,
    /// How it was given.
    pub arrangement: Arrangement,
    /// What came of it.
    pub result: Taken,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Taken {
    /// It was compressed; whether it came back is in it.
    Done(Outcome),
    /// The contestant does not take such audio.
    Refused(String),
    /// It could not be compressed or decompressed.
    Failed(String),
}

impl Taken {
    /// The outcome, if it counts: one that did not come back does not.
    pub fn counting(&self) -> Option<&Outcome> {
        match self {
            Taken::Done(outcome) if !matches!(outcome.check, Check::Failed(_)) => Some(outcome),
            _ => None,
        }
    }

    /// Whether it was compressed, or refused, as it always will be: nothing went wrong.
    pub fn is_settled(&self) -> bool {
        matches!(self, Taken::Refused(_)) || self.counting().is_some()
    }
}
