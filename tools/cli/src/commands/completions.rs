//! `lmac completions`

use clap::Args;

use crate::failure::{Failure, Status};
use crate::report::{Report, print};

/// Print the completions of a shell
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

pub(crate) fn run(args: &CompletionsArgs, mut lmac: clap::Command) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut lmac, "lmac", &mut script);
    print_all(&script)
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

const EXAMPLES: &str = "\
Examples:
  lmac completions bash > ~/.local/share/bash-completion/completions/lmac
  lmac completions zsh > ~/.zfunc/_lmac
  lmac completions fish > ~/.config/fish/completions/lmac.fish";
