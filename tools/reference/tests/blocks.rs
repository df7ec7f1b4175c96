//! Blocks of quantised values expand to candle's values, bit for bit.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::borrow::Cow;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use lmac::language::{Tensor, TensorKind};
use lmac_support::Random;

const KINDS: [(TensorKind, GgmlDType); 13] = [
    (TensorKind::F32, GgmlDType::F32),
    (TensorKind::F16, GgmlDType::F16),
    (TensorKind::BF16, GgmlDType::BF16),
    (TensorKind::Q4_0, GgmlDType::Q4_0),
    (TensorKind::Q4_1, GgmlDType::Q4_1),
    (TensorKind::Q5_0, GgmlDType::Q5_0),
    (TensorKind::Q5_1, GgmlDType::Q5_1),
    (TensorKind::Q8_0, GgmlDType::Q8_0),
    (TensorKind::Q2K, GgmlDType::Q2K),
    (TensorKind::Q3K, GgmlDType::Q3K),
    (TensorKind::Q4K, GgmlDType::Q4K),
    (TensorKind::Q5K, GgmlDType::Q5K),
    (TensorKind::Q6K, GgmlDType::Q6K),
];

/// Values of a row: whole blocks of every kind.
const COLUMNS: usize = 512;
const ROWS: usize = 64;

#[test]
fn every_kind_is_compared() {
    assert!(TensorKind::ALL.iter().all(|kind| KINDS.iter().any(|(known, _)| known == kind)));
}

#[test]
fn any_bytes_expand_to_the_same_values() {
    for (kind, theirs) in KINDS {
        let row = kind.row_bytes(COLUMNS).expect("whole blocks");
        let bytes = bytes(ROWS * row, kind as u64);
        let candle = expanded_by_candle(theirs, &bytes);
        let ours = expanded(kind, &bytes);
        let (mut special, mut finite) = (0, 0);
        for (at, (our, their)) in ours.iter().zip(&candle).enumerate() {
            // The bits of a NaN do not matter.
            let same = our.to_bits() == their.to_bits() || our.is_nan() && their.is_nan();
            assert!(same, "{} at {at}: {our:e} is not {their:e}", kind.name());
            if our.is_finite() {
                finite += 1
            } else {
                special += 1
            };
        }
        assert!(finite > special, "{}: {special} of {}", kind.name(), ours.len());
    }
}

#[test]
fn blocks_of_candle_expand_to_the_same_values() {
    let values: Vec<f32> = bytes(4 * ROWS * COLUMNS, 99)
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| i32::from_le_bytes(bytes) as f32 / (1u32 << 31) as f32)
        .collect();
    let tensor = candle_core::Tensor::from_slice(&values, (ROWS, COLUMNS), &Device::Cpu).unwrap();
    for (kind, theirs) in KINDS {
        let quantised = QTensor::quantize(&tensor, theirs).unwrap();
        let ours = expanded(kind, &quantised.data().unwrap());
        let dequantised = quantised.dequantize(&Device::Cpu).unwrap();
        let candle: Vec<f32> = dequantised.flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(ours, candle, "{}", kind.name());
        let error = ours.iter().zip(&values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error < 0.5, "{}: {error}", kind.name());
    }
}

fn expanded(kind: TensorKind, bytes: &[u8]) -> Vec<f32> {
    let tensor = Tensor::new(vec![ROWS, COLUMNS], kind, bytes.to_vec()).unwrap();
    let mut values = vec![0.0; ROWS * COLUMNS];
    for (row, values) in values.chunks_exact_mut(COLUMNS).enumerate() {
        tensor.row(row, values);
    }
    values
}

fn expanded_by_candle(kind: GgmlDType, bytes: &[u8]) -> Vec<f32> {
    let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, kind).unwrap();
    let tensor = QTensor::new(storage, (ROWS, COLUMNS)).unwrap();
    let values = tensor.dequantize(&Device::Cpu).unwrap();
    values.flatten_all().unwrap().to_vec1().unwrap()
}

fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.next_u64() as u8).collect()
}
