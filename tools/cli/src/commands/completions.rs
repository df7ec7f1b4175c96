//! `lmac completions`

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::failure::{Failure, Status};
use crate::report::{Report, print};

pub(crate) fn run(args: &CompletionsArgs) -> Result<Status, clap::Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lmac", &mut script);
    Ok(print_all(&script))
}

/// Prints something that is complete in itself.
pub fn print_all(bytes: &[u8]) -> Status {
    match print(bytes) {
        Ok(()) | Err(Failure::BrokenPipe) => Status::Fine,
        Err(failure) => {
            // Standard error is where this is said; that may fail too.
            let _ = Report::immediate(false).failure("-", &failure);
            Status::Failed
        }
    }
}
