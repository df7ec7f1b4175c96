//! Streams that are cut off, damaged or made to do harm end in an error, never in a crash, and no
//! wrong audio comes out of damaged chunks.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Access, Piece, Player, chunks, joined, music};
use lmac::packets::StreamHeader;
use lmac::{AudioSpec, Decoder, EncodeOptions, SampleFormat};
use lmac_support::{Random, Signal, pcm, stream};

/// Makes a player with the elements by name. `decodebin` loses an error that a parser reports while
/// it is being plugged.
fn player(stream: &[u8], access: Access) -> Player {
    Player::with_elements(stream, access, "lmacparse ! lmacdec")
}

/// Checks that each piece has the audio of its time.
fn check_places(pieces: &[Piece], expected: &[u8], what: &str) {
    for piece in pieces {
        let nanoseconds = u128::from(piece.pts.unwrap().nseconds()) + 1;
        let at = 4 * (nanoseconds * 44_100 / 1_000_000_000) as usize;
        assert!(expected[at..].starts_with(&piece.pcm), "{what}: the audio at byte {at} is wrong");
    }
}

#[test]
fn a_stream_that_is_cut_off_ends_in_an_error() {
    let (bytes, expected) = music(20_000);
    let chunks = chunks(&bytes);
    let mut lengths: Vec<usize> = (0..bytes.len()).step_by(bytes.len() / 20).collect();
    // Also exactly between two packets.
    lengths.extend([chunks[0].start, chunks[0].end, chunks[2].end, bytes.len() - 1]);
    lengths.extend([chunks[chunks.len() - 1].end]);
    for access in Access::ALL {
        for &length in &lengths {
            let what = format!("{length} of {} bytes, {access:?}", bytes.len());
            let (pieces, messages) = player(&bytes[..length], access).play();
            assert!(!messages.errors.is_empty(), "{what}: {} pieces", pieces.len());
            assert!(expected.starts_with(&joined(&pieces)), "{what}");
            if length >= chunks[0].end {
                assert!(messages.errors[0].contains("cut off"), "{what}: {messages:?}");
            }
        }
    }
}

#[test]
fn a_damaged_chunk_is_left_out_where_the_index_is_read() {
    let (bytes, expected) = music(30_000);
    for (number, chunk) in chunks(&bytes).into_iter().enumerate() {
        for at in [chunk.start + 3, chunk.start + 40, chunk.end - 1] {
            let what = format!("byte {at} in chunk {number}");
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            let (pieces, messages) = player(&broken, Access::Pull).play();
            assert!(messages.errors.is_empty(), "{what}: {messages:?}");
            assert_eq!(messages.warnings.len(), 1, "{what}: {messages:?}");
            check_places(&pieces, &expected, &what);
            let frames = 4410.min(30_000 - 4410 * number);
            assert_eq!(joined(&pieces).len(), expected.len() - 4 * frames, "{what}");

            // Nobody knows where the next chunk is in a pipe.
            let (pieces, messages) = player(&broken, Access::Pipe).play();
            assert!(!messages.errors.is_empty(), "{what}");
            check_places(&pieces, &expected, &what);
        }
    }
}

#[test]
fn damage_does_no_harm_to_automatic_decoders() {
    let (bytes, expected) = music(10_000);
    let mut random = Random::new(8);
    for number in 0..60 {
        let mut broken = bytes.clone();
        let at = random.below(bytes.len() as u64) as usize;
        broken[at] ^= 1 << random.below(8);
        let cut = if number % 3 == 0 { random.below(bytes.len() as u64) as usize } else { 0 };
        broken.truncate(bytes.len() - cut);
        let (pieces, _) = Player::new(&broken, Access::ALL[number % 3]).play();
        check_places(&pieces, &expected, &format!("byte {at}"));
    }
}

#[test]
fn too_many_damaged_chunks_are_an_error() {
    let (mut bytes, _) = music(100_000);
    for chunk in chunks(&bytes) {
        bytes[chunk.start + 50] ^= 1;
    }
    let (pieces, messages) = player(&bytes, Access::Pull).play();
    assert!(pieces.is_empty());
    assert!(messages.errors.iter().any(|error| error.contains("checksum")), "{messages:?}");

    let elements = "lmacparse ! lmacdec max-errors=0";
    let (_, messages) = Player::with_elements(&bytes, Access::Pull, elements).play();
    assert!(!messages.errors.is_empty());
}

