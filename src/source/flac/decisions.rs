//! Decisions of a FLAC encoder, coded: all that its frames hold beside their samples.
//!
//! A decoder has the samples of a frame before it decodes the frame's decisions. So most of them
//! are predicted from what an encoder finds in the samples, and the rest from the frames before.

use super::analysis::{self, Analysis, Unrounded};
use super::coder::{Coder, Flag, Number, Signed, Symbol};
use super::frame::{
    Frame, FrameHeader, Linear, MAX_BLOCK_SIZE, MAX_CHANNELS, MAX_FIXED_ORDER, Parameter,
    Predictor, Residual, SIZE_IN_8_BITS, SIZE_IN_16_BITS, StreamShape, Subframe,
};
use super::partitions::{Partitions, RULES, STEPS};

/// A value that no FLAC frame has: the stream is damaged or hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Impossible(pub(super) &'static str);

/// The most bytes that one record keeps as they are.
pub(super) const MAX_VERBATIM: usize = 1 << 16;

/// Bytes of a file that are no frame, or one that cannot be made again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verbatim {
    pub(super) bytes: Vec<u8>,
    /// Frames of audio in their place.
    pub(super) frames: u64,
}

/// What a record begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Frame(FrameHeader),
    Verbatim(Verbatim),
}

/// A channel's decisions in the frame before.
#[derive(Debug, Clone, Copy)]
struct Before {
    kind: usize,
    wasted: u32,
    fixed: u32,
    order: u32,
    precision: u32,
    window: u32,
    wide: bool,
    coefficients: [i32; 32],
    shift: u32,
}

impl Before {
    const FIRST: Before = Before {
        kind: 3,
        wasted: 0,
        fixed: 2,
        order: 7,
        precision: 14,
        window: NO_WINDOW,
        wide: false,
        coefficients: [0; 32],
        shift: 0,
    };
}

/// Stands for coefficients that come from no window.
const NO_WINDOW: u32 = 31;

/// The adaptive models, and what the frames before had. Encoder and decoder have the same.
pub(super) struct Models {
    stream: StreamShape,
    analysis: Analysis,
    before: FrameHeader,
    channels: [Before; MAX_CHANNELS],
    /// The highest order of partitions so far.
    most_partitions: u32,
    /// How well each rule did of late.
    scores: [i32; RULES],

    kind: Flag,
    verbatim_length: Number,
    verbatim_frames: Number,
    usual_header: Flag,
    variable: Flag,
    size: Number,
    codes: [Symbol<16>; 3],
    rate_field: Number,
    usual_number: Flag,
    number: Number,
    channels_code: [Symbol<16>; 16],
    odd_padding: Flag,
    predictor: [Symbol<4>; 8],
    same_wasted: Flag,
    wasted: Number,
    fixed_order: [Symbol<8>; 8],
    order: [Symbol<32>; 32],
    same_precision: Flag,
    precision: Symbol<16>,
    window: [[Symbol<32>; 32]; 2],
    shift: [Signed; 2],
    exact: [Flag; 2],
    differences: [Signed; 4],
    coefficient: Signed,
    wide: [Flag; 2],
    partition_order: [Symbol<16>; 16],
    escape: Flag,
    escape_bits: Symbol<32>,
    best_parameter: [[Flag; STEPS]; 2],
    parameter: Signed,
}

impl Models {
    pub(super) fn new(stream: StreamShape) -> Self {
        Self::with_analysis(stream, Analysis::default())
    }

    /// Forgets what was learnt, as each block begins anew.
    pub(super) fn restart(&mut self) {
        *self = Self::with_analysis(self.stream, std::mem::take(&mut self.analysis));
    }

