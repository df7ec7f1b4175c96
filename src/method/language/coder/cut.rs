//! Chunks that are cut into tokens, and what follows for each of them.

use std::ops::Range;

use super::lockstep::Context;
use super::payload::arrangement;
use super::{Buffers, ChunkPcm, Coder, Predicted, Spelling, spread};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::identity::TokenKind;
use crate::method::language::engine::Run;
use crate::method::language::frequencies::CodedToken;
use crate::method::language::stages::Stage;
use crate::method::language::text::Arrangement;

/// A chunk cut into symbols.
pub(super) struct Cut<'c> {
    pub(super) arrangement: Arrangement,
    pub(super) text: Vec<u8>,
    /// Where each segment stands in the text, and its symbols.
    pub(super) places: Vec<Range<usize>>,
    pub(super) symbols: Vec<Vec<usize>>,
    /// Whether they are characters, whatever the stream's are.
    pub(super) characters: bool,
    pub(super) way: &'c Spelling,
}

impl Coder {
    /// Cuts a chunk; `None` where a context holds not even one frame of it.
    pub(super) fn cut(&self, chunk: ChunkPcm<'_>) -> Result<Option<Cut<'_>>> {
        let ChunkPcm { pcm, spec, wasted, mapping, .. } = chunk;
        let frames = pcm.len() / spec.frame_bytes();
        let Ok(arrangement) = arrangement(&self.usage, spec, frames, wasted, mapping) else {
            return Ok(None);
        };
        let text = arrangement.text(pcm)?;
        let places: Vec<Range<usize>> = arrangement.segments().collect();
        let symbols = |way: &Spelling| -> Option<Vec<Vec<usize>>> {
            places.iter().map(|place| self.symbols(way, &text[place.clone()])).collect()
        };
        let (characters, symbols) = match symbols(&self.own) {
            Some(symbols) => (false, symbols),
            // What the tokenizer cannot spell goes character by character.
            None => {
                let symbols = symbols(self.way(true));
                (true, symbols.ok_or_else(|| Error::new(ErrorKind::Verification))?)
            }
        };
        let way = self.way(characters);
        Ok(Some(Cut { arrangement, text, places, symbols, characters, way }))
    }

    /// The symbols of a segment; `None` where they do not spell it.
    fn symbols(&self, way: &Spelling, text: &[u8]) -> Option<Vec<usize>> {
        let characters = || text.iter().map(|byte| byte >> 1);
        let tokenizer = match way.alphabet.kind() {
            TokenKind::Characters => return Some(characters().map(usize::from).collect()),
            TokenKind::Bpe => self.model.tokenizer()?,
        };
        let tokens = tokenizer.tokens(&characters().collect::<Vec<u8>>());
        let vocabulary = self.model.vocabulary();
        let spelled = tokens.iter().flat_map(|&token| vocabulary.bytes(token).unwrap_or_default());
        if !spelled.copied().eq(characters()) {
            return None;
        }
        tokens.iter().map(|&token| way.alphabet.symbol(token)).collect()
    }

    /// What goes through the model: the beginning, and all symbols but the last.
    fn tokens(&self, way: &Spelling, symbols: &[usize]) -> Vec<u32> {
        let before = symbols.split_last().map_or(&[][..], |(_, before)| before);
        let tokens = before.iter().map(|&symbol| way.alphabet.token(symbol));
        std::iter::once(self.beginning()).chain(tokens).collect()
    }

    /// Takes something from what is predicted for each symbol of each segment, whole
    /// contexts at once. Each thread makes its memory once. They `count` as progress.
    pub(super) fn by_contexts<M: Default, T: Send>(
        &self,
        cut: &Cut<'_>,
        count: bool,
        take: impl Fn(&mut M, Predicted<'_>, usize) -> T + Sync,
    ) -> Result<Vec<Vec<T>>> {
        let clock = self.clock();
        spread(
            self.threads,
            cut.symbols.len(),
            || (self.cache(), Buffers::default(), M::default()),
            |(cache, room, own), at| {
                let symbols = &cut.symbols[at];
                cache.clear();
                let tokens = self.tokens(cut.way, symbols);
                let mut taken = memory::room(symbols.len())?;
                let mut runs = [Run { cache, tokens: &tokens }];
                self.predict(cut.way, clock, &mut runs, room, |_, at, predicted| {
                    taken.push(take(own, predicted, symbols[at]));
                })?;
                if count {
                    self.model.meter().count(symbols.len(), cut.places[at].len());
                }
                Ok(taken)
            },
        )?
        .into_iter()
        .collect()
    }

    /// How each symbol of each segment is coded, step by step as a decoder goes.
    pub(super) fn by_steps(&self, cut: &Cut<'_>, count: bool) -> Result<Vec<Vec<CodedToken>>> {
        let lockstep = self.usage.lockstep as usize;
        let mut coded: Vec<Vec<CodedToken>> = Vec::with_capacity(cut.symbols.len());
        let mut contexts: Vec<Context> = Vec::new();
        for batch in cut.symbols.chunks(lockstep) {
            self.begin(&mut contexts, batch.len());
            let first = coded.len();
            coded.extend(batch.iter().map(|symbols| Vec::with_capacity(symbols.len())));
            let coded = &mut coded[first..];
            let clock = self.clock();
            contexts =
                self.in_lockstep(cut.way, clock, Stage::Frequencies, contexts, |at, context| {
                    let (symbols, coded) = (&batch[at], &mut coded[at]);
                    let symbol = symbols[coded.len()];
                    coded.push(context.distribution.code(symbol));
                    let token = cut.way.alphabet.token(symbol);
                    if count {
                        let spelled = self.model.vocabulary().bytes(token).unwrap_or_default();
                        self.model.meter().count(1, spelled.len());
                    }
                    context.next = (coded.len() < symbols.len()).then_some(token);
                    Ok(())
                })?;
        }
        Ok(coded)
    }
}
