#!/bin/bash
# Runs fuzz targets: tools/fuzz.sh [SECONDS] [TARGET...]; without arguments, all of them for
# 600 seconds each. Prints what each did, and fails where one found something. fuzz/README.md
# says what each target checks.
set -euo pipefail
. "$(dirname "$0")/prepare.sh"

seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
need cc=gcc c++=g++

# A stable compiler takes the options of sanitizers only with this.
export RUSTC_BOOTSTRAP=1
host=$(rustc -vV | sed -n 's/^host: //p')
programs=${CARGO_TARGET_DIR:-$PWD/fuzz/target}/$host/release
# The options of cargo-fuzz, without debugging information and dead code.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-stack-depth \
-Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Zsanitizer=address --cfg fuzzing \
-Cdebug-assertions ${RUSTFLAGS:-}"
# One codegen unit makes programs that run faster, and a short run is mostly building.
[ "$seconds" -lt 60 ] && units=16 level=1 || units=1 level=3
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=$units CARGO_PROFILE_RELEASE_OPT_LEVEL=$level
# Each program has its own copy of the library: these are not two definitions of one thing.
export ASAN_OPTIONS="detect_odr_violation=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
if [ $# = 0 ]; then
    bins=--bins
    set -- $(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//')
else
    bins=$(printf -- '--bin %s ' seeds "$@")
fi
cargo build --release --locked --manifest-path fuzz/Cargo.toml --target "$host" $bins

# Checkpoints are written and opened thousands of times.
shm=/dev/shm
[ -w "$shm" ] || shm=${TMPDIR:-/tmp}
folder=$(mktemp -d "$shm/lmac-fuzz.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder
"$programs/seeds" fuzz/corpus

# Bytes of an input at most: what is slow to decode is kept short.
longest() {
    case $1 in
    checkpoint_* | tokenizer_*) echo 40000 ;;
    decode | decode_in_pieces | language | packets) echo 5000 ;;
    *) echo 2000 ;;
    esac
}

TIMEFORMAT='%U %S'
failed=
printf '%-24s %10s %8s %8s %8s %9s\n' target executions edges inputs seconds processor
for target in "$@"; do
    corpus=fuzz/corpus/$target log=$folder/$target.log
    mkdir -p "$corpus" "fuzz/artifacts/$target"
    begin=$SECONDS status=0
    used=$({ time "$programs/$target" "$corpus" -max_total_time="$seconds" -timeout=120 \
        -max_len="$(longest "$target")" -rss_limit_mb=2048 -malloc_limit_mb=256 \
        -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" \
        >"$log" 2>&1; } 2>&1) || status=$?
    last=$(grep 'cov: ' "$log" | tail -n 1) || true
    number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" <<<"$last"; }
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    inputs=$(find "$corpus" -type f | wc -l)
    printf '%-24s %10s %8s %8s %8s %9s\n' "$target" "${executions:-?}" "$(number cov:)" \
        "$inputs" $((SECONDS - begin)) "$(awk '{ printf "%.0f", $1 + $2 }' <<<"$used")"
    if [ $status != 0 ]; then
        failed="$failed $target"
        tail -n 40 "$log"
    fi
done
if [ -n "$failed" ]; then
    echo "These targets found a fault:$failed. The inputs are in fuzz/artifacts."
    exit 1
fi
