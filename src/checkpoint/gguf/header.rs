//! The header of a GGUF file: metadata, and where the tensors are.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::metadata::{Metadata, Value};
use crate::checkpoint::directory::Directory;
use crate::checkpoint::file::Source;
use crate::checkpoint::stored::{Place, Stored};
use crate::error::{Error, Result};
use crate::method::language::tensor::TensorKind;

/// Values in all lists of a file: a vocabulary of a million has three for each token.
const MOST_LISTED: u64 = 1 << 24;

/// Dimensions that the format knows.
const MOST_DIMENSIONS: u32 = 4;

/// Lists in lists in lists.
const MOST_NESTING: u32 = 3;

/// Reads the header of the file at `path`.
pub(super) fn read(path: &Path) -> Result<(Metadata, Directory)> {
    let source = Arc::new(Source::open(path)?);
    let mut header = Header { source: &source, bytes: source.rewound()?, at: 0, listed: 0 };
    if header.array::<4>()? != *b"GGUF" {
        return Err(source.error("is no GGUF file"));
    }
    match header.number_32()? {
        2 | 3 => {}
        version if version.swap_bytes() <= 3 => {
            return Err(source.error("was written for big-endian machines"));
        }
        version => {
            return Err(source
                .error(format!("is of version {version} of GGUF: only 2 and 3 are supported")));
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
        return Err(source.error("an alignment of 0"));
    }
    let mut described = Vec::new();
    for _ in 0..tensors {
        described.push(header.tensor()?);
    }
    let start = header.at.checked_next_multiple_of(alignment);
    let start = start.ok_or_else(|| source.error(format!("an alignment of {alignment}")))?;
    Ok((metadata, directory(path, &source, described, start)?))
}

/// A tensor as the header has it.
struct Described {
    name: String,
    kind: TensorKind,
    shape: Vec<usize>,
    /// Counted from the first tensor.
    offset: u64,
}

/// Where tensors are whose bytes begin at `start`.
fn directory(
    path: &Path,
    source: &Arc<Source>,
    mut described: Vec<Described>,
    start: u64,
) -> Result<Directory> {
    described.sort_by_key(|tensor| tensor.offset);
    let mut directory = Directory::new(path);
    let mut last = start;
    for Described { name, kind, shape, offset } in described {
        let bytes = kind.tensor_bytes(&shape).ok_or_else(|| {
            source
                .error(format!("the tensor {name} cannot have shape {shape:?} in {}", kind.name()))
        })?;
        let begin = start.checked_add(offset);
        let end = begin.and_then(|begin| begin.checked_add(bytes as u64));
        match (begin, end) {
            (Some(begin), Some(end)) if begin >= last && end <= source.length() => {
                last = end;
                let place = Place::Plain(begin..end);
                directory.insert(name, Stored::new(source, place, kind, shape)?)?;
            }
            (Some(begin), Some(_)) if begin < last => {
                return Err(source.error(format!("the tensor {name} overlaps another")));
            }
            _ => {
                return Err(source.error(format!("is cut off: the tensor {name} is not there")));
            }
        }
    }
    Ok(directory)
}

/// A header while it is read.
struct Header<'a> {
    source: &'a Source,
    bytes: BufReader<&'a File>,
    at: u64,
    /// Values of lists so far.
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
        self.source.error("is cut off in its header")
    }

    fn number_32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn number_64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String> {
        let length = self.number_64()?;
        if length > self.source.length().saturating_sub(self.at) {
            return Err(self.cut_off());
        }
        let mut text = Vec::new();
        (&mut self.bytes).take(length).read_to_end(&mut text).map_err(|_| self.cut_off())?;
        if text.len() as u64 != length {
            return Err(self.cut_off());
        }
        self.at += length;
        String::from_utf8(text).map_err(|_| self.source.error("a text of the header is none"))
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
            return Err(self.source.error(format!("lists of {} values", self.listed)));
        }
        // Collecting grows with what is read: a length alone allocates nothing.
        match kind {
            6 | 12 => {
                let mut numbers = Vec::new();
                for _ in 0..length {
                    numbers.push(self.number(kind)?);
                }
                Ok(Value::Numbers(numbers))
            }
            8 => {
                let mut texts = Vec::new();
                for _ in 0..length {
                    texts.push(self.text()?);
                }
                Ok(Value::Texts(texts))
            }
            7 | 9 => {
                for _ in 0..length {
                    self.value(kind, nesting + 1)?;
                }
                Ok(Value::Other)
            }
            _ => {
                let mut integers = Vec::new();
                for _ in 0..length {
                    integers.push(self.integer(kind)?);
                }
                Ok(Value::Integers(integers))
            }
        }
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
                i64::try_from(number).map_err(|_| self.source.error(format!("a size of {number}")))
            }
            11 => self.array().map(i64::from_le_bytes),
            _ => Err(self.source.error(format!("a value of the unknown kind {kind}"))),
        }
    }

    fn tensor(&mut self) -> Result<Described> {
        let name = self.text()?;
        let dimensions = self.number_32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(self
                .source
                .error(format!("the tensor {name} has {dimensions} dimensions")));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let length = self.number_64()?;
            shape.push(usize::try_from(length).map_err(|_| {
                self.source.error(format!("the tensor {name} has a dimension of {length}"))
            })?);
        }
        // The format counts columns before rows.
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
                return Err(self.source.error(format!(
                    "the tensor {name} is in {}: supported are F32, F16, BF16, Q4_0, Q4_1, \
                     Q5_0, Q5_1, Q8_0 and Q2_K to Q6_K",
                    unsupported(other)
                )));
            }
        };
        Ok(Described { name, kind, shape, offset: self.number_64()? })
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
