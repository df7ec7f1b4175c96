"""The fast profile of the adaptive method, written from models.md; for decoder.py.

Doubles are Python's floats. A single is a float that is rounded after each operation:
for + - * / of two singles that gives the same bits as computing in single precision.
No sum is left to sum(), which may add in its own way.
"""

import array
import collections
import ctypes
import math

BINS = 32


def single(x):
    return ctypes.c_float(x).value


def singles(values):
    """Rounds each of a list."""
    return array.array("f", values).tolist()


def divided(a, b):
    """a / b as IEEE-754 has it, where b may be zero."""
    if b != 0.0:
        return a / b
    return math.copysign(math.inf, b) * a if a != 0.0 else math.nan


def tree(lanes):
    """The sum of eight lanes: halves onto halves."""
    l0, l1, l2, l3, l4, l5, l6, l7 = lanes
    return ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))


def tree_of_singles(lanes):
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = singles([a + b for a, b in zip(lanes[:half], lanes[half:])])
    return lanes[0]


def dot8(a, b):
    lanes = [0.0] * 8
    for i, (x, y) in enumerate(zip(a, b)):
        lanes[i & 7] += x * y
    return tree(lanes)


def decode(partners, frames, bits, low, high, tokens, raw):
    """The numbers of each coded channel, by turn; None where there is none."""
    states = [Channel(len(partners), bits, low, high) for _ in partners]
    for _ in range(frames):
        for turn, state in enumerate(states):
            partner = partners[turn]
            other = states[partner].sample if partner != turn else 0.0
            if not state.decode(other, tokens, raw):
                return None
    return [state.numbers for state in states]


# Prediction


class Channel:
    def __init__(self, channels, bits, low, high):
        self.base = Base(16, 0) if channels == 1 else Base(12, 4)
        self.long = Lms(512, 0.2)
        self.middle = Lms(32, 0.08)
        self.short = Lms(16, 0.06)
        self.last = LastStage()
        self.residuals = Residuals()
        self.unit = 2.0 ** (16 - min(bits, 16))
        self.low, self.high = low, high
        self.sample = 0.0
        self.numbers = []

    def decode(self, other, tokens, raw):
        base = self.base.predict(other)
        base = base if abs(base) < 1e12 else 0.0
        base = min(max(base, self.low * self.unit), self.high * self.unit)
        inputs = (self.long.prediction, self.middle.prediction, self.short.prediction)
        correction = self.last.predict(inputs)
        correction = correction if abs(correction) < 1e12 else 0.0
        prediction = base + correction

        scaled = min(max(prediction / self.unit, self.low), self.high)
        rounded = math.floor(scaled + 0.5)
        u = self.residuals.decode(tokens, raw)
        below, above = rounded - self.low, self.high - rounded
        if u > below + above:
            return False
        if scaled > rounded:
            number = rounded - unfolded(u, above, below)
        else:
            number = rounded + unfolded(u, below, above)
        self.numbers.append(number)

        self.sample = sample = number * self.unit
        self.base.update(sample)
        target = sample - base
        self.last.update(inputs, target, sample - prediction)
        target = settle(target)
        self.long.step(single(target))
        target = settle(target - inputs[0])
        self.middle.step(single(target))
        target = settle(target - inputs[1])
        self.short.step(single(target))
        return True


def unfolded(u, below, above):
    """The integer from -below to above."""
    both = min(below, above)
    if u <= 2 * both:
        return -(u + 1) // 2 if u & 1 else u // 2
    return u - both if below <= above else both - u


def settle(x):
    return 0.0 if abs(x) < 1e-6 else x


def faded(values):
    return [0.0 if abs(x) < 1e-30 else x for x in values]


class Base:
    """Least squares over A lags of the channel and B of the other one."""

    def __init__(self, A, B):
        self.A, self.B = A, B
        self.own_weights, self.other_weights = [0.0] * A, [0.0] * B
        self.x, self.y = [0.0] * (A + 1), [0.0] * B         # the newest first
        # XX, XY, YX and YY of models.md, and what they were, the newest first.
        self.correlations = ([0.0] * (A + 1), [0.0] * B, [0.0] * (A + 1), [0.0] * B)
        self.past = collections.deque([self.correlations] * (A + 1), A + 1)
        self.time = self.since = 0

    def predict(self, other):
        prediction = dot8(self.own_weights, self.x)
        if self.B:
            self.y = [other] + self.y[:-1]
            prediction += dot8(self.other_weights, self.y)
        return prediction

    def update(self, sample):
        self.x = [sample] + self.x[:-1]
        y0 = self.y[0] if self.B else 0.0
        XX, XY, YX, YY = self.correlations
        self.correlations = (fade_and_add(XX, sample, self.x),
                             fade_and_add(XY, sample, self.y),
                             fade_and_add(YX, y0, self.x),
                             fade_and_add(YY, y0, self.y))
        self.past.appendleft(self.correlations)
        self.time += 1
        self.since += 1
        if self.since >= (2 if self.time < 64 else 8 if self.time < 512 else 64):
            self.since = 0
            self.solve()

    def solve(self):
        A, B, N, past = self.A, self.B, self.A + self.B, self.past
        XX, XY, _, _ = past[0]
        m = [[0.0] * 24 for _ in range(N)]
        for i in range(A):
            m[i][i:A] = past[i + 1][0][:A - i]
            for j in range(B):
                m[i][A + j] = past[i + 1][1][j - i - 1] if j > i else past[j][2][i + 1 - j]
            m[i][N] = XX[i + 1]
        for j in range(B):
            m[A + j][A + j:N] = past[j][3][:B - j]
            m[A + j][N] = XY[j]
        for i in range(N):
            m[i][i] += 100.0
        weights = solution(m)
        self.own_weights, self.other_weights = weights[:A], weights[A:N]
        self.correlations = tuple(map(faded, self.correlations))


