//! The schedule of tokens: which rows go through the layers together.

use super::cache::Cache;

/// The most rows of a block: enough to read weights rarely, few enough to keep all values
/// between the layers in a cache.
pub(super) const ROWS: usize = 128;

/// Tokens that continue a context.
pub(crate) struct Run<'a> {
    pub(crate) cache: &'a mut Cache,
    pub(crate) tokens: &'a [u32],
}

/// Neighbouring tokens of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) run: usize,
    /// The place of the first token in the run, and its position in the context.
    pub(super) token: usize,
    pub(super) position: usize,
    /// The row of the first token in the block.
    pub(super) row: usize,
    pub(super) rows: usize,
}

/// Cuts runs into blocks of at most [`ROWS`] rows. Each block has at most one span of a
/// run, and a run's spans come in order.
pub(super) fn blocks(runs: &[Run<'_>]) -> Vec<Vec<Span>> {
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    let mut row = 0;
    for (index, run) in runs.iter().enumerate() {
        let mut token = 0;
        while token < run.tokens.len() {
            let rows = (run.tokens.len() - token).min(ROWS - row);
            let position = run.cache.len() + token;
            block.push(Span { run: index, token, position, row, rows });
            token += rows;
            row += rows;
            if row == ROWS {
                blocks.push(std::mem::take(&mut block));
                row = 0;
            }
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::language::Precision;

    #[test]
    fn runs_fill_blocks_in_order() {
        let tokens = [0; 300];
        let mut caches = [(); 3].map(|()| Cache::new(Precision::F32));
        let [a, b, c] = &mut caches;
        let runs = [
            Run { cache: a, tokens: &tokens[..5] },
            Run { cache: b, tokens: &tokens },
            Run { cache: c, tokens: &tokens[..1] },
        ];
        let span = |run, token, row, rows| Span { run, token, position: token, row, rows };
        let expected = [
            vec![span(0, 0, 0, 5), span(1, 0, 5, 123)],
            vec![span(1, 123, 0, 128)],
            vec![span(1, 251, 0, 49), span(2, 0, 49, 1)],
        ];
        assert_eq!(blocks(&runs), expected);
    }
}
