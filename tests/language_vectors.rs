//! The test vectors of the language method and their models, against this decoder and the
//! one in Python. `tests/vectors.rs` has all others, and says how vectors are written.
//!
//! `model-*` streams are sound, but for a model that is not in the folder, or not quite.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::fs;

use lmac::language::{LanguageModel, LanguageOptions};
use lmac::source::{self, RawLayout};
use lmac::{
    AudioSpec, DecodeOptions, EncodeOptions, ErrorKind, Mapping, Precision, Preset, SampleFormat,
    TokenKind, Verify,
};
use lmac_support::Random;
use lmac_support::bytes::{Builder, varint};
use lmac_support::vector_models::{self, MODELS};
use lmac_support::vectors::{
    check_file, folder, names, python_restores, recorded, restore, said_by_python, stream,
};

const LLAMA: &str = MODELS[0];
const BF16: &str = MODELS[1];
const BYTES: &str = MODELS[2];

fn model(path: &str, precision: Precision) -> LanguageModel {
    for (path, bytes) in vector_models::files() {
        check_file(&path, &bytes);
    }
    lmac::checkpoint::load(&folder().join(path), precision).unwrap()
}

/// Decoding with all models at hand.
fn options() -> DecodeOptions {
    let mut options = DecodeOptions::default();
    for path in MODELS {
        for &precision in Precision::ALL {
            options = options.with_model(model(path, precision));
        }
    }
    options
}

/// What the bits of a plane are.
#[derive(Clone, Copy)]
enum Plane {
    Zeros,
    Ones,
    Noise,
    /// What mostly follows from the character.
    Likely,
}
use Plane::{Likely, Noise, Ones, Zeros};

/// Audio whose text has characters around the middle and now and then another, and these
/// planes: `odd` of 64 characters are any.
fn audio(mapping: Mapping, planes: &[Plane], samples: usize, odd: u64) -> Vec<u8> {
    let mut random = Random::new(samples as u64);
    let mut level = vec![64i32; planes.len()];
    let mut audio = Vec::new();
    for _ in 0..samples {
        let mut sample: Vec<u8> = Vec::new();
        for (plane, level) in planes.iter().zip(&mut level) {
            *level = (*level + random.below(5) as i32 - 2).clamp(50, 78);
            let usual = random.below(64) >= odd;
            let character = if usual { *level as u8 } else { random.below(127) as u8 };
            let bit = match plane {
                Zeros => 0,
                Ones => 1,
                Noise => random.below(2) as u8,
                Likely => (character >> 2 & 1) ^ u8::from(random.below(16) == 0),
            };
            sample.push(character << 1 | bit);
        }
        // PCM of one byte is in offset binary, all other in two's complement.
        let pcm = if planes.len() == 1 { Mapping::OffsetBinary } else { Mapping::TwosComplement };
        if mapping != pcm {
            sample[0] ^= 0x80;
        }
        audio.extend(sample.iter().rev());
    }
    audio
}

/// What a good vector is made of.
struct Recipe {
    name: &'static str,
    model: &'static str,
    precision: Precision,
    mapping: Mapping,
    channels: u16,
    planes: &'static [Plane],
    frames: usize,
    /// Characters of 64 that are any.
    odd: u64,
    chunk_frames: u64,
    options: LanguageOptions,
}

