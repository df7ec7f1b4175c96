#!/usr/bin/env python3
"""A second decoder for `.lmac` streams, written from container.md,
coding.md and models.md.

    decoder.py IN.lmac OUT        write the source file back (OUT `-` is stdout)
    decoder.py --check FILE...    decode each file and print one line about it

It reads a stream from front to back, in the order of the specification, and checks
every rule, every CRC, the index and the MD5 on the way. It does not recover damaged
streams, and bytes after the trailer are an error. OUT is written as its bytes become
known: after an error (exit status 1) it holds what came before.

The names are those of the specification: b, w, n, s, u, d, p, k, q, a, t and j are
what coding.md calls so. adaptive.py has the model of the adaptive method.
"""

import bisect
import collections
import contextlib
import hashlib
import struct
import sys
import types
import zlib

sys.dont_write_bytecode = True
import adaptive

FORMAT_BITS = [8, 16, 24, 32, 32, 64]
RATES = [None, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000,
         88200, 96000, 176400, 192000, 352800, 384000, 705600, 768000, 4000, 5512, 6000,
         7350, 10000, 18900, 20000, 22255, 25000, 37800, 40000, 44056, 50000]
SAMPLES, RAW_FILE, WAV_CANONICAL, WAV_BLOCKS = range(4)
STORED, CONSTANT, LIGHT, ADAPTIVE, BLOCK = 0, 1, 2, 3, 15
TWOS_COMPLEMENT, OFFSET_BINARY, RESIDUAL = range(3)
HEAD, TAIL = 1, 2
ALL_ZERO, ALL_ONE, PACKED, MODELLED = range(4)
INTEGERS, SCALED_FLOATS, ORDERED_FLOATS = range(3)
CODED, FOLLOWS, CONSTANT_CHANNEL = range(3)
PREDICTION = [(0, 0, 0), (1, 0, 0), (2, -1, 0), (3, -3, 1)]
FLIP_TOP_BIT = bytes(i ^ 0x80 for i in range(256))


class StreamError(Exception): pass
class Malformed(StreamError): pass
class Unsupported(StreamError): pass
class Truncated(StreamError): pass


def require(condition, message):
    if not condition:
        raise Malformed(message)


def support(condition, message):
    if not condition:
        raise Unsupported(message)


@contextlib.contextmanager
def place(name):
    """Put the place before the message of an error."""
    try:
        yield
    except StreamError as error:
        raise type(error)("%s: %s" % (name, error)) from None


# Conventions


class Reader:
    """Takes fields off a byte string; `beyond` is the error at its end."""

    def __init__(self, data, beyond=Truncated):
        self.data, self.pos, self.beyond = data, 0, beyond

    def take(self, count):
        left = len(self.data) - self.pos
        if count > left:
            raise self.beyond("%d bytes are due, %d are left" % (count, left))
        self.pos += count
        return self.data[self.pos - count:self.pos]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return int.from_bytes(self.take(4), "little")

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                require(byte > 0 or shift == 0, "a varint is longer than it need be")
                require(value < 2**64, "a varint of 2^64 or more")
                return value
        raise Malformed("a varint of more than ten bytes")


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
    require(minor > 2 or body.pos == body_length, "bytes after the salt")
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
    support(extension < 0x20, "extension bits 5-7")
    h.big_endian = bool(extension & 8)
    h.other_signedness = bool(extension & 16)
    require(extension < 8 or h.source == RAW_FILE, "extension bits 3-4 and no raw file")
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
    h.chunk_frames = r.varint() if extension & 4 else default_chunk_frames(h)
    require(h.chunk_frames >= 1, "chunk frames 0")
    require(h.chunk_frames * h.frame_bytes <= 2**28, "chunks of more than 2^28 bytes")
    h.declared = r.varint() if flags & 0x20 else None
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


def read_chunk(r, header, first_due):
    """Returns the PCM of the chunk."""
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

    # Reserved values are looked at after the CRC, so that damage is not taken for a
    # newer version.
    support(method <= ADAPTIVE, "method %d" % method)
    support(mapping <= RESIDUAL, "character mapping 3")
    require(first == first_due, "first frame %d where %d is due" % (first, first_due))
    require(first + frames < 2**56, "2^56 frames or more")
    require(not head & 0x40 or 1 <= wasted < header.bits, "%d wasted bits" % wasted)
    require(method >= LIGHT or not head & 0x70, "mapping or wasted bits with method 0 or 1")
    require(method != ADAPTIVE or mapping == RESIDUAL, "adaptive with mapping %d" % mapping)

    if method == STORED:
        require(payload_length == pcm_length, "the payload is shorter than the PCM")
        pcm = payload
    elif method == CONSTANT:
        pcm = decode_constant(header, payload) * frames
    elif method == LIGHT:
        pcm = decode_light(header, frames, mapping, wasted, payload)
    else:
        pcm = decode_adaptive(header, frames, wasted, payload)
    require(seeded_crc(header, pcm) == pcm_crc, "the PCM CRC is wrong")
    return pcm


