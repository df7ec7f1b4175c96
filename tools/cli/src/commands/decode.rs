//! `lmac decode`

use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use lmac::source::{NewFile, Restored};
use lmac::{DecodeOptions, Decoder, Limits, SourceKind, StreamInfo, Verification};
use serde::Serialize;

use super::damage::DamageReport;
use super::span::{Span, beyond};
use crate::args::{Common, Needs, Writing};
use crate::batch;
use crate::compare;
use crate::failure::{Failure, Status, Usage};
use crate::inputs::{Opened, PathRules, STREAM, Task, has_extension, take_stdout};
use crate::models::Models;
use crate::output::{Output, Outputs, can_be_checked};
use crate::progress::{Metered, Progress};
use crate::report::{Audio, Report, hex};
use crate::target::Target;
use crate::time::Moment;
use crate::units;

/// Restore compressed files
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
#[command(override_usage = USAGE)]
pub(crate) struct DecodeArgs {
    /// Streams to decode; - is standard input. The second of two is the file to write if
    /// it is - or does not end in .lmac
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
    /// Write the audio with a new WAV head, without the original bytes around it
    #[arg(long, conflicts_with = "rm")]
    pub(crate) audio_only: bool,
    /// Replace damaged audio with silence, and report it (exit status 3)
    #[arg(long, conflicts_with = "rm")]
    pub(crate) recover: bool,
    #[command(flatten)]
    pub(crate) needs: Needs,
}

const COMMAND: &str = "decode";

pub(crate) fn run(args: &DecodeArgs) -> Result<Status, Usage> {
    let rules = PathRules {
        command: COMMAND,
        is_output: |path| !has_extension(path, STREAM) && !path.is_dir(),
        extensions: STREAM.to_vec(),
    };
    let tasks = rules.tasks(&args.paths, &args.writing, args.common.recursive)?;
    let report = Report::new(&args.common, take_stdout(&tasks));
    let mut outputs = Outputs::new(args.writing.force);
    let models = Models::new(&report, args.needs.model.as_deref());
    let decoding = Decoding { args, report: &report, models };
    Ok(batch::each(
        &report,
        tasks,
        |task| task.origin.name(),
        |task| decoding.decode(task, &mut outputs),
    ))
}

struct Decoding<'a> {
    args: &'a DecodeArgs,
    report: &'a Report,
    models: Models<'a>,
}

/// The frames of a stream, before it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Frames(u64),
    /// The end of the stream is missing.
    Lost,
    /// Only its end tells, and the stream comes from a pipe.
    NotYet,
}

/// How audio becomes a file.
struct Plan {
    /// Whether the original head and tail are restored.
    original: bool,
    /// The first frame.
    start: u64,
    /// The most frames to write.
    most: Option<u64>,
    /// The number that a new head says.
    announced: Option<u64>,
}

/// A file that is written.
struct Done<'a> {
    file: &'a str,
    output: &'a str,
    decoder: &'a Decoder<Metered<'a>>,
    first_frame: u64,
    frames: u64,
    /// Whether nothing was left out.
    whole: bool,
    /// Whether something follows the stream.
    trailing_bytes: bool,
    /// Whether the result is the file that was encoded.
    restored: bool,
    /// Whether it should be, and damage prevents it.
    file_lost: bool,
}

#[derive(Serialize)]
struct Decoded<'a> {
    file: &'a str,
    output: &'a str,
    #[serde(flatten)]
    audio: Audio,
    first_frame: u64,
    frames: u64,
    seconds: Option<f64>,
    output_bytes: u64,
    restored: bool,
    verification: &'static str,
    md5: Option<String>,
    damage: Option<DamageReport<'a>>,
    source_removed: bool,
    elapsed_seconds: f64,
}

