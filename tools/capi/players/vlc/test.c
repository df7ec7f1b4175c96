/* Plays streams with VLC, without a window or a sound card, into WAV files, and compares their
 * samples with those of the library: test STREAMS FOLDER. VLC_PLUGIN_PATH has the module. */
#include "../../tests/c/test.h"

#include <unistd.h>
#include <vlc/vlc.h>

static libvlc_instance_t *vlc;
static char wav_path[4096];

/* The frames that the module passes on at a time. VLC's writer of WAV files drops the last block
 * of whatever it gets, also from VLC's own reader of WAV files. */
#define BLOCK (44100 / 20 + 1)

static libvlc_media_t *media_of(const char *path)
{
    libvlc_media_t *media = libvlc_media_new_path(vlc, path);
    CHECK(media != NULL);
    return media;
}

static void note_error(const libvlc_event_t *event, void *errors)
{
    (void)event;
    ++*(int *)errors;
}

/* Plays a file into the WAV file: as it comes, or through VLC's mixer, which plays 16 bits in the
 * time that they take. Returns the number of errors that VLC reports. */
static int play(const char *path, int mixed, const char *option)
{
    libvlc_media_t *media = media_of(path);
    if (!mixed) {
        char sout[5000];
        snprintf(sout, sizeof sout, ":sout=#std{access=file,mux=wav,dst=%s}", wav_path);
        libvlc_media_add_option(media, sout);
    }
    if (option != NULL)
        libvlc_media_add_option(media, option);
    libvlc_media_player_t *player = libvlc_media_player_new_from_media(media);
    int errors = 0;
    CHECK(player != NULL);
    libvlc_event_attach(libvlc_media_player_event_manager(player),
                        libvlc_MediaPlayerEncounteredError, note_error, &errors);
    CHECK(libvlc_media_player_play(player) == 0);
    libvlc_state_t state;
    int waits = 0;
    do {
        CHECK(++waits < 30000);
        usleep(2000);
        state = libvlc_media_player_get_state(player);
    } while (state != libvlc_Ended && state != libvlc_Error);
    libvlc_media_player_stop(player);
    libvlc_media_player_release(player);
    libvlc_media_release(media);
    return errors;
}

/* Compares the audio of the WAV file with this PCM. A last block may be missing. */
static void compare(const uint8_t *pcm, size_t size, size_t last_block)
{
    bytes wav = read_file(wav_path);
    size_t at = 12;
    while (at + 8 <= wav.size && memcmp(wav.data + at, "data", 4) != 0) {
        uint32_t length;
        memcpy(&length, wav.data + at + 4, 4);
        at += 8 + length;
    }
    CHECK(at + 8 <= wav.size);
    size_t got = wav.size - at - 8;
    if (got > size || got + last_block < size || memcmp(wav.data + at + 8, pcm, got) != 0) {
        fprintf(stderr, "VLC has other samples: %zu bytes of %zu\n", got, size);
        exit(1);
    }
    free(wav.data);
}

/* Puts six channels into the order that VLC has inside, and leaves in the WAV files that it writes:
 * centre and bass come last. It does the same to WAV files that it reads. */
static void reorder(uint8_t *pcm, size_t size, size_t sample)
{
    static const size_t order[6] = {0, 1, 4, 5, 2, 3};
    uint8_t copy[6 * 8];
    for (size_t at = 0; at < size; at += 6 * sample) {
        memcpy(copy, pcm + at, 6 * sample);
        for (size_t place = 0; place < 6; place++)
            memcpy(pcm + at + place * sample, copy + order[place] * sample, sample);
    }
}

static void plays_every_format(const char *folder)
{
    FILE *list = fopen(in(folder, "player/streams", ".txt"), "r");
    CHECK(list != NULL);
    char name[64];
    int streams = 0, format, channels, frames;
    while (fscanf(list, "%63s %d %d %d", name, &format, &channels, &frames) == 4) {
        char path[80];
        snprintf(path, sizeof path, "player/%s", name);
        bytes pcm = read_file(in(folder, path, ".pcm"));
        if (channels == 6)
            reorder(pcm.data, pcm.size, pcm.size / (size_t)(frames * channels));
        CHECK(play(in(folder, path, ".lmac"), 0, NULL) == 0);
        compare(pcm.data, pcm.size, BLOCK * pcm.size / (size_t)frames);
        free(pcm.data);
        streams++;
    }
    CHECK(streams == 18);
    fclose(list);
}

