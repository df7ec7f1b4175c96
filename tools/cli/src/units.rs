//! Sizes, speeds and shares as people write them.

use std::time::Duration;

/// Bytes from `512M`, `1G`, `65536`; powers of 1024.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[number.len()..].to_ascii_uppercase();
    let shift = match unit.trim_end_matches("IB").trim_end_matches('B') {
        "" => Some(0),
        "K" => Some(10),
        "M" => Some(20),
        "G" => Some(30),
        "T" => Some(40),
        _ => None,
    };
    let bytes = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<u64>());
    match (bytes, shift) {
        (Some(Ok(bytes)), Some(shift)) => bytes.checked_mul(1 << shift),
        _ => None,
    }
    .ok_or_else(|| format!("'{text}' is not a size; examples are 65536, 512M and 2G"))
}

/// `31.7 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 999.95 || unit == "GB" {
            let digits = usize::from(unit != "bytes");
            return format!("{value:.digits$} {unit}");
        }
        value /= 1000.0;
    }
    unreachable!("the last unit takes everything")
}

/// Returns `part` of `whole` as a number; `None` if `whole` is 0.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// `66.4 %`.
pub(crate) fn percent(part: u64, whole: u64) -> Option<String> {
    ratio(part, whole).map(|ratio| format!("{:.1} %", 100.0 * ratio))
}

/// `152 x real time` where the audio's bytes a second are known, `26.9 MB/s` otherwise.
pub(crate) fn speed(pcm_bytes: u64, bytes_per_second: Option<u64>, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(1e-6);
    let rate = pcm_bytes as f64 / seconds;
    match bytes_per_second.filter(|&real| real > 0) {
        Some(real) => {
            let times = rate / real as f64;
            let digits = usize::from(times < 10.0);
            format!("{times:.digits$} x real time")
        }
        None => format!("{}/s", bytes(rate as u64)),
    }
}

/// `1 chunk`, `2 chunks`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("0", 0),
            ("65536", 65536),
            ("64k", 65536),
            ("512M", 512 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("1T", 1 << 40),
            ("7B", 7),
        ] {
            assert_eq!(parse_size(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1", "1.5G", "1X", "1 G", "99999999999T", "1KM"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(5_000_000_000_000), "5000.0 GB");
        assert_eq!(percent(1, 3).unwrap(), "33.3 %");
        assert_eq!(percent(1, 0), None);
        let second = Duration::from_secs(1);
        assert_eq!(speed(1000, Some(100), second), "10 x real time");
        assert_eq!(speed(550, Some(100), second), "5.5 x real time");
        assert_eq!(speed(1_500_000, None, second), "1.5 MB/s");
    }
}
