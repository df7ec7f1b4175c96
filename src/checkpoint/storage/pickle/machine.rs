//! The stack machine that parses a pickle.

use std::collections::HashMap;
use std::ops::Range;

use super::value::{Call, Failure, Handle, Pickle, Value};

/// The most instructions of a pickle. A model of a thousand layers has fewer.
///
/// Each instruction adds a few values at most, so this bounds the memory too.
const MOST_INSTRUCTIONS: usize = 1 << 20;

/// The state of the machine.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Handle>,
    /// Lengths of the stack when the marks were set.
    marks: Vec<usize>,
    memo: HashMap<u32, Handle>,
}

/// Parses a pickle. Bytes behind it are ignored.
pub(crate) fn parse(bytes: &[u8]) -> Result<Pickle, Failure> {
    let memo = HashMap::new();
    Machine { bytes, at: 0, values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo }.run()
}

impl Machine<'_> {
    fn run(mut self) -> Result<Pickle, Failure> {
        for _ in 0..MOST_INSTRUCTIONS {
            let code = self.byte()?;
            if code == b'.' {
                let root = self.pop()?;
                return Ok(Pickle { values: self.values, root });
            }
            self.step(code)?;
        }
        Err(format!("the pickle has more than {MOST_INSTRUCTIONS} instructions"))
    }

    fn step(&mut self, code: u8) -> Result<(), Failure> {
        match code {
            // Protocol and frame.
            0x80 => match self.byte()? {
                2..=5 => Ok(()),
                version => {
                    Err(format!("the pickle has protocol {version}; only 2 to 5 are supported"))
                }
            },
            0x95 => self.take(8).map(drop),

            // The stack.
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.popped_to_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }

            // Plain values.
            b'N' => self.push(Value::Other),
            b'G' => {
                self.take(8)?;
                self.push(Value::Other)
            }
            0x88 => self.push(Value::Flag(true)),
            0x89 => self.push(Value::Flag(false)),
            b'J' => {
                let number = self.size(4)? as u32 as i32;
                self.push(Value::Integer(number.into()))
            }
            b'K' => self.size(1).and_then(|number| self.push(Value::Integer(number as i64))),
            b'M' => self.size(2).and_then(|number| self.push(Value::Integer(number as i64))),
            0x8A => self.size(1).and_then(|length| self.long(length)),
            0x8B => self.size(4).and_then(|length| self.long(length)),
            b'X' => self.size(4).and_then(|length| self.unicode(length)),
            0x8C => self.size(1).and_then(|length| self.unicode(length)),
            0x8D => self.size(8).and_then(|length| self.unicode(length)),
            b'T' | b'B' => self.size(4).and_then(|length| self.raw(length)),
            b'U' | b'C' => self.size(1).and_then(|length| self.raw(length)),
            0x8E => self.size(8).and_then(|length| self.raw(length)),

            // Lists, tuples and dictionaries.
            b']' | b')' => self.push(Value::Sequence(Vec::new())),
            b'}' => self.push(Value::Dictionary(Vec::new())),
            b't' | b'l' => {
                let values = self.popped_to_mark()?;
                self.push(Value::Sequence(values))
            }
            b'd' => {
                let items = pairs(&self.popped_to_mark()?)?;
                self.push(Value::Dictionary(items))
            }
            0x85..=0x87 => {
                let from = self.popped(usize::from(code - 0x84))?;
                self.push(Value::Sequence(from))
            }
            b'a' => {
                let value = self.popped(1)?;
                self.append(value)
            }
            b'e' => {
                let values = self.popped_to_mark()?;
                self.append(values)
            }
            b's' => {
                let items = pairs(&self.popped(2)?)?;
                self.set(items)
            }
            b'u' => {
                let items = pairs(&self.popped_to_mark()?)?;
                self.set(items)
            }

            // The memo.
            b'q' => self.size(1).and_then(|number| self.remember(number as u32)),
            b'r' => self.size(4).and_then(|number| self.remember(number as u32)),
            0x94 => self.remember(self.memo.len() as u32),
            b'h' => self.size(1).and_then(|number| self.recall(number as u32)),
            b'j' => self.size(4).and_then(|number| self.recall(number as u32)),

            // Functions and classes, and their calls.
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Text(module))?;
                self.push(Value::Text(name))?;
                let (name, module) = (self.pop()?, self.pop()?);
                self.push(Value::Global(module, name))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                for part in [module, name] {
                    if !matches!(self.value(part), Value::Text(_)) {
                        return Err("the name of a function or class is not a text".into());
                    }
                }
                self.push(Value::Global(module, name))
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let items = Vec::new();
                self.push(Value::Call(Call { function, arguments, state: None, items }))
            }
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                match self.value(top) {
                    Value::Call(call) => {
                        call.state = Some(state);
                        Ok(())
                    }
                    _ => Err("the pickle sets the state of a value that has none".into()),
                }
            }
            b'Q' => {
                let name = self.pop()?;
                self.push(Value::Outside(name))
            }
            other => Err(format!("the pickle has the unsupported instruction {other:#04x}")),
        }
    }

    fn take(&mut self, length: usize) -> Result<&[u8], Failure> {
        let bytes = self.range(length)?;
        Ok(&self.bytes[bytes])
    }

    fn range(&mut self, length: usize) -> Result<Range<usize>, Failure> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or("the pickle is cut off")?;
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    fn byte(&mut self) -> Result<u8, Failure> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Reads an unsigned number of `length` bytes, at most 8.
    fn size(&mut self, length: usize) -> Result<usize, Failure> {
        let bytes = self.take(length)?;
        let number = bytes.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        usize::try_from(number).map_err(|_| "a size in the pickle does not fit in memory".into())
    }

    fn line(&mut self) -> Result<String, Failure> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("the pickle is cut off")?;
        let text = str::from_utf8(&rest[..length])
            .map_err(|_| "a name in the pickle is not UTF-8")?
            .to_owned();
        self.at += length + 1;
        Ok(text)
    }

    fn long(&mut self, length: usize) -> Result<(), Failure> {
        let bytes = self.take(length)?;
        if bytes.len() > 8 {
            return Err(format!(
                "a number in the pickle has {length} bytes; at most 8 are supported"
            ));
        }
        let sign = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xFF } else { 0 };
        let mut number = [sign; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        self.push(Value::Integer(i64::from_le_bytes(number)))
    }

    fn unicode(&mut self, length: usize) -> Result<(), Failure> {
        let text = str::from_utf8(self.take(length)?)
            .map_err(|_| "a text in the pickle is not UTF-8")?
            .to_owned();
        self.push(Value::Text(text))
    }

    fn raw(&mut self, length: usize) -> Result<(), Failure> {
        let range = self.range(length)?;
        self.push(Value::Bytes(range))
    }

    fn push(&mut self, value: Value) -> Result<(), Failure> {
        self.stack.push(self.values.len() as Handle);
        self.values.push(value);
        Ok(())
    }

    /// The top of the stack, above the last mark.
    fn top(&self) -> Result<Handle, Failure> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack[floor..]
            .last()
            .copied()
            .ok_or_else(|| "the pickle takes a value from an empty stack".into())
    }

    fn pop(&mut self) -> Result<Handle, Failure> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn popped(&mut self, count: usize) -> Result<Vec<Handle>, Failure> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(first) if first >= floor => Ok(self.stack.split_off(first)),
            _ => Err("the pickle takes a value from an empty stack".into()),
        }
    }

    fn popped_to_mark(&mut self) -> Result<Vec<Handle>, Failure> {
        let mark = self.marks.pop().ok_or("the pickle has an end without a mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn value(&mut self, handle: Handle) -> &mut Value {
        &mut self.values[handle as usize]
    }

    fn append(&mut self, more: Vec<Handle>) -> Result<(), Failure> {
        let top = self.top()?;
        match self.value(top) {
            Value::Sequence(values) => {
                values.extend(more);
                Ok(())
            }
            _ => Err("the pickle appends values to a value that is not a list".into()),
        }
    }

    fn set(&mut self, more: Vec<(Handle, Handle)>) -> Result<(), Failure> {
        let top = self.top()?;
        match self.value(top) {
            Value::Dictionary(items) | Value::Call(Call { items, .. }) => {
                items.extend(more);
                Ok(())
            }
            _ => Err("the pickle sets items of a value that is not a dictionary".into()),
        }
    }

    fn remember(&mut self, number: u32) -> Result<(), Failure> {
        let top = self.top()?;
        self.memo.insert(number, top);
        Ok(())
    }

    fn recall(&mut self, number: u32) -> Result<(), Failure> {
        let value =
            self.memo.get(&number).ok_or("the pickle reads a value that is not in its memo")?;
        self.stack.push(*value);
        Ok(())
    }
}

