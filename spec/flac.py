"""FLAC files from audio and decisions, written from flac.md; for decoder.py."""

import collections
import math

from conventions import Malformed, RangeDecoder, Reader, require
from flac_bits import RATE_FIELDS, BitWriter, crc, write_header
from flac_predictors import PARABOLA, WINDOWS, predictor, rounded, usual_shift

CONSTANT, VERBATIM, FIXED, LINEAR = range(4)
NO_WINDOW = 31
FACTORS = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]]
CODED_SIZES = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608}
CODED_SIZES.update((8 + i, 256 << i) for i in range(8))
CODED_BITS = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}
SIDES = {8: 1, 9: 0, 10: 1}                 # the subframe that is a difference
Header = collections.namedtuple(
    "Header", "variable number size size_code rate_code bits_code rate_field channels_code")
Block = collections.namedtuple("Block", "size records end length symbols")


class Restorer:
    """Makes the frames of a FLAC file of blocks and audio."""

    def __init__(self, header):
        self.channels, self.frame_bytes = header.channels, header.frame_bytes
        self.sample_bytes, self.offset = header.bits // 8, 128 if header.bits == 8 else 0
        self.bits = header.valid_bits or header.bits
        self.shift = header.bits - self.bits
        self.most_frames = header.chunk_frames + 65535
        self.blocks, self.pcm = collections.deque(), bytearray()
        self.decided = self.received = self.position = self.decided_bytes = 0

    def take(self, block=None, pcm=b""):
        """Returns the bytes of the file that can be made now."""
        if block is not None:
            self.take_block(block)
        self.pcm += pcm
        self.received += len(pcm) // self.frame_bytes
        require(self.received <= self.decided, "audio without decisions")
        file = bytearray()
        while self.blocks and self.blocks[0].end <= self.received:
            block = self.blocks.popleft()
            self.decisions = Decisions(self.channels, self.bits, RangeDecoder(block.symbols))
            self.verbatim = 0
            end = len(file) + block.length
            for _ in range(block.records):
                file += self.record(block.end)
                require(len(file) <= end, "decisions give more bytes than the block has")
            require(self.position == block.end, "decisions leave out frames")
            require(len(file) == end, "decisions leave out bytes")
        return file

    def take_block(self, data):
        r = Reader(data, beyond=Malformed)
        first, frames, position, length, records = (r.varint() for _ in range(5))
        require(first == self.decided, "decisions from frame %d on" % first)
        require(position == self.decided_bytes, "decisions from byte %d on" % position)
        self.decided += frames
        self.decided_bytes += length
        waiting = self.decided - self.received
        require(waiting <= self.most_frames, "decisions for %d frames wait" % waiting)
        self.blocks.append(Block(len(data), records, self.decided, length, data[r.pos:]))
        size = sum(block.size for block in self.blocks)
        require(size <= 2**21, "%d bytes wait" % size)

    def record(self, end):
        header = self.decisions.record()
        if not isinstance(header, Header):
            verbatim, frames = header
            self.verbatim += len(verbatim)
            require(self.verbatim <= 262144, "a block of %d verbatim bytes" % self.verbatim)
            self.take_frames(frames, end)
            return verbatim
        pcm = self.take_frames(header.size, end)
        size = self.sample_bytes
        channels = [[(int.from_bytes(pcm[at:at + size], "little", signed=not self.offset)
                      - self.offset) >> self.shift
                     for at in range(channel * size, len(pcm), self.frame_bytes)]
                    for channel in range(self.channels)]
        if header.channels_code >= 8:
            left, right = channels
            side = [a - b for a, b in zip(left, right)]
            middle = [(a + b) >> 1 for a, b in zip(left, right)]
            channels = {8: [left, side], 9: [side, right], 10: [middle, side]}[
                header.channels_code]
        return self.decisions.frame(header, channels)

    def take_frames(self, frames, end):
        require(frames <= end - self.position, "decisions for more frames than the block has")
        taken = bytes(self.pcm[:frames * self.frame_bytes])
        del self.pcm[:len(taken)]
        self.position += frames
        return taken

    def finish(self):
        require(not self.blocks and self.position == self.received, "decisions without audio")


class Channel:
    """What a channel had in the frame before."""

    def __init__(self):
        self.kind, self.wasted, self.fixed, self.order, self.precision = LINEAR, 0, 2, 7, 14
        self.window, self.wide, self.coefficients, self.shift = NO_WINDOW, 0, [0] * 32, 0


