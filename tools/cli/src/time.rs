//! Places in a stream: frame numbers and times.

use std::str::FromStr;

/// Digits before and after the point. The product of all that is multiplied stays within
/// 128 bits.
const WHOLE_DIGITS: usize = 12;
const FRACTION_DIGITS: usize = 9;

/// A place in a stream, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The number of a frame.
    Frame(u64),
    /// `units / per_second` seconds from the start.
    Time { units: u128, per_second: u128 },
}

impl Moment {
    /// The frame at a rate; `None` where the rate is unknown and needed, or the frame
    /// beyond all bounds.
    pub(crate) fn frame(self, rate: u32) -> Option<u64> {
        match self {
            Moment::Frame(frame) => Some(frame),
            Moment::Time { units, per_second } => {
                let frame = units.checked_mul(u128::from(rate))? / per_second;
                if rate == 0 { None } else { u64::try_from(frame).ok() }
            }
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a place in a stream: give a frame number (44100) or a time \
                 (90s, 1.5s, 250ms, 1:23.5, 1:02:03)"
            )
        };
        parse(text).ok_or_else(wrong)
    }
}

fn parse(text: &str) -> Option<Moment> {
    if let Some(number) = text.strip_suffix("ms") {
        let (units, per_second) = decimal(number)?;
        return Some(Moment::Time { units, per_second: per_second * 1000 });
    }
    if let Some(number) = text.strip_suffix('s') {
        let (units, per_second) = decimal(number)?;
        return Some(Moment::Time { units, per_second });
    }
    let Some((before, seconds)) = text.rsplit_once(':') else {
        return digits(text).then(|| text.parse().ok().map(Moment::Frame))?;
    };
    let minutes = match before.split_once(':') {
        Some((hours, minutes)) => 60 * whole(hours)? + below_60(minutes)?,
        None => whole(before)?,
    };
    let (units, per_second) = decimal(seconds)?;
    let in_range = units < 60 * per_second;
    in_range.then_some(Moment::Time { units: units + 60 * minutes * per_second, per_second })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn whole(text: &str) -> Option<u128> {
    (digits(text) && text.len() <= WHOLE_DIGITS).then(|| text.parse().ok())?
}

fn below_60(text: &str) -> Option<u128> {
    whole(text).filter(|&value| value < 60)
}

/// A decimal number as a fraction.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let Some((before, after)) = text.split_once('.') else {
        return Some((whole(text)?, 1));
    };
    if !digits(after) || after.len() > FRACTION_DIGITS {
        return None;
    }
    let per_second = 10u128.pow(after.len() as u32);
    Some((whole(before)? * per_second + after.parse::<u128>().ok()?, per_second))
}

/// The time of a frame as `h:mm:ss.mmm`; nothing where the rate is unknown.
pub(crate) fn clock(frames: u64, rate: u32) -> Option<String> {
    let milliseconds = (u128::from(frames) * 1000).checked_div(u128::from(rate))?;
    let seconds = milliseconds / 1000;
    Some(format!(
        "{}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        milliseconds % 1000
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    fn frame(text: &str, rate: u32) -> Option<u64> {
        text.parse::<Moment>().unwrap().frame(rate)
    }

    #[test]
    fn all_notations() {
        for (text, expected) in [
            ("0", 0),
            ("44100", 44100),
            ("90s", 90 * 44100),
            ("1.5s", 66150),
            ("250ms", 11025),
            ("0.5ms", 22),
            ("1:23.5", 83 * 44100 + 22050),
            ("90:00", 5400 * 44100),
            ("1:02:03", 3723 * 44100),
            ("1:02:03.000000001", 3723 * 44100),
        ] {
            assert_eq!(frame(text, 44100), Some(expected), "{text}");
        }
    }

    #[test]
    fn times_are_exact() {
        // 0.1 s at 10 Hz is one frame and not one less.
        for tenths in 0..10_000u64 {
            assert_eq!(frame(&format!("{}.{}s", tenths / 10, tenths % 10), 10), Some(tenths));
        }
        assert_eq!(frame("999999999999:59:59.999999999", u32::MAX), None);
        assert_eq!(frame("1s", 0), None);
        assert_eq!(frame("1", 0), Some(1));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "s",
            "ms",
            ".5s",
            "1.s",
            "1.5",
            "-1",
            "+1",
            "1:60",
            "1:60:00",
            "1:2:3:4",
            "1e3s",
            "1 s",
            ":30",
            "1:",
            "0x10",
            "18446744073709551616",
            "1.0000000001s",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn clocks() {
        assert_eq!(clock(0, 44100).unwrap(), "0:00:00.000");
        assert_eq!(clock(44099, 44100).unwrap(), "0:00:00.999");
        assert_eq!(clock(3_723_500, 1000).unwrap(), "1:02:03.500");
        assert_eq!(clock(1, 0), None);
    }
}