    fn with_analysis(stream: StreamShape, analysis: Analysis) -> Self {
        Models {
            stream,
            analysis,
            before: FrameHeader {
                variable: false,
                number: u64::MAX,
                size: 4096,
                size_code: 12,
                rate_code: 9,
                bits_code: 4,
                rate_field: 0,
                channels_code: stream.channels as u8 - 1,
            },
            channels: [Before::FIRST; MAX_CHANNELS],
            most_partitions: 0,
            scores: [0; RULES],
            kind: Flag::NEW,
            verbatim_length: Number::NEW,
            verbatim_frames: Number::NEW,
            usual_header: Flag::NEW,
            variable: Flag::NEW,
            size: Number::NEW,
            codes: [Symbol::NEW; 3],
            rate_field: Number::NEW,
            usual_number: Flag::NEW,
            number: Number::NEW,
            channels_code: [Symbol::NEW; 16],
            odd_padding: Flag::NEW,
            predictor: [Symbol::NEW; 8],
            same_wasted: Flag::NEW,
            wasted: Number::NEW,
            fixed_order: [Symbol::NEW; 8],
            order: [Symbol::NEW; 32],
            same_precision: Flag::NEW,
            precision: Symbol::NEW,
            window: [[Symbol::NEW; 32]; 2],
            shift: [Signed::NEW; 2],
            exact: [Flag::NEW; 2],
            differences: [Signed::NEW; 4],
            coefficient: Signed::NEW,
            wide: [Flag::NEW; 2],
            partition_order: [Symbol::NEW; 16],
            escape: Flag::NEW,
            escape_bits: Symbol::NEW,
            best_parameter: [[Flag::NEW; STEPS]; 2],
            parameter: Signed::NEW,
        }
    }

    /// Codes the beginning of a record: that of a frame ends with its header.
    pub(super) fn record(
        &mut self,
        coder: &mut Coder,
        record: &Record,
    ) -> Result<Record, Impossible> {
        let (header, verbatim) = match record {
            Record::Frame(header) => (*header, None),
            Record::Verbatim(verbatim) => (self.before, Some(verbatim)),
        };
        if self.kind.code(coder, verbatim.is_some()) {
            return self.verbatim(coder, verbatim.unwrap_or(&Verbatim::default()));
        }
        self.header(coder, &header).map(Record::Frame)
    }

    fn verbatim(&mut self, coder: &mut Coder, verbatim: &Verbatim) -> Result<Record, Impossible> {
        let length = self.verbatim_length.code(coder, verbatim.bytes.len() as u64);
        let frames = self.verbatim_frames.code(coder, verbatim.frames);
        if length > MAX_VERBATIM as u64 {
            return Err(Impossible("a record keeps too many bytes"));
        }
        if frames > u64::from(MAX_BLOCK_SIZE) {
            return Err(Impossible("a record stands for too many frames"));
        }
        if length == 0 && frames == 0 {
            return Err(Impossible("a record is empty"));
        }
        let bytes = (0..length as usize)
            .map(|at| coder.plain(verbatim.bytes.get(at).copied().unwrap_or(0).into(), 8) as u8)
            .collect();
        Ok(Record::Verbatim(Verbatim { bytes, frames }))
    }

    fn header(
        &mut self,
        coder: &mut Coder,
        header: &FrameHeader,
    ) -> Result<FrameHeader, Impossible> {
        let mut usual = self.before;
        usual.number = match usual.variable {
            true => usual.number.wrapping_add(usual.size.into()),
            false => usual.number.wrapping_add(1),
        };
        usual.channels_code = header.channels_code;
        let mut coded = usual;
        if !self.usual_header.code(coder, *header == usual) {
            coded.variable = self.variable.code(coder, header.variable);
            let size = self.size.code(coder, header.size.into());
            coded.size = u32::try_from(size).unwrap_or(u32::MAX);
            for (model, (to, from)) in self.codes.iter_mut().zip([
                (&mut coded.size_code, header.size_code),
                (&mut coded.rate_code, header.rate_code),
                (&mut coded.bits_code, header.bits_code),
            ]) {
                *to = model.code(coder, from.into()) as u8;
            }
            let field = self.rate_field.code(coder, header.rate_field.into());
            coded.rate_field =
                u16::try_from(field).map_err(|_| Impossible("a frame has an impossible header"))?;
            if !self.usual_number.code(coder, header.number == usual.number) {
                coded.number = self.number.code(coder, header.number);
            }
        }
        let code = usize::from(self.before.channels_code & 15);
        coded.channels_code =
            self.channels_code[code].code(coder, header.channels_code.into()) as u8;
        check(&coded, &self.stream)?;
        self.before = coded;
        Ok(coded)
    }

