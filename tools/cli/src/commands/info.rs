//! `lmac info`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueHint};
use lmac::{ErrorKind, FileFormat, Inspector, ModelUse, SourceKind, StreamInfo, Summary, Tags};
use serde::Serialize;

use super::chunk_list::{Chunk, Passed, bits, write_heading, write_line};
use crate::batch;
use crate::failure::{Failure, Status, Usage};
use crate::inputs::{Origin, streams};
use crate::report::{Audio, Model, Report, describe, hex, printing};
use crate::tagging::{TagsJson, printable};
use crate::time::clock;
use crate::units::{count, percent, ratio};

/// Describe a stream without decoding it
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct InfoArgs {
    /// Streams to describe; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    /// List the chunks, with the method and size of each
    #[arg(long)]
    pub(crate) chunks: bool,
    /// Search folders and the folders below them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Print a JSON object for each file, on its own line
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &InfoArgs) -> Result<Status, Usage> {
    let files = streams(&args.paths, args.recursive, "info")?;
    let report = Report::immediate(args.json);
    Ok(batch::each(&report, files, Origin::name, |file| info(args, file, &report)))
}

fn info(args: &InfoArgs, origin: &Origin, report: &Report) -> Result<Status, Failure> {
    let name = origin.name();
    let input = origin.open()?;
    let mut inspector = Inspector::new(input.file)?;
    let info = inspector.info().clone();
    // A pipe must be read to its end before its size is known.
    let summary = if input.seekable { Some(inspector.summary()?) } else { None };
    let tags = if input.seekable { inspector.find_tags() } else { inspector.tags() };
    let passes = args.chunks || summary.is_none();

    let mut chunks = Vec::new();
    let passed = if args.json {
        let list = |chunk| {
            if args.chunks {
                chunks.push(Chunk::from(chunk));
            }
            Ok(())
        };
        if passes { Passed::all(&mut inspector, list)? } else { Passed::default() }
    } else {
        printing(|out| {
            if let Some(summary) = &summary {
                write_text(out, &name, &info, summary, &tags)?;
            }
            if !passes {
                return Ok(Passed::default());
            }
            if !args.chunks {
                return Passed::all(&mut inspector, |_| Ok(()));
            }
            write_heading(out)?;
            let passed = Passed::all(&mut inspector, |chunk| write_line(out, &chunk, &info.spec))?;
            passed.write_sums(out)?;
            Ok(passed)
        })?
    };

    let error = passed.error.filter(|error| {
        // A cut is a fact to print; the chunks before it are listed.
        args.chunks || !matches!(error.kind(), ErrorKind::Truncated)
    });
    if let Some(error) = error {
        let error = error.to_string();
        report.error(&name, &error);
        let chunk_list = args.chunks.then_some(chunks);
        report.json(&Damaged { file: &name, error, chunk_list })?;
        return Ok(Status::Failed);
    }
    let read_through = summary.is_none();
    let summary = summary.unwrap_or_else(|| inspector.summary_so_far());
    if read_through && !args.json {
        printing(|out| write_text(out, &name, &info, &summary, &tags))?;
    }
    let tags = TagsJson::new(tags.as_ref().ok());
    let chunk_list = args.chunks.then_some(chunks);
    report.json(&stream_json(&name, &info, &summary, tags, chunk_list))?;
    Ok(Status::Fine)
}

