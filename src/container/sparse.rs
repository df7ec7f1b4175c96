//! Data of a block without its long runs of zeros, such as padding.

use super::MAX_BLOCK;
use super::fields::{Fields, put_varint};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;

/// Zeros that are worth a run.
const LEAST: usize = 16;

/// Returns the data without its runs of zeros; `None` if that is not shorter.
pub(super) fn write(data: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (literal, zeros) = first_run(rest);
        let (bytes, behind) = rest.split_at(literal);
        memory::reserve(&mut out, bytes.len() + 20)?;
        put_varint(&mut out, literal as u64);
        out.extend_from_slice(bytes);
        put_varint(&mut out, zeros as u64);
        rest = &behind[zeros..];
    }
    Ok((out.len() < data.len()).then_some(out))
}

/// The place of the first long run of zeros and its length; the end if there is none.
fn first_run(data: &[u8]) -> (usize, usize) {
    let mut at = 0;
    while at < data.len() {
        let zeros = data[at..].iter().take_while(|&&byte| byte == 0).count();
        if zeros >= LEAST {
            return (at, zeros);
        }
        at += zeros + 1;
    }
    (data.len(), 0)
}

/// Returns the data with its runs of zeros.
pub(super) fn read(stored: &[u8]) -> Result<Vec<u8>> {
    let mut fields = Fields::new(stored);
    let mut data = Vec::new();
    while fields.position() < stored.len() {
        let run = fields.counted().and_then(|bytes| Ok((bytes, fields.varint()?)));
        let (bytes, zeros) = run.map_err(|error| match error.kind() {
            ErrorKind::Truncated => Error::malformed("a sparse block ends within a run"),
            _ => error,
        })?;
        let length = (data.len() + bytes.len()) as u64;
        if zeros > (MAX_BLOCK as u64).saturating_sub(length) || length > MAX_BLOCK as u64 {
            return Err(Error::malformed(format!(
                "a sparse block stands for more than {MAX_BLOCK} bytes, the most allowed"
            )));
        }
        if bytes.is_empty() && zeros == 0 {
            return Err(Error::malformed("a sparse block has a run of nothing"));
        }
        memory::append(&mut data, bytes)?;
        memory::reserve(&mut data, zeros as usize)?;
        data.resize(data.len() + zeros as usize, 0);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    #[test]
    fn runs_come_back() {
        let mut random = Random::new(1);
        for _ in 0..200 {
            let mut data = Vec::new();
            for _ in 0..random.below(6) {
                data.resize(data.len() + random.below(60) as usize, 0);
                data.extend((0..random.below(40)).map(|_| random.below(3) as u8));
            }
            if let Some(stored) = write(&data).unwrap() {
                assert!(stored.len() < data.len());
                assert_eq!(read(&stored).unwrap(), data);
            }
        }
        let padding = [&[1, 2, 3][..], &[0; 8192]].concat();
        let stored = write(&padding).unwrap().unwrap();
        assert_eq!(stored, [3, 1, 2, 3, 128, 64]);
        assert_eq!(read(&stored).unwrap(), padding);
        assert_eq!(write(&[5; 100]).unwrap(), None);
        assert_eq!(write(&[0; 15]).unwrap(), None);
    }

    #[test]
    fn wrong_runs_are_refused() {
        let mut long = vec![1, 7];
        put_varint(&mut long, MAX_BLOCK as u64);
        for stored in [&[0, 0][..], &[3, 1, 2], &[1, 5], &[0, 0x80], &long] {
            let error = read(stored).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Malformed(_)), "{error}");
        }
        let mut longest = vec![1, 7];
        put_varint(&mut longest, MAX_BLOCK as u64 - 1);
        assert_eq!(read(&longest).unwrap().len(), MAX_BLOCK);
    }
}
