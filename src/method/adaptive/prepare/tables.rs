//! The tables of values of the coded channels.

use std::sync::Arc;

use crate::container::fields::Fields;
use crate::error::{Error, Result};
use crate::method::adaptive::values::{Form, Found, Values, find};

/// For some or all coded channels, the values that occur. Channels may share a table.
#[derive(Debug, Clone, Default)]
pub(in crate::method::adaptive) struct Tables {
    tables: Vec<(Form, Arc<Values>)>,
    /// The table of each coded channel, as in a frame; without any table, empty.
    of: Vec<Option<usize>>,
}

impl Tables {
    /// Finds the sets of tables that are worth a trial, for channels in the order of a frame
    /// with numbers within `range`.
    pub(super) fn find(channels: &[&[i32]], range: (i32, i32)) -> Result<Vec<Tables>> {
        let mut sets = Vec::new();
        for (form, values) in find(channels, range)? {
            let tables = vec![(form, Arc::new(values))];
            sets.push(Tables { tables, of: vec![Some(0); channels.len()] });
        }
        if channels.len() > 1 {
            let found: Vec<Vec<Found>> =
                channels.iter().map(|&channel| find(&[channel], range)).collect::<Result<_>>()?;
            let kinds = found.iter().map(Vec::len).max().unwrap_or(0);
            // Each channel has its first table, or each its last.
            let mut own = vec![Tables::default(); kinds];
            for found in found {
                let found: Vec<_> =
                    found.into_iter().map(|(form, values)| (form, Arc::new(values))).collect();
                for (kind, set) in own.iter_mut().enumerate() {
                    let table = found.get(kind).or(found.last()).cloned();
                    set.of.push(table.is_some().then_some(set.tables.len()));
                    set.tables.extend(table);
                }
            }
            sets.extend(own);
        }
        Ok(sets)
    }

