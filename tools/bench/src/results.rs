//! What was measured, and what follows from it.

use std::collections::BTreeMap;

use crate::corpus::Recording;
use crate::process::Cost;
use crate::programs::BASELINE;

/// What a codec made of one file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    pub(crate) bytes: u64,
    /// Sizes that were measured elsewhere come without.
    pub(crate) costs: Option<Costs>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Costs {
    pub(crate) encode: Cost,
    pub(crate) decode: Cost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Encoding,
    Decoding,
}

impl Way {
    pub(crate) const BOTH: [Way; 2] = [Way::Encoding, Way::Decoding];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Encoding => "encoding",
            Way::Decoding => "decoding",
        }
    }
}

impl Measured {
    pub(crate) fn cost(&self, way: Way) -> Option<Cost> {
        self.costs.map(|costs| match way {
            Way::Encoding => costs.encode,
            Way::Decoding => costs.decode,
        })
    }

    /// This and another round of the same: the shorter times, the higher peaks.
    pub(crate) fn better(self, other: Measured) -> Measured {
        let costs = self.costs.zip(other.costs).map(|(a, b)| Costs {
            encode: better(a.encode, b.encode),
            decode: better(a.decode, b.decode),
        });
        Measured { bytes: self.bytes, costs }
    }
}

fn better(a: Cost, b: Cost) -> Cost {
    Cost { seconds: a.seconds.min(b.seconds), peak_bytes: a.peak_bytes.max(b.peak_bytes) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Lmac,
    Program,
    /// Sizes from a file.
    Stored,
}

/// One codec and what it did with each recording, by the recording's number.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) measured: BTreeMap<usize, Measured>,
    /// Why it did not take others.
    pub(crate) refused: BTreeMap<usize, String>,
}

impl Row {
    pub(crate) fn new(name: String, version: Option<String>, origin: Origin) -> Self {
        Row { name, version, origin, measured: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// Seconds that these files took together, where the codec took all of them.
    fn time(&self, files: &[usize], way: Way) -> Option<f64> {
        let times = files.iter().map(|at| Some(self.measured.get(at)?.cost(way)?.seconds));
        times.sum()
    }

    /// The most memory that any file took.
    pub(crate) fn peak(&self, way: Way) -> Option<u64> {
        self.measured.values().filter_map(|measured| measured.cost(way)?.peak_bytes).max()
    }

    /// The files that it took.
    pub(crate) fn files(&self) -> Vec<usize> {
        self.measured.keys().copied().collect()
    }
}

pub(crate) struct Results<'a> {
    pub(crate) recordings: &'a [Recording],
    /// How often each file was coded.
    pub(crate) rounds: u32,
    rows: Vec<Row>,
}

impl<'a> Results<'a> {
    /// Puts the codecs in order: first those that took all files, the smallest first.
    pub(crate) fn new(recordings: &'a [Recording], rounds: u32, mut rows: Vec<Row>) -> Self {
        rows.sort_by(|a, b| {
            let key = |row: &Row| {
                let missing = row.measured.len() < recordings.len();
                (missing, ratio(recordings, row, &row.files()).unwrap_or(f64::INFINITY))
            };
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        Results { recordings, rounds, rows }
    }

    /// The codecs that took any file.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.measured.is_empty())
    }

    /// The codecs that took none.
    pub(crate) fn idle(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.measured.is_empty())
    }

    pub(crate) fn all_files(&self) -> Vec<usize> {
        (0..self.recordings.len()).collect()
    }

    /// The files of each kind.
    pub(crate) fn kinds(&self) -> BTreeMap<&'a str, Vec<usize>> {
        let mut kinds: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, recording) in self.recordings.iter().enumerate() {
            kinds.entry(&recording.kind).or_default().push(number);
        }
        kinds
    }

    pub(crate) fn wav_bytes(&self, files: &[usize]) -> u64 {
        files.iter().map(|&at| self.recordings[at].bytes).sum()
    }

    pub(crate) fn seconds(&self, files: &[usize]) -> f64 {
        files.iter().map(|&at| self.recordings[at].seconds).sum()
    }

    pub(crate) fn took_all(&self, row: &Row) -> bool {
        row.measured.len() == self.recordings.len()
    }

    /// Compressed over WAV bytes, where the codec took all of these files.
    pub(crate) fn ratio(&self, row: &Row, files: &[usize]) -> Option<f64> {
        ratio(self.recordings, row, files)
    }

    /// Seconds of audio a second, over the files that it took.
    pub(crate) fn speed(&self, row: &Row, way: Way) -> Option<f64> {
        let files = row.files();
        quotient(self.seconds(&files), row.time(&files, way)?)
    }

    /// The codec that speeds are compared with, if it is here.
    pub(crate) fn baseline(&self) -> Option<&Row> {
        self.rows().find(|row| row.origin == Origin::Program && row.name == BASELINE)
    }

    /// Its speed over that of the baseline, over the files that both took.
    pub(crate) fn against_baseline(&self, row: &Row, way: Way) -> Option<f64> {
        let baseline = self.baseline()?;
        let mut common = row.files();
        common.retain(|at| baseline.measured.contains_key(at));
        quotient(baseline.time(&common, way)?, row.time(&common, way)?)
    }
}

