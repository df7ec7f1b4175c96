//! The arguments that several commands share.

mod model;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use lmac::Mapping;

use crate::units::parse_size;

pub(crate) use model::{ModelArgs, verify};
pub use model::{ModelWay, TopK};

/// What all commands understand that read audio.
#[derive(Args)]
pub(crate) struct Common {
    /// Go through folders and all that is below them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Threads; 0 is as many as the machine has. The result does not depend on it
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say how it went after each file, in logs too
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print a JSON object for each file, in a line of its own
    #[arg(long)]
    pub(crate) json: bool,
    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// What all commands understand that write files.
#[derive(Args)]
pub(crate) struct Writing {
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "output_dir")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// The folder for the results; with -r it gets the same folders within
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Delete each source once its result was read back and found to restore it
    #[arg(long)]
    pub(crate) rm: bool,
}

/// What streams may need to be decoded.
#[derive(Args)]
pub(crate) struct Needs {
    /// Refuse streams that need more memory than this, such as 512M, beside the weights of a
    /// model [default: 2G]
    #[arg(long, value_name = "LIMIT", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// The language model that streams were made with; without it, the folders in the
    /// variable LMAC_MODELS are looked through
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Option<PathBuf>,
}

/// The name of the mapping that the encoder chooses.
pub const AUTO: &str = "auto";

/// A mapping, or none for the encoder to try.
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