fn write_text(
    out: &mut dyn Write,
    name: &str,
    info: &StreamInfo,
    summary: &Summary,
    tags: &lmac::Result<Tags>,
) -> io::Result<()> {
    let spec = &info.spec;
    let pcm_bytes = pcm_bytes(info, summary);
    let time = |frames| match clock(frames, spec.rate) {
        Some(clock) => format!(", {clock}"),
        None => String::new(),
    };
    let share = match percent(summary.stream_bytes, pcm_bytes) {
        Some(percent) => format!(", {percent} of {pcm_bytes} bytes of PCM"),
        None => String::new(),
    };
    writeln!(out, "{name}")?;
    let mut line = |label: &str, text: String| writeln!(out, "  {label:<12} {text}");
    line("format", describe(spec))?;
    line("length", format!("{} frames{}", summary.frames, time(summary.frames)))?;
    line("size", format!("{} bytes{share}", summary.stream_bytes))?;
    line("bits/sample", bits(summary.stream_bytes, samples(info, summary)))?;
    let most = info.chunk_frames;
    line("chunks", format!("{}, of at most {most} frames{}", summary.chunks, time(most)))?;
    line("source", describe_source(info, summary))?;
    line("restores", describe_restored(info.source))?;
    if let Some(model) = &info.model {
        line("model", describe_model(model))?;
        line("", format!("SHA-256 {}", model.id.hash_name()))?;
    }
    match tags {
        Ok(tags) if tags.is_empty() => {}
        Ok(tags) => {
            for (label, field) in SHOWN {
                let values: Vec<&str> = tags.get_all(field).collect();
                if !values.is_empty() {
                    line(label, cut(&printable(&values.join("; "))))?;
                }
            }
            line("tags", count_tags(tags))?;
        }
        Err(error) => line("tags", format!("cannot be read: {error}"))?,
    }
    line("MD5", summary.md5.map_or("none".into(), hex))?;
    line("complete", if summary.complete { "yes" } else { "no, the end is missing" }.into())
}

/// Fields that are shown, with their labels.
const SHOWN: [(&str, &str); 4] =
    [("title", "TITLE"), ("artist", "ARTIST"), ("album", "ALBUM"), ("date", "DATE")];

/// The longest text that is shown of a field, in characters.
const LONGEST: usize = 64;

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.into(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

fn count_tags(tags: &Tags) -> String {
    let fields = count((tags.comments.len() + tags.other_comments.len()) as u64, "field");
    match tags.pictures.len() as u64 {
        0 => fields,
        pictures => format!("{fields}, {}", count(pictures, "picture")),
    }
}

fn describe_source(info: &StreamInfo, summary: &Summary) -> String {
    let name = info.source.name();
    let tail = count(summary.tail_bytes, "byte");
    match info.source {
        SourceKind::CanonicalWav => format!("{name}, canonical head, tail of {tail}"),
        SourceKind::Wav | SourceKind::Flac => {
            let head = count(info.head_bytes, "byte");
            format!("{name}, head of {head}, tail of {tail}")
        }
        SourceKind::Raw { big_endian, flipped_sign, .. } => {
            let layout = describe_layout(info, big_endian, flipped_sign);
            format!("{name}{layout}, tail of {tail}")
        }
        SourceKind::File { big_endian, flipped_sign, .. } => {
            let layout = describe_layout(info, big_endian, flipped_sign);
            let head = count(info.head_bytes, "byte");
            format!("{name}{layout}, head of {head}, tail of {tail}")
        }
        _ => name.to_string(),
    }
}

/// What decoding can write.
pub(crate) fn describe_restored(source: SourceKind) -> String {
    let file = match source {
        SourceKind::Samples => return "the audio, as WAV or FLAC".into(),
        SourceKind::Raw { .. } => "raw file",
        SourceKind::Flac => "FLAC file",
        SourceKind::File { format: FileFormat::Wave64, .. } => "Wave64 file",
        SourceKind::File { format: FileFormat::Aiff, .. } => "AIFF file",
        SourceKind::File { format: FileFormat::Caf, .. } => "CAF file",
        SourceKind::File { format: FileFormat::Au, .. } => "AU file",
        _ => "WAV file",
    };
    format!("the {file}, byte for byte")
}

/// What is unlike PCM in the samples of a file.
fn describe_layout(info: &StreamInfo, big_endian: bool, flipped_sign: bool) -> String {
    let order = if big_endian { ", big-endian" } else { "" };
    let sign = match (flipped_sign, info.spec.format.bits()) {
        (true, 8) => ", signed",
        (true, _) => ", unsigned",
        _ => "",
    };
    format!("{order}{sign}")
}

fn describe_model(model: &ModelUse) -> String {
    let top_k = model.top_k.map_or("all".into(), |k| format!("the likeliest {k}"));
    // What would move a terminal's cursor is written as an escape.
    let name = model.id.name.escape_debug();
    let (precision, tokens) = (model.id.precision.name(), model.tokens.name());
    let (context, lockstep) = (model.context, model.lockstep);
    let blocking = match model.blocking {
        0 => String::new(),
        frames => format!(", channels in blocks of {frames}"),
    };
    format!(
        "{name}, {precision}, {tokens}, {top_k}, contexts of {context}, {lockstep} at a time{blocking}"
    )
}

fn samples(info: &StreamInfo, summary: &Summary) -> u64 {
    summary.frames.saturating_mul(info.spec.channels.into())
}

fn pcm_bytes(info: &StreamInfo, summary: &Summary) -> u64 {
    summary.frames.saturating_mul(info.spec.frame_bytes() as u64)
}

#[derive(Serialize)]
struct Stream<'a> {
    file: &'a str,
    #[serde(flatten)]
    audio: Audio,
    valid_bits: u8,
    channel_mask: Option<u32>,
    frames: u64,
    seconds: Option<f64>,
    declared_frames: Option<u64>,
    pcm_bytes: u64,
    stream_bytes: u64,
    ratio: Option<f64>,
    bits_per_sample: Option<f64>,
    chunks: u64,
    chunk_frames: u64,
    source: &'static str,
    head_bytes: u64,
    tail_bytes: u64,
    model: Option<Model>,
    md5: Option<String>,
    complete: bool,
    #[serde(flatten)]
    tags: TagsJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_list: Option<Vec<Chunk>>,
}

