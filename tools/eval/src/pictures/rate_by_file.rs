//! Rates of several codecs on each of several files.

use super::canvas::{Area, Canvas, END, MIDDLE, Point, START, filled, stroked};
use super::colours::{self, Colour, Group, HEADING, LEADER, MINOR_GRID, PAPER};
use super::layout::{self, MARGIN, MARK, NAME, WIDTH};
use super::scale::Scale;
use super::text::{self, Font};

/// How much codecs leave of each file.
#[derive(Debug, Clone, PartialEq)]
pub struct RateByFile {
    /// The title of the chart.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// The name of the axis of rates, such as `compressed size / PCM size`.
    pub rate: String,
    /// The names of the files.
    pub files: Vec<String>,
    /// The codecs.
    pub contestants: Vec<FileRates>,
}

/// How much one codec leaves of each file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRates {
    /// The codec's name.
    pub name: String,
    /// What kind of codec it is.
    pub group: Group,
    /// Compressed size over original size of each file that the codec took.
    pub rates: Vec<Option<f64>>,
    /// The same of all files together, if the codec took all.
    pub total: Option<f64>,
}

/// With more files than this, each has a column instead of a row.
const MANY: usize = 40;

/// The scale ends at this many times the rate that one in ten is above.
const FAR_ABOVE: f64 = 1.4;

/// A codec and how it is drawn.
struct Series<'a> {
    name: &'a str,
    /// In percent, for each file.
    rates: Vec<Option<f64>>,
    colour: Colour,
    /// Whether no other codec has a lower total.
    best: bool,
}

impl RateByFile {
    /// Draws the chart; without rates there is none.
    pub fn draw(&self) -> Option<Canvas> {
        let series = self.series();
        let mut rates: Vec<f64> =
            series.iter().flat_map(|series| series.rates.iter().copied().flatten()).collect();
        rates.sort_by(f64::total_cmp);
        let limit = rates.get(rates.len() * 9 / 10)? * FAR_ABOVE;
        rates.retain(|rate| *rate <= limit);

        let few = self.files.len() <= MANY;
        let subtitle = format!(
            "{}. Better is further {}; totals are behind the names.",
            self.subtitle.trim_end_matches('.'),
            if few { "left" } else { "down" }
        );
        let entries = self.contestants.iter().zip(&series).map(|(contestant, series)| {
            let total = contestant.total.map(|total| format!(" ({:.2} %)", total * 100.0));
            (series.colour, series.name.to_string() + &total.unwrap_or_default())
        });
        let (mut canvas, bottom) = layout::begin(&self.title, &subtitle, entries);
        match few {
            true => self.rows(&mut canvas, bottom + 14.0, &series, &rates),
            false => self.columns(&mut canvas, bottom + 14.0, &series, &rates),
        }
        Some(canvas)
    }

    fn series(&self) -> Vec<Series<'_>> {
        let totals = self.contestants.iter().filter_map(|contestant| contestant.total);
        let least = totals.fold(f64::INFINITY, f64::min);
        let colours = colours::apart(self.contestants.iter().map(|contestant| contestant.group));
        let series = self.contestants.iter().zip(colours).map(|(contestant, colour)| {
            let rate = |at| {
                let rate: Option<f64> = contestant.rates.get(at).copied().flatten();
                rate.filter(|rate| rate.is_finite() && *rate >= 0.0).map(|rate| rate * 100.0)
            };
            let rates = (0..self.files.len()).map(rate).collect();
            let best = contestant.total == Some(least);
            Series { name: &contestant.name, rates, colour, best }
        });
        series.collect()
    }

    /// Draws a row for each file, with a dot for each codec.
    fn rows(&self, canvas: &mut Canvas, top: f64, series: &[Series], rates: &[f64]) {
        const LEFT: f64 = 290.0;
        const RIGHT: f64 = 230.0;
        let files = self.files.len();
        let height = if files <= 12 { 28.0 } else { 21.0 } * files.max(2) as f64;
        let frame = Area { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height };
        canvas.height = frame.bottom() + 64.0;
        let axis = Scale::linear(rates, frame.left, frame.right());
        layout::axis_below(canvas, frame, &axis, " %", &self.rate);
        layout::outline(canvas, frame);
        for (file, name) in self.files.iter().enumerate() {
            let y = frame.top + (file as f64 + 0.5) * frame.height / files as f64;
            let name = text::shortened(name, NAME.size, LEFT - 14.0 - MARGIN);
            canvas.text((frame.left - 12.0, y + 4.0), END, NAME, &name);
            row(canvas, frame, &axis, y, file, series);
        }
    }

    /// Draws a column for each file, with a line for each codec.
    fn columns(&self, canvas: &mut Canvas, top: f64, series: &[Series], rates: &[f64]) {
        const LEFT: f64 = 92.0;
        const RIGHT: f64 = 28.0;
        /// With more files than this, neighbours share a column.
        const COLUMNS: usize = 800;
        /// The room for names of files, and from one to the next.
        const NAMES: f64 = 150.0;
        const NAME_WIDTH: f64 = 17.0;
        let frame = Area { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: 400.0 };
        canvas.height = frame.bottom() + NAMES + 48.0;
        let axis = Scale::linear(rates, frame.bottom(), frame.top);
        let files = self.files.len();
        let shared = files.div_ceil(COLUMNS);
        let columns = files.div_ceil(shared);
        let step = frame.width / columns as f64;
        let place = |column: usize| frame.left + (column as f64 + 0.5) * step;

        layout::axis_left(canvas, frame, &axis, " %", &self.rate);
        let named = (NAME_WIDTH / step).ceil().max(1.0) as usize;
        for column in (0..columns).step_by(named) {
            let x = place(column);
            canvas.line((x, frame.top), (x, frame.bottom()), &stroked(MINOR_GRID, 1.0));
            let font = Font { size: 11.0, ..MARK };
            let name = text::shortened(&self.files[column * shared], font.size, NAMES);
            canvas.text_upwards((x + 4.0, frame.bottom() + 8.0), END, font, &name);
        }
        let mut below = format!("{files} files");
        if named * shared > 1 {
            below += &format!(", one in {} is named", named * shared);
        }
        if shared > 1 {
            below += &format!("; each point is the mean of {shared} files in a row");
        }
        let at = (frame.middle().0, frame.bottom() + NAMES + 26.0);
        canvas.text(at, MIDDLE, MARK, &below);
        layout::outline(canvas, frame);

        // The first codec's line lies above the others', and the best above all.
        let mut order: Vec<&Series> = series.iter().rev().collect();
        order.sort_by_key(|series| series.best);
        for series in order {
            let point = |column: usize| {
                let files = column * shared..((column + 1) * shared).min(files);
                let y = axis.place(mean(&series.rates[files])?).max(frame.top);
                Some((place(column), y))
            };
            let points: Vec<Option<Point>> = (0..columns).map(point).collect();
            line(canvas, &points, series, step);
        }
    }
}

