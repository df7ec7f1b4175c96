//! Digests of single functions.

use lmac::proof;
use lmac_support::Random;

use crate::Work;

pub(crate) fn run(work: &mut Work<'_>) {
    let count = if work.options.short { 2_000 } else { 20_000 };
    tables(work, count);
    kernels(work, count);
}

/// Digests the functions of tables, at numbers up to 16 of either sign.
fn tables(work: &mut Work<'_>, count: usize) {
    let mut random = Random::new(1);
    let mut bytes: [Vec<u8>; 5] = Default::default();
    for _ in 0..count {
        let x = (random.next_u64() as i64 >> 1 | 1) as f64 / (1u64 << 58) as f64;
        for (bytes, result) in bytes.iter_mut().zip(proof::table_functions(x)) {
            bytes.extend(result.to_le_bytes());
        }
    }
    for (name, bytes) in ["exp", "log", "power", "sine", "cosine"].into_iter().zip(bytes) {
        work.digest(format_args!("functions/{name}/{count}"), bytes);
    }
}

/// Digests the functions of kernels, at normal numbers of every size up to 2^64.
fn kernels(work: &mut Work<'_>, count: usize) {
    let mut random = Random::new(2);
    let argument = |random: &mut Random| {
        let exponent = 63 + random.below(128) as u32;
        let sign_and_mantissa = random.next_u64() as u32 & 0x807F_FFFF;
        f32::from_bits(sign_and_mantissa | exponent << 23)
    };
    let arguments: Vec<f32> = (0..count).map(|_| argument(&mut random)).collect();
    let results = proof::kernel_functions(&arguments);
    for (at, name) in ["exp-minus", "ln", "logistic"].into_iter().enumerate() {
        let bytes: Vec<u8> = results.iter().flat_map(|result| result[at].to_le_bytes()).collect();
        work.digest(format_args!("functions/{name}/{count}"), bytes);
    }
}
