//! Files with PCM that are no WAV files (RIFX, Wave64, AIFF, CAF, AU) come back byte for byte.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read};

use lmac::source::{self, Restored};
use lmac::{
    AudioSpec, Decoder, EncodeOptions, ErrorKind, FileFormat, Inspector, SampleFormat, SourceKind,
};
use lmac_support::{Random, Signal, pcm};
use proptest::prelude::*;

fn options() -> EncodeOptions {
    EncodeOptions::default().with_chunk_frames(300).with_verify(true)
}

fn encode(file: &[u8]) -> lmac::Result<Vec<u8>> {
    Ok(source::encode_file(file, Vec::new(), &options())?.writer)
}

fn restore(stream: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut restored = Restored::new(Decoder::new(stream).expect("header"));
    restored.read_to_end(&mut file).expect("stream");
    restored.decoder_mut().expect_end().expect("nothing behind the stream");
    file
}

/// What a stream says.
#[derive(Debug, PartialEq)]
struct Told {
    spec: AudioSpec,
    format: FileFormat,
    big_endian: bool,
    flipped_sign: bool,
    pcm: Vec<u8>,
    tail_bytes: u64,
}

/// Asserts that a file comes back; returns what its stream says.
fn comes_back(file: &[u8]) -> Told {
    let stream = encode(file).expect("a file that can be carried");
    assert!(restore(&stream) == file);
    let mut inspector = Inspector::new(Cursor::new(&stream)).expect("header");
    let tail_bytes = inspector.summary().expect("trailer").tail_bytes;
    let info = inspector.info();
    let SourceKind::File { format, big_endian, flipped_sign, .. } = info.source else {
        panic!("{:?}", info.source)
    };
    let mut pcm = Vec::new();
    Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut pcm).unwrap();
    Told { spec: info.spec, format, big_endian, flipped_sign, pcm, tail_bytes }
}

/// The error for a file that is refused before anything is written.
fn refused(file: &[u8]) -> String {
    let mut written = Vec::new();
    let error = source::encode_file(file, &mut written, &options()).expect_err("not to be carried");
    assert!(is_refused_input(&error), "{error}");
    assert!(written.is_empty());
    error.to_string()
}

fn is_refused_input(error: &lmac::Error) -> bool {
    matches!(error.kind(), ErrorKind::Input(_) | ErrorKind::OtherFormat(_) | ErrorKind::NotPcm(_))
}

// Building files

fn be(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

fn padded(mut bytes: Vec<u8>, to: usize) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
    bytes
}

/// A chunk of a big-endian IFF or RIFF file.
fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    padded([id, &be(content.len() as u32)[..], content].concat(), 2)
}

fn form(magic: &[u8; 4], form: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&magic[..], &be(4 + body.len() as u32), form, &body].concat()
}

fn fmt_fields(spec: &AudioSpec, big_endian: bool) -> Vec<u8> {
    let (bits, frame) = (spec.format.bits(), spec.frame_bytes() as u32);
    let tag = if spec.format.is_float() { 3 } else { 1 };
    let fields = [
        (2, tag),
        (2, spec.channels.into()),
        (4, spec.rate),
        (4, spec.rate * frame),
        (2, frame),
        (2, bits),
    ];
    let mut body = Vec::new();
    for (bytes, value) in fields {
        let value: u32 = value;
        match big_endian {
            true => body.extend(&value.to_be_bytes()[4 - bytes..]),
            false => body.extend(&value.to_le_bytes()[..bytes]),
        }
    }
    body
}

fn rifx(spec: &AudioSpec, samples: &[u8]) -> Vec<u8> {
    let parts = [
        chunk(b"LIST", b"INFOodd"),
        chunk(b"fmt ", &fmt_fields(spec, true)),
        chunk(b"data", samples),
        chunk(b"LIST", b"tail"),
    ];
    form(b"RIFX", b"WAVE", &parts.each_ref().map(Vec::as_slice))
}

