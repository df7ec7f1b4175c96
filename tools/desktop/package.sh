#!/bin/sh
# Builds the Debian packages of the tool and of the plug-in for GStreamer, and prints their names.
#
#   sh tools/desktop/package.sh [OPTION...]
#
# Options are for the build of the tool; --no-default-features leaves out language models, `lmac
# mount`, and ALAC, Ogg and Matroska as input.
set -eu
. "$(dirname "$0")/../prepare.sh"
cargo deb --version >/dev/null 2>&1 || {
    echo "cargo deb is missing. Install it with: cargo install cargo-deb" >&2
    exit 1
}

# The manual pages and completions that the package needs beside the tool.
cargo build --release --locked -p lmac-cli "$@"
target=$(target_of .)
lmac=$target/release/lmac
made=$target/release/package
rm -rf "$made"
mkdir -p "$made/man"
"$lmac" man >"$made/man/lmac.1"
# The page of `lmac eval` is that of another program.
for command in $("$lmac" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    case $command in
    eval | help) ;;
    *) "$lmac" man "$command" >"$made/man/lmac-$command.1" ;;
    esac
done
gzip -9n "$made"/man/*
"$lmac" completions bash >"$made/lmac.bash"
"$lmac" completions fish >"$made/lmac.fish"
"$lmac" completions zsh >"$made/_lmac"

cargo deb --quiet --locked -p lmac-cli --no-build
# Plug-ins are in the folder of the machine's architecture.
cd tools/gstreamer
cargo build --release --locked
cargo deb --quiet --locked --multiarch=same --no-build
