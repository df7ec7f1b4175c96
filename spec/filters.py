"""The filters of all parameter sets of the adaptive method; see adaptive.md."""

import collections
import math
import operator

from arithmetic import (clamp, dot8, plus, scaled, single, times, tree_of_singles)


def settled(x):
    return 0.0 if abs(x) < 1e-6 else x


def distance(schedule, time):
    """Samples from one solution to the next."""
    return schedule[0] if time < 64 else schedule[1] if time < 512 else schedule[2]


# Least squares


class Lagged:
    """Predicts from A lags of the channel and B of the other one, the newest first."""

    def __init__(self, A, B, memory, ridge, schedule, worth, pasts):
        self.A, self.B, self.memory, self.ridge, self.schedule = A, B, memory, ridge, schedule
        # XX, XY, YX and YY of adaptive.md, and what they were, the newest first.
        own, other = [past.correlations(worth) for past in pasts]
        self.correlations = own[:A + 1], [0.0] * B, [0.0] * (A + 1), other[:B]
        self.past = collections.deque([self.correlations] * (max(A, B) + 1), max(A, B) + 1)
        self.time = self.since = 0
        self.solve()

    def predict(self, x, y):
        prediction = dot8(self.own_weights, x)
        if self.B:
            prediction += dot8(self.other_weights, y)
        return prediction

    def update(self, x, y):
        XX, XY, YX, YY = self.correlations
        self.correlations = (self.fade_and_add(XX, x[0], x), self.fade_and_add(XY, x[0], y),
                             self.fade_and_add(YX, y[0], x), self.fade_and_add(YY, y[0], y))
        self.past.appendleft(self.correlations)
        self.time += 1
        self.since += 1
        if self.since >= distance(self.schedule, self.time):
            self.since = 0
            self.solve()

    def fade_and_add(self, correlations, newest, lags):
        return [self.memory * c + newest * lag for c, lag in zip(correlations, lags)]

    def solve(self):
        A, B, past = self.A, self.B, self.past
        self.correlations = tuple(map(faded, self.correlations))
        XX, XY, _, _ = self.correlations
        N, m, r = empty_system(A + B)
        for i in range(A):
            m[i][i:A] = past[i + 1][0][:A - i]
            for j in range(B):
                m[i][A + j] = past[i + 1][1][j - i - 1] if j > i else past[j][2][i + 1 - j]
        for j in range(B):
            m[A + j][A + j:A + B] = past[j][3][:B - j]
        r[:A], r[A:A + B] = past[0][0][1:], past[0][1]
        ridge = self.ridge + 2.0**-42 * past[0][0][0]
        for i in range(N):
            m[i][i] += ridge
        weights = solution(m, r)
        self.own_weights, self.other_weights = weights[:A], weights[A:A + B]


def faded(values):
    return [0.0 if abs(x) < 1e-30 else x for x in values]


