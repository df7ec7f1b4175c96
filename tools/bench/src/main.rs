//! Measures lmac beside other codecs on a folder of recordings, in one run.

mod contestants;
mod corpus;
mod failure;
mod json;
mod markdown;
mod own_coder;
mod peers;
mod picture;
mod process;
mod programs;
mod results;
mod throughput;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use contestants::Contestant;
use corpus::Recording;
use failure::{About, Result};
use results::{Results, Row};

/// Measures lmac beside other codecs on a folder of WAV files.
///
/// Every preset of lmac that compresses, and of flac, WavPack, Monkey's Audio, MPEG-4 ALS,
/// ffmpeg (TTA, ALAC), OptimFROG, Sac and xz whatever is installed, encodes and decodes
/// every file, each in a process of its own, on one thread and without verification. What
/// comes back is compared with the file. The result is a table of ratios by kind, which is
/// the last folder in a file's path, and one of speeds, also beside flac's, and of peak
/// memory.
#[derive(Parser)]
#[command(name = "lmac-bench", version)]
struct Arguments {
    /// The folder of recordings.
    #[arg(required_unless_present = "throughput")]
    folder: Option<PathBuf>,
    /// A CSV file with sizes that other codecs reached on the same files: a column `file`,
    /// a column `wav`, and after it one for each codec.
    #[arg(long, value_name = "CSV")]
    peers: Option<PathBuf>,
    /// Only codecs with this in their names; may be given several times.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    only: Vec<String>,
    /// How often each file is coded; the quickest time counts.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Also write the tables as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write the results, and the sizes, times and memory of every file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also draw ratio against speed, for the codecs that took all files.
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture_path)]
    picture: Option<PathBuf>,
    /// Instead, measure how fast audio passes that is only stored.
    #[arg(long)]
    throughput: bool,
}

fn main() -> ExitCode {
    // Processes that this program starts of itself come first: their memory is measured.
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let done = match arguments.get(1).and_then(|first| first.to_str()) {
        Some(process::WATCH) => process::watch(&arguments[2..]),
        Some(own_coder::ENCODE) => own_coder::encode(&arguments[2..]),
        Some(own_coder::DECODE) => own_coder::decode(&arguments[2..]),
        _ => run(Arguments::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lmac-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if arguments.throughput {
        return throughput::run();
    }
    let folder = arguments.folder.unwrap_or_default();
    let recordings = Recording::all(&folder)?;
    if recordings.is_empty() {
        return Err("there are no WAV files").about(folder.display());
    }
    let stored = match &arguments.peers {
        Some(path) => peers::read(path, &recordings)?,
        None => Vec::new(),
    };
    let mut contestants = Contestant::all();
    if !arguments.only.is_empty() {
        contestants.retain(|codec| arguments.only.iter().any(|text| codec.name.contains(text)));
    }
    if contestants.is_empty() {
        return Err("no codec that is installed has this in its name").about("--only");
    }

    let mut rows = measure(&recordings, &contestants, arguments.rounds)?;
    rows.extend(stored);
    let results = Results::new(&recordings, arguments.rounds, rows);
    let tables = markdown::document(&results);
    // Whoever does not read it to the end may still want the files.
    let _ = std::io::stdout().write_all(tables.as_bytes());
    if let Some(path) = arguments.markdown {
        write(&path, tables.as_bytes())?;
    }
    if let Some(path) = arguments.json {
        write(&path, format!("{:#}\n", json::document(&results)).as_bytes())?;
    }
    if let Some(path) = arguments.picture {
        let canvas = picture::draw(&results).about(path.display())?;
        let picture = if ends_in(&path, "png") { canvas.png()? } else { canvas.svg().into() };
        write(&path, &picture)?;
    }
    Ok(())
}

/// All files through all contestants, file by file: what disturbs the machine for a while
/// disturbs everyone.
fn measure(recordings: &[Recording], contestants: &[Contestant], rounds: u32) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = contestants
        .iter()
        .map(|codec| Row::new(codec.name.clone(), codec.version.clone(), codec.origin()))
        .collect();
    for (at, recording) in recordings.iter().enumerate() {
        eprintln!("{}/{} {}", at + 1, recordings.len(), recording.name);
        for (contestant, row) in contestants.iter().zip(&mut rows) {
            let taken = contestant.measure(recording, rounds);
            match taken.about(&recording.name).about(&contestant.name)? {
                Ok(measured) => drop(row.measured.insert(at, measured)),
                Err(reason) => {
                    eprintln!("{}: {reason}", contestant.name);
                    row.refused.insert(at, reason);
                }
            }
        }
    }
    Ok(rows)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).about(path.display())
}

/// The picture is known to be possible before hours of measuring.
fn picture_path(path: &str) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(path);
    match ends_in(&path, "svg") || ends_in(&path, "png") {
        true => Ok(path),
        false => Err("pictures are SVG or PNG: the name ends in .svg or .png".into()),
    }
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}
