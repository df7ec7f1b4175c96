use std::path::PathBuf;

use super::*;
use crate::contestant::{Check, Interrupt};
use crate::results::{Results, Taken};
use crate::run::{Observer, Progress, run};
use crate::testing::{GOOD, Whimsical, folder, plan};

/// Results without times.
fn timeless(mut results: Results) -> Vec<Measured> {
    assert!(results.complete);
    for measured in &mut results.measured {
        if let Taken::Done(outcome) = &mut measured.result {
            assert!(outcome.encoding >= Some(0.0));
            (outcome.encoding, outcome.decoding, outcome.peak_memory) = (None, None, None);
        }
    }
    results.measured
}

/// Stops a run after some units, and counts those that begin.
struct Stopper {
    interrupt: Interrupt,
    after: usize,
    begun: usize,
}

impl Stopper {
    fn new(plan: &Plan, after: usize) -> Self {
        Stopper { interrupt: plan.job.interrupt.clone(), after, begun: 0 }
    }
}

impl Observer for Stopper {
    fn begins(&mut self, _: &Progress<'_>) {
        self.begun += 1;
    }

    fn ends(&mut self, _: &Progress<'_>, _: &Measured) {
        if self.begun == self.after {
            self.interrupt.stop();
        }
    }
}

/// Runs up to an interrupt, and leaves the journal there.
fn interrupted(path: &Path, folder: &Path, after: usize, whimsical: Whimsical) -> Results {
    let plan = plan(folder, whimsical);
    let mut journal = Journal::create(path, &plan, false).unwrap();
    run(&plan, &mut journal, &mut Stopper::new(&plan, after)).unwrap()
}

/// Where a journal may lie that is removed with its folder.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = Journal::beside(&folder.path().join("results.json"));
    assert_eq!(path, folder.path().join("results.json.partial"));
    (folder, path)
}

#[test]
fn a_resumed_run_has_the_results_of_an_uninterrupted_one() {
    let audio = folder();
    let plan = || plan(audio.path(), GOOD);
    let expected = timeless(run(&plan(), &mut Journal::none(), &mut ()).unwrap());
    for after in [1, 7, 14] {
        let (_folder, path) = place();
        let before = interrupted(&path, audio.path(), after, GOOD);
        assert_eq!((before.measured.len(), before.complete), (after, false));

        // A line that was begun.
        let text = fs::read(&path).unwrap();
        fs::write(&path, [&text, b"{\"clip\":0,".as_slice()].concat()).unwrap();
        let plan = plan();
        let mut journal = Journal::resume(&path, &plan).unwrap();
        let mut stopper = Stopper::new(&plan, usize::MAX);
        let results = run(&plan, &mut journal, &mut stopper).unwrap();
        // The liar's are tried again.
        let liars = before.measured.iter().filter(|one| one.contestant == 1).count();
        assert_eq!(stopper.begun, 15 - after + liars);
        assert_eq!(timeless(results), expected);
        journal.finish().unwrap();
        assert!(!path.exists());
    }
}

#[test]
fn a_line_that_was_cut_off_is_done_again() {
    let audio = folder();
    let (_folder, path) = place();
    interrupted(&path, audio.path(), 2, GOOD);
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 5]).unwrap();
    let plan = plan(audio.path(), GOOD);
    let mut journal = Journal::resume(&path, &plan).unwrap();
    let mut stopper = Stopper::new(&plan, usize::MAX);
    assert!(run(&plan, &mut journal, &mut stopper).unwrap().complete);
    assert_eq!(stopper.begun, 14);
    // The next result begins on a line of its own.
    assert!(Journal::resume(&path, &plan).is_ok());

    // Nothing is left of a first line that was cut off.
    fs::write(&path, b"{\"lmac").unwrap();
    assert!(Journal::resume(&path, &plan).unwrap().left.is_empty());
    fs::remove_file(&path).unwrap();
    assert!(Journal::resume(&path, &plan).unwrap().left.is_empty());

    let mut text = fs::read(&path).unwrap();
    text.extend(b"nonsense\n{}\n");
    fs::write(&path, &text).unwrap();
    let error = Journal::resume(&path, &plan).unwrap_err().to_string();
    assert!(error.contains("results.json.partial: line 2"), "{error}");
}

