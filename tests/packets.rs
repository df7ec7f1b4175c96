//! Streams in parts: packets that are read or pushed, chunks that are decoded and encoded on
//! their own.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::cell::Cell;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::thread;

use lmac::packets::{
    ChunkDecoder, ChunkEncoder, ChunkPlace, IndexFinder, IndexStep, Packet, PacketKind,
    PacketParser, PacketReader, Step, StreamHeader, StreamIndex, TrailerBuilder,
};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, ErrorKind, Frames, Limits, Place, Preset,
    Result, SampleFormat, Tags,
};
use lmac_support::parts::{DECISIONS, Item, Parts, TAIL};
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
    let (packets, error, _) = pushed_in_steps(stream, more);
    (packets, error)
}

/// The same, with the number of times that the parser wanted bytes.
fn pushed_in_steps(stream: &[u8], more: u64) -> (Vec<Packet>, Option<String>, usize) {
    let mut random = Random::new(more);
    let mut steps = 0;
    let mut packets = Vec::new();
    let mut parser = PacketParser::new();
    let mut push = || -> Result<()> {
        loop {
            match parser.next_step()? {
                Step::Header(header) => assert_eq!(parser.header(), Some(header)),
                Step::Packet(packet) => packets.push(packet),
                Step::Wants(range) => {
                    steps += 1;
                    assert!(range.start < range.end);
                    assert_eq!(range.start, parser.offset());
                    let rest = &stream[range.start as usize..];
                    let wanted = (range.end - range.start + random.below(more + 1)) as usize;
                    match rest {
                        [] => parser.end(),
                        _ => parser.push(&rest[..rest.len().min(wanted)])?,
                    }
                }
                Step::End => return Ok(()),
                other => unreachable!("{other:?}"),
            }
        }
    };
    let error = push().err().map(|error| error.to_string());
    (packets, error, steps)
}

fn index_of(header: &StreamHeader, stream: &[u8]) -> (Option<StreamIndex>, usize) {
    let mut finder = IndexFinder::new(header, stream.len() as u64);
    for requests in 1.. {
        let range = finder.wanted();
        match finder.give(&stream[range.start as usize..range.end as usize]).unwrap() {
            IndexStep::Further => {}
            IndexStep::Found(index) => return (Some(index), requests),
            _ => return (None, requests),
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
    for packet in packets.iter().filter(|packet| packet.kind == PacketKind::Chunk) {
        for at in 0..packet.bytes.len() {
            for bit in 0..8 {
                let mut damaged = packet.bytes.to_vec();
                damaged[at] ^= 1 << bit;
                assert!(decoder.decode(&damaged).unwrap_err().is_damage());
            }
            assert!(decoder.decode(&packet.bytes[..at]).unwrap_err().is_damage());
        }
        let longer = [&packet.bytes[..], &[0]].concat();
        assert!(decoder.decode(&longer).unwrap_err().is_damage());
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
                    assert!(range.end <= stream.len() as u64);
                    break;
                }
                Step::Packet(packet) => packets.push(packet),
                Step::Header(_) => {}
                other => unreachable!("{other:?}"),
            }
        }
        parser.push(&[*byte]).unwrap();
    }
    assert!(matches!(parser.next_step().unwrap(), Step::Packet(_)));
    assert!(matches!(parser.next_step().unwrap(), Step::End));
    assert_eq!(packets, pulled(&stream).0[..packets.len()]);

    // An error stays until the parser goes elsewhere.
    let mut parser = PacketParser::new();
    let place = packets[1].place().unwrap();
    parser.push(&stream[..stream.len() - 1]).unwrap();
    parser.end();
    for _ in 0..4 {
        assert!(!matches!(parser.next_step().unwrap(), Step::Wants(_)));
    }
    for _ in 0..2 {
        let error = parser.next_step().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");
    }
    assert!(matches!(parser.push(&[0]).unwrap_err().kind(), ErrorKind::Argument(_)));
    for far in [ChunkPlace::new(u64::MAX, 0, 0), ChunkPlace::new(1, 100, u64::MAX)] {
        assert!(matches!(parser.go_to(&far).unwrap_err().kind(), ErrorKind::Argument(_)));
    }
    parser.go_to(&place).unwrap();
    parser.push(&stream[place.offset as usize..]).unwrap();
    for packet in &packets[1..] {
        assert!(matches!(parser.next_step().unwrap(), Step::Packet(found) if found == *packet));
    }
    assert!(matches!(parser.next_step().unwrap(), Step::Packet(_)));
    assert!(matches!(parser.next_step().unwrap(), Step::End));
}

