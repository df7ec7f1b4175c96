//! Who is measured.

use std::hint::black_box;

use crate::peaks::Peak;
use candle_core::quantized::GgmlDType;
use lmac_reference::{Float, Quantised, Result, Seeded, Subject};

/// What a model computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Float,
    Bytes,
}

/// A model at work, by its name.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) threads: usize,
    /// What its numbers allow at most.
    pub(crate) peak: Peak,
    /// The number of whom it is compared with.
    pub(crate) beside: Option<usize>,
    /// Whether logits are computed for the last token of a pass alone.
    pub(crate) last_logits_only: bool,
    pub(crate) subject: Box<dyn Subject + Send>,
}

impl Numbers {
    pub(crate) const ALL: [Numbers; 2] = [Numbers::Float, Numbers::Bytes];

    /// The name of lmac's profile.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Numbers::Float => "f32",
            Numbers::Bytes => "int8",
        }
    }
}

impl Contestant {
    /// Everyone who computes in these numbers, candle first.
    pub(crate) fn all(numbers: Numbers, weights: &Seeded) -> Result<Vec<Self>> {
        let candle = match numbers {
            Numbers::Float => Contestant {
                name: "candle f32",
                threads: 1,
                peak: Peak::Fused,
                beside: None,
                last_logits_only: true,
                subject: Box::new(Float::new(weights, None)?),
            },
            Numbers::Bytes => Contestant {
                name: "candle Q8_0",
                threads: 1,
                peak: Peak::Bytes,
                beside: None,
                last_logits_only: false,
                subject: Box::new(Quantised::new(weights, GgmlDType::Q8_0)?),
            },
        };
        Ok(vec![candle])
    }

    /// Puts tokens through the model.
    pub(crate) fn advance(&mut self, tokens: &[u32]) -> Result<()> {
        // candle's pools hand work over faster from within.
        let logits = candle_core::utils::with_threadpool(|| self.subject.advance(tokens))?;
        black_box(logits);
        Ok(())
    }
}
