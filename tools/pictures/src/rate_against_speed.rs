//! Rate against speed: a panel for each way, a dot for each codec.

use crate::canvas::{Anchor, Canvas, Look, Point, Type};
use crate::colours::{Group, LEADER, PAPER};
use crate::font;
use crate::labels::{self, Area, Label, Line};
use crate::layout::{self, Heading, NAME, PANEL_NAME, WIDTH};
use crate::numbers::significant;
use crate::scale::Scale;

/// How much codecs leave of the audio, and how fast they are.
#[derive(Debug, Clone, PartialEq)]
pub struct RateAgainstSpeed {
    /// What the chart is called.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// What a rate is, such as `compressed size / WAV size`.
    pub rate: String,
    /// How rates are written.
    pub rates: Rates,
    /// The scale goes up to this many times the rate in the middle, and to what presets
    /// have: a codec far above would press all others together. It is shown at the edge.
    pub far_above: f64,
    /// What follows the number of a speed, such as `×`.
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

/// What codecs do in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedPanel {
    /// What stands above it.
    pub name: String,
    /// What its speeds are.
    pub axis: String,
    /// The codecs. Presets are joined in this order.
    pub dots: Vec<Dot>,
}

/// A codec.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// Its name.
    pub name: String,
    /// Above zero.
    pub speed: f64,
    /// What it leaves of 1.
    pub rate: f64,
    /// What kind it is.
    pub group: Group,
}

const PANEL_HEIGHT: f64 = 384.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 28.0;
const GAP: f64 = 40.0;

const LINE_HEIGHT: f64 = 15.0;

/// The largest rate that the scale goes up to; what lies above is shown at the edge.
fn ceiling(dots: &[&Dot], far_above: f64) -> f64 {
    let mut rates: Vec<f64> = dots.iter().map(|dot| dot.rate).collect();
    rates.sort_by(f64::total_cmp);
    let limit = rates.get(rates.len() / 2).map_or(f64::INFINITY, |middle| middle * far_above);
    let inside = dots.iter().filter(|dot| dot.group == Group::Preset || dot.rate <= limit);
    inside.map(|dot| dot.rate).fold(f64::NEG_INFINITY, f64::max)
}

impl Rates {
    fn shown(self, rate: f64) -> f64 {
        match self {
            Rates::Fractions => rate,
            Rates::Percent => rate * 100.0,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Rates::Fractions => "",
            Rates::Percent => " %",
        }
    }

    /// A rate with so many digits as a fraction.
    fn written(self, rate: f64, decimals: usize) -> String {
        match self {
            Rates::Fractions => format!("{rate:.decimals$}"),
            Rates::Percent => format!("{:.*} %", decimals - 2, rate * 100.0),
        }
    }
}

impl RateAgainstSpeed {
    /// Draws it. What has no rate or speed above zero has no place.
    pub fn draw(&self) -> Canvas {
        let subtitle = format!(
            "{}. Better is further down and further to the right.",
            self.subtitle.trim_end_matches('.')
        );
        let heading = Heading::new(&self.title, &subtitle);
        let top = heading.bottom() + 54.0;
        let mut canvas = Canvas::new(WIDTH, top + PANEL_HEIGHT + 64.0, &self.title);
        heading.draw(&mut canvas);

        let panels: Vec<(&SpeedPanel, Vec<&Dot>)> = self
            .panels
            .iter()
            .map(|panel| (panel, panel.dots.iter().filter(|dot| dot.has_a_place()).collect()))
            .filter(|(_, dots): &(_, Vec<&Dot>)| !dots.is_empty())
            .collect();
        let room = WIDTH - LEFT - RIGHT;
        let frame = Area { left: LEFT, top, width: room, height: PANEL_HEIGHT };
        let Some((_, first)) = panels.first() else {
            layout::outline(&mut canvas, frame);
            layout::note(&mut canvas, frame, "nothing was measured");
            return canvas;
        };
        let dots = || panels.iter().flat_map(|(_, dots)| dots);
        let speeds: Vec<f64> = dots().map(|dot| dot.speed).collect();
        let ceiling = ceiling(first, self.far_above);
        let rates: Vec<f64> = dots().map(|dot| self.rates.shown(dot.rate.min(ceiling))).collect();
        // All panels have the same scales: a codec's dots can be compared across.
        let vertical = Scale::linear(&rates, frame.bottom(), top);
        let count = panels.len() as f64;
        let width = ((room - GAP * (count - 1.0)) / count).floor();
        for (number, (panel, dots)) in panels.iter().enumerate() {
            let left = LEFT + number as f64 * (width + GAP);
            let frame = Area { left, width, ..frame };
            let horizontal = Scale::logarithmic(&speeds, left, frame.right());
            if number == 0 {
                layout::names_left(&mut canvas, frame, &vertical, self.rates.unit());
            }
            self.panel(&mut canvas, frame, &horizontal, &vertical, panel, dots);
        }
        layout::axis_left(&mut canvas, frame, &self.rate);
        canvas
    }

