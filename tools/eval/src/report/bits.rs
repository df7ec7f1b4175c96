//! Where a language model's bits went.

use serde::Serialize;

use crate::contestant::BitAccount;
use crate::report::numbers::share;

/// The bits of some clips, in percent of the bits of their PCM, so that the parts add up to
/// the rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bits {
    /// Bytes that the clips took.
    pub bytes: u64,
    /// Bytes of their PCM.
    pub pcm_bytes: u64,
    /// Each byte of a sample, the highest first. Samples of fewer bytes than others have the
    /// first of these.
    pub positions: Vec<Position>,
    /// Headers, lengths, checksums, and chunks that never came to the model.
    #[serde(rename = "other_percent")]
    pub other: f64,
    /// The coder's loss: its precision is finite, and payloads end on whole bytes.
    #[serde(rename = "rest_percent")]
    pub rest: f64,
    /// Tokens for each character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_a_character: Option<f64>,
    /// Tokens behind an escape, in percent of all.
    #[serde(rename = "escaped_percent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escaped: Option<f64>,
    /// The sum of all accounts.
    pub account: BitAccount,
}

/// A byte of a sample, in percent of all bits of PCM.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Position {
    /// Its tokens.
    #[serde(rename = "tokens_percent")]
    pub tokens: f64,
    /// Its planes.
    #[serde(rename = "planes_percent")]
    pub planes: f64,
}

/// Adds up clips.
#[derive(Debug, Default)]
pub(crate) struct BitsSum {
    bytes: u64,
    pcm_bytes: u64,
    account: BitAccount,
}

impl BitsSum {
    pub(crate) fn add(&mut self, pcm_bytes: u64, bytes: u64, clip: &BitAccount) {
        self.pcm_bytes = self.pcm_bytes.saturating_add(pcm_bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        self.account.add(clip);
    }

    pub(crate) fn finish(self) -> Bits {
        let BitsSum { bytes, pcm_bytes, account } = self;
        let percent = |bits: f64| share(bits, 8.0 * pcm_bytes as f64).unwrap_or(0.0);
        let BitAccount { token_bits, plane_bits, hits, escapes, .. } = &account;
        let at =
            |bits: &[f64], position: usize| percent(bits.get(position).copied().unwrap_or(0.0));
        let positions = (0..token_bits.len().max(plane_bits.len())).map(|position| Position {
            tokens: at(token_bits, position),
            planes: at(plane_bits, position),
        });
        let other = 8.0 * account.other_bytes as f64;
        let told = token_bits.iter().chain(plane_bits).sum::<f64>() + other;
        Bits {
            bytes,
            pcm_bytes,
            positions: positions.collect(),
            other: percent(other),
            rest: percent(8.0 * bytes as f64 - told),
            tokens_a_character: (account.characters > 0)
                .then(|| account.tokens as f64 / account.characters as f64),
            escaped: share(*escapes as f64, *hits as f64 + *escapes as f64),
            account,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_to_the_rate() {
        let mut sum = BitsSum::default();
        let deep = BitAccount {
            tokens: 150,
            characters: 200,
            hits: 140,
            escapes: 10,
            token_bits: vec![300.0, 500.0],
            plane_bits: vec![50.0, 100.0],
            other_bytes: 20,
            expanded: 1,
        };
        let shallow = BitAccount {
            tokens: 90,
            characters: 100,
            hits: 90,
            token_bits: vec![100.0],
            plane_bits: vec![100.0],
            ..BitAccount::default()
        };
        sum.add(200, 140, &deep);
        sum.add(100, 26, &shallow);
        let bits = sum.finish();

        let positions = &bits.positions;
        assert_eq!(positions.len(), 2);
        assert_eq!(positions[0].tokens, 100.0 * 400.0 / 2400.0);
        assert_eq!(positions[0].planes, 100.0 * 150.0 / 2400.0);
        assert_eq!(positions[1].tokens, 100.0 * 500.0 / 2400.0);
        let parts: f64 = positions.iter().map(|at| at.tokens + at.planes).sum();
        let rate = 100.0 * 166.0 / 300.0;
        assert!((parts + bits.other + bits.rest - rate).abs() < 1e-9);
        // 8 * 166 bits less 900 + 250 + 160.
        assert!((bits.rest - 100.0 * 18.0 / 2400.0).abs() < 1e-9);
        assert_eq!(bits.tokens_a_character, Some(0.8));
        assert_eq!(bits.escaped, Some(100.0 * 10.0 / 240.0));
        assert_eq!(bits.account.expanded, 1);
    }
}
