//! A stream that is pushed in pieces, or pulled from a reader: the same packets and the same
//! error. Each chunk decodes on its own to what a decoder of the whole returns.

#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::packets::{
    ChunkDecoder, IndexFinder, IndexStep, Packet, PacketKind, PacketParser, PacketReader, Step,
    StreamHeader,
};
use lmac::{Decoder, Error, ErrorKind, Result};
use lmac_fuzz::streams;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&[first, second], bytes)) = data.split_first_chunk() else { return Corpus::Reject };
    let stream = if first & 128 != 0 { streams::with_checksums(bytes) } else { bytes.to_vec() };
    if !streams::is_quick(&stream) {
        return Corpus::Reject;
    }
    let mut pulled = Vec::new();
    let end = pull(&stream, &mut pulled);
    let mut pushed = Vec::new();
    let again = push(&stream, usize::from(second), &mut pushed);
    assert_eq!(pulled, pushed);
    let whole = end.is_ok();
    assert_eq!(end.map_err(|error| error.to_string()), again.map_err(|error| error.to_string()));
    decode(&stream, &pulled, whole);
    find(&stream);
    // Bytes that no packet has checked.
    if let Ok(reader) = PacketReader::new(stream.as_slice()) {
        let chunks = ChunkDecoder::new(reader.header(), &streams::options());
        let _ = chunks.map(|chunks| chunks.decode(&stream[reader.header().bytes().len()..]));
    }
    Corpus::Keep
});

fn pull(stream: &[u8], packets: &mut Vec<Packet>) -> Result<()> {
    let mut reader = PacketReader::with_limits(stream, streams::options().limits)?;
    while let Some(packet) = reader.next_packet()? {
        packets.push(packet);
    }
    Ok(())
}

/// Pushes pieces of so many bytes, whatever is wanted, or else what is wanted.
fn push(stream: &[u8], piece: usize, packets: &mut Vec<Packet>) -> Result<()> {
    let mut parser = PacketParser::with_limits(streams::options().limits);
    loop {
        match parser.next_step()? {
            Step::Header(header) => {
                assert_eq!(StreamHeader::parse(header.bytes()).unwrap(), header);
            }
            Step::Packet(packet) => packets.push(packet),
            Step::Wants(range) => {
                assert_eq!(range.start, parser.offset());
                let rest = &stream[range.start as usize..];
                let piece = if piece == 0 { range.end - range.start } else { piece as u64 };
                match rest {
                    [] => parser.end(),
                    _ => parser.push(&rest[..rest.len().min(piece as usize)])?,
                }
            }
            _ => return Ok(()),
        }
    }
}

/// Decodes each chunk alone. A decoder of the whole takes the same chunks, and if packets end
/// well, only audio can be wrong.
fn decode(stream: &[u8], packets: &[Packet], whole: bool) {
    let Ok(reader) = PacketReader::new(stream) else { return };
    let Ok(chunks) = ChunkDecoder::new(reader.header(), &streams::options()) else { return };
    let Ok(mut decoder) = Decoder::with_options(stream, streams::options()) else { return };
    let mut all_decode = true;
    for packet in packets.iter().filter(|packet| packet.kind == PacketKind::Chunk) {
        let chunk = chunks.decode(&packet.bytes);
        let length = packet.frames as usize * reader.header().spec().frame_bytes();
        let mut pcm = vec![0; length];
        let read = decoder.read_exact(&mut pcm).map_err(Error::from);
        if matches!(&read, Err(error) if matches!(error.kind(), ErrorKind::Limit { .. })) {
            // It needs memory for more than a chunk.
            return;
        }
        all_decode &= chunk.is_ok();
        assert!(!all_decode || read.is_ok());
        match chunk {
            Ok(chunk) if all_decode => {
                assert!(chunk.pcm == pcm);
                let mut pieces = chunks.begin(&packet.bytes).unwrap();
                let mut joined = Vec::new();
                while let Some(piece) = pieces.next_frames(7).unwrap() {
                    joined.extend_from_slice(&piece.pcm);
                }
                assert_eq!(joined, pcm);
            }
            Ok(_) => {}
            Err(_) => assert!(read.is_err()),
        }
    }
    if whole && all_decode {
        let end = decoder.read_to_end(&mut Vec::new()).map_err(Error::from);
        assert!(end.is_ok_and(|rest| rest == 0) || decoder_refuses_md5(stream));
    }
}

/// Whether the MD5 of the audio is what a decoder finds wrong.
fn decoder_refuses_md5(stream: &[u8]) -> bool {
    let whole = Decoder::with_options(stream, streams::options())
        .and_then(|mut decoder| Ok(decoder.read_to_end(&mut Vec::new())?));
    matches!(whole.unwrap_err().kind(), ErrorKind::Checksum(_))
}

/// Any bytes at the end of the stream give an index whose places are in the stream.
fn find(stream: &[u8]) {
    let Ok(reader) = PacketReader::new(stream) else { return };
    let mut finder = IndexFinder::new(reader.header(), stream.len() as u64);
    let index = loop {
        let range = finder.wanted();
        match finder.give(&stream[range.start as usize..range.end as usize]) {
            Ok(IndexStep::Further) => {}
            Ok(IndexStep::Found(index)) => break index,
            _ => return,
        }
    };
    for place in index.places() {
        assert!(place.offset <= stream.len() as u64);
        let mut reader = PacketReader::new(Cursor::new(stream)).unwrap();
        let _ = reader.seek(place.first_frame);
        let _ = reader.next_packet();
    }
}
