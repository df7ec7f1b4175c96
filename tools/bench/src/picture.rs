//! Ratio against speed as a picture: a panel for each way, a dot for each codec.

use lmac_pictures::{Canvas, Dot, Group, RateAgainstSpeed, Rates, SpeedPanel};

use crate::failure::Result;
use crate::results::{Origin, Results, Way};

/// The picture of the codecs that were measured on all files: ratios over different files
/// do not compare.
pub(crate) fn draw(results: &Results) -> Result<Canvas> {
    let panels = Way::BOTH.map(|way| panel(results, way));
    let all = results.all_files();
    let subtitle = format!(
        "{} recordings, {:.0} MB, {:.1} minutes; one thread, without verification",
        all.len(),
        results.wav_bytes(&all) as f64 / 1e6,
        results.seconds(&all) / 60.0,
    );
    let chart = RateAgainstSpeed {
        title: "Compressed size against speed".into(),
        subtitle,
        rate: "compressed size / WAV size".into(),
        rates: Rates::Fractions,
        far_above: 1.25,
        speed_unit: "×".into(),
        panels: panels.into(),
    };
    let nothing = "no codec was measured on all files: there is nothing to draw";
    chart.draw().ok_or_else(|| nothing.into())
}

fn panel(results: &Results, way: Way) -> SpeedPanel {
    let (name, axis) = match way {
        Way::Encoding => ("Encoding", "encoding speed, times real time (logarithmic)"),
        Way::Decoding => ("Decoding", "decoding speed, times real time (logarithmic)"),
    };
    SpeedPanel { name: name.into(), axis: axis.into(), dots: dots(results, way) }
}

fn dots(results: &Results, way: Way) -> Vec<Dot> {
    let measured = results.rows().filter(|row| results.took_all(row));
    measured
        .filter_map(|row| {
            Some(Dot {
                name: row.name.clone(),
                speed: results.speed(row, way)?,
                rate: results.ratio(row, &results.all_files())?,
                group: match row.origin {
                    Origin::Lmac => Group::Preset,
                    Origin::Program | Origin::Stored => Group::Baseline,
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{recordings, row};

    #[test]
    fn codecs_that_took_all_files_are_drawn() {
        let recordings = recordings(&[("a", 100), ("a", 100)]);
        let own = row("lmac <x>", Origin::Lmac, &[(0, 50, 1.0), (1, 50, 1.0)]);
        let other = row("other", Origin::Program, &[(0, 60, 0.1), (1, 60, 0.1)]);
        let part = row("part", Origin::Program, &[(0, 50, 1.0)]);
        let stored = row("stored", Origin::Stored, &[(0, 50, 1.0), (1, 50, 1.0)]);
        let results = Results::new(&recordings, 1, vec![own, other, part, stored]);
        let names: Vec<_> = dots(&results, Way::Encoding).into_iter().map(|dot| dot.name).collect();
        assert_eq!(names, ["lmac <x>", "other"]);

        let picture = draw(&results).unwrap().svg();
        assert_eq!(picture.matches("<circle").count(), 4);
        assert_eq!(picture.matches(">lmac &lt;x&gt;</text>").count(), 2);
        assert!(!picture.contains("part"));
    }

    #[test]
    fn without_dots_there_is_no_picture() {
        let recordings = recordings(&[("a", 100), ("a", 100)]);
        let part = row("part", Origin::Program, &[(0, 50, 1.0)]);
        assert!(draw(&Results::new(&recordings, 1, vec![part])).is_err());
    }
}
