//! Measures how long the first sound takes: from opening a file, and from a seek, to the first
//! decoded packet.
//!
//! ```sh
//! cargo run --release --example first_sound song.lmac song.flac
//! ```

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::units::Timestamp;

const TIMES: u64 = 15;

fn main() -> Result<(), Box<dyn Error>> {
    println!("| file | first sound, ms | after a seek, ms, median | worst |\n|:--|--:|--:|--:|");
    for path in std::env::args().skip(1) {
        let (mut opening, mut seeking) = (Vec::new(), Vec::new());
        for time in 0..TIMES {
            let begin = Instant::now();
            let (mut reader, mut decoder) = open(&path)?;
            sound(&mut *reader, &mut *decoder, 0)?;
            opening.push(milliseconds(begin));

            let track = reader.default_track(TrackType::Audio).ok_or("no audio")?;
            let (id, frames) = (track.id, track.num_frames.ok_or("the length is not known")?);
            // All over the file, and in no order.
            let frame = (frames * (time * 7 % TIMES) / TIMES + frames / (2 * TIMES)) as i64;
            let begin = Instant::now();
            let to = SeekTo::Timestamp { ts: Timestamp::new(frame), track_id: id };
            reader.seek(SeekMode::Accurate, to)?;
            decoder.reset();
            sound(&mut *reader, &mut *decoder, frame)?;
            seeking.push(milliseconds(begin));
        }
        opening.sort_by(f64::total_cmp);
        seeking.sort_by(f64::total_cmp);
        let middle = TIMES as usize / 2;
        let worst = seeking[seeking.len() - 1];
        println!("| {path} | {:.2} | {:.2} | {worst:.2} |", opening[middle], seeking[middle]);
    }
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

type Opened = (Box<dyn FormatReader>, Box<dyn AudioDecoder>);

fn open(path: &str) -> Result<Opened, Box<dyn Error>> {
    let source = MediaSourceStream::new(Box::new(File::open(path)?), Default::default());
    let probe = lmac_symphonia::get_probe();
    let reader =
        probe.probe(&Default::default(), source, Default::default(), Default::default())?;
    let track = reader.default_track(TrackType::Audio).ok_or("no audio")?;
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err("unknown audio".into());
    };
    let codecs = symphonia::default::get_codecs();
    let decoder = codecs.make_audio_decoder(parameters, &Default::default())?;
    Ok((reader, decoder))
}

/// Decodes up to the first packet that goes beyond this frame.
fn sound(
    reader: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    frame: i64,
) -> Result<(), Box<dyn Error>> {
    loop {
        let packet = reader.next_packet()?.ok_or("the file ends here")?;
        let decoded = decoder.decode(&packet)?;
        if packet.pts.get() + decoded.frames() as i64 > frame {
            return Ok(());
        }
    }
}
