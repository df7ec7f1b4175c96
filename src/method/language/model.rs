//! A language model that can be used.

use std::fmt;
use std::sync::Arc;

use super::alphabet::Alphabet;
use super::architecture::Architecture;
use super::engine::{Engine, Run, Scratch};
use super::frequencies::{Distribution, Workspace};
use super::hashing::Hashing;
use super::meter::Meter;
use super::tensor::Tensors;
use super::vocabulary::{CHARACTERS, Tokenizer, Vocabulary};
use crate::container::model::MOST_NAME;
use crate::error::{Error, Result};
use crate::method::identity::{ModelId, Precision, TokenKind};
use crate::numerics::environment::DefaultEnvironment;

/// Characters of the text that models are told apart by.
const PROBE: usize = 32;

/// A language model with its weights in memory, for any number of streams.
///
/// Clones share the weights, and count their work with the same [`Meter`].
#[derive(Clone)]
pub struct LanguageModel {
    shared: Arc<Shared>,
    meter: Meter,
}

struct Shared {
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
        while name.len() > MOST_NAME {
            name.pop();
        }
        let probe = probe(&engine, &vocabulary, tokenizer.is_some())?;
        let id = ModelId { name, hash, precision, probe };
        let shared = Arc::new(Shared { id, engine, vocabulary, tokenizer });
        Ok(LanguageModel { shared, meter: Meter::default() })
    }

    /// Counts the work of this handle and of its later clones with this meter.
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// Returns the meter that counts the work of this handle.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What a stream calls the model.
    pub fn id(&self) -> &ModelId {
        &self.shared.id
    }

    /// What the model is made of.
    pub fn architecture(&self) -> &Architecture {
        self.shared.engine.architecture()
    }

    /// The model's tokens.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.shared.vocabulary
    }

    /// How the model cuts text, if it does.
    pub fn tokenizer(&self) -> Option<&dyn Tokenizer> {
        self.shared.tokenizer.as_deref()
    }

    /// Bytes that a context of so many positions takes.
    pub fn context_bytes(&self, positions: usize) -> u64 {
        self.shared.engine.cache_bytes(positions)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
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
            .field("id", &self.shared.id)
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
