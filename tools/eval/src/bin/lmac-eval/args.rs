//! The options of `lmac-eval`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueHint};
use lmac::Preset;
use lmac_cli::{AUTO, MappingChoice, ModelWay, mappings, version};

use crate::help;

/// Measure how well language models and other codecs compress audio
#[derive(Parser)]
#[command(name = "lmac-eval", version = version())]
#[command(after_help = help::SHORT, after_long_help = help::LONG)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) audio: AudioArgs,
    #[command(flatten)]
    pub(crate) contestants: ContestantArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) results: ResultArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Files(Box<FilesArgs>),
    /// Measure how fast audio passes that is only stored: the speed of all but the models
    Throughput,
    /// Measure how long a player waits for sound, and what short chunks cost
    Latency(LatencyArgs),
    /// Print the manual page
    Man {
        /// The command that the page is about, or all of it
        #[arg(value_parser = ["files", "latency"])]
        command: Option<String>,
    },
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Measure presets and other programs on whole WAV files, with speed and memory
#[derive(Args)]
#[command(after_help = help::FILES, after_long_help = help::FILES_LONG)]
pub(crate) struct FilesArgs {
    /// The folder of recordings: all WAV files in it and below, in the order of their names
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Presets of lmac, with commas between them, or none
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = presets())]
    #[arg(default_value = "light,fast,standard,max")]
    pub(crate) presets: Vec<PresetChoice>,
    /// Other codecs: those that are installed, those whose names contain one of these texts
    /// with commas between them, or none
    #[arg(long, value_name = "LIST", default_value = "installed")]
    pub(crate) programs: String,
    #[command(flatten)]
    pub(crate) external: ExternalArgs,
    /// A CSV file with sizes that other codecs reached on the same files: a column file, a
    /// column wav with the size of the file, and after it one for each codec
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub(crate) peers: Option<PathBuf>,
    /// Code each file N times and take the quickest time
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) results: ResultArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Args)]
pub(crate) struct LatencyArgs {
    /// The folder of recordings: all WAV files in it and below
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Presets of lmac, with commas between them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = presets())]
    #[arg(default_value = "light,fast,standard")]
    pub(crate) presets: Vec<PresetChoice>,
    /// Lengths of chunks in seconds, with commas between them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = seconds)]
    #[arg(default_value = "0.5,1,2,5")]
    pub(crate) chunk_seconds: Vec<f64>,
    /// Seeks in each recording
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeks: u32,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (1e-3..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "this must be seconds, from 0.001 to 3600".into())
}

/// What is printed.
#[derive(Args)]
pub(crate) struct ShownArgs {
    /// Print the results as JSON instead of the tables
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors and results
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// The audio.
#[derive(Args)]
#[command(next_help_heading = "Audio")]
pub(crate) struct AudioArgs {
    /// The folder of recordings: all WAV files in it and below, in the order of their names
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    #[arg(required_unless_present = "dataset")]
    pub(crate) audio_dir: Option<PathBuf>,
    /// Instead of recordings, random samples, which no codec can compress: one channel at
    /// 16 kHz, 8 bits unless --bit-depth says otherwise
    #[arg(long, value_name = "NAME", value_parser = ["random"], conflicts_with = "audio_dir")]
    pub(crate) dataset: Option<String>,
    /// Convert all samples to this depth, by shifts alone; 8 bits are unsigned, as in a WAV
    /// file [default: as they are]
    #[arg(long, value_name = "BITS", value_parser = depths())]
    pub(crate) bit_depth: Option<u32>,
    /// Bytes of a chunk, cut down to whole frames. A chunk is coded without the others
    #[arg(long, value_name = "N", default_value = "2048")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chunk_size: u32,
    /// Take only the first N chunks [default: all; 1000 of random samples]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) num_chunks: Option<u64>,
    /// Leave out the shorter chunk at the end of each file
    #[arg(long)]
    pub(crate) full_chunks_only: bool,
    /// Shuffle the files, and draw random samples, with this seed
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// The contestants.
#[derive(Args)]
#[command(next_help_heading = "Contestants")]
pub(crate) struct ContestantArgs {
    /// A language model: a folder of Hugging Face or Meta, a .gguf or .npz file, or the name
    /// org/model of one in Hugging Face's local cache. May be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Vec<PathBuf>,
    /// Presets of lmac, with commas between them, or none
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = presets())]
    #[arg(default_value = "fast,standard,max")]
    pub(crate) presets: Vec<PresetChoice>,
    /// Other codecs, with commas between them: gzip, lzma, png, zstd, flac (its best), flac-8;
    /// all or none
    #[arg(long, value_name = "LIST", default_value = lmac_eval::baselines::DEFAULT)]
    pub(crate) baselines: String,
    #[command(flatten)]
    pub(crate) external: ExternalArgs,
}

