//! Results as JSON: the sums, and everything file by file.

use serde_json::{Map, Value, json};

use crate::results::{Measured, Origin, Results, Row, Way};

pub(crate) fn document(results: &Results) -> Value {
    let kinds: Map<_, _> = results
        .kinds()
        .iter()
        .map(|(&kind, files)| {
            let value = json!({
                "files": files.len(),
                "wav_bytes": results.wav_bytes(files),
                "seconds": results.seconds(files),
            });
            (kind.to_string(), value)
        })
        .collect();
    let codecs: Vec<_> =
        results.rows().chain(results.idle()).map(|row| codec(results, row)).collect();
    let files: Vec<_> = (0..results.recordings.len()).map(|at| file(results, at)).collect();
    json!({ "rounds": results.rounds, "kinds": kinds, "codecs": codecs, "files": files })
}

/// One codec's sums.
fn codec(results: &Results, row: &Row) -> Value {
    let kinds = results.kinds();
    let by_kind: Map<_, _> = kinds
        .iter()
        .filter_map(|(&kind, files)| Some((kind.into(), results.ratio(row, files)?.into())))
        .collect();
    let refused: Map<_, _> = row
        .refused
        .iter()
        .map(|(&at, reason)| (results.recordings[at].name.clone(), reason.as_str().into()))
        .collect();
    let mut value = json!({
        "name": row.name,
        "version": row.version,
        "origin": match row.origin {
            Origin::Lmac => "lmac",
            Origin::Program => "program",
            Origin::Stored => "stored",
        },
        "files": row.measured.len(),
        "ratio": results.ratio(row, &row.files()),
        "ratio_by_kind": by_kind,
        "refused": refused,
    });
    if row.origin != Origin::Stored {
        for way in Way::BOTH {
            value[way.name()] = json!({
                "times_real_time": results.speed(row, way),
                "times_flac": results.against_baseline(row, way),
                "peak_bytes": row.peak(way),
            });
        }
    }
    value
}

fn file(results: &Results, at: usize) -> Value {
    let recording = &results.recordings[at];
    let codecs: Map<_, _> = results
        .rows()
        .filter_map(|row| Some((row.name.clone(), measured(row.measured.get(&at)?))))
        .collect();
    json!({
        "file": recording.name,
        "kind": recording.kind,
        "wav_bytes": recording.bytes,
        "seconds": recording.seconds,
        "codecs": codecs,
    })
}

fn measured(measured: &Measured) -> Value {
    let mut value = json!({ "bytes": measured.bytes });
    if let Some(costs) = measured.costs {
        value["encode_seconds"] = costs.encode.seconds.into();
        value["decode_seconds"] = costs.decode.seconds.into();
        value["encode_peak_bytes"] = costs.encode.peak_bytes.into();
        value["decode_peak_bytes"] = costs.decode.peak_bytes.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::BASELINE;
    use crate::results::tests::{recordings, row};

    #[test]
    fn sums_and_files() {
        let recordings = recordings(&[("a", 100), ("b", 200)]);
        let own = row("lmac x", Origin::Lmac, &[(0, 50, 1.0), (1, 70, 1.0)]);
        let flac = row(BASELINE, Origin::Program, &[(0, 60, 0.5), (1, 90, 0.5)]);
        let mut stored = row("one (stored)", Origin::Stored, &[(1, 80, 0.0)]);
        stored.refused.insert(0, "no".into());
        let json = document(&Results::new(&recordings, 2, vec![flac, stored, own]));

        assert_eq!(json["rounds"], 2);
        assert_eq!(json["kinds"]["b"]["wav_bytes"], 200);
        let own = &json["codecs"][0];
        assert_eq!(own["name"], "lmac x");
        assert_eq!(own["ratio"], 0.4);
        assert_eq!(own["ratio_by_kind"]["a"], 0.5);
        assert_eq!(own["encoding"]["times_real_time"], 10.0);
        assert_eq!(own["decoding"]["times_flac"], 0.5);
        assert_eq!(own["encoding"]["peak_bytes"], 70 << 20);
        let stored = &json["codecs"][2];
        assert_eq!(stored["files"], 1);
        assert_eq!(stored["refused"]["a/0.wav"], "no");
        assert!(stored.get("encoding").is_none());
        assert_eq!(json["files"][0]["codecs"]["lmac x"]["encode_seconds"], 1.0);
        assert_eq!(json["files"][1]["codecs"]["one (stored)"], serde_json::json!({"bytes": 80}));
        assert!(json["files"][0]["codecs"].get("one (stored)").is_none());
    }
}
