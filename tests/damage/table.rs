//! A table of the outcomes. It has no column for wrong audio without an error: the first such
//! stream fails the test.

use std::collections::BTreeMap;
use std::fmt;

use lmac::{Damage, Error, ErrorKind};

use crate::damaged::Damaged;
use crate::laws::lost_of;
use crate::subject::Subject;

/// The outcomes of one kind of damage.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) inputs: u64,
    /// Streams that still restored their file.
    pub(crate) unharmed: u64,
    /// Streams without a header, from which nothing comes back.
    pub(crate) headless: u64,
    refused: BTreeMap<&'static str, u64>,
    chunks: Count,
    frames: Count,
}

#[derive(Default)]
struct Count {
    all: u64,
    touched: u64,
    lost: u64,
}

impl Count {
    fn add(&mut self, all: u64, touched: bool, lost: u64) {
        self.all += all;
        self.touched += if touched { all } else { 0 };
        self.lost += lost;
    }

    fn add_count(&mut self, other: &Count) {
        self.all += other.all;
        self.touched += other.touched;
        self.lost += other.lost;
    }
}

impl Row {
    /// Counts an error of plain decoding.
    pub(crate) fn refused(&mut self, error: &Error) {
        let kind = match error.kind() {
            ErrorKind::Checksum(_) => "checksum",
            ErrorKind::Malformed(_) => "malformed",
            ErrorKind::Truncated => "truncated",
            ErrorKind::NotLmac => "not lmac",
            ErrorKind::Unsupported(_) => "unsupported",
            other => panic!("damage is no reason for {other:?}"),
        };
        *self.refused.entry(kind).or_default() += 1;
    }

    /// Counts the chunks and frames that recovery lost, in audio that ends at `end`.
    pub(crate) fn recovered(
        &mut self,
        subject: &Subject,
        damaged: &Damaged,
        damage: &Damage,
        end: u64,
    ) {
        for chunk in &subject.chunks {
            let touched = !damaged.keeps(&chunk.bytes);
            let lost = lost_of(damage, end, chunk.frames.clone());
            self.chunks.add(1, touched, u64::from(lost > 0));
            self.frames.add(chunk.frames.end - chunk.frames.start, touched, lost);
        }
    }

    pub(crate) fn add(&mut self, other: &Row) {
        self.inputs += other.inputs;
        self.unharmed += other.unharmed;
        self.headless += other.headless;
        for (kind, count) in &other.refused {
            *self.refused.entry(kind).or_default() += count;
        }
        self.chunks.add_count(&other.chunks);
        self.frames.add_count(&other.frames);
    }
}

/// Rows by the kind of damage.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<&'static str, Row>);

impl Table {
    pub(crate) fn row(&mut self, name: &'static str) -> &mut Row {
        self.0.entry(name).or_default()
    }

    pub(crate) fn merge(&mut self, other: Table) {
        for (name, row) in other.0 {
            self.row(name).add(&row);
        }
    }

    pub(crate) fn inputs(&self) -> u64 {
        self.0.values().map(|row| row.inputs).sum()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| damage | inputs | restored | checksum | malformed | truncated | not lmac | \
             unsupported | no header left | chunks | touched | lost | \
             frames | touched | lost |"
        )?;
        writeln!(f, "|:--|{}", "--:|".repeat(14))?;
        let mut all = Row::default();
        self.0.values().for_each(|row| all.add(row));
        for (name, row) in self.0.iter().map(|(name, row)| (*name, row)).chain([("all", &all)]) {
            write!(f, "| {name} | {} | {} |", row.inputs, row.unharmed)?;
            for kind in ["checksum", "malformed", "truncated", "not lmac", "unsupported"] {
                write!(f, " {} |", row.refused.get(kind).unwrap_or(&0))?;
            }
            write!(f, " {} |", row.headless)?;
            for count in [&row.chunks, &row.frames] {
                write!(f, " {} | {} | {} |", count.all, count.touched, count.lost)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
