//! Parts of all charts: headings, legends and axes.

use super::canvas::{Area, Canvas, END, MIDDLE, START, filled, stroked};
use super::colours::{Colour, FAINT, FRAME, GRID, HEADING, INK, MINOR_GRID};
use super::scale::Scale;
use super::text::{self, Font};

/// The width of all charts.
pub(crate) const WIDTH: f64 = 1080.0;

/// The room that stays free at the sides.
pub(crate) const MARGIN: f64 = 24.0;

const TITLE: Font = Font { bold: true, ..Font::new(19.0, HEADING) };
const SUBTITLE: Font = Font::new(12.5, FAINT);
pub(crate) const MARK: Font = Font::new(12.0, FAINT);
pub(crate) const NAME: Font = Font::new(12.5, INK);

/// From one line of a subtitle to the next, and of a legend.
const LEADING: f64 = 17.0;
const LEGEND_LINE: f64 = 20.0;

/// Starts a chart with its title, subtitle and legend. Returns the place of the last line
/// of the subtitle, or where the legend ends.
pub(crate) fn begin(
    title: &str,
    subtitle: &str,
    legend: impl Iterator<Item = (Colour, String)>,
) -> (Canvas, f64) {
    let mut canvas = Canvas::new(WIDTH, 0.0, title);
    canvas.text((MARGIN, 36.0), START, TITLE, title);
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 58.0 - LEADING;
    for line in text::wrapped(subtitle, SUBTITLE.size, room) {
        y += LEADING;
        canvas.text((MARGIN, y), START, SUBTITLE, &line);
    }
    let mut x = f64::INFINITY;
    for (number, (colour, name)) in legend.enumerate() {
        let name = text::shortened(&name, NAME.size, room - 28.0);
        let width = text::width(&name, NAME.size) + 28.0;
        if x + width > MARGIN + room {
            x = MARGIN;
            y += if number == 0 { 14.0 + LEGEND_LINE / 2.0 } else { LEGEND_LINE };
        }
        canvas.circle((x + 5.0, y), 5.0, &filled(colour));
        canvas.text((x + 15.0, y + 4.5), START, NAME, &name);
        x += width;
    }
    (canvas, if x.is_finite() { y + LEGEND_LINE / 2.0 } else { y })
}

/// Draws vertical lines at the marks of an axis.
pub(crate) fn grid_down(canvas: &mut Canvas, frame: Area, axis: &Scale) {
    for mark in &axis.marks {
        let x = axis.place(mark.value);
        let colour = if mark.text.is_some() { GRID } else { MINOR_GRID };
        canvas.line((x, frame.top), (x, frame.bottom()), &stroked(colour, 1.0));
    }
}

/// Draws an axis below the frame, with its grid.
pub(crate) fn axis_below(canvas: &mut Canvas, frame: Area, axis: &Scale, unit: &str, name: &str) {
    grid_down(canvas, frame, axis);
    for mark in &axis.marks {
        if let Some(text) = &mark.text {
            let place = (axis.place(mark.value), frame.bottom() + 20.0);
            canvas.text(place, MIDDLE, MARK, &format!("{text}{unit}"));
        }
    }
    canvas.text((frame.middle().0, frame.bottom() + 44.0), MIDDLE, MARK, name);
}

/// Draws horizontal lines at the marks of an axis.
pub(crate) fn grid_across(canvas: &mut Canvas, frame: Area, axis: &Scale) {
    for mark in &axis.marks {
        let y = axis.place(mark.value);
        canvas.line((frame.left, y), (frame.right(), y), &stroked(GRID, 1.0));
    }
}

/// Draws an axis to the left of the frame, with its grid.
pub(crate) fn axis_left(canvas: &mut Canvas, frame: Area, axis: &Scale, unit: &str, name: &str) {
    grid_across(canvas, frame, axis);
    for mark in &axis.marks {
        if let Some(text) = &mark.text {
            let place = (frame.left - 9.0, axis.place(mark.value) + 4.0);
            canvas.text(place, END, MARK, &format!("{text}{unit}"));
        }
    }
    name_left(canvas, frame, name);
}

/// Writes the name of an axis at the left.
pub(crate) fn name_left(canvas: &mut Canvas, frame: Area, name: &str) {
    let name = text::shortened(name, MARK.size, frame.height);
    canvas.text_upwards((22.0, frame.middle().1), MIDDLE, MARK, &name);
}

/// Draws the outline of a panel.
pub(crate) fn outline(canvas: &mut Canvas, frame: Area) {
    canvas.rectangle(frame, &stroked(FRAME, 1.0));
}
