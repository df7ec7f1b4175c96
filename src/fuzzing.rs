//! Doors for the fuzz targets in `fuzz/`, to parts that no public function shows alone. They
//! are there in builds for fuzzing only; nothing in here decides what is right, but for what
//! was written being readable.

use std::fmt::Debug;

use crate::container::header::Header;
use crate::container::item::{ItemHeader, checksum_holds, write_block};
use crate::container::trailer::Trailer;
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};
use crate::numerics::bytes::{self, ByteMatrix, ByteRows};
use crate::numerics::dispatch::{self, InstructionSet, Kernels, Work, run_with};
use crate::numerics::matrix::{self, Product, Sums};
use crate::numerics::vectors::Element;

/// A header, and the same written and read again; `None` where it is refused.
pub fn header(bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let header = Header::parse(bytes).ok()?.header;
    let written = header.clone().seal().bytes;
    let again = Header::parse(&written).expect("a header that was written").header;
    Some([header, again])
}

/// The header of a chunk or critical block in a stream with this header, and the same
/// written and read again; `None` where it is refused.
pub fn item(header: &[u8], bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let stream = Header::parse(header).ok()?;
    let parsed = ItemHeader::parse(bytes, &stream.header).ok()?;
    if parsed.fault.is_some() {
        return None;
    }
    let written = match &parsed.item {
        ItemHeader::Chunk(chunk) => chunk.write(&stream.header),
        ItemHeader::Block(block) if !block.critical => return None,
        ItemHeader::Block(block) => {
            let data = bytes[parsed.length..].get(..block.length)?;
            let block = write_block(block.kind, data, stream.id).expect("memory");
            assert!(checksum_holds(&block, stream.id));
            block
        }
    };
    let again = ItemHeader::parse(&written, &stream.header).expect("an item that was written");
    assert!(again.fault.is_none());
    Some([parsed.item, again.item])
}

/// A trailer in a stream with this header, and the same written and read again; `None`
/// where it is refused.
pub fn trailer(header: &[u8], bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let stream = Header::parse(header).ok()?;
    let (trailer, length) = Trailer::parse(bytes, &stream).ok()?;
    assert_eq!(Trailer::distance_from_end(&bytes[..length]), Some(length as u64));
    let written = trailer.write(&stream);
    let (again, whole) = Trailer::parse(&written, &stream).expect("a trailer that was written");
    assert_eq!(whole, written.len());
    Some([trailer, again])
}

/// A symbol of the range coder: what comes before it, and what it takes, out of 2^`total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// Frequencies of all symbols before it.
    pub cumulative: u32,
    /// Its own frequency.
    pub frequency: u32,
    /// The logarithm of what all frequencies sum up to: at most 24.
    pub total: u32,
}

/// The bytes of these symbols.
pub fn encode_symbols(symbols: &[Symbol]) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    for symbol in symbols {
        encoder.symbol(symbol.cumulative, symbol.frequency, symbol.total);
    }
    encoder.finish().expect("memory")
}

/// Reads symbols. `choose` is told where the next one lies, and says which one that is; the
/// totals are those of each.
pub fn decode_symbols(
    bytes: &[u8],
    totals: impl IntoIterator<Item = u32>,
    mut choose: impl FnMut(u32) -> Symbol,
) {
    let mut decoder = RangeDecoder::new(bytes);
    for total in totals {
        let (scale, place) = decoder.find(total);
        let symbol = choose(place);
        decoder.advance(scale, symbol.cumulative, symbol.frequency);
    }
}

/// The bytes of bits whose probabilities are learnt, each in one of 256 contexts.
pub fn encode_bits(bits: &[(u8, bool)]) -> Vec<u8> {
    let mut contexts = [AdaptiveBit::NEW; 256];
    let mut encoder = RangeEncoder::new();
    for &(context, bit) in bits {
        contexts[usize::from(context)].encode(bit, &mut encoder);
    }
    encoder.finish().expect("memory")
}

/// Reads a bit for each of these contexts.
pub fn decode_bits(bytes: &[u8], contexts: impl IntoIterator<Item = u8>) -> Vec<bool> {
    let mut learnt = [AdaptiveBit::NEW; 256];
    let mut decoder = RangeDecoder::new(bytes);
    let contexts = contexts.into_iter();
    contexts.map(|context| learnt[usize::from(context)].decode(&mut decoder)).collect()
}

