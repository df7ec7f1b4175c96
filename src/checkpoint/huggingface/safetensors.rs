//! The safetensors format: the length of the header in eight bytes, the header in JSON, and the
//! tensors without gaps.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::checkpoint::storage::directory::TensorDirectory;
use crate::checkpoint::storage::file::CheckpointFile;
use crate::checkpoint::storage::stored::{Location, StoredTensor};
use crate::error::Result;
use crate::method::language::tensor::TensorKind;

/// The most bytes of a header, by the definition of the format.
const MOST_HEADER: u64 = 100_000_000;

#[derive(Debug)]
struct Header(Vec<(String, Entry)>);

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    /// The begin and end of the bytes, relative to the end of the header.
    data_offsets: (u64, u64),
}

/// Lists the tensors of the file at `path`.
pub(super) fn read(path: &Path) -> Result<TensorDirectory> {
    let file = Arc::new(CheckpointFile::open(path)?);
    let length = file.read(0, 8)?;
    let length = length.try_into().map(u64::from_le_bytes).unwrap_or_default();
    if length > MOST_HEADER {
        return Err(
            file.error(format!("the header has {length} bytes; at most {MOST_HEADER} are allowed"))
        );
    }
    let header = file.read(8, length)?;
    let Header(mut entries) =
        serde_json::from_slice(&header).map_err(|error| file.error(format!("header: {error}")))?;
    let start = 8 + length;
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut directory = TensorDirectory::new(path);
    let mut expected = 0;
    for (name, Entry { dtype, shape, data_offsets: (begin, end) }) in entries {
        let kind = match dtype.as_str() {
            "F32" => TensorKind::F32,
            "F16" => TensorKind::F16,
            "BF16" => TensorKind::BF16,
            _ => {
                return Err(file.error(format!(
                    "the tensor {name} has values of {dtype}; only F32, F16 and BF16 are supported"
                )));
            }
        };
        let bytes = kind.tensor_bytes(&shape).and_then(|bytes| u64::try_from(bytes).ok());
        if begin != expected || end.checked_sub(begin) != bytes {
            return Err(file.error(format!(
                "the tensor {name} of {dtype} with the shape {shape:?} cannot have the bytes from \
                 {begin} to {end}; it must begin at {expected}"
            )));
        }
        expected = end;
        let location = Location::Plain(start.saturating_add(begin)..start.saturating_add(end));
        directory.insert(name, StoredTensor::new(&file, location, kind, shape)?)?;
    }
    if start.checked_add(expected) != Some(file.length()) {
        return Err(file.error(format!(
            "the file has {} bytes behind its header; the tensors have {expected}",
            file.length() - start
        )));
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
    fn headers_that_do_not_fit_the_file_are_refused() {
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
        assert!(directory.get("a").is_some() && directory.get("b").is_some());
        assert_eq!(directory.read("a", &[1, 2]).unwrap().bytes(), [7; 8]);
        let missing = directory.read("c", &[1]).unwrap_err().to_string();
        assert!(missing.ends_with("model.safetensors: the tensor c is missing"), "{missing}");
        let shape = directory.read("a", &[2, 1]).unwrap_err().to_string();
        assert!(shape.contains("the tensor a has shape [1, 2]; the model needs [2, 1]"), "{shape}");

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
        assert!(error(twice, 8).contains("two tensors of the name a"));
        error("[]", 0);
        error(&"[".repeat(100_000), 0);
        std::fs::write(&path, u64::MAX.to_le_bytes()).unwrap();
        assert!(read(&path).is_err());
        std::fs::write(&path, [1, 2, 3]).unwrap();
        assert!(read(&path).is_err());
    }
}
