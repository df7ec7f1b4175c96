"""The parameter sets standard and max.

    parameter_sets.py         print it as the tables of adaptive.md
"""

import collections

ParameterSet = collections.namedtuple(
    "ParameterSet", "bases bases_alone cascades combiners experts corrected")
Lags = collections.namedtuple("Lags", "own other memory every")
Cascade = collections.namedtuple("Cascade", "start stages")
Stage = collections.namedtuple("Stage", "kind taps mu")
Combine = collections.namedtuple("Combine", "memory every")
Expert = collections.namedtuple("Expert", "center spread factor weight")
# The start of a cascade, and the center of an expert.
Base = collections.namedtuple("Base", "at")
Combined = collections.namedtuple("Combined", "at")
Cascaded = collections.namedtuple("Cascaded", "at")
LAST, MEAN = "last", "mean"
# The spread of an expert, if it is not a rate.
EXPECTED = "expected"
INTEGER, FLOAT, SIGN = "integer", "float", "sign"


def Long(taps, mu):
    return Stage(INTEGER, taps, mu)


def Middle(mu):
    return Stage(FLOAT, 32, mu)


def Short(mu, kind):
    return Stage(kind, 16, mu)


STANDARD = ParameterSet(
    bases=[Lags(15, 16, 0.997, 8), Lags(15, 16, 0.99988, 32), Lags(12, 8, 0.976, 16)],
    bases_alone=[Lags(23, 0, 0.996, 8), Lags(23, 0, 0.99988, 32), Lags(15, 0, 0.976, 16)],
    cascades=[
        Cascade(Base(1), [
            Long(2048, 0.1),
            Long(1024, 0.2),
            Long(512, 0.2),
            Long(256, 0.2),
            Long(128, 0.12),
            Middle(0.08),
            Short(0.06, FLOAT),
            Short(0.056, SIGN),
        ]),
        Cascade(LAST, [Long(256, 0.01), Middle(0.005), Short(0.08, SIGN)]),
        Cascade(Base(0), [Long(256, 0.2), Middle(0.08), Short(0.06, FLOAT)]),
    ],
    combiners=[Combine(0.9995, 16), Combine(0.99, 8), Combine(0.998, 8)],
    experts=[
        Expert(Combined(2), 0.2, 1.0, 0.09),
        Expert(Combined(2), 0.05, 1.0, 0.02),
        Expert(Combined(2), EXPECTED, 1.0, 0.03),
        Expert(Combined(2), 0.008, 1.0, 0.07),
        Expert(Combined(2), EXPECTED, 3.75, 0.01),
        Expert(Combined(2), EXPECTED, 0.6, 0.12),
        Expert(Combined(2), EXPECTED, 1.6, 0.01),
        Expert(Combined(0), EXPECTED, 1.0, 0.03),
        Expert(Combined(0), 0.02, 1.0, 0.025),
        Expert(Combined(1), 0.1, 1.0, 0.13),
        Expert(Combined(1), 0.02, 1.0, 0.06),
        Expert(Base(0), 0.03, 1.0, 0.12),
        Expert(Base(1), 0.03, 1.0, 0.05),
        Expert(Cascaded(1), 0.03, 1.0, 0.08),
        Expert(Cascaded(0), 0.03, 1.0, 0.02),
        Expert(MEAN, EXPECTED, 0.8, 0.135),
    ],
    corrected=False,
)

