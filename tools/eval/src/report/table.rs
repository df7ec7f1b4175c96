//! Results for a terminal.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::report::document::sections;
use crate::report::section::{Content, Section};
use crate::results::Results;

/// Sets the report as aligned tables and lists.
pub fn document(results: &Results) -> String {
    let sections: Vec<_> = sections(results).iter().map(section).collect();
    sections.join("\n")
}

fn section(section: &Section) -> String {
    let mut out = format!("{}\n", section.title);
    match &section.content {
        Content::Table { head, lines } => out += &aligned(head, lines),
        Content::List(lines) => {
            for line in lines {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    out
}

/// Aligns cells: the first of each line to the left, numbers to the right.
pub(crate) fn aligned(head: &[String], lines: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head).add_rows(lines);
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((2, 0));
        column.set_cell_alignment(match number {
            0 => CellAlignment::Left,
            _ => CellAlignment::Right,
        });
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestant::Check;
    use crate::report::samples::results;
    use crate::results::Taken;

    #[test]
    fn rates_stand_under_each_other() {
        let written = document(&results());
        let expected = "\
Rates, in chunks
  contestant      rate  bytes  of PCM   clips  with weights  with 2 bytes a weight
  tiny        8.00 %*     240    3000  2 of 3      28.00 %*               18.00 %*
  gzip       63.33 %*    1900    3000  2 of 3      63.33 %*               63.33 %*
";
        let squeeze = |text: &str| {
            let lines =
                text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert!(squeeze(&written).starts_with(&squeeze(expected)), "{written}");
        let lines: Vec<_> = written.lines().skip(1).take(3).collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{written}");
    }

    #[test]
    fn failures_and_notes_are_listed() {
        let mut results = results();
        results.complete = false;
        let written = document(&results);
        for expected in [
            "  music/b.wav, gzip, in chunks: differs after decoding: byte 7 differs\n",
            "  tiny: takes no 8-bit audio (1 file: music/b.wav)\n",
            "  is no WAV file (1 file: music/notes.txt)\n",
            "The run is not complete",
            "Headers once",
            "Converted: 16 to 8 bits: >> 8 (1 clip).",
            "tiny: tiny 1.0; 150 weights in 600 bytes\n",
            "are in no sum",
            "one that could be decoded",
            "with all models that are loaded",
        ] {
            assert!(written.contains(expected), "{expected}: {written}");
        }
        assert!(!written.contains('~'), "nothing is estimated: {written}");
    }

    #[test]
    fn estimates_are_marked() {
        let mut results = results();
        let Taken::Done(outcome) = &mut results.measured[1].result else { panic!("was done") };
        outcome.estimated = true;
        outcome.check = Check::Skipped;
        let written = document(&results);
        assert!(written.contains(" ~8.00 %*"), "{written}");
        for title in ["Costs, in chunks", "Where the bits went, in chunks"] {
            let lines = written.lines().skip_while(|line| *line != title);
            let line = |name: &str| {
                let mut lines = lines.clone().take_while(|line| !line.is_empty());
                lines.find(|line| line.trim().starts_with(name)).map(str::to_owned)
            };
            assert!(line("tiny").unwrap().contains('~'), "{written}");
            assert!(!line("gzip").unwrap_or_default().contains('~'), "{written}");
        }
        assert!(written.contains("~8.00 %  "), "{written}");
        assert!(written.contains("1 outcome was not decoded again."), "{written}");
        assert!(written.contains("these bytes were not made"), "{written}");
    }

    #[test]
    fn chunks_below_zero_are_told() {
        let mut results = results();
        assert!(!document(&results).contains("below zero"));
        for number in [0, 4] {
            let Taken::Done(outcome) = &mut results.measured[number].result else { panic!() };
            outcome.clamped = 7;
        }
        let written = document(&results);
        assert!(
            written.contains("below zero, and count as nothing: gzip (14 chunks)."),
            "{written}"
        );
    }

    #[test]
    fn nothing_is_a_document_too() {
        assert!(document(&Results::default()).contains("0 clips"));
    }
}
