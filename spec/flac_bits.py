"""Bits, checksums and headers of FLAC frames, as in RFC 9639; for flac.py."""

RATE_FIELDS = {12: 8, 13: 16, 14: 16}


class BitWriter:
    def __init__(self):
        self.done, self.held, self.count = bytearray(), 0, 0

    def put(self, value, count):
        self.held = self.held << count | value
        self.count += count
        if self.count - 8 * len(self.done) >= 2048:
            self.flush()

    def flush(self):
        waiting = self.count - 8 * len(self.done)
        rest = waiting % 8
        self.done += (self.held >> rest).to_bytes(waiting // 8, "big")
        self.held &= (1 << rest) - 1

    def unary(self, zeros):
        self.put(1, zeros + 1)

    def bytes(self):
        self.flush()
        return bytes(self.done)


def write_header(w, h):
    w.put(0xFFF8 | h.variable, 16)
    w.put(h.size_code << 12 | h.rate_code << 8 | h.channels_code << 4 | h.bits_code << 1, 16)
    if h.number < 0x80:
        w.put(h.number, 8)
    else:
        more = next((m for m in range(1, 6) if h.number >> (5 * m + 6) == 0), 6)
        w.put(0xFF << (7 - more) & 0xFF | h.number >> (6 * more), 8)
        for at in range(more - 1, -1, -1):
            w.put(0x80 | h.number >> (6 * at) & 0x3F, 8)
    w.put(h.size - 1 if h.size_code in (6, 7) else 0, {6: 8, 7: 16}.get(h.size_code, 0))
    w.put(h.rate_field, RATE_FIELDS.get(h.rate_code, 0))
    w.put(crc(w.bytes(), 8, 0x07), 8)


def crc(data, bits, polynomial):
    table = CRC_TABLES.get(bits)
    if table is None:
        table = CRC_TABLES[bits] = []
        for at in range(256):
            value = at << (bits - 8)
            for _ in range(8):
                value = value << 1 ^ (polynomial if value >> (bits - 1) else 0)
                value &= (1 << bits) - 1
            table.append(value)
    value, mask = 0, (1 << bits) - 1
    for byte in data:
        value = value << 8 & mask ^ table[value >> (bits - 8) ^ byte]
    return value


CRC_TABLES = {}
