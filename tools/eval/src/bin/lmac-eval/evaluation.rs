//! One run, from the options to the results.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lmac::checkpoint;
use lmac_cli::failure::{Failure, Status};
use lmac_cli::interrupt;
use lmac_cli::report::{Report, print};
use lmac_eval::baselines::{self, External};
use lmac_eval::report::times::{self, RunTimes};
use lmac_eval::report::{csv, file, json, markdown, pictures, table};
use lmac_eval::{
    Arrangement, ByChunks, Check, Clip, Contestant, Dataset, Headers, Interrupt, Job, Journal,
    LmacPreset, Model, ModelOptions, Plan, Rate, Results, Selection, Taken, Weights,
};

use crate::args::{Cli, ResultArgs};
use crate::progress;

pub(crate) fn run(args: &Cli) -> Status {
    let report = Report::of_program("lmac-eval", args.quiet, args.json, args.no_progress);
    match Evaluation::new(args, &report).and_then(Evaluation::run) {
        Ok(status) => status,
        Err(Failure::BrokenPipe) => Status::Fine,
        Err(Failure::Here(message)) => {
            report.complain(&message);
            Status::Failed
        }
        Err(Failure::Elsewhere { file, message }) => {
            report.error(&file, &message);
            Status::Failed
        }
    }
}

struct Evaluation<'a> {
    args: &'a Cli,
    report: &'a Report,
    plan: Plan,
    started: Instant,
    times: RunTimes,
}

impl<'a> Evaluation<'a> {
    /// Everything that can be wrong is found before hours of measuring.
    fn new(args: &'a Cli, report: &'a Report) -> Result<Self, Failure> {
        check_results(&args.results)?;
        let started = Instant::now();
        let mut times = RunTimes::default();
        let others = others(args)?;
        report.progress_note("looking at the audio");
        let dataset = seconds(&mut times.looking, || dataset(args))?;
        let models = seconds(&mut times.loading, || models(args, report))?;

        let presets = args.who.presets.iter().filter_map(|choice| choice.0);
        let mut contestants: Vec<Box<dyn Contestant>> = Vec::new();
        contestants.extend(presets.map(|preset| Box::new(LmacPreset::new(preset)) as _));
        contestants.extend(models.into_iter().map(|model| Box::new(model) as _));
        contestants.extend(others);
        if contestants.is_empty() {
            return Err(Failure::Here("nobody takes part: name presets, models or others".into()));
        }
        let interrupt = Interrupt::default();
        let (stop, quiet) = (interrupt.clone(), args.quiet);
        let ask = move || {
            stop.stop();
            if !quiet {
                eprintln!("\nlmac-eval: ends after what is under way; at once if asked again");
            }
        };
        interrupt::ask_first(ask, lmac_eval::remove_temporary_folders);
        if let Some(name) = &args.results.picture_of
            && !dataset.facts().iter().any(|clip| clip.name == *name)
        {
            return Err(Failure::Here(format!("no clip is called {name}")));
        }
        let plan = Plan {
            dataset,
            contestants,
            job: job(args, interrupt),
            arrangements: arrangements(args),
            settings: settings(args),
        };
        plan.check()?;
        Ok(Evaluation { args, report, plan, started, times })
    }

    fn run(mut self) -> Result<Status, Failure> {
        let (args, results) = (self.args, &self.args.results);
        let mut journal = match &results.output {
            None => Journal::none(),
            Some(path) if results.resume => Journal::resume(&Journal::beside(path), &self.plan)?,
            Some(path) => Journal::create(&Journal::beside(path), &self.plan, results.force)?,
        };
        let plan = &self.plan;
        let measured =
            progress::watch(self.report, &plan.contestants, &mut self.times, |observer| {
                lmac_eval::run(plan, &mut journal, observer)
            })?;

        let begun = Instant::now();
        let output =
            if args.json { json::document(&measured)? } else { table::document(&measured) };
        // Whoever does not read it to the end may still want the files.
        let printed = print(output.as_bytes());
        self.write(&measured)?;
        if measured.complete {
            journal.finish()?;
        }
        printed?;
        if results.times {
            self.times.reports = begun.elapsed().as_secs_f64();
            self.times.total = self.started.elapsed().as_secs_f64();
            let times = times::document(&self.times, &measured);
            match args.json {
                // Standard output is one object.
                true => eprint!("{times}"),
                false => print(format!("\n{times}").as_bytes())?,
            }
        }
        if !measured.complete {
            self.report.complain(&self.interrupted());
            return Ok(Status::Interrupted);
        }
        Ok(if is_fine(&measured) { Status::Fine } else { Status::Failed })
    }