#[test]
fn a_packet_comes_with_its_last_byte() {
    // Silent chunks are as short as items can be.
    for (signal, md5) in [(Signal::Silence, true), (Signal::Silence, false), (Signal::Melody, true)]
    {
        let pcm = pcm(&spec(), 3000, signal, 1);
        let options = EncodeOptions::default().with_chunk_frames(100).with_md5(md5);
        let stream = stream(&pcm, &spec(), options);
        let packets = pulled(&stream).0;
        let mut parser = PacketParser::new();
        let mut pushed = 0;
        for packet in packets {
            let end = packet.offset as usize + packet.bytes.len();
            parser.push(&stream[pushed..end]).unwrap();
            pushed = end;
            loop {
                match parser.next_step().unwrap() {
                    Step::Packet(found) => break assert_eq!(found, packet),
                    Step::Wants(_) => assert_eq!(parser.offset(), 0, "{signal:?}"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn items_that_do_not_belong_stay_errors() {
    let (stream, _) = melody(300, 100);
    let good = Parts::of(&stream);
    let block = |kind: u64| Item::Block(kind, vec![1, 2, 3]);
    let mut last_missing = good.clone();
    last_missing.items.pop();
    let mut doubled = good.clone();
    doubled.items.insert(1, good.items[0].clone());
    let with_block = |at: usize, kind: u64| {
        let mut parts = good.clone();
        parts.items.insert(at, block(kind));
        parts
    };
    // The stream is one of samples, which have no file around them.
    for parts in [last_missing, doubled, with_block(3, TAIL), with_block(0, 1)] {
        let wrong = parts.stream();
        let mut reader = PacketReader::new(wrong.as_slice()).unwrap();
        let first = loop {
            match reader.next_packet() {
                Ok(packet) => assert!(packet.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(first.kind(), ErrorKind::Malformed(_)), "{first}");
        let again = reader.next_packet().unwrap_err();
        assert_eq!(again.to_string(), first.to_string());
        let mut pcm = Vec::new();
        let whole = Decoder::new(wrong.as_slice()).unwrap().read_to_end(&mut pcm);
        assert_eq!(whole.unwrap_err().to_string(), first.to_string());
    }
    // Blocks of other types are passed over, and decisions where there is no FLAC file.
    for kind in [DECISIONS, 99] {
        let (packets, error) = pulled(&with_block(1, kind).stream());
        assert_eq!((packets[1].kind, error), (PacketKind::Other, None));
        assert_eq!(packets[1].data[..], [1, 2, 3]);
    }
}

#[test]
fn tags_come_in_packets() {
    let mut tags = Tags::new();
    tags.set("TITLE", "Aria").unwrap();
    let pcm = pcm(&spec(), 300, Signal::Melody, 3);
    let stream = stream(&pcm, &spec(), EncodeOptions::default().with_tags(tags.clone()));
    let (packets, _) = pulled(&stream);
    assert_eq!(packets[0].kind, PacketKind::Tags);
    assert_eq!(Tags::parse(&packets[0].data).unwrap(), tags);
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
    let opened = Decoder::open(Cursor::new(&stream), DecodeOptions::default()).unwrap();
    assert_eq!(opened.stored_md5(), index.md5());
    assert_eq!(Decoder::new(stream.as_slice()).unwrap().stored_md5(), None);
    assert_eq!((opened.header(), header.version()), (header.clone(), lmac::FORMAT_VERSION));

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
    assert_eq!(reader.next_packet().unwrap(), None);
    reader.seek(5).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 0);

    let places: Vec<_> = index.places().collect();
    assert_eq!(places.len(), 24);
    for (place, packet) in places.iter().zip(&pulled(&stream).0) {
        assert_eq!(Some(*place), packet.place());
    }
    assert_eq!(index.trailer_offset(), pulled(&stream).0[24].offset);

    // A stream that is cut off has no index, and its headers lead to its chunks.
    let cut = &stream[..stream.len() - 1];
    assert!(index_of(&header, cut).0.is_none());
    let mut reader = PacketReader::new(Cursor::new(cut)).unwrap();
    assert!(reader.index().unwrap().is_none());
    reader.seek(1234).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 1200);
    // After a seek that fails, the position is the same.
    assert!(reader.seek(2346).is_err());
    assert_eq!(reader.next_packet().unwrap().unwrap().first_frame, 1300);
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

    // A parser that gets no more than it wants does not ask for each byte.
    let (packets, error, steps) = pushed_in_steps(&stream, 0);
    assert_eq!((packets.len() as u64, error), (chunks + 1, None));
    assert!(steps < 5 * chunks as usize, "{steps}");
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
        let packet = packets.next_packet().unwrap().unwrap();
        assert_eq!(packet.first_frame, frame / 20_000 * 20_000);
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
    let pcm = pcm(&spec(), frames, Signal::Melody, 7);
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
        let parts: Vec<&[u8]> = pcm.chunks(length).collect();
        let encoder = ChunkEncoder::new(spec(), &options, crc32fast::hash(parts[0])).unwrap();
        let encode =
            |number: usize| encoder.encode((number * length / 4) as u64, parts[number]).unwrap();
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
            made.extend(chunk);
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
    let is_argument = |error: lmac::Error| matches!(error.kind(), ErrorKind::Argument(_));
    for (first_frame, bytes) in [(0, 0), (0, 3), (0, 44), ((1 << 56) - 1, 4), (u64::MAX, 4)] {
        assert!(is_argument(encoder.encode(first_frame, &vec![1; bytes]).unwrap_err()));
    }
    let pcm = [1, 2, 3, 4];
    let mut trailer = TrailerBuilder::new(&encoder).unwrap();
    let late = encoder.encode(1, &pcm).unwrap();
    assert!(is_argument(trailer.add(&late, &pcm).unwrap_err()));
    let chunk = encoder.encode(0, &pcm).unwrap();
    assert!(is_argument(trailer.add(&chunk, &[1, 2, 3, 5]).unwrap_err()));
    // A chunk of another stream.
    let other = ChunkEncoder::new(spec(), &options, 1).unwrap().encode(0, &pcm).unwrap();
    assert!(trailer.add(&other, &pcm).unwrap_err().is_damage());
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
