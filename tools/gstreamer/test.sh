#!/bin/sh
# The plug-in: its tests, and the programs of GStreamer with it.
set -eu
# Goes to this folder, which has a Cargo.lock of its own.
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing cc=gcc pkg-config=pkg-config gst-launch-1.0=gstreamer1.0-tools
    missing gst-play-1.0=gstreamer1.0-plugins-base-apps
    for module in gstreamer-check-1.0=libgstreamer1.0-dev \
        gstreamer-audio-1.0=libgstreamer-plugins-base1.0-dev; do
        pkg-config --exists "${module%%=*}" 2>/dev/null || echo "${module#*=}"
    done
    for element in decodebin=gstreamer1.0-plugins-base wavparse=gstreamer1.0-plugins-good; do
        gst-inspect-1.0 --exists "${element%%=*}" 2>/dev/null || echo "${element#*=}"
    done
    exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What the plug-in is stays between it and these tests.
export GST_REGISTRY="$folder/registry" GST_REGISTRY_FORK=no
unset GST_PLUGIN_PATH

cargo fmt --check
cargo clippy --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet
cargo test --locked
cargo build --locked
GST_PLUGIN_PATH="$(target_of .)/debug"
export GST_PLUGIN_PATH

# Runs a program, and fails unless its output has this text in it.
says() { # TEXT PROGRAM...
    text=$1
    shift
    "$@" >"$folder/output" 2>&1 || { cat "$folder/output" >&2; fail "$*"; }
    grep -q "$text" "$folder/output" || { cat "$folder/output" >&2; fail "$* lacks \"$text\""; }
}

launch() { # PIPELINE...
    gst-launch-1.0 -q "$@"
}

# The registry finds all of it.
says 'lmacparse: lmac parser' gst-inspect-1.0 lmac
says 'audio/x-lmac: lmac' gst-inspect-1.0 lmac
for element in lmacparse lmacdec lmacenc; do
    says 'Factory Details' gst-inspect-1.0 $element
done
says 'standard.*Takes the model' gst-inspect-1.0 lmacenc

# The example of README.md, with the recording of the library's tests.
wav=../../tests/samples/speech.wav song=$folder/song.lmac
launch filesrc location=$wav ! wavparse ! lmacenc preset=fast ! filesink location="$song"
launch filesrc location=$wav ! wavparse ! filesink location="$folder/wanted.raw"
launch filesrc location="$song" ! decodebin ! filesink location="$folder/found.raw"
cmp "$folder/wanted.raw" "$folder/found.raw" || fail "decodebin"
# From a pipe.
launch fdsrc ! decodebin ! filesink location="$folder/found.raw" <"$song"
cmp "$folder/wanted.raw" "$folder/found.raw" || fail "decodebin behind a pipe"
# Live, without a file.
launch filesrc location=$wav ! wavparse ! lmacenc chunk-frames=8000 ! lmacparse ! lmacdec ! \
    filesink location="$folder/found.raw"
cmp "$folder/wanted.raw" "$folder/found.raw" || fail "a stream without a file"

# The type is found by the bytes, and by the name if there are none.
cp "$song" "$folder/unnamed"
says 'audio/x-lmac' gst-typefind-1.0 "$folder/unnamed"
says 'Duration: 0:00:0[0-9]' gst-discoverer-1.0 "$song"
says 'Seekable: yes' gst-discoverer-1.0 "$song"

# A player finds the decoder by itself.
gst-play-1.0 --no-interactive --audiosink "filesink location=$folder/found.raw" "$song" \
    >"$folder/output" 2>&1 || { cat "$folder/output" >&2; fail gst-play-1.0; }
cmp "$folder/wanted.raw" "$folder/found.raw" || fail "what gst-play-1.0 plays"

# A stream that is cut off is an error. Without a whole chunk, the error is GStreamer's own.
launch filesrc location=$wav ! wavparse ! lmacenc preset=fast chunk-frames=8000 ! \
    filesink location="$folder/chunks.lmac"
head -c 20000 "$folder/chunks.lmac" >"$folder/short.lmac"
if launch filesrc location="$folder/short.lmac" ! lmacparse ! lmacdec ! fakesink \
    >"$folder/output" 2>&1; then
    fail "a stream that is cut off plays"
fi
grep -q 'cut off' "$folder/output" || { cat "$folder/output" >&2; fail "the error's text"; }
echo "The programs of GStreamer play and make streams."
