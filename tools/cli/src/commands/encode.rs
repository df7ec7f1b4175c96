//! `lmac encode`

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use lmac::source::{RawLayout, SourceFile};
use lmac::{
    AudioSpec, EncodeOptions, ErrorKind, Finished, FlacFindings, Method, Picture, Preset,
    SampleFormat, Tags, Verify,
};
use serde::Serialize;

use super::info::describe_restored;
use crate::args::{AUTO, Common, MappingChoice, Writing, mappings, verify};
use crate::batch;
use crate::compare;
use crate::failure::{Failure, Status, Usage};
#[cfg(feature = "import")]
use crate::import::{self, Import};
use crate::inputs::{Opened, PathRules, STREAM, Task, has_extension, take_stdout};
use crate::models::{ModelArgs, Models};
use crate::output::{Output, Outputs, can_be_checked};
use crate::progress::{Metered, Progress};
use crate::report::{Audio, Model, Report, hex};
use crate::system;
use crate::tagging::{self, Field, PictureSpec};
use crate::units::{self, count};

/// Compress WAV, FLAC, AIFF, CAF, AU or raw PCM files
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{OTHER_FILES}{DETAILS}"))]
#[command(override_usage = USAGE)]
pub(crate) struct EncodeArgs {
    /// Files to compress; - is standard input. The second of two is the file to write if
    /// it is - or ends in .lmac
    #[arg(required = true, value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The effort to make the result small: fast, standard and max take the embedded model,
    /// light a simpler method, store only stores the audio
    #[arg(long, value_name = "NAME", value_parser = presets())]
    #[arg(default_value = Preset::default().name())]
    pub(crate) preset: Preset,
    /// How samples become characters; without a language model, a choice other than auto
    /// takes the light method
    #[arg(long, value_name = "NAME", value_parser = mappings(), default_value = AUTO)]
    pub(crate) mapping: MappingChoice,
    /// Frames in a chunk, the unit of seeking and of damage [default: ten seconds; twenty with
    /// standard, thirty with max]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chunk_frames: Option<u64>,
    /// Decode each chunk again before it is written: usual checks everything, but with a language
    /// model only a sample of the predictions; full checks all of them
    #[arg(long, value_name = "HOW", value_parser = verify(), default_value = "usual")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "usual")]
    pub(crate) verify: Verify,
    /// Do not decode each chunk again before it is written
    #[arg(long, conflicts_with = "verify")]
    pub(crate) no_verify: bool,
    /// Leave out the MD5 of the audio
    #[arg(long)]
    pub(crate) no_md5: bool,
    /// Leave out the bytes around the audio in a file
    #[arg(long, conflicts_with_all = ["rm", "raw"])]
    pub(crate) audio_only: bool,
    /// Set a tag of the stream, instead of the source's values; given twice, it gets two values
    #[arg(long, value_name = "FIELD=VALUE", value_parser = Field::parse)]
    pub(crate) tag: Vec<Field>,
    /// Add a picture: FILE, or TYPE|MIME|DESCRIPTION|WIDTHxHEIGHTxDEPTH|FILE as metaflac takes it
    #[arg(long, value_name = "PICTURE", value_parser = PictureSpec::parse)]
    pub(crate) picture: Vec<PictureSpec>,
    #[command(flatten, next_help_heading = "Language models")]
    pub(crate) language: ModelArgs,
    #[command(flatten, next_help_heading = "Raw PCM")]
    pub(crate) raw: RawArgs,
}

/// The layout of a file that has samples only.
#[derive(Args)]
pub(crate) struct RawArgs {
    /// The input is raw PCM: samples only
    #[arg(long, requires_all = ["rate", "channels", "bits"])]
    pub(crate) raw: bool,
    /// Frames per second; 0 if unknown
    #[arg(long, value_name = "HZ", requires = "raw")]
    pub(crate) rate: Option<u32>,
    /// Number of channels
    #[arg(long, value_name = "N", requires = "raw")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) channels: Option<u16>,
    /// Bits per sample
    #[arg(long, value_name = "N", requires = "raw", value_parser = bits())]
    pub(crate) bits: Option<u32>,
    /// Samples are IEEE floats, of 32 or 64 bits
    #[arg(long, requires = "raw")]
    pub(crate) float: bool,
    /// Samples are unsigned [default: with 8 bits]
    #[arg(long, requires = "raw", conflicts_with_all = ["signed", "float"])]
    pub(crate) unsigned: bool,
    /// Samples are signed [default: with 16, 24 and 32 bits]
    #[arg(long, requires = "raw", conflicts_with = "float")]
    pub(crate) signed: bool,
    /// The most significant byte of a sample comes first
    #[arg(long, requires = "raw")]
    pub(crate) big_endian: bool,
    /// Number of upper bits in each sample that carry the sound
    #[arg(long, value_name = "N", requires = "raw", conflicts_with = "float")]
    pub(crate) valid_bits: Option<u8>,
}

