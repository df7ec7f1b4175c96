//! A picture as PNG.

use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pattern, Pixmap, Rect,
    SpreadMode, Stroke, StrokeDash, Transform,
};

use crate::canvas::{Anchor, Canvas, Figure, Look, Point, Raster, Text};
use crate::colours::{Colour, PAPER};
use crate::font;

/// Pixels for a unit of SVG: screens are finer than they were.
const SCALE: f32 = 2.0;

/// Of the letters' height: what makes the light font regular, and what makes it bold.
const REGULAR: f64 = 0.028;
const BOLD: f64 = 0.066;

/// Of the letters' height: what bold letters need more of room.
const BOLD_SPACING: f64 = 0.022;

impl Canvas {
    /// The picture as a file in PNG, twice as large as in SVG.
    pub fn png(&self) -> Vec<u8> {
        let pixels = |length: f64| (length as f32 * SCALE).ceil().clamp(1.0, 32_000.0) as u32;
        let (width, height) = (pixels(self.width), pixels(self.height));
        let Some(mut pixmap) = Pixmap::new(width, height) else {
            return Vec::new();
        };
        for shape in &self.shapes {
            draw(&mut pixmap, &shape.figure);
        }
        // The sheet is opaque and fills all.
        let colours = pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]);
        let colours: Vec<u8> = colours.collect();
        file(width, height, &colours, None)
    }
}

/// An image of few colours as a file of its own.
pub(crate) fn indexed(raster: &Raster) -> Vec<u8> {
    let palette = raster.palette.concat();
    file(raster.columns as u32, raster.rows() as u32, &raster.cells, Some(palette))
}

/// Writing to memory does not fail; sizes are right by construction.
fn file(width: u32, height: u32, bytes: &[u8], palette: Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    match palette {
        Some(palette) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette);
        }
        None => encoder.set_color(png::ColorType::Rgb),
    }
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(bytes)?;
        writer.finish()
    });
    debug_assert!(written.is_ok(), "{written:?}");
    out
}

fn draw(pixmap: &mut Pixmap, figure: &Figure) {
    let transform = Transform::from_scale(SCALE, SCALE);
    match figure {
        Figure::Rectangle(area, look) => {
            let (left, top) = (area.left as f32, area.top as f32);
            let rect = Rect::from_xywh(left, top, area.width as f32, area.height as f32);
            let path = rect.map(PathBuilder::from_rect);
            paint(pixmap, path, look, transform);
        }
        Figure::Lines(points, look) => paint(pixmap, path(points, false), look, transform),
        Figure::Polygon(corners, look) => paint(pixmap, path(corners, true), look, transform),
        Figure::Circle((x, y), radius, look) => {
            let path = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
            paint(pixmap, path, look, transform);
        }
        Figure::Text(text) => write(pixmap, text),
        Figure::Image(area, raster) => {
            let (left, top) = (area.left as f32, area.top as f32);
            let rect = Rect::from_xywh(left, top, area.width as f32, area.height as f32);
            let (Some(rect), Some(source)) = (rect, pixels(raster)) else { return };
            let fit = Transform::from_scale(
                rect.width() / source.width() as f32,
                rect.height() / source.height() as f32,
            );
            let fit = fit.post_translate(left, top);
            let quality = FilterQuality::Bilinear;
            let shader = Pattern::new(source.as_ref(), SpreadMode::Pad, quality, 1.0, fit);
            pixmap.fill_rect(rect, &Paint { shader, ..Paint::default() }, transform, None);
        }
    }
}

fn path(points: &[Point], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, others) = points.split_first()?;
    path.move_to(first.0 as f32, first.1 as f32);
    for (x, y) in others {
        path.line_to(*x as f32, *y as f32);
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn pixels(raster: &Raster) -> Option<Pixmap> {
    let mut pixmap = Pixmap::new(raster.columns as u32, raster.rows() as u32)?;
    for (pixel, &cell) in pixmap.pixels_mut().iter_mut().zip(&raster.cells) {
        let [red, green, blue] = raster.palette.get(usize::from(cell)).copied()?;
        *pixel = tiny_skia::ColorU8::from_rgba(red, green, blue, 255).premultiply();
    }
    Some(pixmap)
}

fn of(colour: Colour) -> Paint<'static> {
    let [red, green, blue] = colour.rgb;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, (colour.opacity * 255.0).round() as u8);
    paint
}

