//! What the audio of a file costs along time, below its waveform and its frequencies.

mod envelope;
mod fourier;
mod panels;
mod spectrogram;
mod steps;

use crate::canvas::Canvas;
use crate::colours::{self, Colour, Group};
use crate::labels::Area;
use crate::layout::{self, Heading, Legend, MARGIN, WIDTH};
use crate::scale::Scale;
use crate::sound::Sound;
use panels::Line;
use steps::Step;

/// What the audio of a file costs along time.
#[derive(Debug, Clone, PartialEq)]
pub struct CostAlongTime<'a> {
    /// What the chart is called.
    pub title: String,
    /// What was measured and how.
    pub subtitle: String,
    /// The audio.
    pub sound: Sound<'a>,
    /// Bits of a sample that is not compressed.
    pub bits: u32,
    /// What codecs make of it.
    pub costs: Vec<Cost>,
}

/// What a codec makes of the audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The codec's name.
    pub name: String,
    /// What kind it is.
    pub group: Group,
    /// The audio's pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of the audio and its cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Where it begins: in seconds, or in frames of audio without a rate.
    pub start: f64,
    /// How long it is.
    pub seconds: f64,
    /// What it takes in all.
    pub bits: f64,
}

const LEFT: f64 = 84.0;
const RIGHT: f64 = 84.0;
const WAVEFORM: f64 = 92.0;
const FREQUENCIES: f64 = 180.0;
const COSTS: f64 = 280.0;
const GAP: f64 = 14.0;

impl CostAlongTime<'_> {
    /// Draws it. However long the audio is, there are no more shapes than there is room for.
    pub fn draw(&self) -> Canvas {
        let subtitle = format!("{}. Better is further down.", self.subtitle.trim_end_matches('.'));
        let heading = Heading::new(&self.title, &subtitle);
        let lines = self.lines();
        let entries = lines
            .iter()
            .map(|line| (line.colour, format!("{} ({:.2} bits)", line.name, line.mean)));
        let legend = Legend::new(entries, WIDTH - 2.0 * MARGIN);
        let legend_top = heading.bottom() + 14.0;
        let top = legend_top + legend.height() + 14.0;
        let width = WIDTH - LEFT - RIGHT;
        let waveform = Area { left: LEFT, top, width, height: WAVEFORM };
        let frequencies = Area { top: waveform.bottom() + GAP, height: FREQUENCIES, ..waveform };
        let costs = Area { top: frequencies.bottom() + GAP, height: COSTS, ..waveform };

        let mut canvas = Canvas::new(WIDTH, costs.bottom() + 64.0, &self.title);
        heading.draw(&mut canvas);
        legend.draw(&mut canvas, MARGIN, legend_top);
        let unit = Unit::of(&self.sound);
        let time =
            Scale::exact((0.0, self.sound.seconds() * unit.factor), LEFT, costs.right(), 9.0);
        panels::waveform(&mut canvas, waveform, &time, &self.sound);
        panels::frequencies(&mut canvas, frequencies, &self.sound);
        panels::costs(&mut canvas, costs, &time, unit.factor, &lines, self.bits);
        layout::names_below(&mut canvas, costs, &time, "", unit.name);
        canvas
    }

    fn lines<'a>(&'a self) -> Vec<Line<'a>> {
        let colours = colours::apart(self.costs.iter().map(|cost| cost.group));
        let width = (WIDTH - LEFT - RIGHT) as usize;
        let samples = self.sound.tempo() * self.sound.channels.max(1) as f64;
        let line = |(cost, colour): (&'a Cost, Colour)| {
            // A column is wide enough for the eye to follow the line.
            let steps = steps::steps(&cost.pieces, self.sound.seconds(), width / 2);
            let a_sample = |step: Step| Step { bits: step.bits / samples, ..step };
            let bits: f64 = cost.pieces.iter().map(|piece| piece.bits).sum();
            let seconds: f64 = cost.pieces.iter().map(|piece| piece.seconds).sum();
            let mean = if seconds > 0.0 { bits / seconds / samples } else { 0.0 };
            let steps = steps.into_iter().map(a_sample).collect();
            Line { name: &cost.name, group: cost.group, colour, steps, mean }
        };
        self.costs.iter().zip(colours).map(line).collect()
    }
}

/// How time is written.
struct Unit {
    name: &'static str,
    /// How many are in a second.
    factor: f64,
}

