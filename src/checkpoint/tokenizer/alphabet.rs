//! The alphabets in which files write tokens.

/// The character that SentencePiece writes for a space.
pub(super) const SPACE: char = '▁';

/// A way to write bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// GPT-2's: one letter for each byte.
    Bytes,
    /// SentencePiece's: the text itself, with [`SPACE`] for spaces.
    Pieces,
}

impl Alphabet {
    /// The bytes that a token of this text spells; `None` if a letter is not in the alphabet.
    pub(super) fn bytes(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Alphabet::Bytes => text.chars().map(byte).collect(),
            Alphabet::Pieces => Some(text.replace(SPACE, " ").into_bytes()),
        }
    }
}

/// Writes bytes in [`Alphabet::Bytes`].
pub(super) fn written(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().map(letter).collect()
}

/// The letter of a byte in [`Alphabet::Bytes`].
///
/// Printable characters of Latin-1 stand for themselves. The 33 bytes up to the space, the 34 from
/// DEL on and the soft hyphen have the letters from U+0100 on, in this order.
fn letter(byte: u8) -> char {
    char::from_u32(match byte {
        0..=0x20 => 0x100 + u32::from(byte),
        0x7F..=0xA0 => 0x121 + u32::from(byte - 0x7F),
        0xAD => 0x143,
        _ => byte.into(),
    })
    .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte of a letter in [`Alphabet::Bytes`].
fn byte(letter: char) -> Option<u8> {
    let code = u32::from(letter);
    let byte = match code {
        0x100..=0x120 => code - 0x100,
        0x121..=0x142 => code - 0x121 + 0x7F,
        0x143 => 0xAD,
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => code,
        _ => return None,
    };
    u8::try_from(byte).ok()
}

/// The byte of a token that is written like `<0x41>`.
pub(super) fn named_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    let hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    if digits.len() != 2 || !digits.bytes().all(hexadecimal) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        let letters: std::collections::BTreeSet<char> = (0..=255).map(letter).collect();
        assert_eq!(letters.len(), 256);
        assert!((0..=255).all(|value| byte(letter(value)) == Some(value)));
        assert_eq!(written(*b" \n\0A\xFF"), "ĠĊĀAÿ");
        assert_eq!(written([0x7F, 0xA0, 0xAD]), "ġłŃ");
        let others = ['\n', ' ', '\u{7F}', '\u{AD}', '\u{144}', SPACE];
        assert!(others.into_iter().all(|letter| byte(letter).is_none()));
        assert_eq!(Alphabet::Bytes.bytes("Ġ a"), None);
    }

    #[test]
    fn names_of_bytes_have_two_digits() {
        assert_eq!(named_byte("<0x0A>"), Some(10));
        assert_eq!(named_byte("<0xFF>"), Some(255));
        for other in ["<0xA>", "<0x0a>", "<0x+A>", "<0x041>", "0x41", "<0xé>", "<0x41> "] {
            assert_eq!(named_byte(other), None);
        }
    }
}
