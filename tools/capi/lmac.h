/**
 * lmac: a lossless audio codec.
 *
 *     lmac_decoder *decoder;
 *     if (lmac_decoder_open_file("song.lmac", NULL, &decoder) != LMAC_OK) {
 *         fprintf(stderr, "%s\n", lmac_last_error_text());
 *         return 1;
 *     }
 *     lmac_info info;
 *     lmac_init(&info, sizeof info);
 *     lmac_decoder_info(decoder, &info);
 *     float *samples = malloc(1024 * info.channels * sizeof *samples);
 *     int64_t frames;
 *     while ((frames = lmac_decoder_read_float(decoder, samples, 1024)) > 0)
 *         play(samples, frames);
 *     if (frames < 0)
 *         fprintf(stderr, "%s\n", lmac_decoder_error_text(decoder));
 *     free(samples);
 *     lmac_decoder_close(decoder);
 *
 * Rules for all functions:
 *
 * - A function returns LMAC_OK or a count where it succeeds, and a negative lmac_error where it
 *   fails. lmac_decoder_error_text(), lmac_encoder_error_text() and lmac_last_error_text() say
 *   more.
 * - A pointer is valid or NULL. NULL where something is needed is LMAC_ERROR_ARGUMENT. A text ends
 *   with a zero byte. Paths are bytes on Unix, and UTF-8 on Windows.
 * - Whatever a function makes is freed by the function that its documentation names, and never by
 *   free(). Texts belong to the library.
 * - A struct that begins with its size is set to zeros by lmac_init() before it is used. A program
 *   that was compiled with an older header keeps working with a newer library.
 * - Numbers that name things (an lmac_preset, an lmac_sample_format) are int32_t in structs and
 *   arguments: a number that names nothing is LMAC_ERROR_ARGUMENT.
 * - No exception leaves the library. A fault in it becomes LMAC_ERROR_INTERNAL, and a message on
 *   standard error.
 *
 * This file is made from the source of the library by cbindgen.
 */

#ifndef LMAC_H
#define LMAC_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header: its first number.
 */
#define LMAC_VERSION_MAJOR 0

/**
 * The version of this header: its second number.
 */
#define LMAC_VERSION_MINOR 1

/**
 * The version of this header: its third number.
 */
#define LMAC_VERSION_PATCH 0

/**
 * A number of threads: one for each core.
 */
#define LMAC_THREADS_ALL 4294967295

/**
 * Bytes with which every stream begins: 0x89, "lmac", carriage return, line feed.
 */
#define LMAC_MAGIC_SIZE 7

/**
 * What a function returns: LMAC_OK or an error, which is negative.
 */
typedef enum {
    /**
     * No error.
     */
    LMAC_OK = 0,
    /**
     * An argument is not possible: NULL, a number out of range, a text that is not UTF-8.
     */
    LMAC_ERROR_ARGUMENT = -1,
    /**
     * The call comes at the wrong time: after finishing, or after an error that ended everything.
     */
    LMAC_ERROR_STATE = -2,
    /**
     * The handle is in use, by another thread or by the call whose callback makes this one.
     */
    LMAC_ERROR_BUSY = -3,
    /**
     * A file cannot be read or written, or a callback failed.
     */
    LMAC_ERROR_IO = -4,
    /**
     * The input cannot seek.
     */
    LMAC_ERROR_NOT_SEEKABLE = -5,
    /**
     * The input is not an lmac stream.
     */
    LMAC_ERROR_NOT_LMAC = -6,
    /**
     * The stream, or the program, needs something that this version of the library does not have.
     */
    LMAC_ERROR_UNSUPPORTED = -7,
    /**
     * The stream is damaged: it breaks a rule of the format.
     */
    LMAC_ERROR_MALFORMED = -8,
    /**
     * The stream is damaged: a checksum does not match.
     */
    LMAC_ERROR_CHECKSUM = -9,
    /**
     * The stream is damaged: its end is missing.
     */
    LMAC_ERROR_TRUNCATED = -10,
    /**
     * The stream needs more memory than the options allow.
     */
    LMAC_ERROR_LIMIT = -11,
    /**
     * There is not enough memory.
     */
    LMAC_ERROR_MEMORY = -12,
    /**
     * The language model that the stream needs is missing, or a model cannot be used.
     */
    LMAC_ERROR_MODEL = -13,
    /**
     * The encoder found that a chunk does not decode to its audio, and wrote nothing of it.
     */
    LMAC_ERROR_VERIFICATION = -14,
    /**
     * There is a fault in the library. The handle cannot be used any more.
     */
    LMAC_ERROR_INTERNAL = -15,
} lmac_error;

