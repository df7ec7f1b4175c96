//! `lmac serve`

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::decode::decode_options;
use crate::archive::Archive;
use crate::args::Needs;
use crate::failure::{Failure, Status, Usage};
use crate::report::Report;
use crate::serve::Server;
use crate::units::parse_size;

/// Serve the files of streams to players and browsers over HTTP
///
/// Each stream below the folder is served as a WAV file, and as the file that it came from; both
/// are decoded while they are read, from any place on. Only programs on this machine can reach the
/// server; --address opens it to others.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct ServeArgs {
    /// The folder with streams; those in the folders below are served too
    #[arg(value_name = "FOLDER", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The port; 0 takes a free one
    #[arg(short, long, value_name = "N", default_value_t = 8417)]
    pub(crate) port: u16,
    /// The address to listen at; 0.0.0.0 lets other machines read the folder
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// Connections at the same time; more are turned away
    #[arg(long, value_name = "N", default_value_t = 256)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,
    /// Memory for decoded audio, for example 512M; each answer under way may hold one chunk more
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "256M")]
    pub(crate) cache: u64,
    /// Files that are decoded at the same time; 0 is one for each processor
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Print errors only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) needs: Needs,
}

pub(crate) fn run(args: &ServeArgs) -> Result<Status, Usage> {
    let report = Report::immediate(false);
    Ok(match serve(args, &report) {
        Ok(()) => Status::Fine,
        Err(failure) => {
            // Nothing is left to do where even this fails.
            let _ = report.failure(&args.folder.display().to_string(), &failure);
            Status::Failed
        }
    })
}

fn serve(args: &ServeArgs, report: &Report) -> Result<(), Failure> {
    let options = decode_options(&args.needs, 1).with_provisional(true);
    let model = args.needs.model.as_deref();
    let archive = Archive::open(&args.folder, options, (args.cache, args.threads), report, model)?;
    let address = SocketAddr::new(args.address, args.port);
    let listener = TcpListener::bind(address)
        .map_err(|error| Failure::elsewhere(address.to_string(), error.to_string()))?;
    let address = listener.local_addr()?;
    if !args.quiet {
        report.line(&format!("Serving {} at http://{address}/", args.folder.display()))?;
    }
    Server::new(archive, args.connections as usize, report).run(&listener)
}

const EXAMPLES: &str = "\
Examples:
  lmac serve music                            then open http://127.0.0.1:8417/
  mpv http://127.0.0.1:8417/album/song.wav    plays music/album/song.lmac
  curl -O http://127.0.0.1:8417/song.flac     the FLAC file that song.lmac came from";

const DETAILS: &str = "\
For the stream album/song.lmac there are
  /album/               a page with what is in the folder
  /album/song.wav       WAV: the original file, or a new one with the same audio
  /album/song.flac      the original file, under the extension of its format
  /album/song.lmac      the stream itself
Names and folders that begin with a dot, names that are not UTF-8, and links that lead out of the
folder are not served. A FLAC file is made a chunk at a time, so its first bytes come as soon as a
chunk is decoded; WAV files come while their chunk is decoded.

Where it is reached over this machine's own network (127.0.0.1 and the like), the server answers to
localhost and to addresses alone, so that pages of other sites cannot read the folder under a name
of theirs.";
