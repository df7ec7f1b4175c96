//! Where a language model's bits went.

use crate::contestant::Account;
use crate::report::numbers::share;

/// Sums over clips. All that is in percent is of the bits of PCM of these clips, so that the
/// parts add up to the rate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bits {
    /// Bytes of PCM of the clips that are in here.
    pub pcm_bytes: u64,
    /// Bytes that they took.
    pub bytes: u64,
    /// All that was told, clip by clip added up.
    pub account: Account,
}

/// A byte of a sample, in percent of all bits of PCM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// What its tokens took.
    pub tokens: f64,
    /// What its planes took.
    pub planes: f64,
}

impl Bits {
    /// Takes in a clip.
    pub(crate) fn add(&mut self, pcm_bytes: u64, bytes: u64, clip: &Account) {
        self.pcm_bytes = self.pcm_bytes.saturating_add(pcm_bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        let sum = &mut self.account;
        for (sum, clip) in [
            (&mut sum.tokens, clip.tokens),
            (&mut sum.characters, clip.characters),
            (&mut sum.hits, clip.hits),
            (&mut sum.escapes, clip.escapes),
            (&mut sum.other_bytes, clip.other_bytes),
            (&mut sum.expanded, clip.expanded),
        ] {
            *sum = sum.saturating_add(clip);
        }
        add_each(&mut sum.token_bits, &clip.token_bits);
        add_each(&mut sum.plane_bits, &clip.plane_bits);
    }

    /// Each byte of a sample, the highest first. Samples of fewer bytes than others have the
    /// first of these.
    pub fn positions(&self) -> Vec<Position> {
        let Account { token_bits, plane_bits, .. } = &self.account;
        let at = |bits: &[f64], position: usize| bits.get(position).copied().unwrap_or(0.0);
        (0..token_bits.len().max(plane_bits.len()))
            .map(|position| Position {
                tokens: self.percent(at(token_bits, position)),
                planes: self.percent(at(plane_bits, position)),
            })
            .collect()
    }

    /// What is neither token nor plane: headers, lengths, checksums, and chunks that never came
    /// to the model, in percent.
    pub fn other(&self) -> f64 {
        self.percent(8.0 * self.account.other_bytes as f64)
    }

    /// What is left of the bytes that count, in percent: what the coder's precision takes, and
    /// ends of payloads, which are whole bytes.
    pub fn rest(&self) -> f64 {
        let Account { token_bits, plane_bits, other_bytes, .. } = &self.account;
        let told = token_bits.iter().chain(plane_bits).sum::<f64>() + 8.0 * *other_bytes as f64;
        self.percent(8.0 * self.bytes as f64 - told)
    }

    /// Tokens for each character.
    pub fn tokens_a_character(&self) -> Option<f64> {
        let Account { tokens, characters, .. } = self.account;
        (characters > 0).then(|| tokens as f64 / characters as f64)
    }

    /// Tokens behind an escape, in percent of all.
    pub fn escaped(&self) -> Option<f64> {
        let Account { hits, escapes, .. } = self.account;
        share(escapes as f64, hits as f64 + escapes as f64)
    }

    fn percent(&self, bits: f64) -> f64 {
        share(bits, 8.0 * self.pcm_bytes as f64).unwrap_or(0.0)
    }
}

fn add_each(sums: &mut Vec<f64>, terms: &[f64]) {
    if sums.len() < terms.len() {
        sums.resize(terms.len(), 0.0);
    }
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_to_the_rate() {
        let mut bits = Bits::default();
        let deep = Account {
            tokens: 150,
            characters: 200,
            hits: 140,
            escapes: 10,
            token_bits: vec![300.0, 500.0],
            plane_bits: vec![50.0, 100.0],
            other_bytes: 20,
            expanded: 1,
        };
        let shallow = Account {
            tokens: 90,
            characters: 100,
            hits: 90,
            token_bits: vec![100.0],
            plane_bits: vec![100.0],
            ..Account::default()
        };
        bits.add(200, 140, &deep);
        bits.add(100, 26, &shallow);

        let positions = bits.positions();
        assert_eq!(positions.len(), 2);
        assert_eq!(positions[0].tokens, 100.0 * 400.0 / 2400.0);
        assert_eq!(positions[0].planes, 100.0 * 150.0 / 2400.0);
        assert_eq!(positions[1].tokens, 100.0 * 500.0 / 2400.0);
        let parts: f64 = positions.iter().map(|at| at.tokens + at.planes).sum();
        let rate = 100.0 * 166.0 / 300.0;
        assert!((parts + bits.other() + bits.rest() - rate).abs() < 1e-9);
        // 8 * 166 bits less 900 + 250 + 160.
        assert!((bits.rest() - 100.0 * 18.0 / 2400.0).abs() < 1e-9);
        assert_eq!(bits.tokens_a_character(), Some(0.8));
        assert_eq!(bits.escaped(), Some(100.0 * 10.0 / 240.0));
        assert_eq!(bits.account.expanded, 1);
    }
}
