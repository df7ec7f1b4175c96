//! Tests that this machine computes the digests of all machines: on each of its instruction
//! sets, with one thread and with several, and for callers that flush denormals.

use lmac::proof;
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
    for name in proof::instruction_sets() {
        let short =
            |threads, how: &str| check(SHORT_DIGESTS, Options { short: true, threads }, how);
        let checked = proof::with_instruction_set(name, || {
            short(1, name);
            proof::with_flushing(|| {
                let possible = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
                assert_eq!(proof::flushes(), possible);
                short(3, &format!("{name}, flushing denormals"));
            });
        });
        assert!(checked.is_some(), "{name}");
    }
}
