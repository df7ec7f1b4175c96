/* Audio of every format, encoded in every way and decoded again; and encoders that fail. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#define FRAMES 300

static lmac_audio audio_of(int format, uint32_t channels)
{
    lmac_audio audio;
    lmac_init(&audio, sizeof audio);
    audio.sample_format = format;
    audio.channels = channels;
    audio.rate = 48000;
    return audio;
}

static const char *path;

/* Decodes the file at `path` and compares. */
static void compare(const uint8_t *pcm, size_t size, const lmac_audio *audio,
                    const lmac_stats *stats)
{
    lmac_decoder *decoder = NULL;
    lmac_info info;
    uint8_t *back = (uint8_t *)allocate(size + 1000);
    lmac_init(&info, sizeof info);
    EXPECT(LMAC_OK, lmac_decoder_open_file(path, NULL, &decoder));
    EXPECT(LMAC_OK, lmac_decoder_info(decoder, &info));
    CHECK(info.sample_format == audio->sample_format && info.channels == audio->channels);
    CHECK(info.rate == audio->rate && info.channel_mask == audio->channel_mask);
    CHECK(info.has_channel_mask == (audio->has_channel_mask != 0));
    CHECK(audio->valid_bits == 0 || info.valid_bits == audio->valid_bits);
    CHECK(info.total_frames == (int64_t)stats->frames);
    CHECK(info.has_md5 == stats->has_md5 && memcmp(info.md5, stats->md5, 16) == 0);
    CHECK(stats->pcm_bytes == size && stats->frames * info.frame_bytes == size);
    EXPECT(size, lmac_decoder_read_bytes(decoder, back, size + 1000));
    CHECK(memcmp(pcm, back, size) == 0);
    lmac_decoder_close(decoder);
    EXPECT(LMAC_OK, lmac_verify_file(path, NULL, NULL));
    bytes stream = read_file(path);
    CHECK(stream.size == stats->stream_bytes);
    free(stream.data);
    free(back);
}

/* Bytes, in pieces that end within samples, with each preset and other options. */
static void round_trips(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 4, 8};
    uint64_t seed = 5;
    for (int format = LMAC_SAMPLE_U8; format <= LMAC_SAMPLE_F64; format++) {
        for (uint32_t channels = 1; channels <= 6; channels += channels == 2 ? 4 : 1) {
            size_t size = FRAMES * channels * sizes[format];
            uint8_t *pcm = (uint8_t *)allocate(size);
            for (size_t i = 0; i < size; i++)
                pcm[i] = (uint8_t)(i % 7 == 0 ? next_random(&seed) : i / 9);
            lmac_audio audio = audio_of(format, channels);
            audio.has_channel_mask = channels == 6;
            audio.channel_mask = channels == 6 ? 0x60F : 0;
            lmac_encode_options options;
            lmac_init(&options, sizeof options);
            options.preset = LMAC_PRESET_STORE + (int)(next_random(&seed) % 3);
            options.verify = (int32_t)(next_random(&seed) % 3);
            options.threads = (uint32_t)(next_random(&seed) % 3);
            options.without_md5 = channels == 1;
            options.chunk_frames = next_random(&seed) % 200;
            options.declared_frames = FRAMES;
            lmac_encoder *encoder = NULL;
            lmac_stats stats;
            lmac_init(&stats, sizeof stats);
            EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, &options, &encoder));
            for (size_t at = 0; at < size;) {
                size_t piece = 1 + (size_t)(next_random(&seed) % 1000);
                piece = piece < size - at ? piece : size - at;
                EXPECT(LMAC_OK, lmac_encoder_write_bytes(encoder, pcm + at, piece));
                at += piece;
                if (next_random(&seed) % 8 == 0)
                    EXPECT(LMAC_OK, lmac_encoder_end_chunk(encoder));
            }
            EXPECT(LMAC_OK, lmac_encoder_finish(encoder, &stats));
            lmac_encoder_close(encoder);
            compare(pcm, size, &audio, &stats);
            free(pcm);
        }
    }
}