#[test]
fn seeks_in_a_damaged_stream_find_what_is_sound() {
    let (mut bytes, expected) = music(60_000);
    let damaged = chunks(&bytes)[5].clone();
    bytes[damaged.start + 50] ^= 1;
    let player = player(&bytes, Access::Pull);
    player.start();
    let mut random = Random::new(4);
    for _ in 0..30 {
        let frame = random.below(60_000);
        let time = (frame * 1_000_000_000).div_ceil(44_100);
        player.seek(gst::ClockTime::from_nseconds(time), None);
        let piece = player.next().unwrap();
        check_places(&[piece], &expected, &format!("frame {frame}"));
    }
}

#[test]
fn any_wrong_byte_is_found() {
    let (bytes, expected) = music(10_000);
    let mut random = Random::new(8);
    for access in [Access::Pull, Access::Pipe] {
        for _ in 0..150 {
            let mut broken = bytes.clone();
            let at = random.below(bytes.len() as u64) as usize;
            broken[at] ^= 1 << random.below(8);
            let what = format!("byte {at}, {access:?}");
            let (pieces, messages) = player(&broken, access).play();
            check_places(&pieces, &expected, &what);
            let told = messages.errors.len() + messages.warnings.len() > 0;
            assert!(told || joined(&pieces) == expected, "{what}: {messages:?}");
        }
    }
}

#[test]
fn any_bytes_behind_a_header_end_in_an_error() {
    let (bytes, _) = music(3000);
    let header = chunks(&bytes)[0].start;
    let mut random = Random::new(9);
    for number in 0..150 {
        let kept = if number % 2 == 0 { header } else { random.below(400) as usize };
        let mut hostile = bytes[..kept.max(7)].to_vec();
        let more = random.below(3000);
        hostile.extend((0..more).map(|_| random.next_u64() as u8));
        let access = Access::ALL[number % 3];
        let (_, messages) = player(&hostile, access).play();
        assert!(!messages.errors.is_empty(), "{number}: {} bytes, {access:?}", hostile.len());
    }
}

#[test]
fn a_rate_that_is_not_known_is_an_error() {
    for rate in [0, u32::MAX] {
        let spec = AudioSpec::new(SampleFormat::S16, 1, rate);
        let pcm = pcm(&spec, 100, Signal::Melody, 1);
        let bytes = stream(&pcm, &spec, EncodeOptions::default());
        let (_, messages) = player(&bytes, Access::Pull).play();
        assert!(messages.errors[0].contains(&format!("the sample rate is {rate}")), "{messages:?}");
    }
}

#[test]
fn streams_that_the_library_refuses_end_in_an_error() {
    let path = lmac_support::path("spec/vectors");
    let mut tried = 0;
    for entry in std::fs::read_dir(path).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        let refused = Decoder::new(bytes.as_slice()).is_err();
        if refused && bytes.starts_with(b"\x89lmac\r\n") {
            let (_, messages) = player(&bytes, Access::Pull).play();
            assert!(!messages.errors.is_empty(), "a stream that the library refuses plays");
            tried += 1;
        }
    }
    assert!(tried > 0);
}

#[test]
fn a_decoder_without_a_parser_is_refused() {
    common::init();
    let element = gst::ElementFactory::make("lmacdec").build().unwrap();
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps_str("audio/x-lmac,framed=true");
    assert!(harness.push(gst::Buffer::from_mut_slice(vec![0; 9])).is_err());
    let (bytes, _) = music(1000);
    let header = chunks(&bytes)[0].start;
    assert!(StreamHeader::parse(&bytes[..header]).is_ok());
    let caps = gst::Caps::builder("audio/x-lmac")
        .field("framed", true)
        .field("codec_data", gst::Buffer::from_mut_slice(bytes[..header - 1].to_vec()))
        .build();
    let mut harness = gst_check::Harness::new("lmacdec");
    harness.set_src_caps(caps);
    assert!(harness.push(gst::Buffer::from_mut_slice(vec![0; 9])).is_err());
}
