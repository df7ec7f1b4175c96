//! Parts of other streams, above all of similar ones.
//!
//! Every checksum is seeded with the id of the stream, the CRC of its header, in which the
//! salt is the CRC of the first chunk's audio. Streams have the same id if their headers say
//! the same and their first chunks have the same audio.

use std::io::{Cursor, Read};

use lmac::{DecodeOptions, Decoder, EncodeOptions, Place, Preset, Verification};
use lmac_support::{Signal, pcm, stream};

use crate::small::{SPEC, decode, silenced, ten_chunks};
use crate::subject::Subject;

/// Returns ten chunks of this audio.
fn ten(pcm: &[u8], options: EncodeOptions) -> Subject {
    let options = options.with_chunk_frames(100).with_declared_frames(1000);
    Subject::new("ten chunks", stream(pcm, &SPEC(), options), DecodeOptions::default())
}

/// Returns the first stream with a chunk of the second one at the same place.
fn spliced(stream: &Subject, other: &Subject, number: usize) -> Vec<u8> {
    let mut bytes = stream.stream.clone();
    let chunk = other.stream[other.chunks[number].bytes.clone()].to_vec();
    bytes.splice(stream.chunks[number].bytes.clone(), chunk);
    bytes
}

fn preset(preset: Preset) -> EncodeOptions {
    EncodeOptions::default().with_preset(preset)
}

#[test]
fn chunks_of_another_stream_are_noticed() {
    let (stream, pcm, chunks) = ten_chunks(4);
    let (other, _, other_chunks) = ten_chunks(5);
    for number in 0..10 {
        let mut spliced = stream.clone();
        spliced.splice(chunks[number].clone(), other[other_chunks[number].clone()].to_vec());
        let (back, result) = decode(&spliced, false);
        assert_eq!(result.unwrap_err().place(), Some(Place::Chunk(number as u64)));
        assert!(back == pcm[..400 * number]);
        assert!(decode(&spliced, true).0 == silenced(&pcm, number..number + 1));
    }
}

/// Two takes of the same length have everything in the header in common but the salt.
#[test]
fn another_take_of_the_same_length_is_noticed() {
    let take = |seed| pcm(&SPEC(), 1000, Signal::Melody, seed);
    for method in [Preset::Store, Preset::Light, Preset::Standard] {
        let (stream, other) = (ten(&take(4), preset(method)), ten(&take(5), preset(method)));
        assert_eq!(stream.header.len(), other.header.len());
        for number in 0..10 {
            let bytes = spliced(&stream, &other, number);
            let (back, result) = decode(&bytes, false);
            assert_eq!(result.unwrap_err().place(), Some(Place::Chunk(number as u64)));
            assert!(back == stream.pcm[..400 * number]);
            let (back, _) = decode(&bytes, true);
            assert!(back == silenced(&stream.pcm, number..number + 1));
        }
    }
}

/// The same audio twice has the same id: a chunk of either stream is right in the other.
#[test]
fn the_same_audio_with_another_preset_is_the_same_audio() {
    let audio = pcm(&SPEC(), 1000, Signal::Melody, 4);
    let stream = ten(&audio, preset(Preset::Fast));
    for method in [Preset::Store, Preset::Light, Preset::Max] {
        let other = ten(&audio, preset(method));
        assert_eq!(stream.stream[stream.header.clone()], other.stream[other.header.clone()]);
        for number in 0..10 {
            let bytes = spliced(&stream, &other, number);
            let (back, result) = decode(&bytes, false);
            // All audio is right. If chunks behind it have moved, the index is not, which is
            // noticed at the end.
            assert!(back == audio);
            assert!(result.err().is_none_or(|error| error.place() == Some(Place::Trailer)));
            assert!(decode(&bytes, true).0 == audio);
            let mut decoder = Decoder::new(Cursor::new(&bytes)).unwrap();
            let mut rest = Vec::new();
            let sought = decoder.seek(950).map(|_| decoder.read_to_end(&mut rest));
            assert!(audio[3800..].starts_with(&rest), "{sought:?}");
        }
        // The beginning of one, then the end of the other.
        let (kept, taken) = (stream.chunks[5].bytes.start, other.chunks[5].bytes.start);
        let bytes = [&stream.stream[..kept], &other.stream[taken..]].concat();
        let (back, result) = decode(&bytes, false);
        assert!(back == audio);
        assert!(result.err().is_none_or(|error| error.place() == Some(Place::Trailer)));
        assert!(decode(&bytes, true).0 == audio);
    }
}

