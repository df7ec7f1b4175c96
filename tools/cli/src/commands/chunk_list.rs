//! The chunks of a stream, one by one.

use std::io::{self, Read, Write};

use lmac::{AudioSpec, ChunkInfo, Inspector};
use serde::Serialize;

use crate::units::{count, ratio};

/// The chunks that were passed, summed up.
#[derive(Default)]
pub(crate) struct Passed {
    sums: Vec<Sum>,
    /// The error that ended the list.
    pub(crate) error: Option<lmac::Error>,
}

/// The chunks of one method.
struct Sum {
    method: &'static str,
    chunks: u64,
    bytes: u64,
    samples: u64,
}

/// A chunk, for programs.
#[derive(Serialize)]
pub(crate) struct Chunk {
    number: u64,
    offset: u64,
    bytes: u64,
    first_frame: u64,
    frames: u64,
    method: &'static str,
    mapping: &'static str,
    wasted_bits: u8,
    payload_bytes: u64,
    token_bytes: Option<u64>,
    plane_bytes: Option<u64>,
    planes: Option<String>,
}

impl From<ChunkInfo> for Chunk {
    fn from(chunk: ChunkInfo) -> Self {
        let sections = chunk.sections.as_ref();
        Chunk {
            number: chunk.number,
            offset: chunk.offset,
            bytes: chunk.bytes,
            first_frame: chunk.first_frame,
            frames: chunk.frames,
            method: chunk.method.name(),
            mapping: chunk.mapping.name(),
            wasted_bits: chunk.wasted_bits,
            payload_bytes: chunk.payload_bytes,
            token_bytes: sections.map(|sections| sections.token_bytes),
            plane_bytes: sections.map(|sections| sections.plane_bytes),
            planes: chunk.sections.map(|sections| sections.planes),
        }
    }
}

impl Passed {
    /// Goes past all chunks, or up to the first that is damaged.
    pub(crate) fn all<R: Read>(
        inspector: &mut Inspector<R>,
        mut each: impl FnMut(ChunkInfo) -> io::Result<()>,
    ) -> io::Result<Passed> {
        let mut passed = Passed::default();
        let channels = u64::from(inspector.info().spec.channels);
        loop {
            match inspector.next_chunk() {
                Ok(Some(chunk)) => {
                    passed.count(&chunk, channels);
                    each(chunk)?;
                }
                Ok(None) => return Ok(passed),
                Err(error) => {
                    passed.error = Some(error);
                    return Ok(passed);
                }
            }
        }
    }

    fn count(&mut self, chunk: &ChunkInfo, channels: u64) {
        let method = chunk.method.name();
        let at = self.sums.iter().position(|sum| sum.method == method).unwrap_or_else(|| {
            self.sums.push(Sum { method, chunks: 0, bytes: 0, samples: 0 });
            self.sums.len() - 1
        });
        let sum = &mut self.sums[at];
        sum.chunks += 1;
        sum.bytes += chunk.bytes;
        sum.samples += chunk.frames * channels;
    }

    /// A line with the sums.
    pub(crate) fn write_sums(&self, out: &mut dyn Write) -> io::Result<()> {
        let sums = self.sums.iter().map(|sum| {
            let (chunks, bits) = (count(sum.chunks, "chunk"), bits(sum.bytes, sum.samples));
            format!("{} {chunks}, {} bytes, {bits} bits/sample", sum.method, sum.bytes)
        });
        let sums: Vec<_> = sums.collect();
        let text = if sums.is_empty() { "no chunks".into() } else { sums.join("; ") };
        writeln!(out, "  sum: {text}")
    }
}

/// The names of the columns.
pub(crate) fn write_heading(out: &mut dyn Write) -> io::Result<()> {
    let names = ["chunk", "offset", "bytes", "first frame", "frames", "method", "mapping"];
    let more = ["wasted", "tokens", "planes", "bits/sample", "kinds"];
    write_row(out, names.into_iter().chain(more))
}

/// A line on one chunk.
pub(crate) fn write_line(
    out: &mut dyn Write,
    chunk: &ChunkInfo,
    spec: &AudioSpec,
) -> io::Result<()> {
    let part = |bytes: Option<u64>| bytes.map_or("-".to_string(), |bytes| bytes.to_string());
    let sections = chunk.sections.as_ref();
    let row = [
        chunk.number.to_string(),
        chunk.offset.to_string(),
        chunk.bytes.to_string(),
        chunk.first_frame.to_string(),
        chunk.frames.to_string(),
        chunk.method.name().to_string(),
        chunk.mapping.name().to_string(),
        chunk.wasted_bits.to_string(),
        part(sections.map(|sections| sections.token_bytes)),
        part(sections.map(|sections| sections.plane_bytes)),
        bits(chunk.bytes, chunk.frames * u64::from(spec.channels)),
        sections.map_or("-".into(), |sections| match sections.planes.as_str() {
            "" => "-".into(),
            planes => planes.to_string(),
        }),
    ];
    write_row(out, row)
}

/// Widths of the columns; names stand to the left of theirs, and the last is as wide as
/// it needs to be.
const WIDTHS: [usize; 11] = [6, 12, 10, 12, 9, 8, 15, 6, 10, 10, 11];
const NAMES: [usize; 2] = [5, 6];

fn write_row(
    out: &mut dyn Write,
    cells: impl IntoIterator<Item = impl AsRef<str>>,
) -> io::Result<()> {
    write!(out, " ")?;
    for (at, cell) in cells.into_iter().enumerate() {
        let (cell, width) = (cell.as_ref(), WIDTHS.get(at).copied().unwrap_or_default());
        if NAMES.contains(&at) || at == WIDTHS.len() {
            write!(out, " {cell:<width$}")?;
        } else {
            write!(out, " {cell:>width$}")?;
        }
    }
    writeln!(out)
}

/// Bits for each sample.
pub(crate) fn bits(bytes: u64, samples: u64) -> String {
    ratio(bytes, samples).map_or("-".into(), |ratio| format!("{:.3}", 8.0 * ratio))
}
