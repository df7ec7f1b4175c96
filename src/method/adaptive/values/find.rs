//! Finds the table of the values that occur.

use super::form::{Form, Law, Line};
use super::{MOST, Values, bitmap, most_values};
use crate::entropy::{UNITS, log2};
use crate::error::{ErrorKind, Result};
use crate::memory;

/// The least bits that a table has to save by estimate.
const LEAST_SAVED: u64 = 64;
/// Number of samples that tell whether a wide range may have a table.
const PROBE: usize = 8192;
/// The least distance of values in a wide range.
const WIDE_GAP: u64 = 3;
/// The largest distance of neighbours on a line, which keeps its factor precise.
const MOST_GAP: u64 = 1 << 20;
/// The least number of values that a line is looked for in.
const LEAST_VALUES: usize = 16;
/// The precision of the factor of a line while it is looked for, as a power of two.
const PRECISION: u32 = 40;
/// Added to a bias so that multiples half-way between two numbers, as decimal factors have, are
/// rounded up although the factor is not exact: more than its error at the largest multiple.
const TILT: i128 = 1 << (PRECISION - TILT_SHIFT);
const TILT_SHIFT: u32 = 20;

/// A table, and how it is written.
pub(in crate::method::adaptive) type Found = (Form, Values);

/// Finds tables of the values of these channels if many numbers between them never occur.
///
/// There is a law, or a line, or a bitmap of all numbers that occur and one with some more for
/// the sake of its rule. Beside a line with many more values there are bitmaps too. All values
/// are within `range`, as the numbers are.
pub(in crate::method::adaptive) fn find(
    channels: &[&[i32]],
    range: (i32, i32),
) -> Result<Vec<Found>> {
    let frames = channels.first().map_or(0, |samples| samples.len());
    let all = || channels.iter().copied().flatten().copied();
    let Some((low, high)) = all().min().zip(all().max()) else { return Ok(Vec::new()) };
    let span = u64::from(high.abs_diff(low)) + 1;
    if span < 3 {
        return Ok(Vec::new());
    }
    let (occurring, saved) = if span <= MOST {
        let mut counts: Vec<u32> = memory::filled(0, span as usize)?;
        all().for_each(|value| counts[value.abs_diff(low) as usize] += 1);
        let saved = saved_bits(&counts, 64).max(saved_bits(&counts, 1024));
        if saved < LEAST_SAVED {
            return Ok(Vec::new());
        }
        let mut occurring = memory::room(counts.iter().filter(|&&count| count > 0).count())?;
        let occurs = (0..span as usize).filter(|&at| counts[at] > 0);
        occurring.extend(occurs.map(|at| (i64::from(low) + at as i64) as i32));
        (occurring, saved)
    } else {
        let stride = all().count().div_ceil(PROBE);
        let some = all().step_by(stride).filter(|&value| value != range.0 && value != range.1);
        if least_gap(&distinct(some.collect())) < WIDE_GAP {
            return Ok(Vec::new());
        }
        let mut samples = memory::room(frames * channels.len())?;
        samples.extend(all());
        (distinct(samples), u64::MAX)
    };
    if let Some(found) = find_law(&occurring, range)? {
        return Ok(vec![found]);
    }
    let mut found = Vec::new();
    if let Some(line) = find_line(&occurring, range, most_values(frames))? {
        let count = line.1.count();
        found.push(line);
        // One that has many more values may fit by chance.
        if count <= 2 * occurring.len() {
            return Ok(found);
        }
    }
    if span > most_values(frames) {
        return Ok(found);
    }
    let values = Values::new(occurring)?;
    for fill in [false, true] {
        let table = bitmap::write(&values, fill)?;
        if saved > 8 * table.len() as u64 + LEAST_SAVED {
            let form = Form::Bitmap { low, span: span as u32, table };
            let values = form.values(range)?;
            found.push((form, values));
        }
    }
    Ok(found)
}