const WAVE_GUID: &[u8] = b"wave\xF3\xAC\xD3\x11\x8C\xD1\0\xC0\x4F\x8E\xDB\x8A";

fn wave64_chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = 24 + content.len() as u64;
    padded([&id[..], &WAVE_GUID[4..], &length.to_le_bytes(), content].concat(), 8)
}

fn wave64(spec: &AudioSpec, samples: &[u8]) -> Vec<u8> {
    let parts = [
        wave64_chunk(b"junk", b"odd"),
        wave64_chunk(b"fmt ", &fmt_fields(spec, false)),
        wave64_chunk(b"data", samples),
        wave64_chunk(b"bext", b"tail"),
    ]
    .concat();
    let length = 40 + parts.len() as u64;
    let riff = b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0";
    [&riff[..], &length.to_le_bytes(), WAVE_GUID, &parts].concat()
}

fn comm(channels: u16, frames: u32, bits: u16, compression: Option<&[u8; 4]>) -> Vec<u8> {
    let rate = [0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0];
    let mut body = [&channels.to_be_bytes()[..], &be(frames), &bits.to_be_bytes(), &rate].concat();
    if let Some(compression) = compression {
        body.extend(compression);
        body.extend(b"\x04name\0");
    }
    chunk(b"COMM", &body)
}

fn ssnd(offset: usize, samples: &[u8]) -> Vec<u8> {
    let offset_and_block = [be(offset as u32), be(0)].concat();
    chunk(b"SSND", &[&offset_and_block[..], &vec![7; offset], samples].concat())
}

fn aiff(spec: &AudioSpec, compression: Option<&[u8; 4]>, samples: &[u8]) -> Vec<u8> {
    let frames = samples.len() / spec.frame_bytes();
    let parts = [
        chunk(b"NAME", b"odd"),
        comm(spec.channels, frames as u32, spec.valid_bits.into(), compression),
        ssnd(0, samples),
        chunk(b"ANNO", b"tail"),
    ];
    let kind = if compression.is_some() { b"AIFC" } else { b"AIFF" };
    form(b"FORM", kind, &parts.each_ref().map(Vec::as_slice))
}

fn caf_chunk(id: &[u8; 4], length: i64, content: &[u8]) -> Vec<u8> {
    [&id[..], &length.to_be_bytes(), content].concat()
}

fn caf_desc(spec: &AudioSpec, coding: &[u8; 4], flags: u32) -> Vec<u8> {
    let rate = f64::from(spec.rate).to_be_bytes();
    let (bits, frame) = (spec.format.bits(), spec.frame_bytes() as u32);
    let numbers = [flags, frame, 1, spec.channels.into(), bits].map(be).concat();
    caf_chunk(b"desc", 32, &[&rate[..], coding, &numbers].concat())
}

fn caf(spec: &AudioSpec, little_endian: bool, samples: &[u8]) -> Vec<u8> {
    let flags = u32::from(spec.format.is_float()) | u32::from(little_endian) << 1;
    [
        b"caff\0\x01\0\0".to_vec(),
        caf_desc(spec, b"lpcm", flags),
        caf_chunk(b"free", 3, b"odd"),
        caf_chunk(b"data", 4 + samples.len() as i64, &[&[0, 0, 0, 1], samples].concat()),
        caf_chunk(b"info", 4, b"tail"),
    ]
    .concat()
}

fn au(spec: &AudioSpec, length: Option<u32>, samples: &[u8]) -> Vec<u8> {
    let coding = match spec.format {
        SampleFormat::U8 => 2,
        SampleFormat::S16 => 3,
        SampleFormat::S24 => 4,
        SampleFormat::S32 => 5,
        SampleFormat::F32 => 6,
        _ => 7,
    };
    let length = length.unwrap_or(samples.len() as u32);
    let numbers = [29, length, coding, spec.rate, spec.channels.into()].map(be).concat();
    [b".snd", &numbers[..], b"text\0", samples].concat()
}

