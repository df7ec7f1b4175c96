"""The parameter sets standard and max of the adaptive method; see adaptive.md."""

import bisect
import math
import operator

from arithmetic import (clamp, exp_minus, inverses, ln, logistic, minus, plus, scaled, single,
                        singles, times, tree_of_singles)
from filters import Combined, Float, Integer, Lagged, scale_for, settled
from parameter_sets import EXPECTED, INTEGER, LAST, MEAN, SIGN
import parameter_sets


class Channel:
    def __init__(self, parameters, sees, bits, low, high, values, pasts, matches):
        self.parameters = parameters
        self.unit = 2.0**(16 - min(bits, 16))
        self.most = 2.0**max(bits, 16)
        self.low, self.high = low, high
        scale = scale_for(max(high, -low) * self.unit)
        self.bases = [Lagged(A, B, memory, 10.0, (1, min(every, 4), every),
                             0.4 if B else 20.0, pasts)
                      for A, B, memory, every in
                      (parameters.bases if sees else parameters.bases_alone)]
        self.cascades = [[new_stage(stage, scale) for stage in cascade.stages]
                         for cascade in parameters.cascades]
        count = len(self.cascades[0]) + len(self.cascades) - 1 + len(self.bases) - 1
        self.padding = [0.0] * (-count % 8)
        self.combiners = [Combined(count, memory, 0.0, (1, min(every, 4), every))
                          for memory, every in parameters.combiners]
        self.mixture = Mixture(parameters, bits, low, high, values, pasts[0])
        self.matches = matches
        self.x, self.y = [0.0] * 64, [0.0] * 64     # the newest first
        self.sample = 0.0
        self.errors = (0.0, 0.0)        # the last one, and the average
        self.numbers = []

    def decode(self, other, tokens, raw):
        """The next number; False where there is none. `other` is the partner, or None."""
        unit = self.unit
        self.y = [other.sample if other else 0.0] + self.y[:-1]
        self.predict()
        last = clamp(self.combined[-1], self.low * unit, self.high * unit)
        origin = math.trunc(last / unit)
        centers = [single(clamp(self.center(expert.center), -self.most, self.most) - origin * unit)
                   for expert in self.parameters.experts]
        errors = other.errors if other else (0.0, 0.0)
        known = self.matches.decode(self.numbers, tokens)
        number = self.mixture.decode(known, tokens, raw, origin, centers, errors)
        if not self.low <= number <= self.high:
            return False
        self.numbers.append(number)
        self.learn(number * unit)
        self.matches.learn(self.numbers, abs(number * unit - last) >= 0.5 * unit)
        size = abs(single(number * unit - last))
        average = self.errors[1]
        change = single(single(0.01) * single(size - average))
        self.errors = (size, single(average + change))
        return True

    def predict(self):
        """Finds the predictions of bases, cascades and combiners, and the combiners' inputs."""
        self.base = [clamp(base.predict(self.x, self.y), -self.most, self.most)
                     for base in self.bases]
        last = 0.97 * self.sample
        self.starts, self.cascaded = [], []
        for cascade, stages in zip(self.parameters.cascades, self.cascades):
            total = last if cascade.start == LAST else self.base[cascade.start.at]
            self.starts.append(total)
            for stage in stages:
                total += stage.prediction
            self.cascaded.append(total)
        self.inputs = [stage.prediction for stage in self.cascades[0]]
        for predictions in self.cascaded, self.base:
            self.inputs += [prediction - predictions[0] for prediction in predictions[1:]]
        self.inputs += self.padding
        self.combined = [clamp(self.cascaded[0] + combiner.predict(self.inputs),
                               -self.most, self.most) for combiner in self.combiners]
        self.mean = 0.0
        for combined in self.combined:
            self.mean += combined
        self.mean *= 1.0 / len(self.combined)

    def center(self, center):
        if center == MEAN:
            return self.mean
        predictions = {parameter_sets.Base: self.base, parameter_sets.Cascaded: self.cascaded,
                       parameter_sets.Combined: self.combined}
        return predictions[type(center)][center.at]

    def learn(self, sample):
        self.sample = sample
        self.x = [sample] + self.x[:-1]
        for base in self.bases:
            base.update(self.x, self.y)
        for combiner, combined in zip(self.combiners, self.combined):
            combiner.update(self.inputs, sample - self.cascaded[0], sample - combined)
        weights = self.combiners[-1].weights
        for c, (stages, start) in enumerate(zip(self.cascades, self.starts)):
            target = sample - start
            for i, stage in enumerate(stages):
                prediction = stage.prediction
                target = settled(target)
                stage.step(single(target))
                worth = clamp(1.0 + weights[i], 0.0, 1.0) if c == 0 else 1.0
                target -= worth * prediction


