# Sourced by the scripts beside it: goes to the project's root and sees to what it needs.
# On Debian and its like, root gets missing packages installed.

cd "$(dirname "$0")/.." || exit 1

need() {
    command -v "$1" >/dev/null 2>&1 && return
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        { apt-get install -y "$2" || { apt-get update && apt-get install -y "$2"; }; } >&2
    fi
    command -v "$1" >/dev/null 2>&1 && return
    echo "$1 is missing: please install $2" >&2
    exit 1
}

[ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
need cc gcc
if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: please install Rust, https://rustup.rs" >&2
    exit 1
fi
