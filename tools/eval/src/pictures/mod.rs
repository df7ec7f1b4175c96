//! Charts of compressed audio as SVG and PNG.
//!
//! A chart is a struct of plain data. Its `draw` makes a [`Canvas`], which is written as
//! [SVG](Canvas::svg) or as [PNG](Canvas::png). Equal data makes equal bytes.

mod canvas;
mod colours;
mod cost_along_time;
mod labels;
mod layout;
mod numbers;
mod rate_against_speed;
mod rate_by_file;
mod scale;
mod sound;
mod spectrogram;
mod steps;
mod text;

#[cfg(test)]
mod tests;

pub use canvas::Canvas;
pub use colours::Group;
pub use cost_along_time::{Cost, CostAlongTime};
pub use numbers::significant;
pub use rate_against_speed::{Dot, RateAgainstSpeed, Rates, SpeedPanel};
pub use rate_by_file::{FileRates, RateByFile};
pub use sound::{Sample, Sound};
pub use steps::Piece;
