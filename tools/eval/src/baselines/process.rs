//! Programs that are run, and what they say when they fail.

use std::process::{Command, Output, Stdio};

use super::said;
use crate::{Error, Result};

/// Lines and characters of what a program said that are told at most.
const MAX_LINES: usize = 3;
const MAX_CHARACTERS: usize = 500;

/// Runs a program to its end. `shown` is what its command is called in errors.
pub(super) fn run(command: &mut Command, shown: &str) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| said(error).about(format!("{shown}: cannot be run")))?;
    if output.status.success() {
        return Ok(output);
    }
    let mut last = last_lines(&output.stderr);
    if last.is_empty() {
        last = last_lines(&output.stdout);
    }
    let separator = if last.is_empty() { "" } else { ": " };
    Err(Error::new(format!("{shown}: {}{separator}{last}", output.status)))
}

/// The last lines with something in them; programs that draw progress end lines with `\r`.
fn last_lines(output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let lines = output.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let mut last: Vec<&str> = lines.rev().take(MAX_LINES).collect();
    last.reverse();
    let last = last.join("; ");
    let surplus = last.chars().count().saturating_sub(MAX_CHARACTERS);
    last.chars().skip(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told() {
        assert_eq!(last_lines(b"banner\n1%\r2%\r\n  why\n\nand why not\n"), "2%; why; and why not");
        assert_eq!(last_lines(b" \r\n"), "");
        let long = [&[b'a'; 400][..], b"\n", &[b'b'; 400]].concat();
        let told = last_lines(&long);
        assert_eq!(told.len(), 500);
        assert!(told.starts_with('a') && told.ends_with('b'));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program"), "no-such-program -x").unwrap_err();
        assert!(error.to_string().starts_with("no-such-program -x: cannot be run: "), "{error}");
    }
}
