//! What charts have in common: headings, marks and legends.

use crate::canvas::{Anchor, Canvas, Look, Type};
use crate::colours::{Colour, FAINT, FRAME, GRID, HEADING, INK, MINOR_GRID};
use crate::font;
use crate::labels::Area;
use crate::scale::Scale;

/// The width of all charts.
pub(crate) const WIDTH: f64 = 1080.0;

/// What is free at the sides.
pub(crate) const MARGIN: f64 = 24.0;

pub(crate) const TITLE: Type = Type::new(19.0, HEADING).bold();
pub(crate) const SUBTITLE: Type = Type::new(12.5, FAINT);
pub(crate) const PANEL_NAME: Type = Type::new(14.0, HEADING).bold();
pub(crate) const MARK: Type = Type::new(12.0, FAINT);
pub(crate) const NAME: Type = Type::new(12.5, INK);

pub(crate) const MAJOR: Look = Look::stroked(GRID, 1.0);
pub(crate) const MINOR: Look = Look::stroked(MINOR_GRID, 1.0);

/// From one line of a subtitle to the next.
const LEADING: f64 = 17.0;

/// The title, and what is to be known about all of it.
pub(crate) struct Heading<'a> {
    title: &'a str,
    lines: Vec<String>,
}

impl<'a> Heading<'a> {
    pub(crate) fn new(title: &'a str, subtitle: &str) -> Self {
        Heading { title, lines: wrapped(subtitle, SUBTITLE.size, WIDTH - 2.0 * MARGIN) }
    }

    /// The base line of its last line.
    pub(crate) fn bottom(&self) -> f64 {
        58.0 + LEADING * self.lines.len().saturating_sub(1) as f64
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        canvas.text((MARGIN, 36.0), Anchor::Start, TITLE, self.title);
        for (number, line) in self.lines.iter().enumerate() {
            let y = 58.0 + LEADING * number as f64;
            canvas.text((MARGIN, y), Anchor::Start, SUBTITLE, line);
        }
    }
}

/// Text in lines that are not wider than there is room.
fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = font::shortened(word, size, room);
        match lines.last_mut() {
            Some(line) if font::width(line, size) + font::width(&word, size) + size < room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Which colour is whose.
pub(crate) struct Legend {
    /// Colour, text, and place from the legend's corner.
    entries: Vec<(Colour, String, f64, f64)>,
    height: f64,
}

impl Legend {
    const LINE: f64 = 20.0;

    pub(crate) fn new(entries: impl Iterator<Item = (Colour, String)>, room: f64) -> Self {
        let (mut x, mut y) = (0.0, 0.0);
        let entries = entries.map(|(colour, text)| {
            let text = font::shortened(&text, NAME.size, room - 28.0);
            let width = font::width(&text, NAME.size) + 28.0;
            if x > 0.0 && x + width > room {
                (x, y) = (0.0, y + Legend::LINE);
            }
            let entry = (colour, text, x, y);
            x += width;
            entry
        });
        let entries: Vec<_> = entries.collect();
        Legend { height: if entries.is_empty() { 0.0 } else { y + Legend::LINE }, entries }
    }

    pub(crate) fn height(&self) -> f64 {
        self.height
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, left: f64, top: f64) {
        for (colour, text, x, y) in &self.entries {
            let middle = top + y + Legend::LINE / 2.0;
            canvas.circle((left + x + 5.0, middle), 5.0, Look::filled(*colour));
            let place = (left + x + 15.0, middle + 4.5);
            canvas.text(place, Anchor::Start, NAME, text);
        }
    }
}

/// Lines down at an axis's marks.
pub(crate) fn lines_down(canvas: &mut Canvas, frame: Area, axis: &Scale) {
    for mark in &axis.marks {
        let x = axis.place(mark.value);
        let look = if mark.text.is_some() { MAJOR } else { MINOR };
        canvas.line((x, frame.top), (x, frame.bottom()), look);
    }
}

/// What the marks of an axis below are called, and what it shows.
pub(crate) fn names_below(canvas: &mut Canvas, frame: Area, axis: &Scale, unit: &str, what: &str) {
    for mark in &axis.marks {
        if let Some(named) = &mark.text {
            let place = (axis.place(mark.value), frame.bottom() + 20.0);
            canvas.text(place, Anchor::Middle, MARK, &format!("{named}{unit}"));
        }
    }
    let place = (frame.left + frame.width / 2.0, frame.bottom() + 44.0);
    canvas.text(place, Anchor::Middle, MARK, what);
}

/// Lines across at an axis's marks.
pub(crate) fn lines_across(canvas: &mut Canvas, frame: Area, axis: &Scale) {
    for mark in &axis.marks {
        let y = axis.place(mark.value);
        canvas.line((frame.left, y), (frame.right(), y), MAJOR);
    }
}

/// What the marks of an axis at the left are called.
pub(crate) fn names_left(canvas: &mut Canvas, frame: Area, axis: &Scale, unit: &str) {
    for mark in &axis.marks {
        if let Some(named) = &mark.text {
            let place = (frame.left - 9.0, axis.place(mark.value) + 4.0);
            canvas.text(place, Anchor::End, MARK, &format!("{named}{unit}"));
        }
    }
}

/// What an axis at the left shows.
pub(crate) fn axis_left(canvas: &mut Canvas, frame: Area, what: &str) {
    let what = font::shortened(what, MARK.size, frame.height);
    let place = (22.0, frame.top + frame.height / 2.0);
    canvas.text_upwards(place, Anchor::Middle, MARK, &what);
}

/// The outline of a panel.
pub(crate) fn outline(canvas: &mut Canvas, frame: Area) {
    canvas.rectangle(frame, Look::stroked(FRAME, 1.0));
}

/// Something that is to be said where nothing can be drawn.
pub(crate) fn note(canvas: &mut Canvas, frame: Area, text: &str) {
    let place = (frame.left + frame.width / 2.0, frame.top + frame.height / 2.0 + 4.0);
    canvas.text(place, Anchor::Middle, MARK, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_on_in_the_next_line() {
        let lines = wrapped("one two three four", 10.0, 62.0);
        assert_eq!(lines, ["one two", "three", "four"]);
        assert_eq!(wrapped("0123456789abcdef", 10.0, 60.0), ["012…abcdef"]);
        assert_eq!(Heading::new("", "").bottom(), 58.0);
    }

    #[test]
    fn legends_have_as_many_lines_as_they_need() {
        let entry = |number: u32| (INK, format!("contestant {number}"));
        let legend = Legend::new((0..9).map(entry), 400.0);
        assert_eq!(legend.height(), 60.0);
        for (at, (_, text, x, y)) in legend.entries.iter().enumerate() {
            let end = x + 15.0 + font::width(text, NAME.size);
            assert!(end <= 400.0, "{text}");
            if let Some((_, _, next, line)) = legend.entries.get(at + 1) {
                assert!(line > y || *next > end, "{text}");
            }
        }
        assert_eq!(Legend::new([].into_iter(), 400.0).height(), 0.0);
    }
}
