//! Streams in parts: packets that are read or pushed, chunks that are decoded and encoded on
//! their own.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::cell::Cell;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::thread;

use bytes::Bytes;
use lmac::packets::{
    ChunkDecoder, ChunkEncoder, IndexFinder, IndexStep, Packet, PacketKind, PacketParser,
    PacketReader, Step, StreamHeader, StreamIndex, TrailerBuilder,
};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, ErrorKind, Frames, Limits, Place, Preset,
    Result, SampleFormat, Tags,
};
use lmac_support::{Random, Signal, pcm, stream, vectors};

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

/// A stream of melody, and its PCM.
fn melody(frames: usize, chunk_frames: u64) -> (Vec<u8>, Vec<u8>) {
    let pcm = pcm(&spec(), frames, Signal::Melody, 3);
    let options = EncodeOptions::default().with_chunk_frames(chunk_frames);
    (stream(&pcm, &spec(), options), pcm)
}

/// The packets of a reader up to the end or an error.
fn pulled(stream: &[u8]) -> (Vec<Packet>, Option<String>) {
    let mut packets = Vec::new();
    let mut pull = || -> Result<()> {
        let mut reader = PacketReader::new(stream)?;
        while let Some(packet) = reader.next_packet()? {
            packets.push(packet);
        }
        Ok(())
    };
    let error = pull().err().map(|error| error.to_string());
    (packets, error)
}

/// The packets of a parser that gets what it wants, and up to `more` bytes beyond.
fn pushed(stream: &[u8], more: u64) -> (Vec<Packet>, Option<String>) {
    let mut random = Random::new(more);
    let mut packets = Vec::new();
    let mut parser = PacketParser::new();
    let mut push = || -> Result<()> {
        loop {
            match parser.next_step()? {
                Step::Header(header) => assert_eq!(parser.header(), Some(header)),
                Step::Packet(packet) => packets.push(packet),
                Step::Wants(range) => {
                    assert!(range.start < range.end);
                    assert_eq!(range.start, parser.offset());
                    let rest = &stream[range.start as usize..];
                    let wanted = (range.end - range.start + random.below(more + 1)) as usize;
                    if rest.is_empty() {
                        parser.end();
                    }
                    parser.push(&rest[..rest.len().min(wanted)])?;
                }
                Step::End => return Ok(()),
            }
        }
    };
    let error = push().err().map(|error| error.to_string());
    (packets, error)
}

fn index_of(header: &StreamHeader, stream: &[u8]) -> (Option<StreamIndex>, usize) {
    let mut finder = IndexFinder::new(header, stream.len() as u64);
    for requests in 1.. {
        let range = finder.wanted();
        match finder.give(&stream[range.start as usize..range.end as usize]).unwrap() {
            IndexStep::Further => {}
            IndexStep::Found(index) => return (Some(index), requests),
            IndexStep::Missing => return (None, requests),
        }
    }
    unreachable!("a search without end")
}

#[test]
fn packets_of_every_vector_are_its_stream() {
    for name in vectors::names("good-", false) {
        let stream = vectors::stream(&name);
        let (packets, error) = pulled(&stream);
        assert_eq!(error, None, "{name}");
        for more in [0, 7, 100_000] {
            assert!(pushed(&stream, more) == (packets.clone(), None), "{name}");
        }
        let reader = PacketReader::new(stream.as_slice()).unwrap();
        let mut whole = reader.header().bytes().to_vec();
        for packet in &packets {
            assert_eq!(packet.offset, whole.len() as u64);
            assert_eq!(packet.frames > 0, packet.kind == PacketKind::Chunk);
            whole.extend_from_slice(&packet.bytes);
        }
        assert!(whole == stream, "{name}");
        assert_eq!(packets.last().unwrap().kind, PacketKind::Trailer);

        // Chunks in any order are the audio of the whole.
        let mut pcm = Vec::new();
        Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut pcm).unwrap();
        let decoder = ChunkDecoder::new(reader.header(), &DecodeOptions::default()).unwrap();
        let mut left = pcm.len();
        for packet in packets.iter().rev().filter(|packet| packet.kind == PacketKind::Chunk) {
            let chunk = decoder.decode(&packet.bytes).unwrap();
            assert_eq!(chunk.first_frame, packet.first_frame);
            left -= chunk.pcm.len();
            assert!(chunk.pcm == pcm[left..left + chunk.pcm.len()], "{name}");
        }
        assert_eq!(left, 0);
    }
}

