//! The values of a pickle.

use std::ops::Range;

/// The index of a value.
pub(crate) type Handle = u32;

/// Why a pickle cannot be read.
pub(crate) type Failure = String;

/// The values of a pickle.
#[derive(Debug)]
pub(crate) struct Pickle {
    /// All handles are indices into this list.
    pub(super) values: Vec<Value>,
    pub(super) root: Handle,
}

/// A value of a pickle.
#[derive(Debug)]
pub(crate) enum Value {
    /// None, a float, or another value that no layout needs.
    Other,
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// A range of the bytes of the pickle.
    Bytes(Range<usize>),
    /// A list or a tuple.
    Sequence(Vec<Handle>),
    /// A dictionary.
    Dictionary(Vec<(Handle, Handle)>),
    /// A function or a class: the names of its module and of itself, both `Text`.
    Global(Handle, Handle),
    /// An object outside of the pickle, by an identifier that the layout interprets.
    Outside(Handle),
    /// The result of a call.
    Call(Call),
}

/// A call, which is recorded and not executed.
#[derive(Debug)]
pub(crate) struct Call {
    /// The function or class.
    pub(crate) function: Handle,
    /// The arguments.
    pub(crate) arguments: Handle,
    /// The state that is set on the result.
    pub(crate) state: Option<Handle>,
    /// The items that are inserted into the result, as into a dictionary.
    pub(crate) items: Vec<(Handle, Handle)>,
}

impl Pickle {
    /// The value of the whole pickle.
    pub(crate) fn root(&self) -> &Value {
        self.get(self.root)
    }

    /// The value of this handle.
    pub(crate) fn get(&self, handle: Handle) -> &Value {
        &self.values[handle as usize]
    }

    /// A list or a tuple of at least this many values.
    pub(crate) fn sequence(&self, handle: Handle, least: usize) -> Result<&[Handle], Failure> {
        match self.get(handle) {
            Value::Sequence(values) if values.len() >= least => Ok(values),
            other => self.expected(&format!("a list of {least} values or more"), other),
        }
    }

    /// The lengths or strides of a tensor, a list or a tuple.
    ///
    /// Their number is limited: many tensors can refer to one long list, and each copies it.
    pub(crate) fn lengths(&self, handle: Handle) -> Result<Vec<usize>, Failure> {
        const MOST: usize = 8;

        match self.sequence(handle, 0)? {
            lengths if lengths.len() > MOST => Err(format!(
                "the tensor has {} dimensions; at most {MOST} are supported",
                lengths.len()
            )),
            lengths => lengths.iter().map(|&length| self.number(length)).collect(),
        }
    }

    /// An integer that is not negative.
    pub(crate) fn number(&self, handle: Handle) -> Result<usize, Failure> {
        match self.get(handle) {
            Value::Integer(number) => usize::try_from(*number)
                .map_err(|_| format!("the size is {number}; it must be 0 or more")),
            other => self.expected("a size", other),
        }
    }

    /// Text.
    pub(crate) fn text(&self, handle: Handle) -> Result<&str, Failure> {
        match self.get(handle) {
            Value::Text(text) => Ok(text),
            other => self.expected("a text", other),
        }
    }

    /// The names of a function or class.
    pub(crate) fn global(&self, handle: Handle) -> Result<(&str, &str), Failure> {
        match self.get(handle) {
            Value::Global(module, name) => Ok((self.text(*module)?, self.text(*name)?)),
            other => self.expected("a function or class", other),
        }
    }

    /// An error: another value was expected.
    pub(crate) fn expected<T>(&self, expected: &str, found: &Value) -> Result<T, Failure> {
        Err(format!("found {}, expected {expected}", self.describe(found)))
    }

    /// Describes a value for errors.
    fn describe(&self, value: &Value) -> String {
        let global = |module: Handle, name: Handle| match (self.text(module), self.text(name)) {
            (Ok(module), Ok(name)) => format!("{module}.{name}"),
            _ => "an unnamed class".into(),
        };
        match value {
            Value::Other => "an unused value".into(),
            Value::Flag(_) => "a boolean".into(),
            Value::Integer(number) => format!("the number {number}"),
            Value::Text(_) => "a text".into(),
            Value::Bytes(_) => "bytes".into(),
            Value::Sequence(values) => format!("a list of {} values", values.len()),
            Value::Dictionary(_) => "a dictionary".into(),
            Value::Global(module, name) => global(*module, *name),
            Value::Outside(_) => "an external object".into(),
            Value::Call(call) => match self.get(call.function) {
                Value::Global(module, name) => format!("a {}", global(*module, *name)),
                _ => "an object".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::storage::pickle::parse;

    #[test]
    fn a_dictionary_with_a_call_is_parsed() {
        // {'a': f(7, (1, -2)), 'b': [b'xy']} in protocol 4, with memo and frame.
        let bytes = b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01acm.o\nf\n\
            K\x07K\x01J\xfe\xff\xff\xff\x86\x86R\x8c\x01b]C\x02xyau.";
        let pickle = parse(bytes).unwrap();
        let Value::Dictionary(items) = pickle.root() else { panic!("{pickle:?}") };
        let [(first, call), (second, list)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((pickle.text(*first), pickle.text(*second)), (Ok("a"), Ok("b")));
        let Value::Call(call) = pickle.get(*call) else { panic!("{pickle:?}") };
        assert_eq!(pickle.global(call.function), Ok(("m.o", "f")));
        let arguments = pickle.sequence(call.arguments, 2).unwrap();
        assert_eq!(pickle.number(arguments[0]), Ok(7));
        assert!(pickle.lengths(arguments[1]).unwrap_err().contains("-2"));
        let Value::Bytes(range) = pickle.get(pickle.sequence(*list, 1).unwrap()[0]) else {
            panic!("{pickle:?}")
        };
        assert_eq!(&bytes[range.clone()], b"xy");
    }

    #[test]
    fn the_number_of_dimensions_is_limited() {
        let tuple = |count: usize| [b"(".as_slice(), &b"K\x01".repeat(count), b"t."].concat();
        let pickle = parse(&tuple(8)).unwrap();
        assert_eq!(pickle.lengths(pickle.root), Ok(vec![1; 8]));
        let pickle = parse(&tuple(9)).unwrap();
        assert_eq!(
            pickle.lengths(pickle.root),
            Err("the tensor has 9 dimensions; at most 8 are supported".into())
        );
    }
}
