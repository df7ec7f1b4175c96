//! Text as outlines, for pixels; and how wide it is.

use std::sync::LazyLock;

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Of a letter's height: no usual sans-serif font is wider on the average of a name.
const LETTER_WIDTH: f64 = 0.6;

/// About the width of a text, rather too much than too little: who looks at an SVG file
/// has other fonts.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let letters = text.chars().map(|letter| match letter {
        // Scripts of the East, whose letters are squares.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'.. => 1.0,
        _ => LETTER_WIDTH,
    });
    letters.sum::<f64>() * size
}

/// As much of a text as is not wider than this; what is left out of its middle is marked.
pub(crate) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let parts = (0..letters.len()).rev().map(|kept| {
        // The end tells more than the beginning, which files of a folder share.
        let front = kept / 3;
        let (front, back) = (&letters[..front], &letters[letters.len() - (kept - front)..]);
        front.iter().chain(&['…']).chain(back).collect::<String>()
    });
    parts.into_iter().find(|part| width(part, size) <= room).unwrap_or_else(|| "…".into())
}

/// The font, which is a part of the program.
static FACE: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(epaint_default_fonts::UBUNTU_LIGHT, 0).ok());

/// The outline of a text whose base line begins at the origin, and its exact width.
/// Letters that the font lacks are boxes. `spacing` comes after each letter.
pub(crate) fn outline(text: &str, size: f64, spacing: f64) -> (Option<Path>, f64) {
    let Some(face) = FACE.as_ref() else { return (None, 0.0) };
    let scale = size as f32 / f32::from(face.units_per_em());
    let mut pen = Pen { path: PathBuilder::new(), x: 0.0, scale };
    for letter in text.chars() {
        let glyph = face.glyph_index(letter).unwrap_or(GlyphId(0));
        face.outline_glyph(glyph, &mut pen);
        pen.x +=
            f32::from(face.glyph_hor_advance(glyph).unwrap_or_default()) * scale + spacing as f32;
    }
    (pen.path.finish(), f64::from(pen.x))
}

/// Puts glyphs beside each other.
struct Pen {
    path: PathBuilder,
    x: f32,
    scale: f32,
}

impl Pen {
    /// A font's `y` grows upwards.
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// Moves text, whose base line begins at the origin, to its place.
pub(crate) fn placed((x, y): (f64, f64), before: f64, upwards: bool, scale: f32) -> Transform {
    let turn = if upwards { -90.0 } else { 0.0 };
    Transform::from_translate(-before as f32, 0.0)
        .post_concat(Transform::from_rotate(turn))
        .post_translate(x as f32, y as f32)
        .post_scale(scale, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_wider_than_they_are_taken_to_be() {
        for text in ["lmac standard", "Monkey's Audio insane", "compressed size / PCM", "41.25 %"] {
            let (path, exact) = outline(text, 12.0, 0.0);
            let bounds = path.unwrap().bounds();
            assert!(f64::from(bounds.right()) <= exact + 1.0 && exact > 20.0, "{text}");
            assert!(exact < width(text, 12.0), "{text}: {exact}");
            assert!(bounds.top() < -6.0 && bounds.bottom() < 4.0, "it stands on its base line");
        }
        assert_eq!(width("音", 12.0), 12.0);
        assert!(outline("音", 12.0, 0.0).0.is_some(), "a box");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("a/b.wav", 10.0, 42.0), "a/b.wav");
        assert_eq!(shortened("speech16k/one/0001.wav", 10.0, 72.0), "spe…0001.wav");
        assert_eq!(shortened("speech", 10.0, 1.0), "…");
        assert_eq!(shortened("", 10.0, 0.0), "");
    }
}
