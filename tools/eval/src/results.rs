//! Results of a run.

use serde::{Deserialize, Serialize};

use crate::contestant::{Arrangement, Check, Outcome, Weights};

/// The results of a run.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// The options of the run, as text for people.
    pub settings: Vec<Setting>,
    /// The clips, in the order of the run.
    pub clips: Vec<ClipFacts>,
    /// Files that are not among them, and why.
    pub skipped: Vec<Skipped>,
    /// The contestants, in the order of the run.
    pub contestants: Vec<Entry>,
    /// The results, in the order of clips, contestants and arrangements.
    pub measured: Vec<Measured>,
    /// Whether nothing is missing.
    pub complete: bool,
}

impl Results {
    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.map(|setting| setting.value.as_str())
    }
}

/// An option, as text for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Setting {
    /// A setting of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Setting { name: name.into(), value: value.into() }
    }
}

/// A file that is not among the clips.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    /// Its name.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// A clip without its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipFacts {
    /// As of the clip.
    pub name: String,
    /// The folder whose sums it is in; empty for none.
    #[serde(default)]
    pub folder: String,
    /// Frames a second.
    #[serde(rename = "rate_hz")]
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Bits of a sample.
    pub bits: u32,
    /// Bytes of PCM.
    pub pcm_bytes: u64,
    /// Bytes of the file, where contestants are given the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Its length.
    pub seconds: f64,
    /// The conversion of the file's samples, such as `16 to 8 bits: >> 8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<String>,
}

impl ClipFacts {
    /// The bytes that rates are over: those of the PCM, or of the file.
    pub fn size(&self, arrangement: Arrangement) -> u64 {
        match arrangement {
            Arrangement::Files => self.file_bytes.unwrap_or(self.pcm_bytes),
            Arrangement::Chunks | Arrangement::Whole => self.pcm_bytes,
        }
    }
}

/// A contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Program or library, version and settings.
    pub description: String,
    /// The weights that its decoder needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
}

/// The result of a clip with a contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Number of the clip.
    pub clip: usize,
    /// Number of the contestant.
    pub contestant: usize,
    /// How the clip was given.
    pub arrangement: Arrangement,
    /// The result.
    #[serde(flatten)]
    pub result: Taken,
}

/// The result of giving a clip to a contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
#[allow(clippy::large_enum_variant, reason = "nearly all results are the large one")]
pub enum Taken {
    /// It was compressed.
    Done(Outcome),
    /// The contestant does not take such audio.
    Refused {
        /// Why.
        reason: String,
    },
    /// It could not be compressed or decompressed.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Taken {
    /// Returns the outcome if it counts: if its check did not fail.
    pub fn counting(&self) -> Option<&Outcome> {
        match self {
            Taken::Done(outcome) if !matches!(outcome.check, Check::Failed(_)) => Some(outcome),
            _ => None,
        }
    }

    /// Returns whether another try would give the same.
    pub fn is_settled(&self) -> bool {
        matches!(self, Taken::Refused { .. }) || self.counting().is_some()
    }
}
