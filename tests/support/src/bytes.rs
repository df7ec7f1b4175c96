//! Streams put together by hand, right or wrong, as `spec/container.md` describes them.

/// Returns the bytes of a varint.
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// Returns the CRC-32 of `bytes`, with the stream's id in front of them if there is one.
pub fn crc(id: Option<u32>, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    if let Some(id) = id {
        hasher.update(&id.to_le_bytes());
    }
    hasher.update(bytes);
    hasher.finalize()
}

/// A stream that grows item by item.
#[derive(Debug)]
pub struct Builder {
    /// All bytes so far.
    pub bytes: Vec<u8>,
    /// The checksum of the header, which all other checksums begin with.
    pub id: u32,
    /// The length of the header.
    pub header_length: usize,
}

impl Builder {
    /// Begins with a header of this version and body.
    pub fn new(version: [u8; 2], body: &[u8]) -> Self {
        let mut bytes = b"\x89lmac\r\n".to_vec();
        bytes.extend(version);
        bytes.extend(varint(body.len() as u64));
        bytes.extend(body);
        let id = crc(None, &bytes);
        bytes.extend(id.to_le_bytes());
        let header_length = bytes.len();
        Builder { bytes, id, header_length }
    }

    /// Adds an item with its checksum.
    pub fn item(mut self, parts: &[&[u8]]) -> Self {
        let item = [&[0xD6, 0x9B], &parts.concat()[..]].concat();
        self.bytes.extend(&item);
        self.bytes.extend(crc(Some(self.id), &item).to_le_bytes());
        self
    }

    /// Adds a chunk; `fields` are the bytes between head and payload length.
    pub fn chunk(self, head: u8, fields: &[u8], payload: &[u8], pcm: &[u8]) -> Self {
        let pcm_crc = crc(Some(self.id), pcm).to_le_bytes();
        let length = varint(payload.len() as u64);
        self.item(&[&[head], fields, &length, &pcm_crc, payload])
    }

    /// Adds a block of this kind.
    pub fn block(self, head: u8, kind: u64, data: &[u8]) -> Self {
        self.item(&[&[head], &varint(kind), &varint(data.len() as u64), data])
    }

    /// Ends with a trailer of these flags and this body.
    pub fn trailer(self, flags: u8, body: &[u8]) -> Vec<u8> {
        self.trailer_with(flags, body, 0, [0x63, 0x89])
    }

    /// Ends with a trailer whose length field says `longer` bytes more than it has, and with
    /// this closing magic.
    pub fn trailer_with(mut self, flags: u8, body: &[u8], longer: u64, magic: [u8; 2]) -> Vec<u8> {
        let trailer = [&[0xE0 | flags], body].concat();
        self.bytes.extend(&trailer);
        self.bytes.extend(crc(Some(self.id), &trailer).to_le_bytes());
        let mut length = varint(trailer.len() as u64 + 4 + longer);
        length.reverse();
        self.bytes.extend(length);
        self.bytes.extend(magic);
        self.bytes
    }

    /// Returns the copy of the header that a trailer has, with its length.
    pub fn header_copy(&self) -> Vec<u8> {
        let header = &self.bytes[..self.header_length];
        [&varint(header.len() as u64)[..], header].concat()
    }
}
