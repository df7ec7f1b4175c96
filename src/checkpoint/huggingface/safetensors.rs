//! The safetensors format: the length of a header in eight bytes, the header in JSON, and
//! the tensors without gaps.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::checkpoint::directory::Directory;
use crate::checkpoint::file::Source;
use crate::checkpoint::stored::{Place, Stored};
use crate::error::Result;
use crate::method::language::tensor::TensorKind;

/// What the format itself allows for a header.
const MOST_HEADER: u64 = 100_000_000;

#[derive(Debug)]
struct Header(Vec<(String, Entry)>);

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    /// Where the bytes begin and end, counted from the header's end.
    data_offsets: (u64, u64),
}

/// The tensors of the file at `path`.
pub(super) fn read(path: &Path) -> Result<Directory> {
    let source = Arc::new(Source::open(path)?);
    let length = source.read(0, 8)?;
    let length = length.try_into().map(u64::from_le_bytes).unwrap_or_default();
    if length > MOST_HEADER {
        return Err(source.error(format!("a header of {length} bytes is no header")));
    }
    let header = source.read(8, length)?;
    let Header(mut entries) =
        serde_json::from_slice(&header).map_err(|error| source.error(error))?;
    let start = 8 + length;
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut directory = Directory::new(path);
    let mut expected = 0;
    for (name, Entry { dtype, shape, data_offsets: (begin, end) }) in entries {
        let kind = match dtype.as_str() {
            "F32" => TensorKind::F32,
            "F16" => TensorKind::F16,
            "BF16" => TensorKind::BF16,
            _ => {
                return Err(source.error(format!(
                    "the tensor {name} is in {dtype}: only F32, F16 and BF16 are supported"
                )));
            }
        };
        let bytes = kind.tensor_bytes(&shape).and_then(|bytes| u64::try_from(bytes).ok());
        if begin != expected || end.checked_sub(begin) != bytes {
            return Err(source.error(format!(
                "the tensor {name} of shape {shape:?} in {dtype} cannot lie from {begin} to {end}"
            )));
        }
        expected = end;
        // The header's length has been read, so that it is far from the largest number.
        let place = Place::Plain(start.saturating_add(begin)..start.saturating_add(end));
        directory.insert(name, Stored::new(&source, place, kind, shape)?)?;
    }
    if start.checked_add(expected) != Some(source.length()) {
        return Err(source
            .error(format!("{} bytes of tensors instead of {expected}", source.length() - start)));
    }
    Ok(directory)
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        let entry = map
                            .next_value()
                            .map_err(|error| A::Error::custom(format!("{name}: {error}")))?;
                        entries.push((name, entry));
                    }
                }
                Ok(Header(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, header: &str, data: usize) {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 7);
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn headers_that_promise_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let error = |header: &str, data: usize| {
            write(&path, header, data);
            read(&path).unwrap_err().to_string()
        };
        let good = r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
            "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}  "#;
        write(&path, good, 12);
        let directory = read(&path).unwrap();
        assert_eq!(directory.names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(directory.read("a", &[1, 2]).unwrap().bytes(), [7; 8]);
        let missing = directory.read("c", &[1]).unwrap_err().to_string();
        assert!(missing.ends_with("model.safetensors: the tensor c is missing"), "{missing}");
        let shape = directory.read("a", &[2, 1]).unwrap_err().to_string();
        assert!(shape.contains("the tensor a has shape [1, 2], not [2, 1]"), "{shape}");

        error(good, 11);
        error(good, 13);
        let entry = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        assert!(error(&entry("F8_E4M3", "[1]", "[0,1]"), 1).contains("F8_E4M3"));
        error(&entry("F32", "[2]", "[0,4]"), 4);
        error(&entry("F32", "[1]", "[4,8]"), 8);
        error(&entry("F32", "[1]", "[4,0]"), 4);
        error(&entry("F32", "[1099511627776]", "[0,4398046511104]"), 4);
        error(&entry("F32", "[4294967296,4294967296]", "[0,0]"), 4);
        error(&entry("F32", "[-1]", "[0,4]"), 4);
        error(&entry("F32", "[1]", "[0,18446744073709551615]"), 4);
        let twice = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
            "a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
        assert!(error(twice, 8).contains("twice"));
        error("[]", 0);
        error(&"[".repeat(100_000), 0);
        std::fs::write(&path, u64::MAX.to_le_bytes()).unwrap();
        assert!(read(&path).is_err());
        std::fs::write(&path, [1, 2, 3]).unwrap();
        assert!(read(&path).is_err());
    }
}
