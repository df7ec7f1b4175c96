//! Audio that comes out before all of its chunk is decoded and checked.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read};

use lmac::packets::{ChunkDecoder, PacketKind, PacketReader};
use lmac::source::Restored;
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, ErrorKind, Frames, Place, Preset,
    SampleFormat, Verification,
};
use lmac_support::parts::{Item, Parts};
use lmac_support::{Signal, pcm, stream, vectors};

fn options(threads: usize) -> DecodeOptions {
    DecodeOptions::default().with_provisional(true).with_threads(threads)
}

#[test]
fn every_vector_gives_the_same_audio() {
    for name in vectors::names("good-", false) {
        let stream = vectors::stream(&name);
        let mut decoder = Decoder::new(stream.as_slice()).unwrap();
        let mut expected = Vec::new();
        decoder.read_to_end(&mut expected).unwrap();
        for threads in [1, 3] {
            let mut provisional = Decoder::with_options(&*stream, options(threads)).unwrap();
            let mut found = Vec::new();
            provisional.read_to_end(&mut found).unwrap();
            assert!(found == expected, "{name}");
            assert_eq!(provisional.verification(), decoder.verification(), "{name}");
        }
        let file = vectors::restore(&stream, DecodeOptions::default()).unwrap();
        assert!(vectors::restore(&stream, options(3)).unwrap() == file, "{name}");

        // Pieces of any length.
        let mut packets = PacketReader::new(stream.as_slice()).unwrap();
        let chunks = ChunkDecoder::new(packets.header(), &DecodeOptions::default()).unwrap();
        let mut joined = Vec::new();
        while let Some(packet) = packets.next_packet().unwrap() {
            if packet.kind != PacketKind::Chunk {
                continue;
            }
            let mut chunk = chunks.begin(&packet.bytes).unwrap();
            let mut next = packet.first_frame;
            let mut most = 1;
            while let Some(piece) = chunk.next_frames(most).unwrap() {
                assert_eq!(piece.first_frame, next);
                next += (piece.pcm.len() / packets.header().spec().frame_bytes()) as u64;
                joined.extend_from_slice(&piece.pcm);
                most = most * 2 % 1000 + 1;
            }
            assert_eq!(next, packet.first_frame + packet.frames);
            assert!(chunk.is_done());
        }
        assert!(joined == expected, "{name}");
    }
}

/// A stream of two chunks of melody.
fn melody(preset: Preset) -> (Vec<u8>, Vec<u8>) {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 12_000, Signal::Melody, 3);
    let options = EncodeOptions::default().with_chunk_frames(6000).with_preset(preset);
    (stream(&pcm, &spec, options), pcm)
}

#[test]
fn the_first_frames_come_before_their_chunk_is_decoded() {
    for preset in [Preset::Light, Preset::Fast, Preset::Standard] {
        let (stream, pcm) = melody(preset);
        for threads in [1, 2] {
            let mut decoder =
                Decoder::with_options(Cursor::new(&stream), options(threads)).unwrap();
            let mut frames = Frames::new();
            let mut pieces = 0;
            while decoder.position() < 6000 {
                assert!(decoder.read_frames(&mut frames).unwrap());
                assert!(frames.len() <= 1024);
                pieces += 1;
                let checked = if decoder.position() < 6000 { 0 } else { 6000 };
                assert_eq!(decoder.checked_to(), checked);
            }
            assert!(pieces > 5);

            // After seeking, the chunk is decoded up to the frame, and no further.
            decoder.seek(1500).unwrap();
            assert!(decoder.read_frames(&mut frames).unwrap());
            assert_eq!(frames.first_frame(), 1500);
            assert!(frames.len() <= 1024);
            assert_eq!(decoder.checked_to(), 0);
            let mut rest = Vec::new();
            decoder.read_to_end(&mut rest).unwrap();
            assert!(rest == pcm[4 * (1500 + frames.len())..]);
            assert_eq!(decoder.checked_to(), 12_000);
            assert_eq!(decoder.verification(), Verification::Partial);
        }
    }
}