fn recipes() -> Vec<Recipe> {
    use Mapping::{OffsetBinary, TwosComplement};
    use Precision::{F32, Int8};
    use TokenKind::Characters;

    let options = |context, lockstep| {
        LanguageOptions::default().with_context(context).with_lockstep(lockstep)
    };
    let recipe = |name, model, precision, mapping, channels, planes, frames, odd, options| Recipe {
        name,
        model,
        precision,
        mapping,
        channels,
        planes,
        frames,
        odd,
        chunk_frames: frames as u64,
        options,
    };
    vec![
        // Five segments, two at a time.
        recipe("8-bit", LLAMA, F32, OffsetBinary, 1, &[Likely], 300, 1, options(64, 2)),
        recipe("8-bit-int8", LLAMA, Int8, OffsetBinary, 1, &[Likely], 300, 1, options(100, 8)),
        Recipe {
            chunk_frames: 60,
            ..recipe(
                "stereo",
                LLAMA,
                Int8,
                OffsetBinary,
                2,
                &[Zeros, Noise],
                100,
                1,
                options(80, 4).with_top_k(5),
            )
        },
        recipe(
            "24-bit",
            BF16,
            F32,
            TwosComplement,
            1,
            &[Zeros, Noise, Ones],
            110,
            1,
            options(100, 1),
        ),
        recipe(
            "characters",
            BF16,
            Int8,
            TwosComplement,
            1,
            &[Zeros, Ones, Noise, Likely],
            80,
            1,
            options(128, 3).with_tokens(Characters),
        ),
        // Nearly always something else than what is predicted.
        recipe(
            "top-1",
            BF16,
            F32,
            OffsetBinary,
            1,
            &[Zeros, Ones],
            120,
            24,
            options(60, 2).with_top_k(1).with_tokens(Characters),
        ),
        recipe(
            "top-1-int8",
            LLAMA,
            Int8,
            TwosComplement,
            1,
            &[Ones, Ones],
            100,
            24,
            options(60, 2).with_top_k(1),
        ),
        recipe(
            "bytes",
            BYTES,
            F32,
            TwosComplement,
            2,
            &[Likely, Noise],
            70,
            1,
            options(90, 2).with_blocking(7),
        ),
        recipe(
            "bytes-int8",
            BYTES,
            Int8,
            OffsetBinary,
            1,
            &[Ones],
            250,
            1,
            options(70, 3).with_top_k(5),
        ),
        // One block is longer than a segment.
        recipe(
            "blocks-and-32-bit",
            BYTES,
            F32,
            OffsetBinary,
            2,
            &[Likely, Zeros, Noise, Likely],
            35,
            1,
            options(128, 4).with_blocking(1000),
        ),
    ]
}

fn format(bytes: usize) -> SampleFormat {
    [SampleFormat::U8, SampleFormat::S16, SampleFormat::S24, SampleFormat::S32][bytes - 1]
}

/// Streams by name, and what they restore.
fn good() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, spec: AudioSpec, audio, options: EncodeOptions, chunks: [u64; 2]| {
        let audio = recorded(&format!("language-{name}"), audio);
        let layout = RawLayout::new(spec);
        let options = options.with_preset(Preset::Light).with_verify(Verify::Full);
        let finished = source::encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap();
        let stats = finished.stats;
        assert_eq!([stats.language_chunks, stats.chunks()], chunks, "{name}");
        all.insert(format!("good-language-{name}"), (finished.writer, audio));
    };
    for recipe in recipes() {
        let spec = AudioSpec::new(format(recipe.planes.len()), recipe.channels, 8000);
        let samples = recipe.frames * usize::from(recipe.channels);
        let audio = audio(recipe.mapping, recipe.planes, samples, recipe.odd);
        let options = EncodeOptions::default()
            .with_mapping(recipe.mapping)
            .with_chunk_frames(recipe.chunk_frames)
            .with_model(model(recipe.model, recipe.precision), recipe.options);
        let chunks = (recipe.frames as u64).div_ceil(recipe.chunk_frames);
        add(recipe.name, spec, audio, options, [chunks; 2]);
    }

    let with = |path, precision, context| {
        let options = LanguageOptions::default().with_context(context).with_lockstep(2);
        EncodeOptions::default().with_chunk_frames(100).with_model(model(path, precision), options)
    };
    // The first of two chunks has a character that the tokenizer cannot spell.
    let eight = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let mut full = audio(Mapping::OffsetBinary, &[Likely], 200, 1);
    full[40] = 255;
    add("fallback", eight, full, with(LLAMA, Precision::F32, 64), [2, 2]);
    // Silence, what the model makes larger, and what it makes smaller.
    let mut mixed = vec![128; 100];
    let mut random = Random::new(5);
    mixed.extend((0..100).map(|_| random.next_u64() as u8));
    mixed.extend(audio(Mapping::OffsetBinary, &[Ones], 70, 1));
    add("mixed", eight, mixed, with(BYTES, Precision::Int8, 64), [1, 3]);
    // Ten bits of 24 are zero, and two bytes are left.
    let wide = AudioSpec::new(SampleFormat::S24, 1, 8000);
    let wasted = |pair: &[u8]| {
        let value = i32::from(i16::from_le_bytes([pair[0], pair[1]])) >> 2 | 1;
        (value << 10).to_le_bytes()[..3].to_vec()
    };
    let words = audio(Mapping::TwosComplement, &[Zeros, Likely], 80, 1);
    let words = words.chunks(2).flat_map(wasted).collect();
    add("wasted-bits", wide, words, with(BYTES, Precision::F32, 50), [1, 1]);
    // Floats are mapped by their bits, whatever they stand for.
    let float = AudioSpec::new(SampleFormat::F32, 1, 8000);
    let floats = audio(Mapping::OffsetBinary, &[Likely, Ones, Noise, Ones], 60, 1);
    add("float", float, floats, with(LLAMA, Precision::Int8, 100), [1, 1]);
    all
}

