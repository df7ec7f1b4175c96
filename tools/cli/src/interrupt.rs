//! What happens when the program is told to stop.

use std::io::{IsTerminal, Write};

use crate::temporary;

/// The exit status of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Removes what is half-written before the program ends at an interrupt, a termination
/// or a hangup.
pub(crate) fn clean_up_on_signals() {
    // Without a handler the program works all the same, and leaves a temporary file
    // behind where it is interrupted.
    let _ = install();
}

fn stop() -> ! {
    temporary::remove_for_good(|| {
        if std::io::stderr().is_terminal() {
            // The progress bar's line.
            let _ = writeln!(std::io::stderr());
        }
        std::process::exit(INTERRUPTED)
    })
}

#[cfg(unix)]
fn install() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let wanted =
        [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if signals.forever().next().is_some() {
            stop();
        }
    })?;
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
    ctrlc::set_handler(|| stop())
}
