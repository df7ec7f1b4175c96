//! The header of a GGUF file: metadata and the list of tensors.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::metadata::{Metadata, Value};
use crate::checkpoint::storage::directory::TensorDirectory;
use crate::checkpoint::storage::file::CheckpointFile;
use crate::checkpoint::storage::stored::{Location, StoredTensor};
use crate::error::{Error, Result};
use crate::method::language::tensor::TensorKind;

/// The most values in all lists. A vocabulary of a million tokens has three for each.
const MOST_LISTED: u64 = 1 << 24;

/// The most dimensions, by the definition of the format.
const MOST_DIMENSIONS: u32 = 4;

/// The most levels of lists in lists.
const MOST_NESTING: u32 = 3;

/// Reads the header of the file at `path`.
pub(super) fn read(path: &Path) -> Result<(Metadata, TensorDirectory)> {
    let file = Arc::new(CheckpointFile::open(path)?);
    let mut header = Header { file: &file, bytes: file.rewound()?, at: 0, listed: 0 };
    if header.array::<4>()? != *b"GGUF" {
        return Err(file.error("not a GGUF file: it does not begin with \"GGUF\""));
    }
    match header.number_32()? {
        2 | 3 => {}
        version if version.swap_bytes() <= 3 => {
            return Err(
                file.error("the file is big-endian; only little-endian files are supported")
            );
        }
        version => {
            return Err(file.error(format!(
                "the file has version {version} of GGUF; only 2 and 3 are supported"
            )));
        }
    }
    let (tensors, values) = (header.number_64()?, header.number_64()?);
    let mut metadata = HashMap::new();
    for _ in 0..values {
        let key = header.text()?;
        let kind = header.number_32()?;
        let value = header.value(kind, 0)?;
        metadata.insert(key, value);
    }
    let metadata = Metadata::new(path, metadata);
    let alignment = metadata.integer("general.alignment")?.unwrap_or(32);
    if alignment == 0 {
        return Err(file.error("general.alignment is 0; it must be 1 or more"));
    }
    let tensors = header.many(tensors, Header::tensor)?;
    let start = header.at.checked_next_multiple_of(alignment);
    let start = start.ok_or_else(|| {
        file.error(format!("general.alignment is {alignment}, which is beyond the file"))
    })?;
    Ok((metadata, directory(path, &file, tensors, start)?))
}

/// A tensor as the header lists it.
struct ListedTensor {
    name: String,
    kind: TensorKind,
    shape: Vec<usize>,
    /// Relative to the end of the header.
    offset: u64,
}

/// Makes a directory of the listed tensors, whose bytes begin at `start`.
fn directory(
    path: &Path,
    file: &Arc<CheckpointFile>,
    mut tensors: Vec<ListedTensor>,
    start: u64,
) -> Result<TensorDirectory> {
    tensors.sort_by_key(|tensor| tensor.offset);
    let mut directory = TensorDirectory::new(path);
    let mut last = start;
    for ListedTensor { name, kind, shape, offset } in tensors {
        let bytes = kind.tensor_bytes(&shape).ok_or_else(|| {
            file.error(format!(
                "a tensor of {} cannot have the shape {shape:?}, as {name} has",
                kind.name()
            ))
        })?;
        let begin = start.checked_add(offset);
        let end = begin.and_then(|begin| begin.checked_add(bytes as u64));
        match (begin, end) {
            (Some(begin), Some(end)) if begin >= last && end <= file.length() => {
                last = end;
                let location = Location::Plain(begin..end);
                directory.insert(name, StoredTensor::new(file, location, kind, shape)?)?;
            }
            (Some(begin), Some(_)) if begin < last => {
                return Err(file.error(format!("the tensor {name} overlaps the one before")));
            }
            _ => {
                return Err(file.error(format!(
                    "the file is cut off: the tensor {name} of {bytes} bytes reaches beyond its end"
                )));
            }
        }
    }
    Ok(directory)
}

/// A reader of the header.
struct Header<'a> {
    file: &'a CheckpointFile,
    bytes: BufReader<&'a File>,
    at: u64,
    /// The number of values in all lists so far.
    listed: u64,
}