/// Does `work` with each instruction set that the machine has; on this thread, all of it
/// goes no further than that set.
pub fn with_each_instruction_set<T>(mut work: impl FnMut() -> T) -> Vec<(String, T)> {
    let result = |set| (format!("{set:?}"), dispatch::with_at_most(set, &mut work));
    InstructionSet::available().map(result).collect()
}

/// Moves weights and sums up products, as the integer filters do: the sum and the weights,
/// for each instruction set.
pub fn adapt(
    weights: &[i16],
    before: &[i16],
    after: &[i16],
    gain: i16,
) -> Vec<(String, (i32, Vec<i16>))> {
    each(|set| {
        let mut moved = weights.to_vec();
        let sum = run_with(set, Adapt { weights: &mut moved, before, after, gain });
        (sum, moved)
    })
}

/// The sizes of a product of rows with a matrix.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Rows of inputs, and of sums.
    pub rows: usize,
    /// Inputs of a row.
    pub depth: usize,
    /// Outputs of a row: a multiple of 16.
    pub outputs: usize,
    /// From a row of inputs to the next.
    pub input_stride: usize,
    /// From an input's weights to those of the next.
    pub weight_stride: usize,
    /// From a row of sums to the next.
    pub stride: usize,
    /// Whether sums begin at zero.
    pub fresh: bool,
}

/// Products of floats with floats, added to these sums: for each instruction set.
pub fn multiply_floats(
    shape: Shape,
    inputs: &[f32],
    weights: &[f32],
    sums: &[f32],
) -> Vec<(String, Vec<f32>)> {
    multiply(shape, inputs, weights, sums)
}

/// Products of floats with bytes that stand for floats, added to these sums: for each
/// instruction set.
pub fn multiply_bytes(
    shape: Shape,
    inputs: &[f32],
    weights: &[i8],
    sums: &[f32],
) -> Vec<(String, Vec<f32>)> {
    multiply(shape, inputs, weights, sums)
}

/// Products of rows that become bytes with weights that do, for each instruction set; both
/// have `inputs` numbers in a row. `None` where a weight is infinite or no number.
pub fn multiply_quantised(
    inputs: usize,
    rows: &[f32],
    weights: &[f32],
) -> Option<Vec<(String, Vec<f32>)>> {
    let outputs = weights.len() / inputs;
    let matrix = ByteMatrix::pack(outputs, inputs, |output, row| {
        row.copy_from_slice(&weights[output * inputs..][..inputs]);
    })?;
    Some(each(|set| run_with(set, MultiplyQuantised { inputs, rows, matrix: &matrix })))
}

fn each<T>(result: impl Fn(InstructionSet) -> T) -> Vec<(String, T)> {
    InstructionSet::available().map(|set| (format!("{set:?}"), result(set))).collect()
}

fn multiply<W: Element>(
    shape: Shape,
    inputs: &[f32],
    weights: &[W],
    sums: &[f32],
) -> Vec<(String, Vec<f32>)> {
    let Shape { rows, depth, outputs, input_stride, weight_stride, stride, fresh } = shape;
    each(|set| {
        let mut values = sums.to_vec();
        let product =
            Product { inputs, input_stride, rows, depth, weights, weight_stride, outputs };
        run_with(set, Multiply(product, Sums { values: &mut values, stride, fresh }));
        values
    })
}

struct Adapt<'a> {
    weights: &'a mut [i16],
    before: &'a [i16],
    after: &'a [i16],
    gain: i16,
}

impl Work for Adapt<'_> {
    type Output = i32;
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) -> i32 {
        I::adapt(self.weights, self.before, self.after, self.gain)
    }
}

struct Multiply<'a, W>(Product<'a, W>, Sums<'a>);

impl<W: Element> Work for Multiply<'_, W> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(mut self) {
        matrix::multiply::<I::Floats, W>(self.0, &mut self.1);
    }
}

struct MultiplyQuantised<'a> {
    inputs: usize,
    rows: &'a [f32],
    matrix: &'a ByteMatrix,
}

impl Work for MultiplyQuantised<'_> {
    type Output = Vec<f32>;
    const BEST: InstructionSet = InstructionSet::Vnni;

    #[inline(always)]
    fn run<I: Kernels>(self) -> Vec<f32> {
        let mut rows = ByteRows::default();
        rows.quantise(self.rows, self.inputs, self.inputs);
        let outputs = self.matrix.outputs();
        let mut results = vec![f32::NAN; rows.len() * outputs];
        let all = 0..rows.len();
        bytes::multiply::<I>(&rows, all, self.matrix, 0..outputs, &mut results, outputs);
        results
    }
}