def new_stage(stage, scale):
    if stage.kind == INTEGER:
        return Integer(stage.taps, stage.mu, scale)
    return Float(stage.taps, stage.mu, stage.kind == SIGN)


# The mixture


LEAST_ERROR = single(0.03)
LEAST_MASS = single(1e-30)
GAPS = (1, 2, 3, 6, 10, 20)             # the largest distance of each class but the last


class Mixture:
    def __init__(self, parameters, bits, low, high, values, past):
        self.bits, self.low, self.high = bits, low, high
        self.unit = 2.0**(16 - min(bits, 16))
        self.expected = [expert.spread == EXPECTED for expert in parameters.experts]
        self.rates = [0.0 if expert.spread == EXPECTED else single(expert.spread)
                      for expert in parameters.experts]
        self.factors = [single(single(expert.factor) / single(1.308))
                        for expert in parameters.experts]
        self.count = len(parameters.experts)
        self.weights = singles([expert.weight for expert in parameters.experts])
        size = single(single(0.8) * past.size)
        self.averages = [size] * self.count
        self.volatility = Volatility(size)
        self.correction = Correction(self.count) if parameters.corrected else None
        self.occurrence = Occurrence(values) if values else None
        self.last_error = 0.0
        self.time = 0

    def decode(self, known, tokens, raw, origin, centers, other):
        """The number, which may be out of range; `known` where a match gives it."""
        distances = [abs(x) for x in singles([center - centers[0] for center in centers])]
        apart = single(tree_of_singles(distances) * (1.0 / self.count))
        expected_size = self.volatility.expect(other, apart)
        scales = [single(factor * (expected_size if expected else single(average + LEAST_ERROR)))
                  for factor, expected, average
                  in zip(self.factors, self.expected, self.averages)]
        interval = Interval(centers, inverses(scales))
        reach = self.reach(centers, scales)
        if self.correction:
            self.correction.begin(self.averages[1], self.last_error, other[0],
                                  2.0**self.bits * self.unit * interval.inverse[2])
        if known is not None:
            number, unexpected = known, False
        elif self.occurrence:
            number, unexpected = self.find_value(tokens, origin, interval, reach)
        else:
            number, unexpected = self.find_number(tokens, raw, origin, interval, reach)
        if known is None and not unexpected:
            self.reward(interval.mass)
        self.learn(single(number - origin) * self.unit, centers)
        return number

    def find_number(self, tokens, raw, origin, interval, reach):
        """The number, and whether a bit was unexpected."""
        unit = self.unit
        lowest, highest, smallest = reach
        straight = single(smallest * single(0.6))
        start, k = -(1 << (self.bits - 1)), self.bits
        lean = 0.0
        unexpected = False
        while k > 0 and 2.0**(k - 1) * unit >= straight:
            k -= 1
            if self.correction:
                self.correction.halve()
            middle = start + (1 << k)
            if middle > self.high:
                continue
            if middle <= self.low:
                start = middle
                continue
            place = single(middle - origin - 0.5) * unit
            if place < lowest or place > highest:
                likely = place < lowest
                bit = tokens.bit(65535 if likely else 1)
                start = middle if bit else start
                unexpected = bit != likely
                if unexpected:
                    break
                continue

            upper, lower = interval.halves(self.weights, place)
            mixed = single(upper / single(upper + lower))
            if self.correction:
                log = self.correction.refine(upper, lower, interval, k)
                bit = tokens.bit(probability(logistic(log)))
                self.correction.learn(bit)
            else:
                bit = tokens.bit(probability(mixed))
            lean = single(clamp(mixed, single(0.2), single(0.8)) - 0.5)
            lean = single(lean / single(2.0 + (4.0 * lean if bit else -4.0 * lean)))
            interval.keep(bit)
            start = middle if bit else start

        for _ in range(0 if unexpected else min(4, k)):
            k -= 1
            middle = start + (1 << k)
            if middle <= self.high and (
                    middle <= self.low or tokens.bit(probability(single(0.5 + lean)))):
                start = middle
            lean *= 0.5
        return start + raw.take(k), unexpected

    def find_value(self, tokens, origin, interval, reach):
        """The number, which is one of the table, and whether a bit was unexpected."""
        lowest, highest, _ = reach
        values = self.occurrence.values
        start, k = 0, (len(values) - 1).bit_length()
        unexpected = False
        while k > 0:
            k -= 1
            if self.correction:
                self.correction.halve()
            middle = start + (1 << k)
            if middle >= len(values):
                continue
            if unexpected:
                start = middle if tokens.bit(32768) else start
                continue
            place = single((values[middle - 1] + values[middle] - 2 * origin) / 2) * self.unit
            if place < lowest or place > highest:
                likely = place < lowest
                bit = tokens.bit(65535 if likely else 1)
                start = middle if bit else start
                unexpected = bit != likely
                continue

            upper, lower = interval.halves(self.weights, place)
            if self.correction:
                log = self.correction.refine(upper, lower, interval, k)
            else:
                log, = ln([single(upper / lower)])
                log = clamp(log, -12.0, 12.0)
            leaning = self.occurrence.leaning(middle, k)
            one = logistic(clamp(single(log + leaning), -12.0, 12.0))
            bit = tokens.bit(probability(one))
            self.occurrence.learn(single(bit - one))
            if self.correction:
                self.correction.learn(bit)
            interval.keep(bit)
            start = middle if bit else start
        return values[start], unexpected

    def reach(self, centers, scales):
        lowest = highest = centers[0]
        smallest = 1e9
        for weight, center, scale in zip(self.weights, centers, scales):
            reach = 0.0
            if weight > single(0.01):
                reach = single(10.5 * scale)
                smallest = min(smallest, scale)
            lowest = min(lowest, single(center - reach))
            highest = max(highest, single(center + reach))
        return lowest, highest, smallest

    def reward(self, mass):
        likely = times(mass, self.weights)
        rate = single(single(0.05) / tree_of_singles(likely))
        kept = scaled(self.weights, single(1.0 - single(0.05)))
        weights = [max(w, single(5e-4)) for w in plus(kept, scaled(likely, rate))]
        self.weights = scaled(weights, single(1.0 / tree_of_singles(weights)))

    def learn(self, place, centers):
        self.time += 1
        first = single(1.0 / single(single(float(self.time)) + 9.0))
        errors = [abs(x) for x in singles([place - center for center in centers])]
        rates = [max(rate, first) for rate in self.rates]
        self.averages = plus(self.averages, times(rates, minus(errors, self.averages)))
        self.last_error = errors[0]
        self.volatility.learn(errors[0])


