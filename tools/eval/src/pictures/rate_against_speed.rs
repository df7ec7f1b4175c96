//! Rate against speed: a panel for each direction, a dot for each codec.

use super::canvas::{Area, Canvas, END, MIDDLE, Point, START, filled, stroked};
use super::colours::{Group, HEADING, LEADER, PAPER};
use super::labels::{self, Label, Line};
use super::layout::{self, NAME, WIDTH};
use super::numbers::significant;
use super::scale::Scale;
use super::text::{self, Font};

/// How much codecs leave of the audio, and how fast they are.
#[derive(Debug, Clone, PartialEq)]
pub struct RateAgainstSpeed {
    /// The title of the chart.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// The name of the vertical axis, such as `compressed size / WAV size`.
    pub rate: String,
    /// How rates are written.
    pub rates: Rates,
    /// The scale ends at this many times the median rate, or at the highest rate of a
    /// preset: one codec far above would press all others together. It is shown at the edge.
    pub far_above: f64,
    /// The unit after the number of a speed, such as `×`.
    pub speed_unit: String,
    /// Compressing and decompressing, mostly. Panels without dots are left out.
    pub panels: Vec<SpeedPanel>,
}

/// How rates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rates {
    /// `0.52`.
    Fractions,
    /// `52 %`.
    Percent,
}

/// One panel of [`RateAgainstSpeed`].
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedPanel {
    /// The name above it.
    pub name: String,
    /// The name of the axis of speeds.
    pub axis: String,
    /// The codecs. A line joins the presets in this order.
    pub dots: Vec<Dot>,
}

/// A codec.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// The codec's name.
    pub name: String,
    /// Its speed; only speeds above zero are drawn.
    pub speed: f64,
    /// Compressed size over original size; only rates above zero are drawn.
    pub rate: f64,
    /// What kind of codec it is.
    pub group: Group,
}

const PANEL_NAME: Font = Font { bold: true, ..Font::new(14.0, HEADING) };
const PANEL_HEIGHT: f64 = 384.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 28.0;
const GAP: f64 = 40.0;
const LINE_HEIGHT: f64 = 15.0;

/// Returns the highest rate on the scale.
fn ceiling(dots: &[&Dot], far_above: f64) -> f64 {
    let mut rates: Vec<f64> = dots.iter().map(|dot| dot.rate).collect();
    rates.sort_by(f64::total_cmp);
    let limit = rates.get(rates.len() / 2).map_or(f64::INFINITY, |median| median * far_above);
    let inside = dots.iter().filter(|dot| dot.group == Group::Preset || dot.rate <= limit);
    inside.map(|dot| dot.rate).fold(f64::NEG_INFINITY, f64::max)
}

impl Rates {
    /// Returns the factor from a rate to the axis, and the unit.
    fn unit(self) -> (f64, &'static str) {
        match self {
            Rates::Fractions => (1.0, ""),
            Rates::Percent => (100.0, " %"),
        }
    }

    /// Writes a rate with this many decimals of the fraction.
    fn written(self, rate: f64, decimals: usize) -> String {
        match self {
            Rates::Fractions => format!("{rate:.decimals$}"),
            Rates::Percent => format!("{:.*} %", decimals - 2, rate * 100.0),
        }
    }
}

/// A dot and its place.
struct Place<'a> {
    dot: &'a Dot,
    name: String,
    at: Point,
    /// Whether the dot is at the edge because its rate is above the scale.
    above: bool,
}

impl RateAgainstSpeed {
    /// Draws the chart; without dots there is none.
    pub fn draw(&self) -> Option<Canvas> {
        let drawn = |value: f64| value.is_finite() && value > 0.0;
        let panels = self.panels.iter().map(|panel| {
            let dots = panel.dots.iter().filter(|dot| drawn(dot.speed) && drawn(dot.rate));
            (panel, dots.collect())
        });
        let panels: Vec<(&SpeedPanel, Vec<&Dot>)> =
            panels.filter(|(_, dots): &(_, Vec<_>)| !dots.is_empty()).collect();
        let ceiling = ceiling(&panels.first()?.1, self.far_above);

        let subtitle = format!(
            "{}. Better is further down and further to the right.",
            self.subtitle.trim_end_matches('.')
        );
        let (mut canvas, bottom) = layout::begin(&self.title, &subtitle, [].into_iter());
        let room = WIDTH - LEFT - RIGHT;
        let frame = Area { left: LEFT, top: bottom + 54.0, width: room, height: PANEL_HEIGHT };
        canvas.height = frame.bottom() + 64.0;
        // All panels have the same scales, so that they can be compared.
        let (factor, unit) = self.rates.unit();
        let dots = || panels.iter().flat_map(|(_, dots)| dots);
        let speeds: Vec<f64> = dots().map(|dot| dot.speed).collect();
        let rates: Vec<f64> = dots().map(|dot| dot.rate.min(ceiling) * factor).collect();
        let vertical = Scale::linear(&rates, frame.bottom(), frame.top);
        let count = panels.len() as f64;
        let width = ((room - GAP * (count - 1.0)) / count).floor();
        for (number, (panel, dots)) in panels.iter().enumerate() {
            let frame = Area { left: LEFT + number as f64 * (width + GAP), width, ..frame };
            let horizontal = Scale::logarithmic(&speeds, frame.left, frame.right());
            canvas.text((frame.middle().0, frame.top - 14.0), MIDDLE, PANEL_NAME, &panel.name);
            layout::axis_below(&mut canvas, frame, &horizontal, &self.speed_unit, &panel.axis);
            match number {
                0 => layout::axis_left(&mut canvas, frame, &vertical, unit, &self.rate),
                _ => layout::grid_across(&mut canvas, frame, &vertical),
            }
            layout::outline(&mut canvas, frame);
            let places = dots.iter().map(|&dot| {
                let at = (horizontal.place(dot.speed), vertical.place(dot.rate * factor));
                self.place(frame, dot, at)
            });
            self.codecs(&mut canvas, frame, &places.collect::<Vec<_>>());
        }
        Some(canvas)
    }