/* Integers, through a callback that takes little at a time. */
static void integers(void)
{
    static const int32_t most[] = {0, 127, 32767, 8388607, INT32_MAX};
    for (int format = LMAC_SAMPLE_U8; format <= LMAC_SAMPLE_S32; format++) {
        int32_t samples[FRAMES * 2], back[FRAMES * 2];
        for (int i = 0; i < FRAMES * 2; i++)
            samples[i] = i % 5 == 0 ? most[format] : i % 5 == 1 ? -most[format] - 1 : i % 100;
        lmac_audio audio = audio_of(format, 2);
        lmac_encode_options options;
        lmac_init(&options, sizeof options);
        options.preset = LMAC_PRESET_LIGHT;
        options.chunk_frames = 64;
        sink out;
        memset(&out, 0, sizeof out);
        out.piece = 13;
        lmac_encoder *encoder = NULL;
        EXPECT(LMAC_OK, lmac_encoder_open_callback(sink_write, &out, &audio, &options, &encoder));
        EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 1));
        EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, NULL, 0));
        EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples + 2, FRAMES - 1));
        EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
        lmac_encoder_close(encoder);
        lmac_decoder *decoder = NULL;
        EXPECT(LMAC_OK, lmac_decoder_open_memory(out.stream.data, out.stream.size, NULL, &decoder));
        EXPECT(FRAMES, lmac_decoder_read_i32(decoder, back, FRAMES));
        CHECK(memcmp(samples, back, sizeof samples) == 0);
        lmac_decoder_close(decoder);
        free(out.stream.data);
    }
}

static void floats(void)
{
    for (int format = LMAC_SAMPLE_F32; format <= LMAC_SAMPLE_F64; format++) {
        float samples[FRAMES * 2], back[FRAMES * 2];
        for (int i = 0; i < FRAMES * 2; i++)
            samples[i] = (float)(i % 77) / 77 - 0.3f;
        samples[5] = 1e30f;
        samples[6] = -0.0f;
        lmac_audio audio = audio_of(format, 2);
        lmac_encoder *encoder = NULL;
        lmac_stats stats;
        lmac_init(&stats, sizeof stats);
        EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
        EXPECT(LMAC_OK, lmac_encoder_write_float(encoder, samples, FRAMES));
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(encoder, (int32_t *)samples, 1));
        EXPECT(LMAC_OK, lmac_encoder_finish(encoder, &stats));
        CHECK(stats.frames == FRAMES && stats.chunks == 1);
        lmac_encoder_close(encoder);
        lmac_decoder *decoder = NULL;
        EXPECT(LMAC_OK, lmac_decoder_open_file(path, NULL, &decoder));
        EXPECT(FRAMES, lmac_decoder_read_float(decoder, back, FRAMES));
        CHECK(memcmp(samples, back, sizeof samples) == 0);
        lmac_decoder_close(decoder);
    }
}

