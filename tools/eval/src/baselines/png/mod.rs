//! PNG: audio as a picture.

mod filters;

use std::io::Cursor;

use lmac::AudioSpec;
use png::chunk::IDAT;
use png::{BitDepth, ColorType, Decoder, Encoder, Limits};
use zlib_rs::{DeflateConfig, Strategy, compress_bound, compress_slice};

use crate::contestant::Codec;
use crate::{Error, Result, said};

/// Pixels of a side, as many as PNG allows.
const MAX_SIDE: usize = (1 << 31) - 1;

/// Bytes of a chunk of the file, well below the limit of its length field.
const MAX_CHUNK: usize = 1 << 30;

/// A picture of gray bytes for each piece, as near to a square as its length allows and
/// rather tall than wide, as in the published harness: 2,048 bytes are 32 wide and 64 tall.
/// Each row begins with a byte for its filter, so a prime number of bytes, a picture one
/// pixel wide, costs as many again before they are compressed.
///
/// Rows are filtered and compressed as by Pillow when it is asked to optimise. The
/// png crate's own compression is 5 % larger for audio, since it has only zlib's usual
/// strategy.
pub(super) struct Png;

impl Codec for Png {
    fn name(&self) -> &str {
        "png"
    }

    fn description(&self) -> String {
        "PNG of 8-bit gray near a square, adaptive filters, zlib-rs level 9 for filtered bytes"
            .into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        pieces.iter().map(|piece| picture(piece)).collect()
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        coded.iter().map(|coded| pixels(coded).map_err(said)).collect()
    }
}

fn picture(piece: &[u8]) -> Result<Vec<u8>> {
    let (width, height) = sides(piece.len())?;
    let mut coded = Vec::new();
    let mut encoder = Encoder::new(&mut coded, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(said)?;
    for part in deflated(&filters::filtered(piece, width as usize))?.chunks(MAX_CHUNK) {
        writer.write_chunk(IDAT, part).map_err(said)?;
    }
    writer.finish().map_err(said)?;
    Ok(coded)
}

/// At level 9, with most memory, and the strategy for filtered bytes.
fn deflated(filtered: &[u8]) -> Result<Vec<u8>> {
    let strategy = Strategy::Filtered;
    let config = DeflateConfig { mem_level: 9, strategy, ..DeflateConfig::best_compression() };
    let mut deflated = vec![0; compress_bound(filtered.len())];
    let (made, code) = compress_slice(&mut deflated, filtered, config);
    // The type of codes is private; that of success is zero, as in zlib.
    if code as i32 != 0 {
        return Err(Error::new(format!("zlib: {code:?}")));
    }
    let length = made.len();
    deflated.truncate(length);
    Ok(deflated)
}

fn pixels(coded: &[u8]) -> std::result::Result<Vec<u8>, png::DecodingError> {
    // The limit protects from foreign pictures; these are our own.
    let limits = Limits { bytes: usize::MAX };
    let mut reader = Decoder::new_with_limits(Cursor::new(coded), limits).read_info()?;
    let length = reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?;
    let mut piece = vec![0; length];
    reader.next_frame(&mut piece)?;
    Ok(piece)
}

/// Width and height of a picture of this many bytes: the factors that are closest to each
/// other, the smaller one first.
fn sides(length: usize) -> Result<(u32, u32)> {
    if length == 0 {
        return Err(Error::new("there is no audio; a picture needs at least one pixel"));
    }
    let mut width = length.isqrt();
    while !length.is_multiple_of(width) {
        width -= 1;
    }
    let height = length / width;
    if height > MAX_SIDE {
        return Err(Error::new(format!(
            "the most square picture of {length} bytes is {width} x {height} pixels, and the \
             sides of a PNG have at most {MAX_SIDE}"
        )));
    }
    // Neither is larger than MAX_SIDE.
    Ok((width as u32, height as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{eight_bits, triangle};

    #[test]
    fn rectangles_are_as_square_as_can_be() {
        let cases = [(1, (1, 1)), (2, (1, 2)), (12, (3, 4)), (36, (6, 6)), (2048, (32, 64))];
        for (length, expected) in cases {
            assert_eq!(sides(length).unwrap(), expected, "{length}");
        }
        assert_eq!(sides(641).unwrap(), (1, 641));
        assert_eq!(sides(1 << 30).unwrap(), (1 << 15, 1 << 15));
    }

    #[test]
    fn sides_that_png_cannot_have_are_refused() {
        assert!(sides(0).unwrap_err().to_string().contains("no audio"));
        // The largest prime that is still a height, and the next one.
        assert_eq!(sides(2_147_483_647).unwrap(), (1, 2_147_483_647));
        let error = sides(2_147_483_659).unwrap_err().to_string();
        assert!(error.contains("1 x 2147483659"), "{error}");
    }

    #[test]
    fn it_is_a_gray_picture_of_that_size() {
        let piece = triangle(2048);
        let coded = Png.encode(&[&piece], &eight_bits()).unwrap().remove(0);
        let reader = Decoder::new(Cursor::new(coded)).read_info().unwrap();
        let info = reader.info();
        assert_eq!((info.width, info.height), (32, 64));
        assert_eq!((info.color_type, info.bit_depth), (ColorType::Grayscale, BitDepth::Eight));
    }
}