/// Programs of the user's own.
#[derive(Args)]
pub(crate) struct ExternalArgs {
    /// Any program as one more codec: {in} is a WAV file, {out} the file that it makes. May be
    /// given several times
    #[arg(long, value_name = "NAME=COMMAND")]
    pub(crate) external: Vec<String>,
    /// How that program decodes, to check what it made: {in} is the file that it made, {out}
    /// a WAV file
    #[arg(long, value_name = "NAME=COMMAND", requires = "external")]
    pub(crate) external_decode: Vec<String>,
}

/// How they are measured.
#[derive(Args)]
#[command(next_help_heading = "Measuring")]
pub(crate) struct HowArgs {
    /// Chunks that are coded without each other, clips as a whole, or both. Language models
    /// have chunks alone
    #[arg(long, value_name = "HOW", value_parser = ["chunks", "whole", "both"])]
    #[arg(default_value = "both")]
    pub(crate) arrangement: String,
    /// Whether headers of chunks count once in a file or in each chunk
    #[arg(long, value_name = "HOW", value_parser = ["once", "each"], default_value = "once")]
    pub(crate) headers: String,
    /// Count the bytes that language models make, or estimate them from the entropy of the
    /// predictions
    #[arg(long, value_name = "KIND", value_parser = ["real", "entropy"], default_value = "real")]
    #[arg(requires = "model")]
    pub(crate) rate: String,
    /// Have language models predict step by step, as a decoder does. The bytes are the same;
    /// it takes far longer
    #[arg(long, requires = "model")]
    pub(crate) stepping: bool,
    /// Do not decode and compare
    #[arg(long)]
    pub(crate) no_check: bool,
    /// For language models, put the samples of N frames one channel after the other
    #[arg(long, value_name = "N", requires = "model", default_value_t = 0)]
    pub(crate) blocking: u32,
    /// For language models, how samples become characters; auto is offset binary
    #[arg(long, value_name = "NAME", value_parser = mappings(), default_value = AUTO)]
    #[arg(requires = "model")]
    pub(crate) mapping: MappingChoice,
    #[command(flatten)]
    pub(crate) way: ModelWay,
    /// Threads of lmac's own contestants; 0 is one for each core. Only speeds on one thread
    /// compare with those of other codecs
    #[arg(short = 'T', long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,
}

/// Files for the results.
#[derive(Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultArgs {
    /// Write all results as JSON. Until the run is complete, FILE.partial has those so far
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Continue an interrupted run with the same options
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// Overwrite files that exist, and discard an interrupted run
    #[arg(short, long, conflicts_with = "resume")]
    pub(crate) force: bool,
    /// Also write the tables as Markdown
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) markdown: Option<PathBuf>,
    /// Also write a line for each file and contestant as CSV
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
    /// Also draw the results, as SVG and PNG, into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) pictures: Option<PathBuf>,
    /// The file whose cost along time is drawn [default: the first]
    #[arg(long, value_name = "NAME", requires = "pictures")]
    pub(crate) picture_of: Option<String>,
    /// Print where the time of the run went
    #[arg(long)]
    pub(crate) times: bool,
}

/// A preset, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PresetChoice(pub(crate) Option<Preset>);

fn presets() -> impl TypedValueParser<Value = PresetChoice> {
    PossibleValuesParser::new(Preset::ALL.iter().map(|preset| preset.name()).chain(["none"]))
        .map(|name| PresetChoice(Preset::ALL.iter().find(|preset| preset.name() == name).copied()))
}

fn depths() -> impl TypedValueParser<Value = u32> {
    PossibleValuesParser::new(["8", "16", "24", "32"]).try_map(|bits| bits.parse::<u32>())
}