impl Decoding<'_> {
    fn decode(&self, task: &Task, outputs: &mut Outputs) -> Result<Status, Failure> {
        let name = task.origin.name();
        let input = task.origin.open()?;
        let progress = Progress::decoding(self.report, &name);
        let (mut decoder, length) = self.open(&input, &progress)?;
        self.models.supply(&mut decoder, &progress)?;
        let info = decoder.info().clone();
        progress.set_audio(&info.spec);

        let plan = self.plan(&name, &decoder, length)?;
        if plan.start > 0 && input.seekable {
            decoder.seek(plan.start)?;
        } else {
            decoder.skip(plan.start);
        }
        let expected = plan.most.or(plan.announced).or(info.declared_frames);
        progress.expect(expected.map(|frames| frames.saturating_mul(frame_bytes(&info))));

        let mut target = Target::new(&task.destination, info.source, plan.original)?;
        let mut file_lost = false;
        if target == Target::Original && self.args.recover && info.source == SourceKind::Flac {
            (target, file_lost) = self.recovered_flac(&name, &input)?;
        }
        let extension = target.extension(info.source);
        let destination = task.destination.with_extension(extension, STREAM);
        let mut output = outputs.open(&destination, &input)?;
        let output_name = output.name().to_string();
        let rm = self.args.writing.rm > 0;
        if rm {
            can_be_checked(&input, &output)?;
        }
        let mut restored = match target {
            Target::Original => Restored::new(decoder),
            Target::New(file) => Restored::converted(decoder, file, plan.most, plan.announced)?,
        };
        copy(&mut restored, &mut output, &progress)?;

        let decoder = restored.decoder_mut();
        let whole = plan.start == 0 && plan.most.is_none();
        let end = if whole { decoder.expect_end() } else { Ok(()) };
        let trailing_bytes = end.is_err();
        if !self.args.recover {
            end?;
        }
        let frames = plan.frames_done(decoder.position())?;
        if target != Target::Original {
            self.correct_head(&mut output, restored.corrected_head(), &plan, frames)?;
        }
        let check = rm.then_some(|stream: &Path, file: &Path| {
            compare::restores(stream, file, self.args.common.threads, &self.models)
        });
        outputs.complete(output, &input, check)?;
        progress.finish();

        let done = Done {
            file: &name,
            output: &output_name,
            decoder: restored.decoder(),
            first_frame: plan.start,
            frames,
            whole,
            trailing_bytes,
            restored: target == Target::Original,
            file_lost,
        };
        self.tell(&done, &progress)
    }

    /// Says how it went.
    fn tell(&self, done: &Done, progress: &Progress) -> Result<Status, Failure> {
        let spec = &done.decoder.info().spec;
        let damage = match self.args.recover {
            true => DamageReport::new(done.decoder.damage(), done.trailing_bytes),
            false => None,
        };
        if let Some(damage) = &damage {
            damage.tell(self.report, done.file, spec.rate);
        }
        let lost = damage.is_some() || done.file_lost;
        let status = if lost { Status::Recovered } else { Status::Fine };
        self.report.summary(&format!(
            "{}: {} -> {}, {}; {}",
            done.file,
            units::bytes(progress.bytes_read()),
            units::bytes(progress.bytes_written()),
            progress.speed(done.frames * spec.frame_bytes() as u64),
            if done.restored { "the file as it was" } else { "a new file" },
        ));
        let (verification, md5) = verification(done.decoder.verification(), done.whole);
        self.report.json(&Decoded {
            file: done.file,
            output: done.output,
            audio: Audio::from(spec),
            first_frame: done.first_frame,
            frames: done.frames,
            seconds: spec.seconds(done.frames),
            output_bytes: progress.bytes_written(),
            restored: done.restored,
            verification,
            md5,
            damage,
            source_removed: self.args.writing.rm > 0,
            elapsed_seconds: progress.elapsed().as_secs_f64(),
        })?;
        Ok(status)
    }

    /// Opens a stream and finds its length, if that needs no reading of all of it.
    fn open<'p>(
        &self,
        input: &Opened,
        progress: &'p Progress,
    ) -> Result<(Decoder<Metered<'p>>, Length), Failure> {
        let options = decode_options(&self.args.needs, self.args.common.threads);
        let reader = Metered::new(input.file.try_clone()?, progress);
        let mut decoder = match (self.args.recover, input.seekable) {
            (true, true) => Decoder::recover(reader, options)?,
            (true, false) => Decoder::recover_in_one_pass(reader, options)?,
            (false, _) => Decoder::with_options(reader, options)?,
        };
        if !input.seekable {
            return Ok((decoder, Length::NotYet));
        }
        let length = decoder.find_length()?.map_or(Length::Lost, Length::Frames);
        progress.restart();
        Ok((decoder, length))
    }

    fn plan(
        &self,
        name: &str,
        decoder: &Decoder<Metered>,
        length: Length,
    ) -> Result<Plan, Failure> {
        let info = decoder.info();
        let total = match length {
            Length::Frames(frames) => Some(frames),
            Length::Lost | Length::NotYet => None,
        };
        if let Some(span) = Span::of(self.args.start, self.args.end, info, total)? {
            if span.clamped {
                let total = total.unwrap_or_default();
                self.report
                    .note(name, &format!("--end is behind the end of the stream at frame {total}"));
            }
            let announced = info.declared_frames.map(|all| all.saturating_sub(span.start));
            return Ok(Plan {
                original: false,
                start: span.start,
                most: span.frames,
                announced: announced.filter(|_| length == Length::NotYet),
            });
        }
        let surroundings_lost =
            self.args.recover && (length == Length::Lost || decoder.damage().head_lost);
        Ok(Plan {
            original: !surroundings_lost
                && !self.args.audio_only
                && info.source != SourceKind::Samples,
            start: 0,
            most: None,
            announced: match length {
                Length::NotYet => info.declared_frames,
                Length::Lost | Length::Frames(_) => total,
            },
        })
    }

    /// Why a FLAC file cannot be restored from a stream that may be damaged; nothing if it can.
    fn flac_damage(&self, input: &Opened) -> Result<Option<Failure>, Failure> {
        let options = decode_options(&self.args.needs, self.args.common.threads);
        let mut file = input.file.try_clone()?;
        let begin = file.stream_position()?;
        file.seek(SeekFrom::Start(input.start))?;
        let whole = Decoder::with_options(BufReader::new(&file), options)
            .map_err(Failure::from)
            .and_then(|mut decoder| {
                self.models.give(&mut decoder)?;
                Ok(io::copy(&mut Restored::new(decoder), &mut io::sink())?)
            });
        file.seek(SeekFrom::Start(begin))?;
        Ok(whole.err())
    }

    /// What a FLAC file becomes that may be damaged, and whether that is another file because of
    /// damage.
    fn recovered_flac(&self, name: &str, input: &Opened) -> Result<(Target, bool), Failure> {
        let flac = Target::New(NewFile::Flac);
        if !input.seekable {
            let message = "a pipe does not tell beforehand whether all of the FLAC file is there; \
                           the result is a new FLAC file of its audio";
            self.report.note(name, message);
            return Ok((flac, false));
        }
        let Some(failure) = self.flac_damage(input)? else { return Ok((Target::Original, false)) };
        let cause = match failure {
            Failure::Here(message) => format!(": {message}"),
            _ => String::new(),
        };
        self.report.note(
            name,
            &format!(
                "the FLAC file cannot be restored byte for byte{cause}; the result is a new FLAC \
                 file of the audio that is left"
            ),
        );
        Ok((flac, true))
    }

    /// Gives a new file the head that it should have.
    fn correct_head(
        &self,
        output: &mut Output,
        head: Option<Vec<u8>>,
        plan: &Plan,
        frames: u64,
    ) -> Result<(), Failure> {
        if head.map_or(Ok(false), |head| output.rewrite_start(&head))? {
            return Ok(());
        }
        // A head without a length is valid, and the best that a pipe can get.
        let said = plan.most.or(plan.announced).filter(|&said| said != frames);
        let Some(said) = said else { return Ok(()) };
        let message = format!("its head says {said} frames; it has {frames}");
        self.report.note(output.name(), &message);
        Ok(())
    }
}

