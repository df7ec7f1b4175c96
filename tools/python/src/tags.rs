//! Tags as dictionaries: a name in upper case, and the list of its values.

use lmac::Tags;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::options::result;

/// Makes a dictionary of tags.
pub(crate) fn to_python<'py>(py: Python<'py>, tags: &Tags) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    for (name, value) in &tags.comments {
        let name = name.to_ascii_uppercase();
        match fields.get_item(&name)? {
            Some(values) => values.cast::<PyList>()?.append(value)?,
            None => fields.set_item(name, PyList::new(py, [value])?)?,
        }
    }
    Ok(fields)
}

/// Reads tags from a mapping of names to a value or several.
pub(crate) fn from_python(fields: &Bound<'_, PyAny>) -> PyResult<Tags> {
    let mut tags = Tags::new();
    for item in fields.call_method0("items")?.try_iter()? {
        let (name, values): (String, Bound<'_, PyAny>) = item?.extract()?;
        if values.is_instance_of::<PyString>() {
            result(tags.add(&name, values.extract::<String>()?))?;
            continue;
        }
        for value in values.try_iter()? {
            result(tags.add(&name, value?.extract::<String>()?))?;
        }
    }
    Ok(tags)
}