fn paint(pixmap: &mut Pixmap, path: Option<Path>, look: &Look, transform: Transform) {
    let Some(path) = path else { return };
    // Nothing fills a line that runs straight across or down.
    let flat = path.bounds().width() == 0.0 || path.bounds().height() == 0.0;
    if let (Some(colour), false) = (look.fill, flat) {
        pixmap.fill_path(&path, &of(colour), FillRule::Winding, transform, None);
    }
    if let Some((colour, width)) = look.stroke {
        let length = look.dash.map(|length| length as f32);
        let dash = length.and_then(|length| StrokeDash::new(vec![length, length], 0.0));
        let stroke = Stroke { width: width as f32, dash, ..Stroke::default() };
        pixmap.stroke_path(&path, &of(colour), &stroke, transform, None);
    }
}

fn write(pixmap: &mut Pixmap, text: &Text) {
    let (thickness, spacing) = match text.look.bold {
        true => (BOLD, BOLD_SPACING),
        false => (REGULAR, 0.0),
    };
    let size = text.look.size;
    let (path, width) = font::outline(&text.text, size, spacing * size);
    let Some(path) = path else { return };
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let transform = font::placed(text.at, before, text.upwards, SCALE);
    let round = |width: f64| Stroke {
        width: width as f32,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    if text.look.halo {
        pixmap.stroke_path(&path, &of(PAPER), &round(3.0), transform, None);
    }
    let ink = of(text.look.colour);
    pixmap.fill_path(&path, &ink, FillRule::Winding, transform, None);
    pixmap.stroke_path(&path, &ink, &round(thickness * size), transform, None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Type;
    use crate::colours::INK;
    use crate::labels::Area;
    use crate::tests::{Pixels, decoded};

    #[test]
    fn shapes_are_where_they_belong() {
        let mut canvas = Canvas::new(100.0, 60.0, "");
        let red = Colour::new(0xff0000);
        canvas.rectangle(
            Area { left: 10.0, top: 10.0, width: 20.0, height: 10.0 },
            Look::filled(red),
        );
        canvas.circle((50.0, 15.0), 5.0, Look::filled(INK));
        canvas.line((60.0, 15.0), (90.0, 15.0), Look::stroked(red.with_opacity(0.5), 2.0));
        canvas.text((50.0, 50.0), Anchor::Middle, Type::new(12.0, INK), "middle");
        canvas.text_upwards((95.0, 50.0), Anchor::Start, Type::new(12.0, INK), "up");
        let palette = vec![[0, 0, 255], [0, 255, 0]];
        let raster = Raster { columns: 2, cells: vec![0, 1, 0, 1], palette };
        canvas.image(Area { left: 0.0, top: 30.0, width: 20.0, height: 20.0 }, raster);

        let Pixels { width, height, .. } = decoded(&canvas.png());
        assert_eq!((width, height), (200, 120));
        let pixels = decoded(&canvas.png());
        assert_eq!(pixels.at(20.0, 15.0), [255, 0, 0]);
        assert_eq!(pixels.at(50.0, 15.0), INK.rgb);
        let [strong, weak, _] = pixels.at(75.0, 15.0);
        assert!(strong == 255 && (120..136).contains(&weak));
        assert_eq!(pixels.at(75.0, 18.0), [255, 255, 255]);
        assert_eq!(pixels.at(1.0, 45.0), [0, 0, 255]);
        assert_eq!(pixels.at(19.0, 35.0), [0, 255, 0]);
        assert!(pixels.ink(30.0..70.0, 38.0..54.0) > 100);
        assert_eq!(pixels.ink(21.0..31.0, 38.0..54.0), 0);
        assert!(pixels.ink(84.0..97.0, 35.0..50.5) > 40, "upwards from its place");
        assert_eq!(pixels.ink(84.0..100.0, 51.0..60.0), 0);
    }
}
