//! From the bytes of a FLAC frame to its parts.

use super::bits::{BitReader, crc8, crc16};
use super::frame::{
    FIXED, Frame, FrameHeader, Linear, MAX_CHANNELS, MAX_FIXED_ORDER, Parameter, Predictor,
    Residual, SIZE_IN_8_BITS, SIZE_IN_16_BITS, StreamShape, Subframe, dot, to_channels, unfold,
};

/// Why no frame was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes end before the frame does.
    Short,
    /// No frame is there, or a broken one.
    Broken(&'static str),
}

use Fault::{Broken, Short};

/// A frame with the samples of its channels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) frame: Frame,
    pub(super) channels: Vec<Vec<i64>>,
    /// Bytes of the frame.
    pub(super) length: usize,
}

/// Whether a frame may begin with these bytes, as far as there are any.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, second, ..] => second & 0xFE == 0xF8,
        [0xFF] | [] => true,
        _ => false,
    }
}

/// Reads the header at the front of `bytes`, and its length.
pub(super) fn header(bytes: &[u8], stream: &StreamShape) -> Result<(FrameHeader, usize), Fault> {
    if !looks_like(bytes) {
        return Err(Broken("no frame begins here"));
    }
    let &[_, second, third, fourth, ..] = bytes else { return Err(Short) };
    let (size_code, rate_code) = (third >> 4, third & 15);
    let (channels_code, bits_code) = (fourth >> 4, fourth >> 1 & 7);
    if size_code == 0 || rate_code == 15 || channels_code > 10 || fourth & 1 != 0 {
        return Err(Broken("a field of its header has a reserved value"));
    }
    let (number, mut length) = coded_number(&bytes[4..])?;
    length += 4;
    let mut field = |bits: u32| -> Result<u16, Fault> {
        let count = (bits / 8) as usize;
        let bytes = bytes.get(length..length + count).ok_or(Short)?;
        length += count;
        Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u16::from(byte)))
    };
    let size = match size_code {
        SIZE_IN_8_BITS => u32::from(field(8)?) + 1,
        SIZE_IN_16_BITS => u32::from(field(16)?) + 1,
        code => FrameHeader::coded_size(code).ok_or(Broken("its size has a reserved code"))?,
    };
    let rate_field = field(FrameHeader::rate_field_bits(rate_code))?;
    let crc = *bytes.get(length).ok_or(Short)?;
    if crc8(&bytes[..length]) != crc {
        return Err(Broken("the checksum of its header is wrong"));
    }
    let header = FrameHeader {
        variable: second & 1 != 0,
        number,
        size,
        size_code,
        rate_code,
        bits_code,
        rate_field,
        channels_code,
    };
    if size > super::frame::MAX_BLOCK_SIZE {
        return Err(Broken("its size is 65536"));
    }
    if FrameHeader::coded_bits(bits_code, stream) != Some(stream.bits) {
        return Err(Broken("its samples have other bits than the stream's"));
    }
    if channels_code < MAX_CHANNELS as u8 && usize::from(channels_code) + 1 != stream.channels {
        return Err(Broken("it has other channels than the stream"));
    }
    if channels_code >= MAX_CHANNELS as u8 && stream.channels != 2 {
        return Err(Broken("it is stereo, and the stream is not"));
    }
    Ok((header, length + 1))
}

/// A number in the extended UTF-8 of FLAC, and its bytes.
fn coded_number(bytes: &[u8]) -> Result<(u64, usize), Fault> {
    let first = *bytes.first().ok_or(Short)?;
    let more = match first.leading_ones() {
        0 => return Ok((u64::from(first), 1)),
        ones @ 2..=7 => ones - 1,
        _ => return Err(Broken("its number is not coded as one")),
    };
    let mut value = u64::from(first) & ((1 << (6 - more.min(6))) - 1);
    for at in 1..=more as usize {
        let byte = *bytes.get(at).ok_or(Short)?;
        if byte & 0xC0 != 0x80 {
            return Err(Broken("its number is not coded as one"));
        }
        value = value << 6 | u64::from(byte & 0x3F);
    }
    Ok((value, more as usize + 1))
}