/* Seeks to milliseconds that are whole frames at 44100 Hz, and to others. */
static void seeks(const char *folder)
{
    static const int starts[] = {10, 20, 1000, 1990, 2500, 333, 1234};
    bytes pcm = read_file(in(folder, "long", ".pcm"));
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        char option[64];
        snprintf(option, sizeof option, ":start-time=%d.%03d", starts[i] / 1000, starts[i] % 1000);
        size_t frame = ((size_t)starts[i] * 44100 + 500) / 1000;
        CHECK(play(in(folder, "long", ".lmac"), 0, option) == 0);
        compare(pcm.data + 4 * frame, pcm.size - 4 * frame, 4 * BLOCK);
    }
    CHECK(play(in(folder, "long", ".lmac"), 1, NULL) == 0);
    compare(pcm.data, pcm.size, 0);
    CHECK(play(in(folder, "long", ".lmac"), 1, ":start-time=2.9") == 0);
    compare(pcm.data + 4 * 127890, pcm.size - 4 * 127890, 0);
    free(pcm.data);
}

static void shows_length_and_tags(const char *folder)
{
    libvlc_media_t *media = media_of(in(folder, "long", ".lmac"));
    CHECK(libvlc_media_parse_with_options(media, libvlc_media_parse_local, 30000) == 0);
    for (int waits = 0; libvlc_media_get_parsed_status(media) == 0; waits++) {
        CHECK(waits < 30000);
        usleep(2000);
    }
    CHECK(libvlc_media_get_parsed_status(media) == libvlc_media_parsed_status_done);
    EXPECT(3000, libvlc_media_get_duration(media));
    char *title = libvlc_media_get_meta(media, libvlc_meta_Title);
    char *artist = libvlc_media_get_meta(media, libvlc_meta_Artist);
    CHECK(title != NULL && strcmp(title, "Gr\xC3\xA4" "fin") == 0);
    CHECK(artist != NULL && strcmp(artist, "Ada") == 0);
    free(title);
    free(artist);
    libvlc_media_track_t **tracks;
    CHECK(libvlc_media_tracks_get(media, &tracks) == 1);
    CHECK(tracks[0]->audio->i_rate == 44100 && tracks[0]->audio->i_channels == 2);
    libvlc_media_tracks_release(tracks, 1);
    libvlc_media_release(media);
}

static void write_part(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

/* Damage ends in an error, after the audio before it. */
static void stops_at_damage(const char *folder, const char *out)
{
    bytes stream = read_file(in(folder, "long", ".lmac"));
    bytes pcm = read_file(in(folder, "long", ".pcm"));
    char path[4096];
    snprintf(path, sizeof path, "%s/bad.lmac", out);
    stream.data[stream.size / 2] ^= 1;
    write_part(path, stream.data, stream.size);
    CHECK(play(path, 0, NULL) > 0);
    bytes wav = read_file(wav_path);
    CHECK(wav.size > pcm.size / 4 && wav.size < pcm.size * 3 / 4);
    free(wav.data);
    stream.data[stream.size / 2] ^= 1;
    write_part(path, stream.data, stream.size / 3);
    CHECK(play(path, 0, NULL) > 0);
    /* The module refuses a broken header, and what VLC tries then finds nothing to play. */
    stream.data[12] ^= 1;
    write_part(path, stream.data, stream.size);
    play(path, 0, NULL);
    wav = read_file(wav_path);
    CHECK(wav.size == 0);
    free(wav.data);
    free(stream.data);
    free(pcm.data);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    snprintf(wav_path, sizeof wav_path, "%s/played.wav", arguments[2]);
    char file[5000];
    snprintf(file, sizeof file, "--audiofile-file=%s", wav_path);
    const char *const options[] = {"--no-plugins-cache", "--ignore-config", "--quiet",
                                   "--aout=afile", file};
    vlc = libvlc_new(5, options);
    CHECK(vlc != NULL);
    shows_length_and_tags(arguments[1]);
    plays_every_format(arguments[1]);
    seeks(arguments[1]);
    stops_at_damage(arguments[1], arguments[2]);
    libvlc_release(vlc);
    return 0;
}
