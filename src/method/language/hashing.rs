//! The hash by which models are the same.

use sha2::{Digest, Sha256};

use super::architecture::{Architecture, ExpectedTensor};
use super::tensor::{Tensor, Tensors};
use super::vocabulary::Vocabulary;
use crate::error::Result;

const DOMAIN: &[u8] = b"lmac language model 1\n";

/// Hashes the tensors of a model on their way to the engine.
pub(crate) struct Hashing<'a> {
    tensors: &'a mut dyn Tensors,
    hash: Sha256,
}

impl<'a> Hashing<'a> {
    /// Hashes everything but the weights.
    pub(crate) fn new(
        architecture: &Architecture,
        vocabulary: &Vocabulary,
        tensors: &'a mut dyn Tensors,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash_architecture(architecture, &mut hash);
        hash_vocabulary(vocabulary, &mut hash);
        Hashing { tensors, hash }
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl Tensors for Hashing<'_> {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let tensor = self.tensors.tensor(expected)?;
        expected.check(&tensor)?;
        number(expected.name.len(), &mut self.hash);
        self.hash.update(&expected.name);
        // Values are hashed, since layouts store them in different kinds.
        let mut values = vec![0f32; tensor.columns()];
        let mut bytes = Vec::with_capacity(4 * values.len());
        for row in 0..tensor.rows() {
            tensor.row(row, &mut values);
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            self.hash.update(&bytes);
        }
        Ok(tensor)
    }
}

fn number(value: usize, hash: &mut Sha256) {
    hash.update((value as u64).to_le_bytes());
}

/// Hashes all sizes but the longest context, which is a limit and changes no bit.
fn hash_architecture(architecture: &Architecture, hash: &mut Sha256) {
    match architecture {
        Architecture::Llama(llama) => {
            hash.update([0]);
            for value in [
                llama.vocabulary,
                llama.width,
                llama.layers,
                llama.heads,
                llama.key_heads,
                llama.head_width,
                llama.feed_forward,
                usize::from(llama.tied),
            ] {
                number(value, hash);
            }
            hash.update(llama.epsilon.to_le_bytes());
            hash.update(llama.rope_base.to_le_bytes());
            number(llama.rope_factors.len(), hash);
            for factor in &llama.rope_factors {
                hash.update(factor.to_le_bytes());
            }
        }
        Architecture::ByteTransformer(bytes) => {
            hash.update([1]);
            for value in
                [bytes.vocabulary, bytes.width, bytes.layers, bytes.heads, bytes.feed_forward]
            {
                number(value, hash);
            }
        }
    }
}

fn hash_vocabulary(vocabulary: &Vocabulary, hash: &mut Sha256) {
    number(vocabulary.len(), hash);
    for token in 0..vocabulary.len() as u32 {
        // Tokens that spell nothing have a length that no other token has.
        let bytes = vocabulary.bytes(token);
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    }
    for token in vocabulary.characters() {
        hash.update(token.to_le_bytes());
    }
    hash.update(vocabulary.beginning().to_le_bytes());
}
