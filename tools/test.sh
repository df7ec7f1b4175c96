#!/bin/sh
# Runs the tests: every part whose needs are met. Names the parts that it skipped, and the
# command that installs what they need.
#
#   sh tools/test.sh              asks before it installs packages
#   sh tools/test.sh --all        fails where a part cannot run
#   sh tools/test.sh spec         the part in spec/ alone
#
# A part is a script spec/test.sh or tools/NAME/test.sh. `test.sh needs` prints the Debian
# packages that it lacks; `test.sh` runs it. Cargo's tests are the last part, named cargo.
# With LMAC_INSTALL=yes in the environment, packages are installed without asking.
set -eu
. "$(dirname "$0")/prepare.sh"
need cc=gcc

all=
parts=
for argument in "$@"; do
    case $argument in
    --all) all=yes ;;
    -*) echo "usage: test.sh [--all] [PART...]" >&2; exit 2 ;;
    *) parts="$parts $argument" ;;
    esac
done

script() { # PART
    if [ -e "$1/test.sh" ]; then echo "$1/test.sh"; else echo "tools/$1/test.sh"; fi
}

if [ -z "$parts" ]; then
    for path in spec/test.sh tools/*/test.sh; do
        folder=${path%/test.sh}
        parts="$parts ${folder#tools/}"
    done
    parts="$parts cargo"
fi

packages=
for part in $parts; do
    [ "$part" = cargo ] || packages="$packages $(sh "$(script "$part")" needs)"
done
# shellcheck disable=SC2086 # packages are words
packages=$(printf '%s\n' $packages | sort -u)
# shellcheck disable=SC2086
[ -z "$packages" ] || install $packages || true

skipped=
lacking=
for part in $parts; do
    if [ "$part" = cargo ]; then
        # The tests of the decoder in Python are a part of their own.
        cargo test --workspace --locked -- --skip in_python
        continue
    fi
    packages=$(sh "$(script "$part")" needs)
    if [ -n "$packages" ]; then
        skipped="$skipped $part"
        lacking="$lacking $packages"
    else
        echo "Testing $part." >&2
        sh "$(script "$part")"
    fi
done

if [ -n "$skipped" ]; then
    # shellcheck disable=SC2086
    {
        echo "Skipped:$skipped."
        echo "Install what they need with: $(install_command $(printf '%s\n' $lacking | sort -u))"
    } >&2
    [ -z "$all" ] || exit 1
fi
