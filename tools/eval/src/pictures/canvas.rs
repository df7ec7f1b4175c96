//! The SVG of a chart, and the PNG that is rendered from it.

use std::fmt::{self, Display, Write};
use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use super::colours::{Colour, PAPER};
use super::text::Font;

/// A place in pixels of the SVG; `y` grows downwards.
pub(crate) type Point = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(crate) fn middle(&self) -> Point {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

impl Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Area { left, top, width, height } = self;
        write!(f, "x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"")
    }
}

/// Which part of a text is at its place: a value of `text-anchor`.
pub(crate) type Anchor = &'static str;
pub(crate) const START: Anchor = "start";
pub(crate) const MIDDLE: Anchor = "middle";
pub(crate) const END: Anchor = "end";

/// Attributes of a filled shape.
pub(crate) fn filled(colour: Colour) -> String {
    format!(" fill=\"{colour}\"")
}

/// Attributes of a line or an outline.
pub(crate) fn stroked(colour: Colour, width: f64) -> String {
    format!(" stroke=\"{colour}\" stroke-width=\"{width}\"")
}

/// Fonts of the viewer's machine.
const FONTS: &str = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Pixels of a PNG file for a pixel of SVG.
const SCALE: f32 = 2.0;

/// How text is set in PNG files, where bold letters need more room.
const SPACED: &str = "text[font-weight] { letter-spacing: 0.022em }";

/// Adds weight to text that is there: the PNG's font has only a light face.
const HEAVIER: &str = "
    text { stroke: currentColor; stroke-width: 0.028em; stroke-linejoin: round }
    text[font-weight] { stroke-width: 0.066em; letter-spacing: 0.022em }
    rect, line, polyline, polygon, circle, image { display: none }";

/// A chart that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    width: f64,
    pub(crate) height: f64,
    /// Describes the chart for people who cannot see it.
    title: String,
    /// The SVG elements, from the lowest to the highest.
    elements: String,
    /// The tooltip of the next shape.
    tip: Option<String>,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        Canvas { width, height, title: escaped(title), elements: String::new(), tip: None }
    }

    /// Returns the chart as an SVG file.
    pub fn svg(&self) -> String {
        let Canvas { width, height, title, elements, .. } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"{FONTS}\" \
             fill=\"none\">\n<title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{PAPER}\"/>\n{elements}</svg>\n"
        )
    }

    /// Returns the chart as a PNG file, twice as large as the SVG.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let pixels = |length: f64| (length as f32 * SCALE).ceil() as u32;
        let mut pixmap = Pixmap::new(pixels(self.width), pixels(self.height))
            .ok_or_else(|| io::Error::other("the chart is too large for a PNG file"))?;
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(epaint_default_fonts::UBUNTU_LIGHT)));
        fonts.set_sans_serif_family("Ubuntu");
        let fontdb = Arc::new(fonts);
        let svg = self.svg();
        for style in [SPACED, HEAVIER] {
            let options = Options {
                style_sheet: Some(style.into()),
                fontdb: Arc::clone(&fontdb),
                ..Options::default()
            };
            let tree = Tree::from_str(&svg, &options).map_err(io::Error::other)?;
            resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
        }
        pixmap.encode_png().map_err(io::Error::other)
    }

    pub(crate) fn rectangle(&mut self, area: Area, look: &str) {
        self.shape("rect", format_args!("{area}{look}"));
    }

    pub(crate) fn line(&mut self, (x1, y1): Point, (x2, y2): Point, look: &str) {
        let ends =
            format_args!("x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"{look}");
        self.shape("line", ends);
    }

    pub(crate) fn lines(&mut self, points: &[Point], look: &str) {
        self.shape("polyline", format_args!("points=\"{}\"{look}", list(points)));
    }

    pub(crate) fn polygon(&mut self, corners: &[Point], look: &str) {
        self.shape("polygon", format_args!("points=\"{}\"{look}", list(corners)));
    }

    pub(crate) fn circle(&mut self, (x, y): Point, radius: f64, look: &str) {
        self.shape("circle", format_args!("cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"{look}"));
    }

    /// Draws cells, row by row from above; each is the number of a colour.
    pub(crate) fn image(&mut self, area: Area, columns: usize, cells: &[u8], colours: &[[u8; 3]]) {
        let mut file = Vec::new();
        let rows = cells.len() / columns.max(1);
        let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(colours.concat());
        let written = encoder.write_header().and_then(|mut image| image.write_image_data(cells));
        debug_assert!(written.is_ok(), "{written:?}");
        let file = STANDARD.encode(file);
        let source = format_args!(
            "{area} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{file}\""
        );
        self.shape("image", source);
    }

    pub(crate) fn text(&mut self, at: Point, anchor: Anchor, font: Font, text: &str) {
        let ((x, y), text) = (at, escaped(text));
        let _ = writeln!(
            self.elements,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{font}>{text}</text>"
        );
    }

    /// Writes text that is read from below.
    pub(crate) fn text_upwards(&mut self, at: Point, anchor: Anchor, font: Font, text: &str) {
        let _ = writeln!(self.elements, "<g transform=\"rotate(-90 {:.1} {:.1})\">", at.0, at.1);
        self.text(at, anchor, font, text);
        self.elements += "</g>\n";
    }

    /// Sets what a viewer of the SVG shows when the next shape is pointed at.
    pub(crate) fn tip(&mut self, tip: &str) {
        self.tip = Some(escaped(tip));
    }

    fn shape(&mut self, name: &str, attributes: fmt::Arguments) {
        let _ = match self.tip.take() {
            Some(tip) => {
                writeln!(self.elements, "<{name} {attributes}><title>{tip}</title></{name}>")
            }
            None => writeln!(self.elements, "<{name} {attributes}/>"),
        };
    }
}

fn list(points: &[Point]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    points.join(" ")
}

/// Escapes markup, and replaces characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => letter,
    };
    let text: String = text.chars().map(shown).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
