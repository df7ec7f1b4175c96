//! `lmac eval`: starts the program `lmac-eval`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::failure::Status;
use crate::report::Report;

/// Measure how well codecs and language models compress audio, with the program lmac-eval
#[derive(Args)]
#[command(disable_help_flag = true, after_help = EXAMPLES)]
pub(crate) struct EvalArgs {
    /// The arguments of lmac-eval; --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<OsString>,
}

const PROGRAM: &str = "lmac-eval";

/// Whether this is `lmac help eval`, which clap would answer with its own page.
pub(crate) fn is_help() -> bool {
    env::args_os().skip(1).eq(["help", "eval"])
}

/// Becomes `lmac-eval` with these arguments.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Status {
    let mut command = Command::new(beside().unwrap_or_else(|| PROGRAM.into()));
    let error = become_it(command.args(arguments));
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!(
            "the program {PROGRAM} is not installed; cargo install {PROGRAM} installs it, and \
             cargo build --release -p {PROGRAM} builds it within the project"
        ),
        _ => format!("{PROGRAM} cannot be started: {error}"),
    };
    Report::immediate(false).complain(&message);
    Status::Failed
}

/// The program in the folder of this one, if it is there.
fn beside() -> Option<PathBuf> {
    let path = env::current_exe().ok()?.with_file_name(PROGRAM);
    let path = path.with_extension(env::consts::EXE_EXTENSION);
    path.is_file().then_some(path)
}

/// Takes the program's place, with its exit status and its signals.
#[cfg(unix)]
fn become_it(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Waits for the program and ends with its exit status. It gets the first Ctrl-C as well, and
/// decides when to end.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> io::Error {
    crate::interrupt::ask_first(|| (), || ());
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

const EXAMPLES: &str = "\
This starts the program lmac-eval: the one in the folder of lmac, or else on the PATH.";
