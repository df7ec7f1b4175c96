//! One pass through the samples of a chunk, for both directions: it asks a [`CharacterCoder`]
//! for each bit, and an encoder answers with the bit that it was given.

use super::predictor::Predictor;
use super::rows::{ChannelState, Rows};
use crate::audio::AudioSpec;
use crate::entropy::{AdaptiveBit, RangeEncoder, cost};
use crate::error::Result;
use crate::memory;
use crate::method::reading::Reading;
use crate::planes::{BitWriter, Layout, Mapping, PlaneKind, fold, unfold};

/// Codes bits: each call gets the bit if it is known, and returns it.
pub(super) trait CharacterCoder {
    /// Codes a bit of a character.
    fn character(&mut self, node: &mut AdaptiveBit, bit: bool) -> bool;
    /// Codes a bit of plane `j`, which is modelled.
    fn plane(&mut self, node: &mut AdaptiveBit, bit: bool, j: usize) -> bool;
    /// Codes a bit of a packed plane.
    fn packed(&mut self, bit: bool) -> bool;
}

pub(super) struct Writing {
    pub(super) tokens: RangeEncoder,
    pub(super) planes: BitWriter,
}

impl CharacterCoder for Writing {
    #[inline(always)]
    fn character(&mut self, node: &mut AdaptiveBit, bit: bool) -> bool {
        node.encode(bit, &mut self.tokens);
        bit
    }

    #[inline(always)]
    fn plane(&mut self, node: &mut AdaptiveBit, bit: bool, _: usize) -> bool {
        self.character(node, bit)
    }

    #[inline(always)]
    fn packed(&mut self, bit: bool) -> bool {
        self.planes.push(bit);
        bit
    }
}

impl CharacterCoder for Reading<'_> {
    #[inline(always)]
    fn character(&mut self, node: &mut AdaptiveBit, _: bool) -> bool {
        node.decode(&mut self.tokens)
    }

    #[inline(always)]
    fn plane(&mut self, node: &mut AdaptiveBit, bit: bool, _: usize) -> bool {
        self.character(node, bit)
    }

    #[inline(always)]
    fn packed(&mut self, _: bool) -> bool {
        self.bits.take()
    }
}

/// Writes nothing and sums up the costs.
pub(super) struct Cost {
    pub(super) characters: u64,
    pub(super) planes: Vec<u64>,
}

impl Cost {
    pub(super) fn new(planes: usize) -> Self {
        Cost { characters: 0, planes: vec![0; planes] }
    }
}

impl CharacterCoder for Cost {
    #[inline(always)]
    fn character(&mut self, node: &mut AdaptiveBit, bit: bool) -> bool {
        self.characters += cost(*node, bit);
        node.learn(bit);
        bit
    }

    #[inline(always)]
    fn plane(&mut self, node: &mut AdaptiveBit, bit: bool, j: usize) -> bool {
        self.planes[j] += cost(*node, bit);
        node.learn(bit);
        bit
    }

    #[inline(always)]
    fn packed(&mut self, bit: bool) -> bool {
        bit
    }
}

/// The state of a chunk while it is coded.
pub(super) struct ChunkState {
    spec: AudioSpec,
    layout: Layout,
    mapping: Mapping,
    predictors: Vec<Predictor>,
    kinds: Vec<PlaneKind>,
    rows: Rows,
    memories: Vec<ChannelState>,
    histories: Vec<[i64; 3]>,
}

impl ChunkState {
    pub(super) fn new(
        spec: &AudioSpec,
        layout: Layout,
        mapping: Mapping,
        predictors: &[Predictor],
        kinds: &[PlaneKind],
    ) -> Result<Self> {
        let channels = usize::from(spec.channels);
        Ok(ChunkState {
            spec: *spec,
            layout,
            mapping,
            predictors: memory::copied(predictors)?,
            kinds: memory::copied(kinds)?,
            rows: Rows::new(layout, mapping)?,
            memories: memory::filled(ChannelState::default(), channels)?,
            histories: memory::filled([0; 3], channels)?,
        })
    }

    /// Returns the bits of a coded value.
    pub(super) fn value_bits(&self) -> u32 {
        self.layout.value_bits()
    }