impl Header<'_> {
    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH]> {
        let mut bytes = [0; LENGTH];
        self.bytes.read_exact(&mut bytes).map_err(|_| self.cut_off())?;
        self.at += LENGTH as u64;
        Ok(bytes)
    }

    fn cut_off(&self) -> Error {
        self.file.error("the file is cut off in its header")
    }

    fn number_32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn number_64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String> {
        let length = self.number_64()?;
        if length > self.file.length().saturating_sub(self.at) {
            return Err(self.cut_off());
        }
        let mut text = Vec::new();
        (&mut self.bytes).take(length).read_to_end(&mut text).map_err(|_| self.cut_off())?;
        if text.len() as u64 != length {
            return Err(self.cut_off());
        }
        self.at += length;
        String::from_utf8(text).map_err(|_| self.file.error("a text in the header is not UTF-8"))
    }

    fn value(&mut self, kind: u32, nesting: u32) -> Result<Value> {
        match kind {
            6 | 12 => self.number(kind).map(Value::Number),
            7 => self.array::<1>().map(|_| Value::Other),
            8 => self.text().map(Value::Text),
            9 if nesting < MOST_NESTING => self.list(nesting),
            _ => self.integer(kind).map(Value::Integer),
        }
    }

    fn list(&mut self, nesting: u32) -> Result<Value> {
        let (kind, length) = (self.number_32()?, self.number_64()?);
        self.listed = self.listed.saturating_add(length);
        if self.listed > MOST_LISTED {
            return Err(self.file.error(format!(
                "the lists of the header have {} values; at most {MOST_LISTED} are supported",
                self.listed
            )));
        }
        match kind {
            6 | 12 => self.many(length, |header| header.number(kind)).map(Value::Numbers),
            8 => self.many(length, Self::text).map(Value::Texts),
            7 | 9 => {
                for _ in 0..length {
                    self.value(kind, nesting + 1)?;
                }
                Ok(Value::Other)
            }
            _ => self.many(length, |header| header.integer(kind)).map(Value::Integers),
        }
    }

    /// Reads a list. Its memory grows with the values that are there, not with `length`.
    fn many<T>(
        &mut self,
        length: u64,
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(read(self)?);
        }
        Ok(values)
    }

    fn number(&mut self, kind: u32) -> Result<f64> {
        match kind {
            6 => self.array().map(f32::from_le_bytes).map(f64::from),
            _ => self.array().map(f64::from_le_bytes),
        }
    }

    fn integer(&mut self, kind: u32) -> Result<i64> {
        match kind {
            0 => self.array().map(u8::from_le_bytes).map(i64::from),
            1 => self.array().map(i8::from_le_bytes).map(i64::from),
            2 => self.array().map(u16::from_le_bytes).map(i64::from),
            3 => self.array().map(i16::from_le_bytes).map(i64::from),
            4 => self.array().map(u32::from_le_bytes).map(i64::from),
            5 => self.array().map(i32::from_le_bytes).map(i64::from),
            10 => {
                let number = self.array().map(u64::from_le_bytes)?;
                i64::try_from(number).map_err(|_| {
                    self.file.error(format!("the header has the number {number}, beyond 2^63"))
                })
            }
            11 => self.array().map(i64::from_le_bytes),
            _ => Err(self.file.error(format!(
                "the header has a value of the unknown type {kind}, or lists nested too deep"
            ))),
        }
    }

    fn tensor(&mut self) -> Result<ListedTensor> {
        let name = self.text()?;
        let dimensions = self.number_32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(self
                .file
                .error(format!("the tensor {name} has {dimensions} dimensions; at most {MOST_DIMENSIONS} are allowed")));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let length = self.number_64()?;
            shape.push(usize::try_from(length).map_err(|_| {
                self.file.error(format!(
                    "the tensor {name} has a dimension of {length}, which does not fit in memory"
                ))
            })?);
        }
        // The file lists columns before rows.
        shape.reverse();
        let kind = match self.number_32()? {
            0 => TensorKind::F32,
            1 => TensorKind::F16,
            2 => TensorKind::Q4_0,
            3 => TensorKind::Q4_1,
            6 => TensorKind::Q5_0,
            7 => TensorKind::Q5_1,
            8 => TensorKind::Q8_0,
            10 => TensorKind::Q2K,
            11 => TensorKind::Q3K,
            12 => TensorKind::Q4K,
            13 => TensorKind::Q5K,
            14 => TensorKind::Q6K,
            30 => TensorKind::BF16,
            other => {
                return Err(self.file.error(format!(
                    "the tensor {name} has values of {}; only F32, F16, BF16, Q4_0, Q4_1, \
                     Q5_0, Q5_1, Q8_0 and Q2_K to Q6_K are supported",
                    unsupported(other)
                )));
            }
        };
        Ok(ListedTensor { name, kind, shape, offset: self.number_64()? })
    }
}

/// The name of a type that is not supported.
fn unsupported(kind: u32) -> String {
    let name = match kind {
        9 => "Q8_1",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        24 => "I8",
        25 => "I16",
        26 => "I32",
        27 => "I64",
        28 => "F64",
        29 => "IQ1_M",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        _ => return format!("the unknown type {kind}"),
    };
    name.into()
}
