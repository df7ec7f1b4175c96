//! How a table of values is written.

use super::{Values, bitmap, most_values};
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::{fold, unfold};

/// A table in the form in which it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::method::adaptive) enum Form {
    /// Any values of a short span.
    Bitmap { low: i32, span: u32, table: Vec<u8> },
    /// The multiples of a factor, rounded.
    Line(Line),
    /// The values of a law of telephony.
    Law(Law),
}

/// Values that are multiples of a factor: value(k) = (k factor + bias) / 2^shift, rounded down.
/// Those beyond the range of the numbers are cut off at its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::method::adaptive) struct Line {
    pub(super) shift: u32,
    pub(super) factor: u64,
    pub(super) bias: u64,
    /// Whether the value of -k is that of k, negated.
    pub(super) mirrored: bool,
    /// The first multiple, and how many there are.
    pub(super) first: i32,
    pub(super) count: u32,
}

/// The laws of G.711, by which telephony writes a sample with eight bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::method::adaptive) enum Law {
    Mu,
    A,
}

mod code {
    pub(super) const BITMAP: u8 = 0;
    pub(super) const LINE: u8 = 1;
    pub(super) const MU_LAW: u8 = 2;
    pub(super) const A_LAW: u8 = 3;
}

const MIRRORED: u8 = 0x80;
const MOST_SHIFT: u32 = 62;

impl Law {
    /// Returns the values that are not negative, as integers without common factor.
    fn values(self) -> impl Iterator<Item = i32> {
        let segments = (0..8).flat_map(|segment| (0..16).map(move |step| (segment, step)));
        segments.map(move |(segment, step)| match self {
            // Of 16-bit samples, a quarter.
            Law::Mu => ((2 * step + 33) << segment) - 33,
            // Of 16-bit samples, an eighth.
            Law::A => (2 * step + 1 + if segment > 0 { 32 } else { 0 }) << (segment - 1).max(0),
        })
    }
}

impl Line {
    /// Returns the value of a multiple, which may exceed the numbers.
    pub(super) fn value(&self, multiple: i64) -> i128 {
        let negate = self.mirrored && multiple < 0;
        let multiple = i128::from(if negate { -multiple } else { multiple });
        let value = (multiple * i128::from(self.factor) + i128::from(self.bias)) >> self.shift;
        if negate { -value } else { value }
    }
}

impl Form {
    /// Makes the table, whose values are within `range`.
    pub(in crate::method::adaptive) fn values(&self, range: (i32, i32)) -> Result<Values> {
        let values = match self {
            Form::Bitmap { low, span, table } => bitmap::read(*low, *span as usize, table)?,
            Form::Line(line) => {
                let mut values: Vec<i32> = memory::room(line.count as usize)?;
                for at in 0..i64::from(line.count) {
                    let value = line.value(i64::from(line.first) + at);
                    let value = value.clamp(i128::from(range.0), i128::from(range.1)) as i32;
                    if let Some(last) = values.last().filter(|&&last| last >= value) {
                        return Err(Error::malformed(format!(
                            "the values of a table do not rise: {value} follows {last}"
                        )));
                    }
                    values.push(value);
                }
                values
            }
            Form::Law(law) => {
                let mut values: Vec<i32> = law.values().flat_map(|value| [-value, value]).collect();
                values.sort_unstable();
                values.dedup();
                values
            }
        };
        let within = |value: &i32| (range.0..=range.1).contains(value);
        if values.is_empty()
            || !values.first().is_some_and(within)
            || !values.last().is_some_and(within)
        {
            return Err(Error::malformed(format!(
                "a table has no values, or some beyond {} to {}",
                range.0, range.1
            )));
        }
        Values::new(values)
    }

    /// Returns the bytes of the table in a payload, as an upper bound.
    pub(in crate::method::adaptive) fn most_bytes(&self) -> usize {
        match self {
            Form::Bitmap { table, .. } => table.len() + 24,
            Form::Line(_) | Form::Law(_) => 40,
        }
    }

