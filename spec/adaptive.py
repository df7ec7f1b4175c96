"""The payload of the adaptive method, written from adaptive.md; for decoder.py.

fast.py and deep.py have the models, parameter_sets.py what the deep ones are made of;
matches.py has what was heard before, and floats.py has the numbers 1 and 3.
"""

import collections
import functools

import deep
import fast
import parameter_sets
from conventions import (Malformed, RangeDecoder, RawBits, Reader, require, s_to_pcm, support,
                         to_signed, unfolded)
from floats import Scaled, Truncated
from matches import Matches
from pasts import Past

INTEGERS, SCALED_FLOATS, ORDERED_FLOATS, TRUNCATED_FLOATS = range(4)
CODED, FOLLOWS, CONSTANT_CHANNEL = range(3)
BITMAP, LINE, MU_LAW, A_LAW = range(4)


def decode(header, frames, wasted, payload):
    support(header.channels <= 32, "the adaptive method with so many channels")
    r = Reader(payload, beyond=Malformed)
    new_channel = read_model(r)
    flags = r.u8()
    support(flags < 64, "bits 6-7 of the flags")
    numbers = flags & 3
    allowed = {0: (INTEGERS,), 32: (SCALED_FLOATS, ORDERED_FLOATS, TRUNCATED_FLOATS),
               64: (SCALED_FLOATS, TRUNCATED_FLOATS)}[header.bits if header.float else 0]
    require(numbers in allowed, "numbers that do not fit the format")
    bits = header.bits - wasted
    floats = None
    if numbers in (SCALED_FLOATS, TRUNCATED_FLOATS):
        require(wasted == 0, "floats with wasted bits")
        kind = Scaled if numbers == SCALED_FLOATS else Truncated
        floats = kind(r, header, frames)
        bits = floats.bits
    kinds = read_channel_kinds(r, header.channels, flags & 4)
    coded = sum(kind == CODED for kind, _ in kinds)
    tables = read_tables(r, coded, frames, bits) if flags & 8 else [None] * coded
    turns, partners = list(range(coded)), [max(turn - 1, 0) for turn in range(coded)]
    delays = [0] * coded
    if coded > 1:
        partners[0] = 1
    if flags & 16:
        turns, partners, delays = [list(r.take(coded)) for _ in range(3)]
        require(sorted(turns) == list(range(coded)) and max(partners, default=0) < max(coded, 1),
                "an order of channels that do not exist")
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if flags & 32:
        above, below = r.varint(), r.varint()
        require(above + below < 1 << bits, "a range without a value")
        low, high = low + above, high - below
    pasts = [Past(byte) for byte in r.take(coded)]

    channels = []
    raw = RawBits(r.take(r.varint() if coded else 0))
    if coded:
        tokens = RangeDecoder(payload[r.pos:])
        channels = [new_channel(partner != turn, bits, low, high, tables[channel],
                                (pasts[turn], pasts[partner]), Matches(frames))
                    for turn, (channel, partner) in enumerate(zip(turns, partners))]
        require(decode_numbers(channels, partners, delays, frames, tokens, raw),
                "a number beyond the range")
        channels = [channels[turns.index(channel)].numbers for channel in range(coded)]
    else:
        require(r.pos == len(payload), "bytes that no channel needs")
    require(raw.done(), "raw bits that nothing needs")
    channels = all_channels(kinds, channels, frames, bits)
    if floats:
        return floats.to_pcm(channels)
    return b"".join(s_to_pcm(header, wasted, s, header.float)
                    for frame in zip(*channels) for s in frame)


def read_model(r):
    """What makes a channel of the model."""
    first = r.u8()
    parameter_set = first & ~0x40
    support(parameter_set <= 2, "an unknown parameter set")
    settings = 0
    if first & 0x40:
        support(parameter_set > 0, "settings of the parameter set fast")
        settings = r.u8()
        require(settings > 0, "settings that are all the usual ones")
    if parameter_set == 0:
        new = fast.Channel
    else:
        table = (parameter_sets.STANDARD, parameter_sets.MAX)[parameter_set - 1]
        new = functools.partial(deep.Channel, parameter_sets.changed(table, settings))

    def new_channel(sees, bits, low, high, values, pasts, matches):
        if values:
            low, high = values[0], values[-1]
        return new(sees, bits, low, high, values, pasts, matches)

    return new_channel