impl Plan {
    /// How many frames came out, given the one that would be next.
    fn frames_done(&self, position: u64) -> Result<u64, Failure> {
        match position.checked_sub(self.start) {
            Some(frames) => Ok(self.most.map_or(frames, |most| frames.min(most))),
            None => Err(beyond(self.start, position)),
        }
    }
}

fn copy(
    restored: &mut Restored<Metered>,
    output: &mut Output,
    progress: &Progress,
) -> Result<(), Failure> {
    loop {
        let piece = restored.next_piece()?;
        if piece.is_empty() {
            return Ok(());
        }
        output.write_all(&piece).map_err(|error| output.failure(error))?;
        progress.count_written(piece.len());
    }
}

fn frame_bytes(info: &StreamInfo) -> u64 {
    info.spec.frame_bytes() as u64
}

/// The options that decoding has in all commands.
pub(crate) fn decode_options(needs: &Needs, threads: usize) -> DecodeOptions {
    let mut options = DecodeOptions::default().with_threads(threads);
    if let Some(limit) = needs.memory {
        options = options.with_limits(Limits::default().with_memory(limit));
    }
    options
}

/// How far audio was checked, and the MD5 that it was checked against.
pub(crate) fn verification(done: Verification, whole: bool) -> (&'static str, Option<String>) {
    match done {
        Verification::Md5(md5) if whole => ("md5", Some(hex(md5))),
        Verification::Chunks if whole => ("chunks", None),
        Verification::Damaged => ("damaged", None),
        _ => ("partial", None),
    }
}

