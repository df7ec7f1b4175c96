//! The line that shows the progress of a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use lmac_cli::report::Report;
use lmac_eval::report::times::RunTimes;
use lmac_eval::{Arrangement, Contestant, Measured, Observer, Progress};

/// The line is not written more often than this.
const PAUSE: Duration = Duration::from_millis(200);

/// Does work while a line shows the contestant, the clip, how much is done and how long the
/// rest takes. Adds up the times that the observer gets.
pub(crate) fn watch<T>(
    report: &Report,
    contestants: &[Box<dyn Contestant>],
    times: &mut RunTimes,
    work: impl FnOnce(&mut dyn Observer) -> T,
) -> T {
    let line = Line { contestants, started: Instant::now(), state: Mutex::default() };
    let mut listener = Listener { line: &line, times };
    if !report.shows_progress() {
        return work(&mut listener);
    }
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        // Without the thread nothing is shown; the work goes on.
        let _ = thread::Builder::new()
            .name("lmac-progress".into())
            .spawn_scoped(scope, || line.show_until(&ended));
        let done = work(&mut listener);
        ended.store(true, Ordering::Relaxed);
        done
    })
}

/// The line.
struct Line<'a> {
    contestants: &'a [Box<dyn Contestant>],
    started: Instant,
    state: Mutex<Option<State>>,
}

/// The unit under way.
#[derive(Clone)]
struct State {
    contestant: String,
    clip: String,
    arrangement: Arrangement,
    /// Bytes that an earlier run had done.
    earlier: u64,
    /// Bytes that are done, those that are under way, and all.
    done: u64,
    current: u64,
    all: u64,
}

impl Line<'_> {
    fn state(&self) -> Option<State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show_until(&self, ended: &AtomicBool) {
        let style = ProgressStyle::with_template("{percent:>3} %  {elapsed}  {msg}");
        let bar = ProgressBar::new(0);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        while !ended.load(Ordering::Relaxed) {
            if let Some(state) = self.state() {
                self.show(&bar, &state);
            }
            thread::sleep(PAUSE);
        }
        bar.finish_and_clear();
    }

    fn show(&self, bar: &ProgressBar, state: &State) {
        let contestant = self.contestants.iter().find(|one| one.name() == state.contestant);
        let share = contestant.and_then(|one| one.progress()).unwrap_or(0.0);
        let done = state.done + (state.current as f64 * share) as u64;
        bar.set_length(state.all);
        bar.set_position(done);
        // Contestants take turns: the bytes of one clip take about as long as another's.
        let fresh = done.saturating_sub(state.earlier);
        let left = match fresh {
            0 => String::new(),
            _ => {
                let each = self.started.elapsed().as_secs_f64() / fresh as f64;
                let seconds = each * state.all.saturating_sub(done) as f64;
                format!("about {} left  ", HumanDuration(Duration::from_secs_f64(seconds)))
            }
        };
        let how = state.arrangement.described();
        bar.set_message(format!("{left}{}: {} {how}", state.contestant, state.clip));
    }
}

/// Keeps the line up to date.
struct Listener<'a, 'b> {
    line: &'a Line<'b>,
    times: &'a mut RunTimes,
}

impl Observer for Listener<'_, '_> {
    fn begins(&mut self, progress: &Progress<'_>) {
        let mut state = self.line.state.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = state.as_ref().map_or(progress.bytes_done, |state| state.earlier);
        *state = Some(State {
            contestant: progress.contestant.into(),
            clip: progress.clip.name.clone(),
            arrangement: progress.arrangement,
            earlier,
            done: progress.bytes_done,
            current: progress.clip.pcm_bytes,
            all: progress.bytes,
        });
    }

    fn read(&mut self, seconds: f64) {
        self.times.reading += seconds;
    }

    fn recorded(&mut self, seconds: f64) {
        self.times.journal += seconds;
    }

    fn ends(&mut self, _: &Progress<'_>, measured: &Measured) {
        self.times.add(measured);
    }
}
