//! What a channel is taken to have been before its chunk, so that filters need not find it out
//! first: a typical spectrum, and the size of errors.

/// Number of taps of the predictors of typical spectra.
const TAPS: usize = 16;

/// Number of lags of which the correlations are known.
pub(super) const LAGS: usize = 32;

/// The reflection coefficients of typical spectra, in units of 1/32,768, with the most noise-like
/// first. They are the centers of clusters of segments of many recordings.
const SPECTRA: [[i16; TAPS]; 8] = [
    [
        -27068, 1140, -7775, 13179, 10220, 12110, -2094, -2897, -10155, 673, -1832, 2477, 3161,
        2767, 459, 2463,
    ],
    [
        -14652, 28346, -12997, 9047, -2084, 214, -7438, -5101, -9341, -5527, -2756, -3469, -4422,
        -5268, -4539, -2241,
    ],
    [
        -27872, 27775, -1222, -3038, 2162, 6673, -1959, 1396, -1340, 643, -2283, 1163, 231, -54,
        50, 2052,
    ],
    [
        -31297, 17656, -17425, 6654, -4968, 2215, -1315, -2180, -1389, 526, -1335, 949, 156, -66,
        -724, 173,
    ],
    [
        -31732, -20887, -13362, -5834, -3608, -1355, -335, 731, -1742, 2491, 199, -124, -634, 431,
        -398, -582,
    ],
    [
        -32178, 28056, -11142, -2554, 680, 333, -920, 781, -436, -706, -1489, -264, -298, -264,
        -632, 33,
    ],
    [-32648, -1860, -1856, 220, -1624, 703, -981, 220, 820, 359, 1285, 1626, -95, 814, 148, -202],
    [
        -32652, 24932, 9950, 2759, -179, -515, -1087, -347, -147, 346, -153, 216, -499, -316, -619,
        -316,
    ],
];

/// An encoder looks at this many samples at most.
const SEEN: usize = 256;

/// The largest level.
const MOST_LEVEL: u32 = 31;

/// A past, as one byte of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    /// The spectrum in the upper three bits, the level in the others.
    byte: u8,
}

impl Past {
    pub(super) const fn new(byte: u8) -> Self {
        Past { byte }
    }

    pub(super) fn byte(self) -> u8 {
        self.byte
    }

    /// Finds a past that leads to these samples, which are multiples of `unit`, from silence.
    pub(super) fn find(samples: &[i32], unit: f64) -> Self {
        let mut past = [0.0; TAPS + SEEN];
        let seen = samples.len().min(SEEN);
        for (place, &sample) in past[TAPS..].iter_mut().zip(samples) {
            *place = f64::from(sample) * unit;
        }
        let mut best = (0, f64::INFINITY);
        for (spectrum, Spectrum { errors, .. }) in KNOWN.iter().enumerate() {
            let mut power = 0.0;
            for window in past[..TAPS + seen].windows(TAPS + 1) {
                let mut error = 0.0;
                for (factor, sample) in errors.iter().zip(window.iter().rev()) {
                    error += factor * sample;
                }
                power += error * error;
            }
            if power < best.1 {
                best = (spectrum as u8, power);
            }
        }
        let power = best.1 / seen.max(1) as f64;
        let level = (0..MOST_LEVEL).find(|&level| power < 2.0 * size(level) * size(level));
        Past { byte: best.0 << 5 | level.unwrap_or(MOST_LEVEL) as u8 }
    }

    /// The binary logarithm of the size of errors, in the unit of the models.
    fn level(self) -> u32 {
        u32::from(self.byte) & MOST_LEVEL
    }

    /// The size of errors: the root of their mean square.
    pub(super) fn size(self) -> f64 {
        size(self.level())
    }

    /// Returns the correlations of this many samples: sums of products of samples and earlier ones.
    pub(super) fn correlations(self, samples: f64) -> [f64; LAGS] {
        let scale = samples * (self.size() * self.size());
        KNOWN[usize::from(self.byte >> 5)].correlations.map(|correlation| correlation * scale)
    }
}

fn size(level: u32) -> f64 {
    f64::from(1u32 << level)
}

