//! Rows of a picture as differences from the pixels beside and above.

/// The rows of a gray picture, each with the number of its filter before it: of all filters
/// the one that leaves the smallest numbers, as signed bytes, in sum. Of equals it is the
/// first in the order that libpng and Pillow try them in.
pub(super) fn filtered(pixels: &[u8], width: usize) -> Vec<u8> {
    let mut filtered = Vec::with_capacity(pixels.len() + pixels.len().div_ceil(width));
    let mut best = Vec::with_capacity(width);
    let mut above: &[u8] = &vec![0; width];
    for row in pixels.chunks(width) {
        let mut best_sum = u64::MAX;
        let mut best_filter = Filter::None;
        for filter in [Filter::None, Filter::Up, Filter::Sub, Filter::Average, Filter::Paeth] {
            let sum = filter.row(row, above).map(magnitude).sum();
            if sum < best_sum {
                (best_sum, best_filter) = (sum, filter);
            }
        }
        best.clear();
        best.extend(best_filter.row(row, above));
        filtered.push(best_filter as u8);
        filtered.append(&mut best);
        above = row;
    }
    filtered
}

/// How far a byte is from zero in either direction.
fn magnitude(byte: u8) -> u64 {
    u64::from(byte.cast_signed().unsigned_abs())
}

/// The filters of PNG, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    None = 0,
    Sub = 1,
    Up = 2,
    Average = 3,
    Paeth = 4,
}

impl Filter {
    /// Subtracts the prediction from the pixels around; those outside are black.
    fn row(self, row: &[u8], above: &[u8]) -> impl Iterator<Item = u8> {
        let before = |pixels: &[u8], at: usize| at.checked_sub(1).map_or(0, |at| pixels[at]);
        (0..row.len()).map(move |at| {
            let (left, up, corner) = (before(row, at), above[at], before(above, at));
            let expected = match self {
                Filter::None => 0,
                Filter::Sub => left,
                Filter::Up => up,
                Filter::Average => left.midpoint(up),
                Filter::Paeth => paeth(left, up, corner),
            };
            row[at].wrapping_sub(expected)
        })
    }
}

/// Of three pixels the one that is closest to left + up - corner.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let slope = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |pixel: u8| (slope - i16::from(pixel)).abs();
    // The first of equals.
    [left, up, corner].into_iter().min_by_key(|&pixel| distance(pixel)).unwrap_or(corner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_the_filter_that_leaves_the_least() {
        let rows: &[(&[u8; 4], [u8; 5])] = &[
            (&[1, 255, 0, 2], [0, 1, 255, 0, 2]),
            (&[101, 102, 103, 104], [1, 101, 1, 1, 1]),
            (&[101, 102, 103, 105], [2, 0, 0, 0, 1]),
            // Half of what is left and above: 50, (50 + 102) / 2, and so on.
            (&[50, 76, 89, 97], [3, 0, 0, 0, 0]),
            (&[50, 50, 90, 90], [2, 0, 230, 1, 249]),
            // Closest to left + up - corner: 50 above, 80 to the left, 90 above, 90 anywhere.
            (&[80, 80, 90, 90], [4, 30, 0, 0, 0]),
        ];
        let pixels: Vec<u8> = rows.iter().flat_map(|(row, _)| row.iter().copied()).collect();
        let expected: Vec<u8> = rows.iter().flat_map(|(_, expected)| *expected).collect();
        assert_eq!(filtered(&pixels, 4), expected);
    }
}