/// Reads the frame at the front of `bytes`.
pub(super) fn frame(bytes: &[u8], stream: &StreamShape) -> Result<Decoded, Fault> {
    let (header, start) = header(bytes, stream)?;
    let mut reader = BitReader::new(&bytes[start..]);
    let stereo = header.stereo();
    let mut subframes = Vec::with_capacity(stream.channels);
    let mut channels = Vec::with_capacity(stream.channels);
    for channel in 0..stream.channels {
        let bits = stream.bits + u32::from(stereo.side() == Some(channel));
        let (subframe, samples) = subframe(&mut reader, header.size as usize, bits)?;
        subframes.push(subframe);
        channels.push(samples);
    }
    let padding = reader.bits(reader.odd_bits()).ok_or(Short)? as u8;
    let end = start + reader.position();
    let crc = bytes.get(end..end + 2).ok_or(Short)?;
    if crc16(&bytes[..end]).to_be_bytes() != crc {
        return Err(Broken("its checksum is wrong"));
    }
    to_channels(stereo, &mut channels);
    if channels.iter().any(|samples| samples.iter().any(|&sample| !fits(sample, stream.bits))) {
        return Err(Broken("a sample does not fit its bits"));
    }
    Ok(Decoded { frame: Frame { header, subframes, padding }, channels, length: end + 2 })
}

fn fits(sample: i64, bits: u32) -> bool {
    sample << (64 - bits) >> (64 - bits) == sample
}

fn subframe(reader: &mut BitReader, size: usize, bits: u32) -> Result<(Subframe, Vec<i64>), Fault> {
    let head = reader.bits(8).ok_or(Short)?;
    if head & 0x80 != 0 {
        return Err(Broken("a subframe does not begin with a zero"));
    }
    let wasted = match head & 1 {
        0 => 0,
        _ => reader.unary().ok_or(Short)? + 1,
    };
    let wasted = u32::try_from(wasted).ok().filter(|&wasted| wasted < bits);
    let wasted = wasted.ok_or(Broken("all bits of a subframe are wasted"))?;
    let bits = bits - wasted;
    let code = (head >> 1) as usize;
    let (mut subframe, mut samples) = match code {
        0 => constant(reader, size, bits)?,
        1 => verbatim(reader, size, bits)?,
        8..=12 => fixed(reader, size, bits, code - 8)?,
        32.. => linear(reader, size, bits, code - 31)?,
        _ => return Err(Broken("the type of a subframe has a reserved code")),
    };
    subframe.wasted = wasted;
    if wasted > 0 {
        samples.iter_mut().for_each(|sample| *sample <<= wasted);
    }
    Ok((subframe, samples))
}

fn without_residual(predictor: Predictor) -> Subframe {
    Subframe { wasted: 0, predictor, residual: Residual::default() }
}

type Parts = (Subframe, Vec<i64>);

fn constant(reader: &mut BitReader, size: usize, bits: u32) -> Result<Parts, Fault> {
    let value = reader.signed(bits).ok_or(Short)?;
    Ok((without_residual(Predictor::Constant), vec![value; size]))
}

fn verbatim(reader: &mut BitReader, size: usize, bits: u32) -> Result<Parts, Fault> {
    Ok((without_residual(Predictor::Verbatim), plain(reader, size, bits)?))
}

/// Samples as they are.
fn plain(reader: &mut BitReader, count: usize, bits: u32) -> Result<Vec<i64>, Fault> {
    let mut samples = Vec::with_capacity(count);
    for _ in 0..count {
        samples.push(reader.signed(bits).ok_or(Short)?);
    }
    Ok(samples)
}

