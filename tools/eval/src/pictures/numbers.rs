//! Numbers as text.

/// Writes a number with three significant digits, or all digits before the point.
pub fn significant(value: f64) -> String {
    let magnitude = value.abs().max(1e-9).log10().floor();
    // Rounding may add a digit: 9.996 is 10.0.
    let rounded = 10f64.powf(magnitude - 2.0);
    let magnitude = ((value / rounded).round() * rounded).max(1e-9).log10().floor();
    format!("{value:.*}", (2.0 - magnitude).clamp(0.0, 6.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let cases = [
            (0.012345, "0.0123"),
            (0.9996, "1.00"),
            (9.996, "10.0"),
            (38.04, "38.0"),
            (99.96, "100"),
            (1123.4, "1123"),
            (0.0, "0.000000"),
        ];
        for (value, expected) in cases {
            assert_eq!(significant(value), expected, "{value}");
        }
    }
}
