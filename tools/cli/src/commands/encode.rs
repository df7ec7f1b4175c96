//! `lmac encode`

use std::io::{self, Seek, Write};
use std::path::Path;

use lmac::language::{LanguageModel, LanguageOptions};
use lmac::source::{self, RawLayout};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Method, SampleFormat, Stats, StreamInfo,
    Verify,
};
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
    audio: Option<Audio>,
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
        let mut writer = StreamWriter::new(&mut output, &progress);
        let converted = self.convert(options, &input, &progress, &mut writer);
        let (spec, model) = writer
            .info
            .as_ref()
            .map_or((None, None), |info| (Some(info.spec), info.model.as_ref().map(Model::from)));
        let (stats, md5) = converted.map_err(|error| output.explain(error))?;
        input.check_unchanged()?;
        let check = rm.then_some(|file: &Path, stream: &Path| {
            compare::restores(stream, file, self.args.common.threads, &self.models)
        });
        outputs.complete(output, &input, check)?;
        progress.finish();

        let encoded = Encoded {
            file: &name,
            output: &output_name,
            audio: spec.as_ref().map(Audio::from),
            frames: stats.frames,
            seconds: spec.and_then(|spec| spec.seconds(stats.frames)),
            source_bytes: progress.bytes_read(),
            pcm_bytes: stats.pcm_bytes,
            stream_bytes: stats.stream_bytes,
            ratio: units::ratio(stats.stream_bytes, stats.pcm_bytes),
            chunks: stats.chunks(),
            stored_chunks: stats.chunks_of(Method::Stored),
            constant_chunks: stats.chunks_of(Method::Constant),
            light_chunks: stats.chunks_of(Method::Light),
            adaptive_chunks: stats.chunks_of(Method::Adaptive),
            language_chunks: stats.chunks_of(Method::Language),
            model,
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

    fn convert(
        &self,
        mut options: EncodeOptions,
        input: &Opened,
        progress: &Progress,
        writer: &mut StreamWriter,
    ) -> lmac::Result<(Stats, Option<[u8; 16]>)> {
        let mut file = input.file.try_clone()?;
        if let Some(raw) = self.raw.filter(|_| input.seekable) {
            let left = input.metadata.len().saturating_sub(file.stream_position()?);
            options.declared_frames = Some(left / raw.spec.frame_bytes() as u64);
        }
        let reader = Metered::new(file, progress);
        let finished = match self.raw {
            Some(layout) => source::encode_raw(reader, &layout, writer, &options),
            None if self.args.audio_only => source::encode_wav_audio(reader, writer, &options),
            None => source::encode_wav(reader, writer, &options),
        }?;
        Ok((finished.stats, finished.md5))
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
            progress.watch_model();
            let model = model.with_meter(progress.meter());
            options = options.with_model(model, language_options(&args.language));
        }
        options
    }
}

fn language_options(args: &ModelArgs) -> LanguageOptions {
    let mut options = args.way.options().with_blocking(args.blocking);
    options.context = args.context;
    options
}

/// Bytes that the header of a stream takes at most.
const HEADER: usize = 5000;

/// Writes a stream, and looks at its header in passing: it says what the audio is.
struct StreamWriter<'a> {
    output: &'a mut Output,
    progress: &'a Progress,
    start: Vec<u8>,
    info: Option<StreamInfo>,
}

impl<'a> StreamWriter<'a> {
    fn new(output: &'a mut Output, progress: &'a Progress) -> Self {
        StreamWriter { output, progress, start: Vec::new(), info: None }
    }

    fn look_at(&mut self, bytes: &[u8]) {
        let room = HEADER.saturating_sub(self.start.len());
        if self.info.is_some() || room == 0 {
            return;
        }
        self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
        // What follows the header may be cut off.
        let options = DecodeOptions::default().with_recover(true);
        if let Ok(decoder) = Decoder::with_options(self.start.as_slice(), options) {
            self.progress.set_audio(&decoder.info().spec);
            self.info = Some(decoder.info().clone());
        }
    }
}

impl Write for StreamWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.look_at(&bytes[..written]);
        self.progress.count_written(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
