//! Doors for the fuzz targets in `fuzz/` and the digests of `tools/machines`: to parts that no
//! public function shows alone, to the choice of instruction set and to the float environment.
//!
//! They exist with the hidden feature `_proof` only, and change no bit of any result.

use std::fmt::Debug;
use std::hint::black_box;

use crate::container::header::Header;
use crate::container::item::{ItemHeader, block, checksum_holds, write_block};
use crate::container::trailer::Trailer;
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};
use crate::numerics::bytes::{self, ByteMatrix, ByteRows};
use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run, run_with};
use crate::numerics::environment::{self, DefaultEnvironment};
use crate::numerics::instruction_set::limit;
use crate::numerics::matrix::{self, Product, Sums};
use crate::numerics::vectors::Element;
use crate::numerics::{elementary, functions};

/// Names the instruction sets of this machine that may be used, in rising order. The first is
/// the one that every machine of the architecture has.
pub fn instruction_sets() -> Vec<&'static str> {
    Supported::all().map(name).collect()
}

/// Calls `work` while no thread of the process uses a better instruction set than this.
///
/// Models keep the set that they were loaded for. `None` if this machine has no set of this
/// name.
pub fn with_instruction_set<T>(name: &str, work: impl FnOnce() -> T) -> Option<T> {
    let set = Supported::all().find(|&set| self::name(set) == name)?;
    Some(limit::with_at_most(set, work))
}

fn name(set: Supported) -> &'static str {
    match set.get() {
        InstructionSet::Plain => "plain",
        InstructionSet::Avx2 => "avx2",
        InstructionSet::Avx512 => "avx512",
        InstructionSet::Vnni => "vnni",
    }
}

/// Calls `work` with denormals flushed to zero on this thread, where the machine can do that.
/// Panics if `work` changes the thread's setting.
pub fn with_flushing<T>(work: impl FnOnce() -> T) -> T {
    environment::with_flushing(work)
}

/// Tells whether this thread flushes denormals to zero.
pub fn flushes() -> bool {
    black_box(f32::MIN_POSITIVE) * black_box(0.5) == 0.0
}

/// Computes the functions that tables are made with: e^x, the natural logarithm of |x|,
/// |x|^(x/2), sine and cosine of 65,536 x. x is not zero, and within 16 of it.
pub fn table_functions(x: f64) -> [f64; 5] {
    let _environment = DefaultEnvironment::enter();
    let (sine, cosine) = elementary::sin_cos(x * 65_536.0);
    let power = elementary::pow(x.abs(), 0.5 * x);
    [elementary::exp(x), elementary::ln(x.abs()), power, sine, cosine]
}

/// Computes the functions of kernels: e^-|x|, the natural logarithm of |x|, and the logistic
/// function.
pub fn kernel_functions(arguments: &[f32]) -> Vec<[f32; 3]> {
    let _environment = DefaultEnvironment::enter();
    run(Functions(arguments))
}

struct Functions<'a>(&'a [f32]);

impl Work for Functions<'_> {
    type Output = Vec<[f32; 3]>;
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) -> Vec<[f32; 3]> {
        let functions = self.0.iter().map(|&x| {
            [functions::exp_minus(x.abs()), functions::ln(x.abs()), functions::logistic(x)]
        });
        functions.collect()
    }
}

/// Parses a header, writes it and parses that; `None` if it is refused.
pub fn header(bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let header = Header::parse(bytes).ok()?.header;
    let written = header.clone().seal().bytes;
    let again = Header::parse(&written).expect("a header that was written").header;
    Some([header, again])
}

/// Parses the header of a chunk or of a block in a stream with this header, writes it and parses
/// that; `None` if it is refused, or is critical where none of its type is written so.
pub fn item(header: &[u8], bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let stream = Header::parse(header).ok()?;
    let parsed = ItemHeader::parse(bytes, &stream.header).ok()?;
    if parsed.fault.is_some() {
        return None;
    }
    let written = match &parsed.item {
        ItemHeader::Chunk(chunk) => chunk.write(&stream.header),
        ItemHeader::Block(block) if block.critical != block::is_critical(block.kind) => {
            return None;
        }
        ItemHeader::Block(block) => {
            let stored = bytes[parsed.length..].get(..block.length)?;
            let expanded = block.expand(stored).ok()?;
            let data = expanded.as_deref().unwrap_or(stored);
            let written = write_block(block.kind, data, stream.id).expect("memory");
            assert!(checksum_holds(&written, stream.id));
            let again = ItemHeader::parse(&written, &stream.header).expect("a block");
            let ItemHeader::Block(header) = again.item else { unreachable!("a block") };
            let stored = &written[again.length..][..header.length];
            let expanded = header.expand(stored).expect("data that were written");
            assert_eq!(expanded.as_deref().unwrap_or(stored), data);
            if header != *block {
                // It was sparse in another way.
                return None;
            }
            written
        }
    };
    let again = ItemHeader::parse(&written, &stream.header).expect("an item that was written");
    assert!(again.fault.is_none());
    Some([parsed.item, again.item])
}

