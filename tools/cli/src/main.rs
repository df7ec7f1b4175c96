//! The `lmac` command line.

mod args;
mod batch;
mod commands;
mod compare;
mod failure;
mod help;
mod inputs;
mod interrupt;
mod models;
mod output;
mod progress;
mod report;
mod run_progress;
mod temporary;
mod time;
mod units;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    interrupt::clean_up_on_signals();
    let result = match cli.command {
        Command::Encode(args) => commands::encode::run(&args),
        Command::Decode(args) => commands::decode::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Eval(args) => Ok(commands::eval::run(&args)),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
    };
    match result {
        Ok(status) => status.into(),
        Err(usage) => usage.exit(),
    }
}
