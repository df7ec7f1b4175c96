//! The models that are measured.

use std::hint::black_box;

use candle_core::quantized::GgmlDType;
use candle_core::utils::with_threadpool;
use lmac::Precision;
use lmac_reference::{Exact, Float, Quantised, Result, Seeded, Subject};

use crate::peaks::Peak;

/// The numbers that a model computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Float,
    Bytes,
}

/// A model with a name.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) threads: usize,
    /// The peak of the arithmetic that it uses.
    pub(crate) peak: Peak,
    /// The index of the contestant that it is compared with.
    pub(crate) beside: Option<usize>,
    /// Whether logits are computed only for the last token of a pass.
    pub(crate) last_logits_only: bool,
    pub(crate) subject: Box<dyn Subject + Send>,
}

impl Numbers {
    pub(crate) const ALL: [Numbers; 2] = [Numbers::Float, Numbers::Bytes];

    /// The name of lmac's precision.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Numbers::Float => "f32",
            Numbers::Bytes => "int8",
        }
    }
}

impl Contestant {
    /// All contestants that compute in these numbers, candle first.
    pub(crate) fn all(numbers: Numbers, weights: &Seeded) -> Result<Vec<Self>> {
        let (candle, subject, peak, own_peak, precision): (_, Box<dyn Subject + Send>, _, _, _) =
            match numbers {
                Numbers::Float => (
                    "candle f32",
                    Box::new(Float::new(weights, None)?),
                    Peak::Fused,
                    Peak::MultiplyAdd,
                    Precision::F32,
                ),
                Numbers::Bytes => (
                    "candle Q8_0",
                    Box::new(Quantised::new(weights, GgmlDType::Q8_0)?),
                    Peak::Bytes,
                    Peak::Bytes,
                    Precision::Int8,
                ),
            };
        let exact = Exact::new(weights, precision)?;
        let both = exact.with_threads(2);
        let contestant = |name, threads, beside, subject, peak| Contestant {
            name,
            threads,
            beside,
            peak,
            last_logits_only: false,
            subject,
        };
        Ok(vec![
            Contestant {
                last_logits_only: numbers == Numbers::Float,
                ..contestant(candle, 1, None, subject, peak)
            },
            contestant("lmac", 1, Some(0), Box::new(exact), own_peak),
            contestant("lmac, 2 threads", 2, Some(1), Box::new(both), own_peak),
        ])
    }

    /// Evaluates tokens in one pass.
    pub(crate) fn advance(&mut self, tokens: &[u32]) -> Result<()> {
        // candle's pools distribute work faster from within.
        black_box(with_threadpool(|| self.subject.advance(tokens))?);
        Ok(())
    }

    /// Evaluates tokens step by step.
    pub(crate) fn steps(&mut self, tokens: &[u32]) -> Result<()> {
        with_threadpool(|| self.subject.steps(tokens))
    }
}
