//! Streams that restore the file beside them.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use lmac::source::{self, NewFile, RawLayout, Restored};
use lmac::{
    AudioSpec, Decoder, EncodeOptions, Encoder, Mapping, Picture, Preset, SampleFormat, Tags,
};
use lmac_support::bytes::{Builder, varint};
use lmac_support::vectors::recorded;
use lmac_support::{Signal, flac, pcm};

fn spec(format: SampleFormat, channels: u16) -> AudioSpec {
    AudioSpec::new(format, channels, 8000)
}

/// The FLAC file that `spec/walkthrough.md` takes apart.
#[rustfmt::skip]
const WALKTHROUGH_FLAC: [u8; 61] = [
    0x66, 0x4C, 0x61, 0x43, 0x80, 0x00, 0x00, 0x22, 0x10, 0x00, 0x10, 0x00, 0x00, 0x00, 0x13, 0x00,
    0x00, 0x13, 0x01, 0xF4, 0x00, 0xF0, 0x00, 0x00, 0x00, 0x0C, 0x34, 0x8F, 0x2F, 0x8F, 0xF1, 0x0D,
    0x4B, 0xE6, 0x75, 0xD0, 0x99, 0xCC, 0xBA, 0xB6, 0xBD, 0x4E, 0xFF, 0xF8, 0x64, 0x08, 0x00, 0x0B,
    0xD2, 0x16, 0x00, 0x00, 0x00, 0x03, 0x00, 0x06, 0x00, 0x1F, 0x9C, 0x4C, 0xF7,
];

/// Frames of a chunk: more than any running sum goes before it is computed anew.
const CHUNK: usize = 2100;

/// Returns the sample of mu-law or A-law that is nearest to a sample.
fn in_law(mu: bool, sample: i16) -> i16 {
    let size = |segment: i32, step: i32| match segment {
        _ if mu => 4 * (((2 * step + 33) << segment) - 33),
        0 => 8 * (2 * step + 1),
        _ => 4 * ((2 * step + 33) << segment),
    };
    let sizes = (0..8).flat_map(|segment| (0..16).map(move |step| size(segment, step) as i16));
    let all = sizes.flat_map(|size| [size, -size]);
    all.min_by_key(|other| other.abs_diff(sample)).unwrap()
}

