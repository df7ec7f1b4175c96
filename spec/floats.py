"""The numbers 1 and 3 of the adaptive payload, written from adaptive.md; for adaptive.py."""

import math
import struct
import types

from arithmetic import single
from conventions import RangeDecoder, require, unfolded


class Coder(RangeDecoder):
    """A range coder of its own, with nodes that are made when they are first needed."""

    def __init__(self, data):
        super().__init__(data)
        self.nodes = {}

    def learning_bit(self, *node):
        fast, slow = self.nodes.get(node, (32768, 32768))
        bit = self.bit(min(max((fast + slow) >> 1, 32), 65504))
        if bit:
            fast, slow = fast + ((65535 - fast) >> 4), slow + ((65535 - slow) >> 7)
        else:
            fast, slow = fast - (fast >> 4), slow - (slow >> 7)
        self.nodes[node] = fast, slow
        return bit

    def plain(self, bits):
        number = 0
        while bits > 0:
            now = min(bits, 16)
            scale, place = self.find(now)
            self.advance(scale, place, 1)
            number = number << now | place
            bits -= now
        return number

    def length(self, most, *nodes):
        length = 0
        while length < most and self.learning_bit(*nodes, length):
            length += 1
        return length

    def number(self, most, *nodes):
        """A number, and its length."""
        length = self.length(most, *nodes)
        return (1 << (length - 1) | self.plain(length - 1) if length else 0), length


class Last:
    """The latest bits of each kind, for each channel."""

    def __init__(self, bits):
        self.mask, self.last = (1 << bits) - 1, {}

    def get(self, channel):
        return self.last.get(channel, 0)

    def add(self, channel, bit):
        self.last[channel] = (self.get(channel) << 1 | bit) & self.mask


def read_precision(r, header):
    if header.bits == 32:
        return 24
    precision = r.u8()
    require(precision in (24, 53), "a precision of %d bits" % precision)
    return precision


