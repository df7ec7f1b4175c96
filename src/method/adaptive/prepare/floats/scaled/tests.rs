//! Scales of every kind, their corrections, and hostile fields.

use lmac_support::Random;

use super::super::exceptions::PRESENT;
use super::super::put;
use super::*;
use crate::audio::AudioSpec;

fn noise(count: usize, bits: u32) -> Vec<i32> {
    let mut random = Random::new(7);
    (0..count).map(|_| random.next_u64() as i32 >> (32 - bits)).collect()
}

fn bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|float| float.to_le_bytes()).collect()
}

/// Checks that a mapping comes back from its bytes and restores the floats.
fn checked(pcm: &[u8], spec: &AudioSpec, found: Found) -> Found {
    let (found, samples) = found;
    let channels = samples.len();
    let frames = samples[0].len();
    let mut out = Vec::new();
    found.write(&mut out);
    assert!(out.len() <= found.most_bytes());
    let mut fields = Fields::new(&out);
    assert!(Scaled::read(&mut fields, frames, channels, spec.format).unwrap() == found);
    assert_eq!(fields.position(), out.len());

    let bytes = spec.format.bytes();
    let mut back = vec![0; pcm.len()];
    let mut floats = found.floats(channels);
    for (at, sample) in back.chunks_exact_mut(bytes).enumerate() {
        let (frame, channel) = (at / channels, at % channels);
        put(floats.float(channel, samples[channel][frame]), sample);
    }
    found.put_exceptions(&mut back, channels);
    assert!(back == pcm);
    let (low, high) = (i32::MIN >> (32 - found.bits), i32::MAX >> (32 - found.bits));
    assert!(samples.iter().flatten().all(|number| (low..=high).contains(number)));
    (found, samples)
}

type Found = (Scaled, Vec<Vec<i32>>);

fn found(floats: &[f32], channels: u16) -> Option<Found> {
    let pcm = bytes(floats);
    let spec = AudioSpec::new(SampleFormat::F32, channels, 44100);
    let found = Scaled::full_scale(&Samples::new(&pcm, &spec)).unwrap()?;
    Some(checked(&pcm, &spec, found))
}

/// Finds factors of floats that are singles, and of the same as doubles.
fn factors(floats: &[f32], channels: u16, grid: u32) -> Option<Found> {
    let wide: Vec<f64> = floats.iter().map(|&float| f64::from(float)).collect();
    let both = doubles(&wide, channels, grid).map(|(found, _)| found.bits);
    let pcm = bytes(floats);
    let spec = AudioSpec::new(SampleFormat::F32, channels, 44100);
    let found = Scaled::factors(&Samples::new(&pcm, &spec), grid).unwrap();
    assert_eq!(found.as_ref().map(|(found, _)| found.bits), both);
    Some(checked(&pcm, &spec, found?))
}

fn doubles(floats: &[f64], channels: u16, grid: u32) -> Option<Found> {
    let pcm: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    let spec = AudioSpec::new(SampleFormat::F64, channels, 44100);
    let found = Scaled::factors(&Samples::new(&pcm, &spec), grid).unwrap()?;
    Some(checked(&pcm, &spec, found))
}

fn full_scale_of(found: &Scaled) -> FullScale {
    match found.scale {
        Scale::Full(scale) => scale,
        Scale::Factors(_) => panic!("factors"),
    }
}

fn factors_of(found: &Scaled) -> &Factors {
    match &found.scale {
        Scale::Factors(factors) => factors,
        Scale::Full(_) => panic!("a full scale"),
    }
}

/// Numbers of this many bits, small ones among them.
fn smooth(count: usize, bits: u32) -> Vec<i32> {
    let numbers = noise(count, bits);
    numbers.iter().enumerate().map(|(at, number)| number >> (at % bits as usize)).collect()
}

