//! FLAC files that are made of other audio.

use std::io::{Read, Write};

use lmac::source::{NewFile, Restored, SourceFile, wav_head};
use lmac::{AudioSpec, Decoder, Encoder, ErrorKind, Picture, SampleFormat, Tags};
use lmac_support::{Signal, pcm};

use crate::subject::{audio, comes_back, encode, flac_of, options};

fn converted(spec: AudioSpec) -> Result<(), lmac::Error> {
    let mut encoder = Encoder::with_options(Vec::new(), spec, options()).unwrap();
    encoder.write_all(&vec![0; 10 * spec.frame_bytes()]).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    Restored::converted(decoder, NewFile::Flac, None, Some(10)).map(drop)
}

#[test]
fn wav_becomes_flac() {
    for (bits, channels) in [(8, 1), (16, 2), (24, 6), (32, 8)] {
        let spec = AudioSpec::new(SampleFormat::integer(bits).unwrap(), channels, 192_000);
        let pcm = pcm(&spec, 10_001, Signal::Melody, 2);
        let wav = [wav_head(&spec, Some(10_001)), pcm.clone()].concat();
        let stream = encode(&wav, &options()).unwrap().writer;
        for announced in [Some(10_001), None] {
            let decoder = Decoder::new(stream.as_slice()).unwrap();
            let mut restored =
                Restored::converted(decoder, NewFile::Flac, None, announced).unwrap();
            let mut file = Vec::new();
            restored.read_to_end(&mut file).unwrap();
            // Before its head is corrected, it has no MD5.
            assert_eq!(comes_back(&file).flac.unwrap().md5_matches, None);
            let head = restored.corrected_head().unwrap();
            file.splice(..head.len(), head);
            let finished = comes_back(&file);
            assert_eq!(finished.flac.unwrap().md5_matches, Some(true));
            assert_eq!(finished.info.declared_frames, Some(10_001));
            assert!(audio(&finished.writer) == pcm);
            assert!(file.len() < pcm.len());
        }
    }
}

#[test]
fn tags_go_along() {
    let spec = AudioSpec::new(SampleFormat::S16, 4, 8000).with_channel_mask(0x107);
    let pcm = pcm(&spec, 500, Signal::Melody, 2);
    let wav = [wav_head(&spec, Some(500)), pcm.clone()].concat();
    let mut tags = Tags::new();
    tags.vendor = "another".into();
    tags.set("TITLE", "Aria").unwrap();
    tags.pictures.push(Picture::new(b"GIF89a and no more".to_vec()));
    let stream = encode(&wav, &options().with_tags(tags)).unwrap().writer;
    let mut file = Vec::new();
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    Restored::converted(decoder, NewFile::Flac, None, None)
        .unwrap()
        .read_to_end(&mut file)
        .unwrap();
    let found = SourceFile::open(file.as_slice()).unwrap().tags().unwrap();
    assert_eq!(found.get("title"), Some("Aria"));
    assert_eq!(found.get("WAVEFORMATEXTENSIBLE_CHANNEL_MASK"), Some("0x0107"));
    assert_eq!(found.pictures[0].mime, "image/gif");
    assert!(found.vendor.starts_with("lmac "));
    assert!(audio(&comes_back(&file).writer) == pcm);
}

#[test]
fn a_part_of_it() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let pcm = pcm(&spec, 9000, Signal::Melody, 2);
    let stream = encode(&flac_of(spec, &pcm), &options()).unwrap().writer;
    let mut decoder = Decoder::new(std::io::Cursor::new(stream)).unwrap();
    decoder.seek(4000).unwrap();
    let mut restored = Restored::converted(decoder, NewFile::Flac, Some(300), None).unwrap();
    let mut file = Vec::new();
    restored.read_to_end(&mut file).unwrap();
    assert!(audio(&comes_back(&file).writer) == pcm[8000..8600]);
}

#[test]
fn bits_that_are_not_valid_stay() {
    // A file that has noise in its lowest bits, whatever its head says of them.
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000).with_valid_bits(12);
    let pcm = pcm(&spec, 500, Signal::Noise, 2);
    assert!(audio(&comes_back(&flac_of(spec, &pcm)).writer) == pcm);
}

#[test]
fn speaker_positions_stay() {
    for mask in [0x3, 0x4, 0x60, 0x3F, 0x60F] {
        let channels = u32::count_ones(mask) as u16;
        let spec = AudioSpec::new(SampleFormat::S16, channels, 8000).with_channel_mask(mask);
        let file = flac_of(spec, &pcm(&spec, 10, Signal::Melody, 2));
        let comment = format!("WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x{mask:04X}");
        let there = file.windows(comment.len()).any(|bytes| bytes == comment.as_bytes());
        assert_eq!(there, ![0x3F].contains(&mask), "{mask:x}");
    }
}

#[test]
fn other_audio_is_refused() {
    for (spec, expected) in [
        (AudioSpec::new(SampleFormat::F32, 1, 8000), "floats"),
        (AudioSpec::new(SampleFormat::F64, 1, 8000), "floats"),
        (AudioSpec::new(SampleFormat::S16, 9, 8000), "9 channels, and 8 are allowed"),
        (AudioSpec::new(SampleFormat::S16, 1, 1 << 20), "1048576 Hz, and 1048575 are allowed"),
    ] {
        let error = converted(spec).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    converted(AudioSpec::new(SampleFormat::S16, 8, (1 << 20) - 1)).unwrap();
    converted(AudioSpec::new(SampleFormat::S32, 1, 0)).unwrap();
}
