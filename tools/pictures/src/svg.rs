//! A picture as SVG.

use std::fmt::Write;

use crate::base64;
use crate::canvas::{Anchor, Canvas, Figure, Look, Point, Shape, Text};
use crate::colours::{Colour, PAPER};
use crate::png_file;

/// Fonts that machines have.
const FONTS: &str = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

impl Canvas {
    /// The picture as a file in SVG.
    pub fn svg(&self) -> String {
        let Canvas { width, height, title, .. } = self;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"{FONTS}\">\n\
             <title>{}</title>\n",
            escaped(title)
        );
        for shape in &self.shapes {
            write(&mut out, shape);
        }
        out += "</svg>\n";
        out
    }
}

fn write(out: &mut String, shape: &Shape) {
    let element = match &shape.figure {
        Figure::Rectangle(area, look) => {
            let _ = write!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{}",
                area.left,
                area.top,
                area.width,
                area.height,
                attributes(look)
            );
            "rect"
        }
        Figure::Lines(points, look) => lines(out, points, look),
        Figure::Polygon(corners, look) => {
            let _ = write!(out, "<polygon points=\"{}\"{}", list(corners), attributes(look));
            "polygon"
        }
        Figure::Circle((x, y), radius, look) => {
            let look = attributes(look);
            let _ = write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"{look}");
            "circle"
        }
        Figure::Image(area, raster) => {
            let file = base64::encode(&png_file::indexed(raster));
            let _ = write!(
                out,
                "<image x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
                 preserveAspectRatio=\"none\" href=\"data:image/png;base64,{file}\"",
                area.left, area.top, area.width, area.height,
            );
            "image"
        }
        Figure::Text(text) => {
            write_text(out, text);
            return;
        }
    };
    let _ = match &shape.tip {
        Some(tip) => writeln!(out, "><title>{}</title></{element}>", escaped(tip)),
        None => writeln!(out, "/>"),
    };
}

fn lines(out: &mut String, points: &[Point], look: &Look) -> &'static str {
    let look = attributes(look);
    if let [(x1, y1), (x2, y2)] = points {
        let _ =
            write!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"{look}");
        return "line";
    }
    let _ = write!(out, "<polyline points=\"{}\"{look}", list(points));
    "polyline"
}

fn list(points: &[Point]) -> String {
    let mut out = String::with_capacity(points.len() * 12);
    for (number, (x, y)) in points.iter().enumerate() {
        let space = if number > 0 { " " } else { "" };
        let _ = write!(out, "{space}{x:.1},{y:.1}");
    }
    out
}

fn attributes(look: &Look) -> String {
    let mut out = String::new();
    match look.fill {
        Some(colour) => paint(&mut out, "fill", colour),
        None => out += " fill=\"none\"",
    }
    if let Some((colour, width)) = look.stroke {
        paint(&mut out, "stroke", colour);
        let _ = write!(out, " stroke-width=\"{width}\"");
    }
    if let Some(length) = look.dash {
        let _ = write!(out, " stroke-dasharray=\"{length}\"");
    }
    out
}

fn paint(out: &mut String, what: &str, colour: Colour) {
    let [red, green, blue] = colour.rgb;
    let _ = write!(out, " {what}=\"#{red:02x}{green:02x}{blue:02x}\"");
    if colour.opacity < 1.0 {
        let _ = write!(out, " {what}-opacity=\"{}\"", colour.opacity);
    }
}

fn write_text(out: &mut String, text: &Text) {
    let (x, y) = text.at;
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let _ = write!(out, "<text text-anchor=\"{anchor}\"");
    let _ = match text.upwards {
        true => write!(out, " transform=\"translate({x:.1} {y:.1}) rotate(-90)\""),
        false => write!(out, " x=\"{x:.1}\" y=\"{y:.1}\""),
    };
    let _ = write!(out, " font-size=\"{}px\"", text.look.size);
    paint(out, "fill", text.look.colour);
    if text.look.bold {
        *out += " font-weight=\"600\"";
    }
    if text.look.halo {
        paint(out, "stroke", PAPER);
        *out += " stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"";
    }
    let _ = writeln!(out, ">{}</text>", escaped(&text.text));
}

/// Text that is no markup. XML has no place for most control characters at all.
fn escaped(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => letter,
    };
    let text: String = text.chars().map(shown).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::{Raster, Type};
    use crate::colours::INK;
    use crate::labels::Area;

    #[test]
    fn every_shape_is_there() {
        let mut canvas = Canvas::new(100.0, 50.0, "a < b & \u{1}");
        let look = Look::stroked(INK.with_opacity(0.5), 1.5).dashed(3.0);
        canvas.line((1.0, 2.0), (3.04, 4.0), look);
        canvas.lines(vec![(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], look);
        canvas.polygon(vec![(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], Look::filled(INK));
        canvas.circle((7.0, 8.0), 5.5, Look::filled(INK));
        canvas.tip("<tip>".into());
        canvas.text_upwards((9.0, 9.0), Anchor::End, Type::new(12.0, INK).bold(), "text");
        let raster = Raster { columns: 1, cells: vec![0], palette: vec![[1, 2, 3]] };
        canvas.image(Area { left: 0.0, top: 0.0, width: 9.0, height: 9.0 }, raster);

        let text = canvas.svg();
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("viewBox"), Some("0 0 100 50"));
        let names: Vec<_> = root.children().map(|child| child.tag_name().name()).collect();
        let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
        let expected = ["title", "rect", "line", "polyline", "polygon", "circle", "text", "image"];
        assert_eq!(names, expected);
        let find = |name: &str| root.children().find(|child| child.has_tag_name(name)).unwrap();
        assert_eq!(find("title").text(), Some("a < b & \u{fffd}"));
        assert_eq!(find("line").attribute("x2"), Some("3.0"));
        assert_eq!(find("line").attribute("stroke-opacity"), Some("0.5"));
        assert_eq!(find("circle").first_child().unwrap().text(), Some("<tip>"));
        assert_eq!(find("text").attribute("font-weight"), Some("600"));
        let image = find("image").attribute("href").unwrap();
        assert!(image.starts_with("data:image/png;base64,iVBORw0KGgo"), "{image}");
    }
}
