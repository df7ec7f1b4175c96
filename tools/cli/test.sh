#!/bin/sh
# The tool with programs that its users have.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing curl=curl ffmpeg=ffmpeg
    exit
fi
# Of the workspace, so that the library is built once for these and all other tests.
cargo test --workspace --locked --test serve -- --ignored
