//! `lmac encode`

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use lmac::language::{LanguageModel, LanguageOptions};
use lmac::source::{RawLayout, SourceFile};
use lmac::{AudioSpec, EncodeOptions, Finished, SampleFormat, Verify};
use serde::Serialize;

use crate::args::{EncodeArgs, ModelArgs, RawArgs, usage};
use crate::batch;
use crate::compare;
use crate::failure::{Failure, Status};
use crate::inputs::{Kind, Opened, STREAM, Task, has_extension, is_device, take_stdout};
use crate::models::Models;
use crate::output::{Output, Outputs, can_be_checked};
use crate::progress::{Metered, Progress};
use crate::report::{Audio, Model, Report, hex};
use crate::units;

const COMMAND: &str = "encode";
const WAV: &[&str] = &["wav", "wave"];
const RAW: &[&str] = &["raw", "pcm"];

pub(crate) fn run(args: &EncodeArgs) -> Result<Status, clap::Error> {
    let raw = raw_layout(&args.raw).map_err(|message| usage(COMMAND, message))?;
    let kind = Kind {
        command: COMMAND,
        is_output: |path| has_extension(path, STREAM) || is_device(path),
        extensions: if raw.is_some() { RAW } else { WAV },
    };
    let tasks = kind.tasks(&args.paths, &args.writing, args.common.recursive)?;
    let report = Report::new(&args.common, take_stdout(&tasks));
    let mut outputs = Outputs::new(args.writing.force);
    let models = Models::new(&report, args.language.model.as_deref());
    let encoding = Encoding { args, raw, report: &report, models };
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
        let model = self.models.given(self.args.language.way.precision)?;
        let destination = task.destination.with_extension("lmac", &[WAV, RAW].concat());
        let mut output = outputs.open(&destination, &input)?;
        let output_name = output.name().to_string();
        let rm = self.args.writing.rm;
        if rm {
            can_be_checked(&input, &output)?;
        }

        let total = input.seekable.then_some(input.metadata.len());
        let progress = Progress::encoding(self.report, &name, total);
        let options = self.options(&progress, model);
        let writer = StreamWriter { output: &mut output, progress: &progress };
        let converted = self
            .convert(options, &input, &progress, writer)
            .map(|Finished { info, stats, md5, .. }| (info, stats, md5));
        let (info, stats, md5) = converted.map_err(|error| output.explain(error))?;
        input.check_unchanged()?;
        let check = rm.then_some(|file: &Path, stream: &Path| {
            compare::restores(stream, file, self.args.common.threads, &self.models)
        });
        outputs.complete(output, &input, check)?;
        progress.finish();

        let encoded = Encoded {
            file: &name,
            output: &output_name,
            audio: Audio::from(&info.spec),
            frames: stats.frames,
            seconds: info.spec.seconds(stats.frames),
            source_bytes: progress.bytes_read(),
            pcm_bytes: stats.pcm_bytes,
            stream_bytes: stats.stream_bytes,
            ratio: units::ratio(stats.stream_bytes, stats.pcm_bytes),
            chunks: stats.chunks(),
            stored_chunks: stats.stored_chunks,
            constant_chunks: stats.constant_chunks,
            light_chunks: stats.light_chunks,
            adaptive_chunks: stats.adaptive_chunks,
            language_chunks: stats.language_chunks,
            model: info.model.as_ref().map(Model::from),
            md5: md5.map(hex),
            verified: self.verify() != Verify::No,
            source_removed: rm,
            elapsed_seconds: progress.elapsed().as_secs_f64(),
        };
        self.report.summary(&format!(
            "{name}: {} -> {}{}, {}",
            units::bytes(encoded.source_bytes),
            units::bytes(encoded.stream_bytes),
            units::percent(encoded.stream_bytes, encoded.source_bytes)
                .map_or(String::new(), |percent| format!(" ({percent})")),
            progress.speed(encoded.pcm_bytes),
        ));
        self.report.json(&encoded)?;
        Ok(Status::Fine)
    }

    fn convert<W: Write>(
        &self,
        mut options: EncodeOptions,
        input: &Opened,
        progress: &Progress,
        writer: W,
    ) -> lmac::Result<Finished<W>> {
        let mut file = input.file.try_clone()?;
        if let Some(raw) = self.raw.filter(|_| input.seekable) {
            let left = input.metadata.len().saturating_sub(file.stream_position()?);
            options.declared_frames = Some(left / raw.spec.frame_bytes() as u64);
        }
        let source = self.open(Metered::new(file, progress))?;
        progress.set_audio(source.spec());
        source.encode(writer, &options)
    }

    fn open<R: Read>(&self, reader: R) -> lmac::Result<SourceFile<R>> {
        match self.raw {
            Some(layout) => SourceFile::raw(reader, &layout),
            None if self.args.audio_only => Ok(SourceFile::open(reader)?.audio_only()),
            None => SourceFile::open(reader),
        }
    }

    fn verify(&self) -> Verify {
        if self.args.no_verify { Verify::No } else { self.args.verify }
    }

    fn options(&self, progress: &Progress, model: Option<LanguageModel>) -> EncodeOptions {
        let args = self.args;
        let mut options = EncodeOptions::default()
            .with_preset(args.preset)
            .with_threads(args.common.threads)
            .with_md5(!args.no_md5)
            .with_verify(self.verify());
        options.mapping = args.mapping.0;
        options.chunk_frames = args.chunk_frames;
        if let Some(model) = model {
            let language = language_options(&args.language).with_meter(progress.meter());
            progress.watch_model();
            options = options.with_model(model, language);
        }
        options
    }
}

fn language_options(args: &ModelArgs) -> LanguageOptions {
    let mut options = args.way.options().with_blocking(args.blocking);
    options.context = args.context;
    options
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
