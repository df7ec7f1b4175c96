//! What the audio of a file costs along time, below its waveform and its spectrogram.

use super::canvas::{Area, Canvas, END, Point, START, filled, stroked};
use super::colours::{self, Colour, FAINT, FRAME, GRID, Group, WAVEFORM};
use super::layout::{self, MARK, WIDTH};
use super::scale::Scale;
use super::sound::Sound;
use super::spectrogram::{self, RANGE, Spectrogram};
use super::steps::{self, Piece, Step};
use super::text::Font;

/// What the audio of a file costs along time.
#[derive(Debug, Clone, PartialEq)]
pub struct CostAlongTime<'a> {
    /// The title of the chart.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// The audio.
    pub sound: Sound<'a>,
    /// Bits of an uncompressed sample.
    pub bits: u32,
    /// The costs of each codec.
    pub costs: Vec<Cost>,
}

/// What the audio costs with one codec.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The codec's name.
    pub name: String,
    /// What kind of codec it is.
    pub group: Group,
    /// The pieces of the audio, in order.
    pub pieces: Vec<Piece>,
}

const SIDES: f64 = 84.0;
const WAVEFORM_HEIGHT: f64 = 92.0;
const SPECTROGRAM_HEIGHT: f64 = 180.0;
const COSTS_HEIGHT: f64 = 280.0;
const GAP: f64 = 14.0;

/// The scale ends at this many times the cost that steps keep to for nearly all their time.
const FAR_ABOVE: f64 = 1.3;

/// A codec's costs and how they are drawn.
struct Line<'a> {
    name: &'a str,
    group: Group,
    colour: Colour,
    /// Bits of a sample along time.
    steps: Vec<Step>,
    /// Bits of a sample in all.
    mean: f64,
}

impl CostAlongTime<'_> {
    /// Draws the chart; without costs there is none. Long audio does not make more shapes.
    pub fn draw(&self) -> Option<Canvas> {
        let lines = self.lines();
        if lines.iter().all(|line| line.steps.is_empty()) {
            return None;
        }
        let subtitle = format!("{}. Better is further down.", self.subtitle.trim_end_matches('.'));
        let entries = lines
            .iter()
            .map(|line| (line.colour, format!("{} ({:.2} bits)", line.name, line.mean)));
        let (mut canvas, bottom) = layout::begin(&self.title, &subtitle, entries);
        let width = WIDTH - 2.0 * SIDES;
        let waveform = Area { left: SIDES, top: bottom + 14.0, width, height: WAVEFORM_HEIGHT };
        let spectrogram =
            Area { top: waveform.bottom() + GAP, height: SPECTROGRAM_HEIGHT, ..waveform };
        let costs = Area { top: spectrogram.bottom() + GAP, height: COSTS_HEIGHT, ..waveform };
        canvas.height = costs.bottom() + 64.0;
        let (factor, unit) = match self.sound.seconds() {
            _ if self.sound.rate == 0 => (1.0, "frame"),
            seconds if seconds < 1e-3 => (1e6, "time in microseconds"),
            seconds if seconds < 1.0 => (1e3, "time in milliseconds"),
            _ => (1.0, "time in seconds"),
        };
        let seconds = self.sound.seconds() * factor;
        let time = Scale::exact((0.0, seconds), costs.left, costs.right(), 9.0);
        draw_waveform(&mut canvas, waveform, &time, &self.sound);
        draw_spectrogram(&mut canvas, spectrogram, &self.sound);
        layout::axis_below(&mut canvas, costs, &time, "", unit);
        draw_costs(&mut canvas, costs, &time, factor, &lines, f64::from(self.bits));
        Some(canvas)
    }

    fn lines<'a>(&'a self) -> Vec<Line<'a>> {
        let colours = colours::apart(self.costs.iter().map(|cost| cost.group));
        let samples = self.sound.tempo() * self.sound.channels.max(1) as f64;
        // A column of two pixels is wide enough for the eye to follow the line.
        let columns = (WIDTH / 2.0 - SIDES) as usize;
        let line = |(cost, colour): (&'a Cost, Colour)| {
            let Cost { name, group, pieces } = cost;
            let mut steps = steps::steps(pieces, self.sound.seconds(), columns);
            for step in &mut steps {
                step.bits /= samples;
            }
            let bits: f64 = pieces.iter().map(|piece| piece.bits).sum();
            let seconds: f64 = pieces.iter().map(|piece| piece.seconds).sum();
            let mean = if seconds > 0.0 { bits / seconds / samples } else { 0.0 };
            Line { name, group: *group, colour, steps, mean }
        };
        self.costs.iter().zip(colours).map(line).collect()
    }
}

