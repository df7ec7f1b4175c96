//! The size of a model's weights.

use std::fs;
use std::path::Path;

use lmac::checkpoint;
use lmac::language::Architecture;

use crate::contestant::Weights;
use crate::{Error, Result};

impl Weights {
    /// The weights of the checkpoint at `path`, in any layout that the codec takes: the
    /// files that it reads weights from, and the numbers of its tensors. An output head that
    /// is the embedding counts once.
    pub fn of(path: &Path) -> Result<Weights> {
        let mut file_bytes = 0;
        for file in checkpoint::weight_files(path)? {
            let found = fs::metadata(&file)
                .map_err(|error| Error::new(error.to_string()).about(file.display()))?;
            file_bytes += found.len();
        }
        let parameters = parameters(&checkpoint::open(path)?.architecture);
        Ok(Weights { file_bytes, parameters })
    }
}

/// How many numbers all tensors are.
fn parameters(architecture: &Architecture) -> u64 {
    let size = |shape: &[usize]| shape.iter().map(|&length| length as u64).product::<u64>();
    architecture.tensors().iter().map(|tensor| size(&tensor.shape)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::checkpoint_path;

    #[test]
    fn weights_are_files_and_numbers() {
        let llama = checkpoint_path("llama");
        let weights = Weights::of(&llama).unwrap();
        let file = fs::metadata(llama.join("model.safetensors")).unwrap().len();
        // An embedding of 149 rows that is the head too, a norm, and two layers of 2 norms,
        // queries and output of 16 by 16, keys and values of 8, and a wide part of 24.
        let layer = 2 * 16 + 2 * 16 * 16 + 2 * 8 * 16 + 3 * 24 * 16;
        let parameters = 149 * 16 + 16 + 2 * layer;
        assert_eq!(weights, Weights { file_bytes: file, parameters });
        let halves = Weights::of(&checkpoint_path("llama-bf16")).unwrap();
        assert!(halves.file_bytes < file);

        let bytes = Weights::of(&checkpoint_path("bytes.npz")).unwrap();
        let file = fs::metadata(checkpoint_path("bytes.npz")).unwrap().len();
        assert_eq!(bytes.file_bytes, file);
        assert!(bytes.parameters > 1000);
        assert!(Weights::of(&checkpoint_path("none")).is_err());
    }
}
