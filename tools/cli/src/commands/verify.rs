//! `lmac verify`

use std::path::PathBuf;

use clap::{Args, ValueHint};
use lmac::Decoder;
use lmac::source::Restored;
use serde::Serialize;

use super::decode::{decode_options, verification};
use crate::args::{Common, Needs};
use crate::batch;
use crate::failure::{Failure, Status, Usage};
use crate::inputs::{Origin, streams};
use crate::models::Models;
use crate::progress::{Metered, Progress};
use crate::report::{Audio, Report};
use crate::units::{self, count};

/// Decode everything and check all checksums, without writing a file
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct VerifyArgs {
    /// Streams to check; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) needs: Needs,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<Status, Usage> {
    let files = streams(&args.paths, args.common.recursive, "verify")?;
    let report = Report::new(&args.common, false);
    let models = Models::new(&report, args.needs.model.as_deref());
    Ok(batch::each(&report, files, Origin::name, |file| verify(args, file, &report, &models)))
}

#[derive(Serialize)]
struct Verified<'a> {
    file: &'a str,
    #[serde(flatten)]
    audio: Audio,
    frames: u64,
    seconds: Option<f64>,
    verification: &'static str,
    md5: Option<String>,
    elapsed_seconds: f64,
}

fn verify(
    args: &VerifyArgs,
    origin: &Origin,
    report: &Report,
    models: &Models,
) -> Result<Status, Failure> {
    let name = origin.name();
    let input = origin.open()?;
    let progress = Progress::decoding(report, &name);
    let options = decode_options(&args.needs, args.common.threads);
    let mut decoder = Decoder::with_options(Metered::new(input.file, &progress), options)?;
    models.supply(&mut decoder, &progress)?;
    if input.seekable {
        decoder.find_length()?;
        progress.restart();
    }
    let spec = decoder.info().spec;
    let frame_bytes = spec.frame_bytes() as u64;
    let total = decoder.total_frames().or(decoder.info().declared_frames);
    progress.set_audio(&spec);
    progress.expect(total.map(|frames| frames.saturating_mul(frame_bytes)));

    let mut restored = Restored::new(decoder);
    loop {
        let piece = restored.next_piece()?;
        if piece.is_empty() {
            break;
        }
        progress.count_written(piece.len());
    }
    let decoder = restored.decoder_mut();
    decoder.expect_end()?;
    progress.finish();

    let frames = decoder.position();
    let (verification, md5) = verification(decoder.verification(), true);
    let md5_text = match md5 {
        Some(_) => "MD5 matches",
        None => "all checksums match, there is no MD5",
    };
    report.line(&format!("{name}: ok, {}, {md5_text}", count(frames, "frame")))?;
    let bytes = units::bytes(progress.bytes_read());
    report.summary(&format!("{name}: {bytes}, {}", progress.speed(frames * frame_bytes)));
    report.json(&Verified {
        file: &name,
        audio: Audio::from(&spec),
        frames,
        seconds: spec.seconds(frames),
        verification,
        md5,
        elapsed_seconds: progress.elapsed().as_secs_f64(),
    })?;
    Ok(Status::Fine)
}

const EXAMPLES: &str = "\
Examples:
  lmac verify song.lmac
  lmac verify -r archive && echo all is well
  curl -s https://example.org/song.lmac | lmac verify -";

const DETAILS: &str = "\
JSON, on standard output:
  file                  name; - is standard input
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  frames, seconds       length; seconds are null where the rate is unknown
  verification          md5: against the MD5 of the audio too; chunks: the stream has none
  md5                   of the audio, in hexadecimal; null where there is none
  elapsed_seconds
For a file with an error: file, error.";
