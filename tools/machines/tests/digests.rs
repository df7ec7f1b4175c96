//! This machine computes what every machine does: on each of its instruction sets, with one
//! thread and with several, and for callers that flush denormals.

use lmac::machine;
use lmac_machines::{DIGESTS, Options, SHORT_DIGESTS, run};

fn check(expected: &str, options: Options, how: &str) {
    let mut lines = Vec::new();
    run(options, &mut |line| lines.push(line.to_owned()));
    let mut expected = expected.lines();
    for line in lines {
        assert_eq!(Some(line.as_str()), expected.next(), "{how}, {options:?}");
    }
    assert_eq!(expected.next(), None, "{how}, {options:?}");
}

// One test, since the limit is for the whole process.
#[test]
fn every_instruction_set_gives_the_digests_of_all_machines() {
    check(DIGESTS, Options { short: false, threads: 1 }, "best instructions");
    for name in machine::instruction_sets() {
        assert!(machine::limit_instructions(name));
        check(SHORT_DIGESTS, Options { short: true, threads: 1 }, name);
        let flushing = format!("{name}, flushing denormals");
        machine::with_flushing(|| {
            let possible = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
            assert_eq!(machine::flushes(), possible);
            check(SHORT_DIGESTS, Options { short: true, threads: 3 }, &flushing);
        });
    }
}
