//! FLAC files put together by hand, with frames of any decisions, as RFC 9639 describes them.
//! It shares no code with the library.

use lmac::AudioSpec;

use crate::Random;

/// What all frames of a file have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels, 1 to 8.
    pub channels: usize,
    /// Bits of a sample, 4 to 32.
    pub bits: u32,
    /// Frames of audio a second.
    pub rate: u32,
}

/// A frame: the fields of its header, its subframes, and the samples of those.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Whether the number counts samples.
    pub variable: bool,
    /// The number of the frame or of its first sample, below 2^36.
    pub number: u64,
    /// The code of the size, and the field that spells the size out.
    pub size: (u8, Field),
    /// The same for the rate.
    pub rate: (u8, Field),
    /// The channels, or the mode of stereo.
    pub channels: u8,
    /// The code of the bits of a sample.
    pub bits: u8,
    /// The subframes.
    pub subframes: Vec<Subframe>,
    /// Bits that fill the last byte.
    pub padding: u64,
}

/// A field of a header: a value and its bits.
pub type Field = (u64, u32);

/// A subframe.
#[derive(Debug, Clone)]
pub struct Subframe {
    /// Samples, with their wasted bits.
    pub samples: Vec<i64>,
    /// Bits of a sample.
    pub bits: u32,
    /// Low bits that are left out.
    pub wasted: u32,
    /// How the samples are coded.
    pub coding: Coding,
}

/// How samples are coded.
#[derive(Debug, Clone)]
pub enum Coding {
    /// One value for all.
    Constant,
    /// As they are.
    Verbatim,
    /// With the fixed predictor of this order.
    Fixed(usize, Residual),
    /// With these coefficients of `precision` bits.
    #[allow(missing_docs, reason = "the names say it")]
    Linear { coefficients: Vec<i64>, precision: u32, shift: u32, residual: Residual },
}

/// How a residual is coded.
#[derive(Debug, Clone)]
pub struct Residual {
    /// Whether parameters have five bits.
    pub wide: bool,
    /// The number of partitions is two to this power.
    pub order: u32,
    /// A parameter for each partition.
    pub parameters: Vec<Parameter>,
}

/// The parameter of a partition.
#[derive(Debug, Clone, Copy)]
pub enum Parameter {
    /// Low bits that stand as they are.
    Rice(u32),
    /// Bits of every number.
    Escape(u32),
}

/// Writes bits, the most significant one first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: u64, bits: u32) {
        for at in (0..bits).rev() {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> at & 1) as u8) << (7 - self.count % 8);
            self.count += 1;
        }
    }

    fn unary(&mut self, zeros: u64) {
        (0..zeros).for_each(|_| self.put(0, 1));
        self.put(1, 1);
    }
}

fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << (bits - 8), |crc, _| {
            let shifted = if crc >> (bits - 1) & 1 == 1 { crc << 1 ^ polynomial } else { crc << 1 };
            shifted & ((1 << bits) - 1)
        })
    })
}

/// Returns a number in the extended UTF-8 of FLAC.
pub fn coded_number(number: u64) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    // Each byte more has six bits, and takes one from the first byte.
    let more = (1..7).find(|more| number < 1 << (6 * more + 6 - more)).expect("36 bits");
    let marker = !(0xFFu8 >> (more + 1));
    let mut bytes = vec![marker | (number >> (6 * more)) as u8];
    bytes.extend((0..more).rev().map(|at| 0x80 | (number >> (6 * at)) as u8 & 0x3F));
    bytes
}

impl Frame {
    /// Returns the bytes of the frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.put(0xFFF8 | u64::from(self.variable), 16);
        bits.put(self.size.0.into(), 4);
        bits.put(self.rate.0.into(), 4);
        bits.put(self.channels.into(), 4);
        bits.put(u64::from(self.bits) << 1, 4);
        coded_number(self.number).iter().for_each(|&byte| bits.put(byte.into(), 8));
        bits.put(self.size.1.0, self.size.1.1);
        bits.put(self.rate.1.0, self.rate.1.1);
        let sum = crc(&bits.bytes, 8, 0x07);
        bits.put(sum.into(), 8);
        self.subframes.iter().for_each(|subframe| subframe.write(&mut bits));
        bits.put(self.padding, (bits.count.wrapping_neg() % 8) as u32);
        let sum = crc(&bits.bytes, 16, 0x8005);
        bits.put(sum.into(), 16);
        bits.bytes
    }
}

