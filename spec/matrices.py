"""Products of matrices in the arithmetic of each precision; see language.md.

A matrix is a list of rows, one for each output, of singles.
"""

import operator

from arithmetic import clamp, singles

MOST = singles([3e38])[0]
LEAST = 2.0**-100


def finite(xs):
    """Clamps to finite numbers; a NaN becomes the lower limit."""
    return [clamp(x, -MOST, MOST) for x in xs]


def add_product(totals, factor, row):
    """Adds a row times a factor to sums."""
    products = singles([factor * x for x in row])
    return singles(map(operator.add, totals, products))


class FloatMatrix:
    """Precision f32: each output is one sum over the inputs, in their order."""

    def __init__(self, rows):
        self.rows = rows
        self.columns = list(map(list, zip(*rows)))

    def row(self, at):
        return self.rows[at]

    def some(self, outputs):
        return FloatMatrix([self.rows[at] for at in outputs])

    def multiply(self, inputs):
        totals = [0.0] * len(self.rows)
        for x, column in zip(inputs, self.columns):
            totals = add_product(totals, x, column)
        return totals


def quantised(row):
    """The scale of a row and its bytes."""
    row = finite(row)
    most = max(map(abs, row))
    if most < LEAST:
        return 0.0, [0] * len(row)
    scale, factor = singles([most / 127.0, 127.0 / most])
    return scale, list(map(round, singles([x * factor for x in row])))


def dot(a, b):
    """An exact product of integers."""
    return sum(map(operator.mul, a, b))


class ByteMatrix:
    """Precision int8: sums of integers, times the scale of each row."""

    def __init__(self, rows=(), quantised_rows=None):
        self.rows = quantised_rows or list(map(quantised, rows))
        self.scales = [scale for scale, _ in self.rows]

    def row(self, at):
        scale, row = self.rows[at]
        return singles([byte * scale for byte in row])

    def some(self, outputs):
        return ByteMatrix(quantised_rows=[self.rows[at] for at in outputs])

    def multiply(self, inputs):
        scale, inputs = quantised(inputs)
        sums = singles([dot(inputs, row) for _, row in self.rows])
        sums = singles([x * scale for x in sums])
        return singles(map(operator.mul, sums, self.scales))


MATRICES = [FloatMatrix, ByteMatrix]        # by the precision's code