static void wrong_arguments(void)
{
    lmac_encoder *encoder = NULL;
    lmac_audio audio = audio_of(0, 2);
    lmac_encode_options options;
    lmac_init(&options, sizeof options);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    audio.sample_format = 7;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    static const uint32_t channels[] = {0, 65536, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        audio = audio_of(LMAC_SAMPLE_S16, channels[i]);
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    }
    static const uint32_t bits[] = {17, 256 + 12, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        audio = audio_of(LMAC_SAMPLE_S16, 1);
        audio.valid_bits = bits[i];
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    }
    audio = audio_of(LMAC_SAMPLE_S16, 1);
    static const int32_t numbers[] = {-1, 6, INT32_MAX};
    for (int i = 0; i < 3; i++) {
        options.preset = numbers[i];
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, &options, &encoder));
        CHECK(strstr(lmac_last_error_text(), "no lmac_preset") != NULL);
        options.preset = 0;
        options.verify = numbers[i];
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, &options, &encoder));
        CHECK(strstr(lmac_last_error_text(), "no lmac_verify") != NULL);
        options.verify = 0;
    }
    options.chunk_frames = UINT64_MAX;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, &options, &encoder));
    audio.size = 0;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    audio = audio_of(LMAC_SAMPLE_S16, 1);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(NULL, &audio, NULL, &encoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_file(path, &audio, NULL, NULL));
    CHECK(encoder == NULL && !exists(path));

    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    float number = 0;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(encoder, NULL, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(encoder, NULL, SIZE_MAX));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_float(encoder, &number, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_bytes(encoder, NULL, 1));
    /* A struct of the wrong size is found before the stream is finished. */
    lmac_stats stats;
    stats.size = 3;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_finish(encoder, &stats));
    /* Half a frame. */
    int32_t sample = 5;
    EXPECT(LMAC_OK, lmac_encoder_write_bytes(encoder, &sample, 1));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(encoder, &sample, 1));
    EXPECT(LMAC_OK, lmac_encoder_write_bytes(encoder, &sample, 1));
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, &sample, 1));
    lmac_init(&stats, sizeof stats);
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, &stats));
    CHECK(stats.frames == 2);
    lmac_encoder_close(encoder);
    CHECK(exists(path));
}

