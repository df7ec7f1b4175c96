//! The language method, with tiny models in both precisions.

use lmac::language::{LanguageModel, LanguageOptions};
use lmac::{AudioSpec, DecodeOptions, EncodeOptions, Method, Precision, SampleFormat, TokenKind};
use lmac_support::Random;

use crate::Work;
use crate::models::Model;
use crate::signals::Signal;

pub(crate) fn run(work: &mut Work<'_>) {
    for model in Model::ALL {
        for &precision in Precision::ALL {
            let loaded = model.load(precision);
            let name = format!("language/{}/{}", model.name(), precision.name());
            work.digest(format_args!("{name}/probe"), loaded.id().probe.to_le_bytes());
            logits(work, &name, &loaded);
            if !matches!(model, Model::Wide) {
                streams(work, &name, &loaded);
            }
        }
    }
}

/// Digests the logits of several texts; evaluating them step by step must give the same bits.
fn logits(work: &mut Work<'_>, name: &str, model: &LanguageModel) {
    const LENGTHS: [usize; 4] = [1, 9, 40, 18];
    let mut random = Random::new(3);
    let mut token = |_| random.below(model.vocabulary().len() as u64) as u32;
    let texts = LENGTHS.map(|length| (0..length).map(&mut token).collect::<Vec<u32>>());
    let mut evaluator = model.evaluator(texts.len(), 64);

    let mut rows = vec![Vec::new(); texts.len()];
    let all: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let put = |row: &mut Vec<u8>, logits: &[f32]| {
        row.extend(logits.iter().flat_map(|logit| logit.to_le_bytes()));
    };
    let result = evaluator.advance(&all, |context, _, logits| put(&mut rows[context], logits));
    result.expect("tokens of the vocabulary");

    evaluator.clear();
    let mut steps = vec![Vec::new(); texts.len()];
    for at in 0..LENGTHS.into_iter().max().unwrap_or(0) {
        let next: Vec<&[u32]> =
            texts.iter().map(|text| text.get(at..at + 1).unwrap_or_default()).collect();
        let result =
            evaluator.advance(&next, |context, _, logits| put(&mut steps[context], logits));
        result.expect("tokens of the vocabulary");
    }
    assert!(steps == rows, "{name}: steps have other logits");
    work.digest(format_args!("{name}/logits"), rows.concat());
}

/// Encodes and decodes streams in every arrangement.
fn streams(work: &mut Work<'_>, name: &str, model: &LanguageModel) {
    let characters = || LanguageOptions::default().with_tokens(TokenKind::Characters);
    let tokens = || LanguageOptions::default().with_tokens(TokenKind::Bpe);
    let cases = [
        ("characters", SampleFormat::S16, 2, characters()),
        (
            "characters-top-1-stepping",
            SampleFormat::S16,
            1,
            characters().with_top_k(1).with_stepping(true),
        ),
        ("characters-24-bit-one-by-one", SampleFormat::S24, 1, characters().with_lockstep(1)),
        ("tokens", SampleFormat::S16, 2, tokens()),
        ("tokens-top-5-blocks", SampleFormat::S16, 2, tokens().with_top_k(5).with_blocking(8)),
        ("tokens-8-bit-stepping", SampleFormat::U8, 1, tokens().with_stepping(true)),
    ];
    let frames = if work.options.short { 90 } else { 250 };
    for (at, (kind, format, channels, options)) in cases.into_iter().enumerate() {
        if work.options.short && at % 2 == 1 {
            continue;
        }
        let options = if options.lockstep.is_none() { options.with_lockstep(5) } else { options };
        let spec = AudioSpec::new(format, channels, 8_000);
        let pcm = Signal::Quiet.pcm(&spec, frames);
        let encode = EncodeOptions::default()
            .with_chunk_frames(frames as u64 * 3 / 4)
            .with_model(model.clone(), options.with_context(64));
        let decode = DecodeOptions::default().with_model(model.clone());
        let name = format!("{name}/{kind}/{frames}");
        let stats = work.there_and_back(&name, &spec, &pcm, encode, decode);
        assert!(stats.chunks_of(Method::Language) > 0, "{name}: no chunk is the model's");
    }
}
