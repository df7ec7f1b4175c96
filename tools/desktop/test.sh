#!/bin/sh
# Builds the Debian packages, installs them, uses them as a desktop does, and removes them.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing file=file dpkg-shlibdeps=dpkg-dev update-mime-database=shared-mime-info \
        update-desktop-database=desktop-file-utils gio=libglib2.0-bin \
        gdk-pixbuf-thumbnailer=libgdk-pixbuf2.0-bin
    sh tools/gstreamer/test.sh needs
    exit
fi

# Runs a program, and fails unless its output has this text in it.
says() { # TEXT PROGRAM...
    text=$1
    shift
    "$@" >"$folder/output" 2>&1 || { cat "$folder/output" >&2; fail "$*"; }
    grep -qF -- "$text" "$folder/output" || { cat "$folder/output" >&2; fail "$* lacks \"$text\""; }
}

if dpkg -s lmac gstreamer1.0-lmac 2>/dev/null | grep -q '^Status: install ok'; then
    fail "a package of lmac is installed; remove it first: apt-get remove lmac gstreamer1.0-lmac"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

target=${CARGO_TARGET_DIR:-$PWD/target}
# Not optimised: it builds in half the time, and copies files.
cargo install --quiet --locked --no-default-features --root "$target/cargo-deb" \
    --config profile.release.opt-level=0 cargo-deb --version 3.8.0
export PATH="$target/cargo-deb/bin:$PATH"
# The tool is built already by tools/try.sh.
packages=$(sh tools/desktop/package.sh --no-default-features)
for package in $packages; do
    dpkg-deb -c "$package" | sed -n 's|^-.* \./|/|p'
done >"$folder/files"
for page in lmac lmac-encode lmac-serve; do
    grep -q "/man1/$page.1.gz" "$folder/files" || fail "there is no manual page $page"
done

remove() {
    sudo=sudo
    [ "$(id -u)" != 0 ] || sudo=
    $sudo apt-get remove -y lmac gstreamer1.0-lmac >&2
}
trap 'remove; rm -rf "$folder"' EXIT
# shellcheck disable=SC2086 # packages are words
install $packages || fail "the packages were not installed"

# From here on the packages alone are used.
unset GST_PLUGIN_PATH
export PATH=/usr/bin:/bin HOME="$folder" GST_REGISTRY="$folder/registry"
wav=tests/samples/speech.wav song=$folder/song.lmac
lmac encode -q --preset fast $wav "$song"
lmac decode -q "$song" "$folder/back.wav"
cmp $wav "$folder/back.wav"
says '-F _lmac' bash -c '. /usr/share/bash-completion/completions/lmac; complete -p lmac'

# The type of a file, by its name and by its bytes.
cp "$song" "$folder/unnamed"
echo text >"$folder/named.lmac"
for file in "$song" "$folder/unnamed" "$folder/named.lmac"; do
    says 'standard::content-type: audio/x-lmac' gio info -a standard::content-type "$file"
done
format=$(od -An -tu1 -j7 -N2 "$song" | sed 's/^ *//; s/  */./')
says "lmac lossless audio, version $format" file -m /usr/share/lmac/magic "$folder/unnamed"
says audio/x-lmac file --mime-type -m /usr/share/lmac/magic "$folder/unnamed"

# Players.
says 'lmacparse: lmac parser' gst-inspect-1.0 lmac
gst-play-1.0 --no-interactive --audiosink "filesink location=$folder/played.raw" "$song" \
    >"$folder/output" 2>&1 || { cat "$folder/output" >&2; fail gst-play-1.0; }
lmac decode -q "$song" "$folder/wanted.raw"
cmp "$folder/wanted.raw" "$folder/played.raw"
says 'gst-play-lmac.desktop' gio mime audio/x-lmac

# A thumbnail, by the command that file managers run.
picture=$folder/cover.ppm
{ printf 'P6 300 200 255\n'; head -c 180000 /dev/zero; } >"$picture"
lmac tag --add-picture "3|image/x-portable-pixmap||300x200x24|$picture" "$song"
thumbnail=$(sed -n 's/^Exec=//p' /usr/share/thumbnailers/lmac.thumbnailer |
    sed "s|%i|$song|; s|%o|$folder/thumbnail.png|; s|%s|128|")
$thumbnail
says 'PNG image data, 128 x 85' file "$folder/thumbnail.png"
if $(echo "$thumbnail" | sed "s|$song|$folder/unnamed|; s|thumbnail.png|none.png|") 2>/dev/null ||
    [ -e "$folder/none.png" ]; then
    fail "a stream without a picture has a thumbnail"
fi

remove
trap 'rm -rf "$folder"' EXIT
while read -r file; do
    [ ! -e "$file" ] || fail "$file is left"
done <"$folder/files"
says 'standard::content-type: application/octet-stream' \
    gio info -a standard::content-type "$folder/unnamed"
rm "$GST_REGISTRY"
! gst-inspect-1.0 --exists lmacparse || fail "the plug-in is left"
echo "The packages install, work and go away."