/**
 * The format of a sample. In PCM bytes, the lowest byte comes first.
 */
typedef enum {
    /**
     * Unsigned 8-bit, as in a WAV file. As int32_t, samples are signed: -128 to 127.
     */
    LMAC_SAMPLE_U8 = 1,
    /**
     * Signed 16-bit.
     */
    LMAC_SAMPLE_S16 = 2,
    /**
     * Signed 24-bit in three bytes.
     */
    LMAC_SAMPLE_S24 = 3,
    /**
     * Signed 32-bit.
     */
    LMAC_SAMPLE_S32 = 4,
    /**
     * IEEE float of 32 bits.
     */
    LMAC_SAMPLE_F32 = 5,
    /**
     * IEEE float of 64 bits.
     */
    LMAC_SAMPLE_F64 = 6,
} lmac_sample_format;

/**
 * The kind of file that the audio of a stream came from.
 */
typedef enum {
    /**
     * A kind that this version of the library does not know.
     */
    LMAC_SOURCE_OTHER = 0,
    /**
     * No file: the audio was passed as samples.
     */
    LMAC_SOURCE_SAMPLES = 1,
    /**
     * A file of nothing but PCM.
     */
    LMAC_SOURCE_RAW = 2,
    /**
     * A WAV file.
     */
    LMAC_SOURCE_WAV = 3,
    /**
     * A FLAC file.
     */
    LMAC_SOURCE_FLAC = 4,
    /**
     * A big-endian WAV file.
     */
    LMAC_SOURCE_RIFX = 5,
    /**
     * A Wave64 file.
     */
    LMAC_SOURCE_W64 = 6,
    /**
     * An AIFF or AIFF-C file.
     */
    LMAC_SOURCE_AIFF = 7,
    /**
     * An Apple Core Audio file.
     */
    LMAC_SOURCE_CAF = 8,
    /**
     * A Sun or NeXT audio file.
     */
    LMAC_SOURCE_AU = 9,
} lmac_source_kind;

/**
 * The arithmetic of a language model. A stream decodes with that with which it was encoded.
 */
typedef enum {
    /**
     * Floats of 32 bits.
     */
    LMAC_PRECISION_F32 = 0,
    /**
     * Weights and activations of eight bits.
     */
    LMAC_PRECISION_INT8 = 1,
} lmac_precision;

/**
 * How much work an encoder does to make a stream small.
 */
typedef enum {
    /**
     * The same as LMAC_PRESET_STANDARD.
     */
    LMAC_PRESET_DEFAULT = 0,
    /**
     * Compresses nothing.
     */
    LMAC_PRESET_STORE = 1,
    /**
     * Compresses little, the fastest.
     */
    LMAC_PRESET_LIGHT = 2,
    /**
     * Compresses well.
     */
    LMAC_PRESET_FAST = 3,
    /**
     * Compresses better: six times as slow.
     */
    LMAC_PRESET_STANDARD = 4,
    /**
     * Compresses best: another five to ten times as slow.
     */
    LMAC_PRESET_MAX = 5,
} lmac_preset;

/**
 * How much of each chunk an encoder decodes again and compares before it is written.
 */
typedef enum {
    /**
     * Nothing.
     */
    LMAC_VERIFY_NO = 0,
    /**
     * Everything; with a language model, samples of its work.
     */
    LMAC_VERIFY_USUAL = 1,
    /**
     * Everything, also with a language model.
     */
    LMAC_VERIFY_FULL = 2,
} lmac_verify;

/**
 * How far the audio that came out was checked.
 */
typedef enum {
    /**
     * The end was not reached yet.
     */
    LMAC_VERIFICATION_UNFINISHED = 0,
    /**
     * All audio matches the checksums of its chunks, and the MD5 of the whole.
     */
    LMAC_VERIFICATION_MD5 = 1,
    /**
     * All audio matches the checksums of its chunks; the stream has no MD5.
     */
    LMAC_VERIFICATION_CHUNKS = 2,
    /**
     * The audio that came out matches the checksums of its chunks; some was skipped.
     */
    LMAC_VERIFICATION_PARTIAL = 3,
    /**
     * Some audio was lost and replaced with silence.
     */
    LMAC_VERIFICATION_DAMAGED = 4,
} lmac_verification;

