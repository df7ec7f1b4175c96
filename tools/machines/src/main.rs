//! Prints the digests of this machine.

use std::process::ExitCode;

use lmac::proof;
use lmac_machines::{Options, run};

const USAGE: &str = "\
Prints a line for each digest of a fixed piece of work: they are the same on every machine.

lmac-machines [--short] [--threads N] [--flush] [--instructions NAME]
lmac-machines --instruction-sets

  --short              do a part of the work, of everything a little
  --threads N          number of threads of encoders and decoders [1]
  --flush              flush denormals to zero on the main thread
  --instructions NAME  use no better instruction set than this
  --instruction-sets   print the names of the instruction sets of this machine";

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)) {
        Ok(Command::InstructionSets) => {
            println!("{}", proof::instruction_sets().join("\n"));
            ExitCode::SUCCESS
        }
        Ok(Command::Digests { options, flush, instructions: None }) => digests(options, flush),
        Ok(Command::Digests { options, flush, instructions: Some(name) }) => {
            let code = proof::with_instruction_set(&name, || digests(options, flush));
            code.unwrap_or_else(|| {
                let known = proof::instruction_sets().join(", ");
                usage(&format!("this machine has no instructions named {name}; it has {known}"))
            })
        }
        Err(what) => usage(&what),
    }
}

fn usage(what: &str) -> ExitCode {
    eprintln!("lmac-machines: {what}\n\n{USAGE}");
    ExitCode::from(2)
}

fn digests(options: Options, flush: bool) -> ExitCode {
    let work = || {
        if flush && !proof::flushes() {
            eprintln!("lmac-machines: this machine cannot flush denormals");
            return ExitCode::FAILURE;
        }
        run(options, &mut |line| println!("{line}"));
        ExitCode::SUCCESS
    };
    if flush { proof::with_flushing(work) } else { work() }
}

/// The command that the arguments ask for.
enum Command {
    /// To print the names of the instruction sets.
    InstructionSets,
    /// To print the digests.
    Digests {
        options: Options,
        /// Whether denormals are flushed meanwhile.
        flush: bool,
        /// The best instruction set to use.
        instructions: Option<String>,
    },
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options { short: false, threads: 1 };
    let (mut flush, mut instructions) = (false, None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--short" => options.short = true,
            "--flush" => flush = true,
            "--threads" => {
                let number = value()?;
                let known =
                    number.parse().map_err(|_| format!("--threads is {number}, not a number"));
                options.threads = known?;
            }
            "--instructions" => instructions = Some(value()?),
            "--instruction-sets" => return Ok(Command::InstructionSets),
            _ => return Err(format!("{argument} is unknown")),
        }
    }
    Ok(Command::Digests { options, flush, instructions })
}
