//! The MD5 of the audio, the number that FLAC files carry too.

use crate::audio::{AudioSpec, SampleFormat};

/// Takes PCM as it goes by.
#[derive(Clone)]
pub(crate) struct AudioDigest {
    format: SampleFormat,
    whole: md5::Context,
    /// The values without the bits below the valid ones, as long as those are all zero.
    valid: Option<Valid>,
}

#[derive(Clone)]
struct Valid {
    digest: md5::Context,
    shift: u32,
    bytes: usize,
}

/// PCM that is converted at a time.
const BLOCK_SAMPLES: usize = 4096;

impl AudioDigest {
    pub(crate) fn new(spec: &AudioSpec) -> Self {
        let shift = spec.format.bits() - u32::from(spec.valid_bits);
        let valid = (shift > 0).then(|| Valid {
            digest: md5::Context::new(),
            shift,
            bytes: usize::from(spec.valid_bits.div_ceil(8)),
        });
        AudioDigest { format: spec.format, whole: md5::Context::new(), valid }
    }

    /// Takes whole samples.
    pub(crate) fn update(&mut self, pcm: &[u8]) {
        if self.format != SampleFormat::U8 {
            self.whole.consume(pcm);
        }
        if self.format == SampleFormat::U8 || self.valid.is_some() {
            pcm.chunks(BLOCK_SAMPLES * self.format.bytes()).for_each(|block| self.convert(block));
        }
    }

    fn convert(&mut self, block: &[u8]) {
        if self.format == SampleFormat::U8 {
            let signed: Vec<u8> = block.iter().map(|byte| byte ^ 0x80).collect();
            self.whole.consume(&signed);
        }
        let Some(valid) = &mut self.valid else { return };
        let mut shifted = Vec::with_capacity(block.len());
        for sample in block.chunks_exact(self.format.bytes()) {
            let value = self.format.get(sample);
            if value & ((1 << valid.shift) - 1) != 0 {
                self.valid = None;
                return;
            }
            shifted.extend_from_slice(&(value >> valid.shift).to_le_bytes()[..valid.bytes]);
        }
        valid.digest.consume(&shifted);
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        self.valid.map_or(self.whole, |valid| valid.digest).finalize().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(spec: &AudioSpec, pcm: &[u8]) -> [u8; 16] {
        let mut digest = AudioDigest::new(spec);
        pcm.chunks(spec.frame_bytes()).for_each(|part| digest.update(part));
        digest.finish()
    }

    #[test]
    fn is_over_signed_values() {
        let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
        assert_eq!(digest(&spec, &[0, 128, 255]), md5::compute([0x80, 0, 0x7F]).0);
    }

    #[test]
    fn leaves_out_bits_that_are_not_valid() {
        let spec = AudioSpec::new(SampleFormat::S24, 1, 8000).with_valid_bits(12);
        let shifted = [0x00, 0xF0, 0xFF, 0x00, 0x10, 0x00];
        assert_eq!(digest(&spec, &shifted), md5::compute([0xFF, 0xFF, 0x01, 0x00]).0);
        // Unless there is something in them after all.
        let full = [0x00, 0xF0, 0xFF, 0x01, 0x10, 0x00];
        assert_eq!(digest(&spec, &full), md5::compute(full).0);
    }
}
