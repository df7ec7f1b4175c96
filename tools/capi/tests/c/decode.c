/* Streams of every format, read in every way, against what the decoder in Rust made of them. */
#include "test.h"

static int32_t integer_of(const uint8_t *pcm, int format)
{
    switch (format) {
    case LMAC_SAMPLE_U8:
        return (int32_t)pcm[0] - 128;
    case LMAC_SAMPLE_S16:
        return (int16_t)(pcm[0] | pcm[1] << 8);
    case LMAC_SAMPLE_S24: {
        int32_t value = pcm[0] | pcm[1] << 8 | pcm[2] << 16;
        return value >= 1 << 23 ? value - (1 << 24) : value;
    }
    default: {
        int32_t value;
        memcpy(&value, pcm, 4);
        return value;
    }
    }
}

static float float_of(const uint8_t *pcm, int format)
{
    float single;
    double wide;
    switch (format) {
    case LMAC_SAMPLE_F32:
        memcpy(&single, pcm, 4);
        return single;
    case LMAC_SAMPLE_F64:
        memcpy(&wide, pcm, 8);
        return (float)wide;
    default: {
        static const double scale[] = {0, 128, 32768, 8388608, 2147483648.0};
        return (float)(integer_of(pcm, format) / scale[format]);
    }
    }
}

typedef struct expected {
    int format;
    uint32_t channels;
    int64_t frames;
    size_t sample_bytes;
    bytes pcm;
} expected;

/* Reads some frames from `at` on in one of three ways. Returns their number. */
static int64_t read_some(lmac_decoder *decoder, const expected *it, int64_t at, size_t frames,
                         int way)
{
    size_t samples = frames * it->channels;
    int is_float = it->format >= LMAC_SAMPLE_F32;
    int64_t got;
    if (way == 0) {
        size_t size = samples * it->sample_bytes;
        uint8_t *buffer = (uint8_t *)allocate(size);
        got = lmac_decoder_read_bytes(decoder, buffer, size);
        CHECK(got >= 0 && got % (int64_t)(it->channels * it->sample_bytes) == 0);
        size_t start = (size_t)at * it->channels * it->sample_bytes;
        CHECK(start + (size_t)got <= it->pcm.size);
        CHECK(memcmp(buffer, it->pcm.data + start, (size_t)got) == 0);
        free(buffer);
        return got / (int64_t)(it->channels * it->sample_bytes);
    }
    const uint8_t *pcm = it->pcm.data + (size_t)at * it->channels * it->sample_bytes;
    if (way == 1 && !is_float) {
        int32_t *buffer = (int32_t *)allocate(samples * sizeof *buffer);
        got = lmac_decoder_read_i32(decoder, buffer, frames);
        CHECK(got >= 0 && at + got <= it->frames);
        for (size_t i = 0; i < (size_t)got * it->channels; i++)
            CHECK(buffer[i] == integer_of(pcm + i * it->sample_bytes, it->format));
        free(buffer);
        return got;
    }
    float *buffer = (float *)allocate(samples * sizeof *buffer);
    got = lmac_decoder_read_float(decoder, buffer, frames);
    CHECK(got >= 0 && at + got <= it->frames);
    for (size_t i = 0; i < (size_t)got * it->channels; i++) {
        float sample = float_of(pcm + i * it->sample_bytes, it->format);
        /* NaNs too. */
        CHECK(memcmp(&buffer[i], &sample, sizeof sample) == 0 ||
              (it->format == LMAC_SAMPLE_F64 && sample != sample));
    }
    free(buffer);
    return got;
}

static void check_info(lmac_decoder *decoder, const expected *it, int seekable, int ended)
{
    lmac_info info;
    lmac_init(&info, sizeof info);
    EXPECT(LMAC_OK, lmac_decoder_info(decoder, &info));
    CHECK(info.sample_format == it->format && info.channels == it->channels);
    CHECK(info.rate == 44100 && info.bits_per_sample == 8 * it->sample_bytes);
    CHECK(info.valid_bits == info.bits_per_sample && info.chunk_frames == 100);
    CHECK(info.frame_bytes == it->channels * it->sample_bytes);
    CHECK(info.is_float == (it->format >= LMAC_SAMPLE_F32));
    CHECK(info.has_channel_mask == (it->channels == 6));
    CHECK(info.channel_mask == (it->channels == 6 ? 0x3Fu : 0));
    CHECK(info.seekable == seekable && info.declared_frames == -1);
    CHECK(info.total_frames == (seekable || ended ? it->frames : -1));
    CHECK(info.has_md5 == (seekable || ended));
    CHECK(256 * info.format_major + info.format_minor == lmac_format_version());
    CHECK(info.source_kind == LMAC_SOURCE_SAMPLES && strcmp(info.source_name, "samples") == 0);
    CHECK(info.model_name == NULL);
}