impl Subframe {
    fn write(&self, bits: &mut Bits) {
        let (kind, order) = match &self.coding {
            Coding::Constant => (0, 1),
            Coding::Verbatim => (1, self.samples.len()),
            Coding::Fixed(order, _) => (8 + order, *order),
            Coding::Linear { coefficients, .. } => (31 + coefficients.len(), coefficients.len()),
        };
        bits.put((kind as u64) << 1 | u64::from(self.wasted > 0), 8);
        if self.wasted > 0 {
            bits.unary(u64::from(self.wasted) - 1);
        }
        for sample in self.samples.iter().take(order) {
            bits.put((sample >> self.wasted) as u64, self.bits - self.wasted);
        }
        if let Coding::Linear { coefficients, precision, shift, .. } = &self.coding {
            bits.put(u64::from(precision - 1), 4);
            bits.put(u64::from(*shift), 5);
            coefficients.iter().for_each(|&value| bits.put(value as u64, *precision));
        }
        if let Coding::Fixed(_, residual) | Coding::Linear { residual, .. } = &self.coding {
            residual.write(bits, order, &self.residual());
        }
    }

    /// Returns the residual of the coding.
    pub fn residual(&self) -> Vec<i64> {
        const FIXED: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];
        let (coefficients, shift) = match &self.coding {
            Coding::Constant | Coding::Verbatim => return Vec::new(),
            Coding::Fixed(order, _) => (FIXED[*order], 0),
            Coding::Linear { coefficients, shift, .. } => (&coefficients[..], *shift),
        };
        let value = |at: usize| self.samples[at] >> self.wasted;
        let predicted = |at: usize| {
            let products =
                coefficients.iter().zip(1..).map(|(factor, back)| factor * value(at - back));
            products.sum::<i64>() >> shift
        };
        (coefficients.len()..self.samples.len()).map(|at| value(at) - predicted(at)).collect()
    }
}

impl Residual {
    fn write(&self, bits: &mut Bits, order: usize, residual: &[i64]) {
        bits.put(self.wide.into(), 2);
        bits.put(self.order.into(), 4);
        let width = if self.wide { 5 } else { 4 };
        let mut rest = residual;
        let length = (residual.len() + order) >> self.order;
        for (number, &parameter) in self.parameters.iter().enumerate() {
            let (part, behind) = rest.split_at(if number == 0 { length - order } else { length });
            rest = behind;
            match parameter {
                Parameter::Rice(low) => {
                    bits.put(low.into(), width);
                    for &value in part {
                        let folded = if value < 0 { -2 * value - 1 } else { 2 * value } as u64;
                        bits.unary(folded >> low);
                        bits.put(folded, low);
                    }
                }
                Parameter::Escape(size) => {
                    bits.put(31, width);
                    bits.put(size.into(), 5);
                    part.iter().for_each(|&value| bits.put(value as u64, size));
                }
            }
        }
    }
}

/// Returns the marker and the first metadata block of a file, which is the last one if so told.
pub fn head(shape: &Shape, sizes: (u16, u16), frames: u64, md5: [u8; 16], last: bool) -> Vec<u8> {
    let mut bits = Bits { bytes: b"fLaC".to_vec(), count: 32 };
    bits.put(if last { 0x80 } else { 0 }, 8);
    bits.put(34, 24);
    bits.put(sizes.0.into(), 16);
    bits.put(sizes.1.into(), 16);
    bits.put(0, 48);
    bits.put(shape.rate.into(), 20);
    bits.put(shape.channels as u64 - 1, 3);
    bits.put(u64::from(shape.bits) - 1, 5);
    bits.put(frames, 36);
    md5.iter().for_each(|&byte| bits.put(byte.into(), 8));
    bits.bytes
}

/// Returns a metadata block of this type.
pub fn metadata(kind: u8, data: &[u8], last: bool) -> Vec<u8> {
    let length = &(data.len() as u32).to_be_bytes()[1..];
    [&[kind | if last { 0x80 } else { 0 }], length, data].concat()
}

