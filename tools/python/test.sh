#!/bin/sh
# The Python package: its wheel in a fresh environment, with real NumPy, soundfile and SciPy.
set -eu
# Goes to this folder, which has a Cargo.lock of its own.
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing python3=python3
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cargo fmt --check
cargo clippy --all-targets --release --locked -- -D warnings

python3 -m venv "$folder/environment"
PATH="$folder/environment/bin:$PATH"
pip install --quiet 'maturin>=1.16,<2' numcodecs numpy pytest ruff scipy soundfile \
    webdataset zarr
ruff check --quiet --select E,F,I,B,UP --ignore UP037 --line-length 100 lmac tests
ruff format --check --quiet --line-length 100 lmac tests

# From the source package, as `pip install` builds it where there is no wheel.
maturin sdist --out "$folder/dist" 2>&1
CARGO_TARGET_DIR=$(target_of .)
export CARGO_TARGET_DIR
pip wheel --quiet --no-deps --wheel-dir "$folder/dist" "$folder"/dist/*.tar.gz
pip install --quiet "$folder"/dist/*.whl

cd "$folder"
# The examples of the documentation.
tests=$OLDPWD/tests
python -m pytest -q -p no:cacheprovider "$tests"
python -m doctest "$tests/../README.md" && echo "The examples of README.md work."
python -c 'import doctest, sys, lmac; sys.exit(doctest.testmod(lmac).failed)'
