#!/bin/sh
# Builds the tool; encodes, verifies and decodes a sample recording.
set -eu
. "$(dirname "$0")/prepare.sh"
need cc=gcc

cargo build --release --locked -p lmac-cli --no-default-features
lmac="${CARGO_TARGET_DIR:-target}/release/lmac"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

set -x
"$lmac" encode -v tests/samples/speech.wav "$folder/speech.lmac"
"$lmac" verify "$folder/speech.lmac"
"$lmac" info "$folder/speech.lmac"
"$lmac" decode "$folder/speech.lmac" "$folder/speech.wav"
cmp tests/samples/speech.wav "$folder/speech.wav"
"$lmac" encode - - <tests/samples/speech.wav | "$lmac" decode - - | cmp - tests/samples/speech.wav
{ set +x; } 2>/dev/null
echo "The sample came back byte for byte."
