//! The shapes of models of three sizes.

use std::ops::Range;
use std::str::FromStr;

use lmac::language::{Architecture, Llama};
use lmac_reference::Seeded;

/// The size of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    One,
    Ten,
    Hundred,
}

/// The longest context that is measured.
pub(crate) const POSITIONS: usize = 2048;

impl Size {
    /// The approximate number of parameters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Size::One => "1M",
            Size::Ten => "10M",
            Size::Hundred => "100M",
        }
    }

    /// The shape. Except for the smallest, widths are multiples of 256, as candle's fastest products
    /// of quantised matrices need.
    pub(crate) fn llama(self) -> Llama {
        let (vocabulary, width, layers, heads, feed_forward) = match self {
            Size::One => (256, 128, 4, 4, 384),
            Size::Ten => (256, 256, 12, 4, 768),
            Size::Hundred => (4096, 768, 12, 12, 2304),
        };
        Llama {
            vocabulary,
            width,
            layers,
            heads,
            key_heads: heads,
            head_width: width / heads,
            feed_forward,
            epsilon: 1e-5,
            rope_base: 10_000.0,
            rope_factors: Vec::new(),
            tied: false,
            positions: POSITIONS,
        }
    }

    /// Seeded weights of the shape.
    pub(crate) fn weights(self) -> Seeded {
        Seeded::new(self.llama(), 1)
    }

    /// The exact number of parameters.
    pub(crate) fn parameters(self) -> usize {
        let tensors = Architecture::Llama(self.llama()).tensors();
        tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }
}

/// The operations for the tokens at these positions of a context, `logits` of them with logits: two
/// for each parameter and token, and those of attention.
pub(crate) fn operations(llama: &Llama, positions: Range<usize>, logits: usize) -> f64 {
    let (queries, keys) = (llama.heads * llama.head_width, llama.key_heads * llama.head_width);
    let matrices = llama.width * (2 * queries + 2 * keys + 3 * llama.feed_forward);
    let seen: usize = positions.clone().map(|position| position + 1).sum();
    let layer = 2 * matrices * positions.len() + 4 * queries * seen;
    (llama.layers * layer + 2 * llama.width * llama.vocabulary * logits) as f64
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" => Ok(Size::One),
            "10" => Ok(Size::Ten),
            "100" => Ok(Size::Hundred),
            _ => Err(format!("size is {text}; it must be 1, 10 or 100")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_match_their_names() {
        for (size, millions) in [(Size::One, 1.0), (Size::Ten, 10.0), (Size::Hundred, 100.0)] {
            assert_eq!(Architecture::Llama(size.llama()).validate().map_err(drop), Ok(()));
            let parameters = size.parameters() as f64 / 1e6;
            assert!((parameters / millions - 1.0).abs() < 0.1, "{parameters}");
        }
    }

    #[test]
    fn operations_equal_those_counted_by_hand() {
        let llama = Llama {
            vocabulary: 10,
            width: 4,
            layers: 2,
            heads: 2,
            key_heads: 1,
            head_width: 2,
            feed_forward: 3,
            epsilon: 1e-5,
            rope_base: 1e4,
            rope_factors: Vec::new(),
            tied: false,
            positions: 8,
        };
        // Queries and outputs 4 x 4 each, keys and values 4 x 2 each, 4 x 3 thrice.
        let layer = 2 * (16 + 16 + 8 + 8 + 36);
        // Two heads of two values: a product for the score and one for the mixture.
        let seen = 2 * 2 * 2 * 2;
        let head = 2 * 40;
        assert_eq!(operations(&llama, 0..1, 1), (2 * (layer + seen) + head) as f64);
        let third = 2 * (layer + 3 * seen) + head;
        let fourth = 2 * (layer + 4 * seen);
        assert_eq!(operations(&llama, 2..4, 1), (third + fourth) as f64);
    }
}
