//! What Symphonia does not tell about a Matroska file.

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const TITLE: u64 = 0x7BA9;
const CLUSTER: u64 = 0x1F43_B675;

/// The title of the file that begins with these bytes.
pub(crate) fn title(start: &[u8]) -> Option<String> {
    let segment = find(start, SEGMENT)?;
    let info = find(segment.content, INFO)?;
    let title = find(info.content, TITLE)?;
    let title = std::str::from_utf8(title.whole()?).ok()?.trim_end_matches('\0');
    (!title.is_empty()).then(|| title.to_string())
}

/// The place where the segment of the file ends, if it tells.
pub(crate) fn end(start: &[u8]) -> Option<u64> {
    let segment = find(start, SEGMENT)?;
    let begin = segment.content.as_ptr().addr() - start.as_ptr().addr();
    segment.size?.checked_add(begin as u64)
}

struct Element<'a> {
    id: u64,
    /// The size of its content; `None` if it is not known.
    size: Option<u64>,
    /// As much of the content as is there.
    content: &'a [u8],
}

impl<'a> Element<'a> {
    fn whole(&self) -> Option<&'a [u8]> {
        (self.size == Some(self.content.len() as u64)).then_some(self.content)
    }
}

/// Finds an element among those that begin here, before any audio.
fn find(mut bytes: &[u8], id: u64) -> Option<Element<'_>> {
    loop {
        let (element_id, rest) = number(bytes, true)?;
        let (size, rest) = number(rest, false)?;
        // All ones.
        let unknown = size.count_ones() >= 7 && (size + 1).is_power_of_two();
        let size = (!unknown).then_some(size);
        let there = usize::try_from(size.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let (content, rest) = rest.split_at(there.min(rest.len()));
        let element = Element { id: element_id, size, content };
        if element.id == id {
            return Some(element);
        }
        if element.id == CLUSTER {
            return None;
        }
        bytes = rest;
    }
}

/// Reads a number of variable length; ids keep the bit that marks their length.
fn number(bytes: &[u8], keep_mark: bool) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let (number, rest) = bytes.split_at_checked(length)?;
    let number = number
        .iter()
        .try_fold(0u64, |all, &byte| (all >> 56 == 0).then_some(all << 8 | u64::from(byte)))?;
    let mark = 1u64.checked_shl(7 * length as u32)?;
    Some((if keep_mark { number } else { number & !mark }, rest))
}
