//! The drawing.

use std::fmt::Write;

use super::labels::{self, Area, Label, Line};
use super::scale::Scale;
use super::{Dot, ceiling};
use crate::markdown::significant;
use crate::results::Way;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 560.0;
const TOP: f64 = 112.0;
const BOTTOM: f64 = HEIGHT - 64.0;
const LEFT: f64 = 76.0;
const PANEL: f64 = 468.0;
const GAP: f64 = 40.0;

const FONT_SIZE: f64 = 12.5;
/// Of a letter's height: no usual sans-serif font is wider on the average of a name.
const LETTER_WIDTH: f64 = 0.6;
const LINE_HEIGHT: f64 = 15.0;

const STYLE: &str = "\
text { font-family: Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; \
font-size: 12.5px; fill: #3b4252; }
.title { font-size: 19px; font-weight: 600; fill: #16202e; }
.subtitle, .mark, .axis { fill: #6a7484; }
.mark, .axis { font-size: 12px; }
.panel { font-size: 14px; font-weight: 600; fill: #16202e; }
.grid { stroke: #e3e7ed; stroke-width: 1; }
.minor { stroke: #f1f3f6; stroke-width: 1; }
.frame { fill: none; stroke: #c3cad4; stroke-width: 1; }
.leader { stroke: #9aa4b2; stroke-width: 1; }
.presets { fill: none; stroke: #1c64d9; stroke-width: 1.6; stroke-opacity: 0.45; }
.dot { fill: #7b8797; stroke: #ffffff; stroke-width: 1.5; }
.own.dot { fill: #1c64d9; }
.name { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }
.own.name { fill: #1552b5; font-weight: 600; }
";

pub(super) fn draw(subtitle: &str, panels: &[(Way, Vec<Dot>); 2]) -> String {
    let dots = || panels.iter().flat_map(|(_, dots)| dots);
    let speeds: Vec<f64> = dots().map(|dot| dot.speed).collect();
    let ceiling = ceiling(&panels[0].1);
    let ratios: Vec<f64> = dots().map(|dot| dot.ratio.min(ceiling)).collect();
    // Both panels have the same scales: a codec's dots can be compared across.
    let vertical = Scale::linear(&ratios, BOTTOM, TOP);

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n\
         <title>Compressed size against speed</title>\n<style>\n{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut out, "title", "start", (24.0, 36.0), "Compressed size against speed");
    let subtitle = format!("{subtitle}. Better is further down and further to the right.");
    text(&mut out, "subtitle", "start", (24.0, 58.0), &subtitle);
    for (number, (way, dots)) in panels.iter().enumerate() {
        let left = LEFT + number as f64 * (PANEL + GAP);
        let horizontal = Scale::logarithmic(&speeds, left, left + PANEL);
        panel(&mut out, left, &horizontal, &vertical, *way, dots, number == 0);
    }
    let middle = (TOP + BOTTOM) / 2.0;
    let _ = writeln!(
        out,
        "<text class=\"axis\" text-anchor=\"middle\" \
         transform=\"translate(22 {middle:.1}) rotate(-90)\">compressed size / WAV size</text>"
    );
    out += "</svg>\n";
    out
}

fn panel(
    out: &mut String,
    left: f64,
    horizontal: &Scale,
    vertical: &Scale,
    way: Way,
    dots: &[Dot],
    with_ratios: bool,
) {
    let right = left + PANEL;
    let middle = (left + right) / 2.0;
    let (name, axis) = match way {
        Way::Encoding => ("Encoding", "encoding speed, times real time (logarithmic)"),
        Way::Decoding => ("Decoding", "decoding speed, times real time (logarithmic)"),
    };
    text(out, "panel", "middle", (middle, TOP - 14.0), name);
    text(out, "axis", "middle", (middle, BOTTOM + 44.0), axis);
    for mark in &horizontal.marks {
        let x = horizontal.place(mark.value);
        let class = if mark.text.is_some() { "grid" } else { "minor" };
        line(out, class, (x, TOP), (x, BOTTOM));
        if let Some(named) = &mark.text {
            text(out, "mark", "middle", (x, BOTTOM + 20.0), &format!("{named}×"));
        }
    }
    for mark in &vertical.marks {
        let y = vertical.place(mark.value);
        line(out, "grid", (left, y), (right, y));
        if let (true, Some(named)) = (with_ratios, &mark.text) {
            text(out, "mark", "end", (left - 9.0, y + 4.0), named);
        }
    }
    let frame = Area { left, top: TOP, width: PANEL, height: BOTTOM - TOP };
    let _ = writeln!(
        out,
        "<rect class=\"frame\" x=\"{left:.1}\" y=\"{TOP:.1}\" width=\"{PANEL:.1}\" \
         height=\"{:.1}\"/>",
        frame.height
    );
    codecs(out, frame, horizontal, vertical, dots);
}

fn codecs(out: &mut String, frame: Area, horizontal: &Scale, vertical: &Scale, dots: &[Dot]) {
    let points: Vec<Point> =
        dots.iter().map(|dot| Point::new(frame, horizontal, vertical, dot)).collect();
    let own: Vec<(f64, f64)> =
        points.iter().filter(|point| point.dot.own).map(|point| point.at).collect();
    let lines: Vec<Line> = own.windows(2).map(|ends| Line { from: ends[0], to: ends[1] }).collect();
    for &Line { from, to } in &lines {
        line(out, "presets", from, to);
    }
    let labels: Vec<Label> = points
        .iter()
        .map(|point| Label { dot: point.at, width: width(&point.name), height: LINE_HEIGHT })
        .collect();
    let placed = labels::place(frame, &labels, &lines);
    for (point, placed) in points.iter().zip(&placed) {
        if placed.leader {
            line(out, "leader", point.at, placed.end(point.at));
        }
    }
    for (point, placed) in points.iter().zip(&placed) {
        point.draw(out);
        name(out, point, &placed.area);
    }
}

/// A dot and where it is.
struct Point<'a> {
    dot: &'a Dot,
    name: String,
    at: (f64, f64),
    /// Whether its place would be above the panel: it is shown at the edge.
    above: bool,
}

impl<'a> Point<'a> {
    fn new(frame: Area, horizontal: &Scale, vertical: &Scale, dot: &'a Dot) -> Self {
        let (x, y) = (horizontal.place(dot.speed), vertical.place(dot.ratio));
        match y < frame.top {
            true => {
                let name = format!("{} ({:.3})", dot.name, dot.ratio);
                Point { dot, name, at: (x, frame.top + labels::CLEARANCE), above: true }
            }
            false => Point { dot, name: dot.name.clone(), at: (x, y), above: false },
        }
    }

    fn draw(&self, out: &mut String) {
        let class = if self.dot.own { "own dot" } else { "dot" };
        let (x, y) = self.at;
        let (element, shape) = match self.above {
            true => {
                let (left, right, top, bottom) = (x - 6.0, x + 6.0, y - 7.0, y + 4.0);
                let corners =
                    format!("{left:.1},{bottom:.1} {right:.1},{bottom:.1} {x:.1},{top:.1}");
                ("polygon", format!("points=\"{corners}\""))
            }
            false => ("circle", format!("cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"")),
        };
        let _ = writeln!(
            out,
            "<{element} class=\"{class}\" {shape}><title>{}: ratio {:.4}, {}×</title></{element}>",
            escaped(&self.dot.name),
            self.dot.ratio,
            significant(self.dot.speed),
        );
    }
}

/// Writes a name on the side of its area that is nearest to its dot.
fn name(out: &mut String, point: &Point, area: &Area) {
    let class = if point.dot.own { "own name" } else { "name" };
    let (anchor, x) = if area.left > point.at.0 {
        ("start", area.left)
    } else if area.left + area.width < point.at.0 {
        ("end", area.left + area.width)
    } else {
        ("middle", area.left + area.width / 2.0)
    };
    text(out, class, anchor, (x, area.top + LINE_HEIGHT * 0.78), &point.name);
}

/// About the width of a name, rather too much than too little.
fn width(name: &str) -> f64 {
    name.chars().count() as f64 * FONT_SIZE * LETTER_WIDTH
}

fn line(out: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn text(out: &mut String, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        out,
        "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
