//! Measures lmac's language models beside candle's, on one thread.

mod alone;
mod clock;
mod contestant;
mod peaks;
mod results;
mod round;
mod shapes;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use lmac_reference::Result;

use contestant::{Contestant, Numbers};
use peaks::Peak;
use results::Row;
use round::{Limits, Work};
use shapes::Size;

/// Measures lmac's language models beside candle's, on one thread.
///
/// The models have about 1, 10 and 100 million seeded parameters. Two speeds are measured: one
/// context of 256 to 2,048 tokens in one pass, as in an encoder, and many contexts in lockstep,
/// token by token, as in a decoder. The precision f32 is compared with candle's own Llama,
/// which computes logits only for the last token of a pass, while lmac computes all; int8 is
/// compared with a Llama on candle's products of Q8_0 matrices.
///
/// Contestants take turns, so that other load affects all of them. Speeds are medians, by
/// processor time and by the clock. Gop/s counts two operations for each parameter and token,
/// and those of attention. The share is relative to a loop over registers at the same moment.
/// Two threads are compared by the clock, each with contexts of its own.
#[derive(Parser)]
#[command(name = "lm-bench", version)]
struct Arguments {
    /// Sizes in millions of parameters.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,10,100")]
    sizes: Vec<Size>,
    /// Only measurements whose names contain TEXT; may be given several times.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Tokens of each context in lockstep.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=2048))]
    steps: u16,
    /// Ends a measurement early after N seconds.
    #[arg(long, value_name = "N", default_value_t = 60.0)]
    seconds: f64,
    /// Also write the table as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let done = match alone::again() {
        Ok(Some(code)) => return code,
        Ok(None) => run(&Arguments::parse()),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lm-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let limits = Limits { steps: arguments.steps.into(), seconds: arguments.seconds };
    let peaks = Peak::ALL.map(|peak| (peak, peak.measure()));
    let mut rows = Vec::new();
    for &size in &arguments.sizes {
        let llama = size.llama();
        let weights = size.weights();
        for numbers in Numbers::ALL {
            let mut contestants = None;
            for work in Work::all() {
                let name = format!("{} {} {}", size.name(), numbers.name(), work.name());
                let wanted = |text: &String| name.contains(text.as_str());
                if !arguments.only.is_empty() && !arguments.only.iter().any(wanted) {
                    continue;
                }
                eprintln!("{name}");
                let contestants = match &mut contestants {
                    Some(contestants) => contestants,
                    none => none.insert(Contestant::all(numbers, &weights)?),
                };
                let turns = round::measure(contestants, work, &llama, limits)?;
                rows.extend(Row::all(size, numbers, work, contestants, &turns));
            }
        }
    }
    let document = table::document(&peaks, &rows);
    if arguments.json {
        println!("{:#}", results::json(&peaks, &rows));
    } else {
        print!("{document}");
    }
    if let Some(path) = &arguments.markdown {
        fs::write(path, &document).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
