//! From a chunk to a payload.

use std::ops::Range;

use super::lockstep::Context;
use super::parts::{Parts, arrangement};
use super::{Coder, Room, Way, spread};
use crate::audio::AudioSpec;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::error::{Error, ErrorKind, Result};
use crate::model::identity::Tokens;
use crate::model::language::engine::Run;
use crate::model::language::frequencies::{Coded, Distribution, Interval, TOTAL};
use crate::model::language::planes;
use crate::model::language::text::Arrangement;
use crate::numerics::environment::DefaultEnvironment;
use crate::options::Verify;
use crate::planes::{BitReader, BitWriter, Mapping};

/// A segment cut into symbols, and how each of them is coded.
struct Segment {
    symbols: Vec<usize>,
    coded: Vec<Coded>,
}

impl Coder {
    /// The payload of a chunk; `None` where a context holds not even one frame of it.
    pub(crate) fn encode(
        &self,
        pcm: &[u8],
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
        verify: Verify,
    ) -> Result<Option<Vec<u8>>> {
        let _environment = DefaultEnvironment::enter();
        let frames = pcm.len() / spec.frame_bytes();
        let Ok(arrangement) = arrangement(&self.usage, spec, frames, wasted, mapping) else {
            return Ok(None);
        };
        let mut text = arrangement.text(pcm);
        let places: Vec<Range<usize>> = arrangement.segments().collect();
        let cut = |way: &Way| -> Option<Vec<Vec<usize>>> {
            places.iter().map(|place| self.cut(way, &text[place.clone()])).collect()
        };
        let (characters, cut) = match cut(&self.own) {
            Some(cut) => (false, cut),
            // What the tokenizer cannot spell goes character by character.
            None => (true, cut(self.way(true)).ok_or_else(|| Error::new(ErrorKind::Verification))?),
        };
        let way = self.way(characters);
        let coded = spread(
            self.threads,
            cut.len(),
            || (self.cache(), Room::default(), Distribution::default()),
            |(cache, room, distribution), at| {
                let symbols = &cut[at];
                cache.clear();
                let tokens = self.tokens(way, symbols);
                let mut coded = Vec::with_capacity(symbols.len());
                let mut runs = [Run { cache, tokens: &tokens }];
                self.predict(way, &mut runs, room, |_, at, predicted| {
                    predicted.put_into(distribution);
                    coded.push(distribution.code(symbols[at]));
                });
                // Decoding takes most of the time where all is decoded.
                if verify != Verify::Full {
                    self.meter.count(symbols.len(), places[at].len());
                }
                coded
            },
        )?;
        let segments: Vec<Segment> =
            cut.into_iter().zip(coded).map(|(symbols, coded)| Segment { symbols, coded }).collect();

        let mut tokens = RangeEncoder::new();
        self.in_order(&segments, |Coded { first, escaped }| {
            tokens.symbol(first.cumulative, first.frequency, TOTAL);
            if let Some(other) = escaped {
                tokens.symbol(other.cumulative, other.frequency, TOTAL);
            }
        });
        let kinds = planes::choose(&text, arrangement.bytes());
        let mut packed = BitWriter::default();
        planes::write(&mut text, &kinds, &mut packed, &mut tokens);
        let (packed, tokens) = (packed.finish(), tokens.finish());
        let payload = Parts { characters, kinds, planes: &packed, tokens: &tokens }.join();

        let holds = match verify {
            Verify::No => true,
            Verify::Usual => {
                self.bytes_hold(&payload, &arrangement, &segments, &text, pcm)?
                    && self.samples_hold(way, &segments)?
            }
            Verify::Full => {
                self.decode(&payload, frames, spec, wasted, mapping).is_ok_and(|back| back == pcm)
            }
        };
        if !holds {
            return Err(Error::new(ErrorKind::Verification));
        }
        Ok(Some(payload))
    }

    /// The symbols of a segment; `None` where they do not spell it.
    fn cut(&self, way: &Way, text: &[u8]) -> Option<Vec<usize>> {
        let characters = || text.iter().map(|byte| byte >> 1);
        let tokenizer = match way.alphabet.kind() {
            Tokens::Characters => return Some(characters().map(usize::from).collect()),
            Tokens::Bpe => self.model.tokenizer()?,
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
    fn tokens(&self, way: &Way, symbols: &[usize]) -> Vec<u32> {
        let before = symbols.split_last().map_or(&[][..], |(_, before)| before);
        let tokens = before.iter().map(|&symbol| way.alphabet.token(symbol));
        std::iter::once(self.beginning()).chain(tokens).collect()
    }

    /// Goes through the symbols of all segments in the order in which they are decoded.
    fn in_order(&self, segments: &[Segment], mut each: impl FnMut(Coded)) {
        for batch in segments.chunks(self.usage.lockstep as usize) {
            let steps = batch.iter().map(|segment| segment.coded.len()).max().unwrap_or(0);
            for step in 0..steps {
                batch
                    .iter()
                    .filter_map(|segment| segment.coded.get(step))
                    .copied()
                    .for_each(&mut each);
            }
        }
    }

    /// Whether a payload gives back all that was put into it, as long as the model says the
    /// same again.
    fn bytes_hold(
        &self,
        payload: &[u8],
        arrangement: &Arrangement,
        segments: &[Segment],
        text: &[u8],
        pcm: &[u8],
    ) -> Result<bool> {
        let parts = Parts::split(payload, arrangement)?;
        let mut tokens = RangeDecoder::new(parts.tokens);
        let mut holds = true;
        self.in_order(segments, |Coded { first, escaped }| {
            for Interval { cumulative, frequency } in std::iter::once(first).chain(escaped) {
                let (scale, number) = tokens.find(TOTAL);
                holds &= (cumulative..cumulative + frequency).contains(&number);
                tokens.advance(scale, cumulative, frequency);
            }
        });
        let mut back: Vec<u8> = text.iter().map(|byte| byte & !1).collect();
        let mut packed = BitReader::new(parts.planes);
        planes::read(&mut back, &parts.kinds, &mut packed, &mut tokens);
        Ok(holds && packed.is_done() && arrangement.pcm(&back)? == pcm)
    }

    /// Whether one segment of each batch is predicted the same way when it is gone through
    /// as a decoder does.
    fn samples_hold(&self, way: &Way, segments: &[Segment]) -> Result<bool> {
        let lockstep = self.usage.lockstep as usize;
        let samples: Vec<&Segment> = segments
            .chunks(lockstep)
            .enumerate()
            .map(|(number, batch)| &batch[number % batch.len()])
            .collect();
        let mut holds = true;
        for samples in samples.chunks(lockstep) {
            let mut contexts: Vec<Context> = Vec::new();
            contexts.resize_with(samples.len(), || Context::new(self));
            contexts.iter_mut().for_each(|context| context.begin(self));
            let mut places = vec![0; samples.len()];
            self.in_lockstep(way, contexts, |at, context| {
                let (segment, place) = (samples[at], &mut places[at]);
                let symbol = segment.symbols[*place];
                let same = context.distribution.code(symbol) == segment.coded[*place];
                holds &= same;
                *place += 1;
                let more = same && *place < segment.symbols.len();
                context.next = more.then(|| way.alphabet.token(symbol));
                Ok(())
            })?;
        }
        Ok(holds)
    }
}
