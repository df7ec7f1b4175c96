#!/bin/bash
# Runs fuzz targets: tools/fuzz.sh [SECONDS] [TARGET...], each for 600 seconds, and all of
# them, unless something else is said. Prints what each did, and fails where one found
# something. fuzz/README.md says what they hold.
set -euo pipefail
. "$(dirname "$0")/prepare.sh"

seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
need c++ g++
command -v cargo-fuzz >/dev/null 2>&1 || cargo install --locked cargo-fuzz@0.13.2

cargo fetch --locked --manifest-path fuzz/Cargo.toml
# Sanitizers are options that a stable compiler only takes when it is told to.
export RUSTC_BOOTSTRAP=1
host=$(rustc -vV | sed -n 's/^host: //p')
programs=${CARGO_TARGET_DIR:-$PWD/fuzz/target}/$host/release
if [ $# = 0 ]; then
    cargo fuzz build
    set -- $(cargo fuzz list | grep -vx seeds)
else
    for target in seeds "$@"; do cargo fuzz build "$target"; done
fi

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
    decode | decode_in_pieces | language) echo 5000 ;;
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
    echo "Something was found by:$failed; what it takes is in fuzz/artifacts."
    exit 1
fi
