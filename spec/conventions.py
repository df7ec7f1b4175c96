"""What every part of decoder.py needs: errors, fields, the range coder, samples."""

import bisect


class StreamError(Exception): pass
class Malformed(StreamError): pass
class Unsupported(StreamError): pass
class Truncated(StreamError): pass
class Missing(StreamError): pass        # the model was not found
class Unfit(StreamError): pass          # the model was found, but cannot be used


def require(condition, message):
    if not condition:
        raise Malformed(message)


def support(condition, message):
    if not condition:
        raise Unsupported(message)


class Reader:
    """Reads the fields of a byte string; `beyond` is the error behind its end."""

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
        """Decodes a symbol by cumulative frequencies out of 2^15, each including its own."""
        scale, number = self.find(15)
        symbol = bisect.bisect_right(cumulative, number)
        c = cumulative[symbol - 1] if symbol else 0
        self.advance(scale, c, cumulative[symbol] - c)
        return symbol

    def find(self, m):
        """The scale of frequencies out of 2^m, and the number that selects one."""
        scale = self.range >> m
        return scale, min(self.point // scale, 2**m - 1)

    def advance(self, scale, c, f):
        self.point = (self.point - scale * c) & (2**64 - 1)
        self.range = scale * f
        if self.range < 2**32:
            following = self.data[self.pos:self.pos + 4].ljust(4, b"\0")
            self.pos += 4
            self.point = (self.point << 32 | int.from_bytes(following, "big")) & (2**64 - 1)
            self.range <<= 32


def unfolded(u):
    return -(u + 1) // 2 if u & 1 else u // 2


def to_signed(x, W):
    """The number of -2^(W-1) .. 2^(W-1) - 1 that is equal to x modulo 2^W."""
    half = 1 << (W - 1)
    return ((x + half) & (2 * half - 1)) - half


def value_to_pcm(header, v):
    if header.bits == 8:
        return bytes((v + 128,))
    return v.to_bytes(header.bits // 8, "little", signed=True)


def s_to_pcm(header, wasted, s, sorted_float):
    n = header.bits - wasted
    half = 1 << (n - 1)
    require(-half <= s < half, "a sample of more than %d bits" % n)
    if sorted_float and s < 0:
        s ^= half - 1
    return value_to_pcm(header, s << wasted)