/// Returns the audio for each parameter set of the adaptive method.
fn signals_of_a_model() -> Vec<(&'static str, RawLayout, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add = |name, format, channels, audio: Vec<u8>| {
        all.push((name, RawLayout::new(spec(format, channels)), audio));
    };
    let made = |format, channels, signal, frames| pcm(&spec(format, channels), frames, signal, 11);

    for (name, format, channels, signal, frames) in [
        ("8-bit", SampleFormat::U8, 1, Signal::Melody, 500),
        // Weights are solved in three rhythms, and a chunk ends.
        ("16-bit", SampleFormat::S16, 1, Signal::Melody, CHUNK + 100),
        ("stereo", SampleFormat::S16, 2, Signal::Melody, 600),
        ("24-bit", SampleFormat::S24, 3, Signal::Melody, 150),
        ("32-bit", SampleFormat::S32, 1, Signal::Melody, 300),
        ("full-scale", SampleFormat::S16, 2, Signal::FullScale, 200),
        ("wasted-bits", SampleFormat::S16, 1, Signal::WastedBits, 300),
        ("silence-before", SampleFormat::S16, 1, Signal::LateStart, 400),
    ] {
        add(name, format, channels, made(format, channels, signal, frames));
    }

    let changed = |frames, change: fn(usize, i16) -> i16| -> Vec<u8> {
        let melody = made(SampleFormat::S16, 1, Signal::Melody, frames);
        let values = melody.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        values.enumerate().flat_map(|(at, value)| change(at, value).to_le_bytes()).collect()
    };
    add("clipped", SampleFormat::S16, 1, changed(400, |_, value| value.clamp(-5000, 4000)));
    // Tables of values, in every form.
    add("line", SampleFormat::S16, 1, changed(500, |_, value| value / 512 * 40));
    let rounded = |_, value: i16| (f64::from(value / 16) * 5.3).round() as i16;
    add("line-rounded", SampleFormat::S16, 1, changed(500, rounded));
    // A conversion to integers cuts off what is beyond them.
    let cut_off = |_, value: i16| (f64::from(value / 64) * 190.2).round() as i16;
    add("line-cut-off", SampleFormat::S16, 1, changed(500, cut_off));
    let clusters = |at: usize, value: i16| value / 512 * 256 + (at * at % 3) as i16;
    add("bitmap", SampleFormat::S16, 1, changed(500, clusters));
    add("mu-law", SampleFormat::S16, 1, changed(400, |_, value| in_law(true, value)));
    add("a-law", SampleFormat::S16, 1, changed(400, |_, value| in_law(false, value)));
    // Two channels with tables of their own, and one without.
    let three = made(SampleFormat::S16, 3, Signal::Melody, 250);
    let gained = |(at, pair): (usize, &[u8])| {
        let value = i16::from_le_bytes([pair[0], pair[1]]);
        [value / 64 * 37, value / 5, value / 50 * 41][at % 3].to_le_bytes()
    };
    let gained = three.chunks(2).enumerate().flat_map(gained).collect();
    add("tables", SampleFormat::S16, 3, gained);
    // The second channel is ahead of the first one. The set max lets the first one lead.
    let noise = made(SampleFormat::S16, 1, Signal::Noise, 603);
    let noise: Vec<i16> =
        noise.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]) / 4).collect();
    let ahead = |at: usize| [noise[at], noise[at + 3]].map(i16::to_le_bytes).concat();
    add("ahead", SampleFormat::S16, 2, (0..600).flat_map(ahead).collect());
    // A loop, and a sample that ends a match.
    let mut loops = noise[..250].repeat(4);
    loops[777] += 1;
    add("loop", SampleFormat::S16, 1, loops.into_iter().flat_map(i16::to_le_bytes).collect());
    // Outliers upwards and downwards, alone and in a row.
    add(
        "outliers",
        SampleFormat::S16,
        1,
        changed(600, |at, value| match at % 200 {
            77 | 150..155 => 32767,
            177 | 160 | 162 => -32768,
            _ => value / 4,
        }),
    );
    add("tiny", SampleFormat::S16, 1, changed(300, |at, value| value / 15_000 + (at % 3) as i16));

    let sine = (0..300u16).map(|at| (f64::from(at) * 0.01).sin() as f32 * 0.9);
    add("float", SampleFormat::F32, 1, sine.flat_map(f32::to_le_bytes).collect());
    let scaled = |sample: &[u8]| {
        let float = f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]);
        ((float * 8192.0).floor() / 8192.0).to_le_bytes()
    };
    let melody = made(SampleFormat::F32, 1, Signal::Melody, 300);
    add("scaled-float", SampleFormat::F32, 1, melody.chunks(4).flat_map(scaled).collect());
    all
}

/// Returns a FLAC file of so many frames, from the library's own encoder.
fn flac_of(spec: &AudioSpec, frames: usize) -> Vec<u8> {
    let audio = pcm(spec, frames, Signal::Melody, 11);
    let mut encoder = Encoder::new(Vec::new(), *spec).unwrap();
    encoder.write_all(&audio).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    let file = NewFile::Flac;
    let mut restored = Restored::converted(decoder, file, None, Some(frames as u64)).unwrap();
    let mut file = Vec::new();
    restored.read_to_end(&mut file).unwrap();
    file
}

