/* Decoders and encoders in several threads, and one decoder in two. */
#include "test.h"

#include <pthread.h>

#define THREADS 3

static const char *folder;

static void *decode(void *seed)
{
    uint64_t state = *(uint64_t *)seed;
    static const char *const names[] = {"0-2", "1-2", "2-2", "3-2", "1-6"};
    for (int i = 0; i < 4; i++) {
        const char *name = names[next_random(&state) % 5];
        /* in() has one buffer for all. */
        char path[4096], beside[4096];
        snprintf(path, sizeof path, "%s/%s.lmac", folder, name);
        snprintf(beside, sizeof beside, "%s/%s.pcm", folder, name);
        bytes pcm = read_file(beside);
        uint8_t *audio = (uint8_t *)allocate(pcm.size);
        lmac_decode_options options;
        lmac_init(&options, sizeof options);
        options.threads = 1 + (uint32_t)(next_random(&state) % 3);
        lmac_decoder *decoder = NULL;
        EXPECT(LMAC_OK, lmac_decoder_open_file(path, &options, &decoder));
        EXPECT(pcm.size, lmac_decoder_read_bytes(decoder, audio, pcm.size));
        CHECK(memcmp(audio, pcm.data, pcm.size) == 0);
        /* Texts of errors belong to their threads. */
        uint64_t frame = 1000 + next_random(&state) % 1000;
        char number[32];
        snprintf(number, sizeof number, "%" PRIu64, frame);
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_decoder_seek(decoder, frame));
        CHECK(strstr(lmac_last_error_text(), number) != NULL);
        CHECK(strstr(lmac_decoder_error_text(decoder), number) != NULL);
        lmac_decoder_close(decoder);
        free(audio);
        free(pcm.data);
    }
    return NULL;
}

static lmac_decoder *shared;

/* Every call works, or says that the other thread is at work. */
static void *share(void *unused)
{
    (void)unused;
    float samples[2 * 50];
    for (int i = 0; i < 30; i++) {
        int64_t got = lmac_decoder_read_float(shared, samples, 50);
        CHECK(got == LMAC_ERROR_BUSY || got >= 0);
        int code = lmac_decoder_seek(shared, (uint64_t)(i * 13));
        CHECK(code == LMAC_ERROR_BUSY || code == LMAC_OK);
        CHECK(lmac_decoder_error_text(shared) != NULL);
    }
    return NULL;
}

static void run(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    uint64_t seeds[THREADS];
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = (uint64_t)i;
        CHECK(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    folder = arguments[1];
    run(decode);
    EXPECT(LMAC_OK, lmac_decoder_open_file(in(folder, "1-2", ".lmac"), NULL, &shared));
    run(share);
    lmac_decoder_close(shared);
    return 0;
}