/// The part of a header that names a model.
#[derive(Clone)]
struct Use {
    name: Vec<u8>,
    hash: [u8; 32],
    precision: u8,
    probe: u32,
    tokens: u8,
    top_k: u64,
    context: u64,
    lockstep: u64,
    blocking: u64,
}

impl Use {
    /// A model in single precision.
    fn of(path: &str) -> Use {
        let id = model(path, Precision::F32).id().clone();
        Use {
            name: id.name.into_bytes(),
            hash: id.hash,
            precision: 0,
            probe: id.probe,
            tokens: 1,
            top_k: 0,
            context: 100,
            lockstep: 4,
            blocking: 0,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Use { top_k, context, lockstep, blocking, .. } = *self;
        [
            &varint(self.name.len() as u64),
            &self.name,
            &self.hash[..],
            &[self.precision],
            &self.probe.to_le_bytes(),
            &[self.tokens],
            &[top_k, context, lockstep, blocking].map(varint).concat(),
        ]
        .concat()
    }

    /// A stream's beginning: samples of this format, one channel, chunks of four frames.
    fn header(&self, format: u8) -> Builder {
        let body = [&[2 << 3 | format, 0x41, 0x24, 4], &self.bytes()[..], &[1, 2, 3, 4]].concat();
        Builder::new([0, 3], &body)
    }

    /// A stream without chunks.
    fn empty(&self) -> Vec<u8> {
        self.header(0).trailer(2, &[0])
    }

    /// A stream of a chunk: its head byte, its wasted bits, its payload; four frames of
    /// zeros.
    fn chunk_in(&self, format: u8, head: u8, wasted: &[u8], payload: &[u8]) -> Vec<u8> {
        let pcm = vec![0; 4 * (usize::from(format) + 1)];
        self.header(format).chunk(head, &[&[0, 4], wasted].concat(), payload, &pcm).trailer(2, &[4])
    }

    /// The same of eight bits in offset binary.
    fn chunk(&self, payload: &[u8]) -> Vec<u8> {
        self.chunk_in(0, 0x14, &[], payload)
    }
}

/// Streams that break one rule each.
fn bad() -> BTreeMap<String, Vec<u8>> {
    let good = Use::of(BYTES);
    assert!(restore(&good.empty(), options()).is_ok(), "what the others differ from is good");
    let with = |change: fn(&mut Use)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let list: Vec<(&str, Vec<u8>)> = vec![
        ("name-of-256-bytes", with(|model| model.name = vec![b'n'; 256]).empty()),
        ("name-that-is-no-text", with(|model| model.name = vec![0xC3]).empty()),
        ("top-k-beyond-2-to-the-20", with(|model| model.top_k = (1 << 20) + 1).empty()),
        ("context-0", with(|model| model.context = 0).empty()),
        ("context-beyond-2-to-the-17", with(|model| model.context = (1 << 17) + 1).empty()),
        ("lockstep-0", with(|model| model.lockstep = 0).empty()),
        ("lockstep-beyond-4096", with(|model| model.lockstep = 4097).empty()),
        ("blocking-of-2-to-the-32", with(|model| model.blocking = 1 << 32).empty()),
        ("use-cut-short", {
            let model = &good.bytes()[..30];
            Builder::new([0, 3], &[&[2 << 3, 0x41, 0x24, 4], model].concat()).trailer(2, &[0])
        }),
        ("residual", good.chunk_in(0, 0x24, &[], &[0, 0])),
        ("without-model", {
            let body = [2 << 3, 0x41, 0x04, 4, 1, 2, 3, 4];
            Builder::new([0, 3], &body).chunk(0x14, &[0, 4], &[0, 0], &[0; 4]).trailer(2, &[4])
        }),
        ("frame-beyond-context", with(|model| model.context = 3).chunk_in(3, 0x14, &[], &[0, 0])),
        ("without-flags", good.chunk(&[])),
        ("without-kinds", good.chunk(&[0])),
        ("kinds-of-no-plane", good.chunk(&[0, 4])),
        ("without-planes", good.chunk(&[0, 2])),
        ("bits-behind-planes", good.chunk(&[0, 2, 1])),
        // The lowest value of sixteen bits, where fifteen are left.
        ("sample-beyond-its-bits", good.chunk_in(1, 0x54, &[1], &[0, 0])),
        ("token-beyond-its-segment", {
            // Segments of one character, and the first token has two.
            let mut model = Use::of(LLAMA);
            (model.tokens, model.context) = (0, 1);
            model.chunk(&[0, 0])
        }),
    ];
    let list = list.into_iter();
    list.map(|(name, stream)| (format!("bad-language-{name}"), stream)).collect()
}

/// Streams that are right, but not for this version, or for other models.
fn refused() -> BTreeMap<String, Vec<u8>> {
    let good = Use::of(BYTES);
    let with = |change: fn(&mut Use)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.chunk(&[0, 0])
    };
    let mut short = Use::of(BF16);
    short.context = 129;
    [
        ("unsupported-language-profile-2", with(|model| model.precision = 2)),
        ("unsupported-language-tokens-2", with(|model| model.tokens = 2)),
        ("unsupported-language-flag", good.chunk(&[2, 0])),
        ("model-language-missing", with(|model| model.hash[31] ^= 1)),
        ("model-language-of-another-probe", with(|model| model.probe ^= 1)),
        ("model-language-of-shorter-contexts", short.chunk(&[0, 0])),
    ]
    .map(|(name, stream)| (name.to_owned(), stream))
    .into()
}