/// Returns samples as the PCM of this format.
pub fn to_pcm(channels: &[Vec<i64>], spec: &AudioSpec) -> Vec<u8> {
    let shift = spec.format.bits() - u32::from(spec.valid_bits);
    let offset = if spec.format.bits() == 8 { 128 } else { 0 };
    let mut pcm = Vec::new();
    for at in 0..channels[0].len() {
        for samples in channels {
            let value = (samples[at] << shift) + offset;
            pcm.extend_from_slice(&value.to_le_bytes()[..spec.format.bytes()]);
        }
    }
    pcm
}

/// Makes frames of random decisions.
#[derive(Debug)]
pub struct Frames {
    /// What the frames have in common.
    pub shape: Shape,
    /// Whether numbers count samples.
    pub variable: bool,
    /// The number of the next frame.
    pub number: u64,
    random: Random,
    phase: f64,
}

impl Frames {
    /// Makes frames from number 0 on.
    pub fn new(shape: Shape, seed: u64) -> Self {
        let random = Random::new(seed);
        Frames { shape, variable: seed % 2 == 1, number: 0, random, phase: 0.0 }
    }

    /// Returns a frame of so many samples, and the samples of its channels.
    pub fn next(&mut self, size: usize) -> (Frame, Vec<Vec<i64>>) {
        let channels = self.samples(size);
        let mut samples = channels.clone();
        let mut code = channels.len() as u8 - 1;
        let mut side = None;
        if let [left, right] = &mut samples[..]
            && self.random.below(4) > 0
        {
            code = 8 + self.random.below(3) as u8;
            side = Some(usize::from(code != 9));
            for (left, right) in left.iter_mut().zip(right) {
                let (l, r) = (*left, *right);
                (*left, *right) = match code {
                    8 => (l, l - r),
                    9 => (l - r, r),
                    _ => ((l + r) >> 1, l - r),
                };
            }
        }
        let bits = |channel| self.shape.bits + u32::from(side == Some(channel));
        let all: Vec<_> =
            samples.into_iter().enumerate().map(|(at, samples)| (samples, bits(at))).collect();
        let subframes =
            all.into_iter().map(|(samples, bits)| self.subframe(samples, bits)).collect();
        let frame = Frame {
            variable: self.variable,
            number: self.number,
            size: self.size(size as u64),
            rate: self.rate(),
            channels: code,
            bits: self.bits(),
            subframes,
            padding: if self.random.below(8) == 0 { self.random.below(128) } else { 0 },
        };
        self.number += if self.variable { size as u64 } else { 1 };
        (frame, channels)
    }

    fn samples(&mut self, size: usize) -> Vec<Vec<i64>> {
        let (most, kind) = (1i64 << (self.shape.bits - 1), self.random.below(6));
        let wasted = self.random.below(self.shape.bits.into()) as u32;
        let start = self.phase;
        self.phase += size as f64;
        (0..self.shape.channels)
            .map(|channel| {
                let constant = self.random.below(2 * most as u64) as i64 - most;
                (0..size)
                    .map(|at| {
                        let phase = (start + at as f64) * (0.02 + 0.001 * channel as f64);
                        let tone = (phase.sin() + 0.3 * (7.0 * phase).sin()) * 0.6 * most as f64;
                        let noise = self.random.below(2 * most as u64) as i64 - most;
                        match kind {
                            0 => constant,
                            1 => noise,
                            2 => (tone as i64) >> wasted << wasted,
                            3 => [-most, most - 1, 0, -1][noise as usize & 3],
                            _ => (tone as i64 + noise / 512).clamp(-most, most - 1),
                        }
                    })
                    .collect()
            })
            .collect()
    }

    /// A code of the size, and its field.
    fn size(&mut self, size: u64) -> (u8, Field) {
        let codes = (1..16).filter(|&code| match code {
            1 => size == 192,
            2..=5 => size == 576 << (code - 2),
            6 => size <= 256,
            7 => true,
            _ => size == 256 << (code - 8),
        });
        let codes: Vec<u8> = codes.collect();
        match codes[self.random.below(codes.len() as u64) as usize] {
            6 => (6, (size - 1, 8)),
            7 => (7, (size - 1, 16)),
            code => (code, (0, 0)),
        }
    }

