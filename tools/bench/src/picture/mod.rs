//! Ratio against speed as a picture: a panel for each way, a dot for each codec.

mod labels;
mod scale;
mod svg;

use crate::failure::Result;
use crate::results::{Origin, Results, Way};

/// One codec in one panel.
#[derive(Debug, Clone, PartialEq)]
struct Dot {
    name: String,
    /// Times real time.
    speed: f64,
    ratio: f64,
    own: bool,
}

/// A ratio this much above the one in the middle would press all others together.
const FAR_ABOVE: f64 = 1.25;

/// The largest ratio that the scale goes up to; what lies above is shown at the edge.
fn ceiling(dots: &[Dot]) -> f64 {
    let mut ratios: Vec<f64> = dots.iter().map(|dot| dot.ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let limit = ratios.get(ratios.len() / 2).map_or(f64::INFINITY, |middle| middle * FAR_ABOVE);
    let inside = dots.iter().filter(|dot| dot.own || dot.ratio <= limit);
    inside.map(|dot| dot.ratio).fold(f64::NEG_INFINITY, f64::max)
}

/// The picture as SVG, of the codecs that were measured on all files: ratios over
/// different files do not compare.
pub(crate) fn document(results: &Results) -> Result<String> {
    let panels = Way::BOTH.map(|way| (way, dots(results, way)));
    if panels.iter().any(|(_, dots)| dots.is_empty()) {
        return Err("no codec was measured on all files: there is nothing to draw".into());
    }
    let all = results.all_files();
    let subtitle = format!(
        "{} recordings, {:.0} MB, {:.1} minutes; one thread, without verification",
        all.len(),
        results.wav_bytes(&all) as f64 / 1e6,
        results.seconds(&all) / 60.0,
    );
    Ok(svg::draw(&subtitle, &panels))
}

fn dots(results: &Results, way: Way) -> Vec<Dot> {
    let measured = results.rows().filter(|row| results.took_all(row));
    measured
        .filter_map(|row| {
            Some(Dot {
                name: row.name.clone(),
                speed: results.speed(row, way)?,
                ratio: results.ratio(row, &results.all_files())?,
                own: row.origin == Origin::Lmac,
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

        let picture = document(&results).unwrap();
        assert_eq!(picture.matches("<circle").count(), 4);
        assert_eq!(picture.matches(">lmac &lt;x&gt;</text>").count(), 2);
        assert!(!picture.contains("part"));
    }

    #[test]
    fn what_is_far_above_does_not_make_the_scale() {
        let dot = |ratio, own| Dot { name: String::new(), speed: 1.0, ratio, own };
        let others = [0.45, 0.5, 0.55, 0.9].map(|ratio| dot(ratio, false));
        assert_eq!(ceiling(&others), 0.55);
        assert_eq!(ceiling(&[&others[..], &[dot(0.8, true)]].concat()), 0.8);
        assert_eq!(ceiling(&others[3..]), 0.9);
    }

    #[test]
    fn without_dots_there_is_no_picture() {
        let recordings = recordings(&[("a", 100), ("a", 100)]);
        let part = row("part", Origin::Program, &[(0, 50, 1.0)]);
        assert!(document(&Results::new(&recordings, 1, vec![part])).is_err());
    }
}
