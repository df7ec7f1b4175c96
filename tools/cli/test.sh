#!/bin/sh
# The tool with programs that its users have.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing curl=curl ffmpeg=ffmpeg fusermount3=fuse3
    exit
fi
tests="--test serve"
if [ -w /dev/fuse ]; then
    tests="$tests --test mount"
else
    echo "lmac mount is not tested: /dev/fuse is missing or cannot be written." >&2
fi
# Of the workspace, so that the library is built once for these and all other tests.
# shellcheck disable=SC2086 # tests are words
cargo test --workspace --locked $tests -- --ignored
