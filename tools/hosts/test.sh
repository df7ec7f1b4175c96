#!/bin/sh
# Compares the audio that each host gives out: the tool, the C library, GStreamer, Symphonia, the
# server and the mount.
#
#   sh tools/hosts/test.sh [PARTS]       reads so many random parts of each stream; 20 by default
set -eu
. "$(dirname "$0")/../prepare.sh"
# That of Debian, which has Debian's packages.
python=/usr/bin/python3

if [ "${1:-}" = needs ]; then
    missing $python=python3 fusermount3=fuse3
    $python -c 'import gi; gi.require_version("Gst", "1.0")' 2>/dev/null ||
        printf '%s\n' python3-gi gir1.2-gstreamer-1.0
    sh tools/gstreamer/test.sh needs
    exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Of the workspace, so that the library is built once for these and all other tests.
cargo build --workspace --locked --lib --bins --example frames
(cd tools/gstreamer && cargo build --locked)
$python tools/hosts/compare.py "$(target_of .)/debug" "$(target_of tools/gstreamer)/debug" \
    "$folder" "${1:-20}"
