//! Charts of compressed audio as SVG and PNG.
//!
//! A chart is a struct of plain data that [draws](RateAgainstSpeed::draw) itself on a
//! [`Canvas`]; the canvas becomes [SVG](Canvas::svg) or [PNG](Canvas::png), which show the
//! same. Equal data makes equal bytes.

mod base64;
mod canvas;
mod colours;
mod cost_along_time;
mod font;
mod labels;
mod layout;
mod numbers;
mod png_file;
mod rate_against_speed;
mod rate_by_file;
mod scale;
mod sound;
mod svg;

pub use canvas::Canvas;
pub use colours::Group;
pub use cost_along_time::{Cost, CostAlongTime, Piece};
pub use numbers::significant;
pub use rate_against_speed::{Dot, RateAgainstSpeed, Rates, SpeedPanel};
pub use rate_by_file::{FileRates, RateByFile};
pub use sound::{Sample, Sound};

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use crate::canvas::{Anchor, Canvas, Figure, Text};
    use crate::font;
    use crate::labels::Area;

    /// About where a text is.
    fn area(text: &Text) -> Area {
        let size = text.look.size;
        let (x, y) = text.at;
        let width = font::width(&text.text, size);
        let before = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (above, height) = (size * 0.75, size * 0.95);
        match text.upwards {
            true => Area { left: x - above, top: y + before - width, width: height, height: width },
            false => Area { left: x - before, top: y - above, width, height },
        }
    }

    /// No text lies on another or leaves the sheet.
    pub(crate) fn assert_readable(canvas: &Canvas) {
        let texts = canvas.shapes.iter().filter_map(|shape| match &shape.figure {
            Figure::Text(text) => Some(text),
            _ => None,
        });
        let texts: Vec<&Text> = texts.collect();
        for (number, text) in texts.iter().enumerate() {
            let area = area(text);
            assert!(area.left >= 0.0 && area.right() <= canvas.width, "{text:?}");
            assert!(area.top >= 0.0 && area.bottom() <= canvas.height, "{text:?}");
            for other in &texts[..number] {
                assert!(!area.overlaps(&self::area(other)), "{text:?} {other:?}");
            }
        }
    }

    /// A decoded PNG file.
    pub(crate) struct Pixels {
        pub(crate) width: u32,
        pub(crate) height: u32,
        rgb: Vec<u8>,
    }

    impl Pixels {
        /// The pixel at a place of the canvas.
        pub(crate) fn at(&self, x: f64, y: f64) -> [u8; 3] {
            let at = ((y * 2.0) as usize * self.width as usize + (x * 2.0) as usize) * 3;
            self.rgb[at..at + 3].try_into().unwrap()
        }

        /// Pixels within an area of the canvas that are not the paper's.
        pub(crate) fn ink(&self, x: Range<f64>, y: Range<f64>) -> usize {
            let places = |range: &Range<f64>| (range.start * 2.0) as u32..(range.end * 2.0) as u32;
            let of_row = |row: u32| {
                let pixels = places(&x).map(move |column| (column, row));
                pixels.filter(|&(column, row)| {
                    self.at(f64::from(column) / 2.0, f64::from(row) / 2.0) != [255; 3]
                })
            };
            places(&y).flat_map(of_row).count()
        }
    }

    pub(crate) fn decoded(file: &[u8]) -> Pixels {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Pixels { width: info.width, height: info.height, rgb }
    }
}