    /// Writes all files that were asked for.
    fn write(&self, measured: &Results) -> Result<(), Failure> {
        let wanted = &self.args.results;
        if let Some(path) = &wanted.output {
            file::write(path, json::document(measured)?.as_bytes())?;
        }
        if let Some(path) = &wanted.markdown {
            file::write(path, markdown::document(measured).as_bytes())?;
        }
        if let Some(path) = &wanted.csv {
            file::write(path, csv::document(measured)?.as_bytes())?;
        }
        if let Some(folder) = &wanted.pictures {
            pictures::write(measured, folder, self.pictured()?.as_ref())?;
        }
        Ok(())
    }

    /// The clip whose cost along time is drawn.
    fn pictured(&self) -> Result<Option<Clip>, Failure> {
        let dataset = &self.plan.dataset;
        let wanted = self.args.results.picture_of.as_ref();
        let is_it = |name: &String| wanted.is_none_or(|wanted| wanted == name);
        let number = dataset.facts().iter().position(|clip| is_it(&clip.name));
        Ok(number.map(|number| dataset.load(number)).transpose()?)
    }

    fn interrupted(&self) -> String {
        match &self.args.results.output {
            Some(path) => format!(
                "it was interrupted; what is done is in {}, and --resume goes on",
                Journal::beside(path).display()
            ),
            None => "it was interrupted; with --output, what is done would be kept".into(),
        }
    }
}

/// Whether all files could be taken, and all that was compressed came back.
fn is_fine(results: &Results) -> bool {
    let failed = |result: &Taken| match result {
        Taken::Done(outcome) => matches!(outcome.check, Check::Failed(_)),
        Taken::Refused(_) => false,
        Taken::Failed(_) => true,
    };
    results.skipped.is_empty() && !results.measured.iter().any(|one| failed(&one.result))
}

/// Adds the time that something takes.
fn seconds<T>(sum: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    *sum += begun.elapsed().as_secs_f64();
    done
}

/// Fails where results could not be written in the end.
fn check_results(wanted: &ResultArgs) -> Result<(), Failure> {
    let wrong =
        |path: &Path, message: &str| Err(Failure::elsewhere(path.display().to_string(), message));
    let files = [&wanted.output, &wanted.markdown, &wanted.csv];
    let files: Vec<&PathBuf> = files.into_iter().flatten().collect();
    for (at, path) in files.iter().enumerate() {
        if path.is_dir() || path.file_name().is_none() {
            return wrong(path, "it is a folder");
        }
        if files[..at].contains(path) {
            return wrong(path, "two results cannot be one file");
        }
    }
    let folders = files.iter().filter_map(|path| path.parent()).chain(wanted.pictures.as_deref());
    for folder in folders {
        if let Some(file) = folder.ancestors().find(|path| path.is_file()) {
            return wrong(file, "it is no folder");
        }
    }
    let started = wanted.output.as_deref().is_some_and(|path| Journal::beside(path).exists());
    match files.iter().find(|path| path.is_file()) {
        _ if wanted.force => Ok(()),
        Some(path) if wanted.resume && !started => {
            wrong(path, "it exists, and no run is left to go on with; -f begins anew")
        }
        Some(path) if started && !wanted.resume => {
            wrong(path, "it exists; --resume goes on with that run, and -f begins anew")
        }
        Some(path) if !wanted.resume => wrong(path, "it exists; -f overwrites it"),
        _ => Ok(()),
    }
}