const COMMAND: &str = "encode";
/// Extensions of files that are recognised by their heads.
const FILES: &[&str] = &[
    "wav", "wave", "rf64", "bw64", "bwf", "flac", "w64", "aif", "aiff", "aifc", "caf", "au", "snd",
];
#[cfg(feature = "import")]
const OTHERS: &[&str] = lmac_import::EXTENSIONS;
#[cfg(not(feature = "import"))]
const OTHERS: &[&str] = &[];
const RAW: &[&str] = &["raw", "pcm"];

pub(crate) fn run(args: &EncodeArgs) -> Result<Status, Usage> {
    let raw = raw_layout(&args.raw).map_err(|message| Usage::new(COMMAND, message))?;
    let kind = PathRules {
        command: COMMAND,
        is_output: |path| has_extension(path, STREAM) || system::is_device(path),
        extensions: if raw.is_some() { RAW.to_vec() } else { [FILES, OTHERS].concat() },
    };
    let tasks = kind.tasks(&args.paths, &args.writing, args.common.recursive)?;
    let report = Report::new(&args.common, take_stdout(&tasks));
    let mut outputs = Outputs::new(args.writing.force);
    let models = Models::encoding(&report, &args.language);
    let pictures: Result<_, _> = args.picture.iter().map(PictureSpec::load).collect();
    let pictures = match pictures {
        Ok(pictures) => pictures,
        Err(failure) => {
            // Whether this can be printed makes no difference.
            let _ = report.failure("", &failure);
            return Ok(Status::Failed);
        }
    };
    let encoding = Encoding { args, raw, report: &report, models, pictures };
    Ok(batch::each(
        &report,
        tasks,
        |task| task.origin.name(),
        |task| encoding.encode(task, &mut outputs),
    ))
}

/// The layout that the options describe; nothing without `--raw`.
fn raw_layout(args: &RawArgs) -> Result<Option<RawLayout>, String> {
    let (true, Some(rate), Some(channels), Some(bits)) =
        (args.raw, args.rate, args.channels, args.bits)
    else {
        return Ok(None);
    };
    let format = if args.float { SampleFormat::float(bits) } else { SampleFormat::integer(bits) };
    let format = format.ok_or_else(|| match args.float {
        true => format!("float samples have 32 or 64 bits, not {bits}"),
        false => format!("samples of {bits} bits are floats only; add --float"),
    })?;
    let mut spec = AudioSpec::new(format, channels, rate);
    if let Some(valid) = args.valid_bits {
        if valid == 0 || u32::from(valid) > bits {
            return Err(format!("{valid} valid bits do not fit samples of {bits} bits"));
        }
        spec = spec.with_valid_bits(valid);
    }
    let flipped = if bits == 8 { args.signed } else { args.unsigned };
    Ok(Some(RawLayout::new(spec).with_big_endian(args.big_endian).with_flipped_sign(flipped)))
}

struct Encoding<'a> {
    args: &'a EncodeArgs,
    raw: Option<RawLayout>,
    report: &'a Report,
    models: Models<'a>,
    /// Pictures to add to the tags.
    pictures: Vec<Picture>,
}

#[derive(Serialize)]
struct Encoded<'a> {
    file: &'a str,
    output: &'a str,
    #[serde(flatten)]
    audio: Audio,
    frames: u64,
    seconds: Option<f64>,
    source_bytes: u64,
    pcm_bytes: u64,
    stream_bytes: u64,
    decision_bytes: u64,
    ratio: Option<f64>,
    chunks: u64,
    stored_chunks: u64,
    constant_chunks: u64,
    light_chunks: u64,
    adaptive_chunks: u64,
    language_chunks: u64,
    model: Option<Model>,
    md5: Option<String>,
    verified: bool,
    source_removed: bool,
    elapsed_seconds: f64,
}