MAX = ParameterSet(
    bases=[
        Lags(23, 16, 0.997, 2),
        Lags(31, 32, 0.9999, 16),
        Lags(12, 4, 0.976, 4),
        Lags(31, 16, 0.9995, 8),
        Lags(15, 8, 0.99, 4),
        Lags(23, 0, 0.9985, 4),
    ],
    bases_alone=[
        Lags(31, 0, 0.997, 2),
        Lags(31, 0, 0.9999, 16),
        Lags(15, 0, 0.976, 4),
        Lags(31, 0, 0.9995, 8),
        Lags(23, 0, 0.99, 4),
        Lags(23, 0, 0.9985, 4),
    ],
    cascades=[
        Cascade(Base(1), [
            Long(2048, 0.1),
            Long(1024, 0.2),
            Long(512, 0.2),
            Long(256, 0.2),
            Long(128, 0.12),
            Middle(0.08),
            Short(0.06, FLOAT),
            Short(0.056, SIGN),
        ]),
        Cascade(LAST, [Long(256, 0.01), Middle(0.005), Short(0.08, SIGN)]),
        Cascade(Base(0), [Long(256, 0.2), Middle(0.08), Short(0.06, FLOAT)]),
        Cascade(Base(3), [
            Long(2048, 0.1),
            Long(1024, 0.2),
            Long(512, 0.2),
            Long(256, 0.2),
            Middle(0.08),
            Short(0.06, FLOAT),
        ]),
        Cascade(Base(2), [Middle(0.08), Short(0.06, FLOAT)]),
    ],
    combiners=[
        Combine(0.9998, 8),
        Combine(0.99, 2),
        Combine(0.9985, 4),
        Combine(0.9995, 4),
        Combine(0.997, 2),
    ],
    experts=[
        Expert(Combined(4), 0.2, 1.0, 0.025),
        Expert(Combined(4), 0.05, 1.0, 0.01),
        Expert(Combined(4), EXPECTED, 1.0, 0.012),
        Expert(Combined(4), 0.008, 1.0, 0.012),
        Expert(Combined(4), EXPECTED, 3.75, 0.01),
        Expert(Combined(4), EXPECTED, 0.6, 0.095),
        Expert(Combined(4), EXPECTED, 1.6, 0.005),
        Expert(Combined(4), 0.002, 1.0, 0.04),
        Expert(Combined(0), EXPECTED, 1.0, 0.01),
        Expert(Combined(0), 0.02, 1.0, 0.01),
        Expert(Combined(1), 0.1, 1.0, 0.08),
        Expert(Combined(1), 0.02, 1.0, 0.03),
        Expert(Combined(2), 0.1, 1.0, 0.01),
        Expert(Combined(2), 0.02, 1.0, 0.01),
        Expert(Combined(3), 0.1, 1.0, 0.01),
        Expert(Combined(3), 0.02, 1.0, 0.01),
        Expert(Base(0), 0.03, 1.0, 0.05),
        Expert(Base(1), 0.03, 1.0, 0.03),
        Expert(Base(2), 0.03, 1.0, 0.075),
        Expert(Base(3), 0.03, 1.0, 0.03),
        Expert(Base(4), 0.03, 1.0, 0.07),
        Expert(Base(5), 0.03, 1.0, 0.045),
        Expert(Cascaded(0), 0.03, 1.0, 0.005),
        Expert(Cascaded(1), 0.03, 1.0, 0.05),
        Expert(Cascaded(2), 0.03, 1.0, 0.076),
        Expert(Cascaded(0), 0.1, 1.0, 0.01),
        Expert(MEAN, 0.3, 1.0, 0.05),
        Expert(MEAN, EXPECTED, 0.8, 0.03),
        Expert(MEAN, EXPECTED, 1.0, 0.01),
        Expert(MEAN, 0.01, 1.0, 0.01),
        Expert(MEAN, EXPECTED, 0.6, 0.075),
        Expert(MEAN, EXPECTED, 1.7, 0.005),
    ],
    corrected=True,
)


# Settings


FACTORS = (1.0, 0.5, 2.0, 0.25)


def changed(parameters, settings):
    """A parameter set with the settings of a payload."""
    bases, long, short, combiners = [FACTORS[settings >> shift & 3] for shift in (0, 2, 4, 6)]

    def fade(things, factor):
        return [thing._replace(memory=1.0 - (1.0 - thing.memory) * factor) for thing in things]

    def step(stage):
        return stage._replace(mu=stage.mu * (long if stage.kind == INTEGER else short))

    return parameters._replace(
        bases=fade(parameters.bases, bases),
        bases_alone=fade(parameters.bases_alone, bases),
        cascades=[cascade._replace(stages=list(map(step, cascade.stages)))
                  for cascade in parameters.cascades],
        combiners=fade(parameters.combiners, combiners))


# The tables of adaptive.md


def name_of(thing):
    names = {Base: "base", Cascaded: "cascade", Combined: "combiner"}
    return thing if isinstance(thing, str) else "%s %d" % (names[type(thing)], thing.at)


def number(x):
    return "%.6f" % x if 0.0 < x < 0.0001 else "%g" % x


def table(head, rows):
    """Numbers stand on the right."""
    text = [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]
    marks = [":--" if isinstance(cell, str) else "--:" for cell in rows[0]]
    lines = ["| %s |" % " | ".join(row) for row in [head] + text]
    lines.insert(1, "|%s|" % "|".join(marks))
    return "\n".join(lines).replace("|  |", "| |") + "\n"


def tables(parameters):
    bases = [("base %d" % i, *sees, alone.own, alone.memory, alone.every)
             for i, (sees, alone) in enumerate(zip(parameters.bases, parameters.bases_alone))]
    yield table(["", "A", "B", "memory", "every", "A, sees none", "memory", "every"], bases)
    stages = [("cascade %d" % c, name_of(cascade.start) if i == 0 else "", "%d" % i,
               {INTEGER: "integer", FLOAT: "float", SIGN: "float, by sign"}[stage.kind],
               stage.taps, stage.mu)
              for c, cascade in enumerate(parameters.cascades)
              for i, stage in enumerate(cascade.stages)]
    yield table(["", "corrects", "filter", "kind", "N", "mu"], stages)
    combiners = [("combiner %d" % j, *combiner) for j, combiner in enumerate(parameters.combiners)]
    yield table(["", "memory", "every"], combiners)
    experts = [("expert %d" % i, name_of(expert.center),
                expert.spread if expert.spread == EXPECTED else number(expert.spread),
                expert.factor, expert.weight) for i, expert in enumerate(parameters.experts)]
    yield table(["", "around", "rate", "factor", "weight"], experts)


if __name__ == "__main__":
    for name, parameters in [("Standard", STANDARD), ("Max", MAX)]:
        assert all(alone.other == 0 for alone in parameters.bases_alone)
        correction = "a" if parameters.corrected else "no"
        print("### %s\n\nIt has %s correction.\n" % (name, correction))
        print("\n".join(tables(parameters)))
