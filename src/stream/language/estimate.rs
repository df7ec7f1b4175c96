//! What a stream would take, without making it.

use std::io::{self, Write};

use crate::audio::AudioSpec;
use crate::error::Result;
use crate::method::language::account::{Account, SegmentCost};
use crate::method::language::model::LanguageModel;
use crate::method::language::options::LanguageOptions;
use crate::method::preset::Preset;
use crate::stream::encoder::Encoder;
use crate::stream::options::EncodeOptions;

/// What a stream would take if arithmetic coding had a language model's own probabilities.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// Where the model's bits go.
    pub account: Account,
    /// What each segment takes, in the order of frames, if the options' meter
    /// [keeps](crate::language::Meter::with_segments) segments.
    pub segments: Vec<SegmentCost>,
    /// Bytes of the stream that are in no payload of the model: its header, its trailer,
    /// what stands before and behind payloads, and chunks of one repeated frame.
    pub other_bytes: u64,
    /// Bits of the whole stream, with all that the model makes of its chunks, were it more
    /// than their audio.
    pub bits: f64,
}

/// Estimates the stream that these options make of this PCM with their language model.
///
/// All is as if it were encoded, up to the arithmetic coder: chunks, wasted bits, segments,
/// tokens, planes and what goes around them. But tokens take their cross entropy: the binary
/// logarithm of the softmax of their logits, in double precision. With a top-k an escape
/// has the sum of the probabilities that were not chosen, and which of these tokens it is
/// takes what the format gives it. Planes take what their probabilities come to. Nothing is
/// verified, stepping makes no difference, and what the preset would make of chunks that the
/// model expands is left out. The options' meter counts tokens and time, and has no account
/// of it.
///
/// # How near it is
///
/// Let p be the probability of a token, N the number of frequencies that there are (the
/// symbols of the alphabet, or k + 1 with a top-k), V that of symbols and M that of symbols
/// without a frequency of their own.
///
/// - Frequencies are out of 2^24, of which each has one before the rest is shared out by
///   weights, which are cut to 30 bits. A frequency is at least 1, and at least
///   2^24 (p - 2^-30) (1 - N / 2^24): a token takes at most 0.023 + 1.45 N / 2^24 bits more,
///   the former where p is near 2^-24. Of an escape every weight in it was cut: it takes at
///   most log2(1 + M / 64) bits more, all but nothing where p is well above M / 2^30.
/// - For the same reasons a token takes up to log2(1 + 2^-24 / p + V / 2^30) bits less, the
///   likeliest one, to which goes what rounding has left, with N for the one of 2^-24. That
///   is a lot only for tokens that a model holds for all but impossible: it can lose any
///   number of bits by them, and a coder 24.
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
