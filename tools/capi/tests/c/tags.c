/* Tags and pictures: read, made, changed and encoded. */
#include "test.h"

static int is(const char *text, const char *expected)
{
    return text != NULL && strcmp(text, expected) == 0;
}

static void read_tags(const char *folder)
{
    lmac_decoder *decoder = NULL;
    lmac_tags *tags = NULL;
    EXPECT(LMAC_OK, lmac_decoder_open_file(in(folder, "tagged", ".lmac"), NULL, &decoder));
    int32_t samples[100];
    EXPECT(50, lmac_decoder_read_i32(decoder, samples, 50));
    EXPECT(LMAC_OK, lmac_decoder_tags(decoder, &tags));
    EXPECT(50, lmac_decoder_tell(decoder));
    EXPECT(50, lmac_decoder_read_i32(decoder, samples, 100));
    lmac_decoder_close(decoder);

    /* The tags outlive the decoder. */
    size_t length = 99;
    EXPECT(4, lmac_tags_comment_count(tags));
    CHECK(is(lmac_tags_comment(tags, 0, NULL), "TITLE=Aria"));
    CHECK(is(lmac_tags_comment(tags, 2, &length), "artist=Gr\xC3\xA4" "fin") && length == 14);
    const char *text = lmac_tags_comment(tags, 3, &length);
    CHECK(length == 17 && memcmp(text, "COMMENT=zero\0byte", 18) == 0);
    CHECK(lmac_tags_comment(tags, 4, &length) == NULL && length == 17);
    CHECK(lmac_tags_comment(tags, SIZE_MAX, NULL) == NULL);
    CHECK(is(lmac_tags_get(tags, "title", 0, NULL), "Aria"));
    CHECK(lmac_tags_get(tags, "title", 1, NULL) == NULL);
    CHECK(is(lmac_tags_get(tags, "ARTIST", 1, &length), "Gr\xC3\xA4" "fin") && length == 7);
    CHECK(lmac_tags_get(tags, "ALBUM", 0, NULL) == NULL);
    CHECK(lmac_tags_get(tags, NULL, 0, NULL) == NULL);
    CHECK(lmac_tags_get(tags, "\xFF", 0, NULL) == NULL);
    EXPECT(1, lmac_tags_picture_count(tags));
    lmac_picture picture;
    lmac_init(&picture, sizeof picture);
    EXPECT(LMAC_OK, lmac_tags_picture(tags, 0, &picture));
    CHECK(picture.kind == 3 && picture.width == 5 && picture.data_size == 13);
    CHECK(is(picture.mime, "image/x-test") && is(picture.description, "a test"));
    CHECK(memcmp(picture.data, "not a picture", 13) == 0);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_picture(tags, 1, &picture));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_picture(tags, 0, NULL));
    lmac_tags_free(tags);

    EXPECT(LMAC_OK, lmac_decoder_open_file(in(folder, "1-1", ".lmac"), NULL, &decoder));
    EXPECT(LMAC_OK, lmac_decoder_tags(decoder, &tags));
    EXPECT(0, lmac_tags_comment_count(tags));
    lmac_tags_free(tags);
    lmac_decoder_close(decoder);
}

static void encode_tags(void)
{
    /* A PNG file of 3x2 pixels, up to what tells its size. */
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H',
                                  'D', 'R', 0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0};
    lmac_tags *tags = lmac_tags_new();
    CHECK(tags != NULL);
    EXPECT(LMAC_OK, lmac_tags_add(tags, "ARTIST", "a"));
    EXPECT(LMAC_OK, lmac_tags_add(tags, "TITLE", ""));
    EXPECT(LMAC_OK, lmac_tags_add(tags, "Artist", "b"));
    EXPECT(LMAC_OK, lmac_tags_set(tags, "artist", "c"));
    EXPECT(LMAC_OK, lmac_tags_add(tags, "ALBUM", "d"));
    EXPECT(LMAC_OK, lmac_tags_add(tags, "ALBUM", "e"));
    EXPECT(2, lmac_tags_remove(tags, "album"));
    EXPECT(0, lmac_tags_remove(tags, "album"));
    static const char *const wrong[] = {"", "A=B", "\xC3\xA4", "a\n"};
    for (int i = 0; i < 4; i++) {
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add(tags, wrong[i], "x"));
        EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_set(tags, wrong[i], "x"));
    }
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add(tags, "A", "\xFF"));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add(tags, "A", NULL));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_set(tags, NULL, "x"));
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_remove(tags, NULL));
    lmac_picture picture;
    lmac_init(&picture, sizeof picture);
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add_picture(tags, NULL));
    picture.data_size = 5;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add_picture(tags, &picture));
    picture.data = png;
    picture.data_size = SIZE_MAX;
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add_picture(tags, &picture));
    picture.data_size = sizeof png;
    picture.description = "\xFF";
    EXPECT(LMAC_ERROR_ARGUMENT, lmac_tags_add_picture(tags, &picture));
    picture.description = NULL;
    picture.kind = 4;
    EXPECT(LMAC_OK, lmac_tags_add_picture(tags, &picture));

    sink out;
    memset(&out, 0, sizeof out);
    lmac_audio audio;
    lmac_init(&audio, sizeof audio);
    audio.sample_format = LMAC_SAMPLE_S16;
    audio.channels = 1;
    lmac_encode_options options;
    lmac_init(&options, sizeof options);
    options.tags = tags;
    options.tag_padding = 100;
    lmac_encoder *encoder = NULL;
    EXPECT(LMAC_OK, lmac_encoder_open_callback(sink_write, &out, &audio, &options, &encoder));
    /* The encoder has a copy. */
    lmac_tags_free(tags);
    EXPECT(LMAC_OK, lmac_encoder_finish(encoder, NULL));
    lmac_encoder_close(encoder);

    lmac_decoder *decoder = NULL;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(out.stream.data, out.stream.size, NULL, &decoder));
    EXPECT(LMAC_OK, lmac_decoder_tags(decoder, &tags));
    EXPECT(2, lmac_tags_comment_count(tags));
    CHECK(is(lmac_tags_comment(tags, 0, NULL), "artist=c"));
    CHECK(is(lmac_tags_comment(tags, 1, NULL), "TITLE="));
    EXPECT(1, lmac_tags_picture_count(tags));
    lmac_init(&picture, sizeof picture);
    EXPECT(LMAC_OK, lmac_tags_picture(tags, 0, &picture));
    CHECK(picture.kind == 4 && picture.width == 3 && picture.height == 2);
    CHECK(is(picture.mime, "image/png") && is(picture.description, ""));
    lmac_tags_free(tags);
    lmac_decoder_close(decoder);

    /* Broken tags are an error of their own. */
    size_t at = 0;
    while (memcmp(out.stream.data + at, "artist=c", 8) != 0)
        at++;
    out.stream.data[at + 7] ^= 1;
    EXPECT(LMAC_OK, lmac_decoder_open_memory(out.stream.data, out.stream.size, NULL, &decoder));
    EXPECT(LMAC_ERROR_CHECKSUM, lmac_decoder_tags(decoder, &tags));
    CHECK(tags == NULL);
    lmac_decoder_close(decoder);
    free(out.stream.data);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    read_tags(arguments[1]);
    encode_tags();
    return 0;
}
