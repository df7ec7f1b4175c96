#!/bin/sh
# The same work on every machine that is here or can be imitated here, and a table of what
# came out. Fails where a digest is another.
#
#   sh tools/machines/run.sh          everything
#   sh tools/machines/run.sh --ci     a part, on an emulated aarch64 alone, within minutes
set -eu
. "$(dirname "$0")/../prepare.sh"
need cc=gcc
. tools/machines/parts.sh

case "${1:-}" in
    --ci) elsewhere aarch64 dev --short ;;
    "")
        native
        elsewhere aarch64 release
        tool
        elsewhere i686 dev
        wasm32
        ;;
    *)
        echo "usage: run.sh [--ci]" >&2
        exit 2
        ;;
esac

echo
echo "| platform | build | what | result | s |"
echo "|:--|:--|:--|:--|--:|"
cat "$work/table"
[ ! -e "$work/different" ]