/// Estimates the bits that a table saves: the samples of each stretch of this many numbers are
/// on fewer of them than scattered samples would be.
fn saved_bits(counts: &[u32], stretch: usize) -> u64 {
    let mut saved = 0u64;
    for stretch in counts.chunks(stretch) {
        let width = stretch.len() as u64;
        let samples: u64 = stretch.iter().map(|&count| u64::from(count)).sum();
        let used = stretch.iter().filter(|&&count| count > 0).count() as u64;
        if used == 0 {
            continue;
        }
        // n scattered samples would occupy at least w n / (n + w) of w numbers.
        let expected = (width * samples * 256 / (samples + width)).max(1);
        saved += samples * u64::from(log2(expected).saturating_sub(log2(used * 256)));
    }
    saved / UNITS
}

fn distinct(mut samples: Vec<i32>) -> Vec<i32> {
    samples.sort_unstable();
    samples.dedup();
    samples
}

/// Returns the least distance between numbers that rise.
fn least_gap<T: Copy + Into<i64>>(numbers: &[T]) -> u64 {
    numbers.windows(2).map(|two| two[1].into().abs_diff(two[0].into())).min().unwrap_or(0)
}

/// Makes the table of a form if it has all these values, and none beyond `range`.
fn made(form: Form, occurring: &[i32], range: (i32, i32)) -> Result<Option<Found>> {
    match form.values(range) {
        Ok(values) if occurring.iter().all(|&number| values.has(number)) => {
            Ok(Some((form, values)))
        }
        Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => Err(error),
        _ => Ok(None),
    }
}