def read_block(r, header):
    """Returns the type and the data; unknown types are for the caller to skip."""
    start = r.pos
    head = r.take(3)[2]
    block_type = r.varint()
    length = r.varint()
    require(length <= 1048576, "%d bytes of data" % length)
    data = r.take(length)
    check_crc(r, header, start)
    support(head < 0x20, "bits 5-7 of the head")
    support(block_type in (HEAD, TAIL) or not head & 0x10, "critical block")
    require(block_type != HEAD or header.source == WAV_BLOCKS, "a head, source not 3")
    require(block_type != TAIL or header.source != SAMPLES, "a tail, source 0")
    return block_type, data


# Methods


def value_to_pcm(header, v):
    if header.bits == 8:
        return bytes((v + 128,))
    return v.to_bytes(header.bits // 8, "little", signed=True)


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


def s_to_pcm(header, wasted, s, sorted_float):
    n = header.bits - wasted
    half = 1 << (n - 1)
    require(-half <= s < half, "a sample of more than %d bits" % n)
    if sorted_float and s < 0:
        s ^= half - 1
    return value_to_pcm(header, s << wasted)


def to_signed(x, W):
    """The number of -2^(W-1) .. 2^(W-1) - 1 that is equal to x modulo 2^W."""
    half = 1 << (W - 1)
    return ((x + half) & (2 * half - 1)) - half


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
            residual = -(u + 1) // 2 if u & 1 else u // 2
            s = to_signed(p + residual + before, W)
            history[channel] = (s - before, d1, d2)
            yield s


def decode_adaptive(header, frames, wasted, payload):
    support(header.bits <= 32 and header.channels <= 32,
            "the adaptive method with this format or so many channels")
    r = Reader(payload, beyond=Malformed)
    support(r.u8() == 0, "an unknown profile")
    flags = r.u8()
    support(flags < 64, "bits 6-7 of the flags")
    numbers = flags & 3
    require(numbers in ((SCALED_FLOATS, ORDERED_FLOATS) if header.float else (INTEGERS,)),
            "numbers that do not fit the format")
    bits = header.bits - wasted
    if numbers == SCALED_FLOATS:
        require(wasted == 0, "scaled floats with wasted bits")
        floats = read_floats(r, frames * header.channels)
        bits = floats.bits
    number_bits = bits
    kinds = read_channel_kinds(r, header.channels, flags & 4)
    coded = sum(kind == CODED for kind, _ in kinds)
    values = None
    if flags & 8:
        values = read_ranks(r, frames * coded)
        negative = bisect.bisect_left(values, 0)
        bits = max(negative, len(values) - negative).bit_length() + 1
    turns, partners = list(range(coded)), [max(turn - 1, 0) for turn in range(coded)]
    if coded > 1:
        partners[0] = 1
    if flags & 16:
        turns, partners = list(r.take(coded)), list(r.take(coded))
        require(sorted(turns) == list(range(coded)) and max(partners, default=0) < max(coded, 1),
                "an order of channels that do not exist")
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if flags & 32:
        above, below = r.varint(), r.varint()
        require(above + below < 1 << bits, "a range without a value")
        low, high = low + above, high - below

    channels = []
    token_length = r.varint() if coded else 0
    raw_length = len(payload) - r.pos - token_length
    require(raw_length >= 0, "the payload is too short")
    raw = RawBits(r.take(raw_length))
    if coded:
        tokens = RangeDecoder(payload[r.pos:])
        channels = adaptive.decode(partners, frames, bits, low, high, tokens, raw)
        require(channels is not None, "a number beyond the range")
        channels = [channels[turns.index(channel)] for channel in range(coded)]
    require(raw.done(), "raw bits that nothing needs")
    if values is not None:
        channels = [[rank_to_value(values, negative + rank) for rank in channel]
                    for channel in channels]
    channels = all_channels(kinds, channels, frames, number_bits)
    if numbers == SCALED_FLOATS:
        return floats_to_pcm(floats, channels)
    return b"".join(s_to_pcm(header, wasted, s, header.float)
                    for frame in zip(*channels) for s in frame)


def read_floats(r, samples):
    f = types.SimpleNamespace(zeros=None, runs=[])
    scale, width = r.u8(), r.u8()
    f.n, f.convention, f.bits = 1 << (scale & 63), scale >> 6, width & 63
    most = 1 << (31 if f.convention else 60)
    require(f.n <= most and (f.convention == 0 or f.n > 1) and 1 <= f.bits <= 32,
            "wrong scaled floats")
    if width & 64:
        count = r.varint()
        require(1 <= count <= samples // 32 + 8, "%d exceptions" % count)
        end = 0
        for _ in range(count):
            start = end + r.varint()
            end = start + r.varint() + 1
            require(end <= samples, "an exception behind the end")
            f.runs.append((start, end, r.take(4)))
    if width & 128:
        f.zeros = r.take(r.varint())
    return f


def floats_to_pcm(floats, channels):
    """The numbers of all channels as floats, interleaved."""
    zeros = None if floats.zeros is None else RangeDecoder(floats.zeros)
    estimates = collections.defaultdict(lambda: (32768, 32768))
    before = [(0, 0)] * len(channels)           # the number before, and the last two signs
    pcm = bytearray()
    for frame in zip(*channels):
        for c, number in enumerate(frame):
            float_ = number_to_float(floats, number)
            last, signs = before[c]
            if number == 0 and zeros:
                node = 4 * ((last > 0) - (last < 0) + 1) + signs
                negative = zeros.bit(probability(*estimates[node]))
                estimates[node] = learnt(*estimates[node], negative)
                signs = signs << 1 & 3 | negative
                float_ = -0.0 if negative else 0.0
            before[c] = number, signs
            pcm += struct.pack("<f", float_)
    frames = len(channels[0])
    for start, end, bits in floats.runs:
        for at in range(start, end):
            place = 4 * (at % frames * len(channels) + at // frames)
            pcm[place:place + 4] = bits
    return bytes(pcm)


def number_to_float(floats, number):
    single = adaptive.single
    if floats.convention == 3:
        return single(single(number) * single(1.0 / (floats.n - 1.0)))
    n = float(floats.n)
    if floats.convention == 1 or floats.convention == 2 and number >= 0:
        n -= 1.0
    return single(number / n)


def read_channel_kinds(r, channels, present):
    """The kind of each channel, with the number of a constant one, or a rule."""
    if not present:
        return [(CODED, None)] * channels
    kinds = []
    for channel in range(channels):
        kind = r.u8()
        require(kind <= CONSTANT_CHANNEL, "a channel of kind %d" % kind)
        what = None
        if kind == FOLLOWS:
            what = source, shift, _, _ = r.u8(), r.u8(), unfolded(r.varint()), unfolded(r.varint())
            require(source < channel and shift <= 62, "a channel that follows from none")
        elif kind == CONSTANT_CHANNEL:
            what = to_signed(r.u32(), 32)
        kinds.append((kind, what))
    return kinds


def unfolded(u):
    return -(u + 1) // 2 if u & 1 else u // 2


def all_channels(kinds, coded, frames, bits):
    """The coded channels, and the others in between."""
    coded = iter(coded)
    lowest, highest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    channels = []
    for kind, what in kinds:
        if kind == CODED:
            channels.append(next(coded))
        elif kind == FOLLOWS:
            source, shift, factor, bias = what
            channels.append([min(max((x * factor + bias) >> shift, lowest), highest)
                             for x in channels[source]])
        else:
            channels.append([what] * frames)
    return channels


def read_ranks(r, samples):
    """The values that occur, in rising order."""
    low = unfolded(r.varint())
    span = r.varint()
    tokens = RangeDecoder(r.take(r.varint()))
    require(-2**31 <= low < 2**31 and span <= min(2**17, 256 * samples) and low + span <= 2**31,
            "ranks of values that do not exist")
    estimates = collections.defaultdict(lambda: (32768, 32768))
    before = 0
    values = []
    for value in range(low, low + span):
        long, short = (16, before & 0xFFFF), (8, before & 0xFF)
        p = max((probability(*estimates[long]), probability(*estimates[short])),
                key=lambda p: abs(p - 32768))   # the first where both are equal
        bit = tokens.bit(p)
        estimates[long] = learnt(*estimates[long], bit)
        estimates[short] = learnt(*estimates[short], bit)
        before = before << 1 & 0xFFFF | bit
        if bit:
            values.append(value)
    return values


def probability(fast, slow):
    return min(max((fast + slow) >> 1, 32), 65504)


def learnt(fast, slow, bit):
    if bit:
        return fast + ((65535 - fast) >> 4), slow + ((65535 - slow) >> 7)
    return fast - (fast >> 4), slow - (slow >> 7)


def rank_to_value(values, index):
    require(0 <= index < len(values), "a rank without a value")
    return values[index]


class RawBits:
    """Bits from the highest of each byte down, and zeros after the end."""

    def __init__(self, data):
        self.data, self.pos, self.held, self.count = data, 0, 0, 0

    def take(self, count):
        while self.count < count:
            byte = self.data[self.pos] if self.pos < len(self.data) else 0
            self.held = self.held << 8 | byte
            self.pos += 1
            self.count += 8
        self.count -= count
        bits = self.held >> self.count
        self.held &= (1 << self.count) - 1
        return bits

    def done(self):
        return self.held == 0 and self.pos >= len(self.data)


class RangeDecoder:
    def __init__(self, data):
        self.data, self.pos = data, 8
        self.point = int.from_bytes(data[:8].ljust(8, b"\0"), "big")
        self.range = 2**64 - 1

    def bits(self, row, count):
        """Takes `count` bits, the highest first, through the nodes of a row."""
        fast, slow = row
        point, range_ = self.point, self.range
        node = 1
        for _ in range(count):
            p = min(max((fast[node] + slow[node]) >> 1, 32), 65504)
            scale = range_ >> 16
            # A one has c = 0 and f = p. As p is below 2^16 - 1, this is the same as
            # min(point // scale, 2^16 - 1) < p.
            if point < scale * p:
                range_ = scale * p
                fast[node] += (65535 - fast[node]) >> 4
                slow[node] += (65535 - slow[node]) >> 7
                node = 2 * node + 1
            else:
                point -= scale * p
                range_ = scale * (65536 - p)
                fast[node] -= fast[node] >> 4
                slow[node] -= slow[node] >> 7
                node = 2 * node
            if range_ < 2**32:
                following = self.data[self.pos:self.pos + 4].ljust(4, b"\0")
                self.pos += 4
                # The mask matters only where no encoder wrote the payload.
                point = (point << 32 | int.from_bytes(following, "big")) & (2**64 - 1)
                range_ <<= 32
        self.point, self.range = point, range_
        return node - (1 << count)

    def bit(self, p):
        scale = self.range >> 16
        bit = int(self.point < scale * p)
        self.advance(scale, 0 if bit else p, p if bit else 65536 - p)
        return bit

    def symbol(self, cumulative):
        """A symbol of frequencies out of 2^15, given up to and with each."""
        scale = self.range >> 15
        symbol = bisect.bisect_right(cumulative, min(self.point // scale, 2**15 - 1))
        c = cumulative[symbol - 1] if symbol else 0
        self.advance(scale, c, cumulative[symbol] - c)
        return symbol

    def advance(self, scale, c, f):
        self.point = (self.point - scale * c) & (2**64 - 1)
        self.range = scale * f
        if self.range < 2**32:
            following = self.data[self.pos:self.pos + 4].ljust(4, b"\0")
            self.pos += 4
            self.point = (self.point << 32 | int.from_bytes(following, "big")) & (2**64 - 1)
            self.range <<= 32


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
    """`chunks` has first frame and offset of each; returns whether there is a pad."""
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
    require(not pad or header.source >= WAV_CANONICAL, "pad with source 0 or 1")
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


def decode_stream(data, write):
    """Gives the source file to `write`; returns frames and the MD5 or None."""
    r = Reader(data)
    with place("header"):
        header = read_header(r)
    write(header.canonical_head)
    md5 = AudioMd5(header) if header.has_md5 else None
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
            in_head = in_head and block_type == HEAD
        else:
            in_head = False
            with place("chunk %d at byte %d" % (len(chunks), offset)):
                require(not tails, "a chunk after a tail block")
                pcm = read_chunk(r, header, frames)
            chunks.append((frames, offset))
            frames += len(pcm) // header.frame_bytes
            if md5:
                md5.add(pcm)
            write(pcm_to_source(header, pcm))

    digest = md5.digest() if md5 else None
    tail = b"".join(tails)
    with place("trailer"):
        pad = read_trailer(r, header, frames, chunks, len(tail), digest)
        require(r.pos == len(data), "%d bytes follow it" % (len(data) - r.pos))
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


def check(path):
    sha256 = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            frames, md5 = decode_stream(file.read(), sha256.update)
    except (StreamError, OSError) as error:
        print("%s: %s" % (path, error_text(error)))
        return False
    print("%s: ok, %d frames, md5 %s, file sha256 %s"
          % (path, frames, md5.hex() if md5 else "none", sha256.hexdigest()))
    return True


def decode(path, out_path):
    try:
        with open(path, "rb") as file:
            data = file.read()
        with sys.stdout.buffer if out_path == "-" else open(out_path, "wb") as out:
            decode_stream(data, out.write)
    except (StreamError, OSError) as error:
        print("%s: %s" % (path, error_text(error)), file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "--check":
        sys.exit(0 if all([check(path) for path in sys.argv[2:]]) else 1)
    if len(sys.argv) == 3:
        sys.exit(0 if decode(*sys.argv[1:]) else 1)
    sys.exit(__doc__)
