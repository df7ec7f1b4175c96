//! Files of torch's own format.

use super::pickle::Pickle;
use super::{Float, Values};
use crate::zip;

/// Returns a file with these tensors whose archive has this name. The second of every three tensors
/// is kept as a transposed view, and the third lies in a storage behind something else.
pub(super) fn file(archive: &str, tensors: &[Values], float: Float) -> Vec<u8> {
    let mut pickle = Pickle::new(2);
    let mut storages = Vec::new();
    pickle.global("collections", "OrderedDict").code(b')').code(b'R').code(b'(');
    for (number, tensor) in tensors.iter().enumerate() {
        let columns = *tensor.shape.last().unwrap();
        let (stored, strides) = match *tensor.shape {
            [rows, _] if number % 3 == 1 => (tensor.transposed(), vec![1, rows]),
            [_, _] => (tensor.clone(), vec![columns, 1]),
            _ => (tensor.clone(), vec![1]),
        };
        let offset = if number % 3 == 2 { 5 } else { 0 };
        let mut storage = vec![0x55; offset * if float == Float::F32 { 4 } else { 2 }];
        storage.extend(stored.bytes(float));
        pickle.text(&tensor.name).global("torch._utils", "_rebuild_tensor_v2").code(b'(');
        pickle.code(b'(').text("storage");
        pickle.global(
            "torch",
            match float {
                Float::F32 => "FloatStorage",
                Float::F16 => "HalfStorage",
                Float::BF16 => "BFloat16Storage",
            },
        );
        pickle.text(&number.to_string()).text("cpu").number(offset + tensor.values.len());
        pickle.code(b't').code(b'Q');
        pickle.number(offset).numbers(&tensor.shape).numbers(&strides).flag(false);
        pickle.global("collections", "OrderedDict").code(b')').code(b'R').code(b't').code(b'R');
        storages.push((format!("{archive}/data/{number}"), storage));
    }
    pickle.code(b'u');
    // Modules add metadata to their dictionary.
    pickle.code(b'}').text("_metadata").code(b'}').code(b's').code(b'b').code(b'.');
    let mut members = vec![
        (format!("{archive}/data.pkl"), pickle.bytes),
        (format!("{archive}/byteorder"), b"little".to_vec()),
    ];
    members.extend(storages);
    members.push((format!("{archive}/version"), b"3\n".to_vec()));
    zip::archive(&members, zip::Form { alignment: 64, ..zip::Form::default() })
}
