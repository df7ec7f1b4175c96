"""The payload of the adaptive method, written from adaptive.md; for decoder.py.

fast.py and deep.py have the models, parameter_sets.py what the deep ones are made of.
"""

import bisect
import collections
import struct
import types

import deep
import fast
import parameter_sets
from arithmetic import single
from conventions import (Malformed, RangeDecoder, RawBits, Reader, require, s_to_pcm, support,
                         to_signed, unfolded)

INTEGERS, SCALED_FLOATS, ORDERED_FLOATS = range(3)
CODED, FOLLOWS, CONSTANT_CHANNEL = range(3)


def decode(header, frames, wasted, payload):
    support(header.bits <= 32 and header.channels <= 32,
            "the adaptive method with this format or so many channels")
    r = Reader(payload, beyond=Malformed)
    parameter_set = r.u8()
    support(parameter_set <= 2, "an unknown parameter set")
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
        channels = decode_numbers(parameter_set, partners, frames, bits, low, high, tokens, raw)
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


def decode_numbers(parameter_set, partners, frames, bits, low, high, tokens, raw):
    """The numbers of each coded channel, by turn; None where one is beyond the range."""
    if parameter_set == 0:
        channels = [fast.Channel(partner != turn, bits, low, high)
                    for turn, partner in enumerate(partners)]
    else:
        table = (parameter_sets.STANDARD, parameter_sets.MAX)[parameter_set - 1]
        channels = [deep.Channel(table, partner != turn, bits, low, high)
                    for turn, partner in enumerate(partners)]
    for _ in range(frames):
        for channel, partner in zip(channels, partners):
            other = channels[partner] if channels[partner] is not channel else None
            if not channel.decode(other, tokens, raw):
                return None
    return [channel.numbers for channel in channels]


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
