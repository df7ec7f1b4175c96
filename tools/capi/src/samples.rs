//! Samples of PCM as numbers for C, and back.

use lmac::SampleFormat;

use crate::error::{Fault, Result};

/// Returns the function that reads a sample as an integer.
pub(crate) fn to_i32(format: SampleFormat) -> Result<fn(&[u8]) -> i32> {
    Ok(match format {
        SampleFormat::U8 => |pcm| i32::from(pcm[0]) - 128,
        SampleFormat::S16 => |pcm| i32::from(i16::from_le_bytes([pcm[0], pcm[1]])),
        SampleFormat::S24 => |pcm| i32::from_le_bytes([0, pcm[0], pcm[1], pcm[2]]) >> 8,
        SampleFormat::S32 => |pcm| i32::from_le_bytes(array(pcm)),
        _ => return Err(no_integers()),
    })
}

/// Returns the function that reads a sample as a float.
pub(crate) fn to_float(format: SampleFormat) -> fn(&[u8]) -> f32 {
    match format {
        SampleFormat::U8 => |pcm| (f32::from(pcm[0]) - 128.0) / 128.0,
        SampleFormat::S16 => |pcm| f32::from(i16::from_le_bytes([pcm[0], pcm[1]])) / 32768.0,
        SampleFormat::S24 => {
            |pcm| (i32::from_le_bytes([0, pcm[0], pcm[1], pcm[2]]) >> 8) as f32 / 8_388_608.0
        }
        SampleFormat::S32 => |pcm| i32::from_le_bytes(array(pcm)) as f32 / 2_147_483_648.0,
        SampleFormat::F32 => |pcm| f32::from_le_bytes(array(pcm)),
        _ => |pcm| f64::from_le_bytes(array(pcm)) as f32,
    }
}

/// Appends floats as PCM of a format of floats.
pub(crate) fn from_float(samples: &[f32], format: SampleFormat, pcm: &mut Vec<u8>) -> Result<()> {
    match format {
        SampleFormat::F32 => {
            pcm.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        }
        SampleFormat::F64 => {
            pcm.extend(samples.iter().flat_map(|&sample| f64::from(sample).to_le_bytes()));
        }
        _ => {
            return Err(Fault::argument(
                "the samples of this stream are integers, and floats would be rounded: write \
                 integers or bytes",
            ));
        }
    }
    Ok(())
}

pub(crate) fn no_integers() -> Fault {
    Fault::argument("the samples of this stream are floats: use floats or bytes")
}

fn array<const N: usize>(pcm: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| pcm[at])
}
