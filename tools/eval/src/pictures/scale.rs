//! From values to places along an axis, and the marks of the axis.

/// An axis: its values from `low` to `high` lie from `start` to `end`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
    pub(crate) marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) value: f64,
    /// The text beside it, of major marks.
    pub(crate) text: Option<String>,
}

/// Decades up to which 2 and 5 are named beside 1.
const FEW_DECADES: f64 = 2.5;

impl Scale {
    /// Returns a scale on which equal factors are equal distances, with room on both sides.
    pub(crate) fn logarithmic(values: &[f64], start: f64, end: f64) -> Scale {
        let (least, most) = extent(values);
        let (low, high) = ((least / 1.6).log10(), (most * 1.6).log10());
        let mark = |decade: i32, digit: i32| {
            let value = f64::from(digit) * 10f64.powi(decade);
            let named = digit == 1 || high - low <= FEW_DECADES && matches!(digit, 2 | 5);
            let decimals = decade.min(0).unsigned_abs() as usize;
            Mark { value, text: named.then(|| format!("{value:.decimals$}")) }
        };
        let decades = low.floor() as i32..=high.ceil() as i32;
        let marks = decades.flat_map(|decade| (1..10).map(move |digit| mark(decade, digit)));
        let marks = marks.filter(|mark| (low..=high).contains(&mark.value.log10())).collect();
        Scale { low, high, start, end, logarithmic: true, marks }
    }

    /// Returns a scale from the round number below the values to the one above.
    pub(crate) fn linear(values: &[f64], start: f64, end: f64) -> Scale {
        let (least, most) = extent(values);
        let step = step((most - least).max(most.abs() * 0.02).max(1e-9) / 5.0);
        let (first, last) = ((least / step - 0.15).floor(), (most / step + 0.15).ceil());
        let marks = marks(step, first, last);
        Scale { low: first * step, high: last * step, start, end, logarithmic: false, marks }
    }

    /// Returns a scale from `low` to `high` with about this many marks at round numbers.
    pub(crate) fn exact((low, high): (f64, f64), start: f64, end: f64, count: f64) -> Scale {
        let step = step((high - low).max(f64::MIN_POSITIVE) / count);
        let marks = marks(step, (low / step).ceil(), (high / step * (1.0 + 1e-9)).floor());
        Scale { low, high, start, end, logarithmic: false, marks }
    }

    /// Returns the place of a value.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }
}

fn extent(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &value| {
        (least.min(value), most.max(value))
    })
}

/// Returns the first of 1, 2, 5, 10, 20, ... that is not below a length.
fn step(length: f64) -> f64 {
    let decade = 10f64.powf(length.log10().floor());
    let digits = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * decade >= length * 0.999);
    digits.unwrap_or(10.0) * decade
}

/// Returns marks at multiples of a step.
fn marks(step: f64, first: f64, last: f64) -> Vec<Mark> {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let mark = |at: i64| {
        let value = at as f64 * step;
        Mark { value, text: Some(format!("{value:.decimals$}")) }
    };
    (first as i64..=last as i64).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(scale: &Scale) -> Vec<&str> {
        scale.marks.iter().filter_map(|mark| mark.text.as_deref()).collect()
    }

    #[test]
    fn a_few_decades_name_twos_and_fives() {
        let scale = Scale::logarithmic(&[30.0, 700.0], 0.0, 100.0);
        assert_eq!(named(&scale), ["20", "50", "100", "200", "500", "1000"]);
        assert!(scale.marks.iter().any(|mark| mark.value == 300.0 && mark.text.is_none()));
    }

    #[test]
    fn many_decades_name_tens() {
        let scale = Scale::logarithmic(&[0.03, 700.0], 0.0, 100.0);
        assert_eq!(named(&scale), ["0.1", "1", "10", "100", "1000"]);
    }

    #[test]
    fn places_follow_factors() {
        let scale = Scale::logarithmic(&[1.0, 100.0], 50.0, 250.0);
        assert!((scale.place(10.0) - 150.0).abs() < 1e-9);
        assert!(scale.place(1.0) > 50.0 && scale.place(100.0) < 250.0);
    }

    #[test]
    fn linear_marks_are_round_and_hold_everything() {
        let scale = Scale::linear(&[0.403, 0.537], 300.0, 0.0);
        assert_eq!(named(&scale), ["0.35", "0.40", "0.45", "0.50", "0.55"]);
        assert!(scale.place(0.403) < 300.0 && scale.place(0.537) > 0.0);
        assert!(scale.place(0.5) < scale.place(0.4));
    }

    #[test]
    fn exact_scales_end_where_their_values_do() {
        let scale = Scale::exact((0.0, 14.08), 100.0, 200.0, 8.0);
        assert_eq!(named(&scale), ["0", "2", "4", "6", "8", "10", "12", "14"]);
        assert_eq!((scale.place(0.0), scale.place(14.08)), (100.0, 200.0));
        let scale = Scale::exact((0.0, 0.125), 0.0, 1.0, 8.0);
        assert_eq!(named(&scale).last(), Some(&"0.12"));
        assert_eq!(named(&Scale::exact((0.0, 0.1), 0.0, 1.0, 5.0)).last(), Some(&"0.10"));
    }

    #[test]
    fn one_value_is_enough() {
        for scale in [Scale::linear(&[0.5], 0.0, 10.0), Scale::logarithmic(&[0.5], 0.0, 10.0)] {
            assert!((1.0..9.0).contains(&scale.place(0.5)), "{scale:?}");
            assert!(named(&scale).len() >= 2 || scale.marks.len() >= 4, "{scale:?}");
        }
    }
}
