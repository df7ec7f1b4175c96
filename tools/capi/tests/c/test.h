/* What the tests of the C library share. Each program gets the folder of the streams, and an empty
 * one. */
#ifndef TEST_H
#define TEST_H

#include <inttypes.h>
#include <lmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program unless a condition holds. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s; last error: %s\n", __FILE__, __LINE__, #condition,         \
                    lmac_last_error_text());                                                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Ends the program unless a call returns this code. */
#define EXPECT(code, call)                                                                         \
    do {                                                                                           \
        int64_t returned = (int64_t)(call);                                                        \
        if (returned != (int64_t)(code)) {                                                         \
            fprintf(stderr, "%s:%d: %s is %" PRId64 " (%s), not %s; last error: %s\n", __FILE__,   \
                    __LINE__, #call, returned, lmac_strerror((int)returned), #code,                \
                    lmac_last_error_text());                                                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static inline void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    CHECK(memory != NULL);
    return memory;
}

/* The path of a file in a folder, until the next call. */
static inline const char *in(const char *folder, const char *name, const char *ending)
{
    static char path[4096];
    CHECK(snprintf(path, sizeof path, "%s/%s%s", folder, name, ending) < (int)sizeof path);
    return path;
}

static inline bytes read_file(const char *path)
{
    bytes file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    CHECK(stream != NULL);
    CHECK(fseek(stream, 0, SEEK_END) == 0);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    file.data = (uint8_t *)allocate(file.size);
    CHECK(fread(file.data, 1, file.size, stream) == file.size);
    fclose(stream);
    return file;
}

static inline int exists(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream != NULL)
        fclose(stream);
    return stream != NULL;
}

/* Random numbers, the same in each run. */
static inline uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

/* A stream in memory that callbacks read, and the ways in which they fail. */
typedef struct source {
    bytes stream;
    size_t at;
    /* The most bytes of one read; 0 for all. */
    size_t piece;
    /* Calls of read until it returns `wrong`; negative: never. */
    int reads_until_wrong;
    int64_t wrong;
    int wrong_seek;
    int64_t wrong_length;
    /* The decoder that reads this, which the callback uses although it must not. */
    lmac_decoder *own;
    int was_busy;
} source;

static inline int64_t source_read(void *user, void *buffer, size_t size)
{
    source *it = (source *)user;
    if (it->own != NULL) {
        it->was_busy = lmac_decoder_seek(it->own, 0) == LMAC_ERROR_BUSY;
        lmac_decoder_close(it->own);
    }
    if (it->reads_until_wrong >= 0 && it->reads_until_wrong-- == 0) {
        it->reads_until_wrong = 0;
        return it->wrong;
    }
    size_t left = it->at < it->stream.size ? it->stream.size - it->at : 0;
    size = size < left ? size : left;
    if (it->piece != 0 && size > it->piece)
        size = it->piece;
    if (size > 0)
        memcpy(buffer, it->stream.data + it->at, size);
    it->at += size;
    return (int64_t)size;
}

static inline int source_seek(void *user, uint64_t offset)
{
    source *it = (source *)user;
    it->at = offset > it->stream.size ? it->stream.size : (size_t)offset;
    return it->wrong_seek;
}

static inline int64_t source_length(void *user)
{
    source *it = (source *)user;
    return it->wrong_length != 0 ? it->wrong_length : (int64_t)it->stream.size;
}

static inline source source_of(bytes stream)
{
    source it;
    memset(&it, 0, sizeof it);
    it.stream = stream;
    it.reads_until_wrong = -1;
    return it;
}

static inline lmac_callbacks callbacks_of(source *it, int seekable)
{
    lmac_callbacks callbacks;
    lmac_init(&callbacks, sizeof callbacks);
    callbacks.user = it;
    callbacks.read = source_read;
    if (seekable) {
        callbacks.seek = source_seek;
        callbacks.length = source_length;
    }
    return callbacks;
}

/* A place that an encoder writes to. */
typedef struct sink {
    bytes stream;
    size_t room;
    size_t piece;
    int64_t wrong;
    /* Bytes until the callback returns `wrong`. */
    size_t wrong_at;
    lmac_encoder *own;
    int was_busy;
} sink;

static inline int64_t sink_write(void *user, const void *data, size_t size)
{
    sink *it = (sink *)user;
    if (it->own != NULL) {
        it->was_busy = lmac_encoder_finish(it->own, NULL) == LMAC_ERROR_BUSY;
        lmac_encoder_close(it->own);
    }
    if (it->wrong_at != 0 && it->stream.size + size >= it->wrong_at)
        return it->wrong;
    if (it->piece != 0 && size > it->piece)
        size = it->piece;
    if (it->stream.size + size > it->room) {
        it->room = 2 * (it->stream.size + size);
        it->stream.data = (uint8_t *)realloc(it->stream.data, it->room);
        CHECK(it->stream.data != NULL);
    }
    memcpy(it->stream.data + it->stream.size, data, size);
    it->stream.size += size;
    return (int64_t)size;
}

#endif
