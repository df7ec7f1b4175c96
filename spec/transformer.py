"""The transformers of language.md: from a token and those before it to logits.

Every value is a single unless another type is given, and rounded after each operation. The
memory of a context grows by a token with each step.
"""

import math
import operator

from arithmetic import (exp_minus, logistic, plus, power, scaled, sin_cos, single, singles,
                        times, tree_of_singles)
from matrices import MATRICES, add_product, dot, finite, quantised

LAYER_EPSILON = single(1e-5)
GELU_ROOT = single(1.5957691)
GELU_CUBE = single(0.044715)


def sum16(xs):
    """A sum in sixteen lanes."""
    lanes = [0.0] * 16
    for at in range(0, len(xs), 16):
        part = xs[at:at + 16]
        lanes = plus(lanes, part) + lanes[len(part):]
    return tree_of_singles(lanes)


def inverse_root(x):
    return single(1.0 / single(math.sqrt(x)))


class FloatMemory:
    """Keys and values of a head in precision f32."""

    def __init__(self, width):
        self.keys = [[] for _ in range(width)]      # of all positions, value by value
        self.values = []

    def put(self, key, value):
        for column, x in zip(self.keys, finite(key)):
            column.append(x)
        self.values.append(finite(value))

    def scores(self, query):
        totals = [0.0] * len(self.values)
        for x, column in zip(query, self.keys):
            totals = add_product(totals, x, column)
        return totals

    def gathered(self, weights):
        totals = [0.0] * len(self.values[0])
        for weight, value in zip(weights, self.values):
            totals = add_product(totals, weight, value)
        return totals


class ByteMemory:
    """Keys and values of a head in precision int8."""

    def __init__(self, _):
        self.keys, self.values = [], []             # of all positions: scale and bytes

    def put(self, key, value):
        self.keys.append(quantised(key))
        self.values.append(quantised(value))

    def scores(self, query):
        query_scale, query = quantised(query)
        sums = singles([dot(query, key) for _, key in self.keys])
        sums = singles([x * query_scale for x in sums])
        return singles([x * scale for x, (scale, _) in zip(sums, self.keys)])

    def gathered(self, weights):
        weights = singles([x * scale for x, (scale, _) in zip(weights, self.values)])
        totals = [0.0] * len(self.values[0][1])
        for weight, (_, value) in zip(weights, self.values):
            totals = add_product(totals, weight, value)
        return totals


def attend(memory, query):
    """The values that a query gathers from all positions so far."""
    factor = inverse_root(len(query))
    scores = finite(memory.scores(finite(scaled(query, factor))))
    largest = max(scores)
    weights = exp_minus(singles([largest - score for score in scores]))
    total = sum16(weights)
    return scaled(memory.gathered(weights), single(1.0 / total))


