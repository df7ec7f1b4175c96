//! Repairing a header that has one wrong byte and no copy.

use super::MAGIC;
use super::header::{Header, Sealed};

/// Bytes among which the wrong one is looked for.
pub(crate) const SEARCHED: usize = 512;

/// The header that differs from these bytes in one byte behind the magic, or in the magic
/// alone. Its checksum tells which.
pub(crate) fn repaired(bytes: &[u8]) -> Option<Sealed> {
    let mut start = bytes[..bytes.len().min(SEARCHED)].to_vec();
    if start.len() < MAGIC.len() {
        return None;
    }
    start[..MAGIC.len()].copy_from_slice(&MAGIC);
    if let Ok(sealed) = Header::parse(&start) {
        return Some(sealed);
    }
    for at in MAGIC.len()..start.len() {
        let was = start[at];
        for byte in 0..=255 {
            start[at] = byte;
            if let Ok(sealed) = Header::parse(&start) {
                return Some(sealed);
            }
        }
        start[at] = was;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{AudioSpec, SampleFormat};
    use crate::container::source::SourceKind;

    #[test]
    fn any_wrong_byte_is_repaired() {
        let header = Header {
            spec: AudioSpec::new(SampleFormat::S16, 2, 44101),
            source: SourceKind::Samples,
            chunk_frames: 1000,
            declared_frames: Some(99),
            has_md5: true,
            model: None,
            salt: 0x0102_0304,
        };
        let sealed = header.seal();
        let stream = [&sealed.bytes[..], &[0xD6, 0x9B, 1, 2, 3]].concat();
        for at in 0..sealed.bytes.len() {
            for change in 1..=255 {
                let mut damaged = stream.clone();
                damaged[at] ^= change;
                assert_eq!(repaired(&damaged).as_ref(), Some(&sealed), "byte {at}");
            }
        }
        let mut damaged = stream;
        (damaged[10], damaged[12]) = (damaged[10] ^ 1, damaged[12] ^ 1);
        assert_eq!(repaired(&damaged), None);
    }
}
