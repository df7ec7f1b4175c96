//! Estimates of a stream's size.

use std::io::{self, Write};

use crate::audio::AudioSpec;
use crate::error::Result;
use crate::method::language::account::{Account, SegmentCost};
use crate::method::language::model::LanguageModel;
use crate::method::language::options::LanguageOptions;
use crate::method::preset::Preset;
use crate::stream::encoder::Encoder;
use crate::stream::options::EncodeOptions;

/// The size of a stream under a language model's own probabilities.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The cost of the chunks that go through the model.
    pub account: Account,
    /// The cost of each segment, in the order of frames, if the model's meter
    /// [keeps](crate::language::Meter::with_segments) segments.
    pub segments: Vec<SegmentCost>,
    /// Bytes of the stream outside the model's payloads: header, trailer, the bytes around
    /// payloads, and constant chunks.
    pub other_bytes: u64,
    /// Bits of the whole stream. Chunks that the model makes larger than their PCM count with
    /// the model's size.
    pub bits: f64,
}

/// Estimates the size of the stream that a language model makes of this PCM.
///
/// Chunks, wasted bits, segments, tokens, planes and the bytes around them are those of a real
/// stream. Tokens take their cross entropy: the binary logarithm of the softmax of their
/// logits, in double precision. With a top-k, an escape has the sum of the probabilities that
/// were not chosen, and the format says what the choice among these tokens takes. Planes take
/// the bits of their probabilities.
///
/// Nothing is verified, stepping makes no difference, and no other method is tried for chunks
/// that the model expands. The model's meter counts tokens and time; its account stays as it
/// is.
///
/// # Accuracy
///
/// Let p be the probability of a token, N the number of frequencies (the symbols of the
/// alphabet, or k + 1 with a top-k), V the number of symbols, and M the number of symbols that
/// share the escape.
///
/// - Frequencies sum to 2^24. Each gets 1; the rest is divided in proportion to weights, which
///   are rounded down to 30 bits. A frequency is thus at least 1, and at least
///   2^24 (p - 2^-30) (1 - N / 2^24): a token takes at most 0.023 + 1.45 N / 2^24 bits more; the
///   first term is reached where p is near 2^-24. All weights in an escape are rounded down: it
///   takes at most log2(1 + M / 64) bits more, and almost none where p is far above M / 2^30.
/// - For the same reasons a token takes up to log2(1 + 2^-24 / p + V / 2^30) bits less; for the
///   likeliest token, which gets the remainder of the rounding, N 2^-24 replaces 2^-24. This
///   matters only for tokens that the model holds to be almost impossible: their cross entropy
///   has no limit, and the coder spends at most 24 bits.
/// - The range coder divides a range of at least 2^32, so that a token or escape takes at
///   most 0.006 bits more, some 0.0002 on average, and a modelled plane's bit 0.00003.
/// - In a chunk the tokens' and the planes' last bytes are rounded up, which is less than
///   two bytes. Bytes at the end of the tokens that happen to be zero are left out.
///
/// A payload of T tokens, E of them behind escapes, is thus at most
/// T (0.03 + 1.45 N / 2^24) + E (0.04 + log2(1 + M / 64)) + 16 bits longer. With models that are
/// right more often than by accident the difference is a few hundredths of a percent.
///
/// ```no_run
/// # fn estimate(pcm: &[u8], model: lmac::language::LanguageModel) -> lmac::Result<()> {
/// use lmac::language::LanguageOptions;
/// use lmac::{AudioSpec, EncodeOptions, SampleFormat};
///
/// let spec = AudioSpec::new(SampleFormat::S16, 1, 16_000);
/// let (options, language) = (EncodeOptions::default(), LanguageOptions::default());
/// let estimate = lmac::language::estimate(pcm, &spec, &options, &model, &language)?;
/// println!("{:.2} % of the PCM", 100.0 * estimate.bits / 8.0 / pcm.len() as f64);
/// # Ok(())
/// # }
/// ```
pub fn estimate(
    pcm: &[u8],
    spec: &AudioSpec,
    options: &EncodeOptions,
    model: &LanguageModel,
    language: &LanguageOptions,
) -> Result<Estimate> {
    spec.validate()?;
    let meter = model.meter().apart();
    let model = model.clone().with_meter(meter.clone());
    let mut options = options.clone().with_model(model, language.clone().with_estimating());
    options.chunk_frames = Some(options.chunk_frames(spec)?);
    // Chunks that the model expands are stored, so that the account can tell them apart.
    options.preset = Preset::Store;

    let mut encoder = Encoder::with_options(io::sink(), *spec, options)?;
    encoder.write_all(pcm)?;
    let stats = encoder.finish()?.stats;
    let account = meter.account();
    let kept = account.payload_bytes.saturating_sub(account.refused_payload_bytes);
    let other_bytes = stats.stream_bytes.saturating_sub(kept + account.refused_pcm_bytes);
    let bits = account.payload_bits() + 8.0 * other_bytes as f64;
    Ok(Estimate { segments: meter.segments(), account, other_bytes, bits })
}
