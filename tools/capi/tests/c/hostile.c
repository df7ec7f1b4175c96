/* Wrong arguments, wrong callbacks, damaged streams: errors, and nothing worse. */
#include "test.h"

/* Reads to the end. Returns 0, or the error. */
static int64_t drain(lmac_decoder *decoder)
{
    int32_t samples[64 * 6];
    int64_t got;
    while ((got = lmac_decoder_read_i32(decoder, samples, 64)) > 0)
        continue;
    return got;
}

static int64_t open_and_drain(const void *data, size_t size)
{
    lmac_decoder *decoder = (lmac_decoder *)(uintptr_t)1;
    int code = lmac_decoder_open_memory(data, size, NULL, &decoder);
    CHECK((code == LMAC_OK) == (decoder != NULL));
    if (code != LMAC_OK) {
        CHECK(lmac_last_error_text()[0] != 0);
        return code;
    }
    int64_t end = drain(decoder);
    if (end < 0) {
        CHECK(lmac_decoder_error_text(decoder)[0] != 0);
        /* The error stays. */
        EXPECT(end, drain(decoder));
    }
    lmac_decoder_close(decoder);
    return end;
}

static int is_damage(int64_t code)
{
    return code == LMAC_ERROR_NOT_LMAC || code == LMAC_ERROR_UNSUPPORTED ||
           code == LMAC_ERROR_MALFORMED || code == LMAC_ERROR_CHECKSUM ||
           code == LMAC_ERROR_TRUNCATED;
}