/* Reads everything, in pieces of changing length. */
static void read_all(lmac_decoder *decoder, const expected *it, int seekable, uint64_t seed)
{
    int64_t at = 0;
    check_info(decoder, it, seekable, 0);
    for (;;) {
        EXPECT(at, lmac_decoder_tell(decoder));
        size_t frames = 1 + (size_t)(next_random(&seed) % 333);
        int64_t got = read_some(decoder, it, at, frames, (int)(next_random(&seed) % 3));
        CHECK(got == (int64_t)frames || at + got == it->frames);
        at += got;
        if (got == 0)
            break;
    }
    CHECK(at == it->frames);
    EXPECT(0, read_some(decoder, it, at, 5, 0));
    EXPECT(LMAC_VERIFICATION_MD5, lmac_decoder_verification(decoder));
    EXPECT(at, lmac_decoder_checked_to(decoder));
    EXPECT(0, lmac_decoder_lost_frames(decoder));
    check_info(decoder, it, seekable, 1);
}

static void seek_about(lmac_decoder *decoder, const expected *it, uint64_t seed)
{
    for (int i = 0; i < 100; i++) {
        int64_t frame = (int64_t)(next_random(&seed) % (uint64_t)(it->frames + 1));
        EXPECT(LMAC_OK, lmac_decoder_seek(decoder, (uint64_t)frame));
        EXPECT(frame, lmac_decoder_tell(decoder));
        size_t frames = (size_t)(next_random(&seed) % 40);
        int64_t got = read_some(decoder, it, frame, frames, (int)(next_random(&seed) % 3));
        CHECK(got == (int64_t)frames || frame + got == it->frames);
        EXPECT(frame + got, lmac_decoder_tell(decoder));
    }
    int64_t here = lmac_decoder_tell(decoder);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_seek(decoder, (uint64_t)it->frames + 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_seek(decoder, UINT64_MAX));
    EXPECT(here, lmac_decoder_tell(decoder));
    read_some(decoder, it, here, 10, 0);
}

static void check_stream(const char *folder, const char *name, expected *it, uint64_t seed)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 4, 8};
    it->sample_bytes = sizes[it->format];
    it->pcm = read_file(in(folder, name, ".pcm"));
    CHECK(it->pcm.size == (size_t)it->frames * it->channels * it->sample_bytes);
    bytes stream = read_file(in(folder, name, ".lmac"));
    CHECK(lmac_is_lmac(stream.data, stream.size) == 1);
    lmac_decoder *decoder = NULL;

    EXPECT(LMAC_OK, lmac_decoder_open_file(in(folder, name, ".lmac"), NULL, &decoder));
    read_all(decoder, it, 1, seed);
    if (it->channels == 2)
        seek_about(decoder, it, seed);
    lmac_decoder_close(decoder);

    lmac_decode_options options;
    lmac_init(&options, sizeof options);
    options.provisional = 1;
    options.memory_limit = 64 << 20;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(stream.data, stream.size, &options, &decoder));
    read_all(decoder, it, 1, seed + 1);
    if (it->channels == 6)
        seek_about(decoder, it, seed);
    lmac_decoder_close(decoder);

    lmac_init(&options, sizeof options);
    options.threads = 2;
    source seekable = source_of(stream);
    lmac_callbacks callbacks = callbacks_of(&seekable, 1);
    EXPECT(LMAC_OK, lmac_decoder_open_callbacks(&callbacks, &options, &decoder));
    read_all(decoder, it, 1, seed + 2);
    if (it->channels == 1)
        seek_about(decoder, it, seed);
    lmac_decoder_close(decoder);

    lmac_init(&options, sizeof options);
    options.recover = 1;
    source pipe = source_of(stream);
    pipe.piece = 17;
    callbacks = callbacks_of(&pipe, 0);
    EXPECT(LMAC_OK, lmac_decoder_open_callbacks(&callbacks, &options, &decoder));
    EXPECT(LMAC_ERROR_NOT_SEEKABLE, lmac_decoder_seek(decoder, 0));
    read_all(decoder, it, 0, seed + 3);
    lmac_decoder_close(decoder);

    lmac_info info;
    lmac_init(&info, sizeof info);
    EXPECT(LMAC_OK, lmac_verify_file(in(folder, name, ".lmac"), NULL, &info));
    CHECK(info.total_frames == it->frames && info.has_md5 && info.model_name == NULL);
    free(stream.data);
    free(it->pcm.data);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    FILE *list = fopen(in(arguments[1], "streams", ".txt"), "r");
    CHECK(list != NULL);
    char name[64];
    expected it;
    int streams = 0;
    while (fscanf(list, "%63s %d %" SCNu32 " %" SCNd64, name, &it.format, &it.channels,
                  &it.frames) == 4) {
        check_stream(arguments[1], name, &it, (uint64_t)++streams);
    }
    fclose(list);
    CHECK(streams == 18);
    return 0;
}
