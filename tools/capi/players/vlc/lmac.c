/* A module of VLC 3 that plays lmac streams, over the C library alone.
 *
 * VLC reads the stream, from a file or over a network; the library decodes and seeks in it. What
 * comes out is PCM in the format of the file, so that VLC gets the very samples. */
#define MODULE_STRING "lmac"

#include <lmac.h>
#include <stdint.h>
#include <string.h>

#include <vlc_common.h>

#include <vlc_aout.h>
#include <vlc_demux.h>
#include <vlc_input.h>
#include <vlc_meta.h>
#include <vlc_plugin.h>

struct demux_sys_t {
    lmac_decoder *decoder;
    lmac_info info;
    lmac_tags *tags;
    es_out_id_t *stream;
    /* The place of each channel in the order of VLC, if that is another one. */
    unsigned order[AOUT_CHAN_MAX];
    bool reorders;
};

/* The library reads through VLC. */
static int64_t read_bytes(void *demux, void *buffer, size_t size)
{
    return vlc_stream_Read(((demux_t *)demux)->s, buffer, size);
}

static int seek_to(void *demux, uint64_t offset)
{
    return vlc_stream_Seek(((demux_t *)demux)->s, offset);
}

static int64_t get_length(void *demux)
{
    uint64_t size;
    return vlc_stream_GetSize(((demux_t *)demux)->s, &size) == VLC_SUCCESS ? (int64_t)size : -1;
}

/* Time and frames. A time that came from a frame becomes that frame again. */
static mtime_t time_of(const demux_sys_t *sys, uint64_t frame)
{
    return (mtime_t)(frame / sys->info.rate * CLOCK_FREQ +
                     frame % sys->info.rate * CLOCK_FREQ / sys->info.rate);
}

static uint64_t frame_of(const demux_sys_t *sys, mtime_t time)
{
    uint64_t whole = time > 0 ? (uint64_t)time : 0;
    return whole / CLOCK_FREQ * sys->info.rate +
           (whole % CLOCK_FREQ * sys->info.rate + CLOCK_FREQ / 2) / CLOCK_FREQ;
}

/* Speakers: the positions of WAV files, in their order, and what VLC calls them. */
static void set_channels(demux_sys_t *sys, audio_format_t *audio)
{
    static const uint16_t names[11] = {
        AOUT_CHAN_LEFT,       AOUT_CHAN_RIGHT,      AOUT_CHAN_CENTER, AOUT_CHAN_LFE,
        AOUT_CHAN_REARLEFT,   AOUT_CHAN_REARRIGHT,  0,                0,
        AOUT_CHAN_REARCENTER, AOUT_CHAN_MIDDLELEFT, AOUT_CHAN_MIDDLERIGHT};
    static const uint32_t usual[9] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F};
    uint16_t found[AOUT_CHAN_MAX] = {0};
    unsigned channels = sys->info.channels, count = 0, place = 0;
    uint32_t mask = sys->info.channel_mask;
    if (!sys->info.has_channel_mask && channels <= 8)
        mask = usual[channels];
    for (unsigned bit = 0; bit < 32; bit++) {
        if (!(mask >> bit & 1))
            continue;
        if (bit >= 11 || names[bit] == 0 || count == AOUT_CHAN_MAX)
            return;
        found[count++] = names[bit];
    }
    if (count != channels)
        return;
    for (const uint32_t *name = pi_vlc_chan_order_wg4; *name != 0; name++) {
        for (unsigned channel = 0; channel < channels; channel++) {
            if (found[channel] == *name) {
                audio->i_physical_channels |= *name;
                sys->reorders |= channel != place;
                sys->order[place++] = channel;
            }
        }
    }
}

static void reorder(const demux_sys_t *sys, uint8_t *pcm, size_t size)
{
    size_t sample = sys->info.bits_per_sample / 8, frame = sys->info.frame_bytes;
    uint8_t copy[AOUT_CHAN_MAX * 8];
    for (size_t at = 0; at < size; at += frame) {
        memcpy(copy, pcm + at, frame);
        for (unsigned place = 0; place < sys->info.channels; place++)
            memcpy(pcm + at + place * sample, copy + sys->order[place] * sample, sample);
    }
}

