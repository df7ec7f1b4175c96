//! Symbols of any frequencies: they come back, constriction writes and reads the same bytes, and
//! arbitrary bytes decode to some symbols.

#![no_main]

use std::borrow::Borrow;
use std::num::NonZeroU32;

use arbitrary::Arbitrary;
use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};
use constriction::stream::{Decode, Encode, queue};
use libfuzzer_sys::fuzz_target;
use lmac::proof::{self, Symbol};

#[derive(Debug, Arbitrary)]
struct Input {
    symbols: Vec<Choice>,
    bits: Vec<(u8, bool)>,
    damaged: Vec<u8>,
}

/// One of three symbols: the middle one has `frequency` after `cumulative`, the others have the
/// rest on either side.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Choice {
    total: u8,
    cumulative: u32,
    frequency: u32,
    which: u8,
    repeat: u8,
}

/// Three symbols; the outer ones may have the frequency 0.
#[derive(Debug, Clone, Copy)]
struct Three {
    total: u32,
    ends: [u32; 4],
}

impl Choice {
    fn three(self) -> Three {
        let total = 1 + u32::from(self.total) % 24;
        let whole = 1 << total;
        let first = self.cumulative % whole;
        // No symbol has the whole total, which constriction does not allow.
        let most = if first == 0 { whole - 1 } else { whole - first };
        let second = first + 1 + self.frequency % most;
        Three { total, ends: [0, first, second, whole] }
    }

    fn symbol(self) -> Symbol {
        let three = self.three();
        let which = usize::from(self.which) % 3;
        let possible = three.ends[which] < three.ends[which + 1];
        three.symbol(if possible { which } else { 1 })
    }
}

impl Three {
    fn symbol(self, which: usize) -> Symbol {
        let (cumulative, end) = (self.ends[which], self.ends[which + 1]);
        Symbol { cumulative, frequency: end - cumulative, total: self.total }
    }

    /// Returns the symbol at this place.
    fn at(self, place: u32) -> Symbol {
        self.symbol((0..2).find(|&which| place < self.ends[which + 1]).unwrap_or(2))
    }
}

/// A model for constriction, whose type has the precision.
struct Model<const TOTAL: usize>(Three);

impl<const TOTAL: usize> EntropyModel<TOTAL> for Model<TOTAL> {
    type Symbol = Symbol;
    type Probability = u32;
}

impl<const TOTAL: usize> EncoderModel<TOTAL> for Model<TOTAL> {
    fn left_cumulative_and_probability(
        &self,
        symbol: impl Borrow<Symbol>,
    ) -> Option<(u32, NonZeroU32)> {
        let symbol = symbol.borrow();
        Some((symbol.cumulative, NonZeroU32::new(symbol.frequency)?))
    }
}

impl<const TOTAL: usize> DecoderModel<TOTAL> for Model<TOTAL> {
    fn quantile_function(&self, quantile: u32) -> (Symbol, u32, NonZeroU32) {
        let symbol = self.0.at(quantile);
        (symbol, symbol.cumulative, NonZeroU32::new(symbol.frequency).expect("never zero"))
    }
}

/// Evaluates an expression with the total as a constant.
macro_rules! with_total {
    ($total:expr, $TOTAL:ident => $call:expr; $($known:literal)*) => {
        match $total {
            $($known => {
                const $TOTAL: usize = $known;
                $call
            })*
            other => unreachable!("a total of {other}"),
        }
    };
}

macro_rules! with_any_total {
    ($total:expr, $TOTAL:ident => $call:expr) => {
        with_total!($total, $TOTAL => $call;
            1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
    };
}

fuzz_target!(|input: Input| {
    let choices: Vec<Choice> = input
        .symbols
        .iter()
        .flat_map(|choice| {
            // Carries propagate through runs of likely symbols.
            let count = if choice.repeat > 250 { 300 } else { 1 + usize::from(choice.repeat) % 4 };
            std::iter::repeat_n(*choice, count)
        })
        .take(2000)
        .collect();
    let symbols: Vec<Symbol> = choices.iter().map(|choice| choice.symbol()).collect();
    let bytes = proof::encode_symbols(&symbols);
    assert_eq!(decoded(&bytes, &choices), symbols);
    assert_eq!(decoded(&by_constriction(&choices), &choices), symbols);
    assert_eq!(read_by_constriction(bytes, &choices), symbols);
    decoded(&input.damaged, &choices);

    let contexts = || input.bits.iter().map(|&(context, _)| context);
    let bits = proof::decode_bits(&proof::encode_bits(&input.bits), contexts());
    assert!(bits.iter().eq(input.bits.iter().map(|(_, bit)| bit)));
    proof::decode_bits(&input.damaged, contexts());
});

fn decoded(bytes: &[u8], choices: &[Choice]) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let totals = choices.iter().map(|choice| choice.three().total);
    proof::decode_symbols(bytes, totals, |place| {
        let symbol = choices[symbols.len()].three().at(place);
        symbols.push(symbol);
        symbol
    });
    symbols
}

fn by_constriction(choices: &[Choice]) -> Vec<u8> {
    let mut encoder = queue::RangeEncoder::<u32, u64>::new();
    for choice in choices {
        let (three, symbol) = (choice.three(), choice.symbol());
        with_any_total!(three.total, TOTAL => {
            encoder.encode_symbol(symbol, Model::<TOTAL>(three)).expect("never impossible");
        });
    }
    let words = encoder.into_compressed().expect("memory");
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn read_by_constriction(mut bytes: Vec<u8>, choices: &[Choice]) -> Vec<Symbol> {
    bytes.resize(bytes.len().next_multiple_of(4) + 8, 0);
    let word = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().expect("four bytes"));
    let words: Vec<u32> = bytes.chunks_exact(4).map(word).collect();
    let mut decoder = queue::RangeDecoder::<u32, u64, _>::from_compressed(words).expect("words");
    let mut next = |choice: &Choice| {
        let three = choice.three();
        with_any_total!(three.total, TOTAL => {
            decoder.decode_symbol(Model::<TOTAL>(three)).expect("valid")
        })
    };
    choices.iter().map(&mut next).collect()
}
