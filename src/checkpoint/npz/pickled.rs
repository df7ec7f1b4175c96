//! Dictionaries of pickled arrays, of numpy or of jax.

use super::array;
use crate::checkpoint::storage::pickle::{self, Call, Failure, Handle, Pickle, Value};
use crate::checkpoint::storage::stored::{Location, StoredTensor};
use crate::checkpoint::storage::zip::Archive;
use crate::error::Result;

/// The name of numpy's function that makes an array. Its module depends on the version.
const RECONSTRUCT: &str = "_reconstruct";

/// The most bytes of a pickle for each byte of the file.
///
/// A pickle is read as a whole. Deflate hardly shrinks floats, so one that inflates more does
/// not hold weights.
const MOST_RATIO: u64 = 64;

/// An array as a pickle describes it.
struct PickledArray {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
    /// The offset of the values in the pickle.
    start: usize,
    length: usize,
}

/// Lists the arrays in the dictionary that is pickled in a member, from `start` on.
pub(super) fn arrays(
    archive: &Archive,
    member: &str,
    location: Location,
    start: usize,
) -> Result<Vec<(String, StoredTensor)>> {
    let bytes = archive.read(member, archive.file().length().saturating_mul(MOST_RATIO))?;
    let failed = |what: Failure| archive.error(format!("{member}: {what}"));
    let pickle = pickle::parse(bytes.get(start..).unwrap_or_default()).map_err(failed)?;
    let mut arrays = Vec::new();
    for &(key, value) in dictionary(&pickle).map_err(failed)? {
        let key = pickle.text(key).map_err(failed)?;
        let found = array(&pickle, value).map_err(|what| failed(format!("{key}: {what}")))?;
        let kind = array::kind(&found.descr)
            .ok_or_else(|| array::unsupported(archive, key, &found.descr))?;
        let fits = kind.tensor_bytes(&found.shape) == Some(found.length);
        let values = location.clone().skip(start + found.start).filter(|_| fits);
        let values = values.ok_or_else(|| {
            failed(format!(
                "the array {key} has {} bytes, which do not fit its shape {:?} of {}",
                found.length, found.shape, found.descr
            ))
        })?;
        let stored = array::ordered(archive, values, kind, found.shape, found.fortran)?;
        arrays.push((key.to_owned(), stored));
    }
    Ok(arrays)
}

/// The dictionary that is the one object of an array.
fn dictionary(pickle: &Pickle) -> Result<&[(Handle, Handle)], Failure> {
    let state = match pickle.root() {
        Value::Call(call) if is_numpy(pickle, call)? => call.state,
        other => return pickle.expected("an array", other),
    };
    let state = pickle.sequence(state.ok_or("an array has no values")?, 5)?;
    let objects = pickle.sequence(state[4], 1)?;
    let [object] = objects else {
        return Err(format!("found {} objects, expected one", objects.len()));
    };
    match pickle.get(*object) {
        Value::Dictionary(items) => Ok(items),
        // Older versions of Haiku have a mapping of their own, call from a dictionary.
        Value::Call(call) if pickle.global(call.function)?.1.starts_with("FlatMap") => {
            let inner = pickle.sequence(call.arguments, 1)?[0];
            match pickle.get(inner) {
                Value::Dictionary(items) => Ok(items),
                other => pickle.expected("a dictionary", other),
            }
        }
        other => pickle.expected("a dictionary", other),
    }
}

fn array(pickle: &Pickle, handle: Handle) -> Result<PickledArray, Failure> {
    let Value::Call(call) = pickle.get(handle) else {
        return pickle.expected("an array", pickle.get(handle));
    };
    let state = match pickle.global(call.function)? {
        // jax wraps numpy's function, arguments and state.
        ("jax._src.array", "_reconstruct_array")
        | ("jax._src.device_array", "reconstruct_device_array") => {
            let arguments = pickle.sequence(call.arguments, 3)?;
            if pickle.global(arguments[0])?.1 != RECONSTRUCT {
                return Err("a jax array does not wrap a numpy array".into());
            }
            arguments[2]
        }
        _ if is_numpy(pickle, call)? => call.state.ok_or("an array has no values")?,
        (module, name) => return Err(format!("the function {module}.{name} is not supported")),
    };
    let state = pickle.sequence(state, 5)?;
    let fortran = match pickle.get(state[3]) {
        Value::Flag(fortran) => *fortran,
        other => return pickle.expected("a boolean", other),
    };
    let Value::Bytes(bytes) = pickle.get(state[4]) else {
        return pickle.expected("bytes", pickle.get(state[4]));
    };
    Ok(PickledArray {
        descr: descr(pickle, state[2])?,
        fortran,
        shape: pickle.lengths(state[1])?,
        start: bytes.start,
        length: bytes.len(),
    })
}

/// Whether a call makes a numpy array.
fn is_numpy(pickle: &Pickle, call: &Call) -> Result<bool, Failure> {
    Ok(matches!(
        pickle.global(call.function)?,
        ("numpy.core.multiarray" | "numpy._core.multiarray", RECONSTRUCT)
    ))
}

/// The name of a numpy type, like `<f4`.
fn descr(pickle: &Pickle, handle: Handle) -> Result<String, Failure> {
    let Value::Call(call) = pickle.get(handle) else {
        return pickle.expected("a type", pickle.get(handle));
    };
    let name = match pickle.global(call.function)? {
        ("numpy", "dtype") => pickle.text(pickle.sequence(call.arguments, 1)?[0])?,
        (module, name) => return Err(format!("the type {module}.{name} is not supported")),
    };
    let order = match call.state {
        Some(state) => pickle.text(pickle.sequence(state, 2)?[1])?,
        None => "",
    };
    Ok(format!("{order}{name}"))
}
