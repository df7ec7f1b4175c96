#!/bin/sh
# FLAC files of real encoders come back byte for byte, and flac reads the files that lmac writes.
set -eu
. "$(dirname "$0")/../prepare.sh"

if [ "${1:-}" = needs ]; then
    missing ffmpeg=ffmpeg flac=flac
    exit
fi
cargo build --release --locked -p lmac-cli --no-default-features
lmac=${CARGO_TARGET_DIR:-target}/release/lmac
case $lmac in /*) ;; *) lmac=$PWD/$lmac ;; esac
speech=$PWD/tests/samples/speech.wav
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "$*" >&2
    exit 1
}

quiet() {
    "$@" >log 2>&1 || { cat log >&2; fail "failed: $*"; }
}

# Two tones and noise, of a right channel that follows the left one.
tones='0.3*sin(440*2*PI*t)+0.2*sin(1333*2*PI*t*(1+t/90))+0.01*random(0)'
sound() { # SECONDS CHANNELS CODEC FILE
    channels=$tones
    number=1
    while [ $number -lt "$2" ]; do
        channels="$channels|0.$number*sin(30$number*2*PI*t)+0.8*($tones)"
        number=$((number + 1))
    done
    case $2 in
    1) layout=mono ;;
    2) layout=stereo ;;
    3) layout=3.0 ;;
    6) layout=5.1 ;;
    *) layout=7.1 ;;
    esac
    quiet ffmpeg -nostdin -y -f lavfi -i "aevalsrc=$channels:s=44100:d=$1:c=$layout" -bitexact \
        -c:a "$3" "$4"
}

files=0
total=0
# Takes a file there and back. Its decisions take no more than this many bytes for a million, and
# no byte of it is kept as it is.
back() { # FILE [MOST]
    quiet "$lmac" encode -f --preset store --json "$1" back.lmac
    number() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" log | head -n 1; }
    decisions=$(number decision_bytes)
    size=$(wc -c <"$1")
    if grep '^lmac: ' log | grep -qv 'has no MD5'; then fail "$1 is odd: $(cat log)"; fi
    [ -n "$decisions" ] || fail "no decision_bytes for $1: $(cat log)"
    if [ -n "${2:-}" ] && [ $((decisions * 1000000 / size)) -gt "$2" ]; then
        fail "the decisions of $1 take $decisions of $size bytes: more than $2 for a million"
    fi
    quiet "$lmac" decode -f back.lmac back.flac
    cmp "$1" back.flac || fail "$1 did not come back"
    files=$((files + 1))
    total=$((total + size))
}

with_flac() { # MOST INPUT OPTION...
    most=$1 input=$2
    shift 2
    quiet flac -s -f "$@" -o made.flac "$input"
    echo "flac $* $input" >made.options
    back made.flac "$most"
}

sound 4 2 pcm_s16le stereo.wav
sound 12 2 pcm_s16le long.wav

for level in 0 1 2 3 4 5 6 7 8; do
    with_flac '' "$speech" -$level
    with_flac '' stereo.wav -$level
done
for level in 0 5 8; do
    with_flac 3500 long.wav -$level
done
for options in '-8ep' '--lax -b 16' '--lax -b 300' '--lax -b 65535 -l 32' '--lax -l 32 -r 15' \
    '-V' '--no-padding' '-P 100000' '-S 1s' '-S 10x --no-padding' '--no-md5-sum' \
    '-T ARTIST=a -T TITLE=b' '-8 -A hann' '-8 -A welch' \
    '-8 -A subdivide_tukey(3)' '-8 -A punchout_tukey(3)' '-8 -A flattop;gauss(0.2)' \
    '-q 5' '-q 15 -e' '-m' '-M' '--no-mid-side' '--disable-fixed-subframes' \
    '--disable-constant-subframes' '--replay-gain'; do
    # shellcheck disable=SC2086 # options are words
    if flac -s -f $options -o try.flac stereo.wav >log 2>&1; then
        with_flac '' stereo.wav $options
    else
        echo "This flac does not take $options: $(head -n 1 log)" >&2
    fi
done

# A cue sheet, a picture, an ID3 tag before and behind.
printf 'FILE "a" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n%s\n' \
    '    INDEX 01 00:02:00' >sheet.cue
quiet ffmpeg -nostdin -y -f lavfi -i color=red:s=32x32 -frames:v 1 cover.png
with_flac '' stereo.wav --cuesheet=sheet.cue --picture=cover.png
{ printf 'ID3\004\000\000\000\000\000\005hello'; cat made.flac; printf 'TAG%125s' ''; } >tagged.flac
back tagged.flac

for codec in pcm_u8 pcm_s16le pcm_s24le pcm_s32le; do
    for channels in 1 2 3 6 8; do
        sound 1 $channels $codec some.wav
        # Before version 1.4, flac did not take 32 bits.
        if [ $codec != pcm_s32le ] || flac -s -f -o try.flac some.wav 2>log; then
            with_flac '' some.wav -8
        fi
        quiet "$lmac" encode -f --preset store some.wav some.lmac
        quiet "$lmac" decode -f some.lmac written.flac
        if [ $codec != pcm_s32le ] || [ -e try.flac ]; then
            quiet flac -s -t written.flac
            quiet flac -s -f -d written.flac -o again.wav --force-raw-format --endian=little \
                --sign="$([ $codec = pcm_u8 ] && echo unsigned || echo signed)"
            "$lmac" decode -f some.lmac some.raw 2>log || { cat log >&2; fail "no raw file"; }
            cmp some.raw again.wav || fail "flac reads other audio of $codec, $channels channels"
        fi
    done
done

for level in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
    quiet ffmpeg -nostdin -y -i stereo.wav -c:a flac -compression_level $level made.flac
    back made.flac
done
quiet ffmpeg -nostdin -y -i long.wav -c:a flac made.flac
back made.flac 3500
quiet ffmpeg -nostdin -y -i some.wav -c:a flac -sample_fmt s32 made.flac
back made.flac

echo "$files FLAC files of $total bytes came back byte for byte."
