//! The fields of totals.

use serde::Serialize;

use super::shape::{AccountShape, ArrangementShape, StageShape};
use crate::report::bits::Bits;
use crate::report::document::name;
use crate::report::speed::Speed;
use crate::report::totals::{self, Scope, Sum, Tally};
use crate::results::Results;

#[derive(Serialize)]
pub(super) struct Group {
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u32>,
    clips: Vec<usize>,
    pcm_bytes: u64,
    seconds: f64,
    comparisons: Vec<Comparison>,
}

#[derive(Serialize)]
struct Comparison {
    arrangement: ArrangementShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_clips: Option<Vec<usize>>,
    totals: Vec<Total>,
}

#[derive(Serialize)]
struct Total {
    contestant: usize,
    contestant_name: String,
    #[serde(flatten)]
    sum: SumShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    common: Option<SumShape>,
    estimated: bool,
    passed: usize,
    skipped: usize,
    failed: usize,
    refused: usize,
    missing: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjusted: Option<Adjusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<SpeedShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoding: Option<SpeedShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<BitsShape>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stages: Vec<StageShape>,
}

#[derive(Serialize)]
struct SumShape {
    covered_clips: usize,
    bytes: u64,
    pcm_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_percent: Option<f64>,
}

#[derive(Serialize)]
struct Adjusted {
    file_percent: f64,
    two_bytes_percent: f64,
}

#[derive(Serialize)]
struct SpeedShape {
    seconds: f64,
    times_real_time: f64,
    bytes_a_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_a_second: Option<f64>,
}

#[derive(Serialize)]
struct BitsShape {
    bytes: u64,
    pcm_bytes: u64,
    positions: Vec<Position>,
    other_percent: f64,
    rest_percent: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_a_character: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escaped_percent: Option<f64>,
    account: AccountShape,
}

#[derive(Serialize)]
struct Position {
    tokens_percent: f64,
    planes_percent: f64,
}

impl Group {
    pub(super) fn new(results: &Results, group: &totals::Group) -> Self {
        let (scope, folder, bits) = match &group.scope {
            Scope::All => ("all", None, None),
            Scope::Folder(folder) => ("folder", Some(folder.clone()), None),
            Scope::Bits(bits) => ("bits", None, Some(*bits)),
        };
        let comparisons = group.comparisons.iter();
        Group {
            scope,
            folder,
            bits,
            clips: group.clips.clone(),
            pcm_bytes: group.pcm_bytes,
            seconds: group.seconds,
            comparisons: comparisons
                .map(|comparison| Comparison {
                    arrangement: comparison.arrangement.into(),
                    common_clips: comparison
                        .common
                        .as_ref()
                        .map(|clips| clips.iter().copied().collect()),
                    totals: comparison
                        .totals
                        .iter()
                        .map(|total| Total::new(results, total))
                        .collect(),
                })
                .collect(),
        }
    }
}

impl Total {
    fn new(results: &Results, total: &totals::Total) -> Self {
        let Tally { passed, skipped, failed, refused, missing } = total.tally;
        Total {
            contestant: total.contestant,
            contestant_name: name(results, total.contestant),
            sum: total.sum.into(),
            common: total.common.map(SumShape::from),
            estimated: total.estimated,
            passed,
            skipped,
            failed,
            refused,
            missing,
            adjusted: total.adjusted.map(|rates| Adjusted {
                file_percent: rates.file,
                two_bytes_percent: rates.two_bytes,
            }),
            encoding: total.encoding.map(SpeedShape::from),
            decoding: total.decoding.map(SpeedShape::from),
            peak_memory_bytes: total.peak_memory,
            bits: total.bits.as_ref().map(BitsShape::from),
            stages: StageShape::all(&total.stages),
        }
    }
}

impl From<Sum> for SumShape {
    fn from(sum: Sum) -> Self {
        let Sum { clips, bytes, pcm_bytes } = sum;
        SumShape { covered_clips: clips, bytes, pcm_bytes, rate_percent: sum.rate() }
    }
}

impl From<Speed> for SpeedShape {
    fn from(speed: Speed) -> Self {
        let Speed { seconds, times_real_time, bytes_a_second, tokens_a_second } = speed;
        SpeedShape { seconds, times_real_time, bytes_a_second, tokens_a_second }
    }
}

impl From<&Bits> for BitsShape {
    fn from(bits: &Bits) -> Self {
        let positions = bits.positions().into_iter();
        BitsShape {
            bytes: bits.bytes,
            pcm_bytes: bits.pcm_bytes,
            positions: positions
                .map(|at| Position { tokens_percent: at.tokens, planes_percent: at.planes })
                .collect(),
            other_percent: bits.other(),
            rest_percent: bits.rest(),
            tokens_a_character: bits.tokens_a_character(),
            escaped_percent: bits.escaped(),
            account: AccountShape::from(&bits.account),
        }
    }
}