/**
 * An open stream that is decoded.
 *
 * Threads may use a decoder one after the other; a call while another is under way returns
 * LMAC_ERROR_BUSY. Different decoders are independent of each other.
 */
typedef struct lmac_decoder lmac_decoder;

/**
 * An open stream that is encoded.
 *
 * Threads may use an encoder one after the other; a call while another is under way returns
 * LMAC_ERROR_BUSY. Different encoders are independent of each other.
 */
typedef struct lmac_encoder lmac_encoder;

/**
 * A language model in memory, which any number of decoders and encoders share.
 */
typedef struct lmac_model lmac_model;

/**
 * Tags and pictures of a stream: those of a FLAC file.
 *
 * A comment is a field and its value, "ARTIST=Ada". Names of fields are printable ASCII other than
 * = and ~, are compared without regard to case, and may have several values. Texts are UTF-8.
 *
 * A handle is independent of the decoder that it came from. Several threads may read it; while one
 * changes it, no other may use it. Texts and pictures that were got from it stay valid until it
 * is changed or freed.
 */
typedef struct lmac_tags lmac_tags;

/**
 * A picture. lmac_init() comes first.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * The media type, such as "image/png"; "-->" if the data is the address of the picture.
     * When a picture is added, NULL lets the library look into the data, also for the dimensions.
     */
    const char *mime;
    /**
     * The description. When a picture is added, NULL is an empty one.
     */
    const char *description;
    /**
     * The bytes of the picture.
     */
    const uint8_t *data;
    /**
     * The number of bytes.
     */
    size_t data_size;
    /**
     * What the picture shows: a number of ID3v2, such as 3 for the front cover.
     */
    uint32_t kind;
    /**
     * Width in pixels; 0 if it is not known.
     */
    uint32_t width;
    /**
     * Height in pixels; 0 if it is not known.
     */
    uint32_t height;
    /**
     * Bits of a pixel; 0 if they are not known.
     */
    uint32_t depth;
    /**
     * Colours of a picture with a palette; 0 for others.
     */
    uint32_t colors;
    /**
     * Zero.
     */
    uint32_t reserved;
} lmac_picture;

/**
 * Options of a decoder. lmac_init() comes first; zero is the default of each.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * Bytes of memory that decoding may take; 0 is 2 GiB. A stream that needs more is refused.
     */
    uint64_t memory_limit;
    /**
     * Threads that decode chunks; 0 is 1. With more, the decoder reads ahead.
     */
    uint32_t threads;
    /**
     * Not 0 to get audio before all of its chunk is decoded, so that playing begins at once.
     *
     * The stored bytes of a chunk are checked before, as always; its audio at its end. If that is
     * wrong, the error follows audio that was wrong. lmac_decoder_checked_to() tells how far audio
     * was checked. One thread decodes then.
     */
    int32_t provisional;
    /**
     * Not 0 to go on after damage, with silence in place of what is lost.
     * lmac_decoder_lost_frames() tells how much that is. Audio then comes by whole chunks.
     */
    int32_t recover;
    /**
     * The number of models.
     */
    uint32_t model_count;
    /**
     * Language models that streams may need. NULL if there are none.
     */
    const lmac_model *const *models;
} lmac_decode_options;

/**
 * Functions that read a stream for a decoder. lmac_init() comes first.
 *
 * They are called by the thread that calls the decoder, only while it calls, and by no other. They
 * must not use the decoder, and no exception or longjmp() may leave them.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * A pointer that each function gets back.
     */
    void *user;
    /**
     * Reads up to `size` bytes, at least one unless the input is at its end. Returns their number,
     * 0 at the end, or a negative number after an error.
     */
    int64_t (*read)(void *user, void *buffer, size_t size);
    /**
     * Goes to this byte, counted from the start of the stream. Returns 0, or anything else after
     * an error. NULL for an input that cannot seek, such as a pipe.
     */
    int (*seek)(void *user, uint64_t offset);
    /**
     * Returns the number of bytes of the stream, or a negative number after an error. NULL if
     * `seek` is NULL.
     */
    int64_t (*length)(void *user);
} lmac_callbacks;