    fn panel(
        &self,
        canvas: &mut Canvas,
        frame: Area,
        horizontal: &Scale,
        vertical: &Scale,
        panel: &SpeedPanel,
        dots: &[&Dot],
    ) {
        let above = (frame.left + frame.width / 2.0, frame.top - 14.0);
        canvas.text(above, Anchor::Middle, PANEL_NAME, &panel.name);
        layout::lines_down(canvas, frame, horizontal);
        layout::names_below(canvas, frame, horizontal, &self.speed_unit, &panel.axis);
        layout::lines_across(canvas, frame, vertical);
        layout::outline(canvas, frame);
        let places: Vec<Place> =
            dots.iter().map(|dot| self.place(frame, horizontal, vertical, dot)).collect();
        self.codecs(canvas, frame, &places);
    }

    fn codecs(&self, canvas: &mut Canvas, frame: Area, places: &[Place]) {
        let presets: Vec<Point> = places
            .iter()
            .filter(|place| place.dot.group == Group::Preset)
            .map(|place| place.at)
            .collect();
        let lines: Vec<Line> =
            presets.windows(2).map(|ends| Line { from: ends[0], to: ends[1] }).collect();
        let joined = Look::stroked(Group::Preset.colour().with_opacity(0.45), 1.6);
        for &Line { from, to } in &lines {
            canvas.line(from, to, joined);
        }
        let labels: Vec<Label> = places
            .iter()
            .map(|place| Label {
                dot: place.at,
                width: font::width(&place.name, NAME.size) * place.breadth(),
                height: LINE_HEIGHT,
            })
            .collect();
        let placed = labels::place(frame, &labels, &lines);
        for (place, placed) in places.iter().zip(&placed) {
            if placed.leader {
                canvas.line(place.at, placed.end(place.at), Look::stroked(LEADER, 1.0));
            }
        }
        for (place, placed) in places.iter().zip(&placed) {
            self.dot(canvas, place);
            name(canvas, place, &placed.area);
        }
    }

    fn dot(&self, canvas: &mut Canvas, place: &Place) {
        let dot = place.dot;
        let look = Look::filled(dot.group.colour()).with_stroke(PAPER, 1.5);
        let (x, y) = place.at;
        match place.above {
            true => {
                let corners = vec![(x - 6.0, y + 4.0), (x + 6.0, y + 4.0), (x, y - 7.0)];
                canvas.polygon(corners, look);
            }
            false => canvas.circle(place.at, 5.5, look),
        }
        let rate = self.rates.written(dot.rate, 4);
        let speed = significant(dot.speed);
        canvas.tip(format!("{}: {rate}, {speed}{}", dot.name, self.speed_unit));
    }

    fn place<'a>(
        &self,
        frame: Area,
        horizontal: &Scale,
        vertical: &Scale,
        dot: &'a Dot,
    ) -> Place<'a> {
        let (x, y) = (horizontal.place(dot.speed), vertical.place(self.rates.shown(dot.rate)));
        // A name must fit where it may stand.
        let name = font::shortened(&dot.name, NAME.size, frame.width / 2.0 - 70.0);
        match y < frame.top {
            true => {
                let name = format!("{name} ({})", self.rates.written(dot.rate, 3));
                Place { dot, name, at: (x, frame.top + labels::CLEARANCE), above: true }
            }
            false => Place { dot, name, at: (x, y), above: false },
        }
    }
}

impl Dot {
    fn has_a_place(&self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        positive(self.speed) && positive(self.rate)
    }
}

/// A dot and where it is.
struct Place<'a> {
    dot: &'a Dot,
    name: String,
    at: Point,
    /// Whether its place would be above the panel: it is shown at the edge.
    above: bool,
}

impl Place<'_> {
    fn bold(&self) -> bool {
        self.dot.group != Group::Baseline
    }

    /// Bold letters are wider.
    fn breadth(&self) -> f64 {
        if self.bold() { 1.1 } else { 1.0 }
    }
}

