"""The predictors that an encoder finds in samples, written from flac.md; for flac.py."""

import math

from arithmetic import clamp, single, singles, sin_cos, times


def predictor(samples, window, order):
    """The coefficients that samples have under a window, or None."""
    sums = autocorrelation(samples, window, order)
    if sums is None:
        return None
    error, filter_ = sums[0], []
    for at in range(order):
        if error == 0.0 or not math.isfinite(error):
            return None
        reflection = -sums[at + 1]
        for i in range(at):
            reflection -= filter_[i] * sums[at - i]
        reflection /= error
        for i in range(at // 2):
            j = at - 1 - i
            a, b = filter_[i], filter_[j]
            filter_[i], filter_[j] = a + reflection * b, b + reflection * a
        if at % 2:
            filter_[at // 2] += filter_[at // 2] * reflection
        filter_.append(reflection)
        error *= 1.0 - reflection * reflection
    if not all(map(math.isfinite, filter_)):
        return None
    filter_ = [-x for x in filter_]
    return filter_ if window is WINDOWS[PARABOLA] else singles(filter_)


def usual_shift(coefficients, precision):
    largest = max(map(abs, coefficients))
    if largest == 0.0:
        return 15
    exponent = math.frexp(largest)[1] if math.isfinite(largest) else 1025
    return min(max(precision - 1 - exponent, 0), 15)


def rounded(coefficients, precision, shift, exact):
    most = (1 << (precision - 1)) - 1
    least = -most if exact else -most - 1
    values, error = [], 0.0
    for coefficient in coefficients:
        error += coefficient * (1 << shift)
        limited = clamp(single(error) if exact else error, -2.0**31, 2.0**31)
        if math.isnan(error):
            nearest = 0
        elif exact:
            nearest = round(limited)            # to an even one where two are near
        else:
            nearest = int(limited)
            if abs(limited - nearest) >= 0.5:
                nearest += 1 if limited > 0 else -1
        values.append(min(max(nearest, least), most))
        error -= values[-1]
    return values


def autocorrelation(samples, window, order):
    kind, shape, *rest = window
    if kind == "without":
        whole = autocorrelation(samples, WINDOWS[4], order)
        part = autocorrelation(samples, WINDOWS[shape], order)
        if part is None:
            return None
        sums = [a - b for a, b in zip(whole, part)]
        return sums[:order] + part[order:] if rest else sums
    size = len(samples)
    if size == 1 and shape in (welch, hann):
        return None
    if kind == "part":
        parts, number = rest
        length = size // parts
        if length <= 32:
            return None
        weights, half, first = shape(size), length // 2, number * size // parts
        weights = weights[:half] + weights[size - half:]
        samples = samples[first:first + 2 * half]
    else:
        weights = shape(size)
    if shape is parabola:
        xs, start = [s * x for s, x in zip(map(float, samples), weights)], 1.0
    else:
        xs = singles([s * x for s, x in zip(singles(samples), singles(weights))])
        start = 0.0
    if kind == "single":
        return [sum_of_singles(times(xs[lag:], xs)) for lag in range(order + 1)]
    sums = []
    for lag in range(order + 1):
        total = start
        for product in map(float.__mul__, xs[lag:], xs):
            total += product
        sums.append(total)
    return sums


def sum_of_singles(values):
    total = 0.0
    for value in values:
        total = single(total + value)
    return total


# Windows


def rise(at, length):
    return 0.5 - 0.5 * sin_cos(math.pi * at / length)[1]


def tukey(share):
    def weights(size):
        end = int(single(single(share / 2) * size)) - 1
        if end <= 0:
            return [1.0] * size
        return ([rise(at, end) for at in range(end + 1)] + [1.0] * (size - 2 * end - 2)
                + [rise(at + end, end) for at in range(end + 1)])
    return weights


def overlapping(size, parts, number, overlap):
    units = single(single(1.0 / single(1.0 - single(overlap))) - 1.0)

    def place(before):
        share = single(before / single(parts + units))
        return min(int(single(share * single(size))), size)

    return place(number), place(single(number + 1 + units))


def end_of(length):
    return int(single(single(single(0.2) / 2) * length))


def partial_tukey(number):
    def weights(size):
        start, to = overlapping(size, 2, number, 0.1)
        end = end_of(to - start)

        def weight(at):
            if at < start or at >= to:
                return 0.0
            if at < start + end:
                return rise(at - start + 1, end)
            return rise(to - at, end) if at >= to - end else 1.0
        return list(map(weight, range(size)))
    return weights


def punchout_tukey(number):
    def weights(size):
        start, to = overlapping(size, 3, number, 0.2)
        before, behind = end_of(start), end_of(size - to)

        def weight(at):
            if at < before:
                return rise(at + 1, before)
            if at < start:
                return rise(start - at, before) if at >= start - before else 1.0
            if at < to:
                return 0.0
            if at < to + behind:
                return rise(at - to + 1, behind)
            return rise(size - at, behind) if at >= size - behind else 1.0
        return list(map(weight, range(size)))
    return weights


def welch(size):
    half = (size - 1.0) / 2.0
    places = [(at - half) / half for at in range(size)]
    return [1.0 - place * place for place in places]


def parabola(size):
    def weight(at):
        if 2 * at == size - 1:
            return 0.0
        place = 2.0 / (size - 1.0) - 1.0 - min(at, size - 1 - at)
        return 1.0 - place * place
    return list(map(weight, range(size)))


def hann(size):
    return [0.5 - 0.5 * sin_cos(2.0 * math.pi * at / (size - 1.0))[1] for at in range(size)]


QUARTER, SIXTH = tukey(0.25), tukey(single(0.5 / 3.0))
WINDOWS = [
    ("plain", tukey(0.5)), ("plain", QUARTER), ("part", QUARTER, 2, 0), ("part", QUARTER, 2, 1),
    ("plain", SIXTH), ("part", SIXTH, 2, 0), ("part", SIXTH, 2, 1),
    ("part", SIXTH, 3, 0), ("part", SIXTH, 3, 1), ("part", SIXTH, 3, 2),
    ("without", 7), ("without", 8), ("without", 9),
    ("without", 7, "but last"), ("without", 8, "but last"), ("without", 9, "but last"),
    ("single", partial_tukey(0)), ("single", partial_tukey(1)),
    ("single", punchout_tukey(0)), ("single", punchout_tukey(1)), ("single", punchout_tukey(2)),
    ("plain", welch), ("plain", parabola), ("plain", hann), ("single", tukey(0.5))]
PARABOLA = 22
