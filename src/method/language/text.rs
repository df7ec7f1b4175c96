//! The samples of a chunk to its text, segment by segment, and back.
//!
//! The text of a chunk is the bytes of its samples, in the order in which they are coded. The
//! upper seven bits of a byte are a character, the lowest bit belongs to a plane.

use std::ops::Range;

use crate::audio::AudioSpec;
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::{Layout, Mapping};

/// The layout of a chunk's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrangement {
    layout: Layout,
    /// The offset that the mapping adds to a value.
    offset: i64,
    sample_bytes: usize,
    channels: usize,
    frames: usize,
    /// Frames of a segment; the last one may have fewer.
    segment: usize,
    /// Frames of a block, in which samples are ordered by channel.
    block: usize,
}

impl Arrangement {
    /// Makes an arrangement with at most `context` characters in a segment; `None` if a frame
    /// has more.
    pub(crate) fn new(
        spec: &AudioSpec,
        frames: usize,
        wasted: u8,
        mapping: Mapping,
        context: usize,
        blocking: usize,
    ) -> Option<Self> {
        let layout = Layout::new(spec.format, wasted);
        let channels = usize::from(spec.channels);
        let segment = context / (channels * layout.bytes);
        (segment > 0).then(|| Arrangement {
            layout,
            offset: layout.offset(mapping),
            sample_bytes: spec.format.bytes(),
            channels,
            frames,
            segment,
            block: blocking.clamp(1, segment),
        })
    }

    /// Returns the characters of a sample, and the number of planes.
    pub(crate) fn bytes(&self) -> usize {
        self.layout.bytes
    }

    /// Returns the characters of the chunk.
    pub(crate) fn length(&self) -> usize {
        self.frames * self.channels * self.layout.bytes
    }

    /// Returns the range of each segment in the text.
    pub(crate) fn segments(&self) -> impl ExactSizeIterator<Item = Range<usize>> + Clone {
        let (all, each) = (self.length(), self.segment * self.channels * self.layout.bytes);
        (0..self.frames.div_ceil(self.segment)).map(move |at| at * each..all.min((at + 1) * each))
    }

    /// Returns the number of frames of whole frames' characters.
    pub(crate) fn frames_of(&self, characters: usize) -> usize {
        characters / (self.channels * self.layout.bytes)
    }

    /// Returns the number in the PCM of each sample, in the order in which samples are coded.
    fn order(&self) -> impl Iterator<Item = usize> {
        let Arrangement { channels, frames, segment, block, .. } = *self;
        let parts = move |within: Range<usize>, length: usize| {
            within.clone().step_by(length).map(move |at| at..within.end.min(at + length))
        };
        parts(0..frames, segment).flat_map(move |segment| parts(segment, block)).flat_map(
            move |block| {
                (0..channels).flat_map(move |channel| {
                    block.clone().map(move |frame| frame * channels + channel)
                })
            },
        )
    }

    /// Turns PCM into text.
    pub(crate) fn text(&self, pcm: &[u8]) -> Result<Vec<u8>> {
        let mut text = memory::room(self.length())?;
        for sample in self.order() {
            let value = self.layout.get(&pcm[sample * self.sample_bytes..]);
            let bits = self.layout.unsigned(value.wrapping_add(self.offset));
            text.extend_from_slice(&bits.to_be_bytes()[8 - self.layout.bytes..]);
        }
        Ok(text)
    }

    /// Turns text into PCM.
    pub(crate) fn pcm(&self, text: &[u8]) -> Result<Vec<u8>> {
        let mut pcm = memory::filled(0, self.frames * self.channels * self.sample_bytes)?;
        for (sample, bytes) in self.order().zip(text.chunks_exact(self.layout.bytes)) {
            let bits = bytes.iter().fold(0, |bits, &byte| bits << 8 | i64::from(byte));
            let value = self.layout.wrap(bits.wrapping_sub(self.offset));
            if !self.layout.put(value, &mut pcm[sample * self.sample_bytes..]) {
                return Err(Error::malformed("a sample is too large for its format"));
            }
        }
        Ok(pcm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::SampleFormat;

    fn pcm(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 37 % 251) as u8).collect()
    }

    #[test]
    fn every_format_round_trips() {
        for format in [
            SampleFormat::U8,
            SampleFormat::S16,
            SampleFormat::S24,
            SampleFormat::S32,
            SampleFormat::F32,
            SampleFormat::F64,
        ] {
            for (channels, blocking) in [(1, 0), (2, 0), (2, 3), (3, 1000)] {
                let spec = AudioSpec::new(format, channels, 8000);
                for mapping in [Mapping::TwosComplement, Mapping::OffsetBinary] {
                    let arrangement =
                        Arrangement::new(&spec, 29, 0, mapping, 120, blocking).unwrap();
                    let pcm = pcm(29 * spec.frame_bytes());
                    let text = arrangement.text(&pcm).unwrap();
                    assert_eq!(text.len(), arrangement.length());
                    assert_eq!(arrangement.pcm(&text).unwrap(), pcm);
                    let mut end = 0;
                    for segment in arrangement.segments() {
                        assert_eq!(segment.start, end);
                        assert!(segment.len() <= 120);
                        end = segment.end;
                    }
                    assert_eq!(end, text.len());
                }
            }
        }
    }

    #[test]
    fn samples_are_big_endian_and_ordered_by_blocks() {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 8000);
        let pcm = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0];
        let text = |blocking, mapping| {
            Arrangement::new(&spec, 4, 0, mapping, 12, blocking).unwrap().text(&pcm).unwrap()
        };
        let interleaved = [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8];
        assert_eq!(text(0, Mapping::TwosComplement), interleaved);
        // Blocks of two frames, in segments of three.
        let blocks = [0, 1, 0, 3, 0, 2, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8];
        assert_eq!(text(2, Mapping::TwosComplement), blocks);
        assert_eq!(text(0, Mapping::OffsetBinary)[..4], [128, 1, 128, 2]);
    }

    #[test]
    fn wasted_bits_take_no_characters() {
        let spec = AudioSpec::new(SampleFormat::S24, 1, 8000);
        let pcm = [0, 0x10, 0x80, 0, 0xF0, 0x7F];
        let arrangement = Arrangement::new(&spec, 2, 12, Mapping::TwosComplement, 4, 0).unwrap();
        let text = arrangement.text(&pcm).unwrap();
        assert_eq!(text, [0xF8, 0x01, 0x07, 0xFF]);
        assert_eq!(arrangement.pcm(&text).unwrap(), pcm);
        assert!(arrangement.pcm(&[0x08, 0, 0, 0]).is_err(), "twelve bits hold no 2048");
        assert!(Arrangement::new(&spec, 2, 0, Mapping::TwosComplement, 2, 0).is_none());
    }
}
