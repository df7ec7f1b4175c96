//! JSON whose lists can be read line by line.

use std::io::{Result, Write};

use serde_json::ser::Formatter;

/// Up to this depth each value has a line of its own; below, all is in one.
const OPEN: usize = 2;

/// Breaks lines between the fields of the document and between the items of its lists.
#[derive(Default)]
pub(super) struct Lines {
    depth: usize,
    /// Whether the list or object that was begun last is still empty.
    empty: bool,
}

impl Lines {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth -= 1;
        if self.depth < OPEN && !self.empty {
            self.line(writer)?;
        }
        self.empty = false;
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        if self.depth <= OPEN {
            self.line(writer)?;
        }
        Ok(())
    }

    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        writer.write_all(if self.depth < OPEN { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.empty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[test]
    fn items_have_lines() {
        #[derive(Serialize)]
        struct Item {
            numbers: Vec<u8>,
            none: Vec<u8>,
        }
        #[derive(Serialize)]
        struct Document {
            name: &'static str,
            items: Vec<Item>,
            empty: Vec<Item>,
        }
        let item = || Item { numbers: vec![1, 2], none: vec![] };
        let document = Document { name: "x", items: vec![item(), item()], empty: vec![] };
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, Lines::default());
        document.serialize(&mut serializer).unwrap();
        let expected = "{\n  \"name\": \"x\",\n  \"items\": [\n    \
                        {\"numbers\":[1,2],\"none\":[]},\n    {\"numbers\":[1,2],\"none\":[]}\n  \
                        ],\n  \"empty\": []\n}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
