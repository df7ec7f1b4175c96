//! Merges: pairs of tokens that become one.

use std::collections::HashMap;

use crate::checkpoint::storage::file::excerpt;
use crate::error::{Error, Result};

/// The most bytes that are compared while merges are derived.
///
/// This bounds time and memory; the largest known vocabularies take a twentieth.
const MOST_WORK: usize = 1 << 28;

/// Splits a merge that is written as two tokens with a space between them.
pub(super) fn pair(merge: &str) -> Result<(String, String)> {
    match merge.split_once(' ') {
        Some((left, right)) => Ok((left.to_owned(), right.to_owned())),
        None => Err(Error::model(format!(
            "the merge {} is not a pair of tokens with a space between them",
            excerpt(merge)
        ))),
    }
}

/// Derives the merges of a vocabulary that is sorted by priority, best first.
///
/// They are all ways to make a token from two others, as in Hugging Face's conversions of
/// SentencePiece and tiktoken. The ways of one token are in the order of their parts' numbers.
pub(super) fn derived(best_first: &[(&str, u32)]) -> Result<Vec<(String, String)>> {
    let numbers: HashMap<&str, u32> = best_first.iter().copied().collect();
    let mut merges = Vec::new();
    let mut work = 0usize;
    for (text, id) in best_first {
        work = work.saturating_add(text.len().saturating_mul(text.len()));
        if work > MOST_WORK {
            return Err(Error::model(format!(
                "the tokens up to number {id} are too long: their merges take too much work"
            )));
        }
        let mut ways: Vec<(u32, u32, usize)> = Vec::new();
        for (at, _) in text.char_indices().skip(1) {
            let (left, right) = text.split_at(at);
            if let (Some(&left), Some(&right)) = (numbers.get(left), numbers.get(right)) {
                ways.push((left, right, at));
            }
        }
        ways.sort_unstable();
        merges.extend(ways.into_iter().map(|(_, _, at)| {
            let (left, right) = text.split_at(at);
            (left.to_owned(), right.to_owned())
        }));
    }
    Ok(merges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_make_a_token_is_a_merge() {
        let tokens =
            [("ab", 5), ("abc", 9), ("é", 7), ("bc", 4), ("a", 3), ("b", 2), ("c", 1), ("éa", 6)];
        let pairs = derived(&tokens).unwrap();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(left, right)| (left.as_str(), right.as_str())).collect();
        assert_eq!(pairs, [("a", "b"), ("a", "bc"), ("ab", "c"), ("b", "c"), ("é", "a")]);
        assert!(derived(&[(&"a".repeat(1 << 12), 0)]).is_ok());
        let runs: Vec<String> = (1..1000).map(|length| "a".repeat(length)).collect();
        let runs: Vec<(&str, u32)> = runs.iter().map(String::as_str).zip(0..).collect();
        assert!(derived(&runs).is_err());
    }
}
