#!/bin/sh
# Installs the C library in a temporary folder, and runs programs in C and C++ that use it, linked
# to the shared and to the static library, under valgrind.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing gcc=gcc g++=g++ make=make pkg-config=pkg-config valgrind=valgrind
    pkg-config --exists vlc-plugin 2>/dev/null || echo libvlccore-dev
    pkg-config --exists libvlc 2>/dev/null || echo libvlc-dev
    # VLC's own modules, of which there is no command.
    ls /usr/lib/*/vlc/plugins/mux/libmux_wav_plugin.so >/dev/null 2>&1 || echo vlc-plugin-base
    exit
fi
capi=tools/capi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A build for debugging also checks for overflow.
make_capi() {
    make -s -C $capi PROFILE=dev "$@"
}
make_capi all
make_capi install PREFIX="$folder/usr" LIBDIR="$folder/usr/lib/here"

make_capi install uninstall PREFIX=/opt/lmac DESTDIR="$folder/staged"
left=$(find "$folder/staged" ! -type d)
[ -z "$left" ] || { echo "make uninstall leaves $left"; exit 1; }

library=$folder/usr/lib/here
export PKG_CONFIG_PATH="$library/pkgconfig"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
[ "$(pkg-config --modversion lmac)" = "$version" ]
objdump -p "$library/liblmac.so" | grep -q 'SONAME *liblmac\.so\.0$'
[ "$(readlink -f "$library/liblmac.so")" = "$(readlink -f "$library/liblmac.so.$version")" ]
exported=$(nm -D --defined-only "$library/liblmac.so" | sed 's/.* //' | sort)
declared=$(sed -n 's/^[a-z].*[ *]\(lmac_[a-z0-9_]*\)(.*/\1/p' $capi/lmac.h | sort)
[ "$exported" = "$declared" ] || {
    echo "The library exports other functions than the header has:"
    echo "$exported" >"$folder/exported"
    echo "$declared" | diff "$folder/exported" -
    exit 1
}

cargo run -q --locked -p lmac-capi --example streams -- "$folder/streams"

# Compiles and links a program to both libraries: NAME SOURCE COMPILER OPTION...
compile() {
    name=$1 source=$2
    shift 2
    # shellcheck disable=SC2046 # options are words
    "$@" -g -O1 -Wall -Wextra -Wpedantic -Werror -o "$folder/$name" "$source" \
        $(pkg-config --cflags --libs lmac) -Wl,-rpath,"$library" -lpthread
    # What is not found as a shared library is taken from the static one.
    # shellcheck disable=SC2046
    "$@" -g -O1 -Wall -Wextra -Wpedantic -Werror -o "$folder/$name-static" "$source" \
        $(pkg-config --cflags --libs --static lmac | sed "s|-llmac|$library/liblmac.a|") -lpthread
    ! ldd "$folder/$name-static" | grep -q liblmac
}

# Runs a program under valgrind.
run() { # NAME
    mkdir "$folder/$1-out"
    # What Rust keeps of a thread until the end is reached by pointers into its middle.
    valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite "$folder/$1" "$folder/streams" "$folder/$1-out"
    # No temporary file stays.
    [ -z "$(find "$folder/$1-out" -type f ! -name encoded.lmac)" ]
}

# Runs a program with both libraries.
check() { # NAME
    run "$1" &
    run "$1-static"
    wait $!
}

c='gcc -std=c99 -D_POSIX_C_SOURCE=200809L'
# shellcheck disable=SC2086
for name in decode hostile tags threads encode; do
    compile $name $capi/tests/c/$name.c $c
done
compile header $capi/tests/c/header.cpp g++ -std=c++11
compile header-c $capi/tests/c/hostile.c gcc -std=c11

for name in decode hostile tags threads encode header; do
    check $name
done

# The examples of the README: the first reads what the second has written.
awk -v out="$folder/example" '
    /^```c$/ { number++; inside = 1; next }
    /^```/ { inside = 0 }
    inside { print > (out number ".c") }' $capi/README.md
for number in 1 2; do
    # shellcheck disable=SC2046
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -o "$folder/example$number" \
        "$folder/example$number.c" $(pkg-config --cflags --libs lmac) -Wl,-rpath,"$library" -lm
done
"$folder/example2" "$folder/tone.lmac"
said=$("$folder/example1" "$folder/tone.lmac")
[ "$said" = "1 channels, 44100 Hz, 44100 frames
Concert pitch
loudest: 0.244" ]
! "$folder/example1" "$folder/none.lmac" 2>"$folder/said"
grep -q 'none.lmac: No such file' "$folder/said"

# The module for VLC.
make -s -C $capi/players/vlc install DESTDIR="$folder/vlc" CFLAGS='-O1 -Werror' \
    OUT="$folder/liblmac_plugin.so"
plugins=$folder/vlc$(pkg-config --variable=pluginsdir vlc-plugin)
# shellcheck disable=SC2046
gcc -std=gnu11 -Wall -Wextra -Wpedantic -Werror -o "$folder/vlc-test" $capi/players/vlc/test.c \
    $(pkg-config --cflags --libs lmac libvlc)
mkdir "$folder/vlc-out"
LD_LIBRARY_PATH=$library VLC_PLUGIN_PATH=$plugins HOME=$folder \
    "$folder/vlc-test" "$folder/streams" "$folder/vlc-out"

# Of the workspace, so that the library is built once for these and all other tests.
cargo test --workspace --locked --features lmac-capi/models --test language_models
