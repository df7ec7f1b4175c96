//! Signals that are sent to the program.

use std::process::{Child, Command};

/// Sends a signal to a child that has not been waited for.
#[track_caller]
pub(crate) fn send(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success(), "{signal} cannot be sent");
}

/// Returns whether the parent process ignores this signal, and so does this one.
pub(crate) fn ignored(signal: &str) -> bool {
    let script = format!("kill {signal} $$; exit 7");
    Command::new("bash").args(["-c", &script]).status().unwrap().code() == Some(7)
}
