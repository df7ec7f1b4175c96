//! Zip archives as torch and numpy write them.

/// How an archive is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form {
    /// Deflate members.
    pub deflated: bool,
    /// Write sizes and places in 64 bits throughout.
    pub large: bool,
    /// Alignment of the members' values, in bytes; 0 for none.
    pub alignment: usize,
}

/// Returns an archive with these members.
pub fn archive(members: &[(String, Vec<u8>)], form: Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut list = Vec::new();
    for (name, content) in members {
        let place = bytes.len() as u64;
        let stored = match form.deflated {
            true => miniz_oxide::deflate::compress_to_vec(content, 6),
            false => content.clone(),
        };
        let sizes = [content.len() as u64, stored.len() as u64];
        let crc = crc32fast::hash(content);
        // Both programs write sizes in 64 bits, or could; padding is a field of its own.
        let mut extra = Vec::new();
        if form.large {
            extra.extend(field(1, &sizes.map(u64::to_le_bytes).concat()));
        }
        if form.alignment > 0 {
            let start = bytes.len() + 30 + name.len() + extra.len() + 4;
            let padding = start.next_multiple_of(form.alignment) - start;
            extra.extend(field(0x4246, &vec![b'Z'; padding]));
        }
        bytes.extend(b"PK\x03\x04");
        bytes.extend(fixed(form, crc, sizes, name, &extra));
        bytes.extend(name.bytes());
        bytes.extend(extra);
        bytes.extend(stored);

        let large = match form.large {
            true => field(1, &[sizes[0], sizes[1], place].map(u64::to_le_bytes).concat()),
            false => Vec::new(),
        };
        list.extend(b"PK\x01\x02\x2d\x00");
        list.extend(fixed(form, crc, sizes, name, &large));
        list.extend([0; 10]);
        list.extend(if form.large { u32::MAX } else { place as u32 }.to_le_bytes());
        list.extend(name.bytes());
        list.extend(large);
    }
    let (place, count) = (bytes.len() as u64, members.len() as u64);
    let length = list.len() as u64;
    bytes.extend(list);
    if form.large {
        let end = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([count, count, length, place].map(u64::to_le_bytes).concat());
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
    }
    let small = |number: u64| if form.large { u32::MAX } else { number as u32 }.to_le_bytes();
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(count as u16).to_le_bytes(), (count as u16).to_le_bytes()].concat());
    bytes.extend([small(length), small(place)].concat());
    bytes.extend([0, 0]);
    bytes
}

/// Returns the fields that a member's header and its entry of the list have in common.
fn fixed(form: Form, crc: u32, sizes: [u64; 2], name: &str, extra: &[u8]) -> Vec<u8> {
    let small = |size: u64| if form.large { u32::MAX } else { size as u32 }.to_le_bytes();
    let mut fixed = vec![45, 0, 0, 0, if form.deflated { 8 } else { 0 }, 0, 0, 0, 0, 0];
    fixed.extend(crc.to_le_bytes());
    fixed.extend(small(sizes[1]));
    fixed.extend(small(sizes[0]));
    fixed.extend((name.len() as u16).to_le_bytes());
    fixed.extend((extra.len() as u16).to_le_bytes());
    fixed
}

fn field(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(content.len() as u16).to_le_bytes(), content].concat()
}
