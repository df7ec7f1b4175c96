# Sourced by run.sh: what is built and run on each platform.
# shellcheck shell=sh disable=SC2086 # options, emulators and packages are words

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/table"
target="${CARGO_TARGET_DIR:-target}"
machines=tools/machines
source=/usr/lib/rustlib/src/rust/library/std

row() { # PLATFORM BUILD WHAT RESULT SECONDS
    echo "| $1 | $2 | $3 | $4 | $5 |" | tee -a "$work/table"
}

# Reports a part that cannot run here. That is not a failure.
skipped() { # PLATFORM WHY
    row "$1" - - "not run: $2" -
}

failed() { # PLATFORM BUILD WHAT
    row "$1" "$2" "$3" failed -
    : >"$work/different"
}

# Runs a command and compares what it prints with a file.
compare() { # PLATFORM BUILD WHAT FILE COMMAND...
    on=$1 build=$2 what=$3 expected=$4
    shift 4
    start=$(date +%s) result=different
    if ! "$@" >"$work/output" 2>"$work/errors" || ! [ -s "$work/output" ]; then
        result=failed
        tail -n 20 "$work/errors" >&2
    elif cmp -s "$work/output" "$expected"; then
        result=same
    else
        diff "$expected" "$work/output" | head -n 20 >&2 || true
    fi
    [ $result = same ] || : >"$work/different"
    row "$on" "$build" "$what" $result $(($(date +%s) - start))
}

# The lines of a build without files, of all or of the short work.
lines() { # [--short]
    case "${1:-}" in --short) file=digests-short.txt ;; *) file=digests.txt ;; esac
    grep -v '^vectors/language-' "$machines/$file" >"$work/$file"
    echo "$work/$file"
}

# Picks a compiler that has a standard library for a platform, the usual one or Debian's; or
# Debian's and the library's source.
pick_compiler() { # TARGET
    standard=
    for rust in "" /usr/bin/; do
        have "${rust}rustc" "${rust}cargo" || continue
        library=$("${rust}rustc" --print target-libdir --target "$1" 2>/dev/null) || continue
        [ -d "$library" ] && return
    done
    standard=-Zbuild-std=std,panic_abort,panic_unwind
    [ -d $source ] && have /usr/bin/rustc /usr/bin/cargo
}

# Cargo of the compiler that was picked.
build() {
    RUSTC="${rust}rustc" RUSTC_BOOTSTRAP=${standard:+1} nice -n 5 \
        "${rust}cargo" "$@" $standard --locked
}

# Where cargo puts what it builds in a profile.
folder() {
    [ "$1" = dev ] && echo debug || echo "$1"
}

# Models out of files take a tokenizer, which takes long to build: all builds here do without,
# and tests see to those models.

native() {
    cargo build --release --locked -p lmac-machines --no-default-features
    # Not optimised, and with all assertions, in a folder of its own.
    cargo build --locked -p lmac-machines --no-default-features \
        --config profile.dev.opt-level=0 --target-dir "$target/unoptimised"
    release="$target/release/lmac-machines"
    for set in $("$release" --instruction-sets); do
        for options in "--threads 1" "--threads 4 --flush"; do
            compare "$(uname -m), $set" release "$options" "$(lines)" \
                "$release" --instructions "$set" $options
        done
        # A hundred times slower: less of it.
        options="--threads 4 --flush --short"
        compare "$(uname -m), $set" unoptimised "$options" "$(lines --short)" \
            "$target/unoptimised/debug/lmac-machines" --instructions "$set" $options
    done
}

# Sets the compiler, linker and emulator for another Linux.
choose() { # ARCHITECTURE
    machine=$1
    case $machine in
        aarch64)
            emulator=qemu-aarch64-static
            packages="gcc-aarch64-linux-gnu qemu-user-static libstd-rust-web-dev:arm64"
            ;;
        i686) emulator="" packages="gcc-i686-linux-gnu rust-web-src" ;;
    esac
    packages="rustc-web cargo-web $packages"
    triple=$machine-unknown-linux-gnu linker=$machine-linux-gnu-gcc
}

# Whether the chosen Linux can be built for and run here.
is_ready() {
    pick_compiler $triple && have $linker $emulator
}