/// PCM in the order and signedness of a file.
fn samples(spec: &AudioSpec, pcm: &[u8], big_endian: bool, flipped_sign: bool) -> Vec<u8> {
    let bytes = spec.format.bytes();
    let mut samples = pcm.to_vec();
    for sample in samples.chunks_exact_mut(bytes) {
        if flipped_sign {
            sample[bytes - 1] ^= 0x80;
        }
        if big_endian {
            sample.reverse();
        }
    }
    samples
}

/// A way to hold audio: what the stream says, and how a file with these samples is built.
struct Holder {
    format: FileFormat,
    big_endian: bool,
    flipped_sign: bool,
    build: Build,
}

type Build = Box<dyn Fn(&AudioSpec, &[u8]) -> Vec<u8>>;

/// All ways to hold audio in this format.
fn holders(format: SampleFormat) -> Vec<Holder> {
    let one_byte = format == SampleFormat::U8;
    let holder = |file, big_endian, signed, build| Holder {
        format: file,
        big_endian: big_endian && !one_byte,
        flipped_sign: signed == one_byte,
        build,
    };
    let mut all = vec![
        holder(FileFormat::Rifx, true, !one_byte, Box::new(rifx)),
        holder(FileFormat::Wave64, false, !one_byte, Box::new(wave64)),
        holder(FileFormat::Caf, true, true, Box::new(|spec, audio| caf(spec, false, audio))),
        holder(FileFormat::Caf, false, true, Box::new(|spec, audio| caf(spec, true, audio))),
        holder(FileFormat::Au, true, true, Box::new(|spec, audio| au(spec, None, audio))),
    ];
    let codings: &[(&[u8; 4], bool, bool)] = match format {
        SampleFormat::F32 => &[(b"fl32", true, true), (b"FL32", true, true)],
        SampleFormat::F64 => &[(b"fl64", true, true), (b"FL64", true, true)],
        SampleFormat::S24 => {
            &[(b"NONE", true, true), (b"in24", true, true), (b"42ni", false, true)]
        }
        SampleFormat::S32 => {
            &[(b"NONE", true, true), (b"in32", true, true), (b"23ni", false, true)]
        }
        _ => &[
            (b"NONE", true, true),
            (b"twos", true, true),
            (b"sowt", false, true),
            (b"raw ", true, false),
        ],
    };
    for &(coding, big_endian, signed) in codings {
        let build = Box::new(move |spec: &_, audio: &_| aiff(spec, Some(coding), audio));
        all.push(holder(FileFormat::Aiff, big_endian, signed, build));
    }
    if !format.is_float() {
        let build = Box::new(|spec: &_, audio: &_| aiff(spec, None, audio));
        all.push(holder(FileFormat::Aiff, true, true, build));
    }
    all
}

/// A file of each kind, with nothing special in it.
fn plain_files(frames: usize) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for format in [SampleFormat::U8, SampleFormat::S16] {
        let spec = AudioSpec::new(format, 1, 44100);
        let audio = pcm(&spec, frames, Signal::Melody, 1);
        files.extend(holders(format).iter().map(|holder| (holder.build)(&spec, &audio)));
    }
    files
}

fn stereo() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

// Tests

#[test]
fn every_sample_format_comes_back() {
    for &format in SampleFormat::ALL {
        for (channels, frames) in [(1, 0), (1, 1), (1, 2), (2, 7), (3, 701), (1, 1001)] {
            let spec = AudioSpec::new(format, channels, 44100);
            let audio = pcm(&spec, frames, Signal::Melody, 1);
            for Holder { format, big_endian, flipped_sign, build } in holders(format) {
                let file = build(&spec, &samples(&spec, &audio, big_endian, flipped_sign));
                let told = comes_back(&file);
                let expected = Told {
                    spec,
                    format,
                    big_endian,
                    flipped_sign,
                    pcm: audio.clone(),
                    tail_bytes: told.tail_bytes,
                };
                assert!(told == expected, "{format:?} {spec:?} {frames}");
                // Nothing of the audio is in the tail.
                assert!(told.tail_bytes <= 40, "{format:?} {}", told.tail_bytes);
            }
        }
    }
}

