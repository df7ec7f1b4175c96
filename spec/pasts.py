"""What a channel is taken to have been before its chunk; see adaptive.md.

    pasts.py                  print the spectra as the table of adaptive.md
"""

# Reflection coefficients in units of 1/32768.
SPECTRA = [
    [-27068, 1140, -7775, 13179, 10220, 12110, -2094, -2897, -10155,
     673, -1832, 2477, 3161, 2767, 459, 2463],
    [-14652, 28346, -12997, 9047, -2084, 214, -7438, -5101, -9341,
     -5527, -2756, -3469, -4422, -5268, -4539, -2241],
    [-27872, 27775, -1222, -3038, 2162, 6673, -1959, 1396, -1340,
     643, -2283, 1163, 231, -54, 50, 2052],
    [-31297, 17656, -17425, 6654, -4968, 2215, -1315, -2180, -1389,
     526, -1335, 949, 156, -66, -724, 173],
    [-31732, -20887, -13362, -5834, -3608, -1355, -335, 731, -1742,
     2491, 199, -124, -634, 431, -398, -582],
    [-32178, 28056, -11142, -2554, 680, 333, -920, 781, -436,
     -706, -1489, -264, -298, -264, -632, 33],
    [-32648, -1860, -1856, 220, -1624, 703, -981, 220, 820,
     359, 1285, 1626, -95, 814, 148, -202],
    [-32652, 24932, 9950, 2759, -179, -515, -1087, -347, -147,
     346, -153, 216, -499, -316, -619, -316],
]
LAGS = 32


def correlations(reflections):
    """The correlations of a signal whose errors have a mean square of one."""
    factors, known, power = [1.0], [1.0], 1.0
    for lag in range(1, LAGS):
        total = 0.0
        for i in range(1, min(lag, len(factors))):
            total += factors[i] * known[lag - i]
        if lag <= len(reflections):
            reflection = reflections[lag - 1] / 32768.0
            known.append(-total - reflection * power)
            longer = factors + [0.0]
            factors = [1.0] + [a + reflection * b for a, b in zip(longer[1:], longer[-2::-1])]
            power *= 1.0 - reflection * reflection
        else:
            known.append(-total)
    return [correlation / power for correlation in known]


KNOWN = [correlations(reflections) for reflections in SPECTRA]


class Past:
    def __init__(self, byte):
        self.size = 2.0**(byte & 31)
        self.known = KNOWN[byte >> 5]

    def correlations(self, samples):
        scale = samples * (self.size * self.size)
        return [correlation * scale for correlation in self.known]


if __name__ == "__main__":
    print("| spectrum | reflection coefficients 1 to %d |\n|--:|:--|" % len(SPECTRA[0]))
    for number, reflections in enumerate(SPECTRA):
        print("| %d | %s |" % (number, ", ".join(map(str, reflections))))