#[test]
fn damage_is_the_same_read_and_pushed() {
    let (stream, _) = melody(300, 100);
    let header = PacketReader::new(stream.as_slice()).unwrap().header().clone();
    let decoder = ChunkDecoder::new(&header, &DecodeOptions::default()).unwrap();
    for at in 0..stream.len() {
        for change in [1, 0x80, 0xFF] {
            let mut damaged = stream.clone();
            damaged[at] ^= change;
            let (packets, error) = pulled(&damaged);
            assert!(error.is_some(), "byte {at}");
            assert_eq!(pushed(&damaged, 50), (packets, error), "byte {at}");
        }
        let (packets, error) = pulled(&stream[..at]);
        assert!(error.is_some(), "cut at {at}");
        assert_eq!(pushed(&stream[..at], 50), (packets, error), "cut at {at}");
    }
    let (packets, _) = pulled(&stream);
    for packet in packets {
        for at in 0..packet.bytes.len() {
            let mut damaged = packet.bytes.to_vec();
            damaged[at] ^= 1;
            assert!(decoder.decode(&damaged.into()).is_err());
            assert!(decoder.decode(&packet.bytes.slice(..at)).is_err());
        }
        let longer = [&packet.bytes[..], &[0]].concat();
        assert!(decoder.decode(&longer.into()).is_err());
    }
}

#[test]
fn a_parser_waits_and_goes_on() {
    let (stream, _) = melody(300, 100);
    let mut parser = PacketParser::new();
    assert_eq!(parser.header(), None);
    // One byte after the other: nothing is lost, and nothing comes too early.
    let mut packets = Vec::new();
    for (at, byte) in stream.iter().enumerate() {
        loop {
            match parser.next_step().unwrap() {
                Step::Wants(range) => {
                    assert_eq!(range.start, at as u64);
                    break;
                }
                Step::Packet(packet) => packets.push(packet),
                Step::Header(_) => {}
                Step::End => unreachable!("bytes are left"),
            }
        }
        parser.push(&[*byte]).unwrap();
    }
    assert!(matches!(parser.next_step().unwrap(), Step::Packet(_)));
    assert!(matches!(parser.next_step().unwrap(), Step::End));
    assert_eq!(packets, pulled(&stream).0[..packets.len()]);

    // An error stays until the parser goes elsewhere.
    let mut parser = PacketParser::new();
    parser.push(&stream[..stream.len() - 1]).unwrap();
    parser.end();
    for _ in 0..4 {
        assert!(!matches!(parser.next_step().unwrap(), Step::Wants(_)));
    }
    for _ in 0..2 {
        let error = parser.next_step().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");
    }
}