fn ratio(recordings: &[Recording], row: &Row, files: &[usize]) -> Option<f64> {
    let bytes: Option<u64> = files.iter().map(|at| Some(row.measured.get(at)?.bytes)).sum();
    let wav: u64 = files.iter().map(|&at| recordings[at].bytes).sum();
    quotient(bytes? as f64, wav as f64)
}

fn quotient(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then_some(a / b)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::corpus::Audio;

    /// Recordings of a kind, of these many bytes and ten seconds each.
    pub(crate) fn recordings(files: &[(&str, u64)]) -> Vec<Recording> {
        let numbered = files.iter().enumerate();
        let recordings = numbered.map(|(number, &(kind, bytes))| Recording {
            name: format!("{kind}/{number}.wav"),
            path: "".into(),
            kind: kind.into(),
            bytes,
            seconds: 10.0,
            audio: Audio::of_length(bytes - 44),
        });
        recordings.collect()
    }

    /// A codec that took files, by number, with so many bytes and in so many seconds.
    pub(crate) fn row(name: &str, origin: Origin, files: &[(usize, u64, f64)]) -> Row {
        let mut row = Row::new(name.into(), None, origin);
        for &(at, bytes, seconds) in files {
            let encode = Cost { seconds, peak_bytes: Some(bytes << 20) };
            let decode = Cost { seconds: seconds / 2.0, peak_bytes: Some(3 << 20) };
            let costs = (origin != Origin::Stored).then_some(Costs { encode, decode });
            row.measured.insert(at, Measured { bytes, costs });
        }
        row
    }

    #[test]
    fn ratios_and_speeds() {
        let recordings = recordings(&[("a", 100), ("b", 300), ("b", 100)]);
        let flac = row(BASELINE, Origin::Program, &[(0, 50, 0.1), (1, 200, 0.1), (2, 90, 0.2)]);
        let some = row("some", Origin::Program, &[(1, 150, 1.0), (2, 50, 2.0)]);
        let results = Results::new(&recordings, 1, vec![some, flac]);
        let rows: Vec<_> = results.rows().collect();
        assert_eq!(rows[0].name, BASELINE, "what took all files comes first");
        assert!(results.took_all(rows[0]) && !results.took_all(rows[1]));

        let kinds = results.kinds();
        assert_eq!(results.ratio(rows[0], &kinds["a"]), Some(0.5));
        assert_eq!(results.ratio(rows[1], &kinds["a"]), None);
        assert_eq!(results.ratio(rows[1], &kinds["b"]), Some(0.5));
        let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a / b - 1.0).abs() < 1e-9);
        assert!(close(results.speed(rows[0], Way::Encoding), 75.0));
        assert!(close(results.speed(rows[1], Way::Decoding), 20.0 / 1.5));
        assert!(close(results.against_baseline(rows[0], Way::Encoding), 1.0));
        assert!(close(results.against_baseline(rows[1], Way::Encoding), 0.1));
        assert_eq!(rows[0].peak(Way::Encoding), Some(200 << 20));
    }

    #[test]
    fn without_a_baseline_there_is_nothing_to_compare_with() {
        let recordings = recordings(&[("a", 100)]);
        let stored = row(BASELINE, Origin::Stored, &[(0, 60, 0.0)]);
        let own = row("own", Origin::Lmac, &[(0, 50, 1.0)]);
        let none = Row::new("none".into(), None, Origin::Program);
        let results = Results::new(&recordings, 1, vec![none, stored, own]);
        let names: Vec<_> = results.rows().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["own", BASELINE]);
        assert_eq!(results.idle().count(), 1);
        for row in results.rows() {
            assert_eq!(results.against_baseline(row, Way::Encoding), None);
        }
        assert_eq!(results.speed(results.rows().nth(1).unwrap(), Way::Decoding), None);
    }

    #[test]
    fn rounds_keep_the_best_time_and_the_highest_peak() {
        let of = |seconds, peak| {
            let cost = Cost { seconds, peak_bytes: Some(peak) };
            Measured { bytes: 5, costs: Some(Costs { encode: cost, decode: cost }) }
        };
        assert_eq!(of(2.0, 8).better(of(1.0, 7)), of(1.0, 8));
    }
}
