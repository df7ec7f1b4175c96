//! The tokens that a text can be made of, numbered as symbols.

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
    /// The characters; or all tokens that spell characters and nothing else, in the order
    /// of their numbers.
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

    /// What kind of tokens these are.
    pub(crate) fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Number of symbols.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The token of a symbol.
    pub(crate) fn token(&self, symbol: usize) -> u32 {
        self.tokens[symbol]
    }

    /// The symbol of a token among those that a tokenizer gives, if it has one.
    pub(crate) fn symbol(&self, token: u32) -> Option<usize> {
        debug_assert_eq!(self.kind, TokenKind::Bpe, "characters are in no order");
        self.tokens.binary_search(&token).ok()
    }

    /// The tokens that logits are needed for, where they are few of all.
    pub(crate) fn few(&self) -> Option<&[u32]> {
        (self.kind == TokenKind::Characters).then_some(&self.tokens[..])
    }

    /// The logits of the symbols, out of those that [`few`](Self::few) asks for, or all.
    pub(crate) fn gather<'a>(&self, logits: &'a [f32], room: &'a mut Vec<f32>) -> &'a [f32] {
        if logits.len() == self.tokens.len() {
            return logits;
        }
        room.clear();
        room.extend(self.tokens.iter().map(|&token| logits[token as usize]));
        room
    }
}
