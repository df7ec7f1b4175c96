//! The tags in the bytes that a source file has around its audio.

use super::riff::{self, Found, Order};
use super::{Tags, ape, flac, id3};
use crate::container::source::SourceKind;
use crate::error::Result;

/// Bytes of a chunk's header.
const CHUNK_HEADER: usize = 8;

/// Most ID3v2 tags in front of a file.
const MOST_LEADING: usize = 4;

/// Bytes of a RIFF file before its first chunk.
const START: usize = 12;

/// Finds the tags of a source file in its head and tail. Parts that cannot be read are left out.
///
/// `audio_bytes` are those between head and tail, if they are known.
pub(crate) fn from_source(
    source: SourceKind,
    head: &[u8],
    tail: &[u8],
    audio_bytes: Option<u64>,
) -> Result<Tags> {
    // Tags in front belong to another format than the file's.
    let (front, head) = leading(head);
    let mut tags = match head.first_chunk() {
        Some(b"fLaC") => flac::of_file(&head[4..]).unwrap_or_default(),
        Some(b"RIFF" | b"RF64" | b"BW64") => {
            of_chunks(head, tail, Order::LittleEndian, audio_bytes)?
        }
        Some(b"RIFX" | b"FORM") => of_chunks(head, tail, Order::BigEndian, audio_bytes)?,
        _ if source == SourceKind::CanonicalWav => {
            of_chunks(&[], tail, Order::LittleEndian, audio_bytes)?
        }
        _ => Tags::new(),
    };
    tags.complete(front);
    if let Some(Ok(more)) = ape::at_end(tail) {
        tags.complete(more);
    }
    Ok(tags)
}

/// The ID3v2 tags in front of a file, and the bytes behind them.
fn leading(mut head: &[u8]) -> (Tags, &[u8]) {
    let mut tags = Tags::new();
    for _ in 0..MOST_LEADING {
        let Some(rest) = id3::length(head).and_then(|length| head.get(length..)) else { break };
        tags.complete(id3::parse(head).unwrap_or_default());
        head = rest;
    }
    (tags, head)
}

fn of_chunks(head: &[u8], tail: &[u8], order: Order, audio_bytes: Option<u64>) -> Result<Tags> {
    let mut found = Found::default();
    let before = head.get(START..).unwrap_or_default();
    for (id, data) in riff::chunks(before, order) {
        riff::take(id, data, order, &mut found)?;
    }
    for (id, data) in riff::chunks(behind_audio(head, tail, order, audio_bytes), order) {
        riff::take(id, data, order, &mut found)?;
    }
    Ok(found.joined())
}

/// The bytes of the tail from the first chunk behind the audio on. The audio's own chunk may end
/// in the tail, with a part of a frame and a byte of padding.
fn behind_audio<'a>(
    head: &[u8],
    tail: &'a [u8],
    order: Order,
    audio_bytes: Option<u64>,
) -> &'a [u8] {
    let Some(audio) = audio_bytes else { return &[] };
    // The header of the audio's chunk ends the head; in AIFF, two numbers follow it.
    let counted = match order {
        Order::LittleEndian => last_chunk(head, order, b"data", 0),
        Order::BigEndian => {
            last_chunk(head, order, b"SSND", 8).or_else(|| last_chunk(head, order, b"data", 0))
        }
    };
    let counted = counted.filter(|&counted| counted >= audio).unwrap_or(audio);
    let in_tail = usize::try_from(counted - audio + counted % 2);
    in_tail.ok().and_then(|start| tail.get(start..)).unwrap_or_default()
}

