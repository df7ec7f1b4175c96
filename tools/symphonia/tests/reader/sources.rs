//! Where streams come from.

use std::io::{Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};

use lmac_support::parts::{Item, Parts};

use super::*;

#[test]
fn a_stream_may_begin_and_end_anywhere_in_its_source() {
    let (stream, pcm) = melody();
    // What Symphonia searches for the marker, and what a tag editor may append.
    let within = [&[7; 5000][..], &stream, &[b'T'; 128]].concat();
    let mut reader = open(&within);
    assert_eq!(track(&reader).num_frames, Some(FRAMES as u64));
    assert!(rest(&mut reader, 0) == pcm);
    seek(&mut reader, 9999).unwrap();
    assert!(rest(&mut reader, 9999) == pcm[9999 * FRAME..]);
}

#[test]
fn the_source_comes_back() {
    let (stream, _) = melody();
    let mut reader = open(&stream);
    reader.next_packet().unwrap();
    let mut source = reader.into_inner();
    source.seek(SeekFrom::Start(1)).unwrap();
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"lmac");
}

/// Counts the bytes that are read, in small pieces as from a network, and fails after some.
struct Network<'a> {
    bytes: &'a [u8],
    read: &'a AtomicU64,
    fails_at: u64,
}

impl Read for Network<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.load(Ordering::Relaxed) >= self.fails_at {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "the server is gone"));
        }
        let most = buffer.len().min(1000);
        let length = self.bytes.read(&mut buffer[..most])?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[test]
fn a_pipe_is_read_no_further_than_the_chunk() {
    let (stream, _) = melody();
    let parts = Parts::of(&stream);
    let Item::Chunk(_, first) = &parts.items[0] else { panic!("a chunk") };
    let end = (parts.header.len() + first.len()) as u64;
    let read = AtomicU64::new(0);
    let network = Network { bytes: &stream, read: &read, fails_at: u64::MAX };
    let mut reader = probe(ReadOnlySource::new(network)).unwrap();
    reader.next_packet().unwrap().unwrap();
    let read = read.load(Ordering::Relaxed);
    assert!((end..end + 2000).contains(&read), "{read} bytes for a chunk that ends at {end}");
    assert!(end + 2000 < stream.len() as u64 / 2);
}

#[test]
fn an_error_of_the_source_is_kept() {
    let (stream, pcm) = melody();
    let read = AtomicU64::new(0);
    let network = Network { bytes: &stream, read: &read, fails_at: stream.len() as u64 / 2 };
    let mut reader = probe(ReadOnlySource::new(network)).unwrap();
    let decoded = decode(&mut reader);
    let Some(Error::IoError(error)) = decoded.error else { panic!("{:?}", decoded.error) };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(error.to_string(), "the server is gone");
    assert!(!decoded.pcm.is_empty() && pcm.starts_with(&decoded.pcm));
    // After an error there is no more.
    assert!(reader.next_packet().unwrap().is_none());
}

#[test]
fn other_formats_are_still_read() {
    let (stream, pcm) = melody();
    let flac = tags::flac_of(&stream);
    let mut reader = open(&flac);
    assert_eq!(reader.format_info().short_name, "flac");
    // Its decoder gives samples of 32 bits.
    let wide = decode(&mut reader).pcm;
    let narrow: Vec<u8> = wide.chunks_exact(4).flat_map(|sample| [sample[2], sample[3]]).collect();
    assert!(narrow == pcm);
    assert!(matches!(probe(Cursor::new(b"neither")), Err(Error::Unsupported(_))));
}
