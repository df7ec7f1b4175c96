//! From the parts of a FLAC frame to its bytes.

use super::bits::{BitWriter, crc8, crc16};
use super::frame::{
    Frame, FrameHeader, Parameter, Predictor, Residual, SIZE_IN_8_BITS, SIZE_IN_16_BITS,
    StreamShape, Subframe, fold,
};

/// The most bits of a subframe beside those for its samples, and for each sample. Without a limit,
/// a hostile stream could make endless files of zeros.
const MOST_BESIDE: u64 = 1024;
pub(super) const MOST_FOR_SAMPLE: u64 = 128;

/// The bytes of a frame of these subframes' samples, with their residuals; `None` if it has too
/// many, or a number is out of its range.
pub(super) fn frame(
    frame: &Frame,
    stream: &StreamShape,
    subframes: &[Vec<i64>],
    residuals: &[Vec<i64>],
) -> Option<Vec<u8>> {
    let mut writer = BitWriter::default();
    write_header(&mut writer, &frame.header);
    let stereo = frame.header.stereo();
    for (channel, subframe) in frame.subframes.iter().enumerate() {
        let bits = stream.bits + u32::from(stereo.side() == Some(channel));
        let (samples, residual) = (&subframes[channel], &residuals[channel]);
        let most = writer.length() + MOST_BESIDE + MOST_FOR_SAMPLE * samples.len() as u64;
        write_subframe(&mut writer, subframe, bits, samples, residual, most)?;
        if writer.length() > most {
            return None;
        }
    }
    writer.bits(u64::from(frame.padding), writer.missing_bits());
    let bytes = writer.align();
    let crc = crc16(bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    Some(std::mem::take(bytes))
}

fn write_header(writer: &mut BitWriter, header: &FrameHeader) {
    writer.bits(0xFFF8 | u64::from(header.variable), 16);
    writer.bits(u64::from(header.size_code), 4);
    writer.bits(u64::from(header.rate_code), 4);
    writer.bits(u64::from(header.channels_code), 4);
    writer.bits(u64::from(header.bits_code) << 1, 4);
    write_number(writer, header.number);
    let size_bits = match header.size_code {
        SIZE_IN_8_BITS => 8,
        SIZE_IN_16_BITS => 16,
        _ => 0,
    };
    writer.bits(u64::from(header.size - 1), size_bits);
    let rate_bits = FrameHeader::rate_field_bits(header.rate_code);
    writer.bits(u64::from(header.rate_field), rate_bits);
    let crc = crc8(writer.align());
    writer.bits(u64::from(crc), 8);
}

/// Writes a number of up to 36 bits in the extended UTF-8 of FLAC.
fn write_number(writer: &mut BitWriter, number: u64) {
    if number < 0x80 {
        writer.bits(number, 8);
        return;
    }
    // The first of n bytes holds 7 - n bits, and each other one six.
    let more = (1..6).find(|more| number >> (6 * more + 6 - more) == 0).unwrap_or(6);
    let ones = 0xFFu64 << (7 - more) & 0xFF;
    writer.bits(ones | number >> (6 * more), 8);
    for at in (0..more).rev() {
        writer.bits(0x80 | number >> (6 * at) & 0x3F, 8);
    }
}

fn write_subframe(
    writer: &mut BitWriter,
    subframe: &Subframe,
    bits: u32,
    samples: &[i64],
    residual: &[i64],
    most: u64,
) -> Option<()> {
    let Subframe { wasted, predictor, residual: coding } = subframe;
    let code = match predictor {
        Predictor::Constant => 0,
        Predictor::Verbatim => 1,
        Predictor::Fixed(order) => 8 + order,
        Predictor::Linear(linear) => 31 + linear.coefficients.len(),
    };
    writer.bits((code as u64) << 1 | u64::from(*wasted > 0), 8);
    if *wasted > 0 {
        writer.unary(u64::from(wasted - 1));
    }
    let bits = bits.checked_sub(*wasted).filter(|&bits| bits > 0)?;
    let stored = match predictor {
        Predictor::Constant => 1,
        Predictor::Verbatim => samples.len(),
        _ => predictor.order().unwrap_or_default(),
    };
    for &sample in samples.get(..stored)? {
        writer.long((sample >> wasted) as u64 & ((1 << bits) - 1), bits);
    }
    if let Predictor::Linear(linear) = predictor {
        writer.bits(u64::from(linear.precision - 1), 4);
        writer.bits(u64::from(linear.shift), 5);
        for &coefficient in &linear.coefficients {
            let mask = (1u64 << linear.precision) - 1;
            writer.bits(coefficient as u64 & mask, linear.precision);
        }
    }
    match predictor.order() {
        Some(order) => write_residual(writer, coding, samples.len(), order, residual, most),
        None => Some(()),
    }
}

fn write_residual(
    writer: &mut BitWriter,
    coding: &Residual,
    size: usize,
    order: usize,
    residual: &[i64],
    most: u64,
) -> Option<()> {
    writer.bits(u64::from(coding.wide), 2);
    writer.bits(u64::from(coding.order), 4);
    let width = coding.parameter_bits();
    for (number, &parameter) in coding.parameters.iter().enumerate() {
        let (from, to) = coding.partition(size, order, number);
        let part = residual.get(from..to)?;
        match parameter {
            Parameter::Escape(bits) => {
                writer.bits((1 << width) - 1, width);
                writer.bits(u64::from(bits), 5);
                let mask = (1u64 << bits) - 1;
                part.iter().for_each(|&value| writer.bits(value as u64 & mask, bits));
            }
            Parameter::Rice(low) => {
                writer.bits(u64::from(low), width);
                for &value in part {
                    let folded = fold(value);
                    let high = folded >> low;
                    let short = high + 1 + u64::from(low);
                    if short <= 32 {
                        let value = 1 << low | folded & ((1 << low) - 1);
                        writer.bits(value, short as u32);
                        continue;
                    }
                    if high > most.saturating_sub(writer.length()) {
                        return None;
                    }
                    writer.unary(high);
                    writer.bits(folded & ((1 << low) - 1), low);
                }
            }
        }
    }
    Some(())
}
