#!/bin/sh
# The decoder in Python against the vectors and against new streams of any kind.
set -eu
. "$(dirname "$0")/../tools/prepare.sh"

if [ "${1:-}" = needs ]; then
    missing python3=python3
    exit
fi
cargo test -p lmac --features checkpoints --locked --test vectors --test language_vectors \
    --test second_decoder in_python
