//! Streams that restore the file beside them.

use std::collections::BTreeMap;

use lmac::language::LanguageOptions;
use lmac::source::{self, RawLayout};
use lmac::{
    AudioSpec, EncodeOptions, Mapping, Method, Precision, Preset, SampleFormat, TokenKind, Verify,
};
use lmac_support::Random;
use lmac_support::vectors::recorded;

use crate::{BF16, BYTES, LLAMA, model};

/// The bits of a plane.
#[derive(Clone, Copy)]
enum Plane {
    Zeros,
    Ones,
    Noise,
    /// Bits that mostly follow from the character.
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

/// The recipe of a good vector.
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
        // Predictions are nearly always wrong.
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

/// Returns streams by name, with the files that they restore.
pub(crate) fn good() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, spec: AudioSpec, audio, options: EncodeOptions, chunks: [u64; 2]| {
        let audio = recorded(&format!("language-{name}"), audio);
        let layout = RawLayout::new(spec);
        let options = options.with_preset(Preset::Light).with_verify(Verify::Full);
        let finished = source::encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap();
        let stats = finished.stats;
        assert_eq!([stats.chunks_of(Method::Language), stats.chunks()], chunks, "{name}");
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
    // Silence, audio that the model makes larger, and audio that it makes smaller.
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
    // Floats are mapped by their bits.
    let float = AudioSpec::new(SampleFormat::F32, 1, 8000);
    let floats = audio(Mapping::OffsetBinary, &[Likely, Ones, Noise, Ones], 60, 1);
    add("float", float, floats, with(LLAMA, Precision::Int8, 100), [1, 1]);
    all
}
