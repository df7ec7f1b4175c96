//! `lmac mount`

use std::path::{Path, PathBuf};
use std::thread;

use clap::{Args, ValueHint};

use super::decode::decode_options;
use crate::archive::Archive;
use crate::args::Needs;
use crate::failure::{Failure, Status, Usage};
use crate::mount::{self, View};
use crate::report::Report;
use crate::units::parse_size;

/// Reads at the same time, unless a number is given.
const LEAST_THREADS: usize = 8;

/// Mount streams as the files that they came from, for every program to read
///
/// Each stream in the archive is shown as the file that it came from, which is decoded while it is
/// read, from any place on. Nothing can be written. The program runs until it is interrupted or the
/// folder is unmounted. Only the user who mounted an archive can read it, unless --allow-other lets
/// others.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct MountArgs {
    /// The folder with streams, which may be in folders below; or a single stream
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::AnyPath)]
    pub(crate) archive: PathBuf,
    /// The empty folder in which they are shown
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Let other users read the archive, also what they could not read in ARCHIVE; for users other
    /// than root, /etc/fuse.conf must have user_allow_other
    #[arg(long)]
    pub(crate) allow_other: bool,
    /// Memory for decoded audio, for example 256M; each open file may hold one chunk more, and the
    /// system keeps what was read
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "64M")]
    pub(crate) cache: u64,
    /// Reads at the same time; 0 is one for each processor, but at least 8, so that slow reads do
    /// not hold up others
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Print errors only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) needs: Needs,
}

pub(crate) fn run(args: &MountArgs) -> Result<Status, Usage> {
    // Threads that answer the kernel have it to the end of the program.
    let report: &'static Report = Box::leak(Box::new(Report::immediate(false)));
    Ok(match mount(args, report) {
        Ok(()) => Status::Fine,
        Err(failure) => {
            // Nothing is left to do where even this fails.
            let _ = report.failure(&args.archive.display().to_string(), &failure);
            Status::Failed
        }
    })
}

fn mount(args: &MountArgs, report: &'static Report) -> Result<(), Failure> {
    let real = args.archive.canonicalize()?;
    let (folder, only) = match (real.is_dir(), real.parent(), real.file_name()) {
        (false, Some(folder), Some(name)) => (folder, Some(name.to_os_string())),
        _ => (&*real, None),
    };
    let options = decode_options(&args.needs, 1).with_provisional(true);
    let model = args.needs.model.as_ref().map(|model| -> &'static Path { model.clone().leak() });
    let threads = match args.threads {
        0 => thread::available_parallelism().map_or(1, usize::from).max(LEAST_THREADS),
        threads => threads,
    };
    let archive = Archive::open(folder, options, (args.cache, threads), report, model)?;
    let view = View::new(archive, only, report);
    mount::run(view, &args.dir, threads, args.allow_other, || {
        if args.quiet {
            return Ok(());
        }
        let (archive, dir) = (args.archive.display(), args.dir.display());
        report.line(&format!("Mounted {archive} in {dir}; Ctrl-C or fusermount3 -u {dir} ends it"))
    })
}

const EXAMPLES: &str = "\
Examples:
  mkdir music && lmac mount archive music     shows archive/song.lmac as music/song.flac
  lmac mount concert.lmac music               shows one stream
  mpv music/album/song.flac                   in another terminal; so does every program
  fusermount3 -u music                        unmounts it, as Ctrl-C does";

const DETAILS: &str = "\
For the stream album/song.lmac there is the file that it came from, with the same bytes and the
extension of its format: album/song.flac, album/song.wav, album/song.aiff. A stream of raw samples
that came from no file is a WAV file. It has the time of the stream.

Other files are shown as they are: pictures, cue sheets, texts. A stream whose name such a file has
already gets its whole name before the extension: song.lmac beside song.wav is song.lmac.wav. If
that is taken too, it is not shown. Names that begin with a dot, devices, and links that lead out of
the archive, to a folder above, or to where it is mounted are not shown. Only files whose extension
is lmac in small letters are streams.

A stream that cannot be opened (because its end is lost, or its language model is not there) is
shown as it is, as song.lmac, and a line on standard error says why. Where a stream is damaged,
reading fails with an input/output error, a line says which part and why, and the rest can be read.
A stream that was replaced is another file at once; programs that have the old one open go on
reading it.

A FLAC file is made a chunk at a time, so its first bytes come as soon as a chunk is decoded, which
takes seconds with the preset standard. Other files come while their chunk is decoded.

The program runs in the foreground. When it is killed (SIGKILL), the folder stays mounted and
cannot be used; fusermount3 -u unmounts it. Exit status: 0 when it is unmounted or interrupted, 1
when it cannot be mounted.";
