//! The tokens that can spell a text, numbered as symbols.

use super::vocabulary::Vocabulary;
use crate::method::identity::TokenKind;

/// Some of a vocabulary's tokens, in a fixed order.
#[derive(Debug)]
pub(crate) struct Alphabet {
    kind: TokenKind,
    /// The token of each symbol.
    tokens: Vec<u32>,
}

impl Alphabet {
    /// Makes the alphabet of the characters, or of all tokens that spell nothing but
    /// characters, in the order of their numbers.
    pub(crate) fn new(vocabulary: &Vocabulary, kind: TokenKind) -> Self {
        let spells = |&token: &u32| {
            vocabulary.bytes(token).is_some_and(|bytes| !bytes.is_empty() && bytes.is_ascii())
        };
        let tokens = match kind {
            TokenKind::Characters => vocabulary.characters().to_vec(),
            TokenKind::Bpe => (0..vocabulary.len() as u32).filter(spells).collect(),
        };
        Alphabet { kind, tokens }
    }

    /// Returns the kind of the tokens.
    pub(crate) fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Returns the number of symbols.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns the token of a symbol.
    pub(crate) fn token(&self, symbol: usize) -> u32 {
        self.tokens[symbol]
    }

    /// Returns the symbol of a token of the tokenizer, if there is one.
    pub(crate) fn symbol(&self, token: u32) -> Option<usize> {
        debug_assert_eq!(self.kind, TokenKind::Bpe, "characters are in no order");
        self.tokens.binary_search(&token).ok()
    }

    /// Returns the tokens that need logits; `None` if all tokens do.
    pub(crate) fn few(&self) -> Option<&[u32]> {
        (self.kind == TokenKind::Characters).then_some(&self.tokens[..])
    }

    /// Picks the logits of the symbols from the logits that [`few`](Self::few) asks for.
    pub(crate) fn gather<'a>(&self, logits: &'a [f32], buffer: &'a mut Vec<f32>) -> &'a [f32] {
        if logits.len() == self.tokens.len() {
            return logits;
        }
        buffer.clear();
        buffer.extend(self.tokens.iter().map(|&token| logits[token as usize]));
        buffer
    }
}
