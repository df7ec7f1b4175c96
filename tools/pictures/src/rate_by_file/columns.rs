//! A column for each file, with a line for each codec.

use super::{Series, within};
use crate::canvas::{Anchor, Canvas, Look, Point, Type};
use crate::font;
use crate::labels::Area;
use crate::layout::{self, MARK, MINOR, WIDTH};
use crate::scale::Scale;

const LEFT: f64 = 92.0;
const RIGHT: f64 = 28.0;

/// How far names of files go down.
const NAMES: f64 = 150.0;

/// From one name to the next, at least.
const NAME_APART: f64 = 17.0;

/// Left, width, height, and what is needed below.
pub(super) const MEASURES: (f64, f64, f64, f64) = (LEFT, WIDTH - LEFT - RIGHT, 400.0, NAMES + 48.0);

/// With more files than this, neighbours share a column.
const COLUMNS: usize = 800;

pub(super) fn draw(
    canvas: &mut Canvas,
    frame: Area,
    files: &[String],
    series: &[Series],
    ceiling: f64,
    what: &str,
) {
    let axis = Scale::linear(&within(series, ceiling), frame.bottom(), frame.top);
    let shared = files.len().div_ceil(COLUMNS);
    let columns = files.len().div_ceil(shared);
    let step = frame.width / columns as f64;
    let place = |column: usize| frame.left + (column as f64 + 0.5) * step;

    layout::lines_across(canvas, frame, &axis);
    layout::names_left(canvas, frame, &axis, " %");
    layout::axis_left(canvas, frame, what);
    let named = (NAME_APART / step).ceil().max(1.0) as usize;
    for column in (0..columns).step_by(named) {
        let x = place(column);
        canvas.line((x, frame.top), (x, frame.bottom()), MINOR);
        let name = font::shortened(&files[column * shared], 11.0, NAMES);
        let look = Type { size: 11.0, ..MARK };
        canvas.text_upwards((x + 4.0, frame.bottom() + 8.0), Anchor::End, look, &name);
    }
    let mut below = format!("{} files", files.len());
    if named * shared > 1 {
        below += &format!(", every {} is named", ordinal(named * shared));
    }
    if shared > 1 {
        below += &format!("; a place is the mean of {shared} that follow each other");
    }
    let at = (frame.left + frame.width / 2.0, frame.bottom() + NAMES + 26.0);
    canvas.text(at, Anchor::Middle, MARK, &below);
    layout::outline(canvas, frame);

    // The best lies above all others.
    let order = || series.iter().rev();
    for series in order().filter(|series| !series.best).chain(order().filter(|one| one.best)) {
        let of = |column: usize| {
            let files = column * shared..((column + 1) * shared).min(files.len());
            let y = axis.place(mean(&series.rates[files])?).max(frame.top);
            Some((place(column), y))
        };
        let points: Vec<Option<Point>> = (0..columns).map(of).collect();
        line(canvas, &points, series, step);
    }
}

fn mean(rates: &[Option<f64>]) -> Option<f64> {
    let taken = || rates.iter().flatten();
    (taken().count() > 0).then(|| taken().sum::<f64>() / taken().count() as f64)
}

/// A line through places that follow each other, and dots where there is room for them.
fn line(canvas: &mut Canvas, points: &[Option<Point>], series: &Series, step: f64) {
    let (width, opacity) = if series.best { (2.0, 1.0) } else { (1.1, 0.75) };
    let colour = series.colour.with_opacity(opacity);
    for piece in points.split(|point| point.is_none()) {
        let piece: Vec<Point> = piece.iter().copied().flatten().collect();
        let dots: &[Point] = if step >= 8.0 || piece.len() == 1 { &piece } else { &[] };
        for &dot in dots {
            canvas.circle(dot, 1.2 + width * 0.6, Look::filled(colour));
        }
        if piece.len() > 1 {
            canvas.lines(piece, Look::stroked(colour, width));
        }
    }
}

fn ordinal(number: usize) -> String {
    match (number % 10, number % 100) {
        (1, 0..=10 | 20..) => format!("{number}st"),
        (2, 0..=10 | 20..) => format!("{number}nd"),
        (3, 0..=10 | 20..) => format!("{number}rd"),
        _ => format!("{number}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals() {
        let written = [1, 2, 3, 4, 11, 12, 13, 21, 111].map(ordinal);
        assert_eq!(written, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th"]);
    }

    #[test]
    fn means_are_of_what_was_taken() {
        assert_eq!(mean(&[Some(1.0), None, Some(2.0)]), Some(1.5));
        assert_eq!(mean(&[None, None]), None);
    }
}
