#!/bin/sh
# The same digests on an emulated aarch64.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    . tools/machines/parts.sh
    choose aarch64
    is_ready || echo "$packages"
    exit
fi
sh tools/machines/run.sh --ci
