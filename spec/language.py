"""The payload of the language method, written from language.md.

checkpoints.py finds the model that a header names, transformer.py computes its predictions.
"""

import bisect
import collections
import types
import zlib

from arithmetic import exp_minus, singles
from conventions import (Malformed, RangeDecoder, Reader, Unfit, require, s_to_pcm, support,
                         to_signed)
from transformer import logits

CHARACTERS = 128
WHOLE, SINGLE = 0, 1                            # the kind of a stream's tokens
ALL_ZERO, ALL_ONE, PACKED, MODELLED = range(4)
TOTAL = 24


def read_use(r):
    """Reads the part of a header that names the model and its use."""
    use = types.SimpleNamespace()
    length = r.varint()
    require(length <= 255, "a model's name of %d bytes" % length)
    try:
        use.name = r.take(length).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a model's name that is no UTF-8") from None
    use.hash = r.take(32)
    use.precision = r.u8()
    support(use.precision <= 1, "precision %d of a language model" % use.precision)
    use.probe = r.u32()
    use.tokens = r.u8()
    support(use.tokens <= SINGLE, "tokens of kind %d" % use.tokens)

    def number(name, least, most):
        value = r.varint()
        require(least <= value <= most, "a %s of %d" % (name, value))
        return value

    use.top_k = number("top-k", 0, 2**20)
    use.context = number("context", 1, 2**17)
    use.lockstep = number("lockstep", 1, 2**12)
    use.blocking = number("blocking", 0, 2**32 - 1)
    return use


class Alphabet:
    """The tokens that a text can be made of, in the order of their symbols."""

    def __init__(self, vocabulary, kind):
        if kind == SINGLE:
            self.tokens = vocabulary.characters
        else:
            self.tokens = [token for token, spelled in enumerate(vocabulary.tokens)
                           if spelled and max(spelled) < CHARACTERS]
        self.spelled = [vocabulary.tokens[token] for token in self.tokens]


class Model:
    """A model and its use; `use` is from a header."""

    def __init__(self, transformer, vocabulary, use):
        self.transformer, self.vocabulary, self.use = transformer, vocabulary, use
        probe = self.probe()
        if probe != use.probe:
            raise Unfit("the model's probe is %08x, not %08x" % (probe, use.probe))
        if use.context > transformer.shape.positions:
            raise Unfit("contexts of %d, and the model has %d"
                        % (use.context, transformer.shape.positions))
        self.ways = {}

    def way(self, kind):
        """An alphabet and the matrix for its logits."""
        if kind not in self.ways:
            alphabet = Alphabet(self.vocabulary, kind)
            self.ways[kind] = alphabet, self.transformer.head(alphabet.tokens)
        return self.ways[kind]

    def probe(self):
        alphabet = Alphabet(self.vocabulary, WHOLE if self.vocabulary.cuts else SINGLE)
        head = self.transformer.head(alphabet.tokens)
        context = self.transformer.context()
        text = [(7 * at * at + 13 * at + 65) % CHARACTERS for at in range(31)]
        tokens = [self.vocabulary.characters[character] for character in text]
        crc = 0
        for token in [self.vocabulary.beginning] + tokens:
            values = logits(head, self.transformer.step(context, token))
            for f in Distribution(values, 0).frequencies:
                crc = zlib.crc32(f.to_bytes(4, "little"), crc)
        return crc