/**
 * What is known of a stream. lmac_init() comes first.
 *
 * A frame is one sample of every channel at one instant.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * The format of a sample, an lmac_sample_format.
     */
    int32_t sample_format;
    /**
     * Not 0 if samples are floats.
     */
    int32_t is_float;
    /**
     * Channels: 1 to 65535.
     */
    uint32_t channels;
    /**
     * Frames per second; 0 if it is not known.
     */
    uint32_t rate;
    /**
     * Bits of a sample: 8, 16, 24, 32 or 64.
     */
    uint32_t bits_per_sample;
    /**
     * The number of the sample's highest bits that carry sound.
     */
    uint32_t valid_bits;
    /**
     * Bytes of a frame, as lmac_decoder_read_bytes() gives it.
     */
    uint32_t frame_bytes;
    /**
     * Not 0 if channel_mask counts.
     */
    int32_t has_channel_mask;
    /**
     * Speaker positions, as in WAVE_FORMAT_EXTENSIBLE.
     */
    uint32_t channel_mask;
    /**
     * Not 0 if lmac_decoder_seek() works.
     */
    int32_t seekable;
    /**
     * The length of the stream; -1 if it is not known, as in a pipe before its end.
     */
    int64_t total_frames;
    /**
     * The length that was announced before encoding; -1 if there is none. It may be wrong.
     */
    int64_t declared_frames;
    /**
     * The most frames of a chunk, the unit of seeking, of threads and of damage.
     */
    uint64_t chunk_frames;
    /**
     * The version of the format that the stream has: its first number.
     */
    uint32_t format_major;
    /**
     * The version of the format that the stream has: its second number.
     */
    uint32_t format_minor;
    /**
     * The kind of file that the audio came from, an lmac_source_kind.
     */
    int32_t source_kind;
    /**
     * Not 0 if md5 is known.
     */
    int32_t has_md5;
    /**
     * The name of the kind of file, such as "wav". It stays valid for ever.
     */
    const char *source_name;
    /**
     * The name of the language model that the stream needs, or NULL if it needs none. It stays
     * valid until the decoder is closed.
     */
    const char *model_name;
    /**
     * The MD5 of the audio as FLAC defines it, if has_md5 is not 0.
     */
    uint8_t md5[16];
} lmac_info;

/**
 * A description of audio, for an encoder. lmac_init() comes first.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * The format of a sample, an lmac_sample_format.
     */
    int32_t sample_format;
    /**
     * Channels: 1 to 65535.
     */
    uint32_t channels;
    /**
     * Frames per second; 0 if it is not known.
     */
    uint32_t rate;
    /**
     * The number of the sample's highest bits that carry sound (12 of 16, 20 of 24); 0 if all do.
     */
    uint32_t valid_bits;
    /**
     * Speaker positions, as in WAVE_FORMAT_EXTENSIBLE, if has_channel_mask is not 0.
     */
    uint32_t channel_mask;
    /**
     * Not 0 if channel_mask counts.
     */
    int32_t has_channel_mask;
} lmac_audio;

/**
 * Options of an encoder. lmac_init() comes first; zero is the default of each.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * How much work is done to make the stream small, an lmac_preset.
     */
    int32_t preset;
    /**
     * How much is checked, an lmac_verify.
     */
    int32_t verify;
    /**
     * Threads that encode chunks; 0 is 1. The stream is the same for every number.
     */
    uint32_t threads;
    /**
     * Not 0 to leave out the MD5 of the audio.
     */
    int32_t without_md5;
    /**
     * Frames of a chunk, the unit of seeking, of threads and of damage; 0 lets the preset choose.
     */
    uint64_t chunk_frames;
    /**
     * The length of the audio, if it is known; 0 if not. A wrong number does no harm.
     */
    uint64_t declared_frames;
    /**
     * Tags of the stream, or NULL. The encoder copies them.
     */
    const lmac_tags *tags;
    /**
     * A language model to encode with, or NULL.
     */
    const lmac_model *model;
    /**
     * Bytes that are left for tags that are added later, if there are tags.
     */
    uint32_t tag_padding;
    /**
     * Not 0 to fail where a file is at the path already; it is replaced otherwise.
     */
    int32_t keep_existing;
} lmac_encode_options;