class Decisions:
    def __init__(self, channels, bits, coder):
        self.bits, self.count, self.coder = bits, channels, coder
        self.before = Header(0, -1, 4096, 12, 9, 4, 0, channels - 1)
        self.channels = [Channel() for _ in range(channels)]
        self.most_partitions, self.scores = 0, [0, 0]
        self.rows = collections.defaultdict(lambda: ([32768] * 64, [32768] * 64))

    # Symbols

    def symbol(self, bits, *model):
        return self.coder.bits(self.rows[model], bits)

    def flag(self, *model):
        return self.symbol(1, *model)

    def plain(self, bits):
        number = 0
        for _ in range(bits):
            number = number << 1 | self.coder.bit(32768)
        return number

    def number(self, *model):
        length = self.symbol(6, *model, "length")
        above = min(length, 2)
        high = self.symbol(above, *model, length)
        return ((1 << above | high) << (length - above) | self.plain(length - above)) - 1

    def signed(self, *model):
        size = min(self.number(*model), 2**63 - 1)
        negative = size != 0 and self.flag(*model, "negative")
        return -size if negative else size

    # Records

    def record(self):
        if self.flag("verbatim"):
            length, frames = self.number("verbatim length"), self.number("verbatim frames")
            require(length <= 65536, "%d verbatim bytes" % length)
            require(frames <= 65535, "%d verbatim frames" % frames)
            require(length > 0 or frames > 0, "an empty record")
            return bytes(self.plain(8) for _ in range(length)), frames
        b = self.before
        number = (b.number + (b.size if b.variable else 1)) % 2**64
        header = b._replace(number=number)
        if not self.flag("usual header"):
            variable, size = self.flag("variable"), self.number("size")
            codes = [self.symbol(4, "code", i) for i in range(3)]
            rate_field = self.number("rate field")
            if not self.flag("usual number"):
                number = self.number("number")
            header = Header(variable, number, size, *codes, rate_field, 0)
        code = self.symbol(4, "channels", b.channels_code)
        self.before = header = header._replace(channels_code=code)
        self.check(header)
        return header

    def check(self, h):
        sizes = {6: range(1, 257), 7: range(1, 65536)}
        require(h.size in sizes.get(h.size_code, [CODED_SIZES.get(h.size_code)]), "a wrong size")
        require(h.rate_code < 15, "a wrong rate")
        require(h.rate_field < 1 << RATE_FIELDS.get(h.rate_code, 0), "a wrong rate field")
        require(h.channels_code == self.count - 1 or h.channels_code in SIDES and self.count == 2,
                "wrong channels")
        require(h.bits_code == 0 or CODED_BITS.get(h.bits_code) == self.bits, "wrong bits")
        require(h.number < 2**36, "a wrong number")

    def frame(self, header, channels):
        """The bytes of a frame, of the samples of its subframes."""
        w = BitWriter()
        write_header(w, header)
        for channel, samples in enumerate(channels):
            bits = self.bits + (SIDES.get(header.channels_code) == channel)
            self.subframe(w, self.channels[channel], channel, samples, bits)
        padding = self.plain(7) if self.flag("padding") else 0
        missing = -w.count % 8
        w.put(padding & ((1 << missing) - 1), missing)
        frame = w.bytes()
        return frame + crc(frame, 16, 0x8005).to_bytes(2, "big")

    # Subframes

    def subframe(self, w, c, channel, samples, bits):
        limit = w.count + 1024 + 128 * len(samples)
        second = int(channel > 0)
        c.kind = self.symbol(2, "kind", second, c.kind)
        if not self.flag("same wasted"):
            c.wasted = self.number("wasted")
            require(c.wasted <= self.bits, "%d wasted bits" % c.wasted)
        samples = [s >> c.wasted for s in samples]
        if c.kind == FIXED:
            c.fixed = self.symbol(3, "fixed", c.fixed)
            order, shift = c.fixed, 0
            require(order <= min(4, len(samples)), "a fixed predictor of order %d" % order)
            coefficients = FACTORS[order]
        elif c.kind == LINEAR:
            self.linear(c, channel, samples)
            order, shift = c.order + 1, c.shift
            coefficients = c.coefficients[:order]

        code = [0, 1, 8 + c.fixed, 32 + c.order][c.kind]
        w.put(code << 1 | (c.wasted > 0), 8)
        if c.wasted:
            w.unary(c.wasted - 1)
        bits -= c.wasted
        require(bits > 0, "all bits are wasted")
        stored = [1, len(samples), c.fixed, c.order + 1][c.kind]
        for s in samples[:stored]:
            w.put(s & ((1 << bits) - 1), bits)
        if c.kind == LINEAR:
            w.put(c.precision, 4)
            w.put(shift, 5)
            for coefficient in coefficients:
                w.put(coefficient & ((2 << c.precision) - 1), c.precision + 1)
        if c.kind >= FIXED:
            residual = [samples[t] - (sum(map(int.__mul__, coefficients,
                                              samples[t - order:t][::-1])) >> shift)
                        for t in range(order, len(samples))]
            self.residual(w, c, order, residual, limit)
        require(w.count <= limit, "a subframe of too many bits")

    def linear(self, c, channel, samples):
        second = int(channel > 0)
        c.order = self.symbol(5, "order", c.order)
        count = c.order + 1
        require(count <= len(samples), "a predictor of order %d" % count)
        if not self.flag("same precision"):
            c.precision = self.symbol(4, "precision")
        require(c.precision <= 14, "a precision of 16 bits")
        before = self.channels[channel - 1 if second else channel].window
        c.window = self.symbol(5, "window", second, before)
        require(c.window < len(WINDOWS) or c.window == NO_WINDOW, "window %d" % c.window)
        found = None
        if c.window != NO_WINDOW:
            found = predictor(samples, WINDOWS[c.window], count)
        known = int(found is not None)
        usual = usual_shift(found, c.precision + 1) if known else c.shift
        c.shift = usual + self.signed("shift", known)
        require(0 <= c.shift < 16, "a shift of %d" % c.shift)
        values = c.coefficients[:count]
        if known:
            values = rounded(found, c.precision + 1, c.shift, c.window == PARABOLA)
        if not self.flag("exact", known):
            size, half = 0, 1 << c.precision
            for at in range(count):
                model = ("difference", size) if known else ("coefficient",)
                difference = self.signed(*model)
                size = min(abs(difference).bit_length(), 3)
                values[at] += difference
                require(-half <= values[at] < half, "a coefficient of %d" % values[at])
        c.coefficients = values + [0] * (32 - count)

    def residual(self, w, c, predicted, residual, limit):
        c.wide = self.flag("wide", c.wide)
        width, size = 4 + c.wide, predicted + len(residual)
        most = (1 << width) - 2
        sums = partition_sums(size, predicted, residual)
        usual = best_order(sums, size, predicted, self.most_partitions, width)
        order = self.symbol(4, "partitions", usual)
        require(size % (1 << order) == 0 and size >> order >= predicted, "too many partitions")
        self.most_partitions = max(self.most_partitions, order)
        w.put(c.wide, 2)
        w.put(order, 4)
        end, last = 0, 0
        for number, (sizes, folds) in enumerate(sums[order]):
            count = (size >> order) - (predicted if number == 0 else 0)
            part = residual[end:end + count]
            end += count
            if self.flag("escape"):
                bits = self.symbol(5, "escape bits")
                w.put(most + 1, width)
                w.put(bits, 5)
                for value in part:
                    w.put(value & ((1 << bits) - 1), bits)
                continue
            rules = [min(rule, most) for rule in (by_size(sizes, count), by_fold(folds, count))]
            parameter = rules[self.scores[1] > self.scores[0]]
            place = (log2(sizes) - log2(max(count, 1))) % 4096 if sizes else 0
            usual = self.flag("best parameter", int(last != 0), place >> 8)
            last = 0 if usual else self.signed("parameter")
            parameter += last
            require(0 <= parameter <= most, "a parameter of %d" % parameter)
            for i in range(2):
                hit = 65536 if rules[i] == parameter else 0
                self.scores[i] += (hit - self.scores[i]) >> 5
            w.put(parameter, width)
            for value in part:
                u = fold(value)
                high = u >> parameter
                require(w.count + high < limit, "a subframe of too many bits")
                w.unary(high)
                w.put(u & ((1 << parameter) - 1), parameter)


