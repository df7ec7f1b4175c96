//! What is drawn, before it is a file.

use crate::colours::{Colour, PAPER};
use crate::labels::Area;

/// A place; `y` grows downwards.
pub(crate) type Point = (f64, f64);

/// A picture: shapes one upon the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// What it shows, for those who cannot see it.
    pub(crate) title: String,
    pub(crate) shapes: Vec<Shape>,
}

/// A figure and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) figure: Figure,
    /// What a viewer of SVG shows when the shape is pointed at.
    pub(crate) tip: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Figure {
    Rectangle(Area, Look),
    /// From point to point.
    Lines(Vec<Point>, Look),
    /// The same, and back.
    Polygon(Vec<Point>, Look),
    Circle(Point, f64, Look),
    Text(Text),
    Image(Area, Raster),
}

/// How an area and its outline look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    pub(crate) fill: Option<Colour>,
    /// The outline's colour and width.
    pub(crate) stroke: Option<(Colour, f64)>,
    /// Lengths of dashes and gaps.
    pub(crate) dash: Option<f64>,
}

impl Look {
    pub(crate) const fn filled(colour: Colour) -> Self {
        Look { fill: Some(colour), stroke: None, dash: None }
    }

    pub(crate) const fn stroked(colour: Colour, width: f64) -> Self {
        Look { fill: None, stroke: Some((colour, width)), dash: None }
    }

    pub(crate) const fn with_stroke(self, colour: Colour, width: f64) -> Self {
        Look { stroke: Some((colour, width)), ..self }
    }

    pub(crate) const fn dashed(self, length: f64) -> Self {
        Look { dash: Some(length), ..self }
    }
}

/// A line of text and where its base line begins, ends or has its middle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) at: Point,
    pub(crate) text: String,
    pub(crate) look: Type,
    pub(crate) anchor: Anchor,
    /// Whether it is read from below.
    pub(crate) upwards: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: Colour,
    /// Whether the paper's colour lies around it, for text that lies on lines.
    pub(crate) halo: bool,
}

impl Type {
    pub(crate) const fn new(size: f64, colour: Colour) -> Self {
        Type { size, bold: false, colour, halo: false }
    }

    pub(crate) const fn bold(self) -> Self {
        Type { bold: true, ..self }
    }

    pub(crate) const fn with_halo(self) -> Self {
        Type { halo: true, ..self }
    }
}

/// Cells of at most 256 colours, row by row from above.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raster {
    pub(crate) columns: usize,
    pub(crate) cells: Vec<u8>,
    pub(crate) palette: Vec<[u8; 3]>,
}

impl Raster {
    pub(crate) fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }
}

impl Canvas {
    /// An empty sheet.
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut canvas = Canvas { width, height, title: title.into(), shapes: Vec::new() };
        let sheet = Area { left: 0.0, top: 0.0, width, height };
        canvas.rectangle(sheet, Look::filled(PAPER));
        canvas
    }

    pub(crate) fn rectangle(&mut self, area: Area, look: Look) {
        self.push(Figure::Rectangle(area, look));
    }

    pub(crate) fn line(&mut self, from: Point, to: Point, look: Look) {
        self.push(Figure::Lines(vec![from, to], look));
    }

    pub(crate) fn lines(&mut self, points: Vec<Point>, look: Look) {
        self.push(Figure::Lines(points, look));
    }

    pub(crate) fn polygon(&mut self, corners: Vec<Point>, look: Look) {
        self.push(Figure::Polygon(corners, look));
    }

    pub(crate) fn circle(&mut self, middle: Point, radius: f64, look: Look) {
        self.push(Figure::Circle(middle, radius, look));
    }

    pub(crate) fn text(&mut self, at: Point, anchor: Anchor, look: Type, text: &str) {
        self.push(Figure::Text(Text { at, text: text.into(), look, anchor, upwards: false }));
    }

    /// Text that is read from below.
    pub(crate) fn text_upwards(&mut self, at: Point, anchor: Anchor, look: Type, text: &str) {
        self.push(Figure::Text(Text { at, text: text.into(), look, anchor, upwards: true }));
    }

    pub(crate) fn image(&mut self, area: Area, raster: Raster) {
        self.push(Figure::Image(area, raster));
    }

    /// Says more about the shape that was drawn last.
    pub(crate) fn tip(&mut self, tip: String) {
        if let Some(shape) = self.shapes.last_mut() {
            shape.tip = Some(tip);
        }
    }

    fn push(&mut self, figure: Figure) {
        self.shapes.push(Shape { figure, tip: None });
    }
}
