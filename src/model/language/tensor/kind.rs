//! The types that weights are stored in.

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// IEEE float of 32 bits.
    F32,
    /// IEEE float of 16 bits.
    F16,
    /// The upper half of an IEEE float of 32 bits.
    BF16,
    /// Blocks of 32 values in 4 bits, with a scale.
    Q4_0,
    /// Blocks of 32 values in 4 bits, with a scale and an offset.
    Q4_1,
    /// Blocks of 32 values in 5 bits, with a scale.
    Q5_0,
    /// Blocks of 32 values in 5 bits, with a scale and an offset.
    Q5_1,
    /// Blocks of 32 values in 8 bits, with a scale.
    Q8_0,
    /// Blocks of 256 values in 2 bits, with a scale and an offset for each 16.
    Q2K,
    /// Blocks of 256 values in 3 bits, with a scale for each 16.
    Q3K,
    /// Blocks of 256 values in 4 bits, with a scale and an offset for each 32.
    Q4K,
    /// Blocks of 256 values in 5 bits, with a scale and an offset for each 32.
    Q5K,
    /// Blocks of 256 values in 6 bits, with a scale for each 16.
    Q6K,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Kind] = &[
        Kind::F32,
        Kind::F16,
        Kind::BF16,
        Kind::Q4_0,
        Kind::Q4_1,
        Kind::Q5_0,
        Kind::Q5_1,
        Kind::Q8_0,
        Kind::Q2K,
        Kind::Q3K,
        Kind::Q4K,
        Kind::Q5K,
        Kind::Q6K,
    ];

    /// The kind's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::F32 => "F32",
            Kind::F16 => "F16",
            Kind::BF16 => "BF16",
            Kind::Q4_0 => "Q4_0",
            Kind::Q4_1 => "Q4_1",
            Kind::Q5_0 => "Q5_0",
            Kind::Q5_1 => "Q5_1",
            Kind::Q8_0 => "Q8_0",
            Kind::Q2K => "Q2_K",
            Kind::Q3K => "Q3_K",
            Kind::Q4K => "Q4_K",
            Kind::Q5K => "Q5_K",
            Kind::Q6K => "Q6_K",
        }
    }

    /// Values that are stored together.
    pub fn block(self) -> usize {
        match self {
            Kind::F32 | Kind::F16 | Kind::BF16 => 1,
            Kind::Q4_0 | Kind::Q4_1 | Kind::Q5_0 | Kind::Q5_1 | Kind::Q8_0 => 32,
            Kind::Q2K | Kind::Q3K | Kind::Q4K | Kind::Q5K | Kind::Q6K => 256,
        }
    }

    /// Bytes of a block.
    pub fn block_bytes(self) -> usize {
        match self {
            Kind::F32 => 4,
            Kind::F16 | Kind::BF16 => 2,
            Kind::Q4_0 => 18,
            Kind::Q4_1 => 20,
            Kind::Q5_0 => 22,
            Kind::Q5_1 => 24,
            Kind::Q8_0 => 34,
            Kind::Q2K => 84,
            Kind::Q3K => 110,
            Kind::Q4K => 144,
            Kind::Q5K => 176,
            Kind::Q6K => 210,
        }
    }

    /// Bytes of a row of this many values; `None` where they fill no whole blocks.
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        if !columns.is_multiple_of(self.block()) {
            return None;
        }
        (columns / self.block()).checked_mul(self.block_bytes())
    }

    /// Bytes of a tensor of this shape; `None` where its rows fill no whole blocks, or
    /// where there are too many of them for any memory.
    pub fn tensor_bytes(self, shape: &[usize]) -> Option<usize> {
        let (&columns, rows) = shape.split_last().unwrap_or((&1, &[]));
        let row = self.row_bytes(columns)?;
        rows.iter().try_fold(row, |bytes, &length| bytes.checked_mul(length))
    }
}
