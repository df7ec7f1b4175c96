//! Interrupts: cleaning up before the program ends.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::temporary;

/// The exit status of a program that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Removes unfinished files before the program ends at an interrupt, a termination
/// or a hangup.
pub fn clean_up_on_signals() {
    // Without a handler the program works all the same, and leaves a temporary file
    // behind where it is interrupted.
    let _ = install();
}

/// The actions at signals, if the program does more than end.
static FIRST: OnceLock<First> = OnceLock::new();

struct First {
    ask: Box<dyn Fn() + Send + Sync>,
    clean_up: fn(),
}

/// Has the first signal ask the program to come to an end; the second ends it, once it has
/// cleaned up.
pub fn ask_first(ask: impl Fn() + Send + Sync + 'static, clean_up: fn()) {
    let _ = FIRST.set(First { ask: Box::new(ask), clean_up });
}

fn signalled() {
    static ASKED: AtomicBool = AtomicBool::new(false);
    match FIRST.get() {
        Some(first) if !ASKED.swap(true, Ordering::Relaxed) => (first.ask)(),
        Some(first) => {
            (first.clean_up)();
            stop()
        }
        None => stop(),
    }
}

fn stop() -> ! {
    temporary::remove_for_good(|| {
        if std::io::stderr().is_terminal() {
            // The progress bar's line.
            let _ = writeln!(std::io::stderr());
        }
        std::process::exit(i32::from(INTERRUPTED))
    })
}

#[cfg(unix)]
fn install() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

    let ignored = ignored_signals();
    let wanted =
        [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        signals.forever().for_each(|_| signalled());
    })?;
    // Where files may not grow as large, writing is to fail instead of ending the program.
    signal_hook::flag::register(SIGXFSZ, AtomicBool::new(false).into())?;
    Ok(())
}

/// The signals that are ignored already, by `nohup` or by a shell that starts something
/// in the background. They are to stay so. Bit 0 is signal 1.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(signalled)
}
