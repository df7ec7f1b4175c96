//! Samples of other depths: integers are shifted, and never made floats.

use lmac_eval::{Dataset, Selection};

use crate::write;

/// The values that samples have after conversion, with a sign.
fn converted(bits: u16, to: u32, samples: &[i32]) -> Vec<i32> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("all.wav"), bits, samples.iter().copied());
    let selection = Selection { bit_depth: Some(to), ..Selection::default() };
    let dataset = Dataset::folder(folder.path(), &selection).unwrap();
    let clip = dataset.load(0).unwrap();
    assert_eq!(clip.spec.format.bits(), to);
    assert_eq!(dataset.facts()[0].pcm_bytes, samples.len() as u64 * u64::from(to / 8));
    let bytes = to as usize / 8;
    let value = |sample: &[u8]| match bytes {
        1 => i32::from(sample[0]) - 128,
        _ => {
            let mut high = [0; 4];
            high[4 - bytes..].copy_from_slice(sample);
            i32::from_le_bytes(high) >> (32 - to)
        }
    };
    clip.pcm.chunks_exact(bytes).map(value).collect()
}

fn shifted(from: u16, to: u32, samples: &[i32]) -> Vec<i32> {
    let by = to as i32 - i32::from(from);
    samples.iter().map(|sample| if by < 0 { sample >> -by } else { sample << by }).collect()
}

#[test]
fn all_values_of_16_bits_are_shifted_and_not_scaled_by_32767() {
    let all: Vec<i32> = (i32::from(i16::MIN)..=i32::from(i16::MAX)).collect();
    assert_eq!(all.len(), 65536);
    for to in [8, 16, 24, 32] {
        assert_eq!(converted(16, to, &all), shifted(16, to, &all), "16 to {to} bits");
    }
}

#[test]
fn all_values_of_8_bits_are_shifted_and_not_scaled_by_128() {
    let all: Vec<i32> = (-128..=127).collect();
    for to in [8, 16, 24, 32] {
        assert_eq!(converted(8, to, &all), shifted(8, to, &all), "8 to {to} bits");
    }
}

/// Floats of 32 bits have 24 of them for digits: 2^24 + 1 is no such float, nor is 2^31 - 1.
#[test]
fn values_of_32_bits_are_not_made_floats() {
    let near = |place: i32| [place - 1, place, place + 1];
    let mut samples = vec![i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX];
    samples.extend([0, 1 << 8, 1 << 16, 1 << 24, -1 << 24, 1 << 30].map(near).concat());
    for to in [8, 16, 24, 32] {
        assert_eq!(converted(32, to, &samples), shifted(32, to, &samples), "32 to {to} bits");
    }
    let samples = [-(1 << 23), -(1 << 23) + 1, -257, -256, -1, 0, 255, 256, (1 << 23) - 1];
    for to in [8, 16, 24, 32] {
        assert_eq!(converted(24, to, &samples), shifted(24, to, &samples), "24 to {to} bits");
    }
}