    /// Codes the rest of a frame, given the samples of its subframes. Returns the residuals
    /// too.
    pub(super) fn frame(
        &mut self,
        coder: &mut Coder,
        header: FrameHeader,
        frame: Option<&Frame>,
        subframes: &[Vec<i64>],
    ) -> Result<(Frame, Vec<Vec<i64>>), Impossible> {
        let mut coded = Frame { header, subframes: Vec::new(), padding: 0 };
        let mut residuals = Vec::new();
        for (channel, samples) in subframes.iter().enumerate() {
            let subframe = frame.map(|frame| &frame.subframes[channel]);
            let (subframe, residual) = self.subframe(coder, channel, subframe, samples)?;
            coded.subframes.push(subframe);
            residuals.push(residual);
        }
        let padding = frame.map_or(0, |frame| frame.padding);
        if self.odd_padding.code(coder, padding != 0) {
            coded.padding = coder.plain(padding.into(), 7) as u8;
        }
        Ok((coded, residuals))
    }

    fn subframe(
        &mut self,
        coder: &mut Coder,
        channel: usize,
        subframe: Option<&Subframe>,
        samples: &[i64],
    ) -> Result<(Subframe, Vec<i64>), Impossible> {
        let before = self.channels[channel];
        let second = usize::from(channel > 0);
        let kind = subframe.map_or(0, |subframe| match subframe.predictor {
            Predictor::Constant => 0,
            Predictor::Verbatim => 1,
            Predictor::Fixed(_) => 2,
            Predictor::Linear(_) => 3,
        });
        let kind = self.predictor[4 * second + before.kind].code(coder, kind) as usize;
        let mut wasted = subframe.map_or(0, |subframe| subframe.wasted);
        if self.same_wasted.code(coder, wasted == before.wasted) {
            wasted = before.wasted;
        } else {
            let coded = self.wasted.code(coder, wasted.into());
            wasted = u32::try_from(coded)
                .ok()
                .filter(|&bits| bits <= self.stream.bits)
                .ok_or(Impossible("a subframe wastes more bits than its samples have"))?;
        }
        let shifted: Vec<i64>;
        let samples = match wasted {
            0 => samples,
            _ => {
                shifted = samples.iter().map(|sample| sample >> wasted).collect();
                &shifted
            }
        };
        self.channels[channel].kind = kind;
        self.channels[channel].wasted = wasted;
        let predictor = match kind {
            0 => Predictor::Constant,
            1 => Predictor::Verbatim,
            2 => self.fixed(coder, channel, subframe, samples.len())?,
            _ => self.linear(coder, channel, subframe, samples)?,
        };
        let residual = predictor.residual(samples);
        let coding = match predictor.order() {
            None => Residual::default(),
            Some(order) => {
                let coding = subframe.map(|subframe| &subframe.residual);
                self.residual(coder, channel, coding, order, &residual)?
            }
        };
        Ok((Subframe { wasted, predictor, residual: coding }, residual))
    }

    fn fixed(
        &mut self,
        coder: &mut Coder,
        channel: usize,
        subframe: Option<&Subframe>,
        size: usize,
    ) -> Result<Predictor, Impossible> {
        let order = match subframe.map(|subframe| &subframe.predictor) {
            Some(Predictor::Fixed(order)) => *order as u32,
            _ => 0,
        };
        let before = &mut self.channels[channel];
        let order = self.fixed_order[before.fixed as usize].code(coder, order);
        if order as usize > MAX_FIXED_ORDER.min(size) {
            return Err(Impossible("a fixed predictor has too high an order"));
        }
        before.fixed = order;
        Ok(Predictor::Fixed(order as usize))
    }

