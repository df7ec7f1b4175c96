#!/bin/sh
# Runs all tests.
set -eu
. "$(dirname "$0")/prepare.sh"
need python3 python3

cargo test --workspace --locked
