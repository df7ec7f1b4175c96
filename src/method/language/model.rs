//! A language model that can be used.

use std::fmt;
use std::sync::Arc;

use super::alphabet::Alphabet;
use super::architecture::Architecture;
use super::engine::{Engine, Run, Scratch};
use super::evaluator::Evaluator;
use super::frequencies::{Distribution, Workspace};
use super::hashing::Hashing;
use super::tensor::Tensors;
use super::vocabulary::{CHARACTERS, Tokenizer, Vocabulary};
use crate::container::MOST_MODEL_NAME;
use crate::error::{Error, Result};
use crate::method::identity::{ModelId, Precision, TokenKind};
use crate::numerics::environment::DefaultEnvironment;

/// Characters of the text that models are told apart by.
const PROBE: usize = 32;

/// A language model with its weights in memory, for any number of streams: clones share
/// it.
#[derive(Clone)]
pub struct LanguageModel(Arc<Inner>);

struct Inner {
    id: ModelId,
    engine: Engine,
    vocabulary: Vocabulary,
    tokenizer: Option<Arc<dyn Tokenizer>>,
}

/// A model in parts, before its weights are read.
pub struct ModelParts<'a> {
    /// A name for people.
    pub name: String,
    /// What the model is made of.
    pub architecture: Architecture,
    /// Its tokens.
    pub vocabulary: Vocabulary,
    /// How it cuts text. Without one it predicts characters.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// Its weights.
    pub tensors: &'a mut dyn Tensors,
    /// The hash, where it is known: it takes a while to compute.
    pub hash: Option<[u8; 32]>,
}

impl LanguageModel {
    /// Reads the weights, and finds out what the model's identity is.
    pub fn new(parts: ModelParts<'_>, precision: Precision) -> Result<Self> {
        let ModelParts { mut name, architecture, vocabulary, tokenizer, tensors, hash } = parts;
        architecture.validate()?;
        if vocabulary.len() != architecture.vocabulary() {
            return Err(Error::model(format!(
                "the tokenizer has {} tokens, the model {}",
                vocabulary.len(),
                architecture.vocabulary()
            )));
        }
        let (engine, hash) = match hash {
            Some(hash) => (Engine::new(architecture, precision, tensors)?, hash),
            None => {
                let mut hashing = Hashing::new(&architecture, &vocabulary, tensors);
                let engine = Engine::new(architecture, precision, &mut hashing)?;
                (engine, hashing.finish())
            }
        };
        while name.len() > MOST_MODEL_NAME {
            name.pop();
        }
        let probe = probe(&engine, &vocabulary, tokenizer.is_some())?;
        let id = ModelId { name, hash, precision, probe };
        Ok(LanguageModel(Arc::new(Inner { id, engine, vocabulary, tokenizer })))
    }

    /// What a stream calls the model.
    pub fn id(&self) -> &ModelId {
        &self.0.id
    }

    /// What the model is made of.
    pub fn architecture(&self) -> &Architecture {
        self.0.engine.architecture()
    }

    /// The model's tokens.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// How the model cuts text, if it does.
    pub fn tokenizer(&self) -> Option<&dyn Tokenizer> {
        self.0.tokenizer.as_deref()
    }

    /// Bytes that a context of so many positions takes.
    pub fn context_bytes(&self, positions: usize) -> u64 {
        self.0.engine.cache_bytes(positions)
    }

    /// This many contexts of at most so many positions, to be gone through by hand.
    pub fn evaluator(&self, contexts: usize, positions: usize) -> Evaluator {
        Evaluator::new(self.clone(), contexts, positions)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }
}

/// The checksum of what a model predicts for a fixed text.
fn probe(engine: &Engine, vocabulary: &Vocabulary, whole: bool) -> Result<u32> {
    let _environment = DefaultEnvironment::enter();
    let alphabet =
        Alphabet::new(vocabulary, if whole { TokenKind::Bpe } else { TokenKind::Characters });
    let characters = (0..PROBE - 1).map(|at| (7 * at * at + 13 * at + 65) % CHARACTERS);
    let text = characters.map(|character| vocabulary.characters()[character]);
    let tokens: Vec<u32> = std::iter::once(vocabulary.beginning()).chain(text).collect();

    let mut cache = engine.cache();
    let mut runs = [Run { cache: &mut cache, tokens: &tokens }];
    let head = engine.head(alphabet.few());
    let (mut room, mut workspace) = (Vec::new(), Workspace::default());
    let mut distribution = Distribution::default();
    let mut crc = crc32fast::Hasher::new();
    engine.advance(&mut runs, &head, &mut Scratch::default(), &mut |_, _, logits| {
        let logits = alphabet.gather(logits, &mut room);
        distribution.set(logits, None, &mut workspace);
        for frequency in distribution.frequencies() {
            crc.update(&frequency.to_le_bytes());
        }
    })?;
    Ok(crc.finalize())
}

impl fmt::Debug for LanguageModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LanguageModel")
            .field("id", &self.0.id)
            .field("architecture", self.architecture())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ModelParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelParts")
            .field("name", &self.name)
            .field("architecture", &self.architecture)
            .finish_non_exhaustive()
    }
}
