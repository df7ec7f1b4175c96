//! Streams that break one rule each, and streams for a later version or for other models.

use std::collections::BTreeMap;

use lmac::Precision;
use lmac_support::bytes::{Builder, varint};
use lmac_support::vectors::restore;

use crate::{BF16, BYTES, LLAMA, model, options};

/// The part of a header that names a model.
#[derive(Clone)]
struct Use {
    name: Vec<u8>,
    hash: [u8; 32],
    precision: u8,
    probe: u32,
    tokens: u8,
    top_k: u64,
    context: u64,
    lockstep: u64,
    blocking: u64,
}

impl Use {
    /// Returns the use of a model in single precision.
    fn of(path: &str) -> Use {
        let id = model(path, Precision::F32).id().clone();
        Use {
            name: id.name.into_bytes(),
            hash: id.hash,
            precision: 0,
            probe: id.probe,
            tokens: 1,
            top_k: 0,
            context: 100,
            lockstep: 4,
            blocking: 0,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Use { top_k, context, lockstep, blocking, .. } = *self;
        [
            &varint(self.name.len() as u64),
            &self.name,
            &self.hash[..],
            &[self.precision],
            &self.probe.to_le_bytes(),
            &[self.tokens],
            &[top_k, context, lockstep, blocking].map(varint).concat(),
        ]
        .concat()
    }

    /// Begins a stream: samples of this format, one channel, chunks of four frames.
    fn header(&self, format: u8) -> Builder {
        let body = [&[2 << 3 | format, 0x41, 0x24, 4], &self.bytes()[..], &[1, 2, 3, 4]].concat();
        Builder::new([0, 3], &body)
    }

    /// Returns a stream without chunks.
    fn empty(&self) -> Vec<u8> {
        self.header(0).trailer(2, &[0])
    }

    /// Returns a stream of one chunk of four frames of zeros.
    fn chunk_in(&self, format: u8, head: u8, wasted: &[u8], payload: &[u8]) -> Vec<u8> {
        let pcm = vec![0; 4 * (usize::from(format) + 1)];
        self.header(format).chunk(head, &[&[0, 4], wasted].concat(), payload, &pcm).trailer(2, &[4])
    }

    /// Returns the same of eight bits in offset binary.
    fn chunk(&self, payload: &[u8]) -> Vec<u8> {
        self.chunk_in(0, 0x14, &[], payload)
    }
}

/// Returns streams that break one rule each.
pub(crate) fn bad() -> BTreeMap<String, Vec<u8>> {
    let good = Use::of(BYTES);
    assert!(restore(&good.empty(), options()).is_ok(), "what the others differ from is good");
    let with = |change: fn(&mut Use)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let list: Vec<(&str, Vec<u8>)> = vec![
        ("name-of-256-bytes", with(|model| model.name = vec![b'n'; 256]).empty()),
        ("name-that-is-no-text", with(|model| model.name = vec![0xC3]).empty()),
        ("top-k-beyond-2-to-the-20", with(|model| model.top_k = (1 << 20) + 1).empty()),
        ("context-0", with(|model| model.context = 0).empty()),
        ("context-beyond-2-to-the-17", with(|model| model.context = (1 << 17) + 1).empty()),
        ("lockstep-0", with(|model| model.lockstep = 0).empty()),
        ("lockstep-beyond-4096", with(|model| model.lockstep = 4097).empty()),
        ("blocking-of-2-to-the-32", with(|model| model.blocking = 1 << 32).empty()),
        ("use-cut-short", {
            let model = &good.bytes()[..30];
            Builder::new([0, 3], &[&[2 << 3, 0x41, 0x24, 4], model].concat()).trailer(2, &[0])
        }),
        ("residual", good.chunk_in(0, 0x24, &[], &[0, 0])),
        ("without-model", {
            let body = [2 << 3, 0x41, 0x04, 4, 1, 2, 3, 4];
            Builder::new([0, 3], &body).chunk(0x14, &[0, 4], &[0, 0], &[0; 4]).trailer(2, &[4])
        }),
        ("frame-beyond-context", with(|model| model.context = 3).chunk_in(3, 0x14, &[], &[0, 0])),
        ("without-flags", good.chunk(&[])),
        ("without-kinds", good.chunk(&[0])),
        ("kinds-of-no-plane", good.chunk(&[0, 4])),
        ("without-planes", good.chunk(&[0, 2])),
        ("bits-behind-planes", good.chunk(&[0, 2, 1])),
        // The lowest value of sixteen bits, where fifteen are left.
        ("sample-beyond-its-bits", good.chunk_in(1, 0x54, &[1], &[0, 0])),
        ("token-beyond-its-segment", {
            // Segments of one character, and the first token has two.
            let mut model = Use::of(LLAMA);
            (model.tokens, model.context) = (0, 1);
            model.chunk(&[0, 0])
        }),
    ];
    let list = list.into_iter();
    list.map(|(name, stream)| (format!("bad-language-{name}"), stream)).collect()
}

/// Returns streams for a later version or for other models.
pub(crate) fn refused() -> BTreeMap<String, Vec<u8>> {
    let good = Use::of(BYTES);
    let with = |change: fn(&mut Use)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.chunk(&[0, 0])
    };
    let mut short = Use::of(BF16);
    short.context = 129;
    [
        ("unsupported-language-profile-2", with(|model| model.precision = 2)),
        ("unsupported-language-tokens-2", with(|model| model.tokens = 2)),
        ("unsupported-language-flag", good.chunk(&[2, 0])),
        ("model-language-missing", with(|model| model.hash[31] ^= 1)),
        ("model-language-of-another-probe", with(|model| model.probe ^= 1)),
        ("model-language-of-shorter-contexts", short.chunk(&[0, 0])),
    ]
    .map(|(name, stream)| (name.to_owned(), stream))
    .into()
}
