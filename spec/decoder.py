#!/usr/bin/env python3
"""A second decoder for `.lmac` streams, written from container.md,
coding.md, adaptive.md, language.md and flac.md.

    decoder.py [--models DIR]... IN.lmac OUT        write the source file back
                                                    (OUT `-` is stdout)
    decoder.py [--models DIR]... --check FILE...    decode each file and print one line
                                                    about it

It reads a stream from front to back, in the order of the specification, and checks
every rule, every CRC, the index and the MD5 on the way. It does not recover damaged
streams, and bytes after the trailer are an error. OUT is written as its bytes become
known: after an error (exit status 1) it holds the bytes before the error. Language models are
looked for in the folders DIR, or in `models` beside the stream.

The names are those of the specification: b, w, n, s, u, d, p, k, q, a, t and j are
those of coding.md. conventions.py has what all parts need, adaptive.py the payload of
the adaptive method, language.py that of the language method, flac.py the frames of FLAC
files.
"""

import collections
import contextlib
import functools
import hashlib
import os
import sys
import types
import zlib

sys.dont_write_bytecode = True
import adaptive
import flac
import language
from checkpoints import Models
from conventions import (Malformed, RangeDecoder, Reader, StreamError, Truncated, require,
                         s_to_pcm, support, to_signed, unfolded, value_to_pcm)

FORMAT_BITS = [8, 16, 24, 32, 32, 64]
RATES = [None, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000,
         88200, 96000, 176400, 192000, 352800, 384000, 705600, 768000, 4000, 5512, 6000,
         7350, 10000, 18900, 20000, 22255, 25000, 37800, 40000, 44056, 50000]
SAMPLES, RAW_FILE, WAV_CANONICAL, HEAD_BLOCKS = range(4)
FLAC, RIFX, WAVE64, AIFF, CAF, AU = range(6)
STORED, CONSTANT, LIGHT, ADAPTIVE, LANGUAGE, BLOCK = 0, 1, 2, 3, 4, 15
TWOS_COMPLEMENT, OFFSET_BINARY, RESIDUAL = range(3)
HEAD, TAIL, DECISIONS = 1, 2, 3
ALL_ZERO, ALL_ONE, PACKED, MODELLED = range(4)
PREDICTION = [(0, 0, 0), (1, 0, 0), (2, -1, 0), (3, -3, 1)]
FLIP_TOP_BIT = bytes(i ^ 0x80 for i in range(256))


@contextlib.contextmanager
def place(name):
    """Put the place before the message of an error."""
    try:
        yield
    except StreamError as error:
        raise type(error)("%s: %s" % (name, error)) from None


def seeded_crc(header, data):
    return zlib.crc32(data, zlib.crc32(header.id.to_bytes(4, "little")))


def check_crc(r, header, start):
    crc = seeded_crc(header, r.data[start:r.pos])
    require(r.u32() == crc, "the CRC is wrong")


# Header


def read_header(r):
    magic = b"\x89lmac\r\n"
    require(magic.startswith(r.data[:7]), "not an lmac stream")
    r.take(7)
    support(r.u8() == 0, "the major version is not 0")
    minor = r.u8()
    body_length = r.varint()
    require(body_length <= 4096, "a body of %d bytes" % body_length)
    body = Reader(r.take(body_length), beyond=Malformed)
    crc = zlib.crc32(r.data[:r.pos])
    require(r.u32() == crc, "the CRC is wrong")
    header = read_body(body)
    require(minor > 5 or body.pos == body_length, "bytes after the salt")
    header.id, header.bytes = crc, r.data[:r.pos]
    return header


