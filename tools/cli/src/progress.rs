//! The progress bar.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use lmac::AudioSpec;

use crate::report::Report;
use crate::units;

/// The line is not written more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// Characters of a file's name that are shown.
const NAME: usize = 30;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encoding,
    Decoding,
}

/// Counts what goes in and out of one file's conversion.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    direction: Direction,
    started: Instant,
    shown: Cell<Instant>,
    read: Cell<u64>,
    written: Cell<u64>,
    /// Bytes of audio per second, if known.
    bytes_per_second: Cell<Option<u64>>,
    /// Bytes that were read and written when the first chunk was.
    first: Cell<Option<(u64, u64)>>,
    /// Bytes that had been read when a chunk was written last.
    last_read: Cell<u64>,
    /// Bytes of stream for each of audio, so far.
    ratio: Cell<Option<f64>>,
    /// Whether a language model is at work, which another thread shows.
    model_works: Arc<AtomicBool>,
    /// Whether that thread goes on.
    watching: Arc<AtomicBool>,
}

/// Smaller writes are not counted as chunks.
const CHUNK: usize = 4096;

impl Progress {
    /// For audio that becomes a stream: `total` bytes, where that is known.
    pub(crate) fn encoding(report: &Report, name: &str, total: Option<u64>) -> Self {
        let progress = Self::new(report, name, Direction::Encoding);
        progress.expect(total);
        progress
    }

    /// For a stream that becomes audio.
    pub(crate) fn decoding(report: &Report, name: &str) -> Self {
        Self::new(report, name, Direction::Decoding)
    }

    fn new(report: &Report, name: &str, direction: Direction) -> Self {
        let bar = report.shows_progress().then(|| {
            let skipped = name.chars().count().saturating_sub(NAME);
            let shown: String = name.chars().skip(skipped).collect();
            let bar = ProgressBar::no_length().with_prefix(shown);
            bar.with_style(style("{prefix}  {bytes}  {msg}"))
        });
        let now = Instant::now();
        Progress {
            bar,
            direction,
            started: now,
            shown: Cell::new(now),
            read: Cell::new(0),
            written: Cell::new(0),
            bytes_per_second: Cell::new(None),
            first: Cell::new(None),
            last_read: Cell::new(0),
            ratio: Cell::new(None),
            model_works: Arc::default(),
            watching: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Says how many bytes of audio there will be.
    pub(crate) fn expect(&self, total: Option<u64>) {
        if let (Some(bar), Some(total)) = (&self.bar, total) {
            bar.set_length(total);
            bar.set_style(style("{prefix} [{bar:24}] {percent:>3} %  {msg}  {eta} left"));
        }
    }

    #[cfg(feature = "models")]
    /// Shows the progress of a language model, whose tokens and characters `counts` returns:
    /// it works for long on input that was read at once.
    pub(crate) fn watch_model(&self, counts: impl Fn() -> (u64, u64) + Send + 'static) {
        let Some(bar) = self.bar.clone() else { return };
        let (works, watching) = (Arc::clone(&self.model_works), Arc::clone(&self.watching));
        let watch = move || {
            let started = Instant::now();
            while watching.load(Ordering::Relaxed) {
                std::thread::sleep(PAUSE);
                let (tokens, characters) = counts();
                if tokens == 0 {
                    continue;
                }
                works.store(true, Ordering::Relaxed);
                let rate = tokens as f64 / started.elapsed().as_secs_f64().max(1e-3);
                bar.set_position(characters);
                bar.set_message(format!("{rate:.0} tokens/s"));
            }
        };
        // Without this thread only the display lacks.
        let _ = std::thread::Builder::new().name("lmac-progress".into()).spawn(watch);
    }

    /// Sets the format of the audio, so that speeds are multiples of real time.
    pub(crate) fn set_audio(&self, spec: &AudioSpec) {
        self.bytes_per_second.set(Some(u64::from(spec.rate) * spec.frame_bytes() as u64));
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Bytes that were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    /// Counts from here on: what was read before will be read again.
    pub(crate) fn restart(&self) {
        self.read.set(0);
    }

    /// Bytes that were written.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.written.get()
    }

    /// How fast this much audio was done.
    pub(crate) fn speed(&self, pcm_bytes: u64) -> String {
        units::speed(pcm_bytes, self.bytes_per_second.get(), self.elapsed())
    }

    pub(crate) fn count_written(&self, bytes: usize) {
        self.written.set(self.written.get() + bytes as u64);
        if bytes >= CHUNK {
            self.compare();
        }
        self.show();
    }

    /// Finds the ratio. Several chunks are under way at any time: what was read since the
    /// first was written is about what was written since.
    fn compare(&self) {
        let now = (self.read.get(), self.written.get());
        let Some(first) = self.first.get() else { return self.first.set(Some(now)) };
        let (read, written) = (now.0 - first.0.min(now.0), now.1 - first.1);
        let ratio = match self.direction {
            Direction::Encoding => units::ratio(written, read),
            Direction::Decoding => units::ratio(read, written),
        };
        // At the end only one of the two goes on.
        if self.last_read.replace(now.0) != now.0 {
            self.ratio.set(ratio);
        }
    }

    fn count_read(&self, bytes: usize) {
        self.read.set(self.read.get() + bytes as u64);
        self.show();
    }

    fn show(&self) {
        let Some(bar) = &self.bar else { return };
        let now = Instant::now();
        if now - self.shown.get() < PAUSE || self.model_works.load(Ordering::Relaxed) {
            return;
        }
        self.shown.set(now);
        let pcm = match self.direction {
            Direction::Encoding => self.read.get(),
            Direction::Decoding => self.written.get(),
        };
        let ratio = self.ratio.get().map(|ratio| format!("  {:.1} %", 100.0 * ratio));
        bar.set_message(format!("{}{}", self.speed(pcm), ratio.unwrap_or_default()));
        bar.set_position(pcm);
    }

    /// Takes the bar away, so that something else can be said.
    pub(crate) fn finish(&self) {
        self.watching.store(false, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A file whose bytes are counted as they are read.
pub(crate) struct Metered<'a, R = File> {
    reader: R,
    progress: &'a Progress,
}

impl<'a, R> Metered<'a, R> {
    pub(crate) fn new(reader: R, progress: &'a Progress) -> Self {
        Metered { reader, progress }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.count_read(read);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
