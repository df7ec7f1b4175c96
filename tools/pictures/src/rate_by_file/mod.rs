//! Rates of several codecs on each of several files.

mod columns;
mod rows;

use crate::canvas::Canvas;
use crate::colours::{self, Colour, Group};
use crate::labels::Area;
use crate::layout::{self, Heading, Legend, MARGIN, WIDTH};

/// How much codecs leave of each file.
#[derive(Debug, Clone, PartialEq)]
pub struct RateByFile {
    /// What the chart is called.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// What a rate is, such as `compressed size / PCM size`.
    pub rate: String,
    /// The files' names, from above or from the left.
    pub files: Vec<String>,
    /// The codecs.
    pub contestants: Vec<FileRates>,
}

/// What a codec leaves of the files.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRates {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub group: Group,
    /// For each file, what it leaves of 1, if it took the file.
    pub rates: Vec<Option<f64>>,
    /// What it leaves of all files together, if it took all.
    pub total: Option<f64>,
}

/// With more files than this, rows would be a long way.
const MANY: usize = 40;

/// From a rate that few are above, as far as the scale goes at most.
const FAR_ABOVE: f64 = 1.4;

/// A codec and how it is drawn.
struct Series<'a> {
    name: &'a str,
    /// In percent, for each file.
    rates: Vec<Option<f64>>,
    colour: Colour,
    /// Whether nobody leaves less of all files together.
    best: bool,
}

impl RateByFile {
    /// Draws it: with few files a row for each, with many a column.
    pub fn draw(&self) -> Canvas {
        let series = self.series();
        let (way, rows) = match self.files.len() {
            0..=MANY => ("left", true),
            _ => ("down", false),
        };
        let subtitle = format!(
            "{}. Better is further {way}; totals are behind the names.",
            self.subtitle.trim_end_matches('.')
        );
        let heading = Heading::new(&self.title, &subtitle);
        let room = WIDTH - 2.0 * MARGIN;
        let entries = self.contestants.iter().zip(&series).map(|(contestant, series)| {
            let text = match contestant.total {
                Some(total) => format!("{} ({:.2} %)", contestant.name, total * 100.0),
                None => contestant.name.clone(),
            };
            (series.colour, text)
        });
        let legend = Legend::new(entries, room);
        let legend_top = heading.bottom() + 14.0;
        let top = legend_top + legend.height() + 14.0;
        let (left, width, height, below) = match rows {
            true => rows::measures(self.files.len()),
            false => columns::MEASURES,
        };
        let mut canvas = Canvas::new(WIDTH, top + height + below, &self.title);
        heading.draw(&mut canvas);
        legend.draw(&mut canvas, MARGIN, legend_top);
        let frame = Area { left, top, width, height };
        match ceiling(&series) {
            None => {
                layout::outline(&mut canvas, frame);
                layout::note(&mut canvas, frame, "nothing was measured");
            }
            Some(ceiling) if rows => {
                rows::draw(&mut canvas, frame, &self.files, &series, ceiling, &self.rate);
            }
            Some(ceiling) => {
                columns::draw(&mut canvas, frame, &self.files, &series, ceiling, &self.rate);
            }
        }
        canvas
    }

    fn series(&self) -> Vec<Series<'_>> {
        let totals = || self.contestants.iter().filter_map(|contestant| contestant.total);
        let least = totals().fold(f64::INFINITY, f64::min);
        let colours = colours::apart(self.contestants.iter().map(|contestant| contestant.group));
        let series = self.contestants.iter().zip(colours).map(|(contestant, colour)| {
            let rate = |at| {
                let rate: Option<f64> = contestant.rates.get(at).copied().flatten();
                rate.filter(|rate| rate.is_finite()).map(|rate| rate * 100.0)
            };
            Series {
                name: &contestant.name,
                rates: (0..self.files.len()).map(rate).collect(),
                colour,
                best: contestant.total == Some(least),
            }
        });
        series.collect()
    }
}