/// A stream whose chunk of this number has wrong audio at its end, and a right checksum of what is
/// stored.
fn wrong(number: usize) -> (Vec<u8>, Vec<u8>) {
    let (stream, pcm) = melody(Preset::Fast);
    let mut parts = Parts::of(&stream);
    let Item::Chunk(_, bytes) = &mut parts.items[number] else { unreachable!("a chunk") };
    let last = bytes.len() - 8;
    bytes[last] ^= 0x55;
    (parts.stream(), pcm)
}

#[test]
fn wrong_audio_ends_in_an_error() {
    for (number, threads) in [(0, 1), (1, 1), (0, 3), (1, 3)] {
        let (wrong, pcm) = wrong(number);
        let start = 6000 * number as u64;
        let mut decoder = Decoder::with_options(wrong.as_slice(), options(threads)).unwrap();
        let mut first = vec![0; 4 * (start as usize + 1024)];
        decoder.read_exact(&mut first).unwrap();
        assert!(first == pcm[..first.len()]);
        let error = loop {
            match decoder.read_frames(&mut Frames::new()) {
                Ok(more) => assert!(more),
                Err(error) => break error,
            }
        };
        assert_eq!(error.place(), Some(Place::Chunk(number as u64)));
        assert!(error.is_damage(), "{error}");
        assert_eq!(decoder.checked_to(), start);
        let again = decoder.read_frames(&mut Frames::new()).unwrap_err();
        assert!(matches!(again.kind(), ErrorKind::AlreadyFailed));
    }
    let (wrong, pcm) = wrong(0);
    let mut plain = Decoder::new(wrong.as_slice()).unwrap();
    assert!(plain.read_frames(&mut Frames::new()).is_err());

    // A chunk that was wrong stays wrong.
    let mut packets = PacketReader::new(wrong.as_slice()).unwrap();
    let chunks = ChunkDecoder::new(packets.header(), &DecodeOptions::default()).unwrap();
    let packet = packets.next_packet().unwrap().unwrap();
    let mut chunk = chunks.begin(&packet.bytes).unwrap();
    while chunk.next_frames(1000).is_ok() {}
    assert!(matches!(chunk.next_frames(1).unwrap_err().kind(), ErrorKind::AlreadyFailed));

    // Recovery waits for whole chunks.
    let mut recovered = Vec::new();
    let mut decoder = Decoder::recover(Cursor::new(&wrong), options(1)).unwrap();
    decoder.read_to_end(&mut recovered).unwrap();
    let lost = &decoder.damage().lost;
    assert!(lost.len() == 1 && lost[0] == (0..6000), "{lost:?}");
    assert!(recovered[..24_000].iter().all(|&byte| byte == 0));
    assert!(recovered[24_000..] == pcm[24_000..]);
}

#[test]
fn files_wait_for_whole_chunks() {
    // A part of a chunk with wrong audio is refused, also behind frames that came before.
    let (wrong, _) = wrong(0);
    let part = |decoder: Decoder<&[u8]>| {
        let file = Restored::audio(decoder, Some(500), None);
        file.take(u64::MAX).read_to_end(&mut Vec::new()).unwrap_err().to_string()
    };
    let decoder = Decoder::with_options(wrong.as_slice(), options(1)).unwrap();
    let error = part(decoder);
    let mut decoder = Decoder::with_options(wrong.as_slice(), options(1)).unwrap();
    decoder.read_frames(&mut Frames::new()).unwrap();
    decoder.read_frames(&mut Frames::new()).unwrap();
    assert_eq!(part(decoder), error);

    // Otherwise the part is that of the audio.
    let (stream, pcm) = melody(Preset::Standard);
    let mut decoder = Decoder::with_options(stream.as_slice(), options(1)).unwrap();
    let mut some = [0; 4 * 100];
    decoder.read_exact(&mut some).unwrap();
    let mut file = Vec::new();
    Restored::audio(decoder, Some(7000), None).read_to_end(&mut file).unwrap();
    assert!(file[file.len() - 28_000..] == pcm[400..28_400]);
}