impl Unit {
    fn of(sound: &Sound) -> Self {
        match sound.seconds() {
            _ if sound.rate == 0 => Unit { name: "frame", factor: 1.0 },
            seconds if seconds < 1e-3 => Unit { name: "time in microseconds", factor: 1e6 },
            seconds if seconds < 1.0 => Unit { name: "time in milliseconds", factor: 1e3 },
            _ => Unit { name: "time in seconds", factor: 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Figure;
    use crate::sound::Sample;
    use crate::tests::{assert_readable, decoded};

    /// A tone with a pause.
    fn pcm(frames: usize) -> Vec<u8> {
        let sample = |at: usize| match at * 3 / frames {
            1 => 0,
            _ => (20_000.0 * (at as f64 * 0.3).sin()) as i16,
        };
        (0..frames).flat_map(|at| sample(at).to_le_bytes()).collect()
    }

    fn chart(pcm: &[u8], rate: u32, pieces: usize, costs: usize) -> CostAlongTime<'_> {
        let sound = Sound { pcm, sample: Sample::Signed(2), channels: 1, rate };
        let seconds = sound.seconds() / pieces as f64;
        let cost = |number: usize| Cost {
            name: format!("codec {number}"),
            group: [Group::Preset, Group::Baseline][number % 2],
            pieces: (0..pieces)
                .map(|at| Piece {
                    start: at as f64 * seconds,
                    seconds,
                    bits: seconds * f64::from(rate.max(1)) * (4.0 + (number + at % 3) as f64),
                })
                .collect(),
        };
        CostAlongTime {
            title: "T".into(),
            subtitle: "a file".into(),
            sound,
            bits: 16,
            costs: (0..costs).map(cost).collect(),
        }
    }

    #[test]
    fn sound_and_costs_are_drawn() {
        let pcm = pcm(24_000);
        let canvas = chart(&pcm, 8000, 40, 3).draw();
        assert_readable(&canvas);
        let svg = canvas.svg();
        assert!(roxmltree::Document::parse(&svg).is_ok());
        for text in ["time in seconds", "peak", "−4.3 dB", "1k", "codec 1 (5.97 bits)", "PCM"] {
            assert_eq!(svg.contains(&format!(">{text}<")), text != "PCM", "{text}");
        }
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert_eq!(svg.matches("<image").count(), 2);
        assert_eq!(svg, chart(&pcm, 8000, 40, 3).draw().svg());

        let pixels = decoded(&canvas.png());
        assert_eq!(canvas.png(), chart(&pcm, 8000, 40, 3).draw().png());
        let frame = |wanted: fn(&Figure) -> Option<&Area>| {
            canvas.shapes.iter().find_map(|shape| wanted(&shape.figure).copied()).unwrap()
        };
        let image = frame(|figure| match figure {
            Figure::Image(area, _) => Some(area),
            _ => None,
        });
        let middle = image.left + image.width / 2.0;
        let waveform = image.top - GAP - WAVEFORM / 4.0;
        assert_eq!(pixels.at(image.left + 40.5, waveform - 30.5), colours::WAVEFORM.rgb);
        assert_eq!(pixels.at(middle + 3.5, waveform - 30.5), [255; 3], "in the pause");
        let costs = image.bottom() + GAP + 2.0..image.bottom() + GAP + COSTS - 2.0;
        assert!(pixels.ink(image.left + 2.0..image.right() - 2.0, costs) > 3000);
    }

    #[test]
    fn whatever_the_sound_is() {
        let one = 20_000i16.to_le_bytes();
        let clipped: Vec<u8> = (0..5000)
            .flat_map(|at| if at % 40 < 20 { i16::MAX } else { i16::MIN }.to_le_bytes())
            .collect();
        let silence = vec![0; 30_000];
        for (pcm, rate, pieces, costs, expected) in [
            (&one[..], 8000, 1, 1, ">time in microseconds<"),
            (&clipped, 8000, 1, 2, ">time in milliseconds<"),
            (&silence, 8000, 9, 2, ">silence<"),
            (&silence, 0, 9, 2, ">frame<"),
            (&silence, 8000, 1, 0, ">no costs of pieces were measured<"),
            (&[], 8000, 1, 1, ">silence<"),
        ] {
            let canvas = chart(pcm, rate, pieces, costs).draw();
            assert_readable(&canvas);
            let svg = canvas.svg();
            assert!(roxmltree::Document::parse(&svg).is_ok());
            assert!(svg.contains(expected), "{expected}: {svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(canvas.png().len() > 10_000);
        }
    }

    #[test]
    fn long_sounds_do_not_make_large_pictures() {
        let pcm = pcm(2_000_000);
        let canvas = chart(&pcm, 2000, 8_000, 12).draw();
        assert_readable(&canvas);
        let svg = canvas.svg();
        assert!(svg.contains(">1000<") && svg.len() < 600_000, "{}", svg.len());
    }

    #[test]
    fn a_short_end_with_a_header_does_not_make_the_scale() {
        let pcm = pcm(24_000);
        let mut chart = chart(&pcm, 8000, 40, 1);
        chart.costs[0].pieces[39] = Piece { start: 2.999, seconds: 0.001, bits: 8.0 * 403.0 };
        let svg = chart.draw().svg();
        assert!(svg.contains(">up to 403 bits, cut off here<"), "{svg}");
        assert!(svg.contains(">6.0<") && !svg.contains(">400<"), "{svg}");
    }
}