fn dataset(args: &Cli) -> Result<Dataset, Failure> {
    let audio = &args.audio;
    let selection = Selection {
        bit_depth: audio.bit_depth,
        chunk_bytes: audio.chunk_size as usize,
        num_chunks: audio.num_chunks,
        full_chunks_only: audio.full_chunks_only,
        seed: audio.seed,
    };
    Ok(match &audio.audio_dir {
        Some(folder) => Dataset::folder(folder, &selection)?,
        None => Dataset::random(&selection)?,
    })
}

fn models(args: &Cli, report: &Report) -> Result<Vec<Model>, Failure> {
    let how = &args.how;
    let options = ModelOptions {
        top_k: how.way.top_k.0,
        tokens: how.way.tokens,
        mapping: how.mapping.0,
        blocking: how.blocking,
        lockstep: how.way.lockstep,
        memory: how.way.memory,
        rate: if how.rate == "entropy" { Rate::Entropy } else { Rate::Real },
        stepping: how.stepping,
    };
    let paths = &args.who.model;
    let load = |path: &PathBuf| {
        report.progress_note(&format!("loading {}", path.display()));
        let precision = how.way.precision;
        let model = checkpoint::load(path, precision)?;
        let name = format!("{} {}", short_name(path, paths), precision.name());
        Ok(Model::new(name, model, Weights::of(path)?, options.clone()))
    };
    paths.iter().map(load).collect()
}

/// The last part of a path, unless another ends in the same.
fn short_name(path: &Path, all: &[PathBuf]) -> String {
    let alike = all.iter().filter(|other| other.file_name() == path.file_name()).count();
    let name = path.file_name().filter(|_| alike == 1).unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn others(args: &Cli) -> Result<Vec<Box<dyn Contestant>>, Failure> {
    let mut contestants: Vec<Box<dyn Contestant>> = Vec::new();
    for codec in baselines::by_name(&args.who.baselines)? {
        contestants.push(Box::new(ByChunks::new(codec)));
    }
    for codec in External::list(&args.who.external, &args.who.external_decode)? {
        contestants.push(Box::new(ByChunks::new(codec)));
    }
    Ok(contestants)
}

fn job(args: &Cli, interrupt: Interrupt) -> Job {
    Job {
        arrangement: Arrangement::Chunks,
        chunk_bytes: args.audio.chunk_size as usize,
        headers: if args.how.headers == "each" { Headers::Each } else { Headers::Once },
        check: !args.how.no_check,
        threads: args.threads,
        interrupt,
    }
}

fn arrangements(args: &Cli) -> Vec<Arrangement> {
    match args.how.arrangement.as_str() {
        "chunks" => vec![Arrangement::Chunks],
        "whole" => vec![Arrangement::Whole],
        _ => vec![Arrangement::Chunks, Arrangement::Whole],
    }
}

/// What results depend on beside the contestants.
fn settings(args: &Cli) -> Vec<(String, String)> {
    let (audio, how) = (&args.audio, &args.how);
    let number = |number: Option<u64>, without: &str| {
        number.map_or(without.to_string(), |number| number.to_string())
    };
    let source =
        audio.audio_dir.as_ref().map_or("random".into(), |path| path.display().to_string());
    let bit_depth = number(audio.bit_depth.map(u64::from), "as it is");
    let mut settings = vec![
        ("audio", source),
        ("bit-depth", bit_depth),
        ("chunk-size", audio.chunk_size.to_string()),
        ("num-chunks", number(audio.num_chunks, "all")),
        ("full-chunks-only", yes_or_no(audio.full_chunks_only)),
        ("seed", number(audio.seed, "none")),
        ("headers", how.headers.clone()),
        ("checked", yes_or_no(!how.no_check)),
        ("threads", args.threads.to_string()),
    ];
    if !args.who.model.is_empty() {
        let way = &how.way;
        settings.extend([
            ("rate", how.rate.clone()),
            ("precision", way.precision.name().into()),
            ("tokens", way.tokens.map_or("the model's", |tokens| tokens.name()).into()),
            ("top-k", way.top_k.to_string()),
            ("mapping", how.mapping.to_string()),
            ("blocking", how.blocking.to_string()),
            ("lockstep", number(way.lockstep.map(u64::from), "as memory allows")),
            ("memory", number(way.memory, "as usual")),
            ("stepping", yes_or_no(how.stepping)),
        ]);
    }
    settings.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}