    fn linear(
        &mut self,
        coder: &mut Coder,
        channel: usize,
        subframe: Option<&Subframe>,
        samples: &[i64],
    ) -> Result<Predictor, Impossible> {
        let linear = match subframe.map(|subframe| &subframe.predictor) {
            Some(Predictor::Linear(linear)) => Some(linear),
            _ => None,
        };
        let before = self.channels[channel];
        let second = usize::from(channel > 0);

        let order = linear.map_or(0, |linear| linear.coefficients.len() as u32 - 1);
        let order = self.order[before.order as usize].code(coder, order);
        let count = order as usize + 1;
        if count > samples.len() {
            return Err(Impossible("a predictor has a higher order than its block has samples"));
        }
        let mut precision = linear.map_or(0, |linear| linear.precision - 1);
        if self.same_precision.code(coder, precision == before.precision) {
            precision = before.precision;
        } else {
            precision = self.precision.code(coder, precision);
        }
        if precision > 14 {
            return Err(Impossible("the precision of coefficients has a reserved code"));
        }

        self.analysis.begin(samples.len());
        let window = linear.map_or(NO_WINDOW, |linear| {
            self.window_of(linear, samples, before.window).unwrap_or(NO_WINDOW)
        });
        let context = if second == 0 { before.window } else { self.channels[channel - 1].window };
        let window = self.window[second][context as usize].code(coder, window);
        let found = match window {
            NO_WINDOW => None,
            _ if window as usize >= analysis::COUNT => {
                return Err(Impossible("a predictor has an unknown window"));
            }
            _ => self.analysis.predictor(samples, window as usize, count),
        };
        let known = usize::from(found.is_some());
        let usual_shift = found.as_ref().map_or(before.shift, |found| found.shift(precision + 1));
        let shift = linear.map_or(0, |linear| linear.shift.into());
        let shift = self.shift[known].code(coder, shift - i64::from(usual_shift));
        let shift = shift
            .checked_add(usual_shift.into())
            .and_then(|shift| u32::try_from(shift).ok())
            .filter(|&shift| shift < 16)
            .ok_or(Impossible("a predictor has an impossible shift"))?;
        let expected = match &found {
            Some(found) => found.rounded(precision + 1, shift),
            None => before.coefficients[..count].to_vec(),
        };

        let actual = linear.map(|linear| linear.coefficients.as_slice());
        let exact = actual == Some(&expected);
        let mut coefficients = expected;
        if !self.exact[known].code(coder, exact) {
            let mut class = 0;
            for (at, coefficient) in coefficients.iter_mut().enumerate() {
                let actual = actual.map_or(0, |actual| i64::from(actual[at]));
                let model = match found {
                    Some(_) => &mut self.differences[class],
                    None => &mut self.coefficient,
                };
                let usual = i64::from(*coefficient);
                let difference = model.code(coder, actual - usual);
                class = (64 - difference.unsigned_abs().leading_zeros() as usize).min(3);
                let value = difference.checked_add(usual);
                let half = 1i64 << precision;
                *coefficient = value
                    .filter(|value| (-half..half).contains(value))
                    .ok_or(Impossible("a coefficient does not fit its precision"))?
                    as i32;
            }
        }
        let before = &mut self.channels[channel];
        (before.order, before.precision, before.window) = (order, precision, window);
        before.coefficients = [0; 32];
        before.coefficients[..count].copy_from_slice(&coefficients);
        before.shift = shift;
        Ok(Predictor::Linear(Linear { precision: precision + 1, shift, coefficients }))
    }

    /// The window that comes nearest to these coefficients; `None` if all are far off.
    fn window_of(&mut self, linear: &Linear, samples: &[i64], first: u32) -> Option<u32> {
        let mut best = None;
        let mut least = cost(linear.coefficients.iter().map(|&value| value.into()));
        let first = std::iter::once(first).filter(|&window| window != NO_WINDOW);
        for window in first.chain(0..analysis::COUNT as u32) {
            let found =
                self.analysis.predictor(samples, window as usize, linear.coefficients.len());
            let Some(found) = found else { continue };
            let cost = distance(&found, linear);
            if cost < least {
                (best, least) = (Some(window), cost);
            }
            if cost == 0 {
                break;
            }
        }
        best
    }