#[test]
fn the_index_leads_to_every_chunk() {
    let (stream, pcm) = melody(2345, 100);
    let mut reader = PacketReader::new(Cursor::new(&stream)).unwrap();
    let header = reader.header().clone();
    let decoder = ChunkDecoder::new(&header, &DecodeOptions::default()).unwrap();
    let (index, requests) = index_of(&header, &stream);
    let index = index.unwrap();
    assert_eq!((requests, index.total_frames(), index.chunks()), (1, 2345, 24));
    assert_eq!(index.md5(), reader.index().unwrap().unwrap().md5());

    let mut parser = PacketParser::new();
    assert!(parser.go_to(&index.place_before(0)).is_err());
    parser.push(header.bytes()).unwrap();
    assert!(matches!(parser.next_step().unwrap(), Step::Header(_)));
    let mut frames = Frames::new();
    for frame in [2344, 0, 1, 99, 100, 1234, 2300] {
        let place = index.place_before(frame);
        assert_eq!(place.first_frame, frame / 100 * 100);
        parser.go_to(&place).unwrap();
        let pushed = loop {
            match parser.next_step().unwrap() {
                Step::Packet(packet) => break packet,
                Step::Wants(range) => {
                    parser.push(&stream[range.start as usize..range.end as usize]).unwrap();
                }
                other => unreachable!("{other:?}"),
            }
        };
        reader.seek(frame).unwrap();
        assert_eq!(reader.next_packet().unwrap(), Some(pushed.clone()));

        decoder.decode_frames(&pushed.bytes, &mut frames).unwrap();
        let at = 2 * (frame - frames.first_frame()) as usize;
        let expected = i16::from_le_bytes([pcm[4 * frame as usize], pcm[4 * frame as usize + 1]]);
        assert_eq!(frames.samples()[at], i32::from(expected));
    }
    reader.seek(2345).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().kind, PacketKind::Trailer);
    assert_eq!(reader.next_packet().unwrap(), None);
    assert!(matches!(reader.seek(2346).unwrap_err().kind(), ErrorKind::Argument(_)));
    reader.seek(5).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 0);

    // A stream that is cut off has no index, and its headers lead to its chunks.
    let cut = &stream[..stream.len() - 1];
    assert!(index_of(&header, cut).0.is_none());
    let mut reader = PacketReader::new(Cursor::new(cut)).unwrap();
    assert!(reader.index().unwrap().is_none());
    reader.seek(1234).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 1200);
}

#[test]
fn a_long_index_takes_a_second_look() {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let chunks = 70_000;
    let pcm: Vec<u8> = (0..chunks).map(|at| (at % 251) as u8).collect();
    let options = EncodeOptions::default().with_chunk_frames(1).with_verify(false);
    let stream = stream(&pcm, &spec, options);
    let mut reader = PacketReader::new(Cursor::new(&stream)).unwrap();
    let (index, requests) = index_of(&reader.header().clone(), &stream);
    assert_eq!((requests, index.as_ref().unwrap().chunks()), (2, chunks));
    // Only every second chunk is listed.
    assert_eq!(index.unwrap().place_before(12_345).number, 12_344);
    reader.seek(12_345).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 12_345);
}

/// A reader that counts the bytes that were read.
struct Counting<R> {
    reader: R,
    read: Rc<Cell<usize>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read.set(self.read.get() + read);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counting<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.reader.seek(to)
    }
}

#[test]
fn opening_and_seeking_read_little() {
    let pcm = pcm(&spec(), 400_000, Signal::Noise, 1);
    let options = EncodeOptions::default().with_chunk_frames(20_000).with_preset(Preset::Store);
    let stream = stream(&pcm, &spec(), options);
    let read = Rc::new(Cell::new(0));
    let counting = || Counting { reader: Cursor::new(&stream), read: Rc::clone(&read) };
    // Of its file, a chunk is a twentieth.
    let chunk = stream.len() / 20;
    let near = 16 << 10;

    let mut packets = PacketReader::new(counting()).unwrap();
    assert_eq!(packets.index().unwrap().unwrap().total_frames(), 400_000);
    assert!(read.take() < near);
    for frame in [399_999, 0, 200_000, 190_000] {
        packets.seek(frame).unwrap();
        packets.next_packet().unwrap();
        assert!(read.take() < chunk + 2 * near);
    }

    let mut decoder = Decoder::open(counting(), DecodeOptions::default()).unwrap();
    assert_eq!(decoder.total_frames(), Some(400_000));
    assert!(read.take() < near);
    for frame in [399_999, 200_000, 190_000] {
        decoder.seek(frame).unwrap();
        let mut one = [0; 4];
        decoder.read_exact(&mut one).unwrap();
        assert_eq!(one, pcm[4 * frame as usize..][..4]);
        assert!(read.take() < chunk + 2 * near);
    }
}

