//! Pickles, instruction by instruction.

/// A pickle that is being written.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) bytes: Vec<u8>,
    protocol: u8,
    /// Names that are kept: the number of each is its place.
    names: Vec<(String, String)>,
}

impl Pickle {
    /// Creates an empty pickle of this protocol.
    pub(super) fn new(protocol: u8) -> Self {
        Pickle { bytes: vec![0x80, protocol], protocol, names: Vec::new() }
    }

    /// Adds an instruction.
    pub(super) fn code(&mut self, code: u8) -> &mut Self {
        self.bytes.push(code);
        self
    }

    /// Adds a function or a class, the second time from the memo.
    pub(super) fn global(&mut self, module: &str, name: &str) -> &mut Self {
        let key = (module.to_owned(), name.to_owned());
        if let Some(number) = self.names.iter().position(|name| *name == key) {
            self.bytes.extend([b'h', number as u8]);
            return self;
        }
        if self.protocol < 4 {
            self.bytes.extend(format!("c{module}\n{name}\n").bytes());
        } else {
            self.text(module).text(name).code(0x93);
        }
        self.bytes.extend([b'q', self.names.len() as u8]);
        self.names.push(key);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        if self.protocol < 4 {
            self.bytes.push(b'X');
            self.bytes.extend((text.len() as u32).to_le_bytes());
        } else {
            self.bytes.extend([0x8C, text.len() as u8]);
        }
        self.bytes.extend(text.bytes());
        self
    }

    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        match number {
            0..=0xFF => self.bytes.extend([b'K', number as u8]),
            0x100..=0xFFFF => {
                self.bytes.push(b'M');
                self.bytes.extend((number as u16).to_le_bytes());
            }
            _ => {
                self.bytes.push(b'J');
                self.bytes.extend((number as u32).to_le_bytes());
            }
        }
        self
    }

    pub(super) fn flag(&mut self, flag: bool) -> &mut Self {
        self.code(if flag { 0x88 } else { 0x89 })
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        if bytes.len() < 256 {
            self.bytes.extend([b'C', bytes.len() as u8]);
        } else {
            self.bytes.push(b'B');
            self.bytes.extend((bytes.len() as u32).to_le_bytes());
        }
        self.bytes.extend(bytes);
        self
    }

    /// Adds a tuple of numbers.
    pub(super) fn numbers(&mut self, numbers: &[usize]) -> &mut Self {
        if numbers.is_empty() {
            return self.code(b')');
        }
        if numbers.len() > 3 {
            self.code(b'(');
        }
        for &number in numbers {
            self.number(number);
        }
        self.code(if numbers.len() > 3 { b't' } else { 0x84 + numbers.len() as u8 })
    }
}
