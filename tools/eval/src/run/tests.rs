use super::*;
use crate::contestant::Check;
use crate::testing::{GOOD, Whimsical, folder, plan};

/// Records the calls.
#[derive(Default)]
struct Listener(Vec<String>);

/// Counts the calls with times.
#[derive(Default)]
struct Clock {
    read: usize,
    recorded: usize,
}

impl Observer for Clock {
    fn read(&mut self, _: f64) {
        self.read += 1;
    }

    fn recorded(&mut self, _: f64) {
        self.recorded += 1;
    }
}

#[test]
fn clips_are_read_once_for_all_and_results_recorded_one_by_one() {
    let folder = folder();
    let mut clock = Clock::default();
    run(&plan(folder.path(), GOOD), &mut Journal::none(), &mut clock).unwrap();
    assert_eq!((clock.read, clock.recorded), (3, 15));
}

impl Observer for Listener {
    fn begins(&mut self, progress: &Progress<'_>) {
        let Progress { units_done, units, bytes_done, bytes, clip, contestant, .. } = progress;
        self.0
            .push(format!("{units_done}/{units} {bytes_done}/{bytes} {} {contestant}", clip.name));
    }
}

fn done(results: &Results) -> Vec<(usize, usize, Arrangement)> {
    results.measured.iter().map(|one| (one.clip, one.contestant, one.arrangement)).collect()
}

#[test]
fn contestants_take_turns_at_each_clip() {
    let folder = folder();
    let mut listener = Listener::default();
    let plan = plan(folder.path(), GOOD);
    let results = run(&plan, &mut Journal::none(), &mut listener).unwrap();
    let (chunks, whole) = (Arrangement::Chunks, Arrangement::Whole);
    let mut expected = Vec::new();
    for clip in 0..3 {
        expected.extend([(clip, 0, chunks), (clip, 0, whole)]);
        expected.extend([(clip, 1, chunks), (clip, 1, whole), (clip, 2, whole)]);
    }
    assert_eq!(done(&results), expected);
    assert!(results.complete);
    assert_eq!(results.settings, plan.settings);
    let names: Vec<_> = results.contestants.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["lmac light", "liar", "whimsical"]);

    assert_eq!(listener.0.len(), 15);
    assert_eq!(listener.0[0], "0/15 0/280 a.wav lmac light");
    assert_eq!(listener.0[6], "6/15 128/280 b/c.wav lmac light");
    assert_eq!(listener.0[14], "14/15 272/280 d.wav whimsical");
}

#[test]
fn failures_are_in_no_average() {
    let folder = folder();
    let plan = plan(folder.path(), Whimsical { fails_at: "d.wav", ..GOOD });
    let results = run(&plan, &mut Journal::none(), &mut ()).unwrap();
    assert!(results.complete);
    for measured in &results.measured {
        let counts = measured.result.counting().is_some();
        match (measured.clip, measured.contestant, &measured.result) {
            (_, 0, Taken::Done(outcome)) => assert_eq!(outcome.check, Check::Passed),
            (_, 1, Taken::Done(outcome)) => {
                let Check::Failed(reason) = &outcome.check else { panic!("{outcome:?}") };
                assert!(reason.contains(" came back as "), "{reason}");
                assert!(!counts && !measured.result.is_settled());
            }
            (0, 2, Taken::Done(_)) => assert!(counts),
            (1, 2, Taken::Refused { reason }) => {
                assert!(!counts && reason.contains("channels"));
                assert!(measured.result.is_settled());
            }
            (2, 2, Taken::Failed { reason }) => assert!(!counts && reason == "not today"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_clip_that_is_gone_fails_for_all() {
    let folder = folder();
    let plan = plan(folder.path(), GOOD);
    std::fs::remove_file(folder.path().join("a.wav")).unwrap();
    let results = run(&plan, &mut Journal::none(), &mut ()).unwrap();
    for measured in &results.measured {
        let gone =
            matches!(&measured.result, Taken::Failed { reason: why } if why.contains("a.wav"));
        assert_eq!(gone, measured.clip == 0, "{measured:?}");
    }
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let folder = folder();
    let plan = plan(folder.path(), Whimsical { stops_at: "d.wav", ..GOOD });
    let results = run(&plan, &mut Journal::none(), &mut ()).unwrap();
    assert!(!results.complete);
    // All but the last, which is not a failure.
    assert_eq!(results.measured.len(), 14);
    assert!(!results.measured.iter().any(|one| matches!(one.result, Taken::Failed { .. })));
    assert!(run(&plan, &mut Journal::none(), &mut ()).unwrap().measured.is_empty());
}

#[test]
fn names_are_unique() {
    let folder = folder();
    let mut plan = plan(folder.path(), GOOD);
    plan.contestants.push(Box::new(GOOD));
    let error = run(&plan, &mut Journal::none(), &mut ()).unwrap_err().to_string();
    assert!(error.contains("\"whimsical\""), "{error}");
}

#[test]
fn a_plan_needs_a_contestant() {
    let folder = folder();
    let mut plan = plan(folder.path(), GOOD);
    assert_eq!(plan.check(), Ok(()));
    // The one that is left knows whole clips alone.
    plan.contestants.drain(..2);
    plan.arrangements = vec![Arrangement::Chunks];
    let mut listener = Listener::default();
    let error = run(&plan, &mut Journal::none(), &mut listener).unwrap_err().to_string();
    assert_eq!(error, "nothing to evaluate: no contestant has the arrangement chunks");
    assert!(listener.0.is_empty());
    plan.arrangements = vec![Arrangement::Chunks, Arrangement::Whole];
    assert_eq!(plan.check(), Ok(()));
    plan.contestants.clear();
    assert!(plan.check().unwrap_err().to_string().contains("chunks or whole"));
}
