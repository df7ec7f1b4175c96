//! What the FLAC decoder leaves unchecked.

use crate::error::Error;

/// The facts of a STREAMINFO block that the container may not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    pub(crate) bits: u32,
    /// Frames in all, if known.
    pub(crate) frames: Option<u64>,
}

impl StreamInfo {
    pub(crate) fn read(block: &[u8]) -> Option<StreamInfo> {
        let fields = block.get(10..18)?;
        let fields = fields.iter().fold(0u64, |fields, &byte| fields << 8 | u64::from(byte));
        let bits = (fields >> 36 & 31) as u32 + 1;
        let frames = fields & ((1 << 36) - 1);
        Some(StreamInfo { bits, frames: (frames > 0).then_some(frames) })
    }
}

/// The frames of a stream, in their order.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The number in the first frame.
    first: Option<u64>,
    packets: u64,
    samples: u64,
}

impl Frames {
    /// Checks a frame before it is decoded.
    pub(crate) fn check(&mut self, frame: &[u8], bits: u32) -> Result<(), Error> {
        // Not every container has checksums of its own, and the decoder looks at none.
        if frame.len() < 6 || crc16(frame) != 0 {
            return Err(Error::file("the file is damaged: the checksum of a FLAC frame is wrong"));
        }
        // A side channel has a bit more than the others, and the decoder has 32 bits:
        // https://github.com/pdeljanov/Symphonia/issues/386
        if bits == 32 && (8..=10).contains(&(frame[3] >> 4)) {
            return Err(Error::file(
                "FLAC audio of 32 bits with a side channel cannot be decoded here: decode it to \
                 WAV with flac first",
            ));
        }
        // Symphonia leaves out pages of Ogg with a wrong checksum without a word.
        let number = frame_number(&frame[4..]);
        let before = if frame[1] & 1 == 0 { self.packets } else { self.samples };
        let first = *self.first.get_or_insert(number);
        if number != first.wrapping_add(before) {
            return Err(Error::file("the file is damaged: a FLAC frame is missing"));
        }
        Ok(())
    }

    /// Counts a frame that was decoded.
    pub(crate) fn count(&mut self, samples: u64) {
        self.packets += 1;
        self.samples += samples;
    }
}

/// The number in the header of a frame, which is coded like a character in UTF-8.
fn frame_number(bytes: &[u8]) -> u64 {
    let length = bytes[0].leading_ones().max(1) as usize;
    let first = u64::from(bytes[0]) & (0x7F >> bytes[0].leading_ones().min(7));
    bytes.iter().take(length).skip(1).fold(first, |all, &byte| all << 6 | u64::from(byte & 0x3F))
}

/// The checksum of a frame; 0 with the frame's own at the end.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_frames() {
        // The check value of CRC-16/UMTS.
        assert_eq!(crc16(b"123456789"), 0xFEE8);
        assert!(Frames::default().check(b"123456789\xFE\xE8", 16).is_ok());
        assert!(Frames::default().check(b"123456788\xFE\xE8", 16).is_err());
    }

    #[test]
    fn side_channels_of_32_bits_are_refused() {
        for (assignment, refused) in [(1, false), (8, true), (9, true), (10, true), (11, false)] {
            let mut frame = vec![0xFF, 0xF8, 0xC9, assignment << 4 | 14, 0, 0];
            let crc = crc16(&frame);
            frame.extend(crc.to_be_bytes());
            assert_eq!(Frames::default().check(&frame, 32).is_err(), refused);
            assert!(Frames::default().check(&frame, 24).is_ok());
        }
    }

    #[test]
    fn numbers_of_frames() {
        for number in [0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x1_0000] {
            let mut bytes = [0; 4];
            char::from_u32(number).unwrap().encode_utf8(&mut bytes);
            assert_eq!(frame_number(&bytes), u64::from(number));
        }
        let longest = [0xFE, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF];
        assert_eq!(frame_number(&longest), (1 << 36) - 1);
    }

    #[test]
    fn stream_information() {
        let mut block = vec![0; 34];
        block[10..18].copy_from_slice(&[0x0A, 0xC4, 0x43, 0x70, 0, 0, 0x4E, 0x20]);
        let info = StreamInfo::read(&block);
        assert_eq!(info, Some(StreamInfo { bits: 24, frames: Some(20000) }));
        assert_eq!(StreamInfo::read(&block[..17]), None);
    }
}
