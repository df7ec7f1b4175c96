//! The byte transformer's `.npz`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::pickle::Pickle;
use super::{Float, TinyBytes, Values};
use crate::zip;

/// How arrays are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Dictionaries of jax's arrays in pickles, as the harness writes them.
    Jax,
    /// Dictionaries of numpy's arrays in pickles, by numpy from version 2 on.
    Numpy,
    /// One array a member.
    Plain,
    /// The same, with columns one behind the other.
    Fortran,
    /// The same, in half precision.
    Halves,
    /// The same, compressed.
    Compressed,
    /// Dictionaries of jax's arrays, compressed, in an archive with sizes of 64 bits.
    LargeJax,
}

impl Form {
    /// All forms.
    pub const ALL: [Form; 7] = [
        Form::Jax,
        Form::Numpy,
        Form::Plain,
        Form::Fortran,
        Form::Halves,
        Form::Compressed,
        Form::LargeJax,
    ];
}

/// Writes a file in this form.
pub fn file(path: &Path, tiny: &TinyBytes, form: Form) {
    let arrays = named(tiny);
    let members: Vec<(String, Vec<u8>)> = match form {
        Form::Jax | Form::Numpy | Form::LargeJax => {
            let mut modules: BTreeMap<String, Vec<Values>> = BTreeMap::new();
            for mut array in arrays {
                let (module, leaf) = array.name.rsplit_once('/').unwrap();
                let (module, leaf) = (module.to_owned(), leaf.to_owned());
                array.name = leaf;
                modules.entry(module).or_default().push(array);
            }
            let member = |(name, arrays): (String, Vec<Values>)| {
                (format!("{name}.npy"), pickled(&arrays, form))
            };
            modules.into_iter().map(member).collect()
        }
        _ => {
            arrays.iter().map(|array| (format!("{}.npy", array.name), plain(array, form))).collect()
        }
    };
    let form = zip::Form {
        deflated: matches!(form, Form::Compressed | Form::LargeJax),
        large: form == Form::LargeJax,
        alignment: 0,
    };
    fs::write(path, zip::archive(&members, form)).unwrap();
}

/// Returns the arrays by Haiku's names, with a row for each input.
fn named(tiny: &TinyBytes) -> Vec<Values> {
    let counted = |module: &str, number: usize| match number {
        0 => module.to_owned(),
        _ => format!("{module}_{number}"),
    };
    let rename = |tensor: Values| {
        let name = match tensor.name.as_str() {
            "embedding" => "embed/embeddings".to_owned(),
            "head" => counted("linear", 2 * tiny.layers) + "/w",
            "head.bias" => counted("linear", 2 * tiny.layers) + "/b",
            layer => {
                let (number, part) =
                    layer.strip_prefix("layers.").unwrap().split_once('.').unwrap();
                let number: usize = number.parse().unwrap();
                let attention = counted("multi_head_dot_product_attention", number);
                match part {
                    "query" => attention + "/linear/w",
                    "key" => attention + "/linear_1/w",
                    "value" => attention + "/linear_2/w",
                    "output" => attention + "/linear_3/w",
                    "up" => counted("linear", 2 * number) + "/w",
                    "up.bias" => counted("linear", 2 * number) + "/b",
                    "down" => counted("linear", 2 * number + 1) + "/w",
                    "down.bias" => counted("linear", 2 * number + 1) + "/b",
                    norm => {
                        let (norm, leaf) = norm.split_once('.').unwrap();
                        let second = usize::from(norm == "feed_norm");
                        counted("layer_norm", 2 * number + second) + "/" + leaf
                    }
                }
            }
        };
        let turned = if name.ends_with("/w") { tensor.transposed() } else { tensor };
        Values { name, ..turned }
    };
    tiny.tensors().into_iter().map(rename).collect()
}

/// Returns a member with one array.
fn plain(array: &Values, form: Form) -> Vec<u8> {
    let float = if form == Form::Halves { Float::F16 } else { Float::F32 };
    let descr = if form == Form::Halves { "<f2" } else { "<f4" };
    let fortran = form == Form::Fortran && array.shape.len() == 2;
    let values = if fortran { array.transposed() } else { array.clone() };
    [header(descr, fortran, &array.shape), values.bytes(float)].concat()
}

fn header(descr: &str, fortran: bool, shape: &[usize]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    // A tuple of one has a comma.
    let lengths = lengths.join(", ") + if shape.len() == 1 { "," } else { "" };
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({lengths}), }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let length = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, text.as_bytes()].concat()
}

/// Returns a member with a dictionary of arrays.
fn pickled(arrays: &[Values], form: Form) -> Vec<u8> {
    let numpy =
        if form == Form::Numpy { "numpy._core.multiarray" } else { "numpy.core.multiarray" };
    let mut pickle = Pickle::new(4);
    empty(&mut pickle, numpy);
    pickle.code(b'R').code(b'(').number(1).numbers(&[]);
    dtype(&mut pickle, "O8", "|");
    pickle.flag(false).code(b']').code(b'}').code(b'(');
    for array in arrays {
        pickle.text(&array.name);
        if form == Form::Numpy {
            empty(&mut pickle, numpy);
            pickle.code(b'R');
            state(&mut pickle, array);
            pickle.code(b'b');
        } else {
            pickle.global("jax._src.array", "_reconstruct_array").code(b'(');
            // The arguments are those of numpy.
            empty(&mut pickle, numpy);
            state(&mut pickle, array);
            pickle.code(b'}').text("weak_type").flag(false).code(b's').code(b't').code(b'R');
        }
    }
    pickle.code(b'u').code(b'a').code(b't').code(b'b').code(b'.');
    [header("|O", false, &[]), pickle.bytes].concat()
}

/// Adds numpy's function for an empty array, and its arguments.
fn empty(pickle: &mut Pickle, numpy: &str) {
    pickle.global(numpy, "_reconstruct").global("numpy", "ndarray");
    pickle.numbers(&[0]).raw(b"b").code(0x87);
}

/// Adds the values of an empty array.
fn state(pickle: &mut Pickle, array: &Values) {
    pickle.code(b'(').number(1).numbers(&array.shape);
    dtype(pickle, "f4", "<");
    pickle.flag(false).raw(&array.bytes(Float::F32)).code(b't');
}

fn dtype(pickle: &mut Pickle, name: &str, order: &str) {
    pickle.global("numpy", "dtype").text(name).flag(false).flag(true).code(0x87).code(b'R');
    pickle.code(b'(').number(3).text(order).code(b'N').code(b'N').code(b'N');
    pickle.bytes.extend(b"J\xff\xff\xff\xffJ\xff\xff\xff\xff");
    pickle.number(0).code(b't').code(b'b');
}