/// The largest rate that the scale goes up to, if there is any rate; what lies above is
/// shown at the edge.
fn ceiling(series: &[Series]) -> Option<f64> {
    let mut rates: Vec<f64> =
        series.iter().flat_map(|series| series.rates.iter().copied().flatten()).collect();
    rates.sort_by(f64::total_cmp);
    let limit = rates.get(rates.len() * 9 / 10)? * FAR_ABOVE;
    rates.into_iter().rev().find(|rate| *rate <= limit)
}

/// Every rate that is within the scale.
fn within(series: &[Series], ceiling: f64) -> Vec<f64> {
    let rates = series.iter().flat_map(|series| series.rates.iter().copied().flatten());
    rates.map(|rate| rate.min(ceiling)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{assert_readable, decoded};

    fn chart(files: usize, contestants: usize) -> RateByFile {
        let contestant = |number: usize| FileRates {
            name: format!("codec {number}"),
            group: [Group::Preset, Group::LanguageModel, Group::Baseline][number % 3],
            rates: (0..files)
                .map(|at| {
                    let rate = 0.4 + number as f64 * 0.03 + (at * 7 % 11) as f64 * 0.02;
                    (number != 1 || at % 5 > 0).then_some(rate)
                })
                .collect(),
            total: (number != 1).then_some(0.5 + number as f64 * 0.03),
        };
        RateByFile {
            title: "T".into(),
            subtitle: "files".into(),
            rate: "rate".into(),
            files: (0..files)
                .map(|at| format!("a folder/with/files of many/{at:04}.wav"))
                .collect(),
            contestants: (0..contestants).map(contestant).collect(),
        }
    }

    #[test]
    fn few_files_have_rows() {
        let canvas = chart(5, 4).draw();
        assert_readable(&canvas);
        let svg = canvas.svg();
        assert!(roxmltree::Document::parse(&svg).is_ok());
        assert_eq!(svg.matches("<circle").count(), 5 * 3 + 4 + 4);
        assert!(svg.contains(">codec 0 (50.00 %)<") && svg.contains(">codec 1<"), "{svg}");
        assert_eq!(svg.matches(">40.0 % codec 0<").count(), 1, "who is best");
        assert_eq!(svg.matches("0004.wav<").count(), 1, "{svg}");
        assert_eq!(svg, chart(5, 4).draw().svg());
        let pixels = decoded(&canvas.png());
        assert_eq!(f64::from(pixels.height), canvas.height * 2.0);
        assert!(pixels.ink(330.0..860.0, 110.0..200.0) > 500);
    }

    #[test]
    fn many_files_have_columns() {
        for files in [41, 200, 3000] {
            let canvas = chart(files, 4).draw();
            assert_readable(&canvas);
            let svg = canvas.svg();
            assert!(roxmltree::Document::parse(&svg).is_ok());
            assert!(svg.matches("<polyline").count() >= 3, "{files}");
            let names = svg.matches(".wav<").count();
            assert!((20..=60).contains(&names), "{files}: {names}");
            assert!(svg.len() < 300_000, "{files}: {}", svg.len());
            assert_eq!(canvas.height, chart(41, 4).draw().height);
        }
    }

    #[test]
    fn one_of_each_is_enough() {
        assert_readable(&chart(40, 15).draw());
        let svg = chart(1, 1).draw().svg();
        assert_eq!(svg.matches("<circle").count(), 2);
        for (files, contestants) in [(0, 0), (0, 3), (3, 0), (60, 0)] {
            let svg = chart(files, contestants).draw().svg();
            assert!(svg.contains(">nothing was measured<"), "{files} {contestants}");
        }
    }

    #[test]
    fn what_is_far_above_is_at_the_edge() {
        let mut chart = chart(5, 4);
        chart.contestants[3].rates[2] = Some(2.7);
        let svg = chart.draw().svg();
        assert_eq!(svg.matches("<polygon").count(), 1);
        assert!(svg.contains("<title>codec 3: 270.00 %</title>"), "{svg}");
        assert!(!svg.contains(">200 %<"), "{svg}");
    }
}
