//! Restarts the program with candle on one thread.

use std::env;
use std::process::{Command, ExitCode};

use lmac_reference::Result;

/// The variables from which candle's pools take their number of threads.
const THREADS: [(&str, &str); 2] = [("RAYON_NUM_THREADS", "1"), ("CANDLE_NUM_THREADS", "1")];
/// The variables that make candle choose slower code than the machine's best.
const SLOWER: [&str; 4] = [
    "CANDLE_DEQUANTIZE_ALL",
    "CANDLE_DEQUANTIZE_ALL_F16",
    "MISTRALRS_FORCE_AVX2",
    "MISTRALRS_FORCE_AVXVNNI",
];

/// Runs this program again in an environment in which candle has one thread and chooses its best
/// code. Returns `None` if the environment is such already.
pub(crate) fn again() -> Result<Option<ExitCode>> {
    let one = THREADS.iter().all(|(name, value)| env::var_os(name).is_some_and(|is| is == *value));
    if one && SLOWER.iter().all(|name| env::var_os(name).is_none()) {
        return Ok(None);
    }
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1)).envs(THREADS);
    for name in SLOWER {
        command.env_remove(name);
    }
    let status = command.status()?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}
