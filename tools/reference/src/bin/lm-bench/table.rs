//! Results as Markdown tables.

use std::fmt::Write;

use crate::peaks::Peak;
use crate::results::Row;
use crate::shapes::Size;

const COLUMNS: usize = 9;
const HEAD: [&str; COLUMNS] =
    ["model", "work", "who", "tokens", "tokens/s", "by the clock", "Gop/s", "peak", "ratio"];

/// Writes the peaks of the machine, the models, and a line for each contestant and work.
pub(crate) fn document(peaks: &[(Peak, f64)], rows: &[Row]) -> String {
    let mut out = String::from("Peaks of one thread, in Gop/s:");
    for (at, (peak, operations)) in peaks.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(out, "{comma} {} {:.0}", peak.name(), operations / 1e9);
    }
    out += ".\n\n";
    let mut sizes: Vec<Size> = rows.iter().map(|row| row.size).collect();
    sizes.dedup();
    for size in sizes {
        let llama = size.llama();
        let _ = writeln!(
            out,
            "- {}: {} parameters; {} layers of {} values and {} heads, {} within, {} tokens",
            size.name(),
            size.parameters(),
            llama.layers,
            llama.width,
            llama.heads,
            llama.feed_forward,
            llama.vocabulary
        );
    }
    out += "\n";
    let lines: Vec<[String; COLUMNS]> = rows.iter().map(line).collect();
    let head = HEAD.map(String::from);
    let widths: [usize; COLUMNS] = std::array::from_fn(|at| {
        lines.iter().chain([&head]).map(|line| line[at].len()).max().unwrap_or(0)
    });
    let mut put = |line: &[String; COLUMNS]| {
        for (at, (cell, width)) in line.iter().zip(widths).enumerate() {
            let _ = match at {
                0..=2 | 8 => write!(out, "| {cell:width$} "),
                _ => write!(out, "| {cell:>width$} "),
            };
        }
        out += "|\n";
    };
    put(&head);
    put(&std::array::from_fn(|at| match at {
        0..=2 | 8 => "-".repeat(widths[at]),
        _ => "-".repeat(widths[at] - 1) + ":",
    }));
    lines.iter().for_each(put);
    out
}

fn line(row: &Row) -> [String; COLUMNS] {
    [
        row.size.name().into(),
        format!("{} {}", row.numbers.name(), row.work.name()),
        row.name.into(),
        row.length.to_string(),
        format!("{:.0}", row.processor),
        format!("{:.0}", row.clock),
        format!("{:.1}", row.operations / 1e9),
        format!("{:.1} %", 100.0 * row.share),
        row.ratio.map_or(String::new(), |(ratio, name)| format!("{ratio:.2} x {name}")),
    ]
}
