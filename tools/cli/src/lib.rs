//! The program `lmac`, and what `lmac-eval` shares with it.
//!
//! This is no interface for others: it changes whenever the two programs need it.

mod args;
mod batch;
mod commands;
mod compare;
pub mod failure;
mod help;
mod inputs;
pub mod interrupt;
mod models;
mod output;
mod progress;
pub mod report;
mod temporary;
mod time;
mod units;

use std::process::ExitCode;

use clap::Parser;

pub use args::{AUTO, MappingChoice, ModelWay, TopK, mappings};
use args::{Cli, Command};
pub use commands::man;
pub use help::version;

/// Runs the program `lmac`.
pub fn main() -> ExitCode {
    if commands::eval::is_help() {
        return commands::eval::run(["--help"]).into();
    }
    let cli = Cli::parse();
    interrupt::clean_up_on_signals();
    let result = match cli.command {
        Command::Encode(args) => commands::encode::run(&args),
        Command::Decode(args) => commands::decode::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Eval(args) => Ok(commands::eval::run(&args.arguments)),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match result {
        Ok(status) => status.into(),
        Err(usage) => usage.exit(),
    }
}