struct Spectrum {
    /// The factors of a sample and of those before it, whose sum is the error of a prediction.
    errors: [f64; TAPS + 1],
    /// The correlations of a signal whose errors have a mean square of one.
    correlations: [f64; LAGS],
}

static KNOWN: [Spectrum; SPECTRA.len()] = {
    let mut known =
        [const { Spectrum { errors: [0.0; TAPS + 1], correlations: [0.0; LAGS] } }; SPECTRA.len()];
    let mut at = 0;
    while at < SPECTRA.len() {
        known[at] = Spectrum::new(&SPECTRA[at]);
        at += 1;
    }
    known
};

impl Spectrum {
    /// Finds predictor and correlations, one tap after the other.
    const fn new(reflections: &[i16; TAPS]) -> Self {
        let mut errors = [0.0; TAPS + 1];
        errors[0] = 1.0;
        let mut correlations = [0.0; LAGS];
        correlations[0] = 1.0;
        let mut power = 1.0;
        let mut lag = 1;
        while lag < LAGS {
            let mut known = 0.0;
            let mut i = 1;
            while i < lag && i <= TAPS {
                known += errors[i] * correlations[lag - i];
                i += 1;
            }
            if lag <= TAPS {
                let reflection = reflections[lag - 1] as f64 / 32_768.0;
                correlations[lag] = -known - reflection * power;
                let before = errors;
                let mut i = 1;
                while i <= lag {
                    errors[i] = before[i] + reflection * before[lag - i];
                    i += 1;
                }
                power *= 1.0 - reflection * reflection;
            } else {
                correlations[lag] = -known;
            }
            lag += 1;
        }
        let mut lag = 0;
        while lag < LAGS {
            correlations[lag] /= power;
            lag += 1;
        }
        Spectrum { errors, correlations }
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    /// Noise with the spectrum and the size of errors of a past.
    fn signal(past: Past, frames: usize) -> Vec<i32> {
        let errors = &KNOWN[usize::from(past.byte >> 5)].errors;
        let mut random = Random::new(u64::from(past.byte));
        let mut signal = vec![0.0; TAPS];
        while signal.len() < TAPS + frames {
            let noise = f64::from(random.next_f32());
            // The mean square of the noise is a third.
            let mut sample = noise * 3f64.sqrt() * past.size();
            for (at, factor) in errors.iter().enumerate().skip(1) {
                sample -= factor * signal[signal.len() - at];
            }
            signal.push(sample);
        }
        signal[TAPS..].iter().map(|&sample| sample.round() as i32).collect()
    }

    #[test]
    fn a_past_is_found_in_a_signal_of_its_kind() {
        for spectrum in 0..SPECTRA.len() as u8 {
            for level in [9, 12] {
                let past = Past::new(spectrum << 5 | level);
                assert_eq!(Past::find(&signal(past, 300), 1.0), past);
            }
        }
    }

    #[test]
    fn correlations_are_those_of_what_the_predictor_makes() {
        for spectrum in 0..SPECTRA.len() as u8 {
            let past = Past::new(spectrum << 5 | 10);
            let correlations = past.correlations(20.0);
            for lag in 0..LAGS {
                let factors = KNOWN[usize::from(spectrum)].errors.iter().enumerate();
                let sum: f64 = factors.map(|(i, f)| f * correlations[lag.abs_diff(i)]).sum();
                // The errors are independent of the past.
                let expected = if lag == 0 { 20.0 * past.size() * past.size() } else { 0.0 };
                assert!((sum - expected).abs() < 1e-6 * correlations[0], "{spectrum}, lag {lag}");
            }
        }
    }

    #[test]
    fn signals_at_the_ends_have_the_last_levels() {
        for samples in [vec![], vec![0], vec![0; 300]] {
            assert_eq!(Past::find(&samples, 1.0).level(), 0);
        }
        let loud: Vec<i32> = (0..300).map(|at| [i32::MIN, i32::MAX][at * 7 % 5 % 2]).collect();
        assert_eq!(Past::find(&loud, 1.0).level(), MOST_LEVEL);
    }
}
