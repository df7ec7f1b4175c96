"""Parts of a channel that were heard before; see "Matches" in adaptive.md."""

LEAST = 32                          # equal numbers make a match
WORD = 2**32 - 1


class Matches:
    def __init__(self, frames):
        self.places = 1
        while self.places < min(frames, 2**14):
            self.places *= 2
        self.enabled = frames >= 64
        self.table = {}             # those that are not 0
        self.hash = self.surprises = 0
        self.distance = self.length = self.before = 0
        self.misses = [[2**27] * 8 for _ in range(3)]

    def decode(self, numbers, tokens):
        """The next number if the match gives it, or None; `numbers` are those before."""
        if self.distance == 0 or self.miss() >= 2**29:
            return None
        same = tokens.bit(65536 - max(self.miss() >> 16, 1))
        return numbers[-self.distance] if same else None

    def miss(self):
        return self.misses[self.before][self.length_class()]

    def length_class(self):
        return min((self.length // LEAST).bit_length() - 1, 7)

    def learn(self, numbers, surprising):
        """Learns the last of the numbers."""
        self.surprises = (self.surprises << 1 | surprising) & WORD
        self.hash = (self.hash * 0x3C6EF362 + numbers[-1]) & WORD
        if self.distance > 0:
            self.follow(numbers[-1] == numbers[-1 - self.distance])
        if self.enabled and self.hash < 2**27:
            self.look(numbers)

    def follow(self, same):
        miss = self.miss()
        miss += -(miss >> 5) if same else (WORD - miss) >> 5
        self.misses[self.before][self.length_class()] = miss
        if same:
            self.length += 1
        else:
            self.before = 1 if self.length < 64 else 2
            self.distance = 0

    def look(self, numbers):
        t = len(numbers)
        if t < LEAST or bin(self.surprises).count("1") < 8:
            return
        place = (self.hash >> 13) % self.places
        old_tag, old = self.table.get(place, (0, 0))
        tag = self.hash & 255
        self.table[place] = tag, t % 2**24
        distance = (t - old) % 2**24
        if (self.distance == 0 and old_tag == tag and 0 < distance <= t - LEAST
                and numbers[t - LEAST:] == numbers[t - distance - LEAST:t - distance]):
            self.distance, self.length = distance, LEAST
