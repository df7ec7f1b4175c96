//! numpy's arrays: a header in the form of a Python dictionary, and the values.

use crate::checkpoint::stored::{Place, Stored, strides_of_rows};
use crate::checkpoint::zip::Archive;
use crate::error::Result;
use crate::method::language::tensor::TensorKind;

/// What the header of an array says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether the values are a pickle of objects.
    pub(super) objects: bool,
    /// Where the values begin in the member.
    pub(super) start: usize,
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

/// Headers have a hundred bytes or so.
const MOST_HEADER: u64 = 1 << 16;

/// Reads the header of a member.
pub(super) fn header(archive: &Archive, member: &str) -> Result<Header> {
    let start = archive.start(member, MOST_HEADER)?;
    parse(&start).ok_or_else(|| archive.error(format!("{member} has no header of numpy's")))
}

/// Where the values of an array are whose member is at `place`.
pub(super) fn stored(
    archive: &Archive,
    member: &str,
    place: Place,
    header: &Header,
) -> Result<Stored> {
    let kind = kind(&header.descr).ok_or_else(|| unsupported(archive, member, &header.descr))?;
    let place = place.behind(header.start).ok_or_else(|| archive.error("an array is cut off"))?;
    ordered(archive, place, kind, header.shape.clone(), header.fortran)
}

/// A tensor whose values follow each other by rows, or by columns as Fortran has them.
pub(super) fn ordered(
    archive: &Archive,
    place: Place,
    kind: TensorKind,
    mut shape: Vec<usize>,
    fortran: bool,
) -> Result<Stored> {
    if !fortran {
        return Stored::new(archive.source(), place, kind, shape);
    }
    shape.reverse();
    let strides = strides_of_rows(&shape).ok_or_else(|| archive.error("an array is too large"))?;
    Stored::with_strides(archive.source(), place, kind, shape, strides)?.transposed()
}

/// The kind of values of this description, as `<f4`.
pub(super) fn kind(descr: &str) -> Option<TensorKind> {
    match descr {
        "<f4" => Some(TensorKind::F32),
        "<f2" => Some(TensorKind::F16),
        _ => None,
    }
}

/// An error for values of another description.
pub(super) fn unsupported(archive: &Archive, name: &str, descr: &str) -> crate::Error {
    archive.error(format!(
        "{name} has values of {descr}: only floats of 32 and 16 bits (<f4, <f2) are supported"
    ))
}

/// Takes a header apart.
fn parse(bytes: &[u8]) -> Option<Header> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (length, rest, before) = match rest {
        [1, _, low, high, rest @ ..] => (u16::from_le_bytes([*low, *high]).into(), rest, 10),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest, 12),
        _ => return None,
    };
    let length = usize::try_from(length).ok()?;
    let text = str::from_utf8(rest.get(..length)?).ok()?;
    let mut fields = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    while !fields.is_empty() {
        let (key, rest) = quoted(fields)?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        let rest = match key {
            "descr" => {
                let (value, rest) = quoted(rest)?;
                descr = Some(value.to_owned());
                rest
            }
            "fortran_order" => {
                let (value, rest) = rest.split_at(rest.find([',', ' ']).unwrap_or(rest.len()));
                fortran = Some(match value {
                    "True" => true,
                    "False" => false,
                    _ => return None,
                });
                rest
            }
            "shape" => {
                let (inner, rest) = rest.strip_prefix('(')?.split_once(')')?;
                let lengths = inner.split(',').map(str::trim).filter(|length| !length.is_empty());
                shape = Some(lengths.map(|length| length.parse().ok()).collect::<Option<_>>()?);
                rest
            }
            _ => return None,
        };
        fields = rest.trim_start();
        fields = fields.strip_prefix(',').unwrap_or(fields).trim_start();
    }
    let descr = descr?;
    Some(Header {
        objects: descr == "|O",
        start: before + length,
        descr,
        fortran: fortran?,
        shape: shape?,
    })
}

/// A text in quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &str) -> Option<Header> {
        let length = (fields.len() as u16).to_le_bytes();
        parse(&[b"\x93NUMPY\x01\x00".as_slice(), &length, fields.as_bytes()].concat())
    }

    #[test]
    fn headers_in_every_form() {
        let header = with("{'descr': '<f4', 'fortran_order': False, 'shape': (64, 256), }   \n");
        let header = header.unwrap();
        assert_eq!((header.descr.as_str(), header.fortran, header.start), ("<f4", false, 76));
        assert_eq!(header.shape, [64, 256]);
        let header = with("{'shape': (3,), 'fortran_order': True, 'descr': '|O'}").unwrap();
        assert!(header.objects && header.fortran);
        assert_eq!(header.shape, [3]);
        let none = with("{'descr':'<f8','fortran_order':False,'shape':()}").unwrap();
        assert!(none.shape.is_empty());
    }

    #[test]
    fn what_is_no_header() {
        for fields in [
            "",
            "{",
            "{'descr': '<f4'}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{\u{e9}}",
        ] {
            assert_eq!(with(fields), None, "{fields}");
        }
        assert_eq!(parse(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), None);
        assert_eq!(parse(b"\x93NUMPY\x09\x00\x00\x00"), None);
    }
}