#[test]
fn factors_of_any_value_are_found() {
    for (bits, count) in [(12, 3000), (16, 20_000), (24, 100_000)] {
        let numbers = smooth(count, bits);
        for factor in [0.71f32 / 32768.0, 1e-9, 0.333_333, 1.0 / 32767.0, 3.7e4] {
            let floats: Vec<f32> = numbers.iter().map(|&x| x as f32 * factor).collect();
            let (found, samples) = factors(&floats, 1, 0).unwrap();
            assert!(found.is_sure(), "{factor} {bits}");
            assert_eq!(samples[0], numbers, "{factor} {bits}");
            // A product of doubles, and a quotient.
            let factor = f64::from(factor) * 1.000_000_01;
            let product = |&x: &i32| (f64::from(x) * factor) as f32;
            let quotient = |&x: &i32| (f64::from(x) / (1.0 / factor)) as f32;
            for shape in [&product as &dyn Fn(&i32) -> f32, &quotient] {
                let floats: Vec<f32> = numbers.iter().map(shape).collect();
                let (found, samples) = factors(&floats, 1, 0).unwrap();
                assert!(found.is_sure() && samples[0] == numbers, "{factor} {bits}");
            }
        }
    }
}

#[test]
fn each_channel_has_its_factor() {
    let numbers = smooth(40_000, 16);
    let factors_then = [0.71f32, 0.437].map(|factor| factor / 32768.0);
    let float = |(at, &x): (usize, &i32)| x as f32 * factors_then[at % 2];
    let floats: Vec<f32> = numbers.iter().enumerate().map(float).collect();
    let (found, _) = factors(&floats, 2, 0).unwrap();
    assert_eq!(factors_of(&found).factors, factors_then.map(f64::from));
    assert!(found.is_sure());
}

#[test]
fn products_of_products_have_corrections() {
    let numbers = smooth(40_000, 16);
    let float = |&x: &i32| x as f32 / 32768.0 * 0.83 * 1.1;
    let mut floats: Vec<f32> = numbers.iter().map(float).collect();
    floats[77] = f32::NAN;
    floats[78..90].fill(f32::INFINITY);
    floats[100..200].fill(-0.0);
    // Too far off for a step or two.
    floats[300..310].fill(0.123_456_7);
    let (found, samples) = factors(&floats, 1, 0).unwrap();
    assert!(samples[0][1000..] == numbers[1000..]);
    assert!(found.is_corrected() && found.exceptions.len() == 2 && found.zeros.is_some());
    assert!(factors_of(&found).corrections.as_ref().unwrap().len() < 40_000 / 4);
}

#[test]
fn products_on_a_grid_are_found() {
    let numbers = smooth(40_000, 16);
    let float = |&x: &i32| ((f64::from(x) * 358.7 + 0.5).floor() / (1 << 24) as f64) as f32;
    let floats: Vec<f32> = numbers.iter().map(float).collect();
    let (found, samples) = factors(&floats, 1, 24).unwrap();
    assert!(found.is_sure() && samples[0] == numbers);
}

#[test]
fn noise_has_no_factor() {
    let floats: Vec<f32> = noise(40_000, 31).iter().map(|&x| x as f32 * 1e-9).collect();
    assert!(factors(&floats, 1, 0).is_none());
    assert!(factors(&[f32::NAN; 100], 2, 0).is_none());
    assert!(factors(&[1.0, 0.5, 0.3], 1, 0).is_none());
}

#[test]
fn integers_come_back_from_every_convention() {
    for power in [7, 15, 23] {
        let numbers = noise(5000, power + 1);
        for convention in 0..4 {
            let scale = FullScale::new(power, convention).unwrap();
            let float = |&number: &i32| scale.float(number, Precision::Single) as f32;
            let floats: Vec<f32> = numbers.iter().map(float).collect();
            let (found, samples) = found(&floats, 1).unwrap();
            assert_eq!(samples[0], numbers, "{power} {convention}");
            assert_eq!((found.bits, found.exceptions.len()), (power + 1, 0));
        }
    }
    // As they are written in single precision.
    let numbers = noise(5000, 16);
    let floats: Vec<f32> = numbers.iter().map(|&number| number as f32 / 32767.0).collect();
    assert_eq!(full_scale_of(&found(&floats, 1).unwrap().0), FullScale::new(15, 1).unwrap());
}

