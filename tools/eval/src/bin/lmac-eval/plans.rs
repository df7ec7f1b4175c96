//! Plans of runs, made from the options.

use std::path::{Path, PathBuf};

use lmac::checkpoint;
use lmac_cli::failure::Failure;
use lmac_cli::report::Report;
use lmac_eval::report::times::{RunTimes, timed};
use lmac_eval::{
    Arrangement, ByChunks, Contestant, Dataset, External, FileCodec, Headers, Interrupt, Job,
    LmacPreset, Model, ModelOptions, Peer, Plan, Rate, Selection, Setting, Weights, baselines,
    installed,
};

use crate::args::{Cli, ExternalArgs, FilesArgs};

type Contestants = Vec<Box<dyn Contestant>>;

/// Clips in chunks and whole.
pub(crate) fn of_clips(
    args: &Cli,
    report: &Report,
    times: &mut RunTimes,
    interrupt: Interrupt,
) -> Result<Plan, Failure> {
    let others = others(args)?;
    report.progress_note("looking at the audio");
    let dataset = timed(&mut times.looking, || dataset(args))?;
    let models = timed(&mut times.loading, || models(args, report))?;

    let presets = args.contestants.presets.iter().filter_map(|choice| choice.0);
    let mut contestants: Contestants = Vec::new();
    contestants.extend(presets.map(|preset| Box::new(LmacPreset::new(preset)) as _));
    contestants.extend(models.into_iter().map(|model| Box::new(model) as _));
    contestants.extend(others);
    some(&contestants, "--presets, --model or --baselines")?;
    Ok(Plan {
        dataset,
        contestants,
        job: job(args, interrupt),
        arrangements: arrangements(args),
        settings: settings(args),
    })
}

/// Whole files, each in a process of its own.
pub(crate) fn of_files(
    args: &FilesArgs,
    report: &Report,
    times: &mut RunTimes,
    interrupt: Interrupt,
) -> Result<Plan, Failure> {
    let mut programs = installed(&args.programs)?;
    programs.extend(external(&args.external)?);
    report.progress_note("looking at the audio");
    let dataset = timed(&mut times.looking, || Dataset::files(&args.folder))?;
    let peers = args.peers.as_ref().map(|path| Peer::read(path, dataset.facts())).transpose()?;

    let (presets, rounds) = (args.presets.iter().filter_map(|choice| choice.0), args.rounds);
    let mut contestants: Contestants = Vec::new();
    contestants.extend(presets.map(|preset| Box::new(FileCodec::preset(preset, rounds)) as _));
    contestants
        .extend(programs.into_iter().map(|one| Box::new(FileCodec::program(one, rounds)) as _));
    contestants.extend(peers.into_iter().flatten().map(|peer| Box::new(peer) as _));
    some(&contestants, "--presets, --programs, --external or --peers")?;
    let job = Job {
        arrangement: Arrangement::Files,
        chunk_bytes: 1,
        headers: Headers::Each,
        check: true,
        threads: 1,
        interrupt,
    };
    let settings = vec![
        Setting::new("audio", args.folder.display().to_string()),
        Setting::new("rounds", rounds.to_string()),
    ];
    Ok(Plan { dataset, contestants, job, arrangements: vec![Arrangement::Files], settings })
}

fn some(contestants: &Contestants, options: &str) -> Result<(), Failure> {
    match contestants.is_empty() {
        true => Err(Failure::Here(format!("nothing to evaluate: pass {options}"))),
        false => Ok(()),
    }
}

fn external(args: &ExternalArgs) -> Result<Vec<External>, Failure> {
    Ok(External::list(&args.external, &args.external_decode)?)
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
    let paths = &args.contestants.model;
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

fn others(args: &Cli) -> Result<Contestants, Failure> {
    let mut contestants: Contestants = Vec::new();
    for codec in baselines::by_name(&args.contestants.baselines)? {
        contestants.push(Box::new(ByChunks::new(codec)));
    }
    for codec in external(&args.contestants.external)? {
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
        threads: args.how.threads,
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

/// The options that results depend on.
fn settings(args: &Cli) -> Vec<Setting> {
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
        ("threads", how.threads.to_string()),
    ];
    if !args.contestants.model.is_empty() {
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
    settings.into_iter().map(|(name, value)| Setting::new(name, value)).collect()
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}
