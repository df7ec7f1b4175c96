//! The planes of a text: the lowest bits of its bytes, which the characters leave out.
//!
//! All characters are coded before the first plane bit, so that the model of a bit knows the
//! character above it.

use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder, UNITS, cost};
use crate::planes::{BitReader, BitWriter, PlaneKind};

use super::account::units;
use super::vocabulary::CHARACTERS;

/// The adaptive bits of one plane, by character.
type Nodes = [AdaptiveBit; CHARACTERS];

/// Chooses the best kind for each plane. A sample has `bytes` bytes.
pub(crate) fn choose(text: &[u8], bytes: usize) -> Vec<PlaneKind> {
    let samples = (text.len() / bytes) as u64;
    let (mut ones, mut costs) = (vec![0u64; bytes], vec![0u64; bytes]);
    let mut nodes = vec![[AdaptiveBit::NEW; CHARACTERS]; bytes];
    for sample in text.chunks_exact(bytes) {
        for (j, &byte) in sample.iter().enumerate() {
            let node = &mut nodes[j][usize::from(byte >> 1)];
            let bit = byte & 1 != 0;
            costs[j] += cost(*node, bit);
            node.learn(bit);
            ones[j] += u64::from(bit);
        }
    }
    let kind = |(ones, cost): (u64, u64)| {
        let packed = samples * UNITS;
        match ones {
            0 => PlaneKind::Zeros,
            _ if ones == samples => PlaneKind::Ones,
            _ if cost < packed - packed / 64 => PlaneKind::Modelled,
            _ => PlaneKind::Packed,
        }
    };
    ones.into_iter().zip(costs).map(kind).collect()
}

/// Visits the plane bits of a text, for both directions.
fn walk(text: &mut [u8], kinds: &[PlaneKind], mut each: impl FnMut(&mut u8, Place<'_>)) {
    let mut nodes: Vec<Nodes> = vec![[AdaptiveBit::NEW; CHARACTERS]; kinds.len()];
    for sample in text.chunks_exact_mut(kinds.len()) {
        for ((byte, kind), nodes) in sample.iter_mut().zip(kinds).zip(&mut nodes) {
            let character = usize::from(*byte >> 1);
            each(
                byte,
                match kind {
                    PlaneKind::Zeros => Place::Known(0),
                    PlaneKind::Ones => Place::Known(1),
                    PlaneKind::Packed => Place::Packed,
                    PlaneKind::Modelled => Place::Modelled(&mut nodes[character]),
                },
            );
        }
    }
}

enum Place<'a> {
    Known(u8),
    Packed,
    Modelled(&'a mut AdaptiveBit),
}

/// Writes the bits of all planes.
pub(crate) fn write(
    text: &mut [u8],
    kinds: &[PlaneKind],
    packed: &mut BitWriter,
    tokens: &mut RangeEncoder,
) {
    walk(text, kinds, |byte, place| {
        let bit = *byte & 1 != 0;
        match place {
            Place::Known(_) => {}
            Place::Packed => packed.push(bit),
            Place::Modelled(node) => node.encode(bit, tokens),
        }
    });
}

/// What the bits of all planes take, where that is something: the place of each in the text,
/// and its length in units of an account.
pub(crate) fn costs(text: &mut [u8], kinds: &[PlaneKind], mut each: impl FnMut(usize, u64)) {
    let mut at = 0;
    walk(text, kinds, |byte, place| {
        match place {
            Place::Known(_) => {}
            Place::Packed => each(at, units(1.0)),
            Place::Modelled(node) => {
                let bit = *byte & 1 != 0;
                let likely = if bit { node.one() } else { (1 << 16) - node.one() };
                each(at, units(16.0 - f64::from(likely).log2()));
                node.learn(bit);
            }
        }
        at += 1;
    });
}

/// Puts the bits of all planes beside the characters of a text.
pub(crate) fn read(
    text: &mut [u8],
    kinds: &[PlaneKind],
    packed: &mut BitReader,
    tokens: &mut RangeDecoder,
) {
    walk(text, kinds, |byte, place| {
        *byte |= match place {
            Place::Known(bit) => bit,
            Place::Packed => u8::from(packed.take()),
            Place::Modelled(node) => u8::from(node.decode(tokens)),
        };
    });
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    #[test]
    fn each_plane_is_kept_in_its_own_way_and_comes_back() {
        let mut random = Random::new(1);
        let mut text = Vec::new();
        for at in 0..4000u32 {
            // Even ones, odd ones, noise, and what follows from the character.
            text.extend(
                [2 * (at % 128), 2 * (at % 100) + 1, random.next_u64() as u32, at % 251 / 4 * 3]
                    .map(|byte| byte as u8),
            );
        }
        let kinds = choose(&text, 4);
        assert_eq!(
            kinds,
            [PlaneKind::Zeros, PlaneKind::Ones, PlaneKind::Packed, PlaneKind::Modelled]
        );
        let (mut packed, mut tokens) = (BitWriter::default(), RangeEncoder::new());
        write(&mut text.clone(), &kinds, &mut packed, &mut tokens);
        let (packed, tokens) = (packed.finish().unwrap(), tokens.finish().unwrap());
        assert_eq!(packed.len(), 500);
        assert!(tokens.len() < 400, "{}", tokens.len());
        let mut sums = [0; 4];
        costs(&mut text.clone(), &kinds, |at, units| sums[at % 4] += units);
        assert_eq!(sums[..3], [0, 0, units(4000.0)]);
        let modelled = sums[3].div_ceil(units(8.0)) as usize;
        assert!(tokens.len().abs_diff(modelled) <= 1, "{modelled} {}", tokens.len());

        let mut back: Vec<u8> = text.iter().map(|byte| byte & 0xFE).collect();
        let (mut packed, mut tokens) = (BitReader::new(&packed), RangeDecoder::new(&tokens));
        read(&mut back, &kinds, &mut packed, &mut tokens);
        assert!(packed.is_done());
        assert!(back == text);
    }
}