/**
 * Writes bytes of a stream for an encoder.
 *
 * Returns the number of bytes that were written, at least one, or a negative number after an
 * error. It is called by the thread that calls the encoder, only while it calls, and by no other.
 * It must not use the encoder, and no exception or longjmp() may leave it.
 */
typedef int64_t (*lmac_write_function)(void *user, const void *data, size_t size);

/**
 * The sizes of a finished stream. lmac_init() comes first.
 */
typedef struct {
    /**
     * Bytes of this struct, as the program knows it.
     */
    size_t size;
    /**
     * Frames of audio.
     */
    uint64_t frames;
    /**
     * Bytes of PCM.
     */
    uint64_t pcm_bytes;
    /**
     * Bytes of the stream.
     */
    uint64_t stream_bytes;
    /**
     * Chunks.
     */
    uint64_t chunks;
    /**
     * Not 0 if the stream has an MD5.
     */
    int32_t has_md5;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * The MD5 of the audio as FLAC defines it, if has_md5 is not 0.
     */
    uint8_t md5[16];
} lmac_stats;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the library, such as "0.1.0". It stays valid for ever.
 */
const char *lmac_version(void);

/**
 * Returns the version of the format that the library writes: 256 times its first number, plus its
 * second.
 *
 * Before 1.0, the library reads streams whose first number is the same.
 */
uint32_t lmac_format_version(void);

/**
 * Returns a short English text for a code. It stays valid for ever.
 *
 * lmac_decoder_error_text(), lmac_encoder_error_text() and lmac_last_error_text() tell more.
 */
const char *lmac_strerror(int code);

/**
 * Returns the text of the last error of any function in this thread; empty if there was none.
 *
 * This is where to look after a failed open, which leaves no handle to ask. The text says what is
 * wrong, with which value, and where in the stream. It stays valid until the next error in this
 * thread.
 */
const char *lmac_last_error_text(void);

/**
 * Sets all bytes of a struct to zero, and its size: lmac_init(&info, sizeof info).
 *
 * Do this with each struct of this header that begins with a size, before setting its fields.
 * NULL and sizes smaller than a size_t do nothing.
 */
void lmac_init(void *structure, size_t size);

/**
 * Loads a language model: a folder of Hugging Face or Meta, a GGUF file, or an .npz file.
 *
 * `precision` is an lmac_precision. The decoders and encoders that got the model in their options
 * keep what they need of it; it may be freed before them.
 *
 * A library that was built without language models returns LMAC_ERROR_UNSUPPORTED.
 */
lmac_error lmac_model_load(const char *path, int32_t precision, lmac_model **model);

/**
 * Frees a language model. NULL does nothing.
 */
void lmac_model_free(lmac_model *model);

/**
 * Makes tags without a comment, for an encoder. lmac_tags_free() frees them.
 *
 * Returns NULL only after a fault in the library.
 */
lmac_tags *lmac_tags_new(void);

/**
 * Frees tags. NULL does nothing.
 */
void lmac_tags_free(lmac_tags *tags);

/**
 * Returns the number of comments; 0 for NULL.
 */
size_t lmac_tags_comment_count(const lmac_tags *tags);

/**
 * Returns a comment, "FIELD=value", by its number from 0; NULL if there is none.
 *
 * `length`, if it is not NULL, gets the bytes of the text, which may have zero bytes in it.
 */
const char *lmac_tags_comment(const lmac_tags *tags, size_t number, size_t *length);

/**
 * Returns a value of a field, by its number from 0; NULL if there is none.
 *
 * `length`, if it is not NULL, gets the bytes of the text, which may have zero bytes in it.
 */
const char *lmac_tags_get(const lmac_tags *tags, const char *field, size_t number, size_t *length);

/**
 * Adds a value to a field.
 */
lmac_error lmac_tags_add(lmac_tags *tags, const char *field, const char *value);

/**
 * Replaces all values of a field with this one.
 */
lmac_error lmac_tags_set(lmac_tags *tags, const char *field, const char *value);

/**
 * Removes all values of a field. Returns their number, or a negative lmac_error.
 */
int64_t lmac_tags_remove(lmac_tags *tags, const char *field);

/**
 * Returns the number of pictures; 0 for NULL.
 */
size_t lmac_tags_picture_count(const lmac_tags *tags);

/**
 * Fills in a picture by its number from 0.
 */
lmac_error lmac_tags_picture(const lmac_tags *tags, size_t number, lmac_picture *picture);