#[derive(Serialize)]
struct Damaged<'a> {
    file: &'a str,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_list: Option<Vec<Chunk>>,
}

fn stream_json<'a>(
    name: &'a str,
    info: &StreamInfo,
    summary: &Summary,
    tags: TagsJson,
    chunk_list: Option<Vec<Chunk>>,
) -> Stream<'a> {
    let pcm_bytes = pcm_bytes(info, summary);
    Stream {
        file: name,
        audio: Audio::from(&info.spec),
        valid_bits: info.spec.valid_bits,
        channel_mask: info.spec.channel_mask,
        frames: summary.frames,
        seconds: info.spec.seconds(summary.frames),
        declared_frames: info.declared_frames,
        pcm_bytes,
        stream_bytes: summary.stream_bytes,
        ratio: ratio(summary.stream_bytes, pcm_bytes),
        bits_per_sample: ratio(summary.stream_bytes, samples(info, summary)).map(|b| 8.0 * b),
        chunks: summary.chunks,
        chunk_frames: info.chunk_frames,
        source: info.source.name(),
        head_bytes: info.head_bytes,
        tail_bytes: summary.tail_bytes,
        model: info.model.as_ref().map(Model::from),
        md5: summary.md5.map(hex),
        complete: summary.complete,
        tags,
        chunk_list,
    }
}

const EXAMPLES: &str = "\
Examples:
  lmac info song.lmac
  lmac info --chunks song.lmac                where did the bytes go?
  lmac info --json -r archive | jq .ratio";

const DETAILS: &str = "\
Columns of --chunks: number, offset and size in bytes, first frame, frames, method,
mapping, wasted bits, bytes of tokens and of planes, bits per sample, and a letter for
each plane from the highest byte down: 0 or 1 where it is constant, p where it is
packed, m where it is modelled.

JSON, on standard output:
  file                  name; - is standard input
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  valid_bits            bits of a sample that carry the sound
  channel_mask          speaker positions; null where they are not given
  frames, seconds       length; seconds are null where the rate is unknown
  declared_frames       length that the header declares; null where it declares none
  pcm_bytes             size of the audio
  stream_bytes          size of the stream
  ratio                 stream_bytes / pcm_bytes; null without audio
  bits_per_sample       null without audio
  chunks, chunk_frames  number of chunks, and the most frames of one
  source                wav, flac, rifx, w64, aiff, caf, au, raw or samples
  head_bytes            bytes before the audio that the stream keeps; a canonical WAV head
                        needs none
  tail_bytes            bytes after the audio that the stream keeps
  model                 the language model that it needs, or null: name, sha256, precision,
                        probe, tokens, top_k (null for all), context, lockstep, blocking
  md5                   of the audio, in hexadecimal; null where there is none
  complete              whether the stream has its end
  tags                  a list of [field, value]; null if the tags cannot be read
  pictures              a list of type, mime, description, width, height, depth, colors, bytes
  chunk_list            with --chunks, a list of number, offset, bytes, first_frame,
                        frames, method, mapping, wasted_bits, payload_bytes, token_bytes,
                        plane_bytes, planes; the last three are null where there are no
                        such parts, and planes is empty where a method has none
For a file with an error: file, error; with --chunks also the chunks before it.";