    fn place<'a>(&self, frame: Area, dot: &'a Dot, (x, y): Point) -> Place<'a> {
        // The name must fit on one side of the dot.
        let name = text::shortened(&dot.name, NAME.size, frame.width / 2.0 - 70.0);
        if y >= frame.top {
            return Place { dot, name, at: (x, y), above: false };
        }
        let name = format!("{name} ({})", self.rates.written(dot.rate, 3));
        Place { dot, name, at: (x, frame.top + labels::CLEARANCE), above: true }
    }

    fn codecs(&self, canvas: &mut Canvas, frame: Area, places: &[Place]) {
        let presets = places.iter().filter(|place| place.dot.group == Group::Preset);
        let presets: Vec<Point> = presets.map(|place| place.at).collect();
        let lines: Vec<Line> = presets.windows(2).map(|ends| (ends[0], ends[1])).collect();
        let joined = stroked(Group::Preset.colour(), 1.6) + " opacity=\"0.45\"";
        for &(from, to) in &lines {
            canvas.line(from, to, &joined);
        }
        let label = |place: &Place| {
            // Bold letters are wider.
            let breadth = if place.font().bold { 1.1 } else { 1.0 };
            let width = text::width(&place.name, NAME.size) * breadth;
            Label { dot: place.at, width, height: LINE_HEIGHT }
        };
        let labels: Vec<Label> = places.iter().map(label).collect();
        let placed = labels::place(frame, &labels, &lines);
        for (from, to) in placed.iter().filter_map(|placed| placed.leader) {
            canvas.line(from, to, &stroked(LEADER, 1.0));
        }
        for (place, placed) in places.iter().zip(&placed) {
            self.dot(canvas, place);
            place.write(canvas, placed.area);
        }
    }

    fn dot(&self, canvas: &mut Canvas, place: &Place) {
        let &Place { dot, at: (x, y), .. } = place;
        let rate = self.rates.written(dot.rate, 4);
        let speed = significant(dot.speed);
        canvas.tip(&format!("{}: {rate}, {speed}{}", dot.name, self.speed_unit));
        let look = filled(dot.group.colour()) + &stroked(PAPER, 1.5);
        match place.above {
            true => canvas.polygon(&[(x - 6.0, y + 4.0), (x + 6.0, y + 4.0), (x, y - 7.0)], &look),
            false => canvas.circle((x, y), 5.5, &look),
        }
    }
}

impl Place<'_> {
    fn font(&self) -> Font {
        let group = self.dot.group;
        let bold = group != Group::Baseline;
        Font { bold, colour: group.name_colour(), halo: true, ..NAME }
    }

    /// Writes the name on the side of its area that is nearest to the dot.
    fn write(&self, canvas: &mut Canvas, area: Area) {
        let (anchor, x) = if area.left > self.at.0 {
            (START, area.left)
        } else if area.right() < self.at.0 {
            (END, area.right())
        } else {
            (MIDDLE, area.middle().0)
        };
        canvas.text((x, area.top + LINE_HEIGHT * 0.78), anchor, self.font(), &self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rate_far_above_does_not_make_the_scale() {
        let dot = |rate, group| Dot { name: String::new(), speed: 1.0, rate, group };
        let others = [0.45, 0.5, 0.55, 0.9].map(|rate| dot(rate, Group::Baseline));
        let of = |dots: &[Dot]| ceiling(&dots.iter().collect::<Vec<_>>(), 1.25);
        assert_eq!(of(&others), 0.55);
        assert_eq!(of(&[&others[..], &[dot(0.8, Group::Preset)]].concat()), 0.8);
        assert_eq!(of(&others[3..]), 0.9);
    }
}
