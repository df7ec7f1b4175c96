//! The long texts of `--help`.

/// The program's version, with that of the format it writes.
pub fn version() -> String {
    let (major, minor) = lmac::FORMAT_VERSION;
    format!("{} (format {major}.{minor})", env!("CARGO_PKG_VERSION"))
}

pub(crate) const MAIN: &str = "\
Examples:
  lmac encode song.wav             writes song.lmac
  lmac decode song.lmac            writes song.wav, the same bytes as before
  lmac verify -r music             checks every stream below a folder
  lmac info --chunks song.lmac     shows where the bytes went
  lmac encode --model llama song.wav   has a language model predict the audio
  lmac eval --audio-dir music      compares models and other codecs on a folder

Exit status:
  0  all went well, or whoever read standard output had enough
  1  some file could not be done; the others were
  2  wrong usage
  3  damage was found and what could be recovered was
  130  it was interrupted";

pub(crate) const ENCODE_USAGE: &str = "\
lmac encode [OPTIONS] IN [OUT]
       lmac encode [OPTIONS] IN... [--output-dir DIR]";

pub(crate) const DECODE_USAGE: &str = "\
lmac decode [OPTIONS] IN [OUT]
       lmac decode [OPTIONS] IN... [--output-dir DIR]";

macro_rules! encode_examples {
    () => {
        "\
Examples:
  lmac encode song.wav                        writes song.lmac
  lmac encode song.wav archive/song.lmac
  lmac encode --rm *.wav                      deletes each source after a full check
  lmac encode -r music --output-dir archive   music/a/b.wav becomes archive/a/b.lmac
  arecord -f cd | lmac encode - live.lmac
  lmac encode --raw --rate 8000 --channels 1 --bits 16 --big-endian phone.raw
  lmac encode --model Llama-3.2-1B --precision int8 song.wav"
    };
}
pub(crate) const ENCODE: &str = encode_examples!();
pub(crate) const ENCODE_LONG: &str = concat!(
    encode_examples!(),
    "

Results are written under a temporary name and renamed when they are complete. They
take over permissions and modification time of their source.

With -r, files that end in .wav or .wave are taken, with --raw those in .raw or .pcm.

With --model, the upper seven bits of each byte are characters that a language model
predicts. A decoder needs the same model: the stream names it by a hash of its weights and
tokens, whatever the layout of its files. It also needs the memory of the contexts that are
decoded at a time: for each position in each layer, the keys and values of all key heads, of
4 bytes with f32 and of 1 byte with int8. --memory is the most that this may be; fewer
contexts are taken where all do not fit. Encoding has one context for each thread. The
weights are in memory once, as they are stored with f32, in one byte each with int8. A chunk
that the model does not make smaller is kept as --preset says.

JSON, on standard output (on standard error where the stream goes to standard output):
  file, output          names; - is standard input or output
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  frames, seconds       length; seconds are null where the rate is unknown
  source_bytes          size of the source file
  pcm_bytes             size of the audio
  stream_bytes          size of the result
  ratio                 stream_bytes / pcm_bytes; null without audio
  chunks, stored_chunks, constant_chunks, light_chunks, adaptive_chunks, language_chunks
  model                 null without one: name, sha256, precision, probe, tokens, top_k (null
                        for all), context, lockstep, blocking
  md5                   of the audio, in hexadecimal; null with --no-md5
  verified              whether each chunk was decoded again; with a language model and not
                        --verify=full, all bytes and a sample of the predictions
  source_removed        whether --rm has deleted the source
  elapsed_seconds
For a file that could not be done: file, error."
);