class Transformer:
    """The parts that both architectures share. `shape` has the fields of checkpoints.py, `tensors`
    the rows of each by its name."""

    def __init__(self, shape, tensors, precision):
        self.shape, self.tensors, self.precision = shape, tensors, precision
        self.matrices = {}

    def matrix(self, name):
        if name not in self.matrices:
            self.matrices[name] = MATRICES[self.precision](self.tensors[name])
        return self.matrices[name]

    def multiply(self, name, xs):
        return self.matrix(name).multiply(xs)

    def vector(self, name):
        return self.tensors[name][0]

    def context(self):
        """A context without tokens."""
        memory = [FloatMemory, ByteMemory][self.precision]
        shape = self.shape
        return [[memory(shape.head_width) for _ in range(shape.key_heads)]
                for _ in range(shape.layers)]

    def heads(self, memories, layer, xs, position, rotate=None):
        """The attention of a layer."""
        shape, part = self.shape, "layers.%d." % layer

        def heads_of(name):
            row = self.multiply(part + name, xs)
            return [row[at:at + shape.head_width]
                    for at in range(0, len(row), shape.head_width)]

        queries, keys, values = map(heads_of, ("query", "key", "value"))
        if rotate:
            queries, keys = ([rotate(head, position) for head in heads]
                             for heads in (queries, keys))
        for memory, key, value in zip(memories, keys, values):
            memory.put(key, value)
        sharing = shape.heads // shape.key_heads
        gathered = []
        for at, query in enumerate(queries):
            gathered += attend(memories[at // sharing], query)
        return self.multiply(part + "output", gathered)

    def step(self, context, token):
        """Appends a token to a context; returns the input of the head."""
        return self.layers(context, token, len(context[0][0].values))

    def head(self, tokens):
        """The matrix for the logits of these tokens, and their biases."""
        name = "embedding" if self.shape.tied else "head"
        matrix = self.matrix(name).some(tokens)
        biases = self.vector("head.bias") if "head.bias" in self.tensors else None
        return matrix, biases and [biases[token] for token in tokens]


def logits(head, xs):
    matrix, biases = head
    values = matrix.multiply(xs)
    return finite(plus(values, biases) if biases else values)


class Llama(Transformer):
    def __init__(self, shape, tensors, precision):
        super().__init__(shape, tensors, precision)
        factors = shape.rope_factors or [1.0] * (shape.head_width // 2)
        self.frequencies = [power(shape.rope_base, -2 * i / shape.head_width) / factor
                            for i, factor in enumerate(factors)]
        self.turns = []         # cosines and sines of each position

    def layers(self, context, token, position):
        tied = self.shape.tied
        xs = self.matrix("embedding").row(token) if tied else self.tensors["embedding"][token]
        for layer, memories in enumerate(context):
            part = "layers.%d." % layer
            normed = self.norm(part + "attention_norm", xs)
            xs = plus(xs, self.heads(memories, layer, normed, position, self.rotate))
            xs = plus(xs, self.feed_forward(part, self.norm(part + "feed_norm", xs)))
        return self.norm("norm", xs)

    def norm(self, name, xs):
        mean = single(sum16(times(xs, xs)) / len(xs))
        factor = inverse_root(single(mean + self.shape.epsilon))
        return times(scaled(xs, factor), self.vector(name))

    def rotate(self, head, position):
        while len(self.turns) <= position:
            angles = [len(self.turns) * frequency for frequency in self.frequencies]
            pairs = list(map(sin_cos, angles))
            self.turns.append((singles([cos for _, cos in pairs]),
                               singles([sin for sin, _ in pairs])))
        cosines, sines = self.turns[position]
        half = len(head) // 2
        a, b = head[:half], head[half:]
        first = map(operator.sub, times(a, cosines), times(b, sines))
        second = map(operator.add, times(b, cosines), times(a, sines))
        return singles(first) + singles(second)

    def feed_forward(self, part, xs):
        gate = self.multiply(part + "gate", xs)
        gate = singles([x * logistic(x) for x in gate])
        return self.multiply(part + "down", times(gate, self.multiply(part + "up", xs)))


class ByteTransformer(Transformer):
    def __init__(self, shape, tensors, precision):
        super().__init__(shape, tensors, precision)
        self.frequencies = [power(10000.0, -2 * i / shape.width)
                            for i in range(shape.width // 2 + 1)]

    def layers(self, context, token, position):
        width = self.shape.width
        pairs = [sin_cos(position * frequency) for frequency in self.frequencies]
        sinusoids = [sin for sin, _ in pairs] + [cos for _, cos in pairs]
        embedding = scaled(self.tensors["embedding"][token], single(math.sqrt(width)))
        xs = plus(embedding, singles(sinusoids[:width]))
        for layer, memories in enumerate(context):
            part = "layers.%d." % layer
            xs = self.norm(part + "attention_norm", xs,
                           self.heads(memories, layer, xs, position))
            inner = plus(self.multiply(part + "up", xs), self.vector(part + "up.bias"))
            inner = list(map(gelu, inner))
            down = plus(self.multiply(part + "down", inner), self.vector(part + "down.bias"))
            xs = self.norm(part + "feed_norm", xs, down)
        return xs

    def norm(self, name, xs, part):
        xs = plus(xs, part)
        mean = single(sum16(xs) / len(xs))
        xs = singles([x - mean for x in xs])
        variance = single(sum16(times(xs, xs)) / len(xs))
        factor = inverse_root(single(variance + LAYER_EPSILON))
        return plus(times(scaled(xs, factor), self.vector(name + ".scale")),
                    self.vector(name + ".offset"))


def gelu(x):
    cube = single(single(x * x) * x)
    inner = single(x + single(GELU_CUBE * cube))
    return single(x * logistic(single(GELU_ROOT * inner)))
