//! The commands: each file holds one command's arguments, its work, and its help.
//!
//! A new command is a file here, and a line in each of the three lists that follow.

mod completions;
mod decode;
mod encode;
pub(crate) mod eval;
mod info;
pub mod man;
#[cfg(all(feature = "mount", target_os = "linux"))]
mod mount;
mod serve;
mod tag;
mod verify;

mod chunk_list;
mod damage;
mod span;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::{Status, Usage};
use crate::version;

/// Lossless audio compression that gives WAV and raw PCM files back byte for byte
#[derive(Parser)]
#[command(name = "lmac", version = version(), after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Encode(encode::EncodeArgs),
    Decode(decode::DecodeArgs),
    Verify(verify::VerifyArgs),
    Info(info::InfoArgs),
    Tag(tag::TagArgs),
    Serve(serve::ServeArgs),
    #[cfg(all(feature = "mount", target_os = "linux"))]
    Mount(mount::MountArgs),
    Eval(eval::EvalArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    pub(crate) fn run(&self) -> Result<Status, clap::Error> {
        match self {
            Command::Encode(args) => encode::run(args),
            Command::Decode(args) => decode::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Info(args) => info::run(args),
            Command::Tag(args) => tag::run(args),
            Command::Serve(args) => serve::run(args),
            #[cfg(all(feature = "mount", target_os = "linux"))]
            Command::Mount(args) => mount::run(args),
            Command::Eval(args) => Ok(eval::run(&args.arguments)),
            Command::Completions(args) => Ok(completions::run(args, Cli::command())),
            Command::Man(args) => man::run(args, Cli::command()),
        }
        .map_err(wrong_usage)
    }
}

fn wrong_usage(Usage { command, message }: Usage) -> clap::Error {
    let mut cli = Cli::command();
    cli.build();
    match cli.find_subcommand_mut(command) {
        Some(command) => command.error(ErrorKind::ArgumentConflict, message),
        None => cli.error(ErrorKind::ArgumentConflict, message),
    }
}

const EXAMPLES: &str = "\
Examples:
  lmac encode song.wav             writes song.lmac
  lmac decode song.lmac            writes song.wav, the same bytes as before
  lmac verify -r music             checks every stream below a folder
  lmac info --chunks song.lmac     shows where the bytes went
  lmac tag --set TITLE=Aria song.lmac   changes tags
  lmac serve music                 lets players read the streams below a folder as WAV files
  lmac encode --model llama song.wav   encodes with a language model
  lmac eval --audio-dir music      compares models and other codecs on a folder

Exit status:
  0    success; also when the reader of standard output closed the pipe
  1    an error; files without an error were still processed
  2    wrong usage
  3    damage was found, and the rest of the audio was recovered
  130  interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
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
            #[cfg(feature = "models")]
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
