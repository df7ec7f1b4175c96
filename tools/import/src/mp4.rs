//! The byte order of PCM in MP4 and QuickTime files.
//!
//! The sample entries `in24`, `in32`, `fl32` and `fl64` are big-endian unless an atom `enda` says
//! otherwise. Symphonia 0.6.1 reads no `enda` and takes them all for little-endian.

use std::io::{self, Read, Seek, SeekFrom};

/// More bytes of a sample description are not looked at.
const DESCRIPTION: u64 = 1 << 16;

/// Finds for each track of a file whether its samples are big-endian; `None` where they are no
/// PCM of this kind.
pub(crate) fn byte_orders(file: &mut (impl Read + Seek)) -> io::Result<Vec<Option<bool>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut orders = Vec::new();
    search(file, 0, end, &mut orders)?;
    Ok(orders)
}

/// Goes through the atoms between two places.
fn search(
    file: &mut (impl Read + Seek),
    mut at: u64,
    end: u64,
    orders: &mut Vec<Option<bool>>,
) -> io::Result<()> {
    while at + 8 <= end {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let [a, b, c, d, kind @ ..] = head;
        let mut content = at + 8;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            0 => end - at,
            1 => {
                let mut size = [0; 8];
                file.read_exact(&mut size)?;
                content += 8;
                u64::from_be_bytes(size)
            }
            size => size.into(),
        };
        let next = at.saturating_add(size).min(end);
        // Symphonia says what is wrong with such an atom.
        if next < content {
            return Ok(());
        }
        match &kind {
            b"trak" => {
                orders.push(None);
                search(file, content, next, orders)?;
            }
            b"moov" | b"mdia" | b"minf" | b"stbl" => search(file, content, next, orders)?,
            b"stsd" => {
                let mut description = Vec::new();
                file.take((next - content).min(DESCRIPTION)).read_to_end(&mut description)?;
                if let (Some(order), Some(entry)) = (orders.last_mut(), description.get(8..)) {
                    *order = byte_order(entry);
                }
            }
            _ => {}
        }
        at = next;
    }
    Ok(())
}

/// Tells whether the sample entry that begins here is of big-endian PCM.
fn byte_order(entry: &[u8]) -> Option<bool> {
    if !matches!(entry.get(4..8)?, b"in24" | b"in32" | b"fl32" | b"fl64") {
        return None;
    }
    let fields = match entry.get(16..18)? {
        [0, 0] => 36,
        [0, 1] => 52,
        _ => 72,
    };
    Some(!little(entry.get(fields..)?))
}

/// Whether one of these atoms says that samples are little-endian.
fn little(mut atoms: &[u8]) -> bool {
    while let Some((head, rest)) = atoms.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(content) = size.checked_sub(8).and_then(|size| rest.get(..size)) else { break };
        match &kind {
            b"enda" => return matches!(content, [.., 1]),
            b"wave" if little(content) => return true,
            _ => {}
        }
        atoms = &rest[content.len()..];
    }
    false
}
