//! Language models: characters, planes, positions and escapes.

use lmac::language::{
    Architecture, ExpectedTensor, LanguageModel, Llama, ModelParts, Tensor, TensorKind, Tensors,
    Vocabulary,
};
use lmac::{Mapping, Precision};
use lmac_eval::{
    BitAccount, Check, Clip, Contestant, Headers, Model, ModelOptions, Outcome, Weights,
};

use crate::{Random, clip, job};

const CHUNK: usize = 256;
const CHUNKS: usize = 64;
const WIDTH: usize = 132;
const VOCABULARY: usize = 129;

/// How far the logits of the following characters are above the others.
const SURE: f32 = 14.0;

/// The two characters that may follow a character.
fn followers(character: usize) -> [usize; 2] {
    [(character + 5) % 128, (character + 37) % 128]
}

/// Weights of a model that knows which characters follow each other: a place of its own for
/// each token, layers that add nothing, and a head that looks up what follows.
struct Knowing;

impl Tensors for Knowing {
    fn tensor(&mut self, expected: &ExpectedTensor) -> lmac::Result<Tensor> {
        let mut values = vec![0f32; expected.shape.iter().product()];
        match expected.name.as_str() {
            "embedding" => (0..VOCABULARY).for_each(|token| values[token * WIDTH + token] = 1.0),
            "head" => {
                // The norm of a one among zeros.
                let one = (WIDTH as f32).sqrt();
                for character in 0..128 {
                    for next in followers(character) {
                        values[next * WIDTH + character] = SURE / one;
                    }
                }
            }
            name if name.ends_with("norm") => values.fill(1.0),
            _ => {}
        }
        let bytes = values.into_iter().flat_map(f32::to_le_bytes).collect();
        Tensor::new(expected.shape.clone(), TensorKind::F32, bytes)
    }
}

fn knowing() -> LanguageModel {
    let tokens = (0..=128u8).map(|byte| (byte < 128).then(|| Box::from([byte]))).collect();
    let characters = std::array::from_fn(|character| character as u32);
    let parts = ModelParts {
        name: "knowing".into(),
        architecture: Architecture::Llama(Llama {
            vocabulary: VOCABULARY,
            width: WIDTH,
            layers: 1,
            heads: 1,
            key_heads: 1,
            head_width: 2,
            feed_forward: 2,
            epsilon: 1e-9,
            rope_base: 10_000.0,
            rope_factors: Vec::new(),
            tied: false,
            positions: 1024,
        }),
        vocabulary: Vocabulary::new(tokens, characters, 128).unwrap(),
        tokenizer: None,
        tensors: &mut Knowing,
        hash: None,
    };
    LanguageModel::new(parts, Precision::F32).unwrap()
}

/// Samples of 8 bits: above, characters as the model knows them, of which each says one bit;
/// below, bits without any order.
fn known() -> Clip {
    let mut random = Random(11);
    let mut character = 0;
    let pcm = (0..CHUNK * CHUNKS).map(|_| {
        character = followers(character)[(random.next() % 2) as usize];
        (2 * character) as u8 + (random.next() % 2) as u8
    });
    clip(pcm.collect())
}

fn measured(options: ModelOptions) -> (Outcome, BitAccount) {
    let options = ModelOptions { mapping: Some(Mapping::OffsetBinary), ..options };
    let weights = Weights { file_bytes: 0, parameters: 0 };
    let model = Model::new("knowing", knowing(), weights, options);
    let outcome = model.measure(&known(), &job(CHUNK, Headers::Once)).unwrap();
    assert_eq!(outcome.check, Check::Passed);
    let account = outcome.account.clone().unwrap();
    (outcome, account)
}

/// Bits of the tokens: any character at the beginning of a chunk, and then one of two.
const TOKEN_BITS: f64 = (CHUNKS * (7 + CHUNK - 1)) as f64;
const SAMPLES: f64 = (CHUNK * CHUNKS) as f64;

fn near(value: f64, expected: f64, part: f64) -> bool {
    println!("{value} where {expected} is expected");
    (value - expected).abs() <= part * expected
}

#[test]
fn tokens_have_the_probabilities_of_their_own_places() {
    // With those of the place after it, each would take twenty bits.
    let (outcome, account) = measured(ModelOptions::default());
    assert!(near(account.token_bits.iter().sum(), TOKEN_BITS, 0.01));
    let without_planes = 8.0 * outcome.bytes as f64 - SAMPLES;
    assert!(near(without_planes, TOKEN_BITS, 0.08));
    // Nor does it matter whether the encoder looks at one token after another.
    let (slow, _) = measured(ModelOptions { stepping: true, ..ModelOptions::default() });
    assert_eq!(slow.bytes, outcome.bytes);
}

#[test]
fn lowest_bits_take_a_bit_each_and_not_a_byte() {
    let (outcome, account) = measured(ModelOptions::default());
    assert!(near(account.plane_bits.iter().sum(), SAMPLES, 0.01));
    let others = outcome.bytes as f64 - TOKEN_BITS / 8.0;
    assert!(near(others, SAMPLES / 8.0, 0.08));
}

#[test]
fn lowest_bits_are_not_left_out() {
    let (outcome, _) = measured(ModelOptions::default());
    assert!(8.0 * outcome.bytes as f64 >= TOKEN_BITS + SAMPLES);
}

#[test]
fn lowest_bits_are_added_and_the_rate_is_not_scaled_for_them() {
    let (outcome, account) = measured(ModelOptions::default());
    let rate = outcome.bytes as f64 / SAMPLES;
    let tokens = account.token_bits.iter().sum::<f64>() / 8.0 / SAMPLES;
    let headers = account.other_bytes as f64 / SAMPLES;
    // The coder loses a few hundredths of a bit for each token.
    assert!((rate - (tokens + 0.125 + headers)).abs() < 0.001, "{rate} {tokens} {headers}");
    // 8 bits over the 7 that are left of them.
    assert!(rate > tokens * 8.0 / 7.0 + 0.09, "{rate} {tokens}");
}

#[test]
fn tokens_that_are_not_among_the_likeliest_come_back() {
    let (outcome, account) = measured(ModelOptions { top_k: Some(1), ..ModelOptions::default() });
    // Of two that are as likely one has no probability of its own.
    assert!(near(account.escapes as f64, SAMPLES / 2.0, 0.05), "{account:?}");
    assert_eq!(account.hits + account.escapes, account.tokens);
    // An escape takes a bit, as a hit does, and then which of the 127 others it is.
    let expected = TOKEN_BITS + account.escapes as f64 * 127f64.log2();
    assert!(near(8.0 * outcome.bytes as f64 - SAMPLES, expected, 0.03));
}

#[test]
fn all_characters_of_all_samples_are_coded() {
    // Not as many as there were tokens, or as fit somewhere.
    let (outcome, account) = measured(ModelOptions::default());
    assert_eq!(account.characters as f64, SAMPLES);
    assert_eq!(outcome.chunks.len(), CHUNKS);
    assert!(outcome.chunks.iter().all(|bytes| *bytes > (CHUNK / 8) as f64));
}
