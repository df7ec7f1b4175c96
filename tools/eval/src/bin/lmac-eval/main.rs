//! The program `lmac-eval`.

mod args;
mod evaluation;
mod help;
mod latency;
mod plans;
mod progress;
mod throughput;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use lmac_cli::{interrupt, man};

use args::{Cli, Command};

fn main() -> ExitCode {
    // First of all, since the memory of these processes is measured.
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(done) = lmac_eval::of_process(&arguments) {
        return done.map_or_else(
            |error| {
                eprintln!("{error}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    let cli = Cli::parse();
    interrupt::clean_up_on_signals();
    let status = match &cli.command {
        None => evaluation::run(&cli.results, &cli.shown, |report, times, interrupt| {
            plans::of_clips(&cli, report, times, interrupt)
        }),
        Some(Command::Files(args)) => {
            evaluation::run(&args.results, &args.shown, |report, times, interrupt| {
                plans::of_files(args, report, times, interrupt)
            })
        }
        Some(Command::Throughput) => return printed(throughput::table()),
        Some(Command::Latency(args)) => return printed(latency::table(args)),
        Some(Command::Man { command }) => return printed(manual(command.as_deref())),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "lmac-eval", &mut script);
            man::print_all(&script)
        }
    };
    status.into()
}

fn printed<E: std::fmt::Display>(text: Result<Vec<u8>, E>) -> ExitCode {
    match text {
        Ok(text) => man::print_all(&text).into(),
        Err(error) => {
            eprintln!("lmac-eval: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The manual page of the program, or of one of its commands.
fn manual(command: Option<&str>) -> io::Result<Vec<u8>> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    match command.and_then(|name| cli.find_subcommand(name)) {
        Some(command) => man::page(command.clone(), format!("lmac-eval-{}", command.get_name())),
        None => man::page(cli, "lmac-eval".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