#[test]
fn files_cut_anywhere_come_back_or_are_refused() {
    for file in plain_files(40) {
        let mut carried = 0;
        for length in 0..file.len() {
            match encode(&file[..length]) {
                Ok(stream) => {
                    assert!(restore(&stream) == file[..length]);
                    carried += 1;
                }
                Err(error) => {
                    assert!(is_refused_input(&error), "{error}");
                    assert_eq!(carried, 0, "a shorter part was carried");
                }
            }
        }
        assert!(carried > 0);
    }
}

#[test]
fn parts_and_audio_alone_are_wav_files() {
    let audio = pcm(&stereo(), 500, Signal::Melody, 1);
    let wav = [source::wav_head(&stereo(), Some(500)), audio.clone()].concat();
    for Holder { big_endian, flipped_sign, build, .. } in holders(SampleFormat::S16) {
        let file = build(&stereo(), &samples(&stereo(), &audio, big_endian, flipped_sign));
        let alone = source::encode_file_audio(file.as_slice(), Vec::new(), &options()).unwrap();
        assert!(restore(&alone.writer) == wav);

        let stream = encode(&file).unwrap();
        let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
        decoder.seek(30).unwrap();
        let mut part = Vec::new();
        Restored::audio(decoder, Some(351), None).read_to_end(&mut part).unwrap();
        let head = source::wav_head(&stereo(), Some(351));
        assert!(part == [&head, &audio[120..120 + 4 * 351]].concat());

        // The rest of a stream whose decoder has moved on too.
        let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
        decoder.seek(499).unwrap();
        let mut rest = Vec::new();
        Restored::new(decoder).read_to_end(&mut rest).unwrap();
        assert!(rest.ends_with(&audio[4 * 499..]) && rest.starts_with(b"RIFF"));
    }
}

#[test]
fn a_stream_that_is_cut_behind_its_head_keeps_the_head() {
    for file in plain_files(1000) {
        let stream = encode(&file).unwrap();
        let inspector = Inspector::new(Cursor::new(&stream)).unwrap();
        let head = &file[..inspector.info().head_bytes as usize];
        // The checksum of the block takes four bytes.
        let end = stream.windows(head.len()).position(|bytes| bytes == head).unwrap() + head.len();
        for (cut, lost) in [(end + 4, false), (end + 3, true)] {
            let cut = &stream[..cut];
            let decoder = Decoder::recover_in_one_pass(cut, Default::default()).unwrap();
            assert_eq!(decoder.damage().head_lost, lost);
        }
    }
}

#[test]
fn audio_of_unknown_length_goes_on_to_the_end() {
    let (spec, frames) = (stereo(), 400);
    let audio = pcm(&spec, frames, Signal::Melody, 1);
    let swapped = samples(&spec, &audio, true, false);
    let mut files = Vec::new();
    for length in [0, u32::MAX] {
        files.push(au(&spec, Some(length), &swapped));

        let fmt = chunk(b"fmt ", &fmt_fields(&spec, true));
        let mut file = form(b"RIFX", b"WAVE", &[&fmt, b"data", &be(length), &swapped]);
        file[4..8].copy_from_slice(&be(length));
        files.push(file);

        let unknown = [b"SSND", &be(length)[..], &[0; 8], &swapped].concat();
        let mut file = form(b"FORM", b"AIFF", &[&comm(2, length, 16, None), &unknown]);
        file[4..8].copy_from_slice(&be(length));
        files.push(file);
    }
    let data = caf_chunk(b"data", -1, &[&[0; 4], &swapped[..]].concat());
    files.push([b"caff\0\x01\0\0".to_vec(), caf_desc(&spec, b"lpcm", 0), data].concat());
    for file in files {
        let told = comes_back(&file);
        assert!(told.pcm == audio && told.tail_bytes == 0, "{:?}", told.format);
    }
    for (riff, data) in [(u64::MAX, i64::MAX as u64), (0, 0), (0, 24), (u64::MAX, u64::MAX)] {
        let mut file = wave64(&spec, &audio);
        let at = file.windows(4).position(|id| id == b"data").unwrap() + 16;
        file.truncate(at + 8 + audio.len());
        file[16..24].copy_from_slice(&riff.to_le_bytes());
        file[at..at + 8].copy_from_slice(&data.to_le_bytes());
        assert!(comes_back(&file).pcm == audio);
    }
}

