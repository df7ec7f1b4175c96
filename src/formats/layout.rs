//! The order of bytes and the signedness of samples in files.

use crate::audio::AudioSpec;
use crate::container::source::SourceKind;

/// Whether samples in this layout differ from PCM.
pub(crate) fn converts(kind: SourceKind) -> bool {
    kind.layout() != (false, false)
}

/// Turns samples in this layout into PCM.
pub(crate) fn to_pcm(kind: SourceKind, spec: &AudioSpec, samples: &mut [u8]) {
    let (big_endian, flipped_sign) = kind.layout();
    swap(big_endian, spec, samples);
    flip(flipped_sign, spec, samples);
}

/// The inverse of [`to_pcm`].
pub(crate) fn restore(kind: SourceKind, spec: &AudioSpec, samples: &mut [u8]) {
    // Each of the two is its own inverse. The sign is in the last byte as long as samples are
    // little-endian.
    let (big_endian, flipped_sign) = kind.layout();
    flip(flipped_sign, spec, samples);
    swap(big_endian, spec, samples);
}

fn swap(wanted: bool, spec: &AudioSpec, samples: &mut [u8]) {
    if wanted {
        samples.chunks_exact_mut(spec.format.bytes()).for_each(<[u8]>::reverse);
    }
}

fn flip(wanted: bool, spec: &AudioSpec, samples: &mut [u8]) {
    if wanted {
        let bytes = spec.format.bytes();
        samples.iter_mut().skip(bytes - 1).step_by(bytes).for_each(|byte| *byte ^= 0x80);
    }
}
