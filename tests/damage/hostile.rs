//! Streams that are damaged on purpose.

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, Verification};
use lmac_support::Random;

use crate::small::{decode, streams, ten_chunks};

#[test]
fn recovery_ends_where_only_beginnings_of_items_are() {
    let (stream, _, chunks) = ten_chunks(4);
    let mut hostile = stream[..chunks[0].start].to_vec();
    // Each is the beginning of a chunk of nearly four hundred bytes.
    for _ in 0..300_000 {
        hostile.extend([0xD6, 0x9B, 0, 0, 100, 0x8F, 0x03]);
    }
    let (back, result) = decode(&hostile, true);
    assert!(back.is_empty() && matches!(result, Ok(Verification::Damaged)));
}

#[test]
fn no_mutation_panics() {
    let all = streams();
    let mut random = Random::new(3);
    for round in 0..20_000 {
        let (stream, _) = &all[round % all.len()];
        let mut damaged = stream.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(damaged.len() as u64) as usize;
            match random.below(4) {
                0 => damaged[at] = random.next_u64() as u8,
                1 => damaged.truncate(at + 1),
                2 => damaged.insert(at, random.next_u64() as u8),
                _ => drop(damaged.remove(at)),
            }
            if damaged.is_empty() {
                damaged.push(0);
            }
        }
        let _ = decode(&damaged, true);
        let mut decoder = match Decoder::recover(Cursor::new(&damaged), DecodeOptions::default()) {
            Ok(decoder) => decoder,
            Err(_) => continue,
        };
        let _ = decoder.seek(random.below(200));
        let mut restored = Restored::new(decoder);
        let _ = restored.read_to_end(&mut Vec::new());
    }
}