def decode_numbers(channels, partners, delays, frames, tokens, raw):
    """Decodes the numbers of each channel, by turn; False where one is beyond the range."""
    for step in range(frames + max(delays)):
        for channel, partner, delay in zip(channels, partners, delays):
            other = channels[partner] if channels[partner] is not channel else None
            if delay <= step < delay + frames and not channel.decode(other, tokens, raw):
                return False
    return True


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


def read_tables(r, coded, frames, bits):
    """The values of each coded channel, in rising order; None where it has no table."""
    numbers = r.take(coded)
    count = 0
    for number in numbers:
        require(number <= count + 1, "table %d, but %d came before" % (number, count))
        count = max(count, number)
    require(count > 0, "tables that no channel has")
    tables = [None] + [read_table(r, min(2**17, 512 * frames), bits) for _ in range(count)]
    return [tables[number] for number in numbers]


def read_table(r, most, bits):
    form = r.u8()
    support(form <= A_LAW, "a table of form %d" % form)
    half = 1 << (bits - 1)
    if form == BITMAP:
        low, span, bitmap = unfolded(r.varint()), r.varint(), r.take(r.varint())
        require(-2**31 <= low < 2**31 and 1 <= span <= most and low + span <= 2**31,
                "a table of numbers that do not exist")
        values = read_bitmap(low, span, bitmap)
    elif form == LINE:
        shift, factor, bias = r.u8(), r.varint(), r.varint()
        first, count = unfolded(r.varint()), r.varint()
        shift, mirrored = shift & 127, shift >> 7
        require(shift <= 62 and -2**31 <= first < 2**31 and 1 <= count <= most, "a wrong line")
        values = []
        for k in range(first, first + count):
            sign = -1 if mirrored and k < 0 else 1
            values.append(min(max(sign * (sign * k * factor + bias >> shift), -half), half - 1))
        require(all(a < b for a, b in zip(values, values[1:])), "values that do not rise")
    else:
        sizes = set(law(form))
        values = sorted({-size for size in sizes} | sizes)
    require(values and -half <= values[0] and values[-1] < half,
            "a table without values, or with some of more than %d bits" % bits)
    return values


def law(form):
    """The values of a law that are not negative."""
    for a in range(8):
        for b in range(16):
            if form == MU_LAW:
                yield (2 * b + 33 << a) - 33
            else:
                yield 2 * b + 33 << a - 1 if a else 2 * b + 1


def read_bitmap(low, span, bitmap):
    """The values that occur, in rising order."""
    tokens = RangeDecoder(bitmap)
    estimates = collections.defaultdict(lambda: (32768, 32768))
    occurring = set()
    end = low + span
    for numbers in range(max(low, 0), end), range(min(end, 0) - 1, low - 1, -1):
        before = gaps = gap = alike = 0
        for v in numbers:
            nodes = [("long", before & 0xFFFF), ("gaps", (gaps << 4 | gap) & 0xFFFF),
                     ("short", before & 0xFF)]
            mirror = -v in occurring
            if v < 0 and -v < end:
                nodes.append(("mirror", 2 * alike + mirror))
            p = max((probability(*estimates[node]) for node in nodes),
                    key=lambda p: abs(p - 32768))       # the first of equal ones
            bit = tokens.bit(p)
            for node in nodes:
                estimates[node] = learnt(*estimates[node], bit)
            before = before << 1 & 0xFFFF | bit
            if bit:
                occurring.add(v)
                gaps, gap = (gaps << 4 | gap) & 0xFFF, 0
            else:
                gap = min(gap + 1, 15)
            alike = alike << 1 & 7 | (bit == mirror)
    return sorted(occurring)


def probability(fast, slow):
    return min(max((fast + slow) >> 1, 32), 65504)


def learnt(fast, slow, bit):
    if bit:
        return fast + ((65535 - fast) >> 4), slow + ((65535 - slow) >> 7)
    return fast - (fast >> 4), slow - (slow >> 7)