    fn residual(
        &mut self,
        coder: &mut Coder,
        channel: usize,
        coding: Option<&Residual>,
        predicted: usize,
        residual: &[i64],
    ) -> Result<Residual, Impossible> {
        let wide = coding.is_some_and(|coding| coding.wide);
        let before = &mut self.channels[channel];
        let wide = self.wide[usize::from(before.wide)].code(coder, wide);
        before.wide = wide;

        let size = residual.len() + predicted;
        let partitions = Partitions::new(size, predicted, residual);
        let usual = partitions.best_order(self.most_partitions, wide);
        let order = coding.map_or(0, |coding| coding.order);
        let order = self.partition_order[usual as usize].code(coder, order);
        if !size.is_multiple_of(1 << order) || size >> order < predicted {
            return Err(Impossible("a residual has too many partitions"));
        }
        self.most_partitions = self.most_partitions.max(order);

        let mut coded = Residual { wide, order, parameters: Vec::new() };
        let most = (1u32 << coded.parameter_bits()) - 2;
        let mut last = 0;
        for number in 0..1usize << order {
            let parameter = coding.map(|coding| coding.parameters[number]);
            let escaped = matches!(parameter, Some(Parameter::Escape(_)));
            if self.escape.code(coder, escaped) {
                let bits = match parameter {
                    Some(Parameter::Escape(bits)) => bits,
                    _ => 0,
                };
                let bits = self.escape_bits.code(coder, bits);
                coded.parameters.push(Parameter::Escape(bits));
                continue;
            }
            let parameter = match parameter {
                Some(Parameter::Rice(parameter)) => parameter,
                _ => 0,
            };
            let (rules, step) = partitions.expected(order, number, most);
            let rule = usize::from(self.scores[1] > self.scores[0]);
            let expected = rules[rule];
            let off = usize::from(last != 0);
            let is_best = parameter == expected;
            let difference = match self.best_parameter[off][step].code(coder, is_best) {
                true => 0,
                false => self.parameter.code(coder, i64::from(parameter) - i64::from(expected)),
            };
            let value = difference
                .checked_add(expected.into())
                .and_then(|value| u32::try_from(value).ok())
                .filter(|&value| value <= most)
                .ok_or(Impossible("a parameter of a residual is out of its range"))?;
            last = difference;
            for (score, rule) in self.scores.iter_mut().zip(rules) {
                *score += ((i32::from(rule == value) << 16) - *score) >> 5;
            }
            coded.parameters.push(Parameter::Rice(value));
        }
        Ok(coded)
    }
}

/// Bits that differences cost, about.
fn cost(differences: impl Iterator<Item = i64>) -> u32 {
    differences
        .map(|difference| match difference.unsigned_abs() {
            0 => 0,
            size => 2 * size.ilog2() + 2,
        })
        .sum()
}

fn distance(found: &Unrounded, linear: &Linear) -> u32 {
    let expected = found.rounded(linear.precision, linear.shift);
    let pairs = expected.iter().zip(&linear.coefficients);
    cost(pairs.map(|(&expected, &actual)| i64::from(actual) - i64::from(expected)))
}

/// Fails unless a FLAC file of this stream can have this header.
fn check(header: &FrameHeader, stream: &StreamShape) -> Result<(), Impossible> {
    let size = match header.size_code {
        SIZE_IN_8_BITS => (1..=256).contains(&header.size),
        SIZE_IN_16_BITS => (1..=MAX_BLOCK_SIZE).contains(&header.size),
        code => FrameHeader::coded_size(code) == Some(header.size),
    };
    let rate = header.rate_code < 15
        && (header.rate_field >> 8 == 0 || FrameHeader::rate_field_bits(header.rate_code) == 16)
        && (header.rate_field == 0 || FrameHeader::rate_field_bits(header.rate_code) > 0);
    let channels = match header.channels_code {
        code @ 0..8 => usize::from(code) + 1 == stream.channels,
        8..=10 => stream.channels == 2,
        _ => false,
    };
    let bits = FrameHeader::coded_bits(header.bits_code, stream) == Some(stream.bits);
    if size && rate && channels && bits && header.number < 1 << 36 {
        return Ok(());
    }
    Err(Impossible("a frame has an impossible header"))
}