/// Draws the waveform of all channels together.
fn draw_waveform(canvas: &mut Canvas, frame: Area, time: &Scale, sound: &Sound) {
    let columns = sound.envelope(frame.width as usize);
    let peak = columns.iter().fold(0.0, |peak: f64, (low, high)| peak.max(-low).max(*high));
    // The peak makes the scale, however quiet it is.
    let most = if peak > 0.0 { peak } else { 1.0 };
    let middle = frame.middle().1;
    let reach = frame.height / 2.0 - 6.0;
    layout::grid_down(canvas, frame, time);
    canvas.line((frame.left, middle), (frame.right(), middle), &stroked(GRID, 1.0));

    let step = frame.width / columns.len().max(1) as f64;
    let place = |column: usize, value: f64| {
        (frame.left + column as f64 * step, middle - value / most * reach)
    };
    let numbered = || columns.iter().enumerate();
    let above = numbered().flat_map(|(at, (_, high))| [place(at, *high), place(at + 1, *high)]);
    let below = numbered().rev().flat_map(|(at, (low, _))| [place(at + 1, *low), place(at, *low)]);
    let corners: Vec<Point> = above.chain(below).collect();
    if !corners.is_empty() {
        canvas.polygon(&corners, &(filled(WAVEFORM) + &stroked(WAVEFORM, 0.7)));
    }
    layout::outline(canvas, frame);
    layout::name_left(canvas, frame, "waveform");
    let x = frame.right() + 14.0;
    if peak > 0.0 {
        canvas.text((x, frame.top + 14.0), START, MARK, "peak");
        canvas.text((x, frame.top + 29.0), START, MARK, &decibels(20.0 * peak.log10(), 1));
    } else {
        canvas.text((x, frame.top + 14.0), START, MARK, "silence");
    }
}

fn decibels(value: f64, decimals: usize) -> String {
    // Adding zero takes away the sign of minus zero.
    format!("{:.decimals$} dB", value + 0.0).replace('-', "−")
}

/// Frequencies that are named if there is room.
const NAMED: [f64; 10] = [100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3];

/// Draws the spectrogram, with frequencies spaced as they are heard.
fn draw_spectrogram(canvas: &mut Canvas, frame: Area, sound: &Sound) {
    let Spectrogram { columns, cells, loudest } =
        Spectrogram::new(sound, frame.width as usize, frame.height as usize);
    let colours = colours::loudness();
    canvas.image(frame, columns, &cells, &colours);
    layout::outline(canvas, frame);
    layout::name_left(canvas, frame, "frequency in Hz");
    let highest = sound.tempo() / 2.0;
    let mut last = f64::INFINITY;
    for frequency in NAMED.into_iter().filter(|frequency| sound.rate > 0 && *frequency < highest) {
        let part = spectrogram::pitch(frequency) / spectrogram::pitch(highest);
        let y = frame.bottom() - part * frame.height;
        if y > frame.bottom() - 6.0 || last - y < 15.0 {
            continue;
        }
        last = y;
        canvas.line((frame.left - 5.0, y), (frame.left, y), &stroked(FRAME, 1.0));
        let name = match frequency >= 1000.0 {
            true => format!("{}k", frequency / 1000.0),
            false => frequency.to_string(),
        };
        canvas.text((frame.left - 9.0, y + 4.0), END, MARK, &name);
    }
    let bar = Area { left: frame.right() + 14.0, width: 10.0, ..frame };
    canvas.image(bar, 1, &(0..=255).rev().collect::<Vec<u8>>(), &colours);
    layout::outline(canvas, bar);
    for (y, level) in [
        (bar.top + 10.0, loudest),
        (bar.middle().1 + 4.0, loudest - RANGE / 2.0),
        (bar.bottom() - 2.0, loudest - RANGE),
    ] {
        canvas.text((bar.right() + 5.0, y), START, MARK, &decibels(level, 0));
    }
}

/// Draws the costs of samples along time.
fn draw_costs(
    canvas: &mut Canvas,
    frame: Area,
    time: &Scale,
    factor: f64,
    lines: &[Line],
    uncompressed: f64,
) {
    let all: Vec<Step> = lines.iter().flat_map(|line| line.steps.iter().copied()).collect();
    let limit = steps::usual(&all, 0.99) * FAR_ABOVE;
    let (mut least, mut most, mut highest) = (f64::INFINITY, 0.0f64, 0.0f64);
    for bits in all.iter().map(|step| step.bits) {
        highest = highest.max(bits);
        if bits <= limit {
            (least, most) = (least.min(bits), most.max(bits));
        }
    }
    // Uncompressed samples are drawn if they are near.
    let near = most > uncompressed * 0.6;
    let high = if near { most.max(uncompressed) } else { most };
    let axis = match least > high * 0.6 {
        true => Scale::linear(&[least, high], frame.bottom(), frame.top),
        false => Scale::exact((0.0, high.max(1e-3) * 1.06), frame.bottom(), frame.top, 6.0),
    };
    layout::axis_left(canvas, frame, &axis, "", "bits per sample");
    if near {
        let y = axis.place(uncompressed);
        let dashed = stroked(FAINT, 1.0) + " stroke-dasharray=\"4\"";
        canvas.line((frame.left, y), (frame.right(), y), &dashed);
        canvas.text((frame.right() + 6.0, y + 4.0), START, MARK, "PCM");
    }
    // The first codec's line lies above the others'.
    for line in lines.iter().rev() {
        let width = if line.group == Group::Baseline { 1.1 } else { 1.6 };
        let points = line.steps.iter().flat_map(|step| {
            let y = axis.place(step.bits).max(frame.top);
            let x = |seconds: f64| time.place(seconds * factor).clamp(frame.left, frame.right());
            [(x(step.start), y), (x(step.end), y)]
        });
        canvas.tip(line.name);
        let look = stroked(line.colour, width) + " opacity=\"0.9\"";
        canvas.lines(&points.collect::<Vec<_>>(), &look);
    }
    layout::outline(canvas, frame);
    if axis.place(highest) < frame.top - 0.5 {
        let text = format!("up to {highest:.0} bits, cut off here");
        let at = (frame.right() - 8.0, frame.top + 15.0);
        canvas.text(at, END, Font { halo: true, ..MARK }, &text);
    }
}