    /// Clears the samples that predictions are made from.
    pub(super) fn forget_history(&mut self) {
        self.histories.fill([0; 3]);
    }

    /// Calls `visit` with each coded value, without coding it.
    pub(super) fn values(&mut self, pcm: &[u8], mut visit: impl FnMut(u64)) {
        for frame in pcm.chunks_exact(self.spec.frame_bytes()) {
            let mut before = 0;
            for (channel, sample) in frame.chunks_exact(self.spec.format.bytes()).enumerate() {
                visit(self.map(sample, channel, &mut before));
            }
        }
    }

    pub(super) fn encode(&mut self, pcm: &[u8], coder: &mut impl CharacterCoder) {
        for frame in pcm.chunks_exact(self.spec.frame_bytes()) {
            let mut before = 0;
            for (channel, sample) in frame.chunks_exact(self.spec.format.bytes()).enumerate() {
                let value = self.map(sample, channel, &mut before);
                self.code(value, channel, coder);
            }
        }
    }

    /// Fills `pcm`; `false` if a value does not fit its sample.
    pub(super) fn decode(&mut self, pcm: &mut [u8], coder: &mut impl CharacterCoder) -> bool {
        let mut fits = true;
        for frame in pcm.chunks_exact_mut(self.spec.frame_bytes()) {
            let mut before = 0;
            for (channel, sample) in frame.chunks_exact_mut(self.spec.format.bytes()).enumerate() {
                let value = self.code(0, channel, coder);
                fits &= self.unmap(value, channel, &mut before, sample);
            }
        }
        fits
    }

    /// Maps a sample to its coded value. `before` is the sample of the channel before.
    #[inline(always)]
    fn map(&mut self, sample: &[u8], channel: usize, before: &mut i64) -> u64 {
        let value = self.layout.get(sample);
        if self.mapping != Mapping::Residual {
            let offset = self.layout.offset(self.mapping);
            return self.layout.unsigned(value.wrapping_add(offset));
        }
        let value = self.layout.ordered(value);
        let predictor = self.predictors[channel];
        let history = &mut self.histories[channel];
        let base = if predictor.difference { *before } else { 0 };
        let target = value.wrapping_sub(base);
        let residual = target.wrapping_sub(predictor.predict(*history));
        *history = [target, history[0], history[1]];
        *before = value;
        fold(self.layout.wrap(residual))
    }

    /// The inverse of [`map`](Self::map).
    #[inline(always)]
    fn unmap(&mut self, coded: u64, channel: usize, before: &mut i64, sample: &mut [u8]) -> bool {
        if self.mapping != Mapping::Residual {
            let offset = self.layout.offset(self.mapping);
            let value = self.layout.wrap((coded as i64).wrapping_sub(offset));
            return self.layout.put(value, sample);
        }
        let predictor = self.predictors[channel];
        let history = &mut self.histories[channel];
        let base = if predictor.difference { *before } else { 0 };
        let target = unfold(coded).wrapping_add(predictor.predict(*history));
        *history = [target, history[0], history[1]];
        let value = self.layout.wrap(target.wrapping_add(base));
        *before = value;
        self.layout.put(self.layout.ordered(value), sample)
    }

    /// Codes a value, highest bit first, and returns it.
    #[inline(always)]
    fn code(&mut self, value: u64, channel: usize, coder: &mut impl CharacterCoder) -> u64 {
        let bytes = self.layout.bytes;
        let memory = &mut self.memories[channel];
        let mut coded = 0u64;
        for (j, &kind) in self.kinds.iter().enumerate() {
            let byte = (value >> (8 * (bytes - 1 - j))) as u8;
            let row = self.rows.row(memory, j, bytes, coded);
            let mut node = 1;
            for at in (1..8).rev() {
                let bit = coder.character(&mut row[node], byte >> at & 1 != 0);
                node = node << 1 | usize::from(bit);
            }
            let bit = byte & 1 != 0;
            let bit = match kind {
                PlaneKind::Zeros => false,
                PlaneKind::Ones => true,
                PlaneKind::Packed => coder.packed(bit),
                PlaneKind::Modelled => coder.plane(&mut row[node], bit, j),
            };
            coded = coded << 8 | (node as u64 & 127) << 1 | u64::from(bit);
        }
        memory.learn(coded);
        coded
    }
}