static int Demux(demux_t *demux)
{
    demux_sys_t *sys = demux->p_sys;
    /* A twentieth of a second at a time; of odd rates less. */
    size_t frames = __MIN(sys->info.rate / 20 + 1, 1 << 14), size = frames * sys->info.frame_bytes;
    int64_t before = lmac_decoder_tell(sys->decoder);
    block_t *block = block_Alloc(size);
    if (block == NULL)
        return VLC_DEMUXER_EGENERIC;
    int64_t got = lmac_decoder_read_bytes(sys->decoder, block->p_buffer, size);
    if (got <= 0) {
        block_Release(block);
        if (got == 0)
            return VLC_DEMUXER_EOF;
        msg_Err(demux, "%s", lmac_decoder_error_text(sys->decoder));
        return VLC_DEMUXER_EGENERIC;
    }
    block->i_buffer = (size_t)got;
    block->i_nb_samples = (unsigned)(got / sys->info.frame_bytes);
    block->i_dts = block->i_pts = VLC_TS_0 + time_of(sys, (uint64_t)before);
    block->i_length = time_of(sys, (uint64_t)before + block->i_nb_samples) -
                      time_of(sys, (uint64_t)before);
    if (sys->reorders)
        reorder(sys, block->p_buffer, block->i_buffer);
    es_out_SetPCR(demux->out, block->i_pts);
    es_out_Send(demux->out, sys->stream, block);
    return VLC_DEMUXER_SUCCESS;
}

static int seek_frame(demux_t *demux, uint64_t frame)
{
    demux_sys_t *sys = demux->p_sys;
    if (sys->info.total_frames >= 0 && frame > (uint64_t)sys->info.total_frames)
        frame = (uint64_t)sys->info.total_frames;
    if (lmac_decoder_seek(sys->decoder, frame) == LMAC_OK)
        return VLC_SUCCESS;
    msg_Err(demux, "%s", lmac_decoder_error_text(sys->decoder));
    return VLC_EGENERIC;
}

/* Tags. VLC has names of its own for some fields. */
static void fill_meta(const demux_sys_t *sys, vlc_meta_t *meta)
{
    static const struct {
        const char *field;
        vlc_meta_type_t type;
    } known[] = {{"TITLE", vlc_meta_Title},           {"ARTIST", vlc_meta_Artist},
                 {"ALBUM", vlc_meta_Album},           {"ALBUMARTIST", vlc_meta_AlbumArtist},
                 {"GENRE", vlc_meta_Genre},           {"DATE", vlc_meta_Date},
                 {"TRACKNUMBER", vlc_meta_TrackNumber}, {"TRACKTOTAL", vlc_meta_TrackTotal},
                 {"DISCNUMBER", vlc_meta_DiscNumber}, {"COPYRIGHT", vlc_meta_Copyright},
                 {"COMMENT", vlc_meta_Description},   {"ORGANIZATION", vlc_meta_Publisher}};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        const char *value = lmac_tags_get(sys->tags, known[i].field, 0, NULL);
        if (value != NULL)
            vlc_meta_Set(meta, known[i].type, value);
    }
    if (lmac_tags_picture_count(sys->tags) > 0)
        vlc_meta_SetArtURL(meta, "attachment://cover");
}

static int get_attachments(const demux_sys_t *sys, input_attachment_t ***attachments, int *count)
{
    lmac_picture picture;
    lmac_init(&picture, sizeof picture);
    /* The front cover, whose kind is 3, or else the first picture. */
    for (size_t i = lmac_tags_picture_count(sys->tags); i-- > 0 && picture.kind != 3;)
        lmac_tags_picture(sys->tags, i, &picture);
    if (picture.mime == NULL || strcmp(picture.mime, "-->") == 0) /* an address */
        return VLC_EGENERIC;
    input_attachment_t *cover = vlc_input_attachment_New(
        "cover", picture.mime, picture.description, picture.data, picture.data_size);
    if (cover == NULL)
        return VLC_ENOMEM;
    TAB_INIT(*count, *attachments);
    TAB_APPEND(*count, *attachments, cover);
    return VLC_SUCCESS;
}

