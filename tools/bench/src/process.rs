//! What a process costs: its time, and the most memory that it held.
//!
//! A system tells the peak of all children that a process has waited for, and a child
//! starts with the peak of its parent. So the contestant is not started from here but
//! from a small process in between, which has no other child and little memory: this
//! program again, as the first thing that it does.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::failure::{About, Result};

/// The argument that makes this program the process in between.
pub(crate) const WATCH: &str = "--watch-one-process";

/// Stands for an output that nobody wants.
const NO_FILE: &str = "";

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From the start of the process to its end.
    pub(crate) seconds: f64,
    /// The most memory that it held, where the system tells.
    pub(crate) peak_bytes: Option<u64>,
}

/// What the process in between says of the other, as a line of JSON.
#[derive(Serialize, Deserialize)]
struct Watched {
    cost: Cost,
    /// How it ended, where it did not end well.
    failure: Option<String>,
}

/// How a program fared: what it cost, or why it failed.
pub(crate) type Outcome = std::result::Result<Cost, String>;

/// Runs a program, whose standard output goes into a file if one is named.
pub(crate) fn run(command: &[OsString], stdout: Option<&Path>) -> Result<Outcome> {
    let watcher = std::env::current_exe().about("this program's own file")?;
    let output = Command::new(&watcher)
        .arg(WATCH)
        .arg(stdout.map_or(NO_FILE.as_ref(), Path::as_os_str))
        .args(command)
        .stdin(Stdio::null())
        .output()
        .about(watcher.display())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(said.trim().into());
    }
    let watched: Watched =
        serde_json::from_slice(&output.stdout).about("the report of a process that was run")?;
    Ok(match watched.failure {
        None => Ok(watched.cost),
        Some(failure) => Err(match last_line(&said) {
            Some(line) => format!("{failure}: {line}"),
            None => failure,
        }),
    })
}

/// The process in between: runs the rest of its arguments and reports.
pub(crate) fn watch(arguments: &[OsString]) -> Result<()> {
    let [stdout, program, rest @ ..] = arguments else {
        return Err("there is nothing to run".into());
    };
    // What programs say on either output is wanted if they fail.
    let stdout = match stdout.is_empty() {
        true => Stdio::from(std::io::stderr()),
        false => File::create(stdout).about(Path::new(stdout).display())?.into(),
    };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(stdout);
    let start = Instant::now();
    let status = command.status().about(Path::new(program).display())?;
    let seconds = start.elapsed().as_secs_f64();
    let watched = Watched {
        cost: Cost { seconds, peak_bytes: peak_of_children() },
        failure: (!status.success()).then(|| status.to_string()),
    };
    println!("{}", serde_json::to_string(&watched)?);
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

/// The last line with something in it; programs that draw progress end lines with `\r`.
fn last_line(said: &str) -> Option<&str> {
    said.split(['\n', '\r']).map(str::trim).rfind(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_reason() {
        assert_eq!(last_line("banner\n10%\r20%\rERROR: no\n\n"), Some("ERROR: no"));
        assert_eq!(last_line(" \r\n"), None);
    }
}
