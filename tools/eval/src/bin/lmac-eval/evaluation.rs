//! One run, from its plan to the results.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lmac_cli::failure::{Failure, Status};
use lmac_cli::interrupt;
use lmac_cli::report::{Report, print};
use lmac_eval::report::times::{self, RunTimes};
use lmac_eval::report::{csv, file, json, markdown, pictures, table};
use lmac_eval::{Arrangement, Check, Clip, Interrupt, Journal, Plan, Results, Taken};

use crate::args::{ResultArgs, ShownArgs};
use crate::progress;

/// Makes a plan and runs it. Everything that can be wrong is found before hours of measuring.
pub(crate) fn run(
    wanted: &ResultArgs,
    shown: &ShownArgs,
    plan: impl FnOnce(&Report, &mut RunTimes, Interrupt) -> Result<Plan, Failure>,
) -> Status {
    let report = Report::of_program("lmac-eval", shown.quiet, shown.json, shown.no_progress);
    let done = Evaluation::new(wanted, shown, &report, plan).and_then(Evaluation::run);
    match done {
        Ok(status) => return status,
        Err(Failure::BrokenPipe) => return Status::Fine,
        Err(Failure::Here(message)) => report.complain(&message),
        Err(Failure::Elsewhere { file, message }) => report.error(&file, &message),
    }
    Status::Failed
}

struct Evaluation<'a> {
    wanted: &'a ResultArgs,
    json: bool,
    report: &'a Report,
    plan: Plan,
    started: Instant,
    times: RunTimes,
}

impl<'a> Evaluation<'a> {
    fn new(
        wanted: &'a ResultArgs,
        shown: &ShownArgs,
        report: &'a Report,
        plan: impl FnOnce(&Report, &mut RunTimes, Interrupt) -> Result<Plan, Failure>,
    ) -> Result<Self, Failure> {
        check_results(wanted)?;
        let started = Instant::now();
        let mut times = RunTimes::default();
        let interrupt = Interrupt::default();
        let plan = plan(report, &mut times, interrupt.clone())?;
        if let Some(name) = &wanted.picture_of
            && !plan.dataset.facts().iter().any(|clip| clip.name == *name)
        {
            return Err(Failure::Here(format!("no clip is called {name}")));
        }
        plan.check()?;
        let quiet = shown.quiet;
        let ask = move || {
            interrupt.stop();
            if !quiet {
                eprintln!(
                    "\nlmac-eval: ends after the current clip; a second signal ends it at once"
                );
            }
        };
        interrupt::ask_first(ask, lmac_eval::remove_temporary_folders);
        Ok(Evaluation { wanted, json: shown.json, report, plan, started, times })
    }

    fn run(mut self) -> Result<Status, Failure> {
        let (wanted, json) = (self.wanted, self.json);
        let mut journal = match &wanted.output {
            None => Journal::none(),
            Some(path) if wanted.resume => Journal::resume(&Journal::beside(path), &self.plan)?,
            Some(path) => Journal::create(&Journal::beside(path), &self.plan, wanted.force)?,
        };
        let plan = &self.plan;
        let measured =
            progress::watch(self.report, &plan.contestants, &mut self.times, |observer| {
                lmac_eval::run(plan, &mut journal, observer)
            })?;

        let begun = Instant::now();
        let output = if json { json::document(&measured)? } else { table::document(&measured) };
        // The files are written even if the reader of standard output has gone.
        let printed = print(output.as_bytes());
        self.write(&measured)?;
        if measured.complete {
            journal.finish()?;
        }
        printed?;
        if wanted.times {
            self.times.reports = begun.elapsed().as_secs_f64();
            self.times.total = self.started.elapsed().as_secs_f64();
            let times = times::document(&self.times, &measured);
            match json {
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
        let wanted = self.wanted;
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
        // Only chunks cost something along time.
        if !self.plan.arrangements.contains(&Arrangement::Chunks) {
            return Ok(None);
        }
        let wanted = self.wanted.picture_of.as_ref();
        let is_it = |name: &String| wanted.is_none_or(|wanted| wanted == name);
        let number = dataset.facts().iter().position(|clip| is_it(&clip.name));
        Ok(number.map(|number| dataset.load(number)).transpose()?)
    }

    fn interrupted(&self) -> String {
        match &self.wanted.output {
            Some(path) => format!(
                "interrupted; the results so far are in {}; --resume continues",
                Journal::beside(path).display()
            ),
            None => "interrupted; --output would keep the results so far".into(),
        }
    }
}

/// Returns whether all files could be read, and all contestants succeeded.
fn is_fine(results: &Results) -> bool {
    let failed = |result: &Taken| match result {
        Taken::Done(outcome) => matches!(outcome.check, Check::Failed(_)),
        Taken::Refused { .. } => false,
        Taken::Failed { .. } => true,
    };
    results.skipped.is_empty() && !results.measured.iter().any(|one| failed(&one.result))
}

/// Fails if the results could not be written in the end.
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
            return wrong(file, "it is not a folder");
        }
    }
    let started = wanted.output.as_deref().is_some_and(|path| Journal::beside(path).exists());
    match files.iter().find(|path| path.is_file()) {
        _ if wanted.force => Ok(()),
        Some(path) if wanted.resume && !started => {
            wrong(path, "it exists, and there is no interrupted run to continue; -f begins again")
        }
        Some(path) if started && !wanted.resume => {
            wrong(path, "it exists; --resume continues that run, -f begins again")
        }
        Some(path) if !wanted.resume => wrong(path, "it exists; -f overwrites it"),
        _ => Ok(()),
    }
}
