"""The parameter set fast of the adaptive method; see adaptive.md."""

import bisect
import math

from arithmetic import clamp, single, singles, tree_of_singles
from filters import Combined, Float, Integer, Lagged, scale_for, settled

# Prediction


class Channel:
    def __init__(self, sees, bits, low, high, values, pasts, matches):
        A, B = (15, 8) if sees else (15, 0)
        self.base = Lagged(A, B, 0.998, 100.0, (2, 8, 64), 0.0 if B else 20.0, pasts)
        self.last = Combined(4, 0.996, 1.0, (16, 16, 16))
        self.unit = 2.0**(16 - min(bits, 16))
        self.low, self.high, self.values = low, high, values
        scale = scale_for(max(high, -low) * self.unit)
        self.cascade = [Integer(512, 0.2, scale), Integer(128, 0.2, scale),
                        Float(32, 0.08), Float(16, 0.06)]
        self.residuals = Residuals(pasts[0].size / self.unit)
        self.matches = matches
        self.x, self.y = [0.0] * 16, [0.0] * 8      # the newest first
        self.sample = 0.0
        self.numbers = []

    def decode(self, other, tokens, raw):
        """The next number; False where there is none. `other` is the partner, or None."""
        self.y = [other.sample if other else 0.0] + self.y[:-1]
        base = self.base.predict(self.x, self.y)
        base = clamp(base, self.low * self.unit, self.high * self.unit)
        inputs = [stage.prediction for stage in self.cascade] + [0.0] * 4
        prediction = base + self.last.predict(inputs)

        number = self.matches.decode(self.numbers, tokens)
        if number is None:
            number = self.decode_residual(prediction, tokens, raw)
        if number is None:
            return False
        self.numbers.append(number)

        self.sample = sample = number * self.unit
        self.matches.learn(self.numbers, abs(sample - prediction) >= 0.5 * self.unit)
        self.x = [sample] + self.x[:-1]
        self.base.update(self.x, self.y)
        target = sample - base
        self.last.update(inputs, target, sample - prediction)
        for stage, predicted, weight in zip(self.cascade, inputs, self.last.weights):
            target = settled(target)
            stage.step(single(target))
            target -= clamp(weight, 0.0, 1.0) * predicted
        return True

    def decode_residual(self, prediction, tokens, raw):
        """The next number; None where there is none."""
        scaled = clamp(prediction / self.unit, self.low, self.high)
        values = self.values
        if values:
            near = nearest(values, scaled)
            value, below, above = values[near], near, len(values) - 1 - near
        else:
            near = value = math.floor(scaled + 0.5)
            below, above = near - self.low, self.high - near
        u = self.residuals.decode(tokens, raw)
        if u > below + above:
            return None
        if scaled > value:
            number = near - unfolded_within(u, above, below)
        else:
            number = near + unfolded_within(u, below, above)
        return values[number] if values else number


def nearest(values, place):
    """The rank of the value that is nearest to a place, the higher one of two."""
    above = bisect.bisect_right(values, place)
    if above == 0 or above < len(values) and 2.0 * place >= values[above - 1] + values[above]:
        return above
    return above - 1


def unfolded_within(u, below, above):
    """The integer from -below to above."""
    both = min(below, above)
    if u <= 2 * both:
        return -(u + 1) // 2 if u & 1 else u // 2
    return u - both if below <= above else both - u


# Residuals


RAW_OF_BIN = [0] * 16 + [1] * 8 + [3] * 4 + [5] * 2 + [7]      # the escape has none
FIRST_OF_BIN = [sum(1 << raw for raw in RAW_OF_BIN[:s]) for s in range(31)]
MEAN_SHIFTS = (2, 4, 5, 7)
KEEP = single(1.0 - single(0.02))


def start_row(mean):
    sums = [0.0] * 31
    for scale, share in ((0.6, 0.3), (1.0, 0.5), (1.7, 0.2)):
        m = mean * scale
        theta = m / (m + 1.0)
        tail = 1.0
        for s in range(31):
            for _ in range(1 << RAW_OF_BIN[s]):
                tail *= theta
            sums[s] += share * (1.0 - tail)
    return [int(sums[s] * 65400.0) + 4 * s for s in range(31)] + [65535]


START_ROWS = [[start_row(factor * 2.0 ** (c // 8) * (1.0 + c % 8 / 8.0)) for c in range(64)]
              for factor in (0.0625, 0.125)]


def level(mean):
    x = mean | 8
    e = x.bit_length() - 1
    return 8 * (e - 16) + (x >> (e - 3) & 7)


class Residuals:
    def __init__(self, size):
        self.rows = {}                  # of (distribution, set, context): row and seen
        self.means = [math.trunc(size * 1.6 * 65536.0)] * 4
        self.age = 8
        self.weights = [0.25] * 4
        self.scaled = [16384] * 4

    def decode(self, tokens, raw):
        levels = [level(mean) for mean in self.means]
        k = max(((levels[1] + levels[2]) >> 4) - 2, 0)
        offset = 24 - 8 * k if k else 32
        rows = [self.row(i, min(k, 1), min(max(l + offset, 0), 63))
                for i, l in enumerate(levels)]
        symbol = tokens.symbol(self.mixture(rows))
        if symbol < 31:
            below = RAW_OF_BIN[symbol] + k
            u = (FIRST_OF_BIN[symbol] << k) + raw.take(below)
        else:
            length = min(raw.take(6), 40)
            v = raw.take(length) + (1 << length)
            u = ((v << k) + raw.take(k)) & (2**64 - 1)
        self.learn(rows, symbol)

        self.age += 1
        young = self.age.bit_length()
        x = min(u, 1 << 40) << 16
        self.means = [mean + ((x - mean) >> min(shift, young))
                      for mean, shift in zip(self.means, MEAN_SHIFTS)]
        return u

    def row(self, i, number, context):
        key = i, number, context
        if key not in self.rows:
            self.rows[key] = [START_ROWS[number][context], 0]
        return self.rows[key]

    def mixture(self, rows):
        (a, _), (b, _), (c, _), (d, _) = rows
        wa, wb, wc, wd = self.scaled
        sums = [(a[s] * wa >> 16) + (b[s] * wb >> 16) + (c[s] * wc >> 16) + (d[s] * wd >> 16)
                for s in range(31)]
        return [(x >> 1) - (x >> 11) + s + 1 for s, x in enumerate(sums)] + [32768]

    def learn(self, rows, symbol):
        likely = []
        for entry in rows:
            row, seen = entry
            below = row[symbol - 1] if symbol else 0
            likely.append(row[symbol] - below + 1.0)
            rate = 65536 // (24 + seen)
            entry[0] = ([c - (c * rate >> 16) for c in row[:symbol]]
                        + [c + ((65535 - c) * rate >> 16) for c in row[symbol:]])
            entry[1] = min(seen + 1, 255)
        weighted = singles([l * w for l, w in zip(likely, self.weights)])
        scale = single(single(0.02) / tree_of_singles(weighted))
        kept = singles([w * KEEP for w in self.weights])
        gained = singles([w * scale for w in weighted])
        weights = singles([a + b for a, b in zip(kept, gained)])
        weights = [max(w, single(0.005)) for w in weights]
        norm = single(1.0 / tree_of_singles(weights))
        self.weights = singles([w * norm for w in weights])
        self.scaled = [int(single(w * 65535.0)) for w in self.weights]