# Residuals


def fold(value):
    return 2 * value if value >= 0 else -2 * value - 1


def partition_sums(size, predicted, residual):
    """For each order, the sums of sizes and of folded numbers of each partition."""
    most = 0
    while most < 15 and size % (2 << most) == 0 and size >> (most + 1) >= max(predicted, 1):
        most += 1
    length = size >> most
    parts = []
    for end in range(length, size + 1, length):
        part = residual[max(end - length - predicted, 0):end - predicted]
        parts.append((sum(map(abs, part)) % 2**64, sum(map(fold, part)) % 2**64))
    sums = [parts]
    for _ in range(most):
        parts = [((a[0] + b[0]) % 2**64, (a[1] + b[1]) % 2**64)
                 for a, b in zip(parts[::2], parts[1::2])]
        sums.insert(0, parts)
    return sums


def best_order(sums, size, predicted, most, width):
    least, best = math.inf, 0
    for order in range(min(len(sums) - 1, most), -1, -1):
        bits = 0
        for number, (sizes, _) in enumerate(sums[order]):
            count = (size >> order) - (predicted if number == 0 else 0)
            k = min(by_size(sizes, count), (1 << width) - 2)
            rest = sizes >> (k - 1) if k else 2 * sizes
            bits += width + (k + 1) * count + rest - count // 2
        if bits < least:
            least, best = bits, order
    return best


def by_size(sizes, count):
    if sizes < 2 or count == 0:
        return 0
    return ((sizes - 1) * (2**18 // count) >> 18).bit_length()


def by_fold(folds, count):
    return max((max(folds - count // 2, 0) // count).bit_length() - 1, 0) if count else 0


def log2(x):
    log = x.bit_length() - 1
    m = x << 31 >> log
    for _ in range(12):
        m = m * m >> 31
        one = m >> 32
        m >>= one
        log = 2 * log + one
    return log
