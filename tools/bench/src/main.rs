//! Measures lmac beside other codecs on a folder of recordings, in one run.

mod contestants;
mod corpus;
mod report;
mod throughput;

use std::fs;
use std::path::PathBuf;

use clap::Parser;

use contestants::Contestant;
use corpus::Recording;
use report::Report;

/// What can go wrong here: always a sentence for the person at the terminal.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures lmac beside other codecs on a folder of WAV files.
///
/// Every contestant encodes and decodes every file on one thread, without verification,
/// and what it restores is compared with the file. Programs that are not installed are
/// left out. The last folder in a file's path is its kind.
#[derive(Parser)]
#[command(name = "lmac-bench", version)]
struct Arguments {
    /// The folder of recordings.
    #[arg(required_unless_present = "throughput")]
    folder: Option<PathBuf>,
    /// A CSV file with sizes that other codecs reached on the same files: a column `file`,
    /// a column `wav`, and one for each codec.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// Also write the table as Markdown.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Also write the sizes and times of every file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Instead, measure how fast audio passes that is only stored.
    #[arg(long)]
    throughput: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.throughput {
        return throughput::run();
    }
    let folder = arguments.folder.unwrap_or_default();
    let recordings = Recording::all(&folder)?;
    if recordings.is_empty() {
        return Err(format!("{}: there are no WAV files", folder.display()).into());
    }
    let contestants = Contestant::all();
    let mut report = Report::new(&recordings);
    for (done, recording) in recordings.iter().enumerate() {
        eprintln!("{}/{} {}", done + 1, recordings.len(), recording.name);
        for contestant in &contestants {
            let measured = contestant
                .measure(recording)
                .map_err(|error| format!("{}: {}: {error}", contestant.name(), recording.name))?;
            report.add(contestant.name(), done, measured);
        }
    }
    if let Some(path) = arguments.peers {
        report.add_stored(&fs::read_to_string(path)?)?;
    }
    print!("{}", report.markdown());
    if let Some(path) = arguments.markdown {
        fs::write(path, report.markdown())?;
    }
    if let Some(path) = arguments.json {
        fs::write(path, report.json().to_string())?;
    }
    Ok(())
}
