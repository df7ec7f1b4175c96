//! Results as Markdown.

use std::fmt::Write;

use crate::report::document::sections;
use crate::report::section::Content;
use crate::results::Results;

/// Sets the report as Markdown.
pub fn document(results: &Results) -> String {
    let mut out = String::new();
    for section in sections(results) {
        let before = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{before}## {}\n", section.title);
        match &section.content {
            Content::Table { head, lines } => table(&mut out, head, lines),
            Content::List(lines) => {
                for line in lines {
                    let _ = writeln!(out, "- {}", escaped(line));
                }
            }
        }
    }
    out
}

fn table(out: &mut String, head: &[String], lines: &[Vec<String>]) {
    let rule: Vec<String> =
        (0..head.len()).map(|column| if column == 0 { ":--" } else { "--:" }.into()).collect();
    for (number, line) in
        [head, &rule].into_iter().chain(lines.iter().map(Vec::as_slice)).enumerate()
    {
        for cell in line {
            let cell = if number == 1 { cell.clone() } else { escaped(cell) };
            let _ = write!(out, "| {cell} ");
        }
        *out += "|\n";
    }
}

/// Escapes the characters that mean something in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_[]<>|~#".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::results;

    #[test]
    fn tables_by_kind_and_where_the_bits_went() {
        let written = document(&results());
        for expected in [
            "## Rates, in chunks\n\n| contestant | rate | bytes |",
            "| tiny | 8.00 %\\* | 240 | 3000 | 2 of 3 | 28.00 %\\* | 18.00 %\\* |\n",
            "## Rates by folder, in chunks\n\n\
             | contestant | music (2) | speech (1) | all (3) |\n\
             | :-- | --: | --: | --: |\n\
             | tiny | 8.00 %\\* | 8.00 % | 8.00 %\\* |\n\
             | gzip | 90.00 %\\* | 50.00 % | 63.33 %\\* |\n",
            "## Rates by depth, in chunks\n\n\
             | contestant | 8 bits (1) | 16 bits (2) | all (3) |\n\
             | :-- | --: | --: | --: |\n\
             | tiny |  | 8.00 % | 8.00 %\\* |\n",
            "| contestant | byte 1 tokens | byte 1 planes | byte 2 tokens |",
            "| tiny | 2.50 % | 0.00 % | 3.75 % | 1.25 % | 0.50 % | 0.00 % | 8.00 % | 0.900 \
             | 240 | 30 | 11.11 % | 3 |\n",
            "| tiny | coding | 0.500 | 57.14 % |\n",
            "- music/b.wav, gzip, in chunks: differs after decoding: byte 7 differs\n",
        ] {
            assert!(written.contains(expected), "{expected}\n\n{written}");
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("a|b_c*d"), "a\\|b\\_c\\*d");
    }
}