/// Parses a trailer in a stream with this header, writes it and parses that; `None` if it is
/// refused.
pub fn trailer(header: &[u8], bytes: &[u8]) -> Option<[impl PartialEq + Debug; 2]> {
    let stream = Header::parse(header).ok()?;
    let (trailer, length) = Trailer::parse(bytes, &stream).ok()?;
    assert_eq!(Trailer::distance_from_end(&bytes[..length]), Some(length as u64));
    let written = trailer.write(&stream);
    let (again, whole) = Trailer::parse(&written, &stream).expect("a trailer that was written");
    assert_eq!(whole, written.len());
    Some([trailer, again])
}

/// A symbol of the range coder: its interval, out of 2^`total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// The sum of the frequencies of all symbols before it.
    pub cumulative: u32,
    /// Its own frequency.
    pub frequency: u32,
    /// The binary logarithm of the sum of all frequencies: at most 24.
    pub total: u32,
}

/// Encodes symbols.
pub fn encode_symbols(symbols: &[Symbol]) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    for symbol in symbols {
        encoder.symbol(symbol.cumulative, symbol.frequency, symbol.total);
    }
    encoder.finish().expect("memory")
}

/// Decodes a symbol for each total: `choose` gets the place of the next one within its total,
/// and returns the symbol at that place.
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

/// Encodes adaptive bits, each in one of 256 contexts.
pub fn encode_bits(bits: &[(u8, bool)]) -> Vec<u8> {
    let mut contexts = [AdaptiveBit::NEW; 256];
    let mut encoder = RangeEncoder::new();
    for &(context, bit) in bits {
        contexts[usize::from(context)].encode(bit, &mut encoder);
    }
    encoder.finish().expect("memory")
}

/// Decodes an adaptive bit for each of these contexts.
pub fn decode_bits(bytes: &[u8], contexts: impl IntoIterator<Item = u8>) -> Vec<bool> {
    let mut learnt = [AdaptiveBit::NEW; 256];
    let mut decoder = RangeDecoder::new(bytes);
    let contexts = contexts.into_iter();
    contexts.map(|context| learnt[usize::from(context)].decode(&mut decoder)).collect()
}

/// Runs a step of the integer filters on each instruction set: the sum and the weights.
pub fn adapt(
    weights: &[i16],
    before: &[i16],
    after: &[i16],
    gain: i16,
) -> Vec<(&'static str, (i32, Vec<i16>))> {
    each(|set| {
        let mut moved = weights.to_vec();
        let sum = run_with(set, Adapt { weights: &mut moved, before, after, gain });
        (sum, moved)
    })
}

/// The shape of a product of rows with a matrix.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Number of rows of inputs, and of sums.
    pub rows: usize,
    /// Number of inputs of a row.
    pub depth: usize,
    /// Number of outputs of a row: a multiple of 16.
    pub outputs: usize,
    /// Distance from a row of inputs to the next.
    pub input_stride: usize,
    /// Distance from an input's weights to those of the next.
    pub weight_stride: usize,
    /// Distance from a row of sums to the next.
    pub stride: usize,
    /// Whether sums start at zero.
    pub fresh: bool,
}

/// Adds products of floats with floats to these sums, on each instruction set.
pub fn multiply_floats(
    shape: Shape,
    inputs: &[f32],
    weights: &[f32],
    sums: &[f32],
) -> Vec<(&'static str, Vec<f32>)> {
    multiply(shape, inputs, weights, sums)
}

/// Adds products of floats with integers of 8 bits to these sums, on each instruction set.
pub fn multiply_bytes(
    shape: Shape,
    inputs: &[f32],
    weights: &[i8],
    sums: &[f32],
) -> Vec<(&'static str, Vec<f32>)> {
    multiply(shape, inputs, weights, sums)
}

/// Multiplies quantised rows with quantised weights, on each instruction set; both have
/// `inputs` numbers in a row. `None` if a weight is infinite or NaN.
pub fn multiply_quantised(
    inputs: usize,
    rows: &[f32],
    weights: &[f32],
) -> Option<Vec<(&'static str, Vec<f32>)>> {
    let outputs = weights.len() / inputs;
    let matrix = ByteMatrix::pack(outputs, inputs, |output, row| {
        row.copy_from_slice(&weights[output * inputs..][..inputs]);
    })?;
    Some(each(|set| run_with(set, MultiplyQuantised { inputs, rows, matrix: &matrix })))
}

fn each<T>(result: impl Fn(Supported) -> T) -> Vec<(&'static str, T)> {
    Supported::all().map(|set| (name(set), result(set))).collect()
}

fn multiply<W: Element>(
    shape: Shape,
    inputs: &[f32],
    weights: &[W],
    sums: &[f32],
) -> Vec<(&'static str, Vec<f32>)> {
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