def read_exceptions(r, header, samples):
    count = r.varint()
    require(1 <= count <= samples // 32 + 8, "%d exceptions" % count)
    runs, end = [], 0
    for _ in range(count):
        start = end + r.varint()
        end = start + r.varint() + 1
        require(end <= samples, "an exception behind the end")
        runs.append((start, end, r.take(header.bits // 8)))
    return runs


def to_pcm(header, values, runs, frames):
    """The floats of all channels, interleaved, with the exceptions."""
    size = header.bits // 8
    pcm = bytearray().join(struct.pack("<f" if size == 4 else "<d", value) for value in values)
    for start, end, bits in runs:
        for at in range(start, end):
            place = size * (at % frames * header.channels + at // frames)
            pcm[place:place + size] = bits
    return bytes(pcm)


def round_to(precision, x):
    return single(x) if precision == 24 else x


def float_bits(precision, x):
    return int.from_bytes(struct.pack("<f" if precision == 24 else "<d", x), "little")


def from_bits(precision, bits):
    kind, size = ("<f", 4) if precision == 24 else ("<d", 8)
    return struct.unpack(kind, bits.to_bytes(size, "little"))[0]


class Scaled:
    def __init__(self, r, header, frames):
        self.header, self.frames = header, frames
        self.precision = read_precision(r, header)
        scale = r.u8()
        self.factors, form = None, 0
        if scale == 63:
            form = r.u8()
            self.steps = 1 << (form >> 2)
            require(form >> 2 <= 60, "a grid of 2^-%d" % (form >> 2))
            count = header.channels if form & 1 else 1
            self.factors = [struct.unpack("<d", r.take(8))[0] for _ in range(count)]
            self.factors *= header.channels // count
            require(all(2.0**-1022 <= factor < math.inf for factor in self.factors),
                    "a factor that is no normal number above 0")
        else:
            self.n, self.convention = 1 << (scale & 63), scale >> 6
            most = 1 << (31 if self.convention else 60)
            require(self.n <= most and (self.convention == 0 or self.n > 1), "a wrong scale")
        width = r.u8()
        self.bits = width & 63
        require(1 <= self.bits <= 32, "a width of %d" % self.bits)
        self.runs = read_exceptions(r, header, frames * header.channels) if width & 64 else []
        self.zeros = Coder(r.take(r.varint())) if width & 128 else None
        self.corrections = Coder(r.take(r.varint())) if form & 2 else None

    def to_pcm(self, channels):
        before, negatives = {}, Last(2)
        state = types.SimpleNamespace(any=Last(4), negative=Last(2), length={})
        values = []
        for frame in zip(*channels):
            for c, x in enumerate(frame):
                correction = self.correction(state, c) if self.corrections else 0
                negative = 0
                if x == 0 and self.zeros:
                    last = before.get(c, 0)
                    sign = (last > 0) - (last < 0)
                    negative = self.zeros.learning_bit(sign, negatives.get(c))
                    negatives.add(c, negative)
                before[c] = x
                values.append(-0.0 if negative else self.value(c, x, correction))
        return to_pcm(self.header, values, self.runs, self.frames)

    def correction(self, state, c):
        coder = self.corrections
        any_ = coder.learning_bit("any", state.any.get(c))
        state.any.add(c, any_)
        if not any_:
            return 0
        negative = coder.learning_bit("negative", state.negative.get(c))
        state.negative.add(c, negative)
        size, state.length[c] = coder.number(30, "length", state.length.get(c, 0))
        return -1 - size if negative else 1 + size

    def value(self, channel, x, correction):
        if self.factors is None:
            return self.full_scale(x)
        product = x * self.factors[channel]
        if self.steps > 1:
            product = product * self.steps + 0.5
            # A double of 2^52 or more is an integer, or infinite.
            product = product if abs(product) >= 2.0**52 else float(math.floor(product))
            return round_to(self.precision, (product + correction) / self.steps)
        product = round_to(self.precision, product)
        if correction == 0:
            return product
        width = 32 if self.precision == 24 else 64
        half = 1 << (width - 1)
        bits = float_bits(self.precision, product)
        place = bits if bits < half else half - 1 - bits         # sorts like the float
        place = (place + correction + half) % (2 * half) - half
        corrected = from_bits(self.precision, place if place >= 0 else half - 1 - place)
        return math.inf if math.isnan(corrected) else corrected

    def full_scale(self, x):
        n = float(self.n)
        if self.convention == 3:
            if self.precision == 24:
                return single(single(x) * single(1.0 / (n - 1.0)))
            return x * (1.0 / (n - 1.0))
        if self.convention == 1 or self.convention == 2 and x >= 0:
            n -= 1.0
        return round_to(self.precision, x / n)


class Truncated:
    def __init__(self, r, header, frames):
        self.header, self.frames = header, frames
        self.precision = self.digits = read_precision(r, header)
        self.bias = 127 if self.precision == 24 else 1023
        self.power = unfolded(r.varint())
        self.deepest = self.bias + self.digits - 2
        require(23 - self.bias <= self.power <= self.deepest, "a unit that no float has")
        width = r.u8()
        self.bits = width & 63
        require(width < 128 and 1 <= self.bits <= 32, "a width of %d" % width)
        self.runs = read_exceptions(r, header, frames * header.channels) if width & 64 else []
        self.rests = Coder(r.take(r.varint()))
        self.same, self.zero, self.negative, self.clear = Last(2), Last(2), Last(2), Last(1)

    def to_pcm(self, channels):
        values = []
        for frame in zip(*channels):
            before = None
            for c, x in enumerate(frame):
                missing = self.missing(abs(x)) if x else 0
                rest = 0
                if x == 0 or missing > 0:
                    same = 0
                    if before and before[0] == abs(x):
                        same = self.rests.learning_bit("same", self.same.get(c))
                        self.same.add(c, same)
                    if same:
                        rest = before[1]
                    else:
                        rest = self.lowest(c, missing) if x else self.small(c)
                before = abs(x), rest
                values.append(self.large(x, missing, rest) if x else self.signed(c, rest))
        return to_pcm(self.header, values, self.runs, self.frames)

    def missing(self, magnitude):
        return min(self.digits - magnitude.bit_length(), self.deepest - self.power)

    def large(self, x, missing, rest):
        m = abs(x) << missing | rest if missing > 0 else abs(x) >> -missing
        exponent = -self.power - missing
        most = self.bias + 1 - self.digits
        infinite = exponent > most and m.bit_length() + exponent > self.bias + 1
        value = math.inf if infinite else math.ldexp(m, exponent)
        return -value if x < 0 else value

    def small(self, c):
        """A float of which the number is 0: its bits without the sign."""
        zero = self.rests.learning_bit("zero", self.zero.get(c))
        self.zero.add(c, zero)
        if zero:
            return 0
        highest = max(0, self.bias - 1 - self.power)
        below, _ = self.rests.number(11, "exponent")
        stored = self.digits - 1
        return max(highest - below, 0) << stored | self.lowest(c, stored)

    def signed(self, c, rest):
        node = 4 * (rest == 0) + self.negative.get(c)
        negative = self.rests.learning_bit("negative", node)
        self.negative.add(c, negative)
        value = from_bits(self.precision, rest)
        return -value if negative else value

    def lowest(self, c, k):
        zeros = self.rests.length(k, k, self.clear.get(c))
        self.clear.add(c, int(zeros == k))
        if zeros == k:
            return 0
        return (self.rests.plain(k - zeros - 1) << 1 | 1) << zeros