macro_rules! decode_examples {
    () => {
        "\
Examples:
  lmac decode song.lmac                       writes song.wav, or song.raw
  lmac decode song.lmac - | aplay
  lmac decode --start 1:23 --end 1:30.5 song.lmac part.wav
  lmac decode --recover damaged.lmac saved.wav
  lmac decode -r archive --output-dir music"
    };
}
pub(crate) const DECODE: &str = decode_examples!();
pub(crate) const DECODE_LONG: &str = concat!(
    decode_examples!(),
    "

A part of a stream, and audio alone, get a new WAV head; raw PCM never has one. With
--recover the original head and tail come back where the stream's end was found.

A stream that was made with a language model needs it: --model names it, or LMAC_MODELS has
the folders that it lies in or below, with colons between them. Hashes of models are kept in
lmac/models.json in the user's cache folder, since they take a while to compute.

JSON, on standard output (on standard error where the audio goes to standard output):
  file, output          names; - is standard input or output
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  first_frame, frames   what was decoded
  seconds               its length; null where the rate is unknown
  output_bytes          size of the result
  verification          md5: all of it, against the MD5 of the audio; chunks: all of it,
                        against the checksums of chunks; partial: a part, against those;
                        damaged
  md5                   of the audio, in hexadecimal, where it was checked
  damage                with --recover, null without damage: first_error, lost (a list of
                        first_frame, end_frame), lost_frames, skipped_bytes,
                        dropped_chunks, truncated, header_restored, header_repaired,
                        head_lost, tail_lost, wrong_total, wrong_md5, trailing_bytes
  source_removed        whether --rm has deleted the source
  elapsed_seconds
For a file that could not be done: file, error."
);

macro_rules! verify_examples {
    () => {
        "\
Examples:
  lmac verify song.lmac
  lmac verify -r archive && echo all is well
  curl -s https://example.org/song.lmac | lmac verify -"
    };
}
pub(crate) const VERIFY: &str = verify_examples!();
pub(crate) const VERIFY_LONG: &str = concat!(
    verify_examples!(),
    "

JSON, on standard output:
  file                  name; - is standard input
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  frames, seconds       length; seconds are null where the rate is unknown
  verification          md5: against the MD5 of the audio too; chunks: the stream has none
  md5                   of the audio, in hexadecimal; null where there is none
  elapsed_seconds
For a file that is not right: file, error."
);

macro_rules! info_examples {
    () => {
        "\
Examples:
  lmac info song.lmac
  lmac info --chunks song.lmac                why does this file not shrink?
  lmac info --json -r archive | jq .ratio"
    };
}
pub(crate) const INFO: &str = info_examples!();
pub(crate) const INFO_LONG: &str = concat!(
    info_examples!(),
    "

Columns of --chunks: number, offset and size in bytes, first frame, frames, method,
mapping, wasted bits, bytes of tokens and of planes, bits per sample, and a letter for
each plane from the highest byte down: 0 or 1 where it is constant, p where it is
packed, m where it is modelled.

JSON, on standard output:
  file                  name; - is standard input
  sample_format         u8, s16, s24, s32, f32 or f64
  channels, rate        rate 0 is unknown
  valid_bits            bits of a sample that carry the sound
  channel_mask          speaker positions; null where they are not given
  frames, seconds       length; seconds are null where the rate is unknown
  declared_frames       length that was announced; null where none was
  pcm_bytes             size of the audio
  stream_bytes          size of the stream
  ratio                 stream_bytes / pcm_bytes; null without audio
  bits_per_sample       null without audio
  chunks, chunk_frames  number of chunks, and the most frames of one
  source                wav, raw or samples
  head_bytes            bytes before the audio that the stream keeps; a canonical WAV head
                        needs none
  tail_bytes            bytes after the audio that the stream keeps
  model                 the language model that it needs, or null: name, sha256, precision,
                        probe, tokens, top_k (null for all), context, lockstep, blocking
  md5                   of the audio, in hexadecimal; null where there is none
  complete              whether the stream has its end
  chunk_list            with --chunks, a list of number, offset, bytes, first_frame,
                        frames, method, mapping, wasted_bits, payload_bytes, token_bytes,
                        plane_bytes, planes; the last three are null where there are no
                        such parts, and planes is empty where a method has none
For a file that could not be read: file, error; with --chunks also what was read before."
);

pub(crate) const EVAL: &str = "\
It runs lmac-eval, which is a program of its own: the one beside lmac, or else on the PATH.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  lmac completions bash > ~/.local/share/bash-completion/completions/lmac
  lmac completions zsh > ~/.zfunc/_lmac
  lmac completions fish > ~/.config/fish/completions/lmac.fish";

pub(crate) const MAN: &str = "\
Examples:
  lmac man > lmac.1
  lmac man encode > lmac-encode.1";
