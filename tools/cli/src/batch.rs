//! One file after the other.

use crate::failure::{Failure, Status};
use crate::inputs::List;
use crate::report::Report;

/// Processes every file, also after failures, and returns the worst status.
pub(crate) fn each<T>(
    report: &Report,
    list: List<T>,
    name: impl Fn(&T) -> String,
    mut work: impl FnMut(&T) -> Result<Status, Failure>,
) -> Status {
    if list.is_empty() {
        report.remark("no files were found");
    }
    let mut worst = Status::Fine;
    for entry in list {
        let (file, result) = match entry {
            Ok(item) => (name(&item), work(&item)),
            Err(failure) => (String::new(), Err(failure)),
        };
        let told = match result {
            Ok(status) => {
                worst = worst.max(status);
                continue;
            }
            Err(Failure::BrokenPipe) => return worst,
            Err(failure) => report.failure(&file, &failure),
        };
        worst = Status::Failed;
        if told.is_err() {
            return worst;
        }
    }
    worst
}