#[test]
fn odd_ones_out_are_exceptions() {
    let specials = [f32::NAN, -f32::NAN, f32::INFINITY, 1e30, -1e-30, 1e-45, 0.1, f32::MAX];
    let signalling = f32::from_bits(0x7F80_0001);
    for odd in specials.into_iter().chain([signalling]) {
        for channels in [1, 2] {
            let mut floats: Vec<f32> =
                noise(6000, 14).iter().map(|&number| number as f32 / 8192.0).collect();
            floats[0] = odd;
            floats[3001] = odd;
            floats[5000..5010].fill(odd);
            let (found, _) = found(&floats, channels).unwrap();
            assert_eq!(full_scale_of(&found), FullScale::new(13, 0).unwrap(), "{odd}");
            assert_eq!(found.bits, 14, "{odd}");
            assert!(found.exceptions.len() <= 4, "{odd}");
        }
    }
}

#[test]
fn negative_zeros_keep_their_sign() {
    let numbers = noise(4000, 3);
    let zero = |at: usize| if at.is_multiple_of(3) { -0.0 } else { 0.0 };
    let float = |(at, &number): (usize, &i32)| match number {
        0 => zero(at),
        _ => number as f32 / 32768.0,
    };
    let floats: Vec<f32> = numbers.iter().enumerate().map(float).collect();
    let (found, _) = found(&floats, 2).unwrap();
    assert!(found.exceptions.is_empty());
    assert!(found.zeros.unwrap().len() < 500 / 8 + 16);
}

#[test]
fn what_is_no_integer_has_no_scale() {
    assert!(found(&[f32::NAN; 10], 1).is_none());
    let mut half: Vec<f32> = noise(4000, 12).iter().map(|&x| x as f32 / 2048.0).collect();
    half.iter_mut().step_by(2).for_each(|float| *float *= 1.1);
    assert!(found(&half, 1).is_none_or(|(found, _)| !found.is_sure()));
}

#[test]
fn powers_are_those_that_make_integers() {
    let mut random = Random::new(1);
    for _ in 0..100_000 {
        let random = random.next_u64();
        let float =
            f32::from_bits((random >> 32) as u32 & 0xFFF0_0000 | ((random >> 20) as u32 % 4) << 18);
        let fits = |power: u32| {
            let scaled = f64::from(float) * (1u64 << power) as f64;
            f64::from(scaled as i32) == scaled
        };
        let range = (0..=MOST_POWER).filter(|&power| fits(power));
        let (first, last) = (range.clone().min(), range.max());
        let found = powers(f64::from(float));
        assert_eq!(found.map(|(from, _)| from), first, "{float:e}");
        assert_eq!(found.map(|(_, to)| to.min(MOST_POWER)), last, "{float:e}");
    }
}

#[test]
fn floats_that_cannot_be_are_refused() {
    let read = |bytes: &[u8]| Scaled::read(&mut Fields::new(bytes), 20, 5, SampleFormat::F32);
    let factor = 0.7f64.to_le_bytes();
    for form in [FACTOR_EACH, 61 << 2] {
        assert!(read(&[&[FACTORS, form][..], &factor, &[16]].concat()).is_err());
    }
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-310] {
        assert!(read(&[&[FACTORS, 0][..], &factor.to_le_bytes(), &[16]].concat()).is_err());
    }
    assert!(read(&[&[FACTORS, 60 << 2][..], &factor, &[16]].concat()).is_ok());
    assert!(read(&[&[FACTORS, CORRECTIONS][..], &factor, &[16, 1]].concat()).is_err());
    for bytes in [
        &[61, 16][..],
        &[15, 0],
        &[15, 33],
        &[1 << 6, 16],
        &[2 << 6 | 32, 16],
        &[15],
        // No exceptions, too many, and three kinds behind the end.
        &[15, PRESENT | 16, 0],
        &[15, PRESENT | 16, 12, 0, 0, 0, 0, 0, 0],
        &[15, PRESENT | 16, 1, 100, 0, 0, 0, 0, 0],
        &[15, PRESENT | 16, 1, 0, 100, 0, 0, 0, 0],
        &[15, PRESENT | 16, 2, 0, 98, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        &[15, ZEROS | 16, 2, 0],
    ] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
    let last = [15, PRESENT | ZEROS | 16, 2, 0, 98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let floats = read(&last).unwrap();
    floats.put_exceptions(&mut [0; 400], 5);
    for most in [100, u64::MAX] {
        let mut bytes = vec![15, PRESENT | 16, 1];
        put_varint(&mut bytes, most);
        put_varint(&mut bytes, u64::MAX);
        bytes.extend([0; 4]);
        assert!(read(&bytes).is_err());
    }
}
