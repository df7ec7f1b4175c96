#!/bin/sh
# The decoder in Python against the vectors and against new streams of any kind.
set -eu
. "$(dirname "$0")/../tools/prepare.sh"

if [ "${1:-}" = needs ]; then
    missing python3=python3
    exit
fi
# Of the workspace, so that the library is built once for these and all other tests.
cargo test --workspace --locked --test vectors --test language_vectors --test second_decoder \
    in_python
