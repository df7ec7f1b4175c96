//! The command line.

mod model;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};
use lmac::{Mapping, Preset, Verify};

use crate::help;
use crate::time::Moment;
use crate::units::parse_size;

pub(crate) use model::ModelArgs;
pub use model::{ModelWay, TopK};

/// Lossless audio compression that gives WAV and raw PCM files back byte for byte
#[derive(Parser)]
#[command(name = "lmac", version = help::version(), after_help = help::MAIN)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Encode(EncodeArgs),
    Decode(DecodeArgs),
    Verify(VerifyArgs),
    Info(InfoArgs),
    Eval(EvalArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

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

/// Compress WAV or raw PCM files
#[derive(Args)]
#[command(after_help = help::ENCODE, after_long_help = help::ENCODE_LONG)]
#[command(override_usage = help::ENCODE_USAGE)]
pub(crate) struct EncodeArgs {
    /// Files to compress; - is standard input. The second of two is the file to write if
    /// it is - or ends in .lmac
    #[arg(required = true, value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) common: Common,
    /// How much work goes into making the result small; fast, standard and max are the
    /// embedded model, light a simpler one, store keeps the audio as it is
    #[arg(long, value_name = "NAME", value_parser = presets())]
    #[arg(default_value = Preset::default().name())]
    pub(crate) preset: Preset,
    /// How samples become characters; without a model, a choice other than auto takes the
    /// light method
    #[arg(long, value_name = "NAME", value_parser = mappings(), default_value = AUTO)]
    pub(crate) mapping: MappingChoice,
    /// Frames of a chunk, the unit of seeking and of damage [default: ten seconds; thirty with
    /// max]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chunk_frames: Option<u64>,
    /// Decode each chunk again before it is written. As usual, that is all of it, but with a
    /// model all bytes and a sample of the predictions
    #[arg(long, value_name = "HOW", value_parser = model::verify(), default_value = "usual")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "usual")]
    pub(crate) verify: Verify,
    /// Do not decode each chunk again before it is written
    #[arg(long, conflicts_with = "verify")]
    pub(crate) no_verify: bool,
    /// Leave out the MD5 of the audio
    #[arg(long)]
    pub(crate) no_md5: bool,
    /// Leave out what surrounds the audio in a WAV file
    #[arg(long, conflicts_with_all = ["rm", "raw"])]
    pub(crate) audio_only: bool,
    #[command(flatten, next_help_heading = "Language models")]
    pub(crate) language: ModelArgs,
    #[command(flatten, next_help_heading = "PCM without a head")]
    pub(crate) raw: RawArgs,
}

/// What a file of nothing but samples looks like.
#[derive(Args)]
pub(crate) struct RawArgs {
    /// The input is PCM without a head
    #[arg(long, requires_all = ["rate", "channels", "bits"])]
    pub(crate) raw: bool,
    /// Frames per second; 0 if unknown
    #[arg(long, value_name = "HZ", requires = "raw")]
    pub(crate) rate: Option<u32>,
    /// Channels
    #[arg(long, value_name = "N", requires = "raw")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) channels: Option<u16>,
    /// Bits of a sample
    #[arg(long, value_name = "N", requires = "raw", value_parser = bits())]
    pub(crate) bits: Option<u32>,
    /// Samples are IEEE floats, of 32 or 64 bits
    #[arg(long, requires = "raw")]
    pub(crate) float: bool,
    /// Samples are unsigned (as those of 8 bits are without this)
    #[arg(long, requires = "raw", conflicts_with_all = ["signed", "float"])]
    pub(crate) unsigned: bool,
    /// Samples are signed (as those of 16, 24 and 32 bits are without this)
    #[arg(long, requires = "raw", conflicts_with = "float")]
    pub(crate) signed: bool,
    /// The most significant byte of a sample comes first
    #[arg(long, requires = "raw")]
    pub(crate) big_endian: bool,
    /// Upper bits of a sample that carry the sound
    #[arg(long, value_name = "N", requires = "raw", conflicts_with = "float")]
    pub(crate) valid_bits: Option<u8>,
}

/// Restore the files that were compressed
#[derive(Args)]
#[command(after_help = help::DECODE, after_long_help = help::DECODE_LONG)]
#[command(override_usage = help::DECODE_USAGE)]
pub(crate) struct DecodeArgs {
    /// Streams to decode; - is standard input. The second of two is the file to write if
    /// it is - or has another ending than .lmac
    #[arg(required = true, value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Begin here: a frame (44100) or a time (90s, 1.5s, 250ms, 1:23.5, 1:02:03)
    #[arg(long, value_name = "T", conflicts_with = "rm")]
    pub(crate) start: Option<Moment>,
    /// End before this frame or time
    #[arg(long, value_name = "T", conflicts_with = "rm")]
    pub(crate) end: Option<Moment>,
    /// Write the audio with a new WAV head, without what surrounded it
    #[arg(long, conflicts_with = "rm")]
    pub(crate) audio_only: bool,
    /// Replace what is damaged with silence, and say what that was (exit status 3)
    #[arg(long, conflicts_with = "rm")]
    pub(crate) recover: bool,
    #[command(flatten)]
    pub(crate) needs: Needs,
}

/// Decode everything and check it against all checksums, writing nothing
#[derive(Args)]
#[command(after_help = help::VERIFY, after_long_help = help::VERIFY_LONG)]
pub(crate) struct VerifyArgs {
    /// Streams to check; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) needs: Needs,
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

/// Say what a stream holds, without decoding it
#[derive(Args)]
#[command(after_help = help::INFO, after_long_help = help::INFO_LONG)]
pub(crate) struct InfoArgs {
    /// Streams to look into; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    /// List the chunks, and what became of the audio in each
    #[arg(long)]
    pub(crate) chunks: bool,
    /// Go through folders and all that is below them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Print a JSON object for each file, in a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

/// Measure how well codecs and language models compress audio, with the program lmac-eval
#[derive(Args)]
#[command(disable_help_flag = true, after_help = help::EVAL)]
pub(crate) struct EvalArgs {
    /// The arguments of lmac-eval; --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<OsString>,
}

/// Print a shell's completions
#[derive(Args)]
#[command(after_help = help::COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Args)]
#[command(after_help = help::MAN)]
pub(crate) struct ManArgs {
    /// The command that the page is about, or all of it
    #[arg(value_parser = COMMANDS)]
    pub(crate) command: Option<String>,
}

/// All commands, in their order.
const COMMANDS: [&str; 7] = ["encode", "decode", "verify", "info", "eval", "completions", "man"];

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

fn presets() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.iter().map(|preset| preset.name())).map(|name| {
        let found = Preset::ALL.iter().find(|preset| preset.name() == name);
        found.copied().unwrap_or_default()
    })
}

/// Parses the name of a mapping.
pub fn mappings() -> impl TypedValueParser<Value = MappingChoice> {
    PossibleValuesParser::new(
        [AUTO].into_iter().chain(Mapping::ALL.iter().map(|mapping| mapping.name())),
    )
    .map(|name| MappingChoice(Mapping::ALL.iter().find(|mapping| mapping.name() == name).copied()))
}

fn bits() -> impl TypedValueParser<Value = u32> {
    PossibleValuesParser::new(["8", "16", "24", "32", "64"]).try_map(|bits| bits.parse::<u32>())
}

/// An error in the way that a command was used.
pub(crate) fn usage(command: &str, message: impl std::fmt::Display) -> clap::Error {
    let mut cli = Cli::command();
    cli.build();
    match cli.find_subcommand_mut(command) {
        Some(command) => command.error(ErrorKind::ArgumentConflict, message),
        None => cli.error(ErrorKind::ArgumentConflict, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_page() {
        let cli = Cli::command();
        assert!(cli.get_subcommands().map(clap::Command::get_name).eq(COMMANDS));
    }

    fn refuses(arguments: &[&str]) -> bool {
        Cli::try_parse_from([&["lmac"], arguments].concat()).is_err()
    }

    #[test]
    fn wrong_usage() {
        let raw = ["encode", "a", "--raw", "--rate", "8000", "--channels", "1", "--bits", "16"];
        assert!(!refuses(&raw));
        for missing in [3, 5, 7] {
            let mut some = raw.to_vec();
            some.drain(missing..missing + 2);
            assert!(refuses(&some), "{some:?}");
        }
        for flags in
            [&["--signed", "--unsigned"][..], &["--float", "--unsigned"], &["--audio-only"]]
        {
            assert!(refuses(&[&raw, flags].concat()), "{flags:?}");
        }
        for lone in [
            &["--rate", "8000"][..],
            &["--channels", "1"],
            &["--bits", "16"],
            &["--float"],
            &["--unsigned"],
            &["--signed"],
            &["--big-endian"],
            &["--valid-bits", "12"],
            &["--chunk-frames", "0"],
            &["--preset", "best"],
            &["--mapping", "x"],
            &["--rm", "--audio-only"],
            &["-o", "b", "--output-dir", "c"],
            &["-q", "-v"],
            &["--precision", "int8"],
            &["--top-k", "5"],
            &["--model", "m", "--top-k", "0"],
            &["--model", "m", "--tokens", "words"],
            &["--verify=full", "--no-verify"],
            &["--verify=most"],
        ] {
            assert!(refuses(&[&["encode", "a"], lone].concat()), "{lone:?}");
        }
        for fine in [
            &["--verify"][..],
            &["--verify=full"],
            &["--model", "m", "--top-k", "all", "--tokens", "bpe", "--precision", "int8"],
        ] {
            assert!(!refuses(&[&["encode", "a"], fine].concat()), "{fine:?}");
        }
        for flag in ["--recover", "--audio-only", "--start=1", "--end=1"] {
            assert!(!refuses(&["decode", "a", flag]), "{flag}");
            assert!(refuses(&["decode", "a", "--rm", flag]), "{flag}");
        }
        assert!(refuses(&["encode"]));
        assert!(refuses(&["info"]));
        assert!(refuses(&[]));
    }
}
