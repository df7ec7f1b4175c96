//! The results of a run so far, on disk, so that an interrupt loses nothing.
//!
//! A journal has lines of JSON: the first describes the run, each other one is the result of
//! one clip with one contestant. The format is private to this program. The file is removed
//! when the run is complete.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::contestant::{Arrangement, Headers};
use crate::plan::Plan;
use crate::results::{ClipFacts, Entry, Measured, Setting};
use crate::{Error, Result};

/// Version of the lines.
const VERSION: u32 = 1;

/// The description of the run.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    lmac_evaluation: u32,
    settings: Vec<Setting>,
    clips: Vec<Named>,
    contestants: Vec<Entry>,
}

/// A clip, and a hash of its samples.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Named {
    #[serde(flatten)]
    facts: ClipFacts,
    hash: String,
}

/// A file that keeps finished work.
#[derive(Debug)]
pub struct Journal {
    /// `None` for a journal that keeps nothing.
    file: Option<(PathBuf, File)>,
    /// Results of an earlier run that were not taken yet.
    left: BTreeMap<Unit, Measured>,
}

/// The numbers of clip and contestant.
type Unit = (usize, usize, Arrangement);

impl Journal {
    /// Makes a journal that keeps nothing.
    pub fn none() -> Journal {
        Journal { file: None, left: BTreeMap::new() }
    }

    /// Returns the path of the journal for results in this file, which is beside it.
    pub fn beside(output: &Path) -> PathBuf {
        let mut name = output.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".partial");
        output.with_file_name(name)
    }

    /// Begins a journal. An earlier journal is replaced only with `force`, or if it holds no
    /// results.
    pub fn create(path: &Path, plan: &Plan, force: bool) -> Result<Journal> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| about(folder, error))?;
        }
        let force = force || is_empty(path);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).create_new(!force);
        let file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => about(
                path,
                "an earlier run was not finished: resume it, or remove this file to begin again",
            ),
            _ => about(path, error),
        })?;
        let mut journal = Journal { file: Some((path.into(), file)), left: BTreeMap::new() };
        if let Err(error) = journal.write(&head(plan)) {
            // A journal without a first line would only stand in the way of the next run.
            let _ = journal.finish();
            return Err(error);
        }
        Ok(journal)
    }

    /// Continues the journal of an earlier run, which must be the same run; begins one where
    /// there is none. A last line that was cut off is ignored, and failures are tried again.
    pub fn resume(path: &Path, plan: &Plan) -> Result<Journal> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Self::create(path, plan, false);
            }
            Err(error) => return Err(about(path, error)),
        };
        // The text after the last newline was cut off.
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let mut lines = text[..whole].split_inclusive(|&byte| byte == b'\n');
        let Some(first) = lines.next() else {
            return Self::create(path, plan, true);
        };
        let damaged = |number: usize, error: serde_json::Error| {
            about(path, format!("line {number} is not a line of a journal: {error}"))
        };
        let earlier: Head = serde_json::from_slice(first).map_err(|error| damaged(1, error))?;
        same(&earlier, &head(plan)).map_err(|error| error.about(path.display()))?;
        let mut left = BTreeMap::new();
        for (number, line) in lines.enumerate() {
            let measured: Measured =
                serde_json::from_slice(line).map_err(|error| damaged(number + 2, error))?;
            left.insert((measured.clip, measured.contestant, measured.arrangement), measured);
        }
        left.retain(|_, measured| measured.result.is_settled());

        let mut file =
            OpenOptions::new().write(true).open(path).map_err(|error| about(path, error))?;
        file.set_len(whole as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(|error| about(path, error))?;
        Ok(Journal { file: Some((path.into(), file)), left })
    }

    /// Removes the journal of a run whose results are safe.
    pub fn finish(self) -> Result<()> {
        let Some((path, file)) = self.file else { return Ok(()) };
        drop(file);
        fs::remove_file(&path).map_err(|error| about(&path, error))
    }

    /// Takes the earlier result of this, if there is one.
    pub(crate) fn take(
        &mut self,
        clip: usize,
        contestant: usize,
        arrangement: Arrangement,
    ) -> Option<Measured> {
        self.left.remove(&(clip, contestant, arrangement))
    }

    /// Writes a result.
    pub(crate) fn record(&mut self, measured: &Measured) -> Result<()> {
        self.write(measured)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line).map_err(|error| about(path, error))?;
        bytes.push(b'\n');
        // In one piece, and with nothing between here and the system.
        file.write_all(&bytes).map_err(|error| about(path, error))
    }
}