def read_body(r):
    h = types.SimpleNamespace()
    code = r.u8()
    sample_format, rate_code = code & 7, code >> 3
    support(sample_format <= 5, "sample format %d" % sample_format)
    h.float = sample_format >= 4
    h.bits = FORMAT_BITS[sample_format]

    flags = r.u8()
    channel_code = flags & 3
    h.source = flags >> 2 & 3
    h.has_md5 = bool(flags & 0x10)
    support(channel_code < 3, "channel code 3")
    support(not flags & 0x80, "flags bit 7")

    extension = r.u8() if flags & 0x40 else 0
    support(extension < 0x80, "extension bit 7")
    h.file = r.u8() if extension & 0x40 else None
    require(h.file is None or h.source == HEAD_BLOCKS, "a file code, source not 3")
    support(h.file is None or h.file <= AU, "file code %s" % h.file)
    h.big_endian = bool(extension & 8)
    h.other_signedness = bool(extension & 16)
    has_layout = h.source == RAW_FILE or h.file not in (None, FLAC)
    require(not extension & 24 or has_layout, "extension bits 3-4 with a WAV file or none")
    require(not (h.other_signedness and h.float), "extension bit 4 with float")

    h.channels = channel_code or r.varint()
    require(1 <= h.channels <= 65535, "%d channels" % h.channels)
    h.frame_bytes = h.channels * h.bits // 8
    h.rate = RATES[rate_code] if rate_code else r.varint()
    require(h.rate < 2**32, "rate %d" % h.rate)
    h.mask = r.u32() if extension & 1 else None
    h.valid_bits = r.u8() if extension & 2 else None
    if h.valid_bits is not None:
        require(not h.float and 1 <= h.valid_bits < h.bits, "wrong valid bits")
    if h.file == FLAC:
        require(not h.float and (h.valid_bits or h.bits) >= 4 and h.channels <= 8,
                "audio that no FLAC file has")
    h.chunk_frames = r.varint() if extension & 4 else default_chunk_frames(h)
    require(h.chunk_frames >= 1, "chunk frames 0")
    require(h.chunk_frames * h.frame_bytes <= 2**28, "chunks of more than 2^28 bytes")
    h.declared = r.varint() if flags & 0x20 else None
    h.model = language.read_use(r) if extension & 32 else None
    h.salt = r.u32()
    h.canonical_head = canonical_head(h) if h.source == WAV_CANONICAL else b""
    return h


