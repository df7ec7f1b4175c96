//! The head of a WAV file: everything up to the audio.

use std::io::Read;

use byteorder::{ByteOrder, LittleEndian};

use super::foreign;
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::MAX_HEAD;
use crate::error::{Error, Result};
use crate::memory;
use crate::stream::input::Input;

/// What stands before the audio, and what it says.
#[derive(Debug)]
pub(super) struct WavHead {
    /// All bytes before the audio.
    pub(super) bytes: Vec<u8>,
    pub(super) spec: AudioSpec,
    /// Bytes of audio, where the head knows.
    pub(super) data_length: Option<u64>,
}

const TAG_PCM: u16 = 1;
const TAG_FLOAT: u16 = 3;
const TAG_EXTENSIBLE: u16 = 0xFFFE;

/// A length that stands for "not known" or "see ds64".
const UNKNOWN: u32 = u32::MAX;

impl WavHead {
    /// Reads up to the first byte of audio.
    pub(super) fn read<R: Read>(input: &mut Input<R>) -> Result<WavHead> {
        input.fill(12)?;
        let start = &input.window()[..input.window().len().min(12)];
        let is_wave = start.len() == 12
            && [b"RIFF", b"RF64", b"BW64"].contains(&start[..4].try_into().unwrap_or(&[0; 4]))
            && &start[8..] == b"WAVE";
        if !is_wave {
            return Err(Error::input(foreign::describe(start)));
        }
        let riff_length = LittleEndian::read_u32(&start[4..]);
        let mut bytes = start.to_vec();
        input.consume(12);

        let mut spec = None;
        let mut long_data = None;
        let data_length = loop {
            let header = bytes.len();
            if !take(input, 8, &mut bytes)? {
                return Err(Error::input(
                    "this WAV file has no audio: it ends without a data chunk",
                ));
            }
            let length = LittleEndian::read_u32(&bytes[header + 4..]);
            if &bytes[header..header + 4] == b"data" {
                break length;
            }
            let padded = u64::from(length) + u64::from(length % 2);
            let id = bytes[header..header + 4].escape_ascii().to_string();
            // The header of the data chunk is to have room as well.
            if bytes.len() as u64 + padded + 8 > MAX_HEAD as u64 {
                return Err(Error::input(format!(
                    "the \"{id}\" chunk of this WAV file says that it has {length} bytes; more \
                     than {} MiB before the audio cannot be kept",
                    MAX_HEAD >> 20
                )));
            }
            if !take(input, padded as usize, &mut bytes)? {
                return Err(Error::input(format!("this WAV file ends within its \"{id}\" chunk")));
            }
            let body = &bytes[header + 8..];
            match id.as_str() {
                "fmt " => spec = Some(parse_format(&body[..length as usize])?),
                "ds64" if length >= 16 => long_data = Some(LittleEndian::read_u64(&body[8..])),
                _ => {}
            }
        };
        let spec = spec.ok_or_else(|| {
            Error::input("this WAV file does not say what its audio is: a fmt chunk is missing")
        })?;

        // A program that writes to a pipe leaves lengths at all ones or zero. Then the
        // audio goes on to the end. So it does where the head says that nothing follows,
        // and something does.
        let nothing_follows =
            u64::from(riff_length) + 8 <= bytes.len() as u64 || riff_length == UNKNOWN;
        let data_length = match data_length {
            UNKNOWN => long_data.filter(|&length| length != 0 && length != u64::MAX),
            0 if nothing_follows && input.fill(1)? => None,
            known => Some(u64::from(known)),
        };
        Ok(WavHead { bytes, spec, data_length })
    }
}

/// Whether these bytes are a head from its first byte to the last one before the audio.
pub(crate) fn is_whole_head(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    WavHead::read(&mut input).is_ok_and(|head| head.bytes.len() == bytes.len())
}

/// Appends the next bytes of the input, as they arrive; `false` where there are fewer.
fn take<R: Read>(input: &mut Input<R>, mut length: usize, bytes: &mut Vec<u8>) -> Result<bool> {
    while length > 0 {
        if !input.fill(1)? {
            return Ok(false);
        }
        let here = length.min(input.window().len());
        memory::append(bytes, &input.window()[..here])?;
        input.consume(here);
        length -= here;
    }
    Ok(true)
}

fn parse_format(body: &[u8]) -> Result<AudioSpec> {
    if body.len() < 16 {
        return Err(Error::input(format!(
            "the fmt chunk of this WAV file has {} bytes where at least 16 are due",
            body.len()
        )));
    }
    let field = |at: usize| LittleEndian::read_u16(&body[at..]);
    let (mut tag, channels, frame_bytes, bits) = (field(0), field(2), field(12), field(14));
    let rate = LittleEndian::read_u32(&body[4..]);
    let mut valid = bits;
    let mut mask = None;
    if tag == TAG_EXTENSIBLE {
        if body.len() < 40 {
            return Err(Error::input("the extensible fmt chunk of this WAV file is too short"));
        }
        mask = Some(LittleEndian::read_u32(&body[20..]));
        tag = field(24);
        if (1..bits).contains(&field(18)) {
            valid = field(18);
        }
    }
    if tag != TAG_PCM && tag != TAG_FLOAT {
        return Err(Error::input(foreign::describe_coding(tag)));
    }
    if channels == 0 {
        return Err(Error::input("this WAV file says that it has no channels"));
    }
    let container = u32::from(frame_bytes) / u32::from(channels) * 8;
    let whole = frame_bytes % channels == 0 && u32::from(valid) <= container && valid > 0;
    let format = match tag {
        TAG_FLOAT if u32::from(bits) == container => SampleFormat::float(container),
        TAG_FLOAT => None,
        _ => SampleFormat::integer(container),
    };
    let Some(format) = format.filter(|_| whole) else {
        let kind = if tag == TAG_FLOAT { "float" } else { "PCM" };
        return Err(Error::input(format!(
            "{kind} samples of {bits} bits in frames of {frame_bytes} bytes for {channels} \
             channels cannot be carried; 8, 16, 24 and 32-bit PCM and 32 and 64-bit float can"
        )));
    };
    let mut spec = AudioSpec::new(format, channels, rate);
    spec.channel_mask = mask;
    if !format.is_float() {
        spec.valid_bits = valid as u8;
    }
    Ok(spec)
}
