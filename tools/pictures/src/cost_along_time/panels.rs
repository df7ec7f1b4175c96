//! The panels of the chart.

use super::envelope::envelope;
use super::spectrogram::{self, RANGE, Spectrogram};
use super::steps::{self, Step};
use crate::canvas::{Anchor, Canvas, Look, Point, Raster};
use crate::colours::{self, Colour, FAINT, FRAME, Group, WAVEFORM};
use crate::labels::Area;
use crate::layout::{self, MAJOR, MARK};
use crate::scale::Scale;
use crate::sound::Sound;

/// A codec's costs and how they are drawn.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) group: Group,
    pub(super) colour: Colour,
    /// Bits of a sample along time.
    pub(super) steps: Vec<Step>,
    /// Bits of a sample in all.
    pub(super) mean: f64,
}

/// How far samples go, of all channels together.
pub(super) fn waveform(canvas: &mut Canvas, frame: Area, time: &Scale, sound: &Sound) {
    let columns = envelope(sound, frame.width as usize);
    let peak = columns.iter().fold(0.0, |peak: f64, (low, high)| peak.max(-low).max(*high));
    // The highest sample makes the scale, however quiet it is.
    let most = if peak > 0.0 { peak } else { 1.0 };
    let middle = frame.top + frame.height / 2.0;
    let reach = frame.height / 2.0 - 6.0;
    layout::lines_down(canvas, frame, time);
    canvas.line((frame.left, middle), (frame.right(), middle), MAJOR);

    let step = frame.width / columns.len().max(1) as f64;
    let place = |column: usize, value: f64| {
        (frame.left + column as f64 * step, middle - value / most * reach)
    };
    let above = columns
        .iter()
        .enumerate()
        .flat_map(|(column, (_, high))| [place(column, *high), place(column + 1, *high)]);
    let below = columns
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(column, (low, _))| [place(column + 1, *low), place(column, *low)]);
    let corners: Vec<Point> = above.chain(below).collect();
    if !corners.is_empty() {
        canvas.polygon(corners, Look::filled(WAVEFORM).with_stroke(WAVEFORM, 0.7));
    }
    layout::outline(canvas, frame);
    layout::axis_left(canvas, frame, "waveform");
    let marks = match peak > 0.0 {
        true => vec!["peak".into(), format!("{:.1} dB", 20.0 * peak.log10()).replace('-', "−")],
        false => vec!["silence".to_string()],
    };
    for (line, mark) in marks.iter().enumerate() {
        let place = (frame.right() + 14.0, frame.top + 14.0 + 15.0 * line as f64);
        canvas.text(place, Anchor::Start, MARK, mark);
    }
}

/// Frequencies that are marked, if there is room.
const MARKED: [f64; 10] = [100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3];

/// Which frequencies there are when, spaced as they are heard.
pub(super) fn frequencies(canvas: &mut Canvas, frame: Area, sound: &Sound) {
    let spectrogram = Spectrogram::new(sound, frame.width as usize, frame.height as usize);
    canvas.image(frame, spectrogram.raster);
    layout::outline(canvas, frame);
    layout::axis_left(canvas, frame, "frequency in Hz");
    let highest = sound.tempo() / 2.0;
    let mut lowest_name = f64::INFINITY;
    let place = |frequency: f64| {
        frame.bottom() - spectrogram::pitch(frequency) / spectrogram::pitch(highest) * frame.height
    };
    for frequency in MARKED.into_iter().filter(|frequency| sound.rate > 0 && *frequency < highest) {
        let y = place(frequency);
        if y > frame.bottom() - 6.0 || lowest_name - y < 15.0 {
            continue;
        }
        lowest_name = y;
        canvas.line((frame.left - 5.0, y), (frame.left, y), Look::stroked(FRAME, 1.0));
        let named = match frequency >= 1000.0 {
            true => format!("{}k", frequency / 1000.0),
            false => frequency.to_string(),
        };
        canvas.text((frame.left - 9.0, y + 4.0), Anchor::End, MARK, &named);
    }
    loudness(canvas, frame, spectrogram.loudest);
}