#[test]
fn aiff_audio_is_what_the_chunk_and_the_frames_allow() {
    let audio = pcm(&stereo(), 100, Signal::Melody, 1);
    let swapped = samples(&stereo(), &audio, true, false);
    let tail = chunk(b"MARK", b"tail");
    // The offset, the frames in COMM, and the frames and bytes of the tail that are expected.
    for (offset, frames, expected) in
        [(0, 100, 100), (12, 100, 100), (5, 90, 90), (0, 101, 100), (3, u32::MAX, 100), (0, 0, 100)]
    {
        let parts = [&comm(2, frames, 16, None), &ssnd(offset, &swapped), &tail];
        let file = form(b"FORM", b"AIFF", &parts.map(Vec::as_slice));
        let told = comes_back(&file);
        assert!(told.pcm == audio[..4 * expected], "{offset} {frames}");
        let pad = offset as u64 % 2;
        assert_eq!(told.tail_bytes, 400 - 4 * expected as u64 + 12 + pad);
    }
    // Files without audio need no chunk for it.
    let empty = comm(2, 0, 16, None);
    for file in [
        form(b"FORM", b"AIFF", &[&empty]),
        form(b"FORM", b"AIFF", &[&empty, &tail]),
        form(b"FORM", b"AIFF", &[&empty, &tail, b"odd"]),
        form(b"FORM", b"AIFF", &[&empty, b"SSND\0\0\0\0"]),
        form(b"FORM", b"AIFF", &[&empty, &ssnd(0, b"")]),
        form(b"FORM", b"AIFF", &[&empty, &ssnd(0, b""), &tail]),
    ] {
        assert!(comes_back(&file).pcm.is_empty());
    }
    let file = form(b"FORM", b"AIFF", &[&comm(2, 1, 16, None), &tail]);
    assert!(refused(&file).contains("without an SSND chunk"));
    // Files are read in one pass.
    let file = form(b"FORM", b"AIFF", &[&ssnd(0, &swapped), &comm(2, 100, 16, None)]);
    assert!(refused(&file).contains("one pass"));
}

#[test]
fn valid_bits_are_taken_from_the_head() {
    for (bits, bytes) in [(1, 1), (7, 1), (12, 2), (20, 3), (25, 4)] {
        let format = SampleFormat::integer(8 * bytes).unwrap();
        let spec = AudioSpec::new(format, 1, 44100).with_valid_bits(bits);
        let audio = pcm(&spec, 99, Signal::WastedBits, 1);
        let file = aiff(&spec, None, &samples(&spec, &audio, true, bytes == 1));
        let told = comes_back(&file);
        assert_eq!(told.spec, spec);
        assert!(told.pcm == audio);
    }
    // The extensible fmt chunk of a big-endian file, as two programs write it.
    for tag in [[0, 0, 0, 1], [0, 1, 0, 0]] {
        let mut fmt = fmt_fields(&stereo(), true);
        fmt[..2].copy_from_slice(&[0xFF, 0xFE]);
        fmt.extend([0, 22, 0, 12, 0, 0, 0, 3]);
        fmt.extend(tag);
        fmt.resize(40, 0);
        let parts = [chunk(b"fmt ", &fmt), chunk(b"data", &[1; 8])];
        let told = comes_back(&form(b"RIFX", b"WAVE", &parts.each_ref().map(Vec::as_slice)));
        assert_eq!(told.spec, stereo().with_valid_bits(12).with_channel_mask(3));
    }
}