fn fixed(reader: &mut BitReader, size: usize, bits: u32, order: usize) -> Result<Parts, Fault> {
    debug_assert!(order <= MAX_FIXED_ORDER);
    if order > size {
        return Err(Broken("a predictor has a higher order than its block has samples"));
    }
    let mut samples = plain(reader, order, bits)?;
    let residual = residual(reader, size, order, &mut samples)?;
    let mut factors = FIXED[order].to_vec();
    factors.reverse();
    predict(&mut samples, &factors, 0, bits)?;
    let predictor = Predictor::Fixed(order);
    Ok((Subframe { wasted: 0, predictor, residual }, samples))
}

fn linear(reader: &mut BitReader, size: usize, bits: u32, order: usize) -> Result<Parts, Fault> {
    if order > size {
        return Err(Broken("a predictor has a higher order than its block has samples"));
    }
    let mut samples = plain(reader, order, bits)?;
    let precision = reader.bits(4).ok_or(Short)? as u32 + 1;
    if precision == 16 {
        return Err(Broken("the precision of coefficients has a reserved code"));
    }
    let shift = reader.signed(5).ok_or(Short)?;
    let shift = u32::try_from(shift).map_err(|_| Broken("a predictor has a negative shift"))?;
    let mut coefficients = Vec::with_capacity(order);
    for _ in 0..order {
        coefficients.push(reader.signed(precision).ok_or(Short)? as i32);
    }
    let residual = residual(reader, size, order, &mut samples)?;
    let factors: Vec<i64> = coefficients.iter().rev().map(|&factor| factor.into()).collect();
    predict(&mut samples, &factors, shift, bits)?;
    let predictor = Predictor::Linear(Linear { precision, shift, coefficients });
    Ok((Subframe { wasted: 0, predictor, residual }, samples))
}

/// Turns a residual behind the first samples into samples, given the predictor's factors, the
/// one for the oldest sample first.
fn predict(samples: &mut [i64], factors: &[i64], shift: u32, bits: u32) -> Result<(), Fault> {
    let order = factors.len();
    for at in order..samples.len() {
        let (before, here) = samples.split_at_mut(at);
        let sample = here[0].wrapping_add(dot(&before[at - order..], factors) >> shift);
        if !fits(sample, bits) {
            return Err(Broken("a sample does not fit its bits"));
        }
        here[0] = sample;
    }
    Ok(())
}

/// Reads a residual and appends it to the first samples.
fn residual(
    reader: &mut BitReader,
    size: usize,
    order: usize,
    samples: &mut Vec<i64>,
) -> Result<Residual, Fault> {
    let method = reader.bits(2).ok_or(Short)?;
    if method > 1 {
        return Err(Broken("the coding of a residual has a reserved code"));
    }
    let partition_order = reader.bits(4).ok_or(Short)? as u32;
    let mut residual =
        Residual { wide: method == 1, order: partition_order, parameters: Vec::new() };
    let partitions = 1usize << partition_order;
    if !size.is_multiple_of(partitions) || size / partitions < order {
        return Err(Broken("a residual has too many partitions"));
    }
    let width = residual.parameter_bits();
    samples.reserve_exact(size - order);
    for number in 0..partitions {
        let (from, to) = residual.partition(size, order, number);
        let parameter = reader.bits(width).ok_or(Short)? as u32;
        if parameter == (1 << width) - 1 {
            let bits = reader.bits(5).ok_or(Short)? as u32;
            residual.parameters.push(Parameter::Escape(bits));
            for _ in from..to {
                samples.push(reader.signed(bits).ok_or(Short)?);
            }
        } else {
            residual.parameters.push(Parameter::Rice(parameter));
            for _ in from..to {
                let high = reader.unary().ok_or(Short)?;
                let low = reader.bits(parameter).ok_or(Short)?;
                samples.push(unfold(high << parameter | low));
            }
        }
    }
    Ok(residual)
}
