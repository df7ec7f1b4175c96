//! Frames and times.

use gst::ClockTime;

const SECOND: u128 = 1_000_000_000;

/// Returns the time at which a frame begins, rounded down.
pub(crate) fn of_frame(frame: u64, rate: u32) -> ClockTime {
    let time = u128::from(frame) * SECOND / u128::from(rate.max(1));
    ClockTime::from_nseconds(saturated(time))
}

/// Returns the number of frames that begin at or before a time, but for the first one: the number
/// of the frame that sounds then. Times may be rounded up or down: a frame may begin a nanosecond
/// late.
pub(crate) fn frame_at(time: ClockTime, rate: u32) -> u64 {
    saturated((u128::from(time.nseconds()) + 1) * u128::from(rate) / SECOND)
}

/// Returns the number of frames that begin before a time, which may be rounded up or down.
pub(crate) fn frames_before(time: ClockTime, rate: u32) -> u64 {
    let time = u128::from(time.nseconds().saturating_sub(1));
    saturated((time * u128::from(rate)).div_ceil(SECOND))
}

/// All numbers but the largest one, which stands for no time.
fn saturated(number: u128) -> u64 {
    number.min(u128::from(u64::MAX - 1)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_at_times_rounded_up_and_down() {
        for rate in [1, 8000, 11_025, 44_100, 48_000, 192_000, 768_000] {
            for frame in [0, 1, 2, 3, 999, 44_101, 1 << 20, (1 << 33) + 7] {
                let down = of_frame(frame, rate);
                let up = down + ClockTime::from_nseconds(1);
                assert_eq!(frame_at(down, rate), frame, "frame {frame} at rate {rate}");
                assert_eq!(frame_at(up, rate), frame, "frame {frame} at rate {rate}");
                assert_eq!(frames_before(down, rate), frame, "frame {frame} at rate {rate}");
                assert_eq!(frames_before(up, rate), frame, "frame {frame} at rate {rate}");
            }
        }
    }

    #[test]
    fn numbers_that_are_too_large_are_no_times() {
        assert_eq!(of_frame(u64::MAX, 1), ClockTime::from_nseconds(u64::MAX - 1));
        assert_eq!(frame_at(of_frame(u64::MAX, 1), u32::MAX), u64::MAX - 1);
    }
}