#[test]
fn rates_that_a_stream_cannot_have_are_unknown() {
    for (rate, expected) in [
        (44099.5, 44100),
        (0.0, 0),
        (-1.0, 0),
        (f64::NAN, 0),
        (f64::INFINITY, 0),
        (4_294_967_295.0, u32::MAX),
        (4_294_967_295.5, 0),
    ] {
        let mut file = caf(&stereo(), false, &[0; 8]);
        file[20..28].copy_from_slice(&f64::to_be_bytes(rate));
        assert_eq!(comes_back(&file).spec.rate, expected);
    }
}

#[test]
fn what_cannot_be_carried_is_refused_with_the_reason() {
    let aifc = |coding: &[u8; 4], bits| {
        form(b"FORM", b"AIFC", &[&comm(1, 4, bits, Some(coding)), &ssnd(0, &[0; 8])])
    };
    let plain = |channels, bits| {
        form(b"FORM", b"AIFF", &[&comm(channels, 4, bits, None), &ssnd(0, &[0; 8])])
    };
    let caf_of = |desc: Vec<u8>| {
        let data = caf_chunk(b"data", 12, &[0; 12]);
        [b"caff\0\x01\0\0".to_vec(), desc, data].concat()
    };
    let mut caf_20_bits = caf(&stereo(), false, &[0; 12]);
    caf_20_bits[48..52].copy_from_slice(&be(20));
    let mut caf_apart = caf(&stereo(), false, &[0; 12]);
    caf_apart[36..40].copy_from_slice(&be(8));
    let mut caf_wide = caf(&stereo(), false, &[0; 12]);
    caf_wide[36..40].copy_from_slice(&be(u32::MAX));
    caf_wide[44..48].copy_from_slice(&be(8));
    caf_wide[48..52].copy_from_slice(&be(u32::MAX));
    let mut caf_channels = caf(&stereo(), false, &[0; 12]);
    caf_channels[36..40].copy_from_slice(&be(131_072));
    caf_channels[44..48].copy_from_slice(&be(65_536));
    let caf_length = |length| {
        let data = caf_chunk(b"data", length, &[0; 12]);
        [b"caff\0\x01\0\0".to_vec(), caf_desc(&stereo(), b"lpcm", 0), data].concat()
    };
    let au_with = |at: usize, value: u32| {
        let mut file = au(&stereo(), None, &[0; 8]);
        file[at..at + 4].copy_from_slice(&be(value));
        file
    };
    let wave64_with = |id: &[u8; 4], length: u64| {
        let mut file = wave64(&stereo(), &[0; 8]);
        let at = file.windows(4).position(|bytes| bytes == id).unwrap() + 16;
        file[at..at + 8].copy_from_slice(&length.to_le_bytes());
        file
    };
    let mut wave64_adpcm = wave64(&stereo(), &[0; 8]);
    let at = wave64_adpcm.windows(4).position(|bytes| bytes == b"fmt ").unwrap() + 24;
    wave64_adpcm[at] = 2;
    let mut far = ssnd(0, &[0; 8]);
    far[8..12].copy_from_slice(&be(u32::MAX));

    let cases: Vec<(Vec<u8>, &str)> = vec![
        (aifc(b"ulaw", 8), "mu-law, not PCM"),
        (aifc(b"ALAW", 8), "A-law, not PCM"),
        (aifc(b"ima4", 16), "IMA ADPCM"),
        (aifc(b"MAC3", 16), "MACE"),
        (aifc(b"a\0\xFFz", 16), "in the coding \"a\\x00\\xffz\""),
        (aifc(b"NONE", 0), "samples of 0 bits"),
        (aifc(b"NONE", 33), "samples of 33 bits"),
        (aifc(b"sowt", 65535), "samples of 65535 bits"),
        (plain(0, 16), "0 channels"),
        (form(b"FORM", b"AIFF", &[&chunk(b"COMM", &[0; 17])]), "has 17 bytes"),
        (form(b"FORM", b"AIFC", &[&chunk(b"COMM", &[0; 21])]), "has 21 bytes"),
        (form(b"FORM", b"AIFF", &[b"ID3 \xFF\xFF\xFF\xFF"]), "more than 64 MiB"),
        (form(b"FORM", b"AIFF", &[&comm(1, 4, 16, None), &far]), "more than 64 MiB"),
        (form(b"RIFX", b"WAVE", &[&chunk(b"data", &[0; 8])]), "fmt chunk is missing"),
        (form(b"RIFX", b"WAVE", &[b"LIST\x7F\xFF\xFF\xFF"]), "more than 64 MiB"),
        (caf_of(caf_desc(&stereo(), b"alac", 0)), "ALAC, not PCM"),
        (caf_of(caf_desc(&stereo(), b"aac ", 0)), "AAC, not PCM"),
        (caf_of(caf_desc(&stereo(), b"lpcm", 1)), "float samples of 16 bits"),
        (caf_of(Vec::new()), "desc chunk is missing"),
        (caf_of(caf_chunk(b"desc", 31, &[0; 31])), "31 bytes"),
        (caf_of(caf_chunk(b"free", i64::MAX, b"")), "more than 64 MiB"),
        (caf_of(caf_chunk(b"free", -1, b"")), "more than 64 MiB"),
        (caf_20_bits, "cannot be carried"),
        (caf_apart, "packets of 8 bytes"),
        (caf_wide, "cannot be carried"),
        (caf_channels, "65536 channels"),
        (caf_length(3), "counts 3 bytes"),
        (caf_length(-2), "counts -2 bytes"),
        (au_with(12, 1), "mu-law, not PCM"),
        (au_with(12, 27), "A-law, not PCM"),
        (au_with(12, 99), "in the coding 99"),
        (au_with(20, 0), "0 channels"),
        (au_with(20, 65_536), "65536 channels"),
        (au_with(4, 23), "counts 23 bytes"),
        (au_with(4, u32::MAX), "counts 4294967295 bytes"),
        (au_with(4, 1 << 20), "ends within"),
        (wave64_adpcm, "Microsoft ADPCM"),
        (wave64_with(b"junk", u64::MAX), "more than 64 MiB"),
        (wave64_with(b"junk", 23), "at least 24"),
        (wave64_with(b"data", 1), "at least 24"),
    ];
    for (file, expected) in cases {
        let error = refused(&file);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn lengths_beyond_the_file_are_no_harm() {
    for length in [u64::MAX - 8, i64::MAX as u64 - 1, 1 << 62, 1 << 57, 1 << 33] {
        let mut file = wave64(&stereo(), &[3; 400]);
        let at = file.windows(4).position(|bytes| bytes == b"data").unwrap() + 16;
        file[at..at + 8].copy_from_slice(&length.to_le_bytes());
        comes_back(&file);
        let length = length.min(i64::MAX as u64) as i64;
        let data = caf_chunk(b"data", length, &[5; 404]);
        comes_back(&[b"caff\0\x01\0\0".to_vec(), caf_desc(&stereo(), b"lpcm", 0), data].concat());
    }
    comes_back(&au(&stereo(), Some(u32::MAX - 1), &[1; 400]));
}

proptest! {
    #[test]
    fn mutated_files_come_back_or_are_refused(seed: u64) {
        let mut random = Random::new(seed);
        for mut file in plain_files(20) {
            for _ in 0..1 + random.below(4) {
                let at = random.below(file.len().min(180) as u64) as usize;
                match random.below(4) {
                    0 => file[at] = random.next_u64() as u8,
                    1 => file[at] = 0xFF,
                    2 => file.insert(at, random.next_u64() as u8),
                    _ => drop(file.remove(at)),
                }
            }
            match encode(&file) {
                Ok(stream) => prop_assert!(restore(&stream) == file),
                Err(error) => prop_assert!(is_refused_input(&error), "{}", error),
            }
        }
    }
}
