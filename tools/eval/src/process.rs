//! Running programs: their time and memory, and their output when they fail.
//!
//! A system tells the peak memory of all children that a process has waited for, and a child
//! starts with the peak of its parent. So a program that is measured is not started from here
//! but from a small process in between, which has no other child and little memory: this
//! program again, as the first thing that it does.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The argument that makes this program the process in between.
pub(crate) const WATCH: &str = "--watch-one-process";

/// Stands for a standard output that is sent to standard error.
const NO_FILE: &str = "";

/// Lines and characters of a program's output that an error quotes at most.
const MAX_LINES: usize = 3;
const MAX_CHARACTERS: usize = 500;

/// Runs a program to its end. `shown` names its command in errors.
pub(crate) fn run(command: &mut Command, shown: &str) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::new(format!("{shown}: cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    Err(failure(shown, &output.status.to_string(), output.status.code().is_none(), said))
}

/// The time and memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) seconds: f64,
    /// The most memory that it held, where the system tells.
    pub(crate) peak_memory: Option<u64>,
}

/// The report of the process in between, a line of JSON.
#[derive(Serialize, Deserialize)]
struct Watched {
    cost: Cost,
    /// The exit status, where it is not success.
    failure: Option<String>,
    /// Whether a signal ended the program.
    killed: bool,
}

/// Runs a program to its end and measures it. Its standard output goes into a file if one is
/// named.
pub(crate) fn measured(command: &[OsString], stdout: Option<&Path>, shown: &str) -> Result<Cost> {
    let own = std::env::current_exe().map_err(|error| Error::new(error.to_string()))?;
    let mut watcher = Command::new(own);
    watcher.arg(WATCH).arg(stdout.map_or(NO_FILE.as_ref(), Path::as_os_str)).args(command);
    let output = run(&mut watcher, shown)?;
    let watched: Watched = serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::new(format!("{shown}: cannot be measured: {error}")))?;
    match watched.failure {
        None => Ok(watched.cost),
        Some(status) => Err(failure(shown, &status, watched.killed, &output.stderr)),
    }
}

/// The process in between: runs the program that its arguments name, and reports.
pub(crate) fn watch(arguments: &[OsString]) -> Result<()> {
    let [stdout, program, rest @ ..] = arguments else {
        return Err(Error::new("no program is named"));
    };
    let about = |error: std::io::Error| Error::new(error.to_string());
    // If the program fails, the error quotes either output.
    let stdout = match stdout.is_empty() {
        true => Stdio::from(std::io::stderr()),
        false => File::create(stdout).map_err(about)?.into(),
    };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(stdout);
    let start = Instant::now();
    let status = command.status().map_err(about)?;
    let seconds = start.elapsed().as_secs_f64();
    let watched = Watched {
        cost: Cost { seconds, peak_memory: peak_of_children() },
        failure: (!status.success()).then(|| status.to_string()),
        killed: status.code().is_none(),
    };
    let line = serde_json::to_string(&watched).map_err(|error| Error::new(error.to_string()))?;
    println!("{line}");
    Ok(())
}

#[cfg(unix)]
fn peak_of_children() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    // Apple counts bytes, everyone else kibibytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    u64::try_from(usage.max_rss()).ok().map(|peak| peak * unit)
}

#[cfg(not(unix))]
fn peak_of_children() -> Option<u64> {
    None
}

fn failure(shown: &str, status: &str, killed: bool, said: &[u8]) -> Error {
    let last = last_lines(said);
    let separator = if last.is_empty() { "" } else { ": " };
    let error = Error::new(format!("{shown}: {status}{separator}{last}"));
    if killed { error.killed() } else { error }
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
    fn the_last_lines_are_quoted() {
        assert_eq!(last_lines(b"banner\n1%\r2%\r\n  why\n\nand why not\n"), "2%; why; and why not");
        assert_eq!(last_lines(b" \r\n"), "");
        let long = [&[b'a'; 400][..], b"\n", &[b'b'; 400]].concat();
        let told = last_lines(&long);
        assert_eq!(told.len(), 500);
        assert!(told.starts_with('a') && told.ends_with('b'));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program"), "no-such-program -x").unwrap_err();
        assert!(error.to_string().starts_with("no-such-program -x: cannot be run: "), "{error}");
    }
}
