//! LMS filters in 16-bit integers, for many taps.

use crate::numerics::functions::{clamp, round};
use crate::numerics::integers::{BLOCK, Integers};

/// The power of two that scales targets to integers.
#[derive(Debug, Clone, Copy)]
pub(in crate::method::adaptive) struct TargetScale {
    up: f32,
    down: f32,
}

impl TargetScale {
    /// Returns the scale for signals between two numbers, times the unit.
    ///
    /// The largest integer is half of the peak, which is taken to be 1 at least, since targets
    /// are residuals, which are smaller.
    pub(in crate::method::adaptive) fn for_range((low, high): (i32, i32), unit: f64) -> Self {
        let peak = (f64::from(high).max(-f64::from(low)) * unit).max(1.0);
        let mut up = 1.0;
        while peak * up > 65_536.0 {
            up *= 0.5;
        }
        while peak * up <= 32_768.0 {
            up *= 2.0;
        }
        TargetScale { up: up as f32, down: (1.0 / up) as f32 }
    }
}

/// The share of the newest values in the power that a step is divided by.
const RECENT_SHARE: f32 = 0.5;
/// The number of these newest values.
const RECENT: usize = 32;

/// The weight that stands for 1.
const ONE: f32 = 65_536.0;
/// The gain that stands for 1 in [`Integers::adapt`].
const GAIN_ONE: f32 = 32_768.0;
const MOST: f32 = 32_767.0;

/// A filter of any number of taps that is a multiple of [`BLOCK`].
pub(in crate::method::adaptive) struct Integer {
    step: f32,
    scale: TargetScale,
    weights: Vec<i16>,
    /// Oldest first; the window is `history[at..at + taps]`.
    history: Vec<i16>,
    at: usize,
    power: i64,
    recent_power: i64,
    pub(in crate::method::adaptive) prediction: f32,
}

impl Integer {
    const SLACK: usize = 4096;

    pub(in crate::method::adaptive) fn new(taps: usize, step: f32, scale: TargetScale) -> Self {
        assert!(taps.is_multiple_of(BLOCK) && taps >= RECENT);
        Integer {
            step: step / taps as f32,
            scale,
            weights: vec![0; taps],
            history: vec![0; taps + Self::SLACK],
            at: 0,
            power: 0,
            recent_power: 0,
            prediction: 0.0,
        }
    }

    /// Learns the target and predicts the next one.
    #[inline(always)]
    pub(in crate::method::adaptive) fn step<I: Integers>(&mut self, target: f32) {
        let taps = self.weights.len();
        let TargetScale { up, down } = self.scale;
        let power = 1.0
            + ((1.0 - RECENT_SHARE) / taps as f32 * self.power as f32
                + RECENT_SHARE / RECENT as f32 * self.recent_power as f32)
                * (down * down);
        let gain = self.step * (target - self.prediction) / power;
        let gain = round(clamp(gain * down * (ONE * GAIN_ONE), -MOST, MOST)) as i16;

        if self.at + taps == self.history.len() {
            self.history.copy_within(self.at.., 0);
            self.at = 0;
        }
        let new = round(clamp(target * up, -MOST, MOST)) as i16;
        let square = |x: i16| i64::from(x) * i64::from(x);
        let recent_old = self.history[self.at + taps - RECENT];
        self.power += square(new) - square(self.history[self.at]);
        self.recent_power += square(new) - square(recent_old);
        self.history[self.at + taps] = new;

        let window = &self.history[self.at..self.at + taps + 1];
        let sum = I::adapt(&mut self.weights, &window[..taps], &window[1..], gain);
        self.prediction = sum as f32 * (down / ONE);
        self.at += 1;
    }
}
