//! Decoding a chunk in pieces.

use std::ops::Range;

use bytes::Bytes;

use super::Payload;
use super::coding::{Decode, check_end};
use super::prepare::Prepared;
use crate::audio::AudioSpec;
use crate::error::Result;
use crate::memory;
use crate::method::reading::{Reading, SuspendedReading};
use crate::numerics::environment::DefaultEnvironment;

/// A chunk that is decoded up to a frame.
pub(crate) struct Decoding {
    spec: AudioSpec,
    wasted: u8,
    frames: usize,
    payload: Bytes,
    prepared: Prepared,
    /// The model and its bytes, as long as it has samples to decode.
    coded: Option<Coded>,
    /// Frames that were returned.
    done: usize,
}

struct Coded {
    model: Box<dyn Decode>,
    /// The places of the tokens and of the raw bits in the payload.
    tokens: Range<usize>,
    raw: Range<usize>,
    /// The reader; `None` before the first step.
    reading: Option<SuspendedReading>,
}

impl Decoding {
    /// Begins a chunk of this many frames.
    pub(crate) fn new(payload: Bytes, frames: usize, spec: &AudioSpec, wasted: u8) -> Result<Self> {
        let _environment = DefaultEnvironment::enter();
        let Payload { model, mut prepared, tokens, raw } =
            Payload::parse(&payload, frames, spec, wasted)?;
        // The tokens are the last bytes, behind the raw bits.
        let middle = payload.len() - tokens.len();
        let (raw, tokens) = (middle - raw.len()..middle, middle..payload.len());
        prepared.make_room(frames)?;
        let coded = match prepared.coded.is_empty() {
            true => None,
            false => Some(Coded { model: model.decoder(&prepared)?, tokens, raw, reading: None }),
        };
        Ok(Decoding { spec: *spec, wasted, frames, payload, prepared, coded, done: 0 })
    }

    /// Returns the PCM of the next frames, at most this many. Audio that does not come in pieces
    /// comes whole.
    pub(crate) fn next(&mut self, frames: usize) -> Result<Vec<u8>> {
        let _environment = DefaultEnvironment::enter();
        let left = self.frames - self.done;
        let frames = if self.prepared.comes_in_pieces() { frames.min(left) } else { left };
        let end = self.done + frames;
        self.decode_to(end)?;
        let mut pcm = memory::filled(0, frames * self.spec.frame_bytes())?;
        self.prepared.put_pcm(self.done, &self.spec, self.wasted, &mut pcm)?;
        self.done = end;
        Ok(pcm)
    }

    /// Decodes the samples up to a frame, and checks the payload at its end.
    fn decode_to(&mut self, end: usize) -> Result<()> {
        let Some(Coded { model, tokens, raw, reading }) = &mut self.coded else { return Ok(()) };
        let (tokens, raw) = (&self.payload[tokens.clone()], &self.payload[raw.clone()]);
        let reader = match *reading {
            None => Reading::new(tokens, raw),
            Some(state) => Reading::resume(tokens, raw, state),
        };
        let last = end == self.frames;
        let step = end + self.prepared.lead();
        let reader = model.decode(&mut self.prepared, reader, step);
        *reading = Some(reader.suspend());
        if last {
            let fits = model.fits();
            self.coded = None;
            check_end(&reader, fits)?;
        }
        Ok(())
    }
}