/// Which colour is how loud.
fn loudness(canvas: &mut Canvas, frame: Area, loudest: f64) {
    let bar = Area { left: frame.right() + 14.0, width: 10.0, ..frame };
    let cells = (0..=255).rev().collect();
    canvas.image(bar, Raster { columns: 1, cells, palette: colours::loudness() });
    layout::outline(canvas, bar);
    for (y, level) in [
        (bar.top + 10.0, loudest),
        (bar.top + bar.height / 2.0 + 4.0, loudest - RANGE / 2.0),
        (bar.bottom() - 2.0, loudest - RANGE),
    ] {
        let named = format!("{level:.0} dB").replace('-', "−");
        canvas.text((bar.right() + 5.0, y), Anchor::Start, MARK, &named);
    }
}

/// Above what steps keep to for nearly all of their time, as far as the scale goes.
const FAR_ABOVE: f64 = 1.3;

/// What samples cost along time.
pub(super) fn costs(
    canvas: &mut Canvas,
    frame: Area,
    time: &Scale,
    factor: f64,
    lines: &[Line],
    uncompressed: u32,
) {
    layout::lines_down(canvas, frame, time);
    let all: Vec<Step> = lines.iter().flat_map(|line| line.steps.iter().copied()).collect();
    if all.is_empty() {
        layout::outline(canvas, frame);
        layout::note(canvas, frame, "no costs of pieces were measured");
        return;
    }
    let limit = steps::usual(&all, 0.99) * FAR_ABOVE;
    let within = all.iter().map(|step| step.bits).filter(|bits| *bits <= limit);
    let (least, most) = within
        .fold((f64::INFINITY, 0.0f64), |(least, most), bits| (least.min(bits), most.max(bits)));
    let full = f64::from(uncompressed);
    // Where it is near, what is not compressed shows how well the others do.
    let near = most > full * 0.6;
    let high = if near { most.max(full) } else { most };
    let low = if least > high * 0.6 { least } else { 0.0 };
    let axis = match low > 0.0 {
        true => Scale::linear(&[low, high], frame.bottom(), frame.top),
        false => Scale::exact((0.0, high.max(1e-3) * 1.06), frame.bottom(), frame.top, 6.0),
    };
    layout::lines_across(canvas, frame, &axis);
    layout::names_left(canvas, frame, &axis, "");
    layout::axis_left(canvas, frame, "bits per sample");
    if near {
        let y = axis.place(full);
        canvas.line((frame.left, y), (frame.right(), y), Look::stroked(FAINT, 1.0).dashed(4.0));
        canvas.text((frame.right() + 6.0, y + 4.0), Anchor::Start, MARK, "PCM");
    }
    // The first lies above all others, and what others are compared with below.
    for line in lines.iter().rev() {
        let width = if line.group == Group::Baseline { 1.1 } else { 1.6 };
        let points = line.steps.iter().flat_map(|step| {
            let y = axis.place(step.bits).max(frame.top);
            let x = |seconds: f64| time.place(seconds * factor).clamp(frame.left, frame.right());
            [(x(step.start), y), (x(step.end), y)]
        });
        let look = Look::stroked(line.colour.with_opacity(0.9), width);
        canvas.lines(points.collect(), look);
        canvas.tip(line.name.into());
    }
    layout::outline(canvas, frame);
    let highest = all.iter().map(|step| step.bits).fold(0.0, f64::max);
    if axis.place(highest) < frame.top - 0.5 {
        let text = format!("up to {highest:.0} bits, cut off here");
        let look = MARK.with_halo();
        canvas.text((frame.right() - 8.0, frame.top + 15.0), Anchor::End, look, &text);
    }
}