def probability(one):
    """A probability in units of 1 / 2^16."""
    return round(clamp(single(one * 65536.0), 1.0, 65535.0))


class Interval:
    """Where a number lies: the masses of all experts. The upper end is open until a bit has moved
    it."""

    BEND = single(0.0173)

    def __init__(self, centers, inverse):
        self.centers, self.inverse = centers, inverse
        self.mass = [1.0] * len(centers)
        self.top = None                     # the upper end and the mass below it, unless open

    def halves(self, weights, place):
        """The mixed masses above and below a place."""
        d = times(singles([place - center for center in self.centers]), self.inverse)
        z = plus(d, times(d, scaled(times(d, d), self.BEND)))
        e = exp_minus(list(map(abs, z)))
        near = inverses(singles([1.0 + x for x in e]))
        far = times(e, near)
        upper = [f if x > 0.0 else n for x, n, f in zip(z, near, far)]
        self.middle = z, [n if x > 0.0 else f for x, n, f in zip(z, near, far)]
        if self.top:
            top, below = self.top
            part = singles([1.0 - x for x in exp_minus(minus(top, z))])
            upper = times(upper, times(below, part))
        self.upper = singles([x + LEAST_MASS for x in upper])
        self.lower = [max(x, LEAST_MASS) for x in minus(self.mass, upper)]
        return (tree_of_singles(times(weights, self.upper)),
                tree_of_singles(times(weights, self.lower)))

    def keep(self, bit):
        if bit:
            self.mass = self.upper
        else:
            self.mass, self.top = self.lower, self.middle


