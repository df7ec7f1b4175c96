"""Arithmetic in a defined order; see adaptive.md.

Doubles are Python's floats. A single is a float that is rounded after each operation:
for + - * / of two singles that gives the same bits as computing in single precision.
No sum is left to sum(), which may add in its own way.
"""

import array
import ctypes
import math
import operator


def single(x):
    return ctypes.c_float(x).value


def singles(values):
    """Rounds each number of a list."""
    return array.array("f", values).tolist()


def plus(a, b):
    return singles(map(operator.add, a, b))


def minus(a, b):
    return singles(map(operator.sub, a, b))


def times(a, b):
    return singles(map(operator.mul, a, b))


def scaled(a, factor):
    return singles([x * factor for x in a])


def inverses(a):
    return singles([1.0 / x for x in a])


def clamp(x, least, most):
    """Clamps to limits; a NaN becomes the lower one."""
    x = x if x > least else least
    return x if x < most else most


def tree(lanes):
    """The sum of lanes of doubles; each step adds the upper half to the lower half."""
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = list(map(operator.add, lanes[:half], lanes[half:]))
    return lanes[0]


def tree_of_singles(lanes):
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = plus(lanes[:half], lanes[half:])
    return lanes[0]


def dot8(a, b):
    """The sum in eight lanes of the products of doubles."""
    lanes = [0.0] * 8
    for at in range(0, min(len(a), len(b)), 8):
        for i, (x, y) in enumerate(zip(a[at:at + 8], b[at:at + 8])):
            lanes[i] += x * y
    return tree(lanes)


# Functions of singles, each of a whole list


LOG2_E = single(1.442695)
LN_2 = single(0.6931472)
ROOT_OF_A_HALF = single(0.70710677)
# The highest power first.
EXP = singles([0.00133336, 0.00961813, 0.05550411, 0.2402265, 0.6931472, 1.0])
LN = singles([-0.0726486, 0.1296073, -0.1639581, 0.2007152, -0.2501394, 0.3333198,
              -0.4999993, 1.0])


def polynomial(coefficients, xs):
    sums = [coefficients[0]] * len(xs)
    for c in coefficients[1:]:
        sums = singles([c + product for product in times(xs, sums)])
    return sums


def exp_minus(xs):
    """e^-x for x of zero or more."""
    ts = [t if t > -126.0 else -126.0 for t in scaled(xs, -LOG2_E)]
    ks = list(map(round, ts))               # to an even one where two are near
    fs = list(map(operator.sub, ts, ks))    # exact
    return list(map(math.ldexp, polynomial(EXP, fs), ks))


def ln(xs):
    """For normal numbers above zero."""
    parts = [frexp_from_root(x) for x in xs]
    ms = [mantissa - 1.0 for mantissa, _ in parts]      # exact
    high = singles([k * LN_2 for _, k in parts])
    return plus(high, times(ms, polynomial(LN, ms)))


def frexp_from_root(x):
    """x as a * 2^k, with a from the root of a half to that of two."""
    a, k = math.frexp(x)
    return (a, k) if a >= ROOT_OF_A_HALF else (2.0 * a, k - 1)


def logistic(x):
    e, = exp_minus([abs(x)])
    r = single(1.0 / single(1.0 + e))
    return r if x > 0.0 else single(e * r)


# Functions of doubles, for tables


ROUNDING = 6755399441055744.0       # three halves of 2^52
LN_2_PARTS = 2977044471 / 2**32, 1.9082149292705877e-10
HALF_PI_PARTS = 6746518852 / 2**32, 6.077100506506192e-11


def exp_of_double(x):
    n = (x * 1.4426950408889634 + ROUNDING) - ROUNDING
    r = (x - n * LN_2_PARTS[0]) - n * LN_2_PARTS[1]
    total = 1.0
    for k in range(14, 0, -1):
        total = 1.0 + r / k * total
    return math.ldexp(total, int(n))


def ln_of_double(x):
    m, n = math.frexp(x)
    m, n = 2.0 * m, n - 1               # from 1 to 2
    if m > 1.4142135623730951:
        m, n = 0.5 * m, n + 1
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    total = 0.0
    for k in range(10, -1, -1):
        total = 1.0 / (2 * k + 1) + square * total
    return n * LN_2_PARTS[0] + (2.0 * s * total + n * LN_2_PARTS[1])


def power(base, exponent):
    return exp_of_double(exponent * ln_of_double(base))


def sin_cos(x):
    n = (x * 0.6366197723675814 + ROUNDING) - ROUNDING
    r = (x - n * HALF_PI_PARTS[0]) - n * HALF_PI_PARTS[1]
    square = r * r
    sin = cos = 1.0
    for k in range(9, 0, -1):
        even = 2.0 * k
        cos = 1.0 - square / ((even - 1.0) * even) * cos
        sin = 1.0 - square / (even * (even + 1.0)) * sin
    sin *= r
    return [(sin, cos), (cos, -sin), (-sin, -cos), (-cos, sin)][int(n) & 3]
