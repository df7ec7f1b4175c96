//! Numbers as people write them.

pub use crate::pictures::significant;

/// Returns `part` of `whole` in percent; `None` if `whole` is 0.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| 100.0 * part / whole)
}

/// `66.42 %`.
pub fn percent(value: f64) -> String {
    format!("{value:.2} %")
}

/// `31.7 MB`.
pub fn bytes(count: f64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = count;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0);
    format!("{value:.digits$} {}", units[unit])
}

/// `12.3x` real time.
pub fn times(value: f64) -> String {
    format!("{}x", significant(value))
}

/// `1 clip`, `2 clips`.
pub fn count(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// `4.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0..60 => format!("{} s", significant(seconds)),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `2,048`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let written = [0, 999, 2048, 44_100, 1_000_000].map(grouped);
        assert_eq!(written, ["0", "999", "2,048", "44,100", "1,000,000"]);
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(percent(100.0), "100.00 %");
        assert_eq!(share(1.0, 4.0), Some(25.0));
        assert_eq!(share(1.0, 0.0), None);
        assert_eq!(bytes(999.0), "999 bytes");
        assert_eq!(bytes(999_949.0), "999.9 kB");
        assert_eq!(bytes(999_950.0), "1.0 MB");
        assert_eq!(bytes(5e15), "5000.0 TB");
        assert_eq!(count(1, "clip"), "1 clip");
        assert_eq!(count(0, "clip"), "0 clips");
        assert_eq!(duration(4.25), "4.25 s");
        assert_eq!(duration(59.9), "1 min 0 s");
        assert_eq!(duration(7500.0), "2 h 5 min");
    }
}
