//! The type and the size of a picture, from the head of its file.

use super::reading::{be, le};

/// What a picture's file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    pub(super) mime: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a pixel.
    pub(super) depth: u32,
    /// Colours of the palette.
    pub(super) colors: u32,
}

/// Looks into a PNG, JPEG, GIF or WebP file.
pub(super) fn look(data: &[u8]) -> Option<Found> {
    if data.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Some(png(data).unwrap_or(Found { mime: "image/png", ..Found::default() }));
    }
    if data.starts_with(b"\xFF\xD8\xFF") {
        return Some(jpeg(data).unwrap_or(Found { mime: "image/jpeg", ..Found::default() }));
    }
    if data.starts_with(b"GIF87a") || data.starts_with(b"GIF89a") {
        return Some(gif(data).unwrap_or(Found { mime: "image/gif", ..Found::default() }));
    }
    if data.starts_with(b"RIFF") && data.get(8..12) == Some(b"WEBP") {
        return Some(webp(data).unwrap_or(Found { mime: "image/webp", ..Found::default() }));
    }
    None
}

fn png(data: &[u8]) -> Option<Found> {
    let header = data.get(16..26)?;
    let (width, height) = (be(&header[..4]), be(&header[4..8]));
    let bits = u32::from(header[8]);
    let (depth, mut colors) = match header[9] {
        0 => (bits, 0),
        2 => (3 * bits, 0),
        4 => (2 * bits, 0),
        6 => (4 * bits, 0),
        _ => (24, 0),
    };
    if header[9] == 3 {
        let mut rest = data.get(8..)?;
        while let Some(chunk) = rest.get(..8) {
            let length = be(&chunk[..4]);
            if &chunk[4..] == b"PLTE" {
                colors = length / 3;
                break;
            }
            // The header, the data and a checksum.
            let whole = (length as usize).saturating_add(12);
            rest = rest.get(whole..).unwrap_or_default();
        }
    }
    Some(Found { mime: "image/png", width, height, depth, colors })
}

fn jpeg(data: &[u8]) -> Option<Found> {
    let mut rest = data.get(2..)?;
    loop {
        // Any number of filling bytes precedes a marker.
        let start = rest.iter().position(|&byte| byte != 0xFF).filter(|&at| at > 0)?;
        let (marker, after) = (rest[start], rest.get(start + 1..)?);
        match marker {
            0x01 | 0xD0..=0xD8 => rest = after,
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let frame = after.get(2..8)?;
                return Some(Found {
                    mime: "image/jpeg",
                    width: be(&frame[3..5]),
                    height: be(&frame[1..3]),
                    depth: u32::from(frame[0]) * u32::from(frame[5]),
                    colors: 0,
                });
            }
            0xD9 | 0xDA => return None,
            _ => rest = after.get(be(after.get(..2)?) as usize..)?,
        }
    }
}

fn gif(data: &[u8]) -> Option<Found> {
    let screen = data.get(6..11)?;
    let colors = 2 << (screen[4] & 7);
    let (width, height) = (le(&screen[..2]) as u32, le(&screen[2..4]) as u32);
    Some(Found { mime: "image/gif", width, height, depth: 24, colors })
}

fn webp(data: &[u8]) -> Option<Found> {
    let body = data.get(20..30)?;
    let found = |width: u64, height: u64, depth| {
        let (width, height) = (width as u32, height as u32);
        Some(Found { mime: "image/webp", width, height, depth, colors: 0 })
    };
    match &data[12..16] {
        b"VP8 " => found(le(&body[6..8]) & 0x3FFF, le(&body[8..10]) & 0x3FFF, 24),
        b"VP8L" => {
            let bits = le(&body[1..5]);
            let depth = if bits >> 28 & 1 == 1 { 32 } else { 24 };
            found((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, depth)
        }
        b"VP8X" => {
            let depth = if body[0] & 0x10 != 0 { 32 } else { 24 };
            found(le(&body[4..7]) + 1, le(&body[7..10]) + 1, depth)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(
        mime: &'static str,
        width: u32,
        height: u32,
        depth: u32,
        colors: u32,
    ) -> Option<Found> {
        Some(Found { mime, width, height, depth, colors })
    }

    #[test]
    fn sizes_are_found() {
        let mut png =
            b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x01\0\0\0\0\x02\x08\x06\0\0\0crc.".to_vec();
        assert_eq!(look(&png), found("image/png", 256, 2, 32, 0));
        png[25] = 3;
        png.extend(b"\0\0\0\x30PLTE");
        assert_eq!(look(&png), found("image/png", 256, 2, 24, 16));
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xC2\0\x11\x08\0\x10\0\x20\x03";
        assert_eq!(look(jpeg), found("image/jpeg", 32, 16, 24, 0));
        assert_eq!(look(b"GIF89a\x05\0\x06\0\xF3"), found("image/gif", 5, 6, 24, 16));
        let vp8 = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\x10\0\0\x9D\x01\x2A\x07\0\x08\0";
        assert_eq!(look(vp8), found("image/webp", 7, 8, 24, 0));
        let vp8l = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2F\x06\xC0\x01\x10\0\0\0\0\0";
        assert_eq!(look(vp8l), found("image/webp", 7, 8, 32, 0));
        let vp8x = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x10\0\0\0\x06\0\0\x07\0\0";
        assert_eq!(look(vp8x), found("image/webp", 7, 8, 32, 0));
        for whole in [&png[..], jpeg, vp8, vp8l, vp8x] {
            (0..whole.len()).for_each(|length| {
                look(&whole[..length]);
            });
        }
        assert_eq!(look(b"BM"), None);
    }
}
