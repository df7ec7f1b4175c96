//! The items of a sound stream, to put them together in another way with right checksums.

use crate::bytes::{crc, varint};

/// A sound stream in its parts.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The header with its checksum.
    pub header: Vec<u8>,
    /// All items but the trailer.
    pub items: Vec<Item>,
    /// Frames of the stream; `None` if the trailer does not tell.
    total: Option<u64>,
    /// The MD5, if there is one.
    md5: Vec<u8>,
}

/// An item without its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A chunk: its first frame and its bytes.
    Chunk(u64, Vec<u8>),
    /// A block: its type and its data.
    Block(u64, Vec<u8>),
    /// A sparse block: its type and the runs of its data.
    Sparse(u64, Vec<u8>),
}

/// The type of blocks with the tail of a file.
pub const TAIL: u64 = 2;
/// The type of blocks with decisions of a FLAC encoder.
pub const DECISIONS: u64 = 3;

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_vec()
    }

    fn varint(&mut self) -> u64 {
        let length = 1 + self.0.iter().position(|byte| byte & 0x80 == 0).expect("a varint");
        let bytes = self.take(length);
        bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7F))
    }
}

fn block(head: u8, kind: u64, data: &[u8]) -> Vec<u8> {
    let length = varint(data.len() as u64);
    [&[0xD6, 0x9B, head], &varint(kind)[..], &length, data].concat()
}

impl Parts {
    /// Takes a sound stream apart.
    pub fn of(stream: &[u8]) -> Parts {
        let mut fields = Fields(&stream[9..]);
        let body = fields.varint() as usize;
        let length = stream.len() - fields.0.len() + body + 4;
        let mut rest = Fields(&stream[length..]);
        let mut items = Vec::new();
        while rest.0[0] & 0xF0 != 0xE0 {
            let whole = rest.0;
            rest.take(2);
            let head = rest.take(1)[0];
            let first = rest.varint();
            if head & 0x0F == 0x0F {
                let length = rest.varint() as usize;
                let data = rest.take(length);
                let sparse = head & 0x20 != 0;
                items.push(if sparse { Item::Sparse } else { Item::Block }(first, data));
            } else {
                if head & 0x80 == 0 {
                    rest.varint();
                }
                if head & 0x40 != 0 {
                    rest.take(1);
                }
                let length = rest.varint() as usize;
                rest.take(4 + length);
                items.push(Item::Chunk(first, whole[..whole.len() - rest.0.len()].to_vec()));
            }
            rest.take(4);
        }
        let flags = rest.take(1)[0];
        if flags & 1 != 0 {
            let length = rest.varint() as usize;
            rest.take(length);
        }
        let total = (flags & 2 != 0).then(|| rest.varint());
        if flags & 8 != 0 {
            rest.varint();
        }
        if flags & 1 != 0 {
            let chunks = rest.varint();
            let stride = rest.take(1)[0];
            (0..2 * chunks.div_ceil(1 << stride)).for_each(|_| {
                rest.varint();
            });
        }
        // The checksum, at least one byte of length and the closing magic follow.
        let md5 = if rest.0.len() > 16 { rest.take(16) } else { Vec::new() };
        Parts { header: stream[..length].to_vec(), items, total, md5 }
    }

    /// Returns the parts with so many frames of audio in the trailer.
    pub fn with_total(mut self, frames: u64) -> Parts {
        self.total = Some(frames);
        self
    }

    /// Returns the places of the blocks of decisions among the items.
    pub fn decisions(&self) -> Vec<usize> {
        let items = self.items.iter().enumerate();
        items
            .filter(|(_, item)| matches!(item, Item::Block(DECISIONS, _)))
            .map(|(at, _)| at)
            .collect()
    }

    /// Returns the data of a block.
    pub fn data(&mut self, at: usize) -> &mut Vec<u8> {
        match &mut self.items[at] {
            Item::Block(_, data) | Item::Sparse(_, data) => data,
            Item::Chunk(..) => panic!("a chunk"),
        }
    }

    /// Puts the stream together, with checksums and a trailer that are right.
    pub fn stream(&self) -> Vec<u8> {
        let mut stream = self.header.clone();
        let id = u32::from_le_bytes(stream[stream.len() - 4..].try_into().expect("four bytes"));
        let (mut index, mut chunks, mut tail, mut before) = (Vec::new(), 0, 0, (0, 0));
        for item in &self.items {
            let bytes = match item {
                Item::Chunk(first, bytes) => {
                    let here = (*first, stream.len() as u64);
                    index.extend(varint(here.0.wrapping_sub(before.0)));
                    index.extend(varint(here.1 - before.1));
                    (before, chunks) = (here, chunks + 1);
                    bytes.clone()
                }
                Item::Block(kind, data) => {
                    tail += if *kind == TAIL { data.len() } else { 0 };
                    // Head and tail are critical.
                    block(if *kind <= TAIL { 0x1F } else { 0x0F }, *kind, data)
                }
                Item::Sparse(kind, runs) => {
                    assert_ne!(*kind, TAIL, "the length of a sparse tail");
                    block(0x3F, *kind, runs)
                }
            };
            stream.extend(&bytes);
            stream.extend(crc(Some(id), &bytes).to_le_bytes());
        }
        let mut trailer = vec![0xE0];
        if chunks > 1 {
            trailer[0] |= 1;
            trailer.extend(varint(self.header.len() as u64));
            trailer.extend(&self.header);
        }
        if let Some(total) = self.total {
            trailer[0] |= 2;
            trailer.extend(varint(total));
        }
        if tail > 0 {
            trailer[0] |= 8;
            trailer.extend(varint(tail as u64));
        }
        if chunks > 1 {
            trailer.extend(varint(chunks));
            trailer.push(0);
            trailer.extend(index);
        }
        trailer.extend(&self.md5);
        trailer.extend(crc(Some(id), &trailer).to_le_bytes());
        let mut length = varint(trailer.len() as u64);
        length.reverse();
        stream.extend(trailer);
        stream.extend(length);
        stream.extend([0x63, 0x89]);
        stream
    }
}
