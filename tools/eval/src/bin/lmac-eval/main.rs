//! The program `lmac-eval`.

mod args;
mod evaluation;
mod help;
mod progress;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use lmac_cli::interrupt;
use lmac_cli::man;

use args::Cli;

fn main() -> ExitCode {
    let args = Cli::parse();
    if args.man || args.completions.is_some() {
        return match document(&args) {
            Ok(text) => man::print_all(&text).into(),
            Err(error) => Cli::command().error(clap::error::ErrorKind::Io, error).exit(),
        };
    }
    interrupt::clean_up_on_signals();
    evaluation::run(&args).into()
}

/// The manual page, or the completions of a shell.
fn document(args: &Cli) -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    let Some(shell) = args.completions else { return man::page(command, "lmac-eval".into()) };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "lmac-eval", &mut script);
    Ok(script)
}
