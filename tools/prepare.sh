# Sourced by scripts: goes to the project's root, and finds or installs what they need.
# shellcheck shell=sh

cd "$(dirname "$0")" || exit 1
until [ -e Cargo.lock ] || [ "$PWD" = / ]; do cd ..; done

[ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"

have() {
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 || return 1
    done
}

fail() { # WHAT
    echo "failed: $1" >&2
    exit 1
}

# Prints the folder that cargo builds into.
target_of() { # FOLDER
    (cd "$1" && cargo metadata --format-version 1 --no-deps --locked) |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# Prints the Debian packages of the commands that are missing.
missing() { # COMMAND=PACKAGE...
    for pair in "$@"; do
        have "${pair%%=*}" || echo "${pair#*=}"
    done
}

# Prints the command that installs packages.
install_command() { # PACKAGE...
    sudo=sudo
    [ "$(id -u)" != 0 ] || sudo=
    case "$*" in
    *:arm64*)
        printf '%s' "${sudo:+$sudo }dpkg --add-architecture arm64 && ${sudo:+$sudo }apt-get update && "
        ;;
    esac
    echo "${sudo:+$sudo }apt-get install -y $*"
}

# Installs packages of Debian and its like, after asking; without asking where LMAC_INSTALL is
# set. Fails if the answer is no, if nobody can answer, and if installing fails.
install() { # PACKAGE...
    have apt-get || return 1
    if [ -z "${LMAC_INSTALL:-}" ]; then
        [ -t 0 ] && [ -t 2 ] || return 1
        printf 'Run "%s"? [y/N] ' "$(install_command "$@")" >&2
        read -r answer || return 1
        case $answer in [yY]*) ;; *) return 1 ;; esac
    fi
    # The lists of packages may be missing or too old.
    { sh -c "$(install_command "$@")" || {
        sh -c "$(install_command | sed 's/apt-get install.*/apt-get update/')" &&
            sh -c "$(install_command "$@")"
    }; } >&2
}

# Ends the script where commands are missing and are not installed now.
need() { # COMMAND=PACKAGE...
    packages=$(missing "$@")
    # shellcheck disable=SC2086 # packages are words
    [ -z "$packages" ] || install $packages ||
        { echo "Something is missing. Install it with: $(install_command $packages)" >&2; exit 1; }
}

if ! have cargo; then
    echo "cargo is missing. Install Rust: https://rustup.rs" >&2
    exit 1
fi