/// Returns whether a file is a journal without results.
fn is_empty(path: &Path) -> bool {
    // Reading a pipe may wait forever.
    let regular = path.is_file();
    let Some(text) = regular.then(|| fs::read(path).ok()).flatten() else { return false };
    let mut lines = text.split_inclusive(|&byte| byte == b'\n');
    let head = lines.next().filter(|line| line.ends_with(b"\n"));
    // A line without an end was cut off.
    head.is_some_and(|head| serde_json::from_slice::<Head>(head).is_ok())
        && !lines.any(|line| line.ends_with(b"\n"))
}

fn about(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(what.to_string()).about(path.display())
}

fn head(plan: &Plan) -> Head {
    let headers = match plan.job.headers {
        Headers::Once => "once",
        Headers::Each => "each",
    };
    let arrangements = plan.arrangements.iter().map(|one| one.name()).collect::<Vec<_>>();
    // Results depend on these even if the settings do not name them.
    let own = [
        ("bytes of a chunk", plan.job.chunk_bytes.to_string()),
        ("headers", headers.into()),
        ("check", plan.job.check.to_string()),
        ("arrangements", arrangements.join(", ")),
    ];
    let own = own.map(|(name, value)| Setting::new(name, value));
    let facts = plan.dataset.facts().iter().cloned();
    let hashes = plan.dataset.hashes().iter().cloned();
    Head {
        lmac_evaluation: VERSION,
        settings: plan.settings.iter().cloned().chain(own).collect(),
        clips: facts.zip(hashes).map(|(facts, hash)| Named { facts, hash }).collect(),
        contestants: plan.entries(),
    }
}

/// Fails with the first difference between two runs.
fn same(earlier: &Head, now: &Head) -> Result<()> {
    let differs = |what: String| {
        Err(Error::new(format!(
            "{what}: resume with the same options, or remove this file to begin again"
        )))
    };
    if earlier.lmac_evaluation != now.lmac_evaluation {
        return differs(format!(
            "another version of this program wrote it, with format {}, not {}",
            earlier.lmac_evaluation, now.lmac_evaluation
        ));
    }
    for Setting { name, value } in &now.settings {
        match earlier.settings.iter().find(|earlier| earlier.name == *name) {
            Some(before) if before.value == *value => {}
            Some(before) => {
                let before = &before.value;
                return differs(format!("the earlier run had {name} {before}, not {value}"));
            }
            None => return differs(format!("the earlier run did not have {name} {value}")),
        }
    }
    let known = |one: &&Setting| now.settings.iter().any(|known| known.name == one.name);
    if let Some(Setting { name, value }) = earlier.settings.iter().find(|one| !known(one)) {
        return differs(format!("the earlier run had {name} {value}"));
    }
    if let Some(what) =
        first_difference("clip", &earlier.clips, &now.clips, |clip| &clip.facts.name)
    {
        return differs(what);
    }
    let contestants =
        first_difference("contestant", &earlier.contestants, &now.contestants, |one| &one.name);
    contestants.map_or(Ok(()), differs)
}

fn first_difference<T: PartialEq>(
    kind: &str,
    earlier: &[T],
    now: &[T],
    name: impl Fn(&T) -> &String,
) -> Option<String> {
    let place = (0..earlier.len().max(now.len())).find(|&at| earlier.get(at) != now.get(at))?;
    let number = place + 1;
    Some(match (earlier.get(place), now.get(place)) {
        (Some(earlier), Some(now)) if name(earlier) == name(now) => {
            format!("{kind} {number}, {}, is not what it was in the earlier run", name(now))
        }
        (Some(earlier), Some(now)) => format!(
            "{kind} {number} of the earlier run was {}, and is {} now",
            name(earlier),
            name(now)
        ),
        (Some(earlier), None) => {
            format!("the earlier run had the {kind} {}", name(earlier))
        }
        (None, now) => {
            let name = now.map_or("", |now| name(now));
            format!("the earlier run did not have the {kind} {name}")
        }
    })
}

#[cfg(test)]
mod tests;
