#!/bin/sh
# The tool and the digests on Windows, which wine stands for.
# shellcheck disable=SC2086 # options are words
set -eu
. "$(dirname "$0")/../prepare.sh"
. tools/machines/parts.sh

triple=x86_64-pc-windows-gnu
# Debian's package wine64 puts its program nowhere on the PATH.
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
if [ "$(uname -m)" != x86_64 ]; then
    [ "${1:-}" = needs ] || skipped windows "it takes an x86-64 to run it"
    exit
fi
if [ "${1:-}" = needs ]; then
    missing x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64-win32 "$wine=wine64"
    pick_compiler $triple || printf '%s\n' rustc-web cargo-web rust-web-src
    exit
fi
pick_compiler $triple

# A Windows without a screen, and without the programs that would ask for one.
export WINEPREFIX="$work/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml="
unset DISPLAY
trap '"${wine%/*}/wineserver" -k || true; rm -rf "$work"' EXIT
"$wine" wineboot -i 2>/dev/null

# Rust's library takes random numbers from a function that Debian's wine lacks. It does the same
# as an older one.
if ! [ -e "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
    printf 'LIBRARY bcryptprimitives.dll\nEXPORTS\nProcessPrng = advapi32.SystemFunction036\n' \
        >"$work/random.def"
    x86_64-w64-mingw32-gcc -shared -nostdlib -Wl,--entry=0 "$work/random.def" \
        -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"
fi

build build -p lmac-cli -p lmac-machines --no-default-features --target $triple
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$wine"
tests=
for test in batches listing round_trip safety serve tags windows; do
    tests="$tests --test $test"
done
build test -p lmac-cli -p lmac-machines --no-default-features --target $triple --lib $tests

# The digests of every machine, and streams from here to there and back.
folder="$target/$triple/debug"
there="$wine $folder/lmac.exe"
cargo build --locked -p lmac-cli
here="$target/debug/lmac"
head -c 9600 tests/samples/speech.wav >"$work/speech.wav"
for options in "--threads 1 --short" "--threads 3 --flush --short"; do
    compare "windows (wine)" dev "$options" "$(lines --short)" \
        "$wine" "$folder/lmac-machines.exe" $options
done
for options in "--preset fast" "--preset standard" "--preset max"; do
    compare "windows (wine)" dev "lmac encode $options, decode" "$work/speech.wav" both_ways
done
[ ! -e "$work/different" ]

# What the shell redirects.
cp "$folder/lmac.exe" "$work"
cd "$work"
"$wine" cmd /c "lmac.exe encode --preset light - - <speech.wav >redirected.lmac"
"$wine" lmac.exe decode redirected.lmac - | cmp - speech.wav

# lmac eval becomes the program beside it.
if "$wine" lmac.exe eval --version 2>errors; then exit 1; fi
grep -q 'lmac-eval is not installed' errors
cp lmac.exe lmac-eval.exe
[ "$("$wine" lmac.exe eval --version)" = "$("$wine" lmac.exe --version)" ]

# Ctrl-C, which wine makes of an interrupt, leaves nothing behind.
mkfifo pipe
mkdir interrupted
"$wine" lmac.exe encode - interrupted/speech.lmac <pipe &
program=$!
exec 3>pipe
cat speech.wav >&3
tries=0
until [ -n "$(ls -A interrupted)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ]
    sleep 0.1
done
kill -INT $program
status=0
wait $program || status=$?
[ $status = 130 ]
[ -z "$(ls -A interrupted)" ]