class Volatility:
    """The expected size of the next error."""

    RATES = singles([0.5, 0.2, 0.07, 0.025, 0.008, 0.002])

    def __init__(self, size):
        self.averages = [size] * 6
        self.weights = singles([0.0, 0.25, 0.3, 0.25, 0.2, 0.0, 0.0, 0.0])
        self.usual = 0.0
        self.time = 0

    def expect(self, other, apart):
        sizes = self.averages + [other[0], apart, other[1]]
        logs = ln(singles([size + LEAST_ERROR for size in sizes]))
        self.inputs = singles([log - logs[4] for log in logs[:8]])
        self.inputs[4] = 1.0
        self.inputs[6] = single(logs[6] - logs[8])
        relative = self.inputs[7]
        self.inputs[7] = single(relative - self.usual)
        self.usual = single(self.usual + single(single(0.002) * self.inputs[7]))
        log = clamp(tree_of_singles(times(self.inputs, self.weights)), -4.0, 4.0)
        factor, = exp_minus([abs(log)])
        factor = single(1.0 / factor) if log > 0.0 else factor
        self.expected = single(single(self.averages[4] + LEAST_ERROR) * factor)
        return self.expected

    def learn(self, size):
        surprise = single(clamp(single(size / self.expected), 0.0, 3.0) - 1.0)
        gain = single(single(0.003) * surprise)
        self.weights = plus(self.weights, scaled(self.inputs, gain))
        self.time += 1
        first = single(1.0 / single(single(float(self.time)) + 9.0))
        rates = [max(rate, first) for rate in self.RATES]
        changes = times(rates, singles([size - average for average in self.averages]))
        self.averages = plus(self.averages, changes)


class Occurrence:
    """How often values of a table occur against their neighbours."""

    def __init__(self, values):
        self.values = values
        self.edges = {}                 # of each that has decided: its sum, and how often
        self.patterns = {}

    def gap(self, rank):
        """The class of the distance between a rank and the one below it."""
        if not 1 <= rank < len(self.values):
            return 0
        return 1 + bisect.bisect_left(GAPS, self.values[rank] - self.values[rank - 1])

    def leaning(self, rank, k):
        """What moves the logarithm of the odds at the edge below a rank."""
        self.rank = rank
        self.pattern = (min(k, 3), self.gap(rank), self.gap(rank - 1), self.gap(rank + 1))
        edge, self.seen = self.edges.get(rank, (0.0, 0))
        return single(edge + self.patterns.get(self.pattern, 0.0))

    def learn(self, error):
        edge, _ = self.edges.get(self.rank, (0.0, 0))
        rate = single(single(0.1) / single(1.0 + single(single(0.1) * self.seen)))
        self.edges[self.rank] = single(edge + single(rate * error)), min(self.seen + 1, 255)
        change = single(single(0.01) * error)
        self.patterns[self.pattern] = single(self.patterns.get(self.pattern, 0.0) + change)


class Correction:
    """A learnt correction of the mixture's probability of a bit."""

    def __init__(self, count):
        self.start = [single(1.0 / 3.0)] + [0.0] * (count - 1)
        self.sets = {}                  # those that have been used
        self.samples = 0

    def begin(self, average, own, other, width):
        self.samples += 1
        fading = single(1.0 + single(single(float(self.samples)) * 2.0**-13))
        self.rate = single(single(0.0000625) + single(single(0.001) / fading))
        self.average = level(average, 0.01, 2.0, 2.0)
        self.other = level(other, 0.1, 2.3, 2.0)
        self.own = level(own, 0.1, 2.3, 1.5)
        width, = ln([clamp(width, single(1e-6), single(1e18))])
        width = single(single(width * (2.0 * single(1.442695))) + 12.0)
        self.width = round(clamp(width, -200.0, 200.0))

    def halve(self):
        self.width -= 2

    def refine(self, mixed_upper, mixed_lower, interval, k):
        """The logarithm of the odds of a one."""
        odds = singles(map(operator.truediv, [mixed_upper] + interval.upper[1:],
                           [mixed_lower] + interval.lower[1:]))
        self.odds = [clamp(x, -12.0, 12.0) for x in ln(odds)]
        width = min(max(self.width, 0), 30)
        self.places = [(0, width, self.own), (1, self.average, self.other), (2, k, width)]
        a, b, c = [self.sets.get(place, self.start) for place in self.places]
        terms = times(plus(plus(a, b), c), self.odds)
        self.log = clamp(tree_of_singles(terms), -12.0, 12.0)
        return self.log

    def learn(self, bit):
        changes = scaled(self.odds, single(single(bit - logistic(self.log)) * self.rate))
        for place in self.places:
            self.sets[place] = plus(self.sets.get(place, self.start), changes)


def level(size, least, offset, steps):
    log, = ln([clamp(size, single(least), 1e9)])
    x = single(single(log + single(offset)) * steps)
    return round(clamp(x, 0.0, 31.0))