/// The bytes of audio that the header of this chunk counts, if the head ends with it and `more`
/// bytes.
fn last_chunk(head: &[u8], order: Order, id: &[u8; 4], more: usize) -> Option<u64> {
    let header = head.get(head.len().checked_sub(CHUNK_HEADER + more)?..)?;
    let length = header.strip_prefix(id)?.first_chunk::<4>()?;
    let length = match order {
        Order::LittleEndian => u32::from_le_bytes(*length),
        Order::BigEndian => u32::from_be_bytes(*length),
    };
    u64::from(length).checked_sub(more as u64).filter(|_| length != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tags::Picture;

    fn chunk(id: &[u8], data: &[u8]) -> Vec<u8> {
        let mut chunk = [id, &(data.len() as u32).to_le_bytes(), data].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    fn aiff_chunk(id: &[u8], data: &[u8]) -> Vec<u8> {
        let mut chunk = chunk(id, data);
        chunk[4..8].reverse();
        chunk
    }

    fn wav_head(chunks: &[Vec<u8>], data: u32) -> Vec<u8> {
        let mut head = b"RIFF\0\0\0\0WAVE".to_vec();
        head.extend(chunk(b"fmt ", &[1; 16]));
        head.extend(chunks.concat());
        head.extend(b"data");
        head.extend(data.to_le_bytes());
        head
    }

    fn id3(title: &[u8]) -> Vec<u8> {
        let frame = [b"TIT2\0\0\0", &[title.len() as u8 + 1, 0, 0, 0][..], title].concat();
        [b"ID3\x03\0\0\0\0\0", &[frame.len() as u8][..], &frame].concat()
    }

    fn wav(head: &[u8], tail: &[u8], audio: u64) -> Tags {
        from_source(SourceKind::Wav, head, tail, Some(audio)).unwrap()
    }

    #[test]
    fn info_of_a_wav_file() {
        let list = [b"INFO", &chunk(b"INAM", b"Song\0")[..], &chunk(b"IXYZ", b"caf\xE9")].concat();
        let head = wav_head(&[chunk(b"LIST", &list)], 100);
        let tags = wav(&head, b"", 100);
        assert_eq!(tags.get("title"), Some("Song"));
        assert_eq!(tags.get("IXYZ"), Some("café"));
        // Behind the audio, after a part of a frame and a byte of padding.
        let head = wav_head(&[], 103);
        let tail = [b"abc\0", &chunk(b"LIST", &list)[..]].concat();
        assert_eq!(wav(&head, &tail, 100).get("TITLE"), Some("Song"));
        let tail = [b"\0", &chunk(b"LIST", &list)[..]].concat();
        let unknown = wav_head(&[], u32::MAX);
        assert_eq!(wav(&unknown, &tail, 99).get("TITLE"), Some("Song"));
        let canonical = from_source(SourceKind::CanonicalWav, b"", &tail, Some(99)).unwrap();
        assert_eq!(canonical.get("TITLE"), Some("Song"));
    }

    #[test]
    fn chunks_that_say_more_come_first() {
        let list = [b"INFO", &chunk(b"INAM", b"info")[..], &chunk(b"IART", b"artist")].concat();
        let chunks = [chunk(b"LIST", &list), chunk(b"id3 ", &id3(b"id3")), chunk(b"iXML", b"<a/>")];
        let tags = wav(&wav_head(&chunks, 0), b"", 0);
        let comments = [("TITLE", "id3"), ("ARTIST", "artist"), ("IXML", "<a/>")];
        assert!(tags.comments.iter().map(|(a, b)| (a.as_str(), b.as_str())).eq(comments));
    }

    #[test]
    fn broadcast_files() {
        let mut bext = vec![0; 602];
        bext[..4].copy_from_slice(b"take");
        bext[256..259].copy_from_slice(b"lab");
        bext[320..330].copy_from_slice(b"2026-11-30");
        bext[338..340].copy_from_slice(&[1, 1]);
        bext[346] = 2;
        bext[348] = 0xAB;
        bext[412..414].copy_from_slice(&(-2300i16).to_le_bytes());
        bext[414..416].copy_from_slice(&i16::MAX.to_le_bytes());
        bext.extend(b"A=PCM\r\n");
        let tags = wav(&wav_head(&[chunk(b"bext", &bext)], 0), b"", 0);
        for (field, value) in [
            ("DESCRIPTION", "take"),
            ("ORIGINATOR", "lab"),
            ("ORIGINATION_DATE", "2026-11-30"),
            ("TIME_REFERENCE", "257"),
            ("LOUDNESS_VALUE", "-23.00"),
            ("CODING_HISTORY", "A=PCM"),
        ] {
            assert_eq!(tags.get(field), Some(value), "{field}");
        }
        assert!(tags.get("UMID").is_some_and(|umid| umid.starts_with("AB00") && umid.len() == 128));
        assert_eq!(tags.get("LOUDNESS_RANGE"), None);
        for length in 0..bext.len() {
            let _ = wav(&wav_head(&[chunk(b"bext", &bext[..length])], 0), b"", 0);
        }
    }

    #[test]
    fn aiff_files() {
        let mut head = b"FORM\0\0\0\0AIFF".to_vec();
        head.extend(aiff_chunk(b"COMM", &[0; 18]));
        head.extend(aiff_chunk(b"NAME", b"name"));
        head.extend(b"SSND\0\0\0\x0B\0\0\0\0\0\0\0\0");
        let tail = [b"\0", &aiff_chunk(b"ID3 ", &id3(b"tail"))[..]].concat();
        let tags = from_source(SourceKind::Samples, &head, &tail, Some(3)).unwrap();
        assert_eq!(tags.get("TITLE"), Some("tail"));
        let tags = from_source(SourceKind::Samples, &head, b"", None).unwrap();
        assert_eq!(tags.get("TITLE"), Some("name"));
    }

    #[test]
    fn flac_files() {
        let mut tags = Tags::new();
        tags.vendor = "someone".into();
        tags.add("TITLE", "flac").unwrap();
        tags.pictures.push(Picture::new(b"GIF89a".to_vec()));
        let run = flac::write_run(&tags, 0).unwrap();
        let stream_info = [&[0, 0, 0, 34][..], &[9; 34]].concat();
        let mut head = [&id3(b"front")[..], b"fLaC", &stream_info, &run].concat();
        assert_eq!(from_source(SourceKind::Flac, &head, b"", None).unwrap(), tags);
        head.truncate(head.len() - 1);
        let rest = from_source(SourceKind::Flac, &head, b"", None).unwrap();
        assert_eq!(rest.get("TITLE"), Some("front"));
    }

    #[test]
    fn hostile_heads() {
        let list = [b"INFO", &chunk(b"INAM", b"Song\0")[..]].concat();
        let chunks =
            [chunk(b"LIST", &list), chunk(b"id3 ", &id3(b"id3")), chunk(b"bext", &[1; 700])];
        let head = [&id3(b"a")[..], &wav_head(&chunks, 9)].concat();
        for length in 0..head.len() {
            let _ = wav(&head[..length], &head[length..], 9);
        }
        for at in 0..head.len() {
            let mut bad = head.clone();
            bad[at..(at + 4).min(head.len())].fill(0xFF);
            let _ = wav(&bad, &bad[at..], u64::MAX);
        }
    }
}