#[test]
fn chunks_that_are_encoded_alone_make_the_same_stream() {
    let frames = 1050;
    let pcm = Bytes::from(pcm(&spec(), frames, Signal::Melody, 7));
    let mut tags = Tags::new();
    tags.set("TITLE", "Aria").unwrap();
    for options in [
        EncodeOptions::default().with_chunk_frames(100),
        EncodeOptions::default()
            .with_chunk_frames(200)
            .with_preset(Preset::Light)
            .with_declared_frames(frames as u64)
            .with_tags(tags)
            .with_md5(false),
    ] {
        let whole = stream(&pcm, &spec(), options.clone());
        let length = 4 * options.chunk_frames.unwrap() as usize;
        let parts: Vec<Bytes> = (0..pcm.len())
            .step_by(length)
            .map(|at| pcm.slice(at..pcm.len().min(at + length)))
            .collect();
        let encoder = ChunkEncoder::new(spec(), &options, crc32fast::hash(&parts[0])).unwrap();
        let encode =
            |number: usize| encoder.encode((number * length / 4) as u64, &parts[number]).unwrap();
        // The second half is encoded before the first one.
        let half = parts.len() / 2;
        let (first, second) = thread::scope(|scope| {
            let (encode, last) = (&encode, half..parts.len());
            let second = scope.spawn(move || last.map(encode).collect::<Vec<_>>()).join().unwrap();
            ((0..half).map(encode).collect::<Vec<_>>(), second)
        });
        let mut made = encoder.start().unwrap();
        let mut trailer = TrailerBuilder::new(&encoder).unwrap();
        for (chunk, pcm) in first.iter().chain(&second).zip(&parts) {
            trailer.add(chunk, pcm).unwrap();
            made.extend_from_slice(&chunk.bytes);
        }
        made.extend(trailer.finish());
        assert!(made == whole);
        assert_eq!(encoder.header(), *PacketReader::new(whole.as_slice()).unwrap().header());
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let options = EncodeOptions::default().with_chunk_frames(10);
    let encoder = ChunkEncoder::new(spec(), &options, 0).unwrap();
    for (first_frame, bytes) in [(0, 0), (0, 3), (0, 44), ((1 << 56) - 1, 4), (u64::MAX, 4)] {
        let error = encoder.encode(first_frame, &vec![1; bytes].into()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    }
    let pcm = Bytes::from_static(&[1, 2, 3, 4]);
    let mut trailer = TrailerBuilder::new(&encoder).unwrap();
    let late = encoder.encode(1, &pcm).unwrap();
    assert!(matches!(trailer.add(&late, &pcm).unwrap_err().kind(), ErrorKind::Argument(_)));
    let chunk = encoder.encode(0, &pcm).unwrap();
    assert!(matches!(trailer.add(&chunk, &[]).unwrap_err().kind(), ErrorKind::Argument(_)));
    trailer.add(&chunk, &pcm).unwrap();

    let header = encoder.header();
    assert_eq!(StreamHeader::parse(header.bytes()).unwrap(), header);
    let longer = [header.bytes(), &[0]].concat();
    let error = StreamHeader::parse(&longer).unwrap_err();
    assert_eq!(error.place(), Some(Place::Header));
    let error = StreamHeader::parse(&longer[..20]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");

    let small = Limits::default().with_memory(1000);
    let error = ChunkDecoder::new(&header, &DecodeOptions::default().with_limits(small));
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::Limit { .. }));
    let (stream, _) = melody(300, 100);
    let mut reader = PacketReader::with_limits(stream.as_slice(), small).unwrap();
    assert!(matches!(reader.next_packet().unwrap_err().kind(), ErrorKind::Limit { .. }));

    let mut finder = IndexFinder::new(&header, 100);
    assert!(matches!(finder.give(&[0; 99]).unwrap_err().kind(), ErrorKind::Argument(_)));
}