    /// Makes tables of all values that occur: one for all channels, or one for each but the
    /// first.
    #[cfg(test)]
    pub(in crate::method::adaptive) fn of_all(channels: &[Vec<i32>], shared: bool) -> Tables {
        let table = |channels: &[Vec<i32>]| {
            let mut values = channels.concat();
            values.sort_unstable();
            values.dedup();
            // The form does not matter without a payload.
            let form = Form::Bitmap { low: 0, span: 0, table: Vec::new() };
            (form, Arc::new(Values::new(values).expect("memory")))
        };
        if shared {
            return Tables { tables: vec![table(channels)], of: vec![Some(0); channels.len()] };
        }
        let own = channels[1..].iter().map(|channel| table(std::slice::from_ref(channel)));
        let of = (0..channels.len()).map(|channel| channel.checked_sub(1)).collect();
        Tables { tables: own.collect(), of }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Tells whether there are tables, and each channel has one.
    pub(super) fn cover_all(&self) -> bool {
        !self.is_empty() && !self.of.contains(&None)
    }

    /// Returns the values of a coded channel, by its place in a frame.
    pub(super) fn of(&self, channel: usize) -> Option<Arc<Values>> {
        let table = (*self.of.get(channel)?)?;
        Some(self.tables[table].1.clone())
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(in crate::method::adaptive) fn most_bytes(&self) -> usize {
        self.of.len() + self.tables.iter().map(|(form, _)| form.most_bytes()).sum::<usize>()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.of.iter().map(|of| of.map_or(0, |table| table as u8 + 1)));
        self.tables.iter().for_each(|(form, _)| form.write(out));
    }

    /// Reads the tables of `coded` channels of this many frames, with values within `range`.
    pub(super) fn read(
        fields: &mut Fields,
        coded: usize,
        frames: usize,
        range: (i32, i32),
    ) -> Result<Self> {
        let mut of = Vec::with_capacity(coded);
        let mut count = 0;
        for &byte in fields.take(coded)? {
            let number = usize::from(byte);
            if number > count + 1 {
                return Err(Error::malformed(format!(
                    "a channel has table {number}, but {count} came before"
                )));
            }
            count = count.max(number);
            of.push(number.checked_sub(1));
        }
        if count == 0 {
            return Err(Error::malformed("there are tables of values, but no channel has one"));
        }
        let mut tables = Vec::with_capacity(count);
        for _ in 0..count {
            let form = Form::read(fields, frames)?;
            let values = form.values(range)?;
            tables.push((form, Arc::new(values)));
        }
        Ok(Tables { tables, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: (i32, i32) = (i32::MIN, i32::MAX);

    /// The values -5, 0 and 5; the next table has 7, 14 and 21.
    const TABLES: [u8; 12] = [1, 0, 5, 0, 1, 3, 1, 0, 7, 0, 2, 3];

    fn read(of: &[u8], tables: &[u8]) -> Result<Tables> {
        let bytes = [of, tables].concat();
        Tables::read(&mut Fields::new(&bytes), of.len(), 100, ALL)
    }

    #[test]
    fn channels_have_the_tables_of_their_numbers() {
        let tables = read(&[0, 1, 2, 1, 0, 2], &TABLES).unwrap();
        assert!(!tables.cover_all() && !tables.is_empty());
        let range = |channel: usize| tables.of(channel).map(|values| values.range());
        let (first, second) = (Some((-5, 5)), Some((7, 21)));
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6].map(range),
            [None, first, second, first, None, second, None]
        );
        assert!(Arc::ptr_eq(&tables.of(1).unwrap(), &tables.of(3).unwrap()));

        assert!(read(&[1, 2, 1], &TABLES).unwrap().cover_all());
        let none = Tables::default();
        assert!(none.of(0).is_none() && none.is_empty() && !none.cover_all());
    }

    #[test]
    fn wrong_numbers_of_tables_are_refused() {
        let cases: [(&[u8], &str); 5] = [
            (&[2], "a channel has table 2, but 0 came before"),
            (&[0, 1, 3], "a channel has table 3, but 1 came before"),
            (&[255], "a channel has table 255"),
            (&[0, 0], "no channel has one"),
            (&[], "no channel has one"),
        ];
        for (of, what) in cases {
            let error = read(of, &TABLES).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        assert!(read(&[1, 2], &TABLES[..9]).is_err(), "the second one is cut off");
        let narrow = Tables::read(&mut Fields::new(&[&[1][..], &TABLES].concat()), 1, 9, (1, 5));
        assert!(narrow.is_err());
    }

    #[test]
    fn sets_of_tables_are_found() {
        let signal = |factor: i32| (0..5000).map(|at| at * 97 % 801 * factor).collect::<Vec<i32>>();
        let came_back = |channels: &[Vec<i32>]| {
            let all: Vec<&[i32]> = channels.iter().map(Vec::as_slice).collect();
            let sets = Tables::find(&all, ALL).unwrap();
            for set in &sets {
                let mut out = Vec::new();
                set.write(&mut out);
                assert!(out.len() <= set.most_bytes());
                let mut fields = Fields::new(&out);
                let again = Tables::read(&mut fields, channels.len(), 5000, ALL).unwrap();
                assert_eq!((fields.position(), &again.of), (out.len(), &set.of));
                assert!(again.tables == set.tables);
            }
            sets.into_iter().map(|set| set.of).collect::<Vec<_>>()
        };
        assert_eq!(came_back(&[signal(3)]), [[Some(0)]]);
        assert_eq!(came_back(&[signal(3), signal(3)]), [[Some(0), Some(0)], [Some(0), Some(1)]]);
        // Together, these are too dense.
        let own = came_back(&[signal(7), signal(1), signal(9)]);
        assert_eq!(own.last().unwrap(), &[Some(0), None, Some(1)]);
        assert!(came_back(&[signal(1)]).is_empty());
        assert!(came_back(&[]).is_empty());
    }
}
