//! Positions of channels. WAV and GStreamer number them differently.

use gst_audio::AudioChannelPosition as Position;

/// The positions in the order of the bits in a mask of WAV files.
const WAV_ORDER: [Position; 18] = [
    Position::FrontLeft,
    Position::FrontRight,
    Position::FrontCenter,
    Position::Lfe1,
    Position::RearLeft,
    Position::RearRight,
    Position::FrontLeftOfCenter,
    Position::FrontRightOfCenter,
    Position::RearCenter,
    Position::SideLeft,
    Position::SideRight,
    Position::TopCenter,
    Position::TopFrontLeft,
    Position::TopFrontCenter,
    Position::TopFrontRight,
    Position::TopRearLeft,
    Position::TopRearCenter,
    Position::TopRearRight,
];

/// Returns the positions of a stream's channels in their order, with the mask of the stream.
///
/// Without a mask, up to eight channels have the positions that GStreamer takes them for. `None`
/// if the positions are not known.
pub(crate) fn of_stream(channels: u16, mask: Option<u32>) -> Option<Vec<Position>> {
    let channels = usize::from(channels);
    if channels == 1 {
        return Some(vec![Position::Mono]);
    }
    if let Some(mask) = mask {
        let bits = WAV_ORDER.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
        let positions: Vec<Position> = bits.map(|(_, &position)| position).take(channels).collect();
        return (positions.len() == channels).then_some(positions);
    }
    let mask = Position::fallback_mask(channels as u32);
    let mut positions = vec![Position::Invalid; channels];
    let known = mask != 0 && Position::positions_from_mask(mask, &mut positions).is_ok();
    known.then_some(positions)
}

/// Returns the positions in the order that GStreamer wants.
pub(crate) fn in_order_of_gstreamer(positions: &[Position]) -> Option<Vec<Position>> {
    let mut ordered = positions.to_vec();
    Position::positions_to_valid_order(&mut ordered).ok().map(|()| ordered)
}

/// Returns the positions in the order of WAV files, and their mask; `None` if WAV files do not
/// have them.
pub(crate) fn in_order_of_wav(positions: &[Position]) -> Option<(Vec<Position>, u32)> {
    let bit = |position: &Position| WAV_ORDER.iter().position(|known| known == position);
    let bits: Vec<usize> = positions.iter().map(bit).collect::<Option<_>>()?;
    let mask = bits.iter().fold(0u32, |mask, bit| mask | 1 << bit);
    let ordered = WAV_ORDER.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
    let ordered: Vec<Position> = ordered.map(|(_, &position)| position).collect();
    (ordered.len() == positions.len()).then_some((ordered, mask))
}

/// Puts the samples of each frame into another order of channels.
#[derive(Debug, Clone)]
pub(crate) struct Reordering {
    /// The place that each sample of a frame goes to.
    map: Vec<usize>,
    sample_bytes: usize,
}

impl Reordering {
    /// Prepares for going from one order of positions to another; `None` if it is the same.
    pub(crate) fn new(from: &[Position], to: &[Position], sample_bytes: usize) -> Option<Self> {
        let mut map = vec![0; from.len()];
        let possible = gst_audio::channel_reorder_map(from, to, &mut map).is_ok();
        (possible && from != to).then_some(Reordering { map, sample_bytes })
    }

    pub(crate) fn apply(&self, pcm: &mut [u8]) {
        let bytes = self.sample_bytes;
        let mut before = vec![0; bytes * self.map.len()];
        for frame in pcm.chunks_exact_mut(bytes * self.map.len()) {
            before.copy_from_slice(frame);
            for (sample, place) in before.chunks_exact(bytes).zip(&self.map) {
                frame[place * bytes..][..bytes].copy_from_slice(sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_wav_files_become_positions_and_masks_again() {
        gst::init().unwrap();
        for (channels, mask) in [(2, 0x3), (6, 0x3F), (6, 0x60F), (8, 0x63F), (12, 0x2D63F)] {
            let positions = of_stream(channels, Some(mask)).unwrap();
            assert_eq!(in_order_of_gstreamer(&positions).as_ref(), Some(&positions));
            assert_eq!(in_order_of_wav(&positions), Some((positions.clone(), mask)));
        }
    }

    #[test]
    fn positions_above_are_put_in_order() {
        gst::init().unwrap();
        let positions = of_stream(4, Some(0x3 | 1 << 13 | 1 << 14)).unwrap();
        let ordered = in_order_of_gstreamer(&positions).unwrap();
        assert_ne!(ordered, positions);
        assert_eq!(in_order_of_wav(&ordered), Some((positions, 0x3 | 1 << 13 | 1 << 14)));
    }

    #[test]
    fn channels_without_a_mask_have_usual_positions() {
        gst::init().unwrap();
        assert_eq!(of_stream(1, Some(0x4)), Some(vec![Position::Mono]));
        let stereo = vec![Position::FrontLeft, Position::FrontRight];
        assert_eq!(of_stream(2, None), Some(stereo));
        assert_eq!(of_stream(6, None), of_stream(6, Some(0x3F)));
        assert_eq!(of_stream(100, None), None);
        // More channels than the mask has.
        assert_eq!(of_stream(3, Some(0x3)), None);
    }
}
