//! The kinds of numbers that weights are stored in.

/// The kind of numbers that a tensor is stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TensorKind {
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

impl TensorKind {
    /// All kinds.
    pub const ALL: &[TensorKind] = &[
        TensorKind::F32,
        TensorKind::F16,
        TensorKind::BF16,
        TensorKind::Q4_0,
        TensorKind::Q4_1,
        TensorKind::Q5_0,
        TensorKind::Q5_1,
        TensorKind::Q8_0,
        TensorKind::Q2K,
        TensorKind::Q3K,
        TensorKind::Q4K,
        TensorKind::Q5K,
        TensorKind::Q6K,
    ];

    /// Returns the kind's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            TensorKind::F32 => "F32",
            TensorKind::F16 => "F16",
            TensorKind::BF16 => "BF16",
            TensorKind::Q4_0 => "Q4_0",
            TensorKind::Q4_1 => "Q4_1",
            TensorKind::Q5_0 => "Q5_0",
            TensorKind::Q5_1 => "Q5_1",
            TensorKind::Q8_0 => "Q8_0",
            TensorKind::Q2K => "Q2_K",
            TensorKind::Q3K => "Q3_K",
            TensorKind::Q4K => "Q4_K",
            TensorKind::Q5K => "Q5_K",
            TensorKind::Q6K => "Q6_K",
        }
    }

    /// Returns the values of a block.
    pub fn block(self) -> usize {
        match self {
            TensorKind::F32 | TensorKind::F16 | TensorKind::BF16 => 1,
            TensorKind::Q4_0
            | TensorKind::Q4_1
            | TensorKind::Q5_0
            | TensorKind::Q5_1
            | TensorKind::Q8_0 => 32,
            TensorKind::Q2K
            | TensorKind::Q3K
            | TensorKind::Q4K
            | TensorKind::Q5K
            | TensorKind::Q6K => 256,
        }
    }

    /// Returns the bytes of a block.
    pub fn block_bytes(self) -> usize {
        match self {
            TensorKind::F32 => 4,
            TensorKind::F16 | TensorKind::BF16 => 2,
            TensorKind::Q4_0 => 18,
            TensorKind::Q4_1 => 20,
            TensorKind::Q5_0 => 22,
            TensorKind::Q5_1 => 24,
            TensorKind::Q8_0 => 34,
            TensorKind::Q2K => 84,
            TensorKind::Q3K => 110,
            TensorKind::Q4K => 144,
            TensorKind::Q5K => 176,
            TensorKind::Q6K => 210,
        }
    }

    /// Returns the bytes of a row of `columns` values; `None` if they do not fill whole blocks.
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        if !columns.is_multiple_of(self.block()) {
            return None;
        }
        (columns / self.block()).checked_mul(self.block_bytes())
    }

    /// Returns the bytes of a tensor of this shape; `None` if its rows do not fill whole blocks
    /// or if their number overflows.
    pub fn tensor_bytes(self, shape: &[usize]) -> Option<usize> {
        let (&columns, rows) = shape.split_last().unwrap_or((&1, &[]));
        let row = self.row_bytes(columns)?;
        rows.iter().try_fold(row, |bytes, &length| bytes.checked_mul(length))
    }
}