def default_chunk_frames(h):
    return min(max(10 * h.rate, -(-65536 // h.frame_bytes)),
               max(1, 16777216 // h.frame_bytes))


def canonical_head(h):
    require(h.declared is not None, "a canonical head without declared frames")
    require(h.mask is None and h.valid_bits is None,
            "a canonical head with channel mask or valid bits")

    def field(value, size):
        require(value < 1 << 8 * size, "%d does not fit the canonical head" % value)
        return value.to_bytes(size, "little")

    d = h.declared * h.frame_bytes
    return (b"RIFF" + field(36 + d + d % 2, 4) + b"WAVE"
            + b"fmt " + field(16, 4) + field(3 if h.float else 1, 2)
            + field(h.channels, 2) + field(h.rate, 4) + field(h.rate * h.frame_bytes, 4)
            + field(h.frame_bytes, 2) + field(h.bits, 2)
            + b"data" + field(d, 4))


# Items


def read_chunk(r, header, first_due, model):
    """Returns the PCM of the chunk. `model` gives the language model when it is called."""
    start = r.pos
    head = r.take(3)[2]
    method, mapping = head & 15, head >> 4 & 3
    first = r.varint()
    if head & 0x80:
        require(header.declared is not None, "implied frames without declared frames")
        frames = min(header.chunk_frames, header.declared - first)
    else:
        frames = r.varint()
    wasted = r.u8() if head & 0x40 else 0
    payload_length = r.varint()
    pcm_crc = r.u32()
    require(1 <= frames <= header.chunk_frames, "%d frames" % frames)
    pcm_length = frames * header.frame_bytes
    require(payload_length <= pcm_length, "the payload is longer than the PCM")
    payload = r.take(payload_length)
    check_crc(r, header, start)

    # Reserved values are checked after the CRC, so that damage is not taken for a
    # newer version.
    support(method <= LANGUAGE, "method %d" % method)
    support(mapping <= RESIDUAL, "character mapping 3")
    require(first == first_due, "first frame %d where %d is due" % (first, first_due))
    require(first + frames < 2**56, "2^56 frames or more")
    require(not head & 0x40 or 1 <= wasted < header.bits, "%d wasted bits" % wasted)
    require(method >= LIGHT or not head & 0x70, "mapping or wasted bits with method 0 or 1")
    require(method != ADAPTIVE or mapping == RESIDUAL, "adaptive with mapping %d" % mapping)
    require(method != LANGUAGE or mapping != RESIDUAL, "language with mapping 2")
    require(method != LANGUAGE or header.model, "language without a model")

    if method == STORED:
        require(payload_length == pcm_length, "the payload is shorter than the PCM")
        pcm = payload
    elif method == CONSTANT:
        pcm = decode_constant(header, payload) * frames
    elif method == LIGHT:
        pcm = decode_light(header, frames, mapping, wasted, payload)
    elif method == ADAPTIVE:
        pcm = adaptive.decode(header, frames, wasted, payload)
    else:
        pcm = language.decode(header, model, frames, mapping, wasted, payload)
    require(seeded_crc(header, pcm) == pcm_crc, "the PCM CRC is wrong")
    return pcm


def read_block(r, header):
    """Returns the type and the data; the caller skips unknown types."""
    start = r.pos
    head = r.take(3)[2]
    block_type = r.varint()
    length = r.varint()
    require(length <= 1048576, "%d bytes of data" % length)
    data = r.take(length)
    check_crc(r, header, start)
    support(head < 0x40, "bits 6-7 of the head")
    if head & 0x20:
        require(block_type in (HEAD, TAIL), "a sparse block of type %d" % block_type)
        data = read_sparse(Reader(data, beyond=Malformed))
    known = block_type in (HEAD, TAIL) or block_type == DECISIONS and header.file == FLAC
    support(known or not head & 0x10, "critical block")
    require(block_type != HEAD or header.source == HEAD_BLOCKS, "a head, source not 3")
    require(block_type != TAIL or header.source != SAMPLES, "a tail, source 0")
    return block_type, data


def read_sparse(r):
    """Returns the data of a sparse block."""
    data = b""
    while r.pos < len(r.data):
        literal = r.take(r.varint())
        zeros = r.varint()
        require(literal or zeros, "a run of nothing")
        require(len(data) + len(literal) + zeros <= 1048576, "too much sparse data")
        data += literal + bytes(zeros)
    return data


# Methods

def decode_constant(header, payload):
    require(len(payload) in (0, header.frame_bytes),
            "a constant payload of %d bytes" % len(payload))
    return payload or value_to_pcm(header, 0) * header.channels


def decode_light(header, frames, mapping, wasted, payload):
    n = header.bits - wasted
    b = -(-n // 8)
    W = 8 * b
    r = Reader(payload, beyond=Malformed)
    kind_bits = int.from_bytes(r.take(-(-b // 4)), "little")
    require(kind_bits < 4**b, "plane kinds beyond the planes")
    kinds = [kind_bits >> (2 * j) & 3 for j in range(b)]
    predictors = r.take(header.channels if mapping == RESIDUAL else 0)
    require(all(byte < 8 for byte in predictors), "bits 3-7 of a predictor")
    require(not predictors or predictors[0] < 4, "a difference in the first channel")
    packed_bits = kinds.count(PACKED) * frames * header.channels
    section = r.take(-(-packed_bits // 8))
    require(packed_bits % 8 == 0 or section[-1] & (0xFF >> packed_bits % 8) == 0,
            "the last bits of the plane section are not zero")
    tokens = RangeDecoder(payload[r.pos:])

    us = decode_characters(frames, header.channels, mapping, kinds, section, tokens)
    if mapping == RESIDUAL:
        values = residuals_to_s(us, frames, predictors, W)
    elif mapping == OFFSET_BINARY:
        values = (u - (1 << (W - 1)) for u in us)
    else:
        values = (to_signed(u, W) for u in us)

    sorted_float = header.float and mapping == RESIDUAL
    return b"".join(s_to_pcm(header, wasted, s, sorted_float) for s in values)

def decode_characters(frames, channels, mapping, kinds, section, tokens):
    """Yields the u of each sample."""
    b = len(kinds)
    rows = collections.defaultdict(lambda: ([32768] * 256, [32768] * 256))
    levels = [0] * channels         # a
    previous = [0] * channels       # u
    packed = (byte >> i & 1 for byte in section for i in range(7, -1, -1))
    for t in range(frames):
        for channel in range(channels):
            u = 0
            for j in range(b):
                if mapping != RESIDUAL:
                    number = (previous[channel] >> (8 * (b - 1 - j)) & 255) >> 3
                elif u == 0:        # u as far as it is known: q
                    number = levels[channel] >> 7
                else:               # negative, to be apart from those above
                    number = -min(u.bit_length(), 8)
                row = rows[j, number]
                if kinds[j] == MODELLED:
                    byte = tokens.bits(row, 8)
                else:
                    byte = tokens.bits(row, 7) << 1
                    if kinds[j] == PACKED:
                        byte |= next(packed)
                    elif kinds[j] == ALL_ONE:
                        byte |= 1
                u = u << 8 | byte
            previous[channel] = u
            a = levels[channel]
            levels[channel] = a + ((256 * u.bit_length() - a) >> min(t + 1, 4))
            yield u


def residuals_to_s(us, frames, predictors, W):
    history = [(0, 0, 0) for _ in predictors]       # d[t-1], d[t-2], d[t-3]
    for _ in range(frames):
        s = 0
        for channel, predictor in enumerate(predictors):
            before = s if predictor & 4 else 0      # s of the channel before
            d1, d2, d3 = history[channel]
            k1, k2, k3 = PREDICTION[predictor & 3]
            p = k1 * d1 + k2 * d2 + k3 * d3
            u = next(us)
            s = to_signed(p + unfolded(u) + before, W)
            history[channel] = (s - before, d1, d2)
            yield s

# Audio MD5


class AudioMd5:
    def __init__(self, header):
        self.header = header
        self.shift = header.bits - (header.valid_bits or header.bits)
        self.whole = hashlib.md5()
        # Of the shifted values; None once a sample has not only zeros below its valid
        # bits. Until then it is not known which of the two is the sum.
        self.shifted = hashlib.md5() if self.shift else None

    def add(self, pcm):
        size = self.header.bits // 8
        signed = pcm.translate(FLIP_TOP_BIT) if size == 1 else pcm
        self.whole.update(signed)
        if self.shifted is None:
            return
        new_size = -(-self.header.valid_bits // 8)
        for at in range(0, len(signed), size):
            v = int.from_bytes(signed[at:at + size], "little", signed=True)
            if v % (1 << self.shift):
                self.shifted = None
                return
            v >>= self.shift
            self.shifted.update(v.to_bytes(new_size, "little", signed=True))

    def digest(self):
        return (self.shifted or self.whole).digest()


# Trailer


def read_trailer(r, header, frames, chunks, tail_length, md5):
    """Reads the trailer. `chunks` has the first frame and offset of each chunk. Returns
    whether there is a pad."""
    start = r.pos
    flags = r.u8() & 15
    several, pad, tail = bool(flags & 1), bool(flags & 4), bool(flags & 8)
    header_copy = r.take(r.varint()) if several else header.bytes
    total = r.varint() if flags & 2 else header.declared
    stated_tail_length = r.varint() if tail else 0
    if several:
        stated_chunks, stride = r.varint(), r.u8()
        index = read_index(r, stated_chunks, stride)
    stated_md5 = r.take(16) if header.has_md5 else md5
    check_crc(r, header, start)
    length = reversed_varint(r.pos - start)
    require(r.take(len(length)) == length, "the length is wrong")
    require(r.take(2) == b"\x63\x89", "the closing magic is wrong")

    require(header_copy == header.bytes, "the copy of the header differs")
    require(total is not None, "neither total frames nor declared frames")
    require(total < 2**56, "2^56 frames or more")
    require(total == frames, "%d frames are stated, %d were read" % (total, frames))
    require(several == (len(chunks) > 1), "flag 0 with %d chunks" % len(chunks))
    if several:
        require(stated_chunks == len(chunks), "the number of chunks is wrong")
        require(index == chunks[::1 << stride], "the index does not fit the chunks")
    require(not (pad and tail), "pad and tail together")
    is_wav = header.source >= WAV_CANONICAL and header.file is None
    require(not pad or is_wav, "pad without a WAV file")
    require(not tail or stated_tail_length > 0, "a tail of no bytes")
    require(stated_tail_length == tail_length, "the tail length is wrong")
    require(stated_md5 == md5, "the MD5 is wrong")
    return pad


def read_index(r, chunks, stride):
    require(chunks >= 2, "an index of %d chunks" % chunks)
    require(stride <= 40, "stride %d" % stride)
    entries = -(-chunks >> stride)
    require(entries <= 65536, "an index of %d entries" % entries)
    index, first, offset = [], 0, 0
    for _ in range(entries):
        first += r.varint()
        offset += r.varint()
        index.append((first, offset))
    return index


def reversed_varint(value):
    forward = bytearray()
    while value >= 0x80:
        forward.append(value & 0x7F | 0x80)
        value >>= 7
    forward.append(value)
    return bytes(reversed(forward))


# The stream


def decode_stream(data, models, write):
    """Passes the source file to `write`; returns the frames and the MD5 or None."""
    r = Reader(data)
    with place("header"):
        header = read_header(r)

    @functools.cache
    def model():
        found = models.find(header.model.hash)
        transformer = found.transformer(header.model.precision)
        return language.Model(transformer, found.vocabulary, header.model)

    write(header.canonical_head)
    md5 = AudioMd5(header) if header.has_md5 else None
    restorer = flac.Restorer(header) if header.file == FLAC else None
    frames, chunks, tails = 0, [], []
    head_length, in_head = 0, True
    while r.pos >= len(data) or data[r.pos] >> 4 != 0xE:
        offset = r.pos
        begin = data[offset:offset + 3]
        with place("byte %d" % offset):
            require(b"\xd6\x9b".startswith(begin[:2]), "neither an item nor a trailer")
            if len(begin) < 3:
                raise Truncated("there is no trailer")
        if begin[2] & 15 == BLOCK:
            with place("block at byte %d" % offset):
                block_type, content = read_block(r, header)
                if block_type == HEAD:
                    require(in_head, "a head block that is not directly behind the header")
                    head_length += len(content)
                    require(head_length <= 64 << 20, "a head of more than 64 MiB")
            if block_type == HEAD:
                write(content)
            elif block_type == TAIL:
                tails.append(content)
            elif block_type == DECISIONS:
                with place("block at byte %d" % offset):
                    require(not tails, "decisions after a tail block")
                    if restorer:
                        write(restorer.take(block=content))
            in_head = in_head and block_type == HEAD
        else:
            in_head = False
            with place("chunk %d at byte %d" % (len(chunks), offset)):
                require(not tails, "a chunk after a tail block")
                pcm = read_chunk(r, header, frames, model)
            chunks.append((frames, offset))
            frames += len(pcm) // header.frame_bytes
            if md5:
                md5.add(pcm)
            write(restorer.take(pcm=pcm) if restorer else pcm_to_source(header, pcm))

    digest = md5.digest() if md5 else None
    tail = b"".join(tails)
    with place("trailer"):
        pad = read_trailer(r, header, frames, chunks, len(tail), digest)
        require(r.pos == len(data), "%d bytes follow it" % (len(data) - r.pos))
        if restorer:
            restorer.finish()
    write(b"\0" if pad else tail)
    return frames, digest


def pcm_to_source(header, pcm):
    """The PCM in the byte order and signedness of the source file."""
    size = header.bits // 8
    if header.other_signedness:
        pcm = bytearray(pcm)
        pcm[size - 1::size] = pcm[size - 1::size].translate(FLIP_TOP_BIT)
    if header.big_endian:
        little, pcm = pcm, bytearray(len(pcm))
        for i in range(size):
            pcm[i::size] = little[size - 1 - i::size]
    return pcm


def error_text(error):
    if isinstance(error, StreamError):
        return "%s: %s" % (type(error).__name__.lower(), error)
    return "error: %s" % error


def check(path, models):
    sha256 = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            frames, md5 = decode_stream(file.read(), models, sha256.update)
    except (StreamError, OSError) as error:
        print("%s: %s" % (path, error_text(error)))
        return False
    print("%s: ok, %d frames, md5 %s, file sha256 %s"
          % (path, frames, md5.hex() if md5 else "none", sha256.hexdigest()))
    return True


def decode(path, out_path, models):
    try:
        with open(path, "rb") as file:
            data = file.read()
        with sys.stdout.buffer if out_path == "-" else open(out_path, "wb") as out:
            decode_stream(data, models, out.write)
    except (StreamError, OSError) as error:
        print("%s: %s" % (path, error_text(error)), file=sys.stderr)
        return False
    return True


def main(arguments):
    folders = []
    while arguments[:1] == ["--models"] and len(arguments) > 1:
        folders.append(arguments[1])
        arguments = arguments[2:]
    checks = arguments[:1] == ["--check"] and len(arguments) > 1
    if not checks and len(arguments) != 2:
        return __doc__
    paths = arguments[1:] if checks else arguments[:1]
    beside = sorted({os.path.join(os.path.dirname(path), "models") for path in paths})
    models = Models(folders or beside)
    if checks:
        return 0 if all([check(path, models) for path in paths]) else 1
    return 0 if decode(*arguments, models) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