/// Returns streams by name, with the files that they restore.
pub(crate) fn good() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let options = || EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(500);
    let mut add_raw = |name: &str, layout: RawLayout, audio: Vec<u8>, options: EncodeOptions| {
        let audio = recorded(name, audio);
        let finished = source::encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap();
        all.insert(format!("good-{name}"), (finished.writer, audio));
    };
    let raw = |format, channels, signal, frames: usize| {
        let layout = RawLayout::new(spec(format, channels));
        let audio = pcm(&layout.spec, frames, signal, 11);
        (layout, audio)
    };

    for (name, format) in [
        ("8-bit", SampleFormat::U8),
        ("16-bit", SampleFormat::S16),
        ("24-bit", SampleFormat::S24),
        ("32-bit", SampleFormat::S32),
        ("32-bit-float", SampleFormat::F32),
        ("64-bit-float", SampleFormat::F64),
    ] {
        let (layout, audio) = raw(format, 2, Signal::Melody, 700);
        add_raw(name, layout, audio, options());
    }
    for mapping in [Mapping::TwosComplement, Mapping::OffsetBinary, Mapping::Residual] {
        let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Melody, 400);
        add_raw(mapping.name(), layout, audio, options().with_mapping(mapping));
    }
    let (layout, audio) = raw(SampleFormat::S16, 2, Signal::Melody, 40);
    add_raw("stored", layout, audio, options().with_preset(Preset::Store));
    let (layout, audio) = raw(SampleFormat::S24, 2, Signal::Silence, 10_000);
    add_raw("silence", layout, audio, options().with_chunk_frames(4000));
    let (layout, audio) = raw(SampleFormat::S24, 3, Signal::Constant, 1);
    add_raw("constant", layout, audio.repeat(600), options());
    let (layout, audio) = raw(SampleFormat::S24, 1, Signal::WastedBits, 400);
    add_raw("wasted-bits", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::FullScale, 400);
    add_raw("full-scale", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 40, Signal::Melody, 40);
    add_raw("40-channels", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Melody, 300);
    add_raw("30-chunks", layout, audio, options().with_chunk_frames(10));
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Silence, 0);
    add_raw("empty", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::LateStart, 300);
    add_raw("no-md5", layout, audio, options().with_md5(false));
    let (layout, mut audio) = raw(SampleFormat::S24, 2, Signal::Melody, 100);
    audio.truncate(597);
    add_raw(
        "raw-big-endian-unsigned",
        layout.with_big_endian(true).with_flipped_sign(true),
        audio,
        options(),
    );

    for preset in [Preset::Fast, Preset::Standard, Preset::Max] {
        for (name, layout, audio) in signals_of_a_model() {
            let name = format!("{}-{name}", preset.name());
            add_raw(
                &name,
                layout,
                audio,
                options().with_preset(preset).with_chunk_frames(CHUNK as u64),
            );
        }
    }
    let fast = || options().with_preset(Preset::Fast).with_chunk_frames(1200);
    // Every twelfth value, a channel that repeats, a constant one, and an inverted one.
    let (_, stereo) = raw(SampleFormat::S16, 2, Signal::Melody, 1000);
    let layout = RawLayout::new(spec(SampleFormat::S16, 5));
    let twelfth = |frame: &[u8]| {
        let sample = |at: usize| i16::from_le_bytes([frame[at], frame[at + 1]]) / 48 * 12;
        let (left, right) = (sample(0), sample(2));
        [left, left, 7, right, -left].map(i16::to_le_bytes).concat()
    };
    add_raw("fast-table-and-rules", layout, stereo.chunks(4).flat_map(twelfth).collect(), fast());
    // A channel that is another one times 0.613; floats by their bits, and inverted.
    let layout = RawLayout::new(spec(SampleFormat::S16, 3));
    let (_, stereo) = raw(SampleFormat::S16, 2, Signal::Melody, 500);
    let faded = |frame: &[u8]| {
        let x = i16::from_le_bytes([frame[0], frame[1]]);
        let y = (i32::from(x) * 613 + 500).div_euclid(1000) as i16;
        [frame, &y.to_le_bytes()].concat()
    };
    add_raw("fast-rule-of-thousandths", layout, stereo.chunks(4).flat_map(faded).collect(), fast());
    let layout = RawLayout::new(spec(SampleFormat::F32, 2));
    let inverted = |at: u32| {
        let x = (f64::from(at) * 0.01).sin() as f32 * 0.9;
        [x, -x].map(f32::to_le_bytes).concat()
    };
    add_raw("fast-inverted-float", layout, (0..500).flat_map(inverted).collect(), fast());
    // The fourth channel is like the first one, the fifth like the second one.
    let layout = RawLayout::new(spec(SampleFormat::S16, 5));
    let (_, audio) = raw(SampleFormat::S16, 3, Signal::Noise, 500);
    let alike = |frame: &[u8]| {
        let sample = |at: usize| i16::from_le_bytes([frame[at], frame[at + 1]]);
        let (a, b, c) = (sample(0) / 4, sample(2) / 4, sample(4) / 4);
        [a, b, c, a + c / 16, c / 8 - b].map(i16::to_le_bytes).concat()
    };
    add_raw("fast-order", layout, audio.chunks(6).flat_map(alike).collect(), fast());
    // Integers as floats by every convention, with negative zeros and a few exceptions.
    let layout = RawLayout::new(spec(SampleFormat::F32, 2));
    let (_, integers) = raw(SampleFormat::S16, 2, Signal::Melody, 400);
    type Convention = fn(f32) -> f32;
    let conventions: [(&str, Convention); 3] = [
        ("less-one", |x| x / 32767.0),
        ("halves", |x| x / if x < 0.0 { 32768.0 } else { 32767.0 }),
        ("reciprocal", |x| x * (1.0 / 32767.0)),
    ];
    for (name, convention) in conventions {
        let float = |sample: &[u8]| {
            let value = i16::from_le_bytes([sample[0], sample[1]]);
            let zero = if sample[0] < 64 { -0.0 } else { 0.0 };
            if value.abs() < 1000 { zero } else { convention(f32::from(value)) }
        };
        let mut floats: Vec<f32> = integers.chunks(2).map(float).collect();
        floats[5] = f32::NAN;
        floats[301] = 0.1;
        floats[700..720].fill(f32::NEG_INFINITY);
        let audio = floats.into_iter().flat_map(f32::to_le_bytes).collect();
        add_raw(&format!("fast-float-{name}"), layout, audio, fast());
    }
    // Real floats: integers times a factor, or two one after the other, and a fade.
    type Gain = fn(usize, f64) -> f64;
    let gains: [(&str, Gain); 4] = [
        ("factor", |_, x| f64::from(x as f32 * 0.000_021_7)),
        ("factors", |at, x| f64::from(x as f32 * [0.000_021_7, 0.000_013_3][at % 2])),
        ("corrections", |_, x| f64::from(x as f32 * 0.000_021_7 * 0.77)),
        ("truncated", |at, x| x * at as f64 * 0.000_000_037),
    ];
    for (name, gain) in gains {
        let numbers = integers.chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
        let floats = || numbers.clone().enumerate().map(|(at, x)| gain(at, f64::from(x)));
        let special = [(f64::NAN, 9), (-0.0, 20), (1e-40, 333), (f64::INFINITY, 400)];
        let mut doubles: Vec<f64> = floats().collect();
        special.iter().for_each(|&(float, at)| doubles[at] = float);
        let layout = RawLayout::new(spec(SampleFormat::F64, 2));
        let audio = doubles.iter().flat_map(|float| float.to_le_bytes()).collect();
        add_raw(&format!("fast-double-{name}"), layout, audio, fast());
        let layout = RawLayout::new(spec(SampleFormat::F32, 2));
        let audio = doubles.iter().flat_map(|&float| (float as f32).to_le_bytes()).collect();
        add_raw(&format!("fast-float-{name}"), layout, audio, fast());
    }

    let mut twelve = AudioSpec::new(SampleFormat::S16, 1, 44101).with_valid_bits(12);
    let mut audio = pcm(&twelve, 300, Signal::Melody, 11);
    add_raw("12-in-16-that-are-16", RawLayout::new(twelve), audio.clone(), options());
    audio.iter_mut().step_by(2).for_each(|low| *low &= 0xF0);
    twelve = twelve.with_channel_mask(4);
    add_raw("12-in-16", RawLayout::new(twelve), audio, options());

    let mut add_wav = |name: &str, wav: Vec<u8>| {
        let options = options().with_chunk_frames(200);
        let wav = recorded(name, wav);
        let finished = source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap();
        all.insert(format!("good-{name}"), (finished.writer, wav));
    };
    let mono = spec(SampleFormat::U8, 1);
    let audio = pcm(&mono, 151, Signal::Melody, 11);
    let head = source::wav_head(&mono, Some(151));
    add_wav("wav-odd-and-padded", [&head[..], &audio, &[0]].concat());
    add_wav("wav-odd-not-padded", [&head[..], &audio].concat());
    add_wav("wav-cut-short", [&head[..], &audio[..100]].concat());
    // The file that `spec/walkthrough.md` takes apart.
    let audio: Vec<u8> =
        [0i16, 3, 6, 8, 9, 9, 8, 6, 3, 0, -3, -6].iter().flat_map(|s| s.to_le_bytes()).collect();
    let head = source::wav_head(&spec(SampleFormat::S16, 1), Some(12));
    add_wav("walkthrough", [&head[..], &audio].concat());
    // The other one: the same audio, from `flac` and without metadata that can be left out.
    add_wav("walkthrough-flac", WALKTHROUGH_FLAC.to_vec());
    let stereo = spec(SampleFormat::S24, 2);
    let audio = pcm(&stereo, 300, Signal::Melody, 11);
    let head = source::wav_head(&stereo.with_channel_mask(3), None);
    add_wav("wav-with-head-and-tail", [&head[..], &audio, b"within a frame, and more"].concat());

    // Runs of zeros that are left out, and some that are too short for that.
    let padding = [&b"JUNK"[..], &[100, 0, 0, 0], &[0; 40], &[1], &[0; 9], &[1], &[0; 49]].concat();
    let head = source::wav_head(&mono, None);
    let (riff, data) = head.split_at(head.len() - 8);
    let audio = pcm(&mono, 50, Signal::Melody, 11);
    add_wav("wav-with-padding", [riff, &padding, data, &audio, &padding, &[0; 500]].concat());

    // Frames of any decisions; and predictors from the windows of encoders, junk between frames,
    // and a file that begins and ends with tags.
    for (name, channels, bits, seed) in
        [("flac-mono", 1, 12, 4), ("flac-stereo", 2, 16, 7), ("flac-wide", 3, 32, 2)]
    {
        let shape = flac::Shape { channels, bits, rate: 8000 };
        let mut frames = flac::Frames::new(shape, seed);
        let mut file = flac::head(&shape, (16, 4096), 0, [0; 16], true);
        for size in [192, 100, 576, 1, 250] {
            file.extend(frames.next(size).0.bytes());
        }
        add_wav(name, file);
    }
    let written = flac_of(&spec(SampleFormat::S16, 2), 4500);
    add_wav("flac-written", written.clone());
    let mut broken = [b"ID3\x04\0\0\0\0\0\x05hello", &written[..]].concat();
    let second = broken.windows(6).rposition(|six| six.starts_with(&[0xFF, 0xF8])).unwrap();
    broken.splice(second..second, *b"junk between frames");
    broken.extend(b"TAG, and more");
    add_wav("flac-odd", broken);
    let floats = [0.5f32, -0.25, 1.0].iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<u8>>();
    let head = [&b".snd"[..], &[0, 0, 0, 28, 0, 0, 0, 12, 0, 0, 0, 6, 0, 0, 31, 64, 0, 0, 0, 1]];
    add_wav("au-float", [&head.concat()[..], b"note", &floats, b"!"].concat());
    let mut tags = Tags::new();
    tags.set("TITLE", "A title").unwrap();
    tags.pictures.push(Picture::new(b"\x89PNG\r\n\x1A\n and no more".to_vec()));
    let wav = [&source::wav_head(&spec(SampleFormat::S16, 1), Some(2)), &[1u8, 2, 3, 4][..]];
    let options = options().with_tags(tags).with_tag_padding(20);
    let wav = wav.concat();
    let finished = source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap();
    all.insert("good-tags".into(), (finished.writer, wav));

    // A later minor version that adds a field to the header and a block, neither critical.
    let samples = [1, 2, 3, 4, 5, 6];
    let newer = Builder::new([0, 200], &[2 << 3 | 1, 0x01 | 1 << 2, 1, 2, 3, 4, 99, 99])
        .block(15, 77, b"not known")
        .chunk(0, &[&varint(0)[..], &varint(3)].concat(), &samples, &samples)
        .block(15, 78, b"not known either")
        .trailer(2, &varint(3));
    all.insert("good-newer-minor-version".into(), (newer, samples.to_vec()));
    all
}