#[test]
fn failures_are_tried_again() {
    let audio = folder();
    let (_folder, path) = place();
    let failed = interrupted(&path, audio.path(), 15, Whimsical { fails_at: "d.wav", ..GOOD });
    assert!(matches!(failed.measured[14].result, Taken::Failed { .. }));
    let plan = plan(audio.path(), GOOD);
    let mut journal = Journal::resume(&path, &plan).unwrap();
    let mut stopper = Stopper::new(&plan, usize::MAX);
    let results = run(&plan, &mut journal, &mut stopper).unwrap();
    // Six times the liar, and the failure.
    assert_eq!(stopper.begun, 7);
    let Taken::Done(outcome) = &results.measured[14].result else { panic!("it failed again") };
    assert_eq!(outcome.check, Check::Passed);
    // The later lines count.
    let mut journal = Journal::resume(&path, &plan).unwrap();
    let mut stopper = Stopper::new(&plan, usize::MAX);
    run(&plan, &mut journal, &mut stopper).unwrap();
    assert_eq!(stopper.begun, 6);
}

#[test]
fn an_unfinished_journal_is_not_overwritten() {
    let audio = folder();
    let (_folder, path) = place();
    interrupted(&path, audio.path(), 1, GOOD);
    let plan = plan(audio.path(), GOOD);
    let error = Journal::create(&path, &plan, false).unwrap_err().to_string();
    assert!(error.contains("results.json.partial: an earlier run"), "{error}");
    assert_eq!(Journal::resume(&path, &plan).unwrap().left.len(), 1);
    Journal::create(&path, &plan, true).unwrap();
    assert!(Journal::resume(&path, &plan).unwrap().left.is_empty());
}

#[test]
fn a_journal_of_nothing_is_replaced() {
    let audio = folder();
    let (_folder, path) = place();
    let mut plan = plan(audio.path(), GOOD);
    Journal::create(&path, &plan, false).unwrap();
    let head = fs::read(&path).unwrap();
    plan.job.chunk_bytes = 10;
    Journal::create(&path, &plan, false).unwrap();
    assert_ne!(fs::read(&path).unwrap(), head);
    assert!(Journal::resume(&path, &plan).is_ok());
    // Other files stay, and journals with results.
    for other in [b"mine\n".to_vec(), b"".to_vec(), [&head, b"{}\n".as_slice()].concat()] {
        fs::write(&path, &other).unwrap();
        assert!(Journal::create(&path, &plan, false).is_err());
        assert_eq!(fs::read(&path).unwrap(), other);
    }
}

#[test]
fn another_run_is_not_resumed_and_what_differs_is_said() {
    let audio = folder();
    let (_folder, path) = place();
    interrupted(&path, audio.path(), 1, GOOD);
    let refused = |change: &dyn Fn(&mut Plan), part: &str| {
        let mut plan = plan(audio.path(), GOOD);
        change(&mut plan);
        let error = Journal::resume(&path, &plan).unwrap_err().to_string();
        assert!(error.contains("results.json.partial: "), "{error}");
        assert!(error.contains(part), "{error}");
    };
    refused(&|plan| plan.settings[0].value = "other".into(), "had audio some, not other");
    refused(&|plan| plan.settings.push(Setting::new("a", "b")), "did not have a b");
    refused(&|plan| plan.settings.clear(), "had audio some");
    refused(&|plan| plan.job.chunk_bytes = 10, "had bytes of a chunk 8, not 10");
    refused(&|plan| plan.job.headers = Headers::Each, "had headers once, not each");
    refused(&|plan| plan.job.check = false, "had check true, not false");
    refused(&|plan| plan.arrangements.truncate(1), "had arrangements chunks, whole, not chunks");
    refused(&|plan| plan.contestants.truncate(2), "had the contestant whimsical");
    refused(&|plan| plan.contestants.swap(0, 2), "contestant 1 of the earlier run was lmac light");

    let other = folder();
    crate::testing::write(&other.path().join("d.wav"), 1, 16, &[1, 2, 3, 4]);
    let plan = plan(other.path(), GOOD);
    let error = Journal::resume(&path, &plan).unwrap_err().to_string();
    assert!(error.contains("clip 3, d.wav, is not what it was"), "{error}");
    // Nothing was lost.
    let plan = crate::testing::plan(audio.path(), GOOD);
    assert_eq!(Journal::resume(&path, &plan).unwrap().left.len(), 1);
}