# Gets ready to build for another Linux and to run that. Says why, where it is not possible.
get_ready() { # ARCHITECTURE
    choose "$1"
    if [ $machine = i686 ] && [ "$(uname -m)" != x86_64 ]; then
        skipped $machine "it takes an x86-64 to run it"
        return 1
    fi
    is_ready || install $packages || true
    if ! is_ready; then
        skipped $machine "install what is missing with: $(install_command $packages)"
        return 1
    fi
    variable=$(echo $triple | tr a-z- A-Z_)
    # An emulator that hangs is to fail. Dynamically linked programs do when they start a thread.
    emulated="${emulator:+timeout 1200 $emulator}"
    export "CARGO_TARGET_${variable}_RUSTFLAGS=-C target-feature=+crt-static"
    export "CARGO_TARGET_${variable}_LINKER=$linker"
    export "CC_$(echo $triple | tr - _)=$linker"
}

# Digests of another Linux.
elsewhere() { # ARCHITECTURE PROFILE [--short]
    get_ready "$1" || return 0
    profile=$2 short=${3:-}
    if ! build build --profile "$profile" -p lmac-machines --no-default-features \
        --target $triple; then
        failed "$machine" "$profile" build
        return
    fi
    program="$target/$triple/$(folder "$profile")/lmac-machines"
    for options in "--threads 1" "--threads 3 --flush"; do
        compare "$machine${emulator:+ (qemu)}" "$profile" "$options $short" "$(lines $short)" \
            $emulated "$program" $options $short
    done
}

# The tool here and on aarch64: what one encodes the other decodes, and both encode the same.
tool() {
    get_ready aarch64 || return 0
    cargo build --locked -p lmac-cli
    if ! build build -p lmac-cli --target $triple; then
        failed $machine dev "build of lmac"
        return
    fi
    here="$target/debug/lmac"
    there="$emulated $target/$triple/debug/lmac"
    # A fifth of a second.
    head -c 9600 tests/samples/speech.wav >"$work/speech.wav"
    models=spec/vectors/models
    for options in "--preset fast" "--preset standard" "--preset max" \
        "--model $models/llama --top-k 20" "--model $models/llama --precision int8" \
        "--model $models/bytes.npz"; do
        compare "$machine (qemu)" dev "lmac encode $options, decode" "$work/speech.wav" both_ways
    done
}

# Prints the audio where everything agrees.
both_ways() {
    model=$(echo "$options" | grep -o -- '--model [^ ]*' || true)
    $here encode $options - - <"$work/speech.wav" >"$work/here.lmac" &&
        $there encode $options - - <"$work/speech.wav" >"$work/there.lmac" &&
        cmp "$work/here.lmac" "$work/there.lmac" >&2 &&
        $there decode $model - - <"$work/here.lmac" >"$work/back.wav" &&
        cmp "$work/back.wav" "$work/speech.wav" >&2 &&
        $here decode $model - - <"$work/there.lmac"
}

wasm32() {
    triple=wasm32-unknown-unknown
    packages="rustc-web cargo-web rust-web-src nodejs"
    have node && pick_compiler $triple || install $packages || true
    lacking=
    have node || lacking="node"
    pick_compiler $triple || lacking="${lacking:+$lacking, }a Rust compiler with a library for it"
    if [ -n "$standard" ]; then
        # Debian's compiler comes without a linker for it; the usual one brings that.
        linker=$(find "$(rustc --print sysroot)" -name rust-lld | head -n 1)
        [ -n "$linker" ] || lacking="${lacking:+$lacking, }rust-lld"
        export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
    fi
    if [ -n "$lacking" ]; then
        skipped wasm32 "missing $lacking; install it with: $(install_command $packages)"
        return
    fi
    for profile in release dev; do
        if ! build rustc --profile $profile -p lmac-machines --lib --no-default-features \
            --crate-type cdylib --target $triple; then
            failed wasm32 $profile build
            continue
        fi
        program="$target/$triple/$(folder $profile)/lmac_machines.wasm"
        for options in "--threads 1" "--threads 3"; do
            compare "wasm32 (node)" $profile "$options" "$(lines)" \
                node $machines/run.mjs "$program" $options
        done
    done
}