/// Two takes that begin with the same audio, such as silence, have the same id. Only checks of
/// the whole stream tell their later chunks apart: the MD5, and the index if the chunks have
/// other lengths.
#[test]
fn another_take_with_the_same_beginning_is_noticed_at_the_end() {
    let take = |seed| [vec![0; 400], pcm(&SPEC(), 900, Signal::Melody, seed)].concat();
    for method in [Preset::Store, Preset::Light, Preset::Standard] {
        let (stream, other) = (ten(&take(4), preset(method)), ten(&take(5), preset(method)));
        assert_eq!(stream.stream[stream.header.clone()], other.stream[other.header.clone()]);
        for number in 1..10 {
            let bytes = spliced(&stream, &other, number);
            let (_, result) = decode(&bytes, false);
            assert_eq!(result.unwrap_err().place(), Some(Place::Trailer));
            // Recovery reports damage, but cannot tell in which chunk.
            let mut decoder =
                Decoder::recover(Cursor::new(&bytes), DecodeOptions::default()).unwrap();
            decoder.read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(decoder.verification(), Verification::Damaged);
            assert!(decoder.damage().wrong_md5 || decoder.damage().first_error.is_some());
        }
    }
}

/// If such chunks also have the same length, the index is right, and only the MD5 is wrong. A
/// stream without MD5, and a part of any stream, is restored without an error: a writer could
/// have written it.
#[test]
fn another_take_with_the_same_beginning_is_not_noticed_without_the_md5() {
    let take = |seed| [vec![0; 400], pcm(&SPEC(), 900, Signal::Melody, seed)].concat();
    let (first, second) = (take(4), take(5));
    let mixed = [&first[..2000], &second[2000..2400], &first[2400..]].concat();
    for md5 in [true, false] {
        let options = || preset(Preset::Store).with_md5(md5);
        let (stream, other) = (ten(&first, options()), ten(&second, options()));
        let bytes = spliced(&stream, &other, 5);
        assert_eq!(bytes.len(), stream.stream.len());

        let (back, result) = decode(&bytes, false);
        assert!(back == mixed);
        match md5 {
            true => assert_eq!(result.unwrap_err().place(), Some(Place::Trailer)),
            false => assert_eq!(result.unwrap(), Verification::Chunks),
        }
        let mut decoder = Decoder::recover(Cursor::new(&bytes), DecodeOptions::default()).unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == mixed);
        assert_eq!(decoder.damage().any(), md5);
        assert_eq!(decoder.damage().wrong_md5, md5);

        // After a seek the MD5 cannot be checked.
        let mut decoder = Decoder::new(Cursor::new(&bytes)).unwrap();
        decoder.seek(450).unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == mixed[1800..]);
        assert_eq!(decoder.verification(), Verification::Partial);
    }
}

/// Chunks do not belong to the header or the trailer of a similar stream.
#[test]
fn a_header_or_trailer_of_a_like_stream_loses_no_audio() {
    let audio = pcm(&SPEC(), 1000, Signal::Melody, 4);
    let stream = ten(&audio, preset(Preset::Light));
    let body = &stream.stream[stream.header.end..stream.trailer.start];
    let (header, trailer) =
        (&stream.stream[stream.header.clone()], &stream.stream[stream.trailer.clone()]);
    for (bytes, restored) in [
        ([&stream.like_header(), body, trailer].concat(), true),
        ([header, body, &stream.like_trailer()].concat(), false),
    ] {
        assert!(decode(&bytes, false).1.is_err());
        let mut decoder = Decoder::recover(Cursor::new(&bytes), DecodeOptions::default()).unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == audio);
        assert_eq!(decoder.damage().header_restored, restored);
        assert_eq!(decoder.damage().truncated, !restored);
    }
}
