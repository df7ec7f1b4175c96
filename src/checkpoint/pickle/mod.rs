//! Python's pickles, taken apart and never run.
//!
//! A pickle is a program that builds values on a stack. What would call a function or make
//! an object becomes a value that says so; what it means is for the reader of a layout to
//! know, and whatever it does not know is refused there by its name. All values lie in one
//! list and name each other by number, so that no nesting is deep and no cycle endless.

mod machine;

use std::ops::Range;

/// The number of a value.
pub(super) type Handle = u32;

/// Why a pickle cannot be read.
pub(super) type Failure = String;

/// What a pickle holds.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<Value>,
    root: Handle,
}

/// A value of a pickle.
#[derive(Debug)]
pub(super) enum Value {
    /// Nothing, a float, or what else no layout asks for.
    Other,
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes of the pickle itself.
    Bytes(Range<usize>),
    /// A list or a tuple.
    Sequence(Vec<Handle>),
    /// A dictionary.
    Dictionary(Vec<(Handle, Handle)>),
    /// A function or a class: the module's name and its own. Both are texts.
    Global(Handle, Handle),
    /// Something outside of the pickle, by a name that the layout gives it.
    Outside(Handle),
    /// What a call would return.
    Made(Made),
}

/// A call that is not made.
#[derive(Debug)]
pub(super) struct Made {
    /// What would be called.
    pub(super) function: Handle,
    /// What it would be given.
    pub(super) arguments: Handle,
    /// What the result would be told afterwards.
    pub(super) state: Option<Handle>,
    /// What would be put into it, as into a dictionary.
    pub(super) items: Vec<(Handle, Handle)>,
}

impl Pickle {
    /// Takes a pickle apart. Bytes behind it are ignored.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Failure> {
        machine::run(bytes)
    }

    /// The value that the pickle stands for.
    pub(super) fn root(&self) -> &Value {
        self.get(self.root)
    }

    /// The value of this number.
    pub(super) fn get(&self, handle: Handle) -> &Value {
        // Handles are numbers of values from the moment that they exist.
        &self.values[handle as usize]
    }

    /// A list or a tuple of at least this many values.
    pub(super) fn sequence(&self, handle: Handle, least: usize) -> Result<&[Handle], Failure> {
        match self.get(handle) {
            Value::Sequence(values) if values.len() >= least => Ok(values),
            other => Err(format!("{} instead of {least} values", self.describe(other))),
        }
    }

    /// A list or a tuple of a tensor's lengths. There are few: one list can be that of many
    /// tensors, and would be copied for each.
    pub(super) fn lengths(&self, handle: Handle) -> Result<Vec<usize>, Failure> {
        const MOST: usize = 8;

        match self.sequence(handle, 0)? {
            lengths if lengths.len() > MOST => Err(format!("{} dimensions", lengths.len())),
            lengths => lengths.iter().map(|&length| self.number(length)).collect(),
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&self, handle: Handle) -> Result<usize, Failure> {
        match self.get(handle) {
            Value::Integer(number) => {
                usize::try_from(*number).map_err(|_| format!("{number} instead of a size"))
            }
            other => Err(format!("{} instead of a size", self.describe(other))),
        }
    }

    /// Text.
    pub(super) fn text(&self, handle: Handle) -> Result<&str, Failure> {
        match self.get(handle) {
            Value::Text(text) => Ok(text),
            other => Err(format!("{} instead of a text", self.describe(other))),
        }
    }

    /// The names of a function or class.
    pub(super) fn global(&self, handle: Handle) -> Result<(&str, &str), Failure> {
        match self.get(handle) {
            Value::Global(module, name) => Ok((self.text(*module)?, self.text(*name)?)),
            other => Err(format!("{} instead of a name", self.describe(other))),
        }
    }

    /// What a value is, for errors.
    pub(super) fn describe(&self, value: &Value) -> String {
        let global = |module: Handle, name: Handle| match (self.text(module), self.text(name)) {
            (Ok(module), Ok(name)) => format!("{module}.{name}"),
            _ => "something without a name".into(),
        };
        match value {
            Value::Other => "nothing".into(),
            Value::Flag(_) => "a flag".into(),
            Value::Integer(number) => format!("the number {number}"),
            Value::Text(_) => "a text".into(),
            Value::Bytes(_) => "bytes".into(),
            Value::Sequence(values) => format!("a list of {}", values.len()),
            Value::Dictionary(_) => "a dictionary".into(),
            Value::Global(module, name) => global(*module, *name),
            Value::Outside(_) => "something outside".into(),
            Value::Made(made) => match self.get(made.function) {
                Value::Global(module, name) => format!("a {}", global(*module, *name)),
                _ => "an object".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_with_a_call() {
        // {'a': f(7, (1, -2)), 'b': [b'xy']} in protocol 4, with memo and frame.
        let bytes = b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01acm.o\nf\n\
            K\x07K\x01J\xfe\xff\xff\xff\x86\x86R\x8c\x01b]C\x02xyau.";
        let pickle = Pickle::new(bytes).unwrap();
        let Value::Dictionary(items) = pickle.root() else { panic!("{pickle:?}") };
        let [(first, made), (second, list)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((pickle.text(*first), pickle.text(*second)), (Ok("a"), Ok("b")));
        let Value::Made(made) = pickle.get(*made) else { panic!("{pickle:?}") };
        assert_eq!(pickle.global(made.function), Ok(("m.o", "f")));
        let arguments = pickle.sequence(made.arguments, 2).unwrap();
        assert_eq!(pickle.number(arguments[0]), Ok(7));
        assert!(pickle.lengths(arguments[1]).unwrap_err().contains("-2"));
        let Value::Bytes(range) = pickle.get(pickle.sequence(*list, 1).unwrap()[0]) else {
            panic!("{pickle:?}")
        };
        assert_eq!(&bytes[range.clone()], b"xy");
    }

    #[test]
    fn tensors_have_few_dimensions() {
        let tuple = |count: usize| [b"(".as_slice(), &b"K\x01".repeat(count), b"t."].concat();
        let pickle = Pickle::new(&tuple(8)).unwrap();
        assert_eq!(pickle.lengths(pickle.root), Ok(vec![1; 8]));
        let pickle = Pickle::new(&tuple(9)).unwrap();
        assert_eq!(pickle.lengths(pickle.root), Err("9 dimensions".into()));
    }
}