    fn rate(&mut self) -> (u8, Field) {
        let rate = self.shape.rate.into();
        match self.random.below(16) as u8 {
            // Whatever the header says, that of the file counts.
            code @ (0..=11) => (code, (0, 0)),
            12 => (12, (self.random.below(256), 8)),
            code @ (13 | 14) => (code, (rate, 16)),
            _ => (0, (0, 0)),
        }
    }

    fn bits(&mut self) -> u8 {
        let code = match self.shape.bits {
            8 => 1,
            12 => 2,
            16 => 4,
            20 => 5,
            24 => 6,
            32 => 7,
            _ => 0,
        };
        if self.random.below(2) == 0 { code } else { 0 }
    }

    fn subframe(&mut self, samples: Vec<i64>, bits: u32) -> Subframe {
        let used = samples.iter().fold(0, |used, sample| used | sample);
        let most = if used == 0 { bits - 1 } else { used.trailing_zeros() };
        let wasted = match self.random.below(3) {
            0 => self.random.below(u64::from(most) + 1) as u32,
            1 => most,
            _ => 0,
        };
        let size = samples.len();
        let mut subframe = Subframe { samples, bits, wasted, coding: Coding::Verbatim };
        if self.random.below(2) == 0 && subframe.samples.iter().all(|s| *s == subframe.samples[0]) {
            subframe.coding = Coding::Constant;
            return subframe;
        }
        let none = Residual { wide: false, order: 0, parameters: Vec::new() };
        subframe.coding = match self.random.below(8) {
            0 => return subframe,
            1..4 => Coding::Fixed(self.random.below(1 + size.min(4) as u64) as usize, none),
            _ => self.linear(size, none),
        };
        match self.residual(&subframe, size) {
            Some(found) => match &mut subframe.coding {
                Coding::Fixed(_, residual) | Coding::Linear { residual, .. } => *residual = found,
                _ => {}
            },
            None => subframe.coding = Coding::Verbatim,
        }
        subframe
    }

    /// A predictor whose sum of coefficients is about one.
    fn linear(&mut self, size: usize, residual: Residual) -> Coding {
        let order = 1 + self.random.below(size.min(32) as u64) as usize;
        let precision = 1 + self.random.below(15) as u32;
        let shift = self.random.below(16).min(u64::from(precision)) as u32;
        let most = (1i64 << (precision - 1)) - 1;
        let scale = (1u64 << shift) as f64;
        let coefficients = (0..order)
            .map(|at| {
                let usual = [1.6, -0.7, 0.1].get(at).copied().unwrap_or(0.0) * scale;
                let noise = f64::from(self.random.next_f32()) * scale / 20.0;
                ((usual + noise) as i64).clamp(-most - 1, most)
            })
            .collect();
        Coding::Linear { coefficients, precision, shift, residual }
    }

    /// Parameters that are mostly good; `None` if the residual takes too many bits.
    fn residual(&mut self, subframe: &Subframe, size: usize) -> Option<Residual> {
        let residual = subframe.residual();
        let predicted = size - residual.len();
        let orders: Vec<u32> = (0..16)
            .filter(|&o| size.is_multiple_of(1 << o) && size >> o >= predicted.max(1))
            .collect();
        let order = orders[self.random.below(orders.len() as u64) as usize];
        let wide = self.random.below(2) == 0;
        let most = if wide { 30 } else { 14 };
        let mut parameters = Vec::new();
        let mut rest = &residual[..];
        for number in 0..1 << order {
            let length = (size >> order) - if number == 0 { predicted } else { 0 };
            let (part, behind) = rest.split_at(length);
            rest = behind;
            let largest = part.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0);
            let mean = part.iter().map(|value| value.unsigned_abs()).sum::<u64>()
                / part.len().max(1) as u64;
            let bits = if largest == 0 { 0 } else { 66 - largest.leading_zeros() };
            let escape = bits + self.random.below(3) as u32;
            if escape < 32 && self.random.below(8) == 0 {
                parameters.push(Parameter::Escape(escape));
                continue;
            }
            let best = 64 - mean.leading_zeros();
            let off = if self.random.below(3) == 0 { self.random.below(4) as u32 } else { 0 };
            let low = (best + off).min(most);
            if largest >> low > 40 {
                return None;
            }
            parameters.push(Parameter::Rice(low));
        }
        Some(Residual { wide, order, parameters })
    }
}
