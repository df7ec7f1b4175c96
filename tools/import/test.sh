#!/bin/sh
# Files that other programs make, against what those decode.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing ffmpeg=ffmpeg flac=flac
    exit
fi
# Of the workspace, so that the library is built once for these and all other tests.
cargo test --workspace --locked --test other_encoders --test import -- --ignored