impl Encoding<'_> {
    fn encode(&self, task: &Task, outputs: &mut Outputs) -> Result<Status, Failure> {
        let name = task.origin.name();
        let input = task.origin.open()?;
        self.models.check(&self.args.language)?;
        let destination = task.destination.with_extension("lmac", &[FILES, RAW, OTHERS].concat());
        let mut output = outputs.open(&destination, &input)?;
        let output_name = output.name().to_string();
        let rm = self.args.writing.rm > 0;
        if rm {
            can_be_checked(&input, &output)?;
        }

        let total = input.size();
        let progress = Progress::encoding(self.report, &name, total);
        let options = self.models.add_to(self.options(), &self.args.language, &progress)?;
        let converted = self.convert(&options, &input, &progress, &mut output);
        let converted = match converted {
            Err(error) if self.keeps_whole(&error, &input) => {
                output.begin_again()?;
                progress.restart();
                self.report.note(&name, &format!("{error}; the file is kept as it is"));
                self.keep_whole(&options, &input, &progress, &mut output)
            }
            converted => converted,
        };
        let (finished, source) = converted.map_err(|error| output.explain(error))?;
        let Finished { info, stats, md5, flac, .. } = finished;
        if let Some(flac) = &flac {
            self.tell_findings(&name, flac);
        }
        input.check_unchanged()?;
        let check = rm.then_some(|file: &Path, stream: &Path| {
            let (threads, models) = (self.args.common.threads, &self.models);
            match source {
                Source::Restored(_) => compare::restores(stream, file, threads, models),
                #[cfg(feature = "import")]
                Source::Imported(_) => import::has_same_audio(stream, file, threads, models),
            }
        });
        outputs.complete(output, &input, check)?;
        progress.finish();

        let encoded = Encoded {
            file: &name,
            output: &output_name,
            audio: Audio::from(&info.spec),
            frames: stats.frames,
            seconds: info.spec.seconds(stats.frames),
            source_bytes: source.bytes(),
            pcm_bytes: stats.pcm_bytes,
            stream_bytes: stats.stream_bytes,
            decision_bytes: stats.decision_bytes,
            ratio: units::ratio(stats.stream_bytes, stats.pcm_bytes),
            chunks: stats.chunks(),
            stored_chunks: stats.chunks_of(Method::Stored),
            constant_chunks: stats.chunks_of(Method::Constant),
            light_chunks: stats.chunks_of(Method::Light),
            adaptive_chunks: stats.chunks_of(Method::Adaptive),
            language_chunks: stats.chunks_of(Method::Language),
            model: info.model.as_ref().map(Model::from),
            md5: md5.map(hex),
            verified: self.verify() != Verify::No,
            source_removed: rm,
            elapsed_seconds: progress.elapsed().as_secs_f64(),
        };
        self.report.summary(&format!(
            "{name}: {} -> {}{}, {}; restores {}",
            units::bytes(encoded.source_bytes),
            units::bytes(encoded.stream_bytes),
            units::percent(encoded.stream_bytes, encoded.source_bytes)
                .map_or(String::new(), |percent| format!(" ({percent})")),
            progress.speed(encoded.pcm_bytes),
            describe_restored(info.source),
        ));
        self.report.json(&encoded)?;
        Ok(Status::Fine)
    }

    fn convert(
        &self,
        options: &EncodeOptions,
        input: &Opened,
        progress: &Progress,
        output: &mut Output,
    ) -> lmac::Result<(Finished<()>, Source)> {
        let mut options = options.clone();
        let mut file = input.file.try_clone()?;
        if let (Some(raw), Some(size)) = (self.raw, input.size()) {
            let left = size.saturating_sub(file.stream_position()?);
            options.declared_frames = Some(left / raw.spec.frame_bytes() as u64);
        }
        let mut reader = Metered::new(file, progress);
        #[cfg(feature = "import")]
        let mut reader = import::Remembering::new(&mut reader, input);
        let mut source = match self.open(&mut reader) {
            Ok(source) => source,
            #[cfg(feature = "import")]
            Err(error) => {
                let start = reader.into_start();
                let import = Import::open(error, input, start)?;
                return self.import(import, input, options, progress, output);
            }
            #[cfg(not(feature = "import"))]
            Err(error) => return Err(error),
        };
        progress.set_audio(source.spec());
        options.tags = self.tags(&mut source, input.seekable)?;
        let finished = source.encode(StreamWriter { output, progress }, &options)?;
        Ok((finished.without_writer(), Source::Restored(progress.bytes_read())))
    }

    #[cfg(feature = "import")]
    fn import(
        &self,
        import: Import,
        input: &Opened,
        mut options: EncodeOptions,
        progress: &Progress,
        output: &mut Output,
    ) -> lmac::Result<(Finished<()>, Source)> {
        if self.args.writing.rm == 1 {
            return Err(io::Error::other(
                "the audio and the tags of this file are kept, but the file itself cannot be \
                 restored: --rm given twice deletes it",
            )
            .into());
        }
        if self.args.writing.rm > 0 && import.leaves_tracks_out() {
            return Err(io::Error::other(
                "the file has tracks beside its audio, which would be lost: --rm does not delete it",
            )
            .into());
        }
        let name = input.path.as_ref().map_or("-".into(), |path| path.display().to_string());
        self.report.note(&name, &import.note());
        options.tags = Some(self.edited(import.tags().clone())?).filter(|tags| !tags.is_empty());
        let writer = StreamWriter { output, progress };
        let (finished, bytes) = import.encode(options, progress, writer)?;
        Ok((finished.without_writer(), Source::Imported(bytes)))
    }

    /// Whether a file that failed with this error can be kept as it is.
    fn keeps_whole(&self, error: &lmac::Error, input: &Opened) -> bool {
        let broken = matches!(error.kind(), ErrorKind::BrokenFlac(_));
        broken && self.args.preset == Preset::Store && !self.args.audio_only && input.seekable
    }

    fn keep_whole(
        &self,
        options: &EncodeOptions,
        input: &Opened,
        progress: &Progress,
        output: &mut Output,
    ) -> lmac::Result<(Finished<()>, Source)> {
        let mut file = input.file.try_clone()?;
        file.seek(SeekFrom::Start(input.start))?;
        let writer = StreamWriter { output, progress };
        let source = SourceFile::whole_flac(Metered::new(file, progress));
        let finished = source.encode(writer, options)?;
        Ok((finished.without_writer(), Source::Restored(progress.bytes_read())))
    }

    /// Says what is odd about a FLAC file.
    fn tell_findings(&self, name: &str, flac: &FlacFindings) {
        if let Some((offset, cause)) = flac.first_exception {
            let silence = match flac.silent_frames {
                0 => String::new(),
                frames => format!("; {} of silence stand for them", count(frames, "frame")),
            };
            self.report.note(
                name,
                &format!(
                    "{} of the file are no sound frames, and are kept as they are: the first at \
                     byte {offset}, {cause}{silence}",
                    count(flac.exception_bytes, "byte"),
                ),
            );
        }
        match flac.md5_matches {
            Some(true) => {}
            Some(false) => {
                self.report.note(name, "the MD5 in the FLAC file is not that of its audio");
            }
            None => self.report.note(name, "the FLAC file has no MD5 of its audio"),
        }
    }

    fn open<R: Read>(&self, reader: R) -> lmac::Result<SourceFile<R>> {
        match self.raw {
            Some(layout) => SourceFile::raw(reader, &layout),
            None if self.args.audio_only => Ok(SourceFile::open(reader)?.audio_only()),
            None => SourceFile::open(reader),
        }
    }

    /// The tags for the stream; `None` if those in its source file's bytes will do.
    fn tags<R: Read + Seek>(
        &self,
        source: &mut SourceFile<R>,
        seekable: bool,
    ) -> lmac::Result<Option<Tags>> {
        let asked = !self.args.tag.is_empty() || !self.pictures.is_empty();
        if !asked && !self.args.audio_only {
            return Ok(None);
        }
        let tags = if seekable { source.find_tags()? } else { source.tags()? };
        Ok(Some(self.edited(tags)?).filter(|tags| asked || !tags.is_empty()))
    }

    /// Adds what the command line says to the tags of a file.
    fn edited(&self, mut tags: Tags) -> lmac::Result<Tags> {
        tagging::set(&mut tags, &self.args.tag)?;
        tags.pictures.extend(self.pictures.iter().cloned());
        Ok(tags)
    }

    fn verify(&self) -> Verify {
        if self.args.no_verify { Verify::No } else { self.args.verify }
    }

    fn options(&self) -> EncodeOptions {
        let args = self.args;
        let mut options = EncodeOptions::default()
            .with_preset(args.preset)
            .with_threads(args.common.threads)
            .with_md5(!args.no_md5)
            .with_verify(self.verify());
        options.mapping = args.mapping.0;
        options.chunk_frames = args.chunk_frames;
        options
    }
}