fn pairs(values: &[Handle]) -> Result<Vec<(Handle, Handle)>, Failure> {
    match values.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        _ => Err("a dictionary in the pickle has a key without a value".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_bounded() {
        // Nested tuples, a list in itself, many marks, and too many values.
        let nested = [b"\x80\x02)".as_slice(), &vec![0x85; 500_000], b"."].concat();
        assert!(parse(&nested).is_ok());
        assert!(parse(b"\x80\x02]q\x00h\x00a.").is_ok());
        let marks = [vec![b'('; 500_000], b"t.".to_vec()].concat();
        assert!(parse(&marks).is_ok());
        assert!(parse(&vec![b'N'; MOST_INSTRUCTIONS + 1]).unwrap_err().contains("more than"));
        for bytes in [
            b".".as_slice(),
            b"t.",
            b"a.",
            b"(u.",
            b"Nb.",
            b"NNb.",
            b"}(Nu.",
            b"h\x00.",
            b"q\x00.",
            b"(0.",
            b"\x8b\xff\xff\xff\xff",
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x80\x00N.",
            b"i",
            b"X\x01\x00\x00\x00\xff.",
            b"cos\nsystem",
            b"NN\x93.",
        ] {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
        assert!(parse(b"Nos\nsystem\n").unwrap_err().contains("0x6f"));
    }
}