def empty_system(unknowns):
    """Unknowns up to a multiple of four, columns up to one of eight; the right side."""
    N = -(-unknowns // 4) * 4
    M = -(-N // 8) * 8
    return N, [[0.0] * M for _ in range(N)], [0.0] * N


def solution(m, r):
    """Solves a system; of the matrix, the diagonal and what is right of it count."""
    N, M = len(m), len(m[0])
    inverse = []
    for g in range(0, N, 4):
        for k in range(g, g + 4):
            inverse.append(1.0 / (m[k][k] if m[k][k] > 1e-9 else 1e-9))
            for i in range(k + 1, g + 4):
                start = g // 8 * 8
                f = m[k][i] * inverse[k]
                m[i][start:] = [x - f * a for x, a in zip(m[i][start:], m[k][start:])]
                r[i] = r[i] - f * r[k]
        for i in range(g + 4, N):
            start = i // 8 * 8
            f0, f1, f2, f3 = [m[k][i] * inverse[k] for k in range(g, g + 4)]
            columns = zip(m[i][start:], *[row[start:] for row in m[g:g + 4]])
            m[i][start:] = [((x - f0 * a) - f1 * b) - (f2 * c + f3 * d)
                            for x, a, b, c, d in columns]
            r[i] = ((r[i] - f0 * r[g]) - f1 * r[g + 1]) - (f2 * r[g + 2] + f3 * r[g + 3])
    s = [0.0] * M
    for g in reversed(range(0, N, 4)):
        start = g // 8 * 8
        left = [r[i] - dot8(m[i][start:], s[start:]) for i in range(g, g + 4)]
        for i in reversed(range(g, g + 4)):
            known = left[i - g]
            for j in range(i + 1, g + 4):
                known = known - m[i][j] * s[j]
            s[i] = known * inverse[i]
    return s


class Combined:
    """Predicts from a weighted sum of predictions."""

    def __init__(self, inputs, memory, start, schedule):
        self.memory, self.start, self.schedule = memory, start, schedule
        N, self.matrix, _ = empty_system(inputs)
        self.M = len(self.matrix[0])
        self.right = [0.0] * N
        self.weights = [start] * inputs + [0.0] * (self.M - inputs)
        self.batch = []
        self.error = 0.0
        self.time = 0

    def predict(self, inputs):
        return dot8(self.weights, inputs)

    def update(self, inputs, target, error):
        """The inputs are as many as there are columns."""
        root = math.sqrt(self.error + 2.0)
        self.batch.append((inputs, target, 1.0 / (root * math.sqrt(root))))
        self.error += 0.01 * (abs(error) - self.error)
        self.time += 1
        if len(self.batch) >= min(distance(self.schedule, self.time), 16):
            self.learn()
            self.solve()
            self.batch = []

    def learn(self):
        left = 1.0
        samples = []
        for inputs, target, share in reversed(self.batch):
            samples.insert(0, (inputs, target, share * left))
            left *= self.memory
        for i, row in enumerate(self.matrix):
            start = i // 8 * 8
            sums = [x * left for x in row[start:]]
            for inputs, _, share in samples:
                scale = share * inputs[i]
                sums = [x + scale * other for x, other in zip(sums, inputs[start:])]
            row[start:] = faded(sums)
        sums = [x * left for x in self.right]
        for inputs, target, share in samples:
            scale = share * target
            sums = [x + scale * other for x, other in zip(sums, inputs)]
        self.right = faded(sums)

    def solve(self):
        m, r = [row[:] for row in self.matrix], self.right[:]
        for i, row in enumerate(m):
            row[i] += 10.0
            r[i] += 10.0 * self.start
        self.weights = [clamp(w, -8.0, 8.0) for w in solution(m, r)]


# Least mean squares


class Float:
    """A filter of 16 or 32 taps, in singles."""

    def __init__(self, N, mu, by_sign=False):
        self.N, self.by_sign = N, by_sign
        self.rate = single(single(mu) / N)
        self.weights = [0.0] * N
        self.targets = [0.0] * N        # the oldest first
        self.average = self.sum = self.prediction = 0.0
        self.steps = 0

    def step(self, target):
        N, before = self.N, self.targets
        error = single(target - self.prediction)
        if abs(error) < single(1e-6):
            error = 0.0
        if self.by_sign:
            change = single(single(0.01) * single(abs(error) - self.average))
            self.average = single(self.average + change)
            if error != 0.0:
                error = self.average if error > 0.0 else -self.average
        power = single(1.0 + single(self.sum / N))
        power = power if power > 1.0 else 1.0
        gain = single(single(self.rate * error) / power)

        if self.steps > 0 and self.steps % 2048 == 0:
            self.sum = 0.0
            for x in before:
                self.sum += x * x
        self.steps += 1
        self.sum += target * target - before[0] * before[0]
        self.targets = after = before[1:] + [target]

        self.weights = plus(self.weights, scaled(before, gain))
        self.prediction = tree_of_singles(times(self.weights, after))
        if not abs(self.prediction) < single(1e12):
            self.weights = [0.0] * N
            self.prediction = 0.0


def scale_for(peak):
    """The power of two that targets are multiplied by."""
    up = 1.0
    while max(peak, 1.0) * up > 65536.0:
        up *= 0.5
    while max(peak, 1.0) * up <= 32768.0:
        up *= 2.0
    return up


class Integer:
    """A filter of many taps, in integers of 16 bits."""

    def __init__(self, N, mu, scale):
        self.N, self.scale = N, scale
        self.rate = single(single(mu) / N)
        # The newest first, as far as there are any.
        self.weights, self.targets = [], []
        self.sum = self.recent = 0
        self.prediction = 0.0

    def step(self, target):
        N, scale, before = self.N, self.scale, self.targets
        power = single(single(single(0.5 / N) * single(float(self.sum)))
                       + single(single(0.5 / 32) * single(float(self.recent))))
        power = single(1.0 + single(power * (1.0 / (scale * scale))))
        gain = single(self.rate * single(target - self.prediction))
        gain = single(single(gain / power) * (2.0**31 / scale))
        gain = round(clamp(gain, -32767.0, 32767.0))

        new = round(clamp(single(target * scale), -32767.0, 32767.0))
        self.sum += new * new - (before[N - 1]**2 if len(before) >= N else 0)
        self.recent += new * new - (before[31]**2 if len(before) >= 32 else 0)
        self.targets = after = ([new] + before)[:N]

        if gain:
            moved = [w + (gain * x + 0x4000 >> 15) for w, x in zip(self.weights, before)]
            if moved and (max(moved) > 32767 or min(moved) < -32768):
                moved = [min(max(w, -32768), 32767) for w in moved]
            self.weights = moved
        if len(self.weights) < len(after):
            self.weights.append(0)
        dot = sum(map(operator.mul, self.weights, after))       # of integers
        dot = (dot + 2**31) % 2**32 - 2**31
        self.prediction = single(single(float(dot)) * (1.0 / (scale * 65536.0)))