/// Writes a name on the side of its area that is nearest to its dot.
fn name(canvas: &mut Canvas, place: &Place, area: &Area) {
    let look = Type { colour: place.dot.group.name_colour(), ..NAME }.with_halo();
    let look = if place.bold() { look.bold() } else { look };
    let (anchor, x) = if area.left > place.at.0 {
        (Anchor::Start, area.left)
    } else if area.right() < place.at.0 {
        (Anchor::End, area.right())
    } else {
        (Anchor::Middle, area.left + area.width / 2.0)
    };
    canvas.text((x, area.top + LINE_HEIGHT * 0.78), anchor, look, &place.name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{assert_readable, decoded};

    fn dot(name: &str, speed: f64, rate: f64, group: Group) -> Dot {
        Dot { name: name.into(), speed, rate, group }
    }

    fn chart(panels: [Vec<Dot>; 2]) -> RateAgainstSpeed {
        let panel = |dots| SpeedPanel { name: "P".into(), axis: "speed".into(), dots };
        RateAgainstSpeed {
            title: "T".into(),
            subtitle: "2 files.".into(),
            rate: "rate".into(),
            rates: Rates::Percent,
            far_above: 1.25,
            speed_unit: "×".into(),
            panels: panels.map(panel).into(),
        }
    }

    fn some() -> Vec<Dot> {
        vec![
            dot("lmac fast", 100.0, 0.5, Group::Preset),
            dot("lmac max", 2.0, 0.4, Group::Preset),
            dot("a model", 0.1, 2.7, Group::LanguageModel),
            dot("flac", 300.0, 0.5, Group::Baseline),
            dot("none", 0.0, 0.5, Group::Baseline),
            dot("nan", 1.0, f64::NAN, Group::Baseline),
        ]
    }

    #[test]
    fn what_was_measured_is_drawn() {
        let canvas = chart([some(), some()]).draw();
        assert_readable(&canvas);
        let svg = canvas.svg();
        assert!(roxmltree::Document::parse(&svg).is_ok());
        assert_eq!(svg.matches("<circle").count(), 6);
        assert_eq!(svg.matches("<polygon").count(), 2);
        assert_eq!(svg.matches(">a model (270.0 %)</text>").count(), 2);
        assert!(svg.contains("<title>lmac max: 40.00 %, 2.00×</title>"), "{svg}");
        assert!(svg.contains(">2 files. Better is further down"), "{svg}");
        assert!(!svg.contains(">none<") && !svg.contains(">nan<"));
        assert_eq!(svg, chart([some(), some()]).draw().svg());

        let file = canvas.png();
        assert_eq!(file, chart([some(), some()]).draw().png());
        let pixels = decoded(&file);
        assert_eq!((pixels.width, pixels.height), (2160, 1120));
        let document = roxmltree::Document::parse(&svg).unwrap();
        let circles = document.descendants().filter(|node| node.has_tag_name("circle"));
        for circle in circles {
            let number = |name| circle.attribute(name).unwrap().parse::<f64>().unwrap();
            let [red, green, blue] = pixels.at(number("cx"), number("cy"));
            let colour = format!("#{red:02x}{green:02x}{blue:02x}");
            assert_eq!(circle.attribute("fill"), Some(colour.as_str()));
        }
    }

    #[test]
    fn without_a_second_way_the_first_has_all_the_room() {
        let svg = chart([some(), Vec::new()]).draw().svg();
        assert!(svg.contains("width=\"976.0\""), "{svg}");
        let svg = chart([Vec::new(), Vec::new()]).draw().svg();
        assert!(svg.contains(">nothing was measured<"), "{svg}");
    }

    #[test]
    fn long_names_stay_inside() {
        let names = ["a name that nobody would give to anything, unless to try", "short"];
        let dots = names.map(|name| dot(name, 5.0, 0.5, Group::LanguageModel)).to_vec();
        let svg = chart([dots.clone(), dots]).draw().svg();
        assert!(svg.contains(">a name"), "{svg}");
        assert!(!svg.contains(&format!(">{}</text>", names[0])), "{svg}");
    }

    #[test]
    fn what_is_far_above_does_not_make_the_scale() {
        let dot = |rate, group| dot("", 1.0, rate, group);
        let others = [0.45, 0.5, 0.55, 0.9].map(|rate| dot(rate, Group::Baseline));
        let of = |dots: &[Dot]| ceiling(&dots.iter().collect::<Vec<_>>(), 1.25);
        assert_eq!(of(&others), 0.55);
        assert_eq!(of(&[&others[..], &[dot(0.8, Group::Preset)]].concat()), 0.8);
        assert_eq!(of(&others[3..]), 0.9);
    }
}
