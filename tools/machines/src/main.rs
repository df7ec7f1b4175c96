//! Prints the digests of this machine.

use std::process::ExitCode;

use lmac::machine;
use lmac_machines::{Options, run};

const USAGE: &str = "\
Prints a line for each digest of a fixed piece of work: they are the same on every machine.

lmac-machines [--short] [--threads N] [--flush] [--instructions NAME]
lmac-machines --instruction-sets

  --short              a part of the work, of everything a little
  --threads N          threads of encoders and decoders [1]
  --flush              with denormals flushed to zero and taken for zero on this thread
  --instructions NAME  no better instruction set than this
  --instruction-sets   prints the names of those that this machine has";

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)) {
        Ok(Some((options, flush))) => {
            let work = || {
                if flush && !machine::flushes() {
                    eprintln!("lmac-machines: denormals cannot be flushed here");
                    return ExitCode::FAILURE;
                }
                run(options, &mut |line| println!("{line}"));
                ExitCode::SUCCESS
            };
            if flush { machine::with_flushing(work) } else { work() }
        }
        Ok(None) => {
            println!("{}", machine::instruction_sets().join("\n"));
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("lmac-machines: {what}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// How the work is to be done, and whether with denormals flushed; nothing where only the
/// instruction sets are wanted.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<(Options, bool)>, String> {
    let mut options = Options { short: false, threads: 1 };
    let mut flush = false;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--short" => options.short = true,
            "--flush" => flush = true,
            "--threads" => {
                let number = value()?;
                let known = number.parse().map_err(|_| format!("--threads {number}: no number"));
                options.threads = known?;
            }
            "--instructions" => {
                let name = value()?;
                if !machine::limit_instructions(&name) {
                    return Err(format!("this machine has no instructions named {name}"));
                }
            }
            "--instruction-sets" => return Ok(None),
            _ => return Err(format!("{argument} is unknown")),
        }
    }
    Ok(Some((options, flush)))
}
