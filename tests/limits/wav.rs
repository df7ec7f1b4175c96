//! Hostile WAV files.

use std::io;

use lmac::source::{RawLayout, encode_file, encode_file_audio, encode_raw, wav_head};
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::memory::Turn;

use crate::hostile::{MIB, READER};

/// Encodes a file; returns the result and the memory that it took.
fn encode(turn: &Turn, file: &[u8], options: &EncodeOptions) -> (u64, Result<u64, lmac::Error>) {
    let mut most = 0;
    let mut result = Ok(0);
    for whole in [true, false] {
        let (done, used) = turn.measure(|| match whole {
            true => encode_file(file, io::sink(), options),
            false => encode_file_audio(file, io::sink(), options),
        });
        most = used.peak.max(most);
        result = done.map(|finished| finished.stats.frames);
    }
    (most, result)
}

/// Returns the start of a file; its chunks follow.
fn riff() -> Vec<u8> {
    b"RIFF\xFF\xFF\xFF\xFFWAVE".to_vec()
}

fn chunk(id: &[u8; 4], length: u32, there: usize) -> Vec<u8> {
    [&id[..], &length.to_le_bytes(), &vec![7; there]].concat()
}

#[test]
fn chunks_before_the_audio_of_any_length() {
    let turn = Turn::take();
    let light = EncodeOptions::default().with_preset(Preset::Light);
    for id in [b"fmt ", b"ds64", b"LIST", b"\0\x1b\xFF!"] {
        for length in [0, 1, 15, 16, 1000, 1 << 20, 60 << 20, 1 << 30, u32::MAX - 1, u32::MAX] {
            for there in [0, 1000, 2 << 20] {
                let file = [riff(), chunk(id, length, there)].concat();
                let (peak, result) = encode(&turn, &file, &light);
                assert!(result.is_err());
                assert!(peak <= 3 * there as u64 + READER, "{peak} bytes for {length}");
            }
        }
    }
}

#[test]
fn any_number_of_chunks_before_the_audio() {
    let turn = Turn::take();
    let light = EncodeOptions::default().with_preset(Preset::Light);
    let many = [riff(), chunk(b"junk", 0, 0).repeat(9 << 20)].concat();
    let (peak, result) = encode(&turn, &many, &light);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("cannot be kept"), "{error}");
    // They are kept, in a vector that may be copied while it grows.
    assert!(peak <= 3 * 64 * MIB, "{peak} bytes");
}

#[test]
fn audio_of_any_announced_length() {
    let turn = Turn::take();
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let options = EncodeOptions::default().with_preset(Preset::Light);
    for frames in [Some(0), Some(1 << 20), Some(1 << 29), Some(1 << 60), None] {
        let file = [wav_head(&spec, frames), vec![3; 5000]].concat();
        let (peak, _) = encode(&turn, &file, &options);
        // Memory for a chunk of ten seconds is allocated.
        let chunk = 10 * 44100 * 4;
        assert!(peak <= chunk + READER + MIB, "{peak} bytes for {frames:?}");
    }
}

#[test]
fn formats_of_any_kind() {
    let turn = Turn::take();
    let options = EncodeOptions::default().with_preset(Preset::Light);
    for (channels, bits) in [(1u16, 8u32), (32, 16), (33, 24), (8191, 64), (16383, 32), (65535, 8)]
    {
        for tag in [1u16, 3] {
            let frame = (u32::from(channels) * bits / 8) as u16;
            let mut file = riff();
            file.extend(b"fmt \x10\0\0\0");
            file.extend(tag.to_le_bytes());
            file.extend(channels.to_le_bytes());
            file.extend(u32::MAX.to_le_bytes());
            file.extend([0; 4]);
            file.extend(frame.to_le_bytes());
            file.extend((bits as u16).to_le_bytes());
            file.extend(chunk(b"data", u32::MAX, 300_000));
            let (peak, _) = encode(&turn, &file, &options);
            // The largest chunk that is chosen has 16 MiB; all of it is allocated.
            assert!(peak <= 16 * MIB + 8 * MIB, "{peak} bytes for {channels} of {bits} bits");
        }
    }
}

#[test]
fn a_tail_of_any_length() {
    let turn = Turn::take();
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let options = EncodeOptions::default().with_preset(Preset::Store);
    for tail in [3 << 20, 90 << 20] {
        let file = [wav_head(&spec, Some(10)), vec![1; 20 + tail]].concat();
        let (peak, result) = encode(&turn, &file, &options);
        result.unwrap();
        assert!(peak <= READER + 4 * MIB, "{peak} bytes for {tail}");
        // The same with raw audio, whose tail is the last bytes.
        let layout = RawLayout::new(AudioSpec::new(SampleFormat::S24, 1, 8000));
        let (result, used) = turn.measure(|| encode_raw(&file[..], &layout, io::sink(), &options));
        result.unwrap();
        assert!(used.peak <= READER + 4 * MIB, "{} bytes for raw audio", used.peak);
    }
}
