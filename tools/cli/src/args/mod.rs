//! The arguments that several commands share.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueHint};
use lmac::{Mapping, Verify};

use crate::units::parse_size;

/// The options of all commands that read audio.
#[derive(Args)]
pub(crate) struct Common {
    /// Search folders and the folders below them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Number of threads; 0 takes one for each processor. The result is the same for every number
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Print errors only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print a summary after each file, in logs too
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print a JSON object for each file, on its own line
    #[arg(long)]
    pub(crate) json: bool,
    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// The options of all commands that write files.
#[derive(Args)]
pub(crate) struct Writing {
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "output_dir")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// The folder for the results; with -r the folders below a source folder are kept
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: Option<PathBuf>,
    /// Overwrite existing files
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Delete each source after its result was read back and restored it; given twice, also
    /// sources whose audio alone can be restored
    #[arg(long, action = ArgAction::Count)]
    pub(crate) rm: u8,
}

/// The resources that decoding a stream may take.
#[derive(Args)]
pub(crate) struct Needs {
    /// Refuse streams that need more memory than this, for example 512M; the weights of a
    /// model are not counted [default: 2G]
    #[arg(long, value_name = "LIMIT", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// The language model that the streams were made with [default: found in the folders that
    /// the variable LMAC_MODELS lists]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Option<PathBuf>,
}

/// The name of the mapping that the encoder chooses.
pub const AUTO: &str = "auto";

/// A mapping, or none where the encoder chooses.
#[derive(Debug, Clone, Copy)]
pub struct MappingChoice(pub Option<Mapping>);

impl std::fmt::Display for MappingChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.map_or(AUTO, Mapping::name))
    }
}

/// Parses the name of a mapping.
pub fn mappings() -> impl TypedValueParser<Value = MappingChoice> {
    PossibleValuesParser::new(
        [AUTO].into_iter().chain(Mapping::ALL.iter().map(|mapping| mapping.name())),
    )
    .map(|name| MappingChoice(Mapping::ALL.iter().find(|mapping| mapping.name() == name).copied()))
}

/// Parses the value of `--verify`.
pub(crate) fn verify() -> impl TypedValueParser<Value = Verify> {
    PossibleValuesParser::new(["usual", "full"])
        .map(|name| if name == "full" { Verify::Full } else { Verify::Usual })
}
