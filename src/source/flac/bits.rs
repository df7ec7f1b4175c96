//! Bits and checksums of FLAC: the most significant bit comes first.

/// Reads bits from the front of a slice. `None` where it ends.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bytes that are in `held`, or were.
    taken: usize,
    /// The next bits, from the top down; those below are zero.
    held: u64,
    /// The number of bits in `held`.
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, taken: 0, held: 0, count: 0 }
    }

    /// Fills `held` with at least 57 bits, as far as there are any.
    #[inline(always)]
    fn refill(&mut self) {
        if let Some(word) = self.bytes.get(self.taken..).and_then(|rest| rest.first_chunk()) {
            let bytes = (64 - self.count) / 8;
            if bytes > 0 {
                let more = u64::from_be_bytes(*word) >> (64 - 8 * bytes) << (64 - 8 * bytes);
                self.held |= more >> self.count;
                self.count += 8 * bytes;
                self.taken += bytes as usize;
            }
            return;
        }
        while self.count <= 56
            && let Some(&byte) = self.bytes.get(self.taken)
        {
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.taken += 1;
        }
    }

    /// Reads up to 56 bits.
    #[inline(always)]
    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        debug_assert!(count <= 56);
        if self.count < count {
            self.refill();
            if self.count < count {
                return None;
            }
        }
        if count == 0 {
            return Some(0);
        }
        let value = self.held >> (64 - count);
        self.held <<= count;
        self.count -= count;
        Some(value)
    }

    /// Reads a number in two's complement, of up to 56 bits.
    #[inline(always)]
    pub(super) fn signed(&mut self, count: u32) -> Option<i64> {
        if count == 0 {
            return Some(0);
        }
        Some((self.bits(count)? << (64 - count)) as i64 >> (64 - count))
    }

    /// Reads zeros up to the next one, and the one.
    #[inline(always)]
    pub(super) fn unary(&mut self) -> Option<u64> {
        let mut zeros = 0;
        loop {
            let here = self.held.leading_zeros();
            if here < self.count {
                // At most 63, so that the one behind the zeros is in `held`.
                self.held = self.held << here << 1;
                self.count -= here + 1;
                return Some(zeros + u64::from(here));
            }
            zeros += u64::from(self.count);
            (self.held, self.count) = (0, 0);
            self.refill();
            if self.count == 0 {
                return None;
            }
        }
    }

    /// Bits until the next whole byte.
    pub(super) fn odd_bits(&self) -> u32 {
        self.count % 8
    }

    /// Whole bytes that were read.
    pub(super) fn position(&self) -> usize {
        self.taken - (self.count / 8) as usize
    }
}

/// Writes bits behind each other.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that are not in `bytes` yet, from the top down.
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Writes the lowest `count` bits of a number, at most 32.
    #[inline(always)]
    pub(super) fn bits(&mut self, value: u64, count: u32) {
        debug_assert!(count <= 32);
        if count == 0 {
            return;
        }
        self.held |= (value << (64 - count)) >> self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes.extend_from_slice(&((self.held >> 32) as u32).to_be_bytes());
            self.held <<= 32;
            self.count -= 32;
        }
    }

    /// Writes the lowest bits of a number of up to 56 bits.
    pub(super) fn long(&mut self, value: u64, count: u32) {
        if count > 32 {
            self.bits(value >> 32, count - 32);
        }
        self.bits(value & 0xFFFF_FFFF, count.min(32));
    }

    /// Writes zeros and a one behind them.
    #[inline(always)]
    pub(super) fn unary(&mut self, mut zeros: u64) {
        while zeros >= 32 {
            self.bits(0, 32);
            zeros -= 32;
        }
        self.bits(1, zeros as u32 + 1);
    }

    /// Bits so far.
    pub(super) fn length(&self) -> u64 {
        8 * self.bytes.len() as u64 + u64::from(self.count)
    }

    /// Bits until the next whole byte.
    pub(super) fn missing_bits(&self) -> u32 {
        self.count.wrapping_neg() % 8
    }

    /// All bytes so far. The bits must be whole bytes.
    pub(super) fn align(&mut self) -> &mut Vec<u8> {
        let whole = (self.count / 8) as usize;
        self.bytes.extend_from_slice(&self.held.to_be_bytes()[..whole]);
        (self.held, self.count) = (0, 0);
        &mut self.bytes
    }
}

/// The checksum of a frame's header, with the polynomial x^8 + x^2 + x + 1.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| CRC8[usize::from(crc ^ byte)])
}

/// The checksum of a frame, with the polynomial x^16 + x^15 + x^2 + 1.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0u16;
    let mut pairs = bytes.chunks_exact(2);
    for pair in &mut pairs {
        let word = crc ^ u16::from_be_bytes([pair[0], pair[1]]);
        crc = CRC16[1][usize::from(word >> 8)] ^ CRC16[0][usize::from(word & 0xFF)];
    }
    for byte in pairs.remainder() {
        crc = crc << 8 ^ CRC16[0][usize::from((crc >> 8) as u8 ^ byte)];
    }
    crc
}

static CRC8: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u8;
        let mut bit = 0;
        while bit < 8 {
            crc = crc << 1 ^ if crc & 0x80 != 0 { 0x07 } else { 0 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

/// For the last byte of two, and for the one before it.
static CRC16: [[u16; 256]; 2] = {
    let mut tables = [[0; 256]; 2];
    let mut at = 0;
    while at < 256 {
        let mut crc = (at as u16) << 8;
        let mut bit = 0;
        while bit < 16 {
            if bit == 8 {
                tables[0][at] = crc;
            }
            crc = crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 };
            bit += 1;
        }
        tables[1][at] = crc;
        at += 1;
    }
    tables
};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use lmac_support::mixed;

    use super::*;

    #[test]
    fn bits_come_back() {
        let fields: Vec<(u64, u32)> = (0..5000)
            .map(|seed| {
                let count = (mixed(seed) % 57) as u32;
                (mixed(!seed) & ((1u64 << count) - 1), count)
            })
            .collect();
        let mut writer = BitWriter::default();
        for &(value, count) in &fields {
            writer.long(value, count);
            writer.unary(value % 150);
        }
        writer.bits(0, writer.missing_bits());
        let bytes = writer.align().clone();
        let mut reader = BitReader::new(&bytes);
        for &(value, count) in &fields {
            assert_eq!(reader.bits(count), Some(value));
            assert_eq!(reader.unary(), Some(value % 150));
        }
        assert_eq!(reader.bits(reader.odd_bits()), Some(0));
        assert_eq!(reader.position(), bytes.len());
        assert_eq!(reader.bits(1), None);
        assert_eq!(reader.unary(), None);
    }

    #[test]
    fn checksums_of_the_field() {
        // The check values of CRC-8/SMBUS and CRC-16/UMTS.
        assert_eq!(crc8(b"123456789"), 0xF4);
        assert_eq!(crc16(b"123456789"), 0xFEE8);
        assert_eq!(crc16(b"12345678"), {
            let slow = |crc: u16, byte: &u8| {
                (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                    crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 }
                })
            };
            b"12345678".iter().fold(0, slow)
        });
    }
}