/// Finds a law of telephony.
fn find_law(occurring: &[i32], range: (i32, i32)) -> Result<Option<Found>> {
    if occurring.len() > 256 {
        return Ok(None);
    }
    for law in [Law::Mu, Law::A] {
        let found = made(Form::Law(law), occurring, range)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Finds the line with the fewest values, at most `most`.
fn find_line(occurring: &[i32], range: (i32, i32), most: u64) -> Result<Option<Found>> {
    // What was cut off at an end of the range is no multiple.
    let inner = occurring.strip_prefix(&[range.0]).unwrap_or(occurring);
    let inner = inner.strip_suffix(&[range.1]).unwrap_or(inner);
    if inner.len() < LEAST_VALUES {
        return Ok(None);
    }
    let mut numbers: Vec<i64> = memory::room(inner.len())?;
    numbers.extend(inner.iter().map(|&value| i64::from(value)));
    numbers.sort_unstable_by_key(|number| (number.abs(), *number));
    let mut sizes: Vec<i64> = memory::room(inner.len())?;
    sizes.extend(numbers.iter().map(|number| number.abs()));
    sizes.dedup();
    // Neighbours among the multiples differ by less than the factor and 1.
    let gaps = [least_gap(&sizes), least_gap(inner)];
    let mut best: Option<Found> = None;
    for (mirrored, nearest) in [(true, true), (true, false), (false, false), (false, true)] {
        let (numbers, gap) = if mirrored { (&sizes, gaps[0]) } else { (&numbers, gaps[1]) };
        let Some(estimate) = Factors::estimate(numbers, gap.max(1), nearest) else { continue };
        for tilt in [0, TILT] {
            let factors = Factors { tilt, ..estimate }.narrow(numbers);
            let line = factors.and_then(|factors| factors.line(occurring, range, mirrored));
            if let Some(line) = line.filter(|line| u64::from(line.count) <= most)
                && let Some(found) = made(Form::Line(line), occurring, range)?
                && best.as_ref().is_none_or(|(_, best)| found.1.count() < best.count())
            {
                best = Some(found);
            }
        }
    }
    Ok(best)
}

/// The factors that are possible, in units of 2^-PRECISION.
#[derive(Debug, Clone, Copy)]
struct Factors {
    least: i128,
    most: i128,
    /// Whether multiples are rounded to the nearest, or down.
    nearest: bool,
    /// What is added to the bias.
    tilt: i128,
}

impl Factors {
    fn bias(&self) -> i128 {
        self.tilt + if self.nearest { 1 << (PRECISION - 1) } else { 0 }
    }

    /// Estimates the factor of numbers that are sorted by their size; those that are neighbours
    /// differ by `gap` at least.
    fn estimate(numbers: &[i64], gap: u64, nearest: bool) -> Option<Self> {
        let reach = if gap == 1 { 1024 } else { 128 * gap };
        let near = numbers.partition_point(|number| number.unsigned_abs() <= reach);
        if near < LEAST_VALUES || gap > MOST_GAP {
            return None;
        }
        let near = &numbers[..near];
        // A factor's inverse turns numbers into phases, in units of 2^-32: close to 0 for
        // multiples. The largest factor that fits is taken.
        let step = (1u64 << 32) / (8 * reach);
        let slowest = (1u64 << 32) / (gap + 1);
        let quickest = (1u64 << 32) / (gap.max(2) - 1);
        let mut best: Option<(u64, u64)> = None;
        let mut inverse = slowest;
        while inverse < quickest.min((1 << 32) - step) {
            let offset = if nearest { 0 } else { inverse as u32 / 2 };
            let phase = |&number: &i64| {
                let phase = (number as u32).wrapping_mul(inverse as u32).wrapping_add(offset);
                u64::from((phase as i32).unsigned_abs())
            };
            let mean = near.iter().map(phase).sum::<u64>() / near.len() as u64;
            // Rounding alone gives this mean; numbers without a factor, 2^30.
            let least = inverse / 4;
            let whole = (1u64 << 30).saturating_sub(least).max(1);
            let excess = mean.saturating_sub(least) * 1024 / whole;
            match best {
                Some((least, at)) if excess >= least => {
                    // Past the best one of its neighbourhood.
                    if least < 256 && inverse > at + 16 * step {
                        break;
                    }
                }
                _ => best = Some((excess, inverse)),
            }
            inverse += step;
        }
        let (excess, inverse) = best?;
        if excess >= 512 {
            return None;
        }
        let factor = (1i128 << (32 + PRECISION)) / i128::from(inverse);
        let spread = factor * i128::from(2 * step) / i128::from(inverse);
        Some(Factors { least: factor - spread, most: factor + spread, nearest, tilt: 0 })
    }

    /// Returns the multiple that a number is closest to being.
    fn multiple(&self, number: i64) -> i64 {
        let middle = (self.least + self.most).max(2) / 2;
        // A number that was rounded down stands for the middle of what gives it.
        let doubled = 2 * i128::from(number) + i128::from(!self.nearest);
        let place = doubled << PRECISION;
        (place + middle).div_euclid(2 * middle) as i64
    }

    /// Keeps the factors that give each of the numbers.
    fn narrow(mut self, numbers: &[i64]) -> Option<Self> {
        for &number in numbers {
            let multiple = i128::from(self.multiple(number));
            let from = (i128::from(number) << PRECISION) - self.bias();
            let until = from + (1 << PRECISION) - 1;
            // from <= multiple * factor <= until
            let (least, most) = match multiple.signum() {
                1 => (-(-from).div_euclid(multiple), until.div_euclid(multiple)),
                -1 => (-until.div_euclid(-multiple), (-from).div_euclid(-multiple)),
                _ if from <= 0 && until >= 0 => continue,
                _ => return None,
            };
            self.least = self.least.max(least);
            self.most = self.most.min(most);
            if self.least > self.most {
                return None;
            }
        }
        Some(self)
    }

    /// Returns the line with the smallest shift that reaches from the first value to the last.
    fn line(&self, occurring: &[i32], range: (i32, i32), mirrored: bool) -> Option<Line> {
        let at = |shift: u32| {
            let by = PRECISION - shift;
            // Rounded up.
            let factor = -(-self.least >> by);
            (factor << by <= self.most).then_some((shift, factor))
        };
        // A tilt takes a shift that has room for it.
        let least = if self.tilt == 0 { 0 } else { TILT_SHIFT };
        let (shift, factor) = (least..PRECISION).find_map(at).unwrap_or((PRECISION, self.least));
        let exact = factor << (PRECISION - shift);
        let bias = (self.bias() >> (PRECISION - shift)) as u64;
        let line = Line { shift, factor: factor as u64, bias, mirrored, first: 0, count: 0 };
        let exact = Factors { least: exact, most: exact, ..*self };
        let multiple = |end: i32| match mirrored {
            true => exact.multiple(i64::from(end).abs()) * i64::from(end.signum()),
            false => exact.multiple(i64::from(end)),
        };
        // An end of the range may have been cut off: its multiple lies beyond.
        let (low, high) = (*occurring.first()?, *occurring.last()?);
        let (mut first, mut last) = (multiple(low), multiple(high));
        first -= i64::from(low == range.0 && line.value(first) > i128::from(low));
        last += i64::from(high == range.1 && line.value(last) < i128::from(high));
        let (first, count) = (i32::try_from(first).ok()?, u32::try_from(last - first + 1).ok()?);
        Some(Line { first, count, ..line })
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    const ALL: (i32, i32) = (i32::MIN, i32::MAX);

    /// Noise of this many frames, more of it near zero than far away.
    fn noise(frames: usize, most: i32) -> Vec<i32> {
        let mut random = Random::new(4);
        let mut uniform = || random.below(1 << 16) as f64 / 32768.0 - 1.0;
        (0..frames).map(|_| (uniform() * uniform() * f64::from(most)) as i32).collect()
    }

    /// Finds a table that has all samples.
    #[track_caller]
    fn found(samples: &[i32]) -> Form {
        let tables = find(&[samples], ALL).unwrap();
        for (form, values) in &tables {
            assert!(samples.iter().all(|&sample| values.has(sample)), "{form:?}");
        }
        tables.into_iter().next().expect("a table").0
    }

    #[test]
    fn gains_are_lines() {
        type Rounding = fn(f64) -> f64;
        let roundings: [(&str, Rounding); 3] =
            [("nearest", f64::round), ("down", f64::floor), ("towards zero", f64::trunc)];
        let factors = [1.3713, 1.9137, 2.0, 2.6113, 3.0, 3.3717, 5.2171, 7.9431, 16.0, 31.25];
        for factor in factors {
            for (name, rounding) in roundings {
                let gained = |value: i32| rounding(f64::from(value) * factor) as i32;
                let samples: Vec<i32> = noise(40_000, 1000).into_iter().map(gained).collect();
                let form = found(&samples);
                let Form::Line(line) = form else { panic!("no line for {factor}, {name}") };
                assert!(line.count <= 2001, "{factor}, {name}: {line:?}");
            }
        }
    }

    /// Some multiples of these gains lie half-way between numbers.
    #[test]
    fn decimal_gains_are_lines() {
        for hundredths in [137, 173, 205] {
            let up = |value: i32| (value * hundredths + 50).div_euclid(100);
            let away = |value: i32| up(value.abs()) * value.signum();
            let noise = noise(40_000, 1000);
            let gained: [Vec<i32>; 2] =
                [noise.iter().map(|&v| up(v)).collect(), noise.iter().map(|&v| away(v)).collect()];
            for samples in gained {
                let form = found(&samples);
                let Form::Line(line) = form else { panic!("no line for {hundredths} %") };
                assert!(line.count <= 2001, "{hundredths} %: {line:?}");
            }
        }
    }

    #[test]
    fn gains_of_wide_samples_are_lines() {
        for factor in [300.0, 371.77, 4096.3] {
            let gained = |frames: usize| -> Vec<i32> {
                let gain = |value: i32| (f64::from(value) * factor).round() as i32;
                noise(frames, 20_000).into_iter().map(gain).collect()
            };
            let form = found(&gained(5000));
            assert!(matches!(form, Form::Line(_)), "{factor}: {form:?}");
            // Too few samples are near zero.
            assert!(find(&[&gained(30)], ALL).unwrap().is_empty());
        }
    }

    #[test]
    fn channels_share_a_line() {
        let gained: Vec<i32> = noise(4000, 1000).iter().map(|value| value * 3).collect();
        let more: Vec<i32> = gained.iter().map(|value| 900 - value * 2).collect();
        let tables = find(&[&gained, &more], ALL).unwrap();
        let [(form @ Form::Line(_), values)] = &tables[..] else { panic!("no line") };
        assert!(gained.iter().chain(&more).all(|&sample| values.has(sample)), "{form:?}");
    }

    #[test]
    fn what_was_cut_off_at_the_ends_is_no_hindrance() {
        for factor in [1.3713, 3.3717, 181.1] {
            let range = (-32768, 32767);
            let samples: Vec<i32> = noise(60_000, 40_000)
                .iter()
                .map(|&value| (f64::from(value) * factor).round().clamp(-32768.0, 32767.0) as i32)
                .collect();
            let tables = find(&[&samples], range).unwrap();
            let [(Form::Line(_), values)] = &tables[..] else { panic!("no line for {factor}") };
            assert_eq!(values.range(), range);
            assert!(values.count() <= (65_536.0 / factor) as usize + 3, "{factor}");
        }
    }

    #[test]
    fn laws_are_found() {
        for law in [Law::Mu, Law::A] {
            let form = Form::Law(law);
            let values = form.values(ALL).unwrap();
            let most = values.count() as i64 - 1;
            let value = |at: i32| values.value((i64::from(at) + most / 2).clamp(0, most)) as i32;
            let samples: Vec<i32> = noise(3000, most as i32 / 2).into_iter().map(value).collect();
            assert_eq!(found(&samples), form);
        }
    }

    #[test]
    fn laws_stay_within_the_range() {
        // Odd numbers, which the lowest segments of A-law have.
        let samples: Vec<i32> = noise(3000, 31).iter().map(|value| value * 2 + 1).collect();
        assert!(find_law(&distinct(samples.clone()), ALL).unwrap().is_some());
        let tables = find(&[&samples], (-128, 127)).unwrap();
        assert!(matches!(tables[..], [(Form::Line(_), _)]));
    }

    #[test]
    fn clusters_have_bitmaps() {
        let mut random = Random::new(8);
        let samples: Vec<i32> =
            noise(20_000, 40).iter().map(|value| value * 128 + random.below(3) as i32).collect();
        let tables = find(&[&samples], ALL).unwrap();
        let [.., (Form::Bitmap { .. }, all), (Form::Bitmap { .. }, filled)] = &tables[..] else {
            panic!("no bitmap")
        };
        assert_eq!(all.count(), distinct(samples).len());
        assert!(filled.count() > all.count() && filled.count() <= 3 * 81);
    }

    #[test]
    fn what_is_dense_or_short_has_no_table() {
        let dense = noise(20_000, 3000);
        let mut random = Random::new(3);
        let wide: Vec<i32> = (0..20_000).map(|_| random.next_u64() as i32).collect();
        // A bitmap would be too long.
        let clusters: Vec<i32> =
            noise(20_000, 9000).iter().map(|x| x * 4096 + random.below(2) as i32 * 3).collect();
        let all: [&[i32]; 9] = [
            &dense,
            &wide,
            &clusters,
            &[],
            &[7],
            &[5; 100],
            &[0, 1, 0, 1],
            &[i32::MIN, i32::MAX],
            &[0, 1000, -1000, 500, 3],
        ];
        for samples in all {
            let found = find(&[samples], ALL).unwrap();
            assert!(found.is_empty(), "{} samples: {found:?}", samples.len());
        }
        assert!(find(&[], ALL).unwrap().is_empty());
    }
}
