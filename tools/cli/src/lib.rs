//! The program `lmac`, and what `lmac-eval` shares with it.
//!
//! It is not a public interface: it changes when the two programs need it.

mod archive;
mod args;
mod batch;
mod commands;
mod compare;
pub mod failure;
#[cfg(feature = "import")]
mod import;
mod inputs;
pub mod interrupt;
mod models;
#[cfg(all(feature = "mount", target_os = "linux"))]
mod mount;
mod output;
mod patterns;
mod progress;
pub mod report;
mod serve;
mod system;
mod tagging;
mod target;
mod temporary;
mod time;
mod units;

use std::process::ExitCode;

use clap::Parser;

pub use args::{AUTO, MappingChoice, mappings};
use commands::Cli;
pub use commands::man;
#[cfg(feature = "models")]
pub use models::{ModelWay, TopK};

/// Returns the version of the program, with that of the format it writes.
pub fn version() -> String {
    let (major, minor) = lmac::FORMAT_VERSION;
    format!("{} (format {major}.{minor})", env!("CARGO_PKG_VERSION"))
}

/// Runs the program `lmac`.
pub fn main() -> ExitCode {
    if commands::eval::is_help() {
        return commands::eval::run(["--help"]).into();
    }
    let cli = Cli::parse();
    interrupt::clean_up_on_signals();
    match cli.command.run() {
        Ok(status) => status.into(),
        Err(usage) => usage.exit(),
    }
}
