//! numpy arrays: a header, written as a Python dictionary, and the values.

use crate::checkpoint::storage::stored::{Location, StoredTensor, strides_of_rows};
use crate::checkpoint::storage::zip::Archive;
use crate::error::{Error, Result};
use crate::method::language::tensor::TensorKind;

/// The header of an array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether the values are pickled objects.
    pub(super) objects: bool,
    /// The offset of the values in the member.
    pub(super) start: usize,
    /// The type of the values, like `<f4`.
    descr: String,
    /// Whether the values are in column order.
    fortran: bool,
    shape: Vec<usize>,
}

/// The most bytes of a header. Most have about a hundred.
const MOST_HEADER: u64 = 1 << 16;

/// Reads the header of the array in a member.
pub(super) fn header(archive: &Archive, member: &str) -> Result<Header> {
    let start = archive.start(member, MOST_HEADER)?;
    parse(&start).ok_or_else(|| {
        archive.error(format!("the member {member} has no numpy header, or a damaged one"))
    })
}

/// The tensor with the values of the array whose member is at `location`.
pub(super) fn stored(
    archive: &Archive,
    member: &str,
    location: Location,
    header: &Header,
) -> Result<StoredTensor> {
    let kind = kind(&header.descr).ok_or_else(|| unsupported(archive, member, &header.descr))?;
    let values = location.skip(header.start);
    let values = values.ok_or_else(|| archive.error(format!("the array {member} is cut off")))?;
    ordered(archive, values, kind, header.shape.clone(), header.fortran)
}

/// A tensor whose values are contiguous, in row order or in the column order of Fortran.
pub(super) fn ordered(
    archive: &Archive,
    location: Location,
    kind: TensorKind,
    mut shape: Vec<usize>,
    fortran: bool,
) -> Result<StoredTensor> {
    if !fortran {
        return StoredTensor::new(archive.file(), location, kind, shape);
    }
    shape.reverse();
    let strides = strides_of_rows(&shape)
        .ok_or_else(|| archive.error(format!("an array cannot have the shape {shape:?}")))?;
    StoredTensor::with_strides(archive.file(), location, kind, shape, strides)?.transposed()
}

/// The kind of values of a numpy type like `<f4`.
pub(super) fn kind(descr: &str) -> Option<TensorKind> {
    match descr {
        "<f4" => Some(TensorKind::F32),
        "<f2" => Some(TensorKind::F16),
        _ => None,
    }
}

/// An error: the values have a type that is not supported.
pub(super) fn unsupported(archive: &Archive, name: &str, descr: &str) -> Error {
    archive.error(format!(
        "the array {name} has values of type {descr}; only <f4 and <f2 are supported"
    ))
}

/// Parses a header.
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

/// Splits off a text in quotes.
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
    fn headers_of_every_form_are_parsed() {
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
    fn other_headers_are_refused() {
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