static void null_arguments(bytes stream)
{
    lmac_decoder *decoder = NULL;
    lmac_encoder *encoder = NULL;
    lmac_tags *tags = NULL;
    lmac_model *model = NULL;
    lmac_info info;
    lmac_init(&info, sizeof info);
    lmac_init(NULL, 8);
    lmac_init(&info, 1);
    lmac_init(&info, sizeof info);
    lmac_decoder_close(NULL);
    lmac_encoder_close(NULL);
    lmac_tags_free(NULL);
    lmac_model_free(NULL);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_file(NULL, NULL, &decoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_file("x", NULL, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_memory(NULL, 5, NULL, &decoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_memory(stream.data, 5, NULL, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_memory(stream.data, SIZE_MAX, NULL, &decoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_callbacks(NULL, NULL, &decoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_info(NULL, &info));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_i32(NULL, NULL, 0));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_float(NULL, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_bytes(NULL, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_seek(NULL, 0));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_tell(NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_checked_to(NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_lost_frames(NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_verification(NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_tags(NULL, &tags));
    CHECK(strcmp(lmac_decoder_error_text(NULL), "decoder is NULL") == 0);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_verify_file(NULL, NULL, NULL));
    EXPECT(0, lmac_is_lmac(NULL, 7));
    EXPECT(0, lmac_is_lmac("", 0));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file("x", NULL, NULL, &encoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_callback(NULL, NULL, NULL, NULL, &encoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_callback(NULL, NULL, NULL, NULL, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(NULL, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_float(NULL, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_bytes(NULL, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_end_chunk(NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_finish(NULL, NULL));
    CHECK(strcmp(lmac_encoder_error_text(NULL), "encoder is NULL") == 0);
    EXPECT(0, lmac_tags_comment_count(NULL));
    EXPECT(0, lmac_tags_picture_count(NULL));
    CHECK(lmac_tags_comment(NULL, 0, NULL) == NULL);
    CHECK(lmac_tags_get(NULL, "A", 0, NULL) == NULL);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add(NULL, "A", "b"));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_set(NULL, "A", "b"));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_remove(NULL, "A"));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_picture(NULL, 0, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add_picture(NULL, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_model_load(NULL, 0, &model));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_model_load("x", 0, NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_model_load("x", 5, &model));
    EXPECT(LMAC_ERROR_UNSUPPORTED, lmac_model_load("x", LMAC_PRECISION_INT8, &model));
    CHECK(decoder == NULL && encoder == NULL && tags == NULL && model == NULL);

    EXPECT(LMAC_OK, lmac_decoder_open_memory(stream.data, stream.size, NULL, &decoder));
    CHECK(lmac_decoder_error_text(decoder)[0] == 0);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_info(decoder, NULL));
    CHECK(strcmp(lmac_decoder_error_text(decoder), "lmac_info is NULL") == 0);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_i32(decoder, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_float(decoder, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_bytes(decoder, NULL, 100));
    CHECK(strcmp(lmac_decoder_error_text(decoder), "buffer is NULL") == 0);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_bytes(decoder, &info, 3));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_tags(decoder, NULL));
    CHECK(strcmp(lmac_decoder_error_text(decoder), "tags is NULL") == 0);
    tags = (lmac_tags *)(uintptr_t)1;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_tags(NULL, &tags));
    CHECK(tags == NULL);
    EXPECT(0, lmac_decoder_read_i32(decoder, NULL, 0));
    EXPECT(0, lmac_decoder_read_bytes(decoder, NULL, 0));
    /* None of these has ended anything. */
    EXPECT(0, drain(decoder));
    EXPECT(600, lmac_decoder_tell(decoder));
    lmac_decoder_close(decoder);
}

static void missing_files(const char *folder)
{
    lmac_decoder *decoder = NULL;
    EXPECT(LMAC_ERROR_IO, lmac_decoder_open_file(in(folder, "none", ".lmac"), NULL, &decoder));
    CHECK(strstr(lmac_last_error_text(), "none.lmac: No such file") != NULL);
    EXPECT(LMAC_ERROR_IO, lmac_decoder_open_file(folder, NULL, &decoder));
    EXPECT(LMAC_ERROR_IO, lmac_verify_file(in(folder, "none", ".lmac"), NULL, NULL));
    EXPECT(LMAC_ERROR_NOT_LMAC, lmac_verify_file(in(folder, "streams", ".txt"), NULL, NULL));
    EXPECT(LMAC_ERROR_NOT_LMAC, lmac_decoder_open_file("/dev/zero", NULL, &decoder));
    CHECK(decoder == NULL);
}

static void floats_are_no_integers(const char *folder)
{
    lmac_decoder *decoder = NULL;
    int32_t sample;
    float number;
    EXPECT(LMAC_OK, lmac_decoder_open_file(in(folder, "4-1", ".lmac"), NULL, &decoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_read_i32(decoder, &sample, 1));
    EXPECT(1, lmac_decoder_read_float(decoder, &number, 1));
    lmac_decoder_close(decoder);
}

static void damaged(bytes good)
{
    uint8_t *copy = (uint8_t *)allocate(good.size);
    uint64_t seed = 1;
    EXPECT(0, open_and_drain(good.data, good.size));
    EXPECT(LMAC_ERROR_TRUNCATED, open_and_drain(good.data, 0));
    for (size_t length = 1; length < good.size; length += 1 + length / 8) {
        int64_t end = open_and_drain(good.data, length);
        CHECK(is_damage(end));
    }
    for (int i = 0; i < 60; i++) {
        memcpy(copy, good.data, good.size);
        copy[next_random(&seed) % good.size] ^= (uint8_t)(1 << next_random(&seed) % 8);
        CHECK(is_damage(open_and_drain(copy, good.size)));
    }
    for (size_t i = 0; i < good.size; i++)
        copy[i] = (uint8_t)next_random(&seed);
    EXPECT(LMAC_ERROR_NOT_LMAC, open_and_drain(copy, good.size));
    free(copy);
}

/* A seek goes on behind damage, and recovery puts silence in its place. */
static void around_damage(bytes good)
{
    bytes bad = {(uint8_t *)allocate(good.size), good.size};
    memcpy(bad.data, good.data, good.size);
    bad.data[good.size / 2] ^= 16;
    lmac_decoder *decoder = NULL;
    int32_t samples[600 * 2], whole[600 * 2];
    EXPECT(LMAC_OK, lmac_decoder_open_memory(good.data, good.size, NULL, &decoder));
    EXPECT(600, lmac_decoder_read_i32(decoder, whole, 600));
    lmac_decoder_close(decoder);

    EXPECT(LMAC_OK, lmac_decoder_open_memory(bad.data, bad.size, NULL, &decoder));
    int64_t before = lmac_decoder_read_i32(decoder, samples, 600);
    CHECK(before > 0 && before < 600 && before % 100 == 0);
    CHECK(memcmp(samples, whole, (size_t)before * 8) == 0);
    EXPECT(LMAC_ERROR_CHECKSUM, lmac_decoder_read_i32(decoder, samples, 600));
    EXPECT(LMAC_ERROR_CHECKSUM, lmac_decoder_read_float(decoder, (float *)samples, 600));
    CHECK(strstr(lmac_decoder_error_text(decoder), "chunk ") != NULL);
    EXPECT(LMAC_OK, lmac_decoder_seek(decoder, (uint64_t)before + 100));
    EXPECT(500 - before, lmac_decoder_read_i32(decoder, samples, 600));
    CHECK(memcmp(samples, whole + 2 * (before + 100), (size_t)(500 - before) * 8) == 0);
    EXPECT(LMAC_VERIFICATION_PARTIAL, lmac_decoder_verification(decoder));
    lmac_decoder_close(decoder);

    lmac_decode_options options;
    lmac_init(&options, sizeof options);
    options.recover = 1;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(bad.data, bad.size, &options, &decoder));
    EXPECT(600, lmac_decoder_read_i32(decoder, samples, 600));
    EXPECT(0, lmac_decoder_read_i32(decoder, samples, 1));
    EXPECT(100, lmac_decoder_lost_frames(decoder));
    EXPECT(LMAC_VERIFICATION_DAMAGED, lmac_decoder_verification(decoder));
    for (int64_t i = 2 * before; i < 2 * (before + 100); i++)
        whole[i] = 0;
    EXPECT(LMAC_OK, lmac_decoder_seek(decoder, 0));
    EXPECT(600, lmac_decoder_read_i32(decoder, samples, 600));
    CHECK(memcmp(samples, whole, sizeof whole) == 0);
    /* Recovery goes to any frame whose number int64_t can hold. */
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_seek(decoder, (uint64_t)INT64_MAX + 1));
    EXPECT(600, lmac_decoder_tell(decoder));
    lmac_decoder_close(decoder);
    free(bad.data);
}

static void limits(bytes good)
{
    lmac_decode_options options;
    lmac_init(&options, sizeof options);
    options.memory_limit = 100;
    lmac_decoder *decoder = NULL;
    int code = lmac_decoder_open_memory(good.data, good.size, &options, &decoder);
    if (code == LMAC_OK) {
        EXPECT(LMAC_ERROR_LIMIT, drain(decoder));
        lmac_decoder_close(decoder);
    } else {
        EXPECT(LMAC_ERROR_LIMIT, code);
    }
}

static void wrong_callbacks(bytes good)
{
    static const int64_t wrong_reads[] = {-1, INT64_MIN, INT64_MAX, 1 << 30};
    lmac_decoder *decoder = NULL;
    for (int seekable = 0; seekable < 2; seekable++) {
        for (int calls = 0; calls < 6; calls++) {
            for (size_t i = 0; i < 4; i++) {
                source it = source_of(good);
                it.piece = 200;
                it.reads_until_wrong = calls;
                it.wrong = wrong_reads[i];
                lmac_callbacks callbacks = callbacks_of(&it, seekable);
                int code = lmac_decoder_open_callbacks(&callbacks, NULL, &decoder);
                if (code == LMAC_OK) {
                    EXPECT(LMAC_ERROR_IO, drain(decoder));
                    CHECK(strstr(lmac_decoder_error_text(decoder), "read callback") != NULL);
                    if (seekable)
                        EXPECT(LMAC_ERROR_IO, lmac_decoder_seek(decoder, 300));
                    EXPECT(LMAC_ERROR_IO, drain(decoder));
                    lmac_decoder_close(decoder);
                } else {
                    EXPECT(LMAC_ERROR_IO, code);
                }
            }
        }
    }
    source it = source_of(good);
    lmac_callbacks callbacks = callbacks_of(&it, 1);
    it.wrong_seek = 5;
    EXPECT(LMAC_ERROR_IO, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    CHECK(strstr(lmac_last_error_text(), "it returned 5") != NULL);
    it = source_of(good);
    it.wrong_length = -7;
    EXPECT(LMAC_ERROR_IO, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    static const int64_t lengths[] = {1, 100, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        /* A length that is not true: the audio, or an error. */
        it = source_of(good);
        it.wrong_length = lengths[i];
        if (lmac_decoder_open_callbacks(&callbacks, NULL, &decoder) == LMAC_OK) {
            drain(decoder);
            lmac_decoder_seek(decoder, 100);
            drain(decoder);
            lmac_decoder_close(decoder);
        }
    }
    it = source_of(good);
    callbacks.length = NULL;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    callbacks = callbacks_of(&it, 1);
    callbacks.seek = NULL;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    callbacks = callbacks_of(&it, 1);
    callbacks.read = NULL;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    CHECK(decoder == NULL);

    /* A callback that uses its own decoder. */
    it = source_of(good);
    it.piece = 100;
    callbacks = callbacks_of(&it, 0);
    EXPECT(LMAC_OK, lmac_decoder_open_callbacks(&callbacks, NULL, &decoder));
    it.own = decoder;
    EXPECT(0, drain(decoder));
    CHECK(it.was_busy);
    lmac_decoder_close(decoder);
}

/* Structs of older and newer programs. */
static void sizes(bytes good)
{
    lmac_decoder *decoder = NULL;
    union {
        lmac_info info;
        uint8_t bytes[sizeof(lmac_info) + 64];
    } out;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(good.data, good.size, NULL, &decoder));
    lmac_info whole;
    lmac_init(&whole, sizeof whole);
    EXPECT(LMAC_OK, lmac_decoder_info(decoder, &whole));
    for (size_t size = sizeof(size_t); size <= sizeof out; size += sizeof(size_t)) {
        memset(&out, 0xAA, sizeof out);
        out.info.size = size;
        EXPECT(LMAC_OK, lmac_decoder_info(decoder, &out.info));
        size_t known = size < sizeof whole ? size : sizeof whole;
        CHECK(out.info.size == size);
        CHECK(memcmp(out.bytes + sizeof(size_t), (uint8_t *)&whole + sizeof(size_t),
                     known - sizeof(size_t)) == 0);
        for (size_t i = known; i < sizeof out; i++)
            CHECK(out.bytes[i] == (i < size ? 0 : 0xAA));
    }
    static const size_t wrong[] = {0, 1, sizeof(size_t) - 1, 5000, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        out.info.size = wrong[i];
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_info(decoder, &out.info));
    }
    lmac_decoder_close(decoder);

    union {
        lmac_decode_options options;
        uint8_t bytes[sizeof(lmac_decode_options) + 32];
    } in_;
    for (size_t size = sizeof(size_t); size <= sizeof in_; size++) {
        memset(&in_, 0, sizeof in_);
        /* A field behind the size of an older struct does not count. */
        in_.options.threads = 2;
        in_.options.model_count = size < sizeof in_.options ? 5 : 0;
        in_.options.models = (const lmac_model *const *)(uintptr_t)(size < sizeof in_.options);
        if (size > offsetof(lmac_decode_options, model_count))
            in_.options.model_count = 0;
        in_.options.size = size;
        EXPECT(LMAC_OK,
               lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
        lmac_decoder_close(decoder);
    }
    memset(&in_, 0, sizeof in_);
    in_.options.size = sizeof in_;
    in_.bytes[sizeof in_.options] = 1;
    EXPECT(LMAC_ERROR_UNSUPPORTED,
           lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
    CHECK(strstr(lmac_last_error_text(), "asks for something") != NULL);
    in_.options.size = sizeof in_.options;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
    lmac_decoder_close(decoder);
    in_.options.size = 0;
    EXPECT(LMAC_ERROR_ARGUMENT,
           lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
    lmac_init(&in_, sizeof in_.options);
    in_.options.model_count = 1;
    EXPECT(LMAC_ERROR_ARGUMENT,
           lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
    const lmac_model *none = NULL;
    in_.options.models = &none;
    EXPECT(LMAC_ERROR_ARGUMENT,
           lmac_decoder_open_memory(good.data, good.size, &in_.options, &decoder));
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    const char *folder = arguments[1];
    CHECK(strncmp(lmac_version(), "0.", 2) == 0 && lmac_last_error_text()[0] == 0);
    bytes stereo = read_file(in(folder, "1-2", ".lmac"));
    bytes six = read_file(in(folder, "2-6", ".lmac"));
    null_arguments(stereo);
    missing_files(folder);
    floats_are_no_integers(folder);
    damaged(stereo);
    damaged(six);
    around_damage(stereo);
    limits(stereo);
    wrong_callbacks(six);
    sizes(stereo);
    free(stereo.data);
    free(six.data);
    return 0;
}