const USAGE: &str = "\
lmac decode [OPTIONS] IN [OUT]
       lmac decode [OPTIONS] IN... [--output-dir DIR]";

const EXAMPLES: &str = "\
Examples:
  lmac decode song.lmac                       writes song.wav, or what it was
  lmac decode song.lmac song.flac             writes FLAC, whatever it was
  lmac decode song.lmac - | aplay
  lmac decode --start 1:23 --end 1:30.5 song.lmac part.wav
  lmac decode --recover damaged.lmac saved.wav
  lmac decode -r archive --output-dir music";

const DETAILS: &str = "\
The result is the file that was encoded, unless its name asks for WAV (.wav), FLAC (.flac) or raw
PCM (.raw) and the source was something else: then a new file with the same audio is written. A
part of a stream, and --audio-only, get a new WAV head, or are FLAC if the name asks for it; a
part of raw PCM is raw.

With --recover the original head and tail are restored if the end of the stream was found. A FLAC
file of which anything is lost becomes a new FLAC file of the audio that is left; so does one from
a pipe, which cannot be read twice.

A stream that was made with a language model needs that model: --model names it, or the
variable LMAC_MODELS lists the folders to search, with colons between them. Hashes of models
take a while to compute; they are kept in lmac/models.json in the user's cache folder.

JSON, on standard output (on standard error where the audio goes to standard output):
  file, output          names; - is standard input or output
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  first_frame, frames   the part that was decoded
  seconds               its length; null where the rate is unknown
  output_bytes          size of the result
  restored              whether the result is the file that was encoded
  verification          md5: all of it, against the MD5 of the audio; chunks: all of it,
                        against the checksums of chunks; partial: a part, against those;
                        damaged
  md5                   of the audio, in hexadecimal, where it was checked
  damage                with --recover, null without damage: first_error, lost (a list of
                        first_frame, end_frame), lost_frames, skipped_bytes,
                        dropped_chunks, truncated, header_restored, header_repaired,
                        head_lost, tail_lost, wrong_total, wrong_md5, trailing_bytes
  source_removed        whether --rm has deleted the source
  elapsed_seconds
For a file with an error: file, error.";