/// A file that was encoded, by what comes back, with its size.
#[derive(Clone, Copy)]
enum Source {
    /// The file, byte for byte.
    Restored(u64),
    /// Its audio and tags.
    #[cfg(feature = "import")]
    Imported(u64),
}

impl Source {
    fn bytes(self) -> u64 {
        match self {
            Source::Restored(bytes) => bytes,
            #[cfg(feature = "import")]
            Source::Imported(bytes) => bytes,
        }
    }
}

/// Writes a stream and counts its bytes.
struct StreamWriter<'a> {
    output: &'a mut Output,
    progress: &'a Progress,
}

impl Write for StreamWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.progress.count_written(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn presets() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.iter().map(|preset| preset.name())).map(|name| {
        let found = Preset::ALL.iter().find(|preset| preset.name() == name);
        found.copied().unwrap_or_default()
    })
}

fn bits() -> impl TypedValueParser<Value = u32> {
    PossibleValuesParser::new(["8", "16", "24", "32", "64"]).try_map(|bits| bits.parse::<u32>())
}

const USAGE: &str = "\
lmac encode [OPTIONS] IN [OUT]
       lmac encode [OPTIONS] IN... [--output-dir DIR]";

const EXAMPLES: &str = "\
Examples:
  lmac encode song.wav                        writes song.lmac
  lmac encode song.wav archive/song.lmac
  lmac encode --rm *.wav                      deletes each source after a full check
  lmac encode --tag ARTIST=Ada --picture cover.jpg song.wav
  lmac encode -r music --output-dir archive   music/a/b.wav becomes archive/a/b.lmac
  arecord -f cd | lmac encode - live.lmac
  lmac encode --raw --rate 8000 --channels 1 --bits 16 --big-endian phone.raw
  lmac encode --model Llama-3.2-1B --precision int8 song.wav";

