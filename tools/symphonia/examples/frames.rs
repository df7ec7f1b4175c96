//! Prints the MD5 of frames of an audio file that Symphonia reads, `.lmac` streams among them.
//!
//! Each line of standard input has the number of the first frame, a blank, and how many frames.
//! Fewer are taken at the end of the file. With `--raw`, the frames themselves are written:
//! interleaved little-endian PCM in the format of the decoder.
//!
//! ```sh
//! printf '0 44100\n1000000 1\n' | cargo run --release --example frames song.lmac
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::units::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, raw) = match &*arguments {
        [path] => (path, false),
        [raw, path] if raw == "--raw" => (path, true),
        _ => return Err("usage: frames [--raw] FILE".into()),
    };
    let source = MediaSourceStream::new(Box::new(File::open(path)?), Default::default());
    let probe = lmac_symphonia::get_probe();
    let hint = Default::default();
    let mut reader = probe.probe(&hint, source, Default::default(), Default::default())?;
    let track = reader.default_track(TrackType::Audio).ok_or("no audio")?;
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err("unknown audio".into());
    };
    let codecs = symphonia::default::get_codecs();
    let mut decoder = codecs.make_audio_decoder(parameters, &Default::default())?;
    let id = track.id;

    for line in io::stdin().lines() {
        let line = line?;
        let wrong = || format!("the line {line:?} is not two numbers: first frame and count");
        let (first, count) = line.split_once(' ').ok_or_else(wrong)?;
        let first = first.parse().map_err(|_| wrong())?;
        let count = count.parse().map_err(|_| wrong())?;
        let pcm = frames(&mut *reader, &mut *decoder, id, first, count)?;
        if raw {
            io::stdout().write_all(&pcm)?;
        } else {
            println!("{:x}", md5::compute(&pcm));
        }
    }
    Ok(())
}

/// Returns the PCM of `count` frames from `first` on.
fn frames(
    reader: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track_id: u32,
    first: i64,
    count: usize,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let to = SeekTo::Timestamp { ts: Timestamp::new(first), track_id };
    reader.seek(SeekMode::Accurate, to)?;
    decoder.reset();
    let (mut pcm, mut piece, mut needed) = (Vec::new(), Vec::new(), usize::MAX);
    while pcm.len() < needed {
        let Some(packet) = reader.next_packet()? else { break };
        let decoded = decoder.decode(&packet)?;
        if decoded.frames() == 0 {
            continue;
        }
        decoded.copy_bytes_to_vec_interleaved(&mut piece);
        let frame_bytes = piece.len() / decoded.frames();
        needed = count.saturating_mul(frame_bytes);
        // Packets of other formats may begin before the frame.
        let before = usize::try_from(first - packet.pts.get()).unwrap_or(0);
        pcm.extend(piece.drain(..).skip(before.saturating_mul(frame_bytes)));
    }
    pcm.truncate(needed);
    Ok(pcm)
}