/**
 * Adds a picture. Its texts and data are copied.
 */
lmac_error lmac_tags_add_picture(lmac_tags *tags, const lmac_picture *picture);

/**
 * Opens a decoder for a file, which may be a pipe. `options` may be NULL.
 *
 * `*decoder` becomes the decoder, which lmac_decoder_close() closes; NULL after an error.
 */
lmac_error lmac_decoder_open_file(const char *path,
                                  const lmac_decode_options *options,
                                  lmac_decoder **decoder);

/**
 * Opens a decoder for a stream in memory. `options` may be NULL.
 *
 * The memory is not copied: it must stay as it is until the decoder is closed.
 */
lmac_error lmac_decoder_open_memory(const void *data,
                                    size_t size,
                                    const lmac_decode_options *options,
                                    lmac_decoder **decoder);

/**
 * Opens a decoder for a stream that functions of the caller read. `options` may be NULL.
 *
 * `callbacks` is copied. What `user` points to belongs to the caller, and must live until the
 * decoder is closed.
 */
lmac_error lmac_decoder_open_callbacks(const lmac_callbacks *callbacks,
                                       const lmac_decode_options *options,
                                       lmac_decoder **decoder);

/**
 * Closes a decoder and frees it. NULL does nothing.
 *
 * It stays open while another call uses it; a callback cannot close its own decoder.
 */
void lmac_decoder_close(lmac_decoder *decoder);

/**
 * Fills in what is known of the stream.
 *
 * Where the input cannot seek, the length and the MD5 are known at the end.
 */
lmac_error lmac_decoder_info(const lmac_decoder *decoder, lmac_info *info);

/**
 * Reads the next frames as integers, interleaved. Returns their number, or a negative lmac_error.
 *
 * `samples` has room for `frames` frames: `frames` times the channels. Fewer come at the end of
 * the stream, where the next call returns 0, and before an error, which the next call returns.
 *
 * Samples have the values of the file: 24-bit ones are between -8388608 and 8388607, 8-bit ones
 * between -128 and 127. Floats have no integers: LMAC_ERROR_ARGUMENT.
 */
int64_t lmac_decoder_read_i32(lmac_decoder *decoder, int32_t *samples, size_t frames);

/**
 * Reads the next frames as floats, interleaved. Returns their number, or a negative lmac_error.
 *
 * It is like lmac_decoder_read_i32(), for every format. Floats of 32 bits are those of the file,
 * bit for bit; those of 64 bits are rounded. Integers are scaled to -1 to 1, which is exact up to
 * 24 bits.
 */
int64_t lmac_decoder_read_float(lmac_decoder *decoder, float *samples, size_t frames);

/**
 * Reads the next frames as bytes of PCM, interleaved, in the format of the file. Returns the
 * number of bytes, or a negative lmac_error.
 *
 * The buffer has `size` bytes, at least those of a frame (frame_bytes of lmac_info). Only whole
 * frames come. Fewer come at the end and before an error, as with lmac_decoder_read_i32().
 */
int64_t lmac_decoder_read_bytes(lmac_decoder *decoder, void *buffer, size_t size);

/**
 * Goes to a frame: the next read begins with exactly this one.
 *
 * The end of the stream is allowed, a frame behind it is LMAC_ERROR_ARGUMENT and changes nothing.
 * After an error in one part of the stream, a seek to another part goes on.
 */
lmac_error lmac_decoder_seek(lmac_decoder *decoder, uint64_t frame);

/**
 * Returns the number of the frame that comes next, or a negative lmac_error.
 */
int64_t lmac_decoder_tell(const lmac_decoder *decoder);

/**
 * Returns the number of the frame up to which the audio that came out was checked, or a negative
 * lmac_error.
 *
 * That is lmac_decoder_tell(), unless the options ask for provisional audio.
 */
int64_t lmac_decoder_checked_to(const lmac_decoder *decoder);

/**
 * Returns the number of frames so far that were lost to damage and replaced with silence, or a
 * negative lmac_error. It is 0 unless the options ask to recover.
 */
int64_t lmac_decoder_lost_frames(const lmac_decoder *decoder);

/**
 * Returns how far the audio that came out was checked, an lmac_verification, or a negative
 * lmac_error. Ask at the end of the stream.
 */
int lmac_decoder_verification(const lmac_decoder *decoder);