#[cfg(feature = "import")]
const OTHER_FILES: &str = "\
ALAC, FLAC and PCM in MP4, QuickTime, CAF, Ogg and Matroska files are taken, too. Their audio
and tags are kept; the file itself cannot be restored. --rm leaves it, and --rm --rm deletes
it after its audio was compared. -r takes files of these kinds that end in .caf, .m4a, .m4b,
.mka, .mkv, .mov, .mp4, .oga or .ogg.

";
#[cfg(not(feature = "import"))]
const OTHER_FILES: &str = "";

const DETAILS: &str = "\
Results are written under a temporary name and renamed when they are complete. They
keep the permissions and the modification time of their source.

Files can be FLAC, or WAV (also RF64, BW64 and RIFX), Wave64, AIFF, AIFF-C, CAF or AU with PCM in
them; their first bytes tell which. -r takes files that end in .wav, .wave, .rf64, .bw64, .bwf,
.flac, .w64, .aif, .aiff, .aifc, .caf, .au or .snd; with --raw, files that end in .raw or .pcm.

A FLAC file becomes its audio and what its encoder decided. Parts of it that are no sound frames are
kept as they are, with silence in their place. A file that is broken beyond that is refused;
--preset store keeps it as it is.

--tag and --picture add to the tags of the source file; in a pipe, to those before its audio. With
--audio-only the stream keeps these tags too. The source file comes back as it was.

With --model, a language model predicts the upper seven bits of each byte as characters. A
decoder needs the same model: the stream names it by a hash of its weights and tokens, which
does not depend on the layout of its files. A decoder also needs the memory of the contexts
that it decodes side by side: for each position in each layer, the keys and values of all key
heads, 4 bytes each with f32 and 1 byte with int8. --memory limits this: if all contexts do
not fit, fewer are decoded side by side. Encoding has one context for each thread. The weights
are in memory once: with f32 as they are stored, with int8 in one byte each. A chunk that
the model does not make smaller is coded as --preset says.

JSON, on standard output (on standard error where the stream goes to standard output):
  file, output          names; - is standard input or output
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  frames, seconds       length; seconds are null where the rate is unknown
  source_bytes          size of the source file
  pcm_bytes             size of the audio
  stream_bytes          size of the result
  decision_bytes        of it, for the decisions that bring a FLAC file back
  ratio                 stream_bytes / pcm_bytes; null without audio
  chunks, stored_chunks, constant_chunks, light_chunks, adaptive_chunks, language_chunks
  model                 null without one: name, sha256, precision, probe, tokens, top_k (null
                        for all), context, lockstep, blocking
  md5                   of the audio, in hexadecimal; null with --no-md5
  verified              whether each chunk was decoded again; with a language model and not
                        --verify=full, all bytes and a sample of the predictions
  source_removed        whether --rm has deleted the source
  elapsed_seconds
For a file with an error: file, error.";