    pub(in crate::method::adaptive) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Form::Bitmap { low, span, table } => {
                out.push(code::BITMAP);
                put_varint(out, fold(i64::from(*low)));
                put_varint(out, u64::from(*span));
                put_varint(out, table.len() as u64);
                out.extend(table);
            }
            Form::Line(line) => {
                let mirrored = if line.mirrored { MIRRORED } else { 0 };
                out.extend([code::LINE, line.shift as u8 | mirrored]);
                put_varint(out, line.factor);
                put_varint(out, line.bias);
                put_varint(out, fold(i64::from(line.first)));
                put_varint(out, u64::from(line.count));
            }
            Form::Law(Law::Mu) => out.push(code::MU_LAW),
            Form::Law(Law::A) => out.push(code::A_LAW),
        }
    }

    /// Reads what [`write`](Self::write) wrote, in a chunk of this many frames.
    pub(in crate::method::adaptive) fn read(fields: &mut Fields, frames: usize) -> Result<Self> {
        let most = most_values(frames);
        let count = |count: u64| {
            let fits = (1..=most).contains(&count).then_some(count as u32);
            fits.ok_or_else(|| {
                Error::malformed(format!("a table has {count} numbers; it must be 1 to {most}"))
            })
        };
        let number = |number: u64| {
            i32::try_from(unfold(number))
                .map_err(|_| Error::malformed("a table begins beyond the integers"))
        };
        match fields.u8()? {
            code::BITMAP => {
                let (low, span) = (number(fields.varint()?)?, count(fields.varint()?)?);
                if i64::from(low) + i64::from(span) > 1 << 31 {
                    return Err(Error::malformed("a table ends beyond the integers"));
                }
                Ok(Form::Bitmap { low, span, table: memory::copied(fields.counted()?)? })
            }
            code::LINE => {
                let byte = fields.u8()?;
                let (shift, mirrored) = (u32::from(byte & !MIRRORED), byte & MIRRORED != 0);
                if shift > MOST_SHIFT {
                    return Err(Error::malformed(format!(
                        "the shift of a table is {shift}; it must be at most {MOST_SHIFT}"
                    )));
                }
                let (factor, bias) = (fields.varint()?, fields.varint()?);
                let (first, count) = (number(fields.varint()?)?, count(fields.varint()?)?);
                Ok(Form::Line(Line { shift, factor, bias, mirrored, first, count }))
            }
            code::MU_LAW => Ok(Form::Law(Law::Mu)),
            code::A_LAW => Ok(Form::Law(Law::A)),
            form => Err(Error::unsupported(format!("the form of a table is {form}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: (i32, i32) = (i32::MIN, i32::MAX);

    const LINE: Line = Line { shift: 4, factor: 40, bias: 8, mirrored: true, first: -9, count: 30 };

    fn bitmap(low: i32, values: &[i32]) -> Form {
        let table = bitmap::write(&Values::new(values.to_vec()).unwrap(), false).unwrap();
        Form::Bitmap { low, span: values[values.len() - 1].abs_diff(low) + 1, table }
    }

    fn read(bytes: &[u8]) -> Result<Form> {
        Form::read(&mut Fields::new(bytes), 1000)
    }

    #[test]
    fn every_form_comes_back() {
        let all = i32::MIN;
        for form in [
            bitmap(-7, &[-7, 0, 1, 90]),
            bitmap(all, &[all, all + 3]),
            Form::Line(LINE),
            Form::Line(Line { mirrored: false, ..LINE }),
            Form::Line(Line { shift: 62, factor: u64::MAX, bias: 1 << 61, ..LINE }),
            Form::Line(Line { first: i32::MIN, count: 1 << 17, factor: 1, shift: 0, ..LINE }),
            Form::Law(Law::Mu),
            Form::Law(Law::A),
        ] {
            let mut out = Vec::new();
            form.write(&mut out);
            assert!(out.len() <= form.most_bytes());
            let mut fields = Fields::new(&out);
            assert_eq!(Form::read(&mut fields, 1000).unwrap(), form);
            assert_eq!(fields.position(), out.len());
            for cut in 0..out.len() {
                assert!(read(&out[..cut]).is_err(), "{form:?}");
            }
        }
    }

    fn values(form: Form) -> Vec<i32> {
        let values = form.values(ALL).unwrap();
        (0..values.count()).map(|rank| values.value(rank as i64) as i32).collect()
    }

    #[test]
    fn forms_have_their_values() {
        assert_eq!(values(bitmap(-3, &[-3, 0, 7])), [-3, 0, 7]);
        let line = Line { shift: 1, factor: 5, bias: 1, mirrored: true, first: -3, count: 7 };
        assert_eq!(values(Form::Line(line)), [-8, -5, -3, 0, 3, 5, 8]);
        let line = Line { mirrored: false, ..line };
        assert_eq!(values(Form::Line(line)), [-7, -5, -2, 0, 3, 5, 8]);

        let mu = values(Form::Law(Law::Mu));
        assert_eq!((mu.len(), mu[0], mu[254]), (255, -8031, 8031));
        assert_eq!(
            mu[127..145],
            [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 33, 37]
        );
        let a = values(Form::Law(Law::A));
        assert_eq!((a.len(), a[0], a[255]), (256, -4032, 4032));
        assert_eq!(a[127..131], [-1, 1, 3, 5]);
        assert_eq!(a[142..147], [29, 31, 33, 35, 37]);
    }

    #[test]
    fn wrong_fields_are_refused() {
        let most = [129, 128, 8];
        let cases: [(&[u8], &str); 10] = [
            // A bitmap: low, span, table.
            (&[0, 0, 0, 0], "has 0 numbers"),
            (&[&[0, 0], &most[..], &[0]].concat(), "it must be 1 to 131072"),
            (&[0, 0xFE, 255, 255, 255, 15, 2, 0], "ends beyond the integers"),
            (&[0, 128, 128, 128, 128, 16, 1, 0], "begins beyond the integers"),
            // A line: shift, factor, bias, first, count.
            (&[1, 63, 1, 0, 0, 1], "shift of a table is 63"),
            (&[1, 0xBF, 1, 0, 0, 1], "shift of a table is 63"),
            (&[1, 0, 1, 0, 0, 0], "has 0 numbers"),
            (&[&[1, 0, 1, 0, 0], &most[..]].concat(), "it must be 1 to 131072"),
            (&[1, 0, 1, 0, 128, 128, 128, 128, 16, 1], "begins beyond the integers"),
            (&[4, 0], "form of a table is 4"),
        ];
        for (bytes, what) in cases {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        // Few frames have small tables.
        let error = Form::read(&mut Fields::new(&[1, 0, 1, 0, 0, 129, 8]), 2).unwrap_err();
        assert!(error.to_string().contains("has 1025 numbers; it must be 1 to 1024"), "{error}");
    }

    #[test]
    fn wrong_values_are_refused() {
        let line = |change: fn(&mut Line)| {
            let mut line = LINE;
            change(&mut line);
            Form::Line(line)
        };
        for form in [
            line(|line| line.factor = 0),
            line(|line| line.factor = 15),
            line(|line| line.factor = u64::MAX),
            line(|line| line.bias = 1 << 62),
            line(|line| line.first = i32::MAX - 3),
        ] {
            let error = form.values(ALL).unwrap_err().to_string();
            assert!(error.contains("the values of a table do not rise"), "{error}");
        }
        for (form, range) in [
            (Form::Bitmap { low: 0, span: 9, table: vec![255; 9] }, ALL),
            (bitmap(-3, &[-3, 0, 7]), (-2, 7)),
            (Form::Law(Law::Mu), (-8031, 8030)),
            (Form::Law(Law::A), (-4032, 4031)),
        ] {
            let error = form.values(range).unwrap_err().to_string();
            assert!(error.contains("a table has no values, or some beyond"), "{form:?}: {error}");
        }
        // The ends of a line are cut off, but only one value at each.
        let ends = |range| Form::Line(LINE).values(range).map(|values| values.range()).ok();
        assert_eq!(ends(ALL), Some((-23, 50)));
        assert_eq!(ends((-22, 49)), Some((-22, 49)));
        assert_eq!(ends((-20, 50)), None);
        assert_eq!(ends((-23, 47)), None);
    }
}