#[test]
fn vectors_are_as_they_were() {
    for (name, (stream, file)) in good() {
        check_file(&format!("{name}.lmac"), &stream);
        check_file(&format!("{name}.restored"), &file);
    }
    for (name, stream) in bad().into_iter().chain(refused()) {
        check_file(&format!("{name}.lmac"), &stream);
    }
}

#[test]
fn models_have_ten_thousand_parameters_at_most() {
    for path in MODELS {
        let model = model(path, Precision::F32);
        let tensors = model.architecture().tensors();
        let parameters = tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>());
        let parameters: usize = parameters.sum();
        assert!((5_000..=10_000).contains(&parameters), "{path}: {parameters}");
    }
}

#[test]
fn good_vectors_are_restored() {
    let options = options();
    for name in names("good-", true) {
        let file = fs::read(folder().join(format!("{name}.restored"))).unwrap();
        let restored = restore(&stream(&name), options.clone());
        assert!(restored.unwrap_or_else(|error| panic!("{name}: {error}")) == file, "{name}");
    }
}

#[test]
fn other_vectors_are_refused() {
    let options = options();
    for prefix in ["bad-", "unsupported-", "model-"] {
        for name in names(prefix, true) {
            let error = restore(&stream(&name), options.clone()).expect_err(&name);
            let expected = match prefix {
                "bad-" => matches!(error.kind(), ErrorKind::Malformed(_)),
                "unsupported-" => matches!(error.kind(), ErrorKind::Unsupported(_)),
                _ if name.ends_with("-missing") => {
                    matches!(error.kind(), ErrorKind::MissingModel(_))
                }
                _ => matches!(error.kind(), ErrorKind::Model(_)),
            };
            assert!(expected, "{name}: {error}");
            assert!(error.place().is_some() || prefix == "model-", "{name}: {error}");
        }
    }
}

#[test]
fn the_decoder_in_python_refuses_the_same() {
    let all: Vec<_> =
        ["bad-", "unsupported-", "model-"].iter().flat_map(|prefix| names(prefix, true)).collect();
    for (name, said) in all.iter().zip(said_by_python(&all)) {
        let expected = match name.split('-').next().unwrap() {
            "bad" => "malformed: ",
            "unsupported" => "unsupported: ",
            _ if name.ends_with("-missing") => "missing: ",
            _ => "unfit: ",
        };
        assert!(said.starts_with(expected), "{name}: {said}");
    }
}

#[test]
fn the_decoder_in_python_restores_good_vectors() {
    python_restores(names("good-", true));
}
