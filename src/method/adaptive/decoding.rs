//! Decoding a chunk in pieces.

use bytes::Bytes;

use super::Payload;
use super::coding::{Decode, check_end};
use super::prepare::Prepared;
use crate::audio::AudioSpec;
use crate::error::Result;
use crate::memory;
use crate::method::reading::Symbols;
use crate::numerics::environment::DefaultEnvironment;

/// A chunk that is decoded up to a frame.
pub(crate) struct Decoding {
    spec: AudioSpec,
    wasted: u8,
    frames: usize,
    prepared: Prepared,
    /// The model and its symbols, as long as there are samples to decode.
    coded: Option<(Box<dyn Decode>, Symbols)>,
    /// Frames that were returned.
    done: usize,
}

impl Decoding {
    /// Begins a chunk of this many frames.
    pub(crate) fn new(payload: Bytes, frames: usize, spec: &AudioSpec, wasted: u8) -> Result<Self> {
        let _environment = DefaultEnvironment::enter();
        let Payload { model, mut prepared, tokens, raw } =
            Payload::parse(&payload, frames, spec, wasted)?;
        let (raw, tokens) = (raw.len(), tokens.len());
        prepared.make_room(frames)?;
        let coded = match prepared.coded.is_empty() {
            true => None,
            false => Some((model.decoder(&prepared)?, Symbols::new(payload, raw, tokens))),
        };
        Ok(Decoding { spec: *spec, wasted, frames, prepared, coded, done: 0 })
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
        let Some((model, symbols)) = &mut self.coded else { return Ok(()) };
        let step = end + self.prepared.lead();
        let (reader, fits) = model.decode(&mut self.prepared, symbols.reading(), step);
        if end < self.frames {
            let read = reader.suspend();
            symbols.keep(read);
            return Ok(());
        }
        check_end(&reader, fits)?;
        self.coded = None;
        Ok(())
    }
}
