//! A stream that is pushed in pieces, or pulled from a reader: the same packets and the same
//! error. Each chunk decodes on its own to what a decoder of the whole returns.

#![no_main]

use std::io::Read;

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::packets::{ChunkDecoder, Packet, PacketKind, PacketParser, PacketReader, Step};
use lmac::{Decoder, Result};
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
    assert_eq!(end.map_err(|error| error.to_string()), again.map_err(|error| error.to_string()));
    decode(&stream, &pulled);
    Corpus::Keep
});

fn pull(stream: &[u8], packets: &mut Vec<Packet>) -> Result<()> {
    let mut reader = PacketReader::with_limits(stream, streams::options().limits)?;
    while let Some(packet) = reader.next_packet()? {
        packets.push(packet);
    }
    Ok(())
}

/// Pushes what is wanted and a few bytes `more`.
fn push(stream: &[u8], more: usize, packets: &mut Vec<Packet>) -> Result<()> {
    let mut parser = PacketParser::with_limits(streams::options().limits);
    loop {
        match parser.next_step()? {
            Step::Header(_) => {}
            Step::Packet(packet) => packets.push(packet),
            Step::Wants(range) => {
                let rest = &stream[range.start as usize..];
                let wanted = (range.end - range.start) as usize;
                if rest.is_empty() {
                    parser.end();
                }
                parser.push(&rest[..rest.len().min(wanted + more)])?;
            }
            Step::End => return Ok(()),
        }
    }
}

fn decode(stream: &[u8], packets: &[Packet]) {
    let Ok(reader) = PacketReader::new(stream) else { return };
    let Ok(chunks) = ChunkDecoder::new(reader.header(), &streams::options()) else { return };
    let Ok(mut decoder) = Decoder::with_options(stream, streams::options()) else { return };
    for packet in packets.iter().filter(|packet| packet.kind == PacketKind::Chunk) {
        let Ok(chunk) = chunks.decode(&packet.bytes) else { return };
        assert_eq!(chunk.first_frame, packet.first_frame);
        let mut pcm = vec![0; chunk.pcm.len()];
        if decoder.read_exact(&mut pcm).is_err() {
            return;
        }
        assert!(chunk.pcm == pcm);
    }
}
