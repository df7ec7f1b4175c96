//! The program `lmac`.

use std::process::ExitCode;

fn main() -> ExitCode {
    lmac_cli::main()
}
