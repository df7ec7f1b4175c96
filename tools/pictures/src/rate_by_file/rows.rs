//! A row for each file, with a dot for each codec.

use super::{Series, within};
use crate::canvas::{Anchor, Canvas, Look, Type};
use crate::colours::{HEADING, LEADER, PAPER};
use crate::font;
use crate::labels::Area;
use crate::layout::{self, MARGIN, NAME, WIDTH};
use crate::scale::Scale;

const LEFT: f64 = 290.0;
const RIGHT: f64 = 230.0;

/// Left, width, height, and what is needed below.
pub(super) fn measures(files: usize) -> (f64, f64, f64, f64) {
    let row = if files <= 12 { 28.0 } else { 21.0 };
    (LEFT, WIDTH - LEFT - RIGHT, row * files.max(2) as f64, 64.0)
}

pub(super) fn draw(
    canvas: &mut Canvas,
    frame: Area,
    files: &[String],
    series: &[Series],
    ceiling: f64,
    what: &str,
) {
    let axis = Scale::linear(&within(series, ceiling), frame.left, frame.right());
    layout::lines_down(canvas, frame, &axis);
    layout::names_below(canvas, frame, &axis, " %", what);
    layout::outline(canvas, frame);
    for (number, name) in files.iter().enumerate() {
        let height = frame.height / files.len() as f64;
        let y = frame.top + (number as f64 + 0.5) * height;
        let room = LEFT - 14.0 - MARGIN;
        let name = font::shortened(name, NAME.size, room);
        canvas.text((frame.left - 12.0, y + 4.0), Anchor::End, NAME, &name);
        row(canvas, frame, &axis, y, number, series);
    }
}

fn row(canvas: &mut Canvas, frame: Area, axis: &Scale, y: f64, file: usize, series: &[Series]) {
    let dots: Vec<(&Series, f64)> =
        series.iter().filter_map(|series| Some((series, series.rates[file]?))).collect();
    let Some(&(best, least)) = dots.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else {
        canvas.text((frame.right() + 12.0, y + 4.0), Anchor::Start, layout::MARK, "none took it");
        return;
    };
    let most = dots.iter().map(|(_, rate)| *rate).fold(least, f64::max);
    let end = axis.place(most).min(frame.right() - 6.0);
    canvas.line((axis.place(least), y), (end, y), Look::stroked(LEADER, 1.0));
    // The first codec's dots lie above the others', and what is best above all.
    for &(series, rate) in dots.iter().rev() {
        if !std::ptr::eq(series, best) {
            dot(canvas, frame, axis, y, series, rate, 4.5);
        }
    }
    dot(canvas, frame, axis, y, best, least, 6.5);
    let text = format!("{least:.1} % {}", best.name);
    let text = font::shortened(&text, NAME.size, RIGHT - 12.0 - MARGIN);
    let look = Type { colour: HEADING, ..NAME };
    canvas.text((frame.right() + 12.0, y + 4.0), Anchor::Start, look, &text);
}

fn dot(
    canvas: &mut Canvas,
    frame: Area,
    axis: &Scale,
    y: f64,
    series: &Series,
    rate: f64,
    radius: f64,
) {
    let look = Look::filled(series.colour).with_stroke(PAPER, 1.2);
    let x = axis.place(rate);
    match x > frame.right() {
        true => {
            let edge = frame.right();
            let corners = vec![(edge - 9.0, y - 5.0), (edge - 9.0, y + 5.0), (edge - 1.0, y)];
            canvas.polygon(corners, look);
        }
        false => canvas.circle((x, y), radius, look),
    }
    canvas.tip(format!("{}: {rate:.2} %", series.name));
}
