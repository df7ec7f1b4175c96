//! How text looks, and about how wide it is.

use std::fmt::{self, Display};

use super::colours::{Colour, PAPER};

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) colour: Colour,
    pub(crate) bold: bool,
    /// Whether the paper's colour surrounds it, for text on lines.
    pub(crate) halo: bool,
}

impl Font {
    pub(crate) const fn new(size: f64, colour: Colour) -> Self {
        Font { size, colour, bold: false, halo: false }
    }
}

impl Display for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Font { size, colour, bold, halo } = self;
        write!(f, " font-size=\"{size}px\" color=\"{colour}\" fill=\"currentColor\"")?;
        if *bold {
            f.write_str(" font-weight=\"600\"")?;
        }
        if *halo {
            write!(f, " stroke=\"{PAPER}\" stroke-width=\"3\"")?;
            f.write_str(" stroke-linejoin=\"round\" paint-order=\"stroke\"")?;
        }
        Ok(())
    }
}

/// Mean width of a letter divided by its height: no usual sans-serif font is wider.
const LETTER_WIDTH: f64 = 0.6;

/// Estimates the width of a text, rather too wide: viewers of an SVG have other fonts.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let letters = text.chars().map(|letter| match letter {
        // East Asian scripts, whose letters are squares.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'.. => 1.0,
        _ => LETTER_WIDTH,
    });
    letters.sum::<f64>() * size
}

/// Cuts letters out of the middle of a text until it is no wider than `room`.
pub(crate) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let parts = (0..letters.len()).rev().map(|kept| {
        // Files of a folder share their beginning: the end says more.
        let (front, back) = (kept / 3, letters.len() - (kept - kept / 3));
        letters[..front].iter().chain(&['…']).chain(&letters[back..]).collect::<String>()
    });
    parts.into_iter().find(|part| width(part, size) <= room).unwrap_or_else(|| "…".into())
}

/// Breaks a text into lines that are no wider than `room`.
pub(crate) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = shortened(word, size, room);
        match lines.last_mut() {
            Some(line) if width(line, size) + width(&word, size) + size < room => {
                *line += " ";
                *line += &word;
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("a/b.wav", 10.0, 42.0), "a/b.wav");
        assert_eq!(shortened("speech16k/one/0001.wav", 10.0, 72.0), "spe…0001.wav");
        assert_eq!(shortened("speech", 10.0, 1.0), "…");
        assert_eq!(shortened("", 10.0, 0.0), "");
        assert_eq!(width("音", 12.0), 12.0);
    }

    #[test]
    fn text_goes_on_in_the_next_line() {
        let lines = wrapped("one two three four", 10.0, 62.0);
        assert_eq!(lines, ["one two", "three", "four"]);
        assert_eq!(wrapped("0123456789abcdef", 10.0, 60.0), ["012…abcdef"]);
        assert_eq!(wrapped("", 10.0, 60.0), [] as [&str; 0]);
    }
}