class Distribution:
    """Frequencies of symbols, out of 2^24."""

    def __init__(self, values, top_k):
        highest = max(values)
        weights = [int(e * 2.0**30)
                   for e in exp_minus(singles([highest - value for value in values]))]
        likeliest = values.index(highest)
        total = sum(weights)
        self.count, self.chosen = len(values), None
        if 0 < top_k < len(values):
            best = sorted(range(len(values)), key=lambda symbol: -values[symbol])[:top_k]
            self.chosen = sorted(best)
            likeliest = self.chosen.index(likeliest)
            weights = [weights[symbol] for symbol in self.chosen]
        symbols = len(weights) + (self.chosen is not None)
        rate = float(2**TOTAL - symbols) / float(total)
        shares = weights
        if self.chosen is not None:
            shares = weights + [total - sum(weights)]
        self.frequencies = [1 + int(share * rate) for share in shares]
        self.frequencies[likeliest] += 2**TOTAL - sum(self.frequencies)

    def decode(self, tokens):
        """Takes a symbol off the token stream."""
        scale, number = tokens.find(TOTAL)
        at = before = 0
        while before + self.frequencies[at] <= number:
            before += self.frequencies[at]
            at += 1
        tokens.advance(scale, before, self.frequencies[at])
        if self.chosen is None:
            return at
        if at < len(self.chosen):
            return self.chosen[at]
        return self.decode_other(tokens)

    def decode_other(self, tokens):
        others = [symbol for symbol in range(self.count) if symbol not in set(self.chosen)]
        edges = [(at << TOTAL) // len(others) for at in range(len(others) + 1)]
        scale, number = tokens.find(TOTAL)
        at = bisect.bisect_right(edges, number) - 1
        tokens.advance(scale, edges[at], edges[at + 1] - edges[at])
        return others[at]


def decode(header, model, frames, mapping, wasted, payload):
    """The PCM of a chunk. `model` returns a Model when called, so that a malformed chunk is
    refused without one."""
    n = header.bits - wasted
    b = -(-n // 8)
    use = header.model
    segment = use.context // (header.channels * b)
    require(segment > 0, "a frame that is longer than a context")
    samples = frames * header.channels

    r = Reader(payload, beyond=Malformed)
    flags = r.u8()
    support(flags <= 1, "flags %02x" % flags)
    kind_bits = int.from_bytes(r.take(-(-b // 4)), "little")
    require(kind_bits < 4**b, "plane kinds beyond the planes")
    kinds = [kind_bits >> (2 * j) & 3 for j in range(b)]
    packed_bits = kinds.count(PACKED) * samples
    section = r.take(-(-packed_bits // 8))
    require(packed_bits % 8 == 0 or section[-1] & (0xFF >> packed_bits % 8) == 0,
            "the last bits of the plane section are not zero")
    tokens = RangeDecoder(payload[r.pos:])

    model = model()
    way = model.way(SINGLE if flags & 1 else use.tokens)
    lengths = [min(segment, frames - first) * header.channels * b
               for first in range(0, frames, segment)]
    text = []
    for at in range(0, len(lengths), use.lockstep):
        for characters in decode_segments(model, way, lengths[at:at + use.lockstep], tokens):
            text += characters
    us = join_planes(text, kinds, section, tokens)

    W = 8 * b
    values = (u - (1 << (W - 1)) if mapping == 1 else to_signed(u, W) for u in us)
    pcm = [None] * samples
    for place, s in zip(order(frames, header.channels, segment, use.blocking), values):
        pcm[place] = s_to_pcm(header, wasted, s, False)
    return b"".join(pcm)


def decode_segments(model, way, lengths, tokens):
    """The characters of segments that take turns, a token each."""
    alphabet, head = way
    texts = [bytearray() for _ in lengths]
    contexts = [model.transformer.context() for _ in lengths]
    following = [model.vocabulary.beginning] * len(lengths)
    running = list(range(len(lengths)))
    while running:
        for at in running:
            values = logits(head, model.transformer.step(contexts[at], following[at]))
            symbol = Distribution(values, model.use.top_k).decode(tokens)
            following[at] = alphabet.tokens[symbol]
            texts[at] += alphabet.spelled[symbol]
            require(len(texts[at]) <= lengths[at], "a token beyond the end of its segment")
        running = [at for at in running if len(texts[at]) < lengths[at]]
    return texts


def join_planes(text, kinds, section, tokens):
    """Yields the u of each sample, in the order of the text."""
    b = len(kinds)
    packed = (byte >> i & 1 for byte in section for i in range(7, -1, -1))
    nodes = collections.defaultdict(lambda: ([32768] * 2, [32768] * 2))
    for at in range(0, len(text), b):
        u = 0
        for j, character in enumerate(text[at:at + b]):
            if kinds[j] == MODELLED:
                bit = tokens.bits(nodes[j, character], 1)
            elif kinds[j] == PACKED:
                bit = next(packed)
            else:
                bit = int(kinds[j] == ALL_ONE)
            u = u << 8 | character << 1 | bit
        yield u


def order(frames, channels, segment, blocking):
    """The samples of a chunk by their places in its PCM, in the order of the text."""
    for start in range(0, frames, segment):
        end = min(start + segment, frames)
        length = blocking or 1
        for first in range(start, end, length):
            for channel in range(channels):
                for frame in range(first, min(first + length, end)):
                    yield frame * channels + channel