static int Control(demux_t *demux, int query, va_list arguments)
{
    demux_sys_t *sys = demux->p_sys;
    int64_t known = sys->info.total_frames;
    int64_t total = known < 0 ? sys->info.declared_frames : known;
    int64_t here = lmac_decoder_tell(sys->decoder);
    switch (query) {
    case DEMUX_CAN_SEEK:
        *va_arg(arguments, bool *) = sys->info.seekable;
        return VLC_SUCCESS;
    case DEMUX_GET_LENGTH:
        *va_arg(arguments, int64_t *) = total > 0 ? time_of(sys, (uint64_t)total) : 0;
        return VLC_SUCCESS;
    case DEMUX_GET_TIME:
        *va_arg(arguments, int64_t *) = time_of(sys, (uint64_t)here);
        return VLC_SUCCESS;
    case DEMUX_SET_TIME:
        return seek_frame(demux, frame_of(sys, va_arg(arguments, int64_t)));
    case DEMUX_GET_POSITION:
        *va_arg(arguments, double *) = total > 0 ? (double)here / (double)total : 0;
        return VLC_SUCCESS;
    case DEMUX_SET_POSITION: {
        double position = va_arg(arguments, double);
        if (total <= 0 || !(position >= 0))
            return VLC_EGENERIC;
        return seek_frame(demux, (uint64_t)(position * (double)total));
    }
    case DEMUX_GET_META:
        fill_meta(sys, va_arg(arguments, vlc_meta_t *));
        return VLC_SUCCESS;
    case DEMUX_GET_ATTACHMENTS: {
        input_attachment_t ***attachments = va_arg(arguments, input_attachment_t ***);
        return get_attachments(sys, attachments, va_arg(arguments, int *));
    }
    default:
        /* Pause and pace are those of what VLC reads from. */
        return demux_vaControlHelper(demux->s, 0, -1, 0, 1, query, arguments);
    }
}

static void Close(vlc_object_t *object)
{
    demux_sys_t *sys = ((demux_t *)object)->p_sys;
    lmac_decoder_close(sys->decoder);
    lmac_tags_free(sys->tags);
    free(sys);
}

static int Open(vlc_object_t *object)
{
    /* In the order of lmac_sample_format. */
    static const vlc_fourcc_t codecs[] = {
        0,              VLC_CODEC_U8,   VLC_CODEC_S16L, VLC_CODEC_S24L,
        VLC_CODEC_S32L, VLC_CODEC_F32L, VLC_CODEC_F64L};
    demux_t *demux = (demux_t *)object;
    const uint8_t *start;
    if (vlc_stream_Peek(demux->s, &start, LMAC_MAGIC_SIZE) < LMAC_MAGIC_SIZE ||
        !lmac_is_lmac(start, LMAC_MAGIC_SIZE))
        return VLC_EGENERIC;
    demux_sys_t *sys = demux->p_sys = calloc(1, sizeof *sys);
    if (sys == NULL)
        return VLC_ENOMEM;
    lmac_callbacks callbacks;
    lmac_init(&callbacks, sizeof callbacks);
    callbacks.user = demux;
    callbacks.read = read_bytes;
    bool seekable = false;
    if (vlc_stream_Control(demux->s, STREAM_CAN_SEEK, &seekable) == VLC_SUCCESS && seekable) {
        callbacks.seek = seek_to;
        callbacks.length = get_length;
    }
    lmac_decode_options options;
    lmac_init(&options, sizeof options);
    options.provisional = 1;
    if (lmac_decoder_open_callbacks(&callbacks, &options, &sys->decoder) != LMAC_OK) {
        msg_Err(demux, "%s", lmac_last_error_text());
        free(sys);
        return VLC_EGENERIC;
    }
    lmac_init(&sys->info, sizeof sys->info);
    lmac_decoder_info(sys->decoder, &sys->info);
    if (sys->info.rate == 0 || sys->info.channels > AOUT_CHAN_MAX) {
        msg_Err(demux, "%u channels at %u Hz cannot be played", sys->info.channels,
                sys->info.rate);
        Close(object);
        return VLC_EGENERIC;
    }
    if (lmac_decoder_tags(sys->decoder, &sys->tags) != LMAC_OK)
        msg_Warn(demux, "%s", lmac_decoder_error_text(sys->decoder));

    es_format_t format;
    es_format_Init(&format, AUDIO_ES, codecs[sys->info.sample_format]);
    format.audio.i_channels = sys->info.channels;
    format.audio.i_rate = sys->info.rate;
    format.audio.i_bitspersample = sys->info.bits_per_sample;
    format.audio.i_blockalign = sys->info.frame_bytes;
    format.i_bitrate = sys->info.rate * sys->info.frame_bytes * 8;
    set_channels(sys, &format.audio);
    sys->stream = es_out_Add(demux->out, &format);
    if (sys->stream == NULL) {
        Close(object);
        return VLC_EGENERIC;
    }
    demux->pf_demux = Demux;
    demux->pf_control = Control;
    return VLC_SUCCESS;
}

vlc_module_begin()
    set_shortname("lmac")
    set_description("lmac lossless audio")
    set_category(CAT_INPUT)
    set_subcategory(SUBCAT_INPUT_DEMUX)
    set_capability("demux", 320)
    set_callbacks(Open, Close)
    add_shortcut("lmac")
vlc_module_end()
