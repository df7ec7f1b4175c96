//! The fields of a document, but for its totals.

use serde::{Deserialize, Serialize};

use super::sums::Group;
use super::{FORMAT, VERSION};
use crate::contestant::{Account, Arrangement, Check, Outcome, Stage, Weights};
use crate::report::document::name;
use crate::report::numbers::share;
use crate::report::totals::groups;
use crate::results::{ClipFacts, Entry, Measured, Results, Taken};
use crate::{Error, Result};

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    format: String,
    version: u32,
    writer: String,
    complete: bool,
    settings: Vec<SettingShape>,
    clips: Vec<ClipShape>,
    skipped: Vec<SkippedShape>,
    contestants: Vec<ContestantShape>,
    results: Vec<ResultShape>,
    #[serde(skip_deserializing)]
    totals: Vec<Group>,
}

#[derive(Serialize, Deserialize)]
struct SettingShape {
    name: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct ClipShape {
    name: String,
    rate_hz: u32,
    channels: u16,
    bits: u32,
    pcm_bytes: u64,
    seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversion: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SkippedShape {
    file: String,
    reason: String,
}

#[derive(Serialize, Deserialize)]
struct ContestantShape {
    name: String,
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<WeightsShape>,
}

#[derive(Serialize, Deserialize)]
struct WeightsShape {
    file_bytes: u64,
    parameters: u64,
}

#[derive(Serialize, Deserialize)]
struct ResultShape {
    clip: usize,
    clip_name: String,
    contestant: usize,
    contestant_name: String,
    arrangement: ArrangementShape,
    status: Status,
    counts: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_percent: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estimated: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<CheckShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decoding_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountShape>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stages: Vec<StageShape>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chunk_bytes: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clamped_chunks: Option<u32>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ArrangementShape {
    Chunks,
    Whole,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Done,
    Refused,
    Failed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CheckShape {
    Passed,
    Skipped,
    Failed,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AccountShape {
    tokens: u64,
    characters: u64,
    hits: u64,
    escapes: u64,
    token_bits: Vec<f64>,
    plane_bits: Vec<f64>,
    other_bytes: u64,
    expanded_chunks: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StageShape {
    name: String,
    seconds: f64,
}

impl From<&Results> for Document {
    fn from(results: &Results) -> Self {
        let pairs = |(name, value): &(String, String)| (name.clone(), value.clone());
        Document {
            format: FORMAT.into(),
            version: VERSION,
            writer: concat!("lmac ", env!("CARGO_PKG_VERSION")).into(),
            complete: results.complete,
            settings: results
                .settings
                .iter()
                .map(pairs)
                .map(|(name, value)| SettingShape { name, value })
                .collect(),
            clips: results.clips.iter().map(ClipShape::from).collect(),
            skipped: results
                .skipped
                .iter()
                .map(pairs)
                .map(|(file, reason)| SkippedShape { file, reason })
                .collect(),
            contestants: results.contestants.iter().map(ContestantShape::from).collect(),
            results: results.measured.iter().map(|one| ResultShape::new(results, one)).collect(),
            totals: groups(results).iter().map(|group| Group::new(results, group)).collect(),
        }
    }
}

impl Document {
    pub(super) fn results(self) -> Result<Results> {
        let mut results = Results {
            settings: self.settings.into_iter().map(|one| (one.name, one.value)).collect(),
            clips: self.clips.into_iter().map(ClipFacts::from).collect(),
            skipped: self.skipped.into_iter().map(|one| (one.file, one.reason)).collect(),
            contestants: self.contestants.into_iter().map(Entry::from).collect(),
            measured: Vec::with_capacity(self.results.len()),
            complete: self.complete,
        };
        for (number, shape) in self.results.into_iter().enumerate() {
            let measured = shape
                .measured(&results)
                .map_err(|error| error.about(format!("result {number}")))?;
            results.measured.push(measured);
        }
        Ok(results)
    }
}

impl ResultShape {
    fn new(results: &Results, measured: &Measured) -> Self {
        let clip = results.clips.get(measured.clip);
        let (status, mut reason, outcome) = match &measured.result {
            Taken::Done(outcome) => (Status::Done, None, Some(outcome)),
            Taken::Refused(reason) => (Status::Refused, Some(reason.clone()), None),
            Taken::Failed(reason) => (Status::Failed, Some(reason.clone()), None),
        };
        let check = outcome.map(|outcome| match &outcome.check {
            Check::Passed => CheckShape::Passed,
            Check::Skipped => CheckShape::Skipped,
            Check::Failed(difference) => {
                reason = Some(difference.clone());
                CheckShape::Failed
            }
        });
        let counting = measured.result.counting();
        ResultShape {
            clip: measured.clip,
            clip_name: clip.map_or(String::new(), |clip| clip.name.clone()),
            contestant: measured.contestant,
            contestant_name: name(results, measured.contestant),
            arrangement: measured.arrangement.into(),
            status,
            counts: counting.is_some(),
            reason,
            bytes: outcome.map(|outcome| outcome.bytes),
            rate_percent: counting
                .and_then(|outcome| share(outcome.bytes as f64, clip?.pcm_bytes as f64)),
            estimated: outcome.map(|outcome| outcome.estimated),
            check,
            encoding_seconds: outcome.map(|outcome| outcome.encoding),
            decoding_seconds: outcome.and_then(|outcome| outcome.decoding),
            peak_memory_bytes: outcome.and_then(|outcome| outcome.peak_memory),
            account: outcome.and_then(|outcome| outcome.account.as_ref()).map(AccountShape::from),
            stages: outcome.map_or(Vec::new(), |outcome| StageShape::all(&outcome.stages)),
            chunk_bytes: outcome.map_or(Vec::new(), |outcome| outcome.chunks.clone()),
            clamped_chunks: outcome.map(|outcome| outcome.clamped),
        }
    }

    fn measured(self, results: &Results) -> Result<Measured> {
        let clip = results.clips.get(self.clip).map(|clip| &clip.name);
        named("clip", self.clip, clip, &self.clip_name)?;
        let contestant = results.contestants.get(self.contestant).map(|entry| &entry.name);
        named("contestant", self.contestant, contestant, &self.contestant_name)?;
        Ok(Measured {
            clip: self.clip,
            contestant: self.contestant,
            arrangement: self.arrangement.into(),
            result: self.taken()?,
        })
    }

    fn taken(self) -> Result<Taken> {
        let missing = |what: &str| Error::new(format!("has no {what}"));
        let reason = || self.reason.clone().ok_or_else(|| missing("reason"));
        match self.status {
            Status::Refused => return Ok(Taken::Refused(reason()?)),
            Status::Failed => return Ok(Taken::Failed(reason()?)),
            Status::Done => {}
        }
        let check = match &self.check {
            Some(CheckShape::Passed) => Check::Passed,
            Some(CheckShape::Skipped) => Check::Skipped,
            Some(CheckShape::Failed) => Check::Failed(reason()?),
            None => return Err(missing("check")),
        };
        Ok(Taken::Done(Outcome {
            bytes: self.bytes.ok_or_else(|| missing("bytes"))?,
            chunks: self.chunk_bytes,
            clamped: self.clamped_chunks.unwrap_or(0),
            estimated: self.estimated.ok_or_else(|| missing("estimated"))?,
            check,
            encoding: self.encoding_seconds.ok_or_else(|| missing("encoding_seconds"))?,
            decoding: self.decoding_seconds,
            peak_memory: self.peak_memory_bytes,
            account: self.account.map(Account::from),
            stages: self
                .stages
                .into_iter()
                .map(|stage| Stage { name: stage.name, seconds: stage.seconds })
                .collect(),
        }))
    }
}

/// Whether a number and a name mean the same.
fn named(what: &str, number: usize, known: Option<&String>, name: &str) -> Result<()> {
    match known {
        Some(known) if known == name => Ok(()),
        Some(known) => Err(Error::new(format!("{what} {number} is '{known}', not '{name}'"))),
        None => Err(Error::new(format!("{what} {number} does not exist"))),
    }
}

impl StageShape {
    pub(super) fn all(stages: &[Stage]) -> Vec<Self> {
        let shapes = stages.iter();
        shapes
            .map(|stage| StageShape { name: stage.name.clone(), seconds: stage.seconds })
            .collect()
    }
}

impl From<Arrangement> for ArrangementShape {
    fn from(arrangement: Arrangement) -> Self {
        match arrangement {
            Arrangement::Chunks => ArrangementShape::Chunks,
            Arrangement::Whole => ArrangementShape::Whole,
        }
    }
}

impl From<ArrangementShape> for Arrangement {
    fn from(shape: ArrangementShape) -> Self {
        match shape {
            ArrangementShape::Chunks => Arrangement::Chunks,
            ArrangementShape::Whole => Arrangement::Whole,
        }
    }
}

impl From<&ClipFacts> for ClipShape {
    fn from(clip: &ClipFacts) -> Self {
        let ClipFacts { name, rate, channels, bits, pcm_bytes, seconds, conversion } = clip.clone();
        ClipShape { name, rate_hz: rate, channels, bits, pcm_bytes, seconds, conversion }
    }
}

impl From<ClipShape> for ClipFacts {
    fn from(shape: ClipShape) -> Self {
        let ClipShape { name, rate_hz: rate, channels, bits, pcm_bytes, seconds, conversion } =
            shape;
        ClipFacts { name, rate, channels, bits, pcm_bytes, seconds, conversion }
    }
}

impl From<&Entry> for ContestantShape {
    fn from(entry: &Entry) -> Self {
        let Entry { name, description, weights } = entry.clone();
        let weights = weights
            .map(|Weights { file_bytes, parameters }| WeightsShape { file_bytes, parameters });
        ContestantShape { name, description, weights }
    }
}

impl From<ContestantShape> for Entry {
    fn from(shape: ContestantShape) -> Self {
        let ContestantShape { name, description, weights } = shape;
        let weights = weights
            .map(|WeightsShape { file_bytes, parameters }| Weights { file_bytes, parameters });
        Entry { name, description, weights }
    }
}

impl From<&Account> for AccountShape {
    fn from(account: &Account) -> Self {
        AccountShape {
            tokens: account.tokens,
            characters: account.characters,
            hits: account.hits,
            escapes: account.escapes,
            token_bits: account.token_bits.clone(),
            plane_bits: account.plane_bits.clone(),
            other_bytes: account.other_bytes,
            expanded_chunks: account.expanded,
        }
    }
}

impl From<AccountShape> for Account {
    fn from(shape: AccountShape) -> Self {
        Account {
            tokens: shape.tokens,
            characters: shape.characters,
            hits: shape.hits,
            escapes: shape.escapes,
            token_bits: shape.token_bits,
            plane_bits: shape.plane_bits,
            other_bytes: shape.other_bytes,
            expanded: shape.expanded_chunks,
        }
    }
}