fn row(canvas: &mut Canvas, frame: Area, axis: &Scale, y: f64, file: usize, series: &[Series]) {
    let mut dots: Vec<(&Series, f64)> =
        series.iter().rev().filter_map(|series| Some((series, series.rates[file]?))).collect();
    // Better dots lie above worse ones; of equal ones, the first codec's is above.
    dots.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (Some(&(_, most)), Some(&(best, least))) = (dots.first(), dots.last()) else {
        canvas.text((frame.right() + 12.0, y + 4.0), START, MARK, "none took it");
        return;
    };
    let end = axis.place(most).min(frame.right() - 6.0);
    canvas.line((axis.place(least), y), (end, y), &stroked(LEADER, 1.0));
    for (series, rate) in dots {
        canvas.tip(&format!("{}: {rate:.2} %", series.name));
        let look = filled(series.colour) + &stroked(PAPER, 1.2);
        let (x, edge) = (axis.place(rate), frame.right());
        match x > edge {
            true => {
                let corners = [(edge - 9.0, y - 5.0), (edge - 9.0, y + 5.0), (edge - 1.0, y)];
                canvas.polygon(&corners, &look);
            }
            false if std::ptr::eq(series, best) => canvas.circle((x, y), 6.5, &look),
            false => canvas.circle((x, y), 4.5, &look),
        }
    }
    let room = WIDTH - frame.right() - 12.0 - MARGIN;
    let text = text::shortened(&format!("{least:.1} % {}", best.name), NAME.size, room);
    let font = Font { colour: HEADING, ..NAME };
    canvas.text((frame.right() + 12.0, y + 4.0), START, font, &text);
}

fn mean(rates: &[Option<f64>]) -> Option<f64> {
    let taken: Vec<f64> = rates.iter().copied().flatten().collect();
    (!taken.is_empty()).then(|| taken.iter().sum::<f64>() / taken.len() as f64)
}

/// Draws a line through neighbours, and dots where there is room for them.
fn line(canvas: &mut Canvas, points: &[Option<Point>], series: &Series, step: f64) {
    let (width, opacity) = if series.best { (2.0, "1") } else { (1.1, "0.75") };
    let faded = format!(" opacity=\"{opacity}\"");
    for piece in points.split(|point| point.is_none()) {
        let piece: Vec<Point> = piece.iter().copied().flatten().collect();
        if step >= 8.0 || piece.len() == 1 {
            for &dot in &piece {
                canvas.circle(dot, 1.2 + width * 0.6, &(filled(series.colour) + &faded));
            }
        }
        if piece.len() > 1 {
            canvas.lines(&piece, &(stroked(series.colour, width) + &faded));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_the_files_that_were_taken() {
        assert_eq!(mean(&[Some(1.0), None, Some(2.0)]), Some(1.5));
        assert_eq!(mean(&[None, None]), None);
    }
}