def fade_and_add(correlations, newest, lags):
    return [0.999 * c + newest * lag for c, lag in zip(correlations, lags)]


def solution(m):
    """Solves the system m, the right side of which is in column N, the number of rows."""
    N, M = len(m), len(m[0])
    inverse = []
    for k, pivot in enumerate(m):
        inverse.append(1.0 / (pivot[k] if pivot[k] > 1e-9 else 1e-9))
        for i in range(k + 1, N):
            factor = pivot[i] * inverse[k]
            start = i // 8 * 8
            m[i][start:] = [x - factor * p for x, p in zip(m[i][start:], pivot[start:])]
    x = [0.0] * M
    for i in reversed(range(N)):
        start = i // 8 * 8
        x[i] = (m[i][N] - dot8(m[i][start:], x[start:])) * inverse[i]
    return x


class Lms:
    def __init__(self, N, mu):
        self.N, self.recent = N, min(N, 32)
        self.rate = single(single(mu) / N)
        self.weights = [0.0] * N
        self.targets = [0.0] * N        # the oldest first
        self.sum = self.recent_sum = 0.0
        self.steps = 0
        self.prediction = 0.0

    def step(self, target):
        N, recent, before = self.N, self.recent, self.targets
        error = single(target - self.prediction)
        if abs(error) < single(1e-6):
            error = 0.0
        power = single(1.0 + 0.5 * single(self.sum / N))
        power = single(power + 0.5 * single(self.recent_sum / recent))
        power = power if power > 1 else 1.0
        gain = single(divided(single(self.rate * error), power))

        if self.steps > 0 and self.steps % 2048 == 0:
            self.sum, self.recent_sum = squares(before), squares(before[N - recent:])
        self.steps += 1
        new, old, recent_old = target, before[0], before[N - recent]
        self.sum += new * new - old * old
        self.recent_sum += new * new - recent_old * recent_old
        self.targets = after = before[1:] + [target]

        moves = singles([gain * b for b in before])
        self.weights = singles([w + move for w, move in zip(self.weights, moves)])
        products = singles([w * a for w, a in zip(self.weights, after)])
        lanes = [0.0] * recent
        for at in range(0, N, recent):
            lanes = singles([l + p for l, p in zip(lanes, products[at:at + recent])])
        self.prediction = tree_of_singles(lanes)


def squares(values):
    total = 0.0
    for x in values:
        total += x * x
    return total


class LastStage:
    """Least squares that weigh the predictions of the cascade."""

    def __init__(self):
        self.weights = [1.0] * 3
        self.matrix = [[0.0] * 8 for _ in range(3)]
        self.error = 0.0
        self.time = 0

    def predict(self, inputs):
        return dot8(self.weights, inputs)

    def update(self, inputs, target, error):
        root = math.sqrt(self.error + 2.0)
        weight = 1.0 / (root * math.sqrt(root))
        self.error += 0.01 * (abs(error) - self.error)
        columns = inputs + (target, 0.0, 0.0, 0.0, 0.0)
        for i, row in enumerate(self.matrix):
            scale = weight * inputs[i]
            row[:] = [0.996 * x + scale * column for x, column in zip(row, columns)]
        self.time += 1
        if self.time % 16 == 0:
            self.solve()

    def solve(self):
        self.matrix = list(map(faded, self.matrix))
        m = [row[:] for row in self.matrix]
        for i, row in enumerate(m):
            row[i] += 1.0
            row[3] += 1.0
        # The comparisons leave what is not a number.
        weights = [4.0 if w > 4.0 else w for w in solution(m)[:3]]
        self.weights = [-4.0 if w < -4.0 else w for w in weights]


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
    def __init__(self):
        self.rows = {}                  # of (distribution, set, context): row and seen
        self.means = [256 << 16] * 4
        self.age = 0
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