/* An encoder that is finished, failed or closed early. */
static void order(const char *folder)
{
    lmac_encoder *encoder = NULL;
    lmac_audio audio = audio_of(LMAC_SAMPLE_S16, 1);
    int32_t samples[4] = {1, 2, 3, 40000};
    bytes before = read_file(path);

    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 3));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_finish(encoder, NULL));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_write_i32(encoder, samples, 1));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_write_float(encoder, NULL, 1));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_write_bytes(encoder, samples, 2));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_end_chunk(encoder));
    CHECK(strcmp(lmac_encoder_error_text(encoder), "the stream is finished") == 0);
    lmac_encoder_close(encoder);
    bytes after = read_file(path);
    CHECK(after.size != before.size);
    free(before.data);
    before = after;

    /* A sample that does not fit. */
    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_write_i32(encoder, samples, 4));
    CHECK(strstr(lmac_encoder_error_text(encoder), "40000") != NULL);
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_write_i32(encoder, samples, 1));
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_finish(encoder, NULL));
    CHECK(strstr(lmac_encoder_error_text(encoder), "40000") != NULL);
    lmac_encoder_close(encoder);

    /* Half a frame at the end. */
    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_write_bytes(encoder, samples, 3));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);

    /* Abort. */
    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 3));
    EXPECT(LMAC_OK, lmac_encoder_end_chunk(encoder));
    lmac_encoder_close(encoder);

    /* The file is what it was, all the time. */
    after = read_file(path);
    CHECK(after.size == before.size && memcmp(after.data, before.data, after.size) == 0);
    free(after.data);
    free(before.data);

    lmac_encode_options options;
    lmac_init(&options, sizeof options);
    options.keep_existing = 1;
    EXPECT(LMAC_ERROR_IO, lmac_encoder_open_file(path, &audio, &options, &encoder));
    EXPECT(LMAC_ERROR_IO, lmac_encoder_open_file("/none/x.lmac", &audio, NULL, &encoder));
    CHECK(strstr(lmac_last_error_text(), "/none/x.lmac: ") != NULL);
    EXPECT(LMAC_ERROR_IO, lmac_encoder_open_file(folder, &audio, NULL, &encoder));
    EXPECT(LMAC_ERROR_IO, lmac_encoder_open_file("", &audio, NULL, &encoder));
    EXPECT(LMAC_ERROR_IO, lmac_encoder_open_file("none/", &audio, NULL, &encoder));

    /* A file that appears meanwhile stays. */
    const char *late = in(folder, "late", ".lmac");
    EXPECT(LMAC_OK, lmac_encoder_open_file(late, &audio, &options, &encoder));
    FILE *other = fopen(late, "w");
    CHECK(other != NULL && fputs("mine", other) >= 0 && fclose(other) == 0);
    EXPECT(LMAC_ERROR_IO, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
    bytes mine = read_file(late);
    CHECK(mine.size == 4 && memcmp(mine.data, "mine", 4) == 0);
    free(mine.data);
    /* Without it, the file gets its name. */
    CHECK(remove(late) == 0);
    EXPECT(LMAC_OK, lmac_encoder_open_file(late, &audio, &options, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
    EXPECT(LMAC_OK, lmac_verify_file(late, NULL, NULL));
    CHECK(remove(late) == 0);

    /* A link to nothing stays, and what it points to is made. */
    CHECK(symlink("late.lmac", in(folder, "link", "")) == 0);
    EXPECT(LMAC_OK, lmac_encoder_open_file(in(folder, "link", ""), &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
    CHECK(remove(in(folder, "link", "")) == 0);
    EXPECT(LMAC_OK, lmac_verify_file(in(folder, "late", ".lmac"), NULL, NULL));
    CHECK(remove(in(folder, "late", ".lmac")) == 0);

    /* What is at the path is replaced, and its permissions stay. */
    struct stat status;
    CHECK(chmod(path, 0640) == 0);
    EXPECT(LMAC_OK, lmac_encoder_open_file(path, &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0640);
    EXPECT(LMAC_OK, lmac_verify_file(path, NULL, NULL));

    /* A device takes the stream directly, or is full. */
    EXPECT(LMAC_OK, lmac_encoder_open_file("/dev/null", &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 3));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
    EXPECT(LMAC_OK, lmac_encoder_open_file("/dev/full", &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 3));
    EXPECT(LMAC_ERROR_IO, lmac_encoder_finish(encoder, NULL));
    CHECK(strstr(lmac_encoder_error_text(encoder), "/dev/full: ") != NULL);
    EXPECT(LMAC_ERROR_STATE, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);
}

static void wrong_callbacks(void)
{
    static const int64_t wrong[] = {-1, 0, INT64_MIN, INT64_MAX};
    static const size_t places[] = {1, 20, 40};
    lmac_audio audio = audio_of(LMAC_SAMPLE_S24, 2);
    int32_t samples[40];
    memset(samples, 0, sizeof samples);
    for (size_t i = 0; i < 12; i++) {
        sink out;
        memset(&out, 0, sizeof out);
        out.wrong = wrong[i % 4];
        out.wrong_at = places[i / 4];
        lmac_encoder *encoder = NULL;
        EXPECT(LMAC_OK, lmac_encoder_open_callback(sink_write, &out, &audio, NULL, &encoder));
        EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 20));
        EXPECT(LMAC_ERROR_IO, lmac_encoder_finish(encoder, NULL));
        CHECK(strstr(lmac_encoder_error_text(encoder), "write callback") != NULL);
        EXPECT(LMAC_ERROR_STATE, lmac_encoder_end_chunk(encoder));
        lmac_encoder_close(encoder);
        free(out.stream.data);
    }
    sink out;
    memset(&out, 0, sizeof out);
    lmac_encoder *encoder = NULL;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_encoder_open_callback(NULL, &out, &audio, NULL, &encoder));
    EXPECT(LMAC_OK, lmac_encoder_open_callback(sink_write, &out, &audio, NULL, &encoder));
    out.own = encoder;
    EXPECT(LMAC_OK, lmac_encoder_write_i32(encoder, samples, 20));
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    CHECK(out.was_busy);
    lmac_encoder_close(encoder);
    free(out.stream.data);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    static char file[4096];
    snprintf(file, sizeof file, "%s/encoded.lmac", arguments[2]);
    path = file;
    wrong_arguments();
    round_trips();
    integers();
    floats();
    order(arguments[2]);
    wrong_callbacks();
    return 0;
}