/**
 * Gets the tags of the stream: its own, or else those of the file that the audio came from.
 *
 * `*tags` becomes a handle that lmac_tags_free() frees; NULL after an error. A stream without tags
 * has tags without comments. The position stays.
 */
lmac_error lmac_decoder_tags(lmac_decoder *decoder, lmac_tags **tags);

/**
 * Returns the text of the last error of this decoder; empty if there was none.
 *
 * It says what is wrong, with which value, and where in the stream, and stays valid until the next
 * error of the decoder. For NULL, it is that of lmac_last_error_text().
 */
const char *lmac_decoder_error_text(const lmac_decoder *decoder);

/**
 * Decodes a whole file and compares everything with its checksums. LMAC_OK says that it is sound.
 *
 * `options` may be NULL; `provisional` and `recover` are ignored. `info` may be NULL, and is filled
 * in if the file is sound; its model_name is NULL.
 */
lmac_error lmac_verify_file(const char *path, const lmac_decode_options *options, lmac_info *info);

/**
 * Returns whether bytes can be the start of an lmac stream: 1 or 0.
 *
 * Players ask this of the first bytes of a file, at least LMAC_MAGIC_SIZE.
 */
int lmac_is_lmac(const void *data, size_t size);

/**
 * Opens an encoder that writes a file. `options` may be NULL.
 *
 * The file gets its name when it is finished: until then, what is at the path stays there, and
 * after an error nothing is left behind. A device or a pipe at the path is written to directly.
 *
 * `*encoder` becomes the encoder, which lmac_encoder_close() closes; NULL after an error.
 */
lmac_error lmac_encoder_open_file(const char *path,
                                  const lmac_audio *audio,
                                  const lmac_encode_options *options,
                                  lmac_encoder **encoder);

/**
 * Opens an encoder that passes its stream to a function. `options` may be NULL.
 *
 * The stream is written in one pass, from its first byte to its last.
 */
lmac_error lmac_encoder_open_callback(lmac_write_function write,
                                      void *user,
                                      const lmac_audio *audio,
                                      const lmac_encode_options *options,
                                      lmac_encoder **encoder);

/**
 * Encodes integers, interleaved.
 *
 * `samples` has `frames` times the channels. Samples have the values that lmac_decoder_read_i32()
 * gives; one that does not fit the format is an error. Streams of floats take none.
 *
 * An error that comes of the call alone changes nothing: LMAC_ERROR_BUSY, a wrong pointer or
 * number of frames, integers for a stream of floats. After any other error the stream cannot go
 * on.
 */
lmac_error lmac_encoder_write_i32(lmac_encoder *encoder, const int32_t *samples, size_t frames);

/**
 * Encodes floats, interleaved, in a stream of floats.
 *
 * `samples` has `frames` times the channels. Floats of 32 bits are kept bit for bit; in a stream
 * of 64 bits they become wider. Streams of integers take none, since that would round.
 */
lmac_error lmac_encoder_write_float(lmac_encoder *encoder, const float *samples, size_t frames);

/**
 * Encodes bytes of PCM, interleaved, in the format of the stream.
 *
 * They may be split anywhere, also within a frame.
 */
lmac_error lmac_encoder_write_bytes(lmac_encoder *encoder, const void *pcm, size_t size);

/**
 * Ends the chunk here and writes it, so that a decoder can decode all audio so far.
 *
 * This is for live streams. Small chunks make streams larger.
 */
lmac_error lmac_encoder_end_chunk(lmac_encoder *encoder);

/**
 * Writes the rest of the stream, and gives a file its name. `stats` may be NULL.
 *
 * The encoder takes no more audio then; lmac_encoder_close() frees it.
 */
lmac_error lmac_encoder_finish(lmac_encoder *encoder, lmac_stats *stats);

/**
 * Closes an encoder and frees it. NULL does nothing.
 *
 * This is also how to abort: an encoder that is not finished leaves no file behind. It stays open
 * while another call uses it; a callback cannot close its own encoder.
 */
void lmac_encoder_close(lmac_encoder *encoder);

/**
 * Returns the text of the last error of this encoder; empty if there was none.
 *
 * It says what is wrong, with which value, and stays valid until the next error of the encoder.
 * For NULL, it is that of lmac_last_error_text().
 */
const char *lmac_encoder_error_text(const lmac_encoder *encoder);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LMAC_H */
