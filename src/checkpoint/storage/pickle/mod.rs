//! Python's pickles, parsed and never run.
//!
//! A pickle is a program that builds values on a stack. Calls of functions and constructors
//! become [`Value::Call`]; the reader of a layout interprets those that it knows and refuses all
//! others by name. Values refer to each other by their index in one list, so deep nesting and
//! cycles need no recursion.

mod machine;
mod value;

pub(crate) use machine::parse;
pub(crate) use value::{Call, Failure, Handle, Pickle, Value};
