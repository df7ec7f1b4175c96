//! What stands where in a payload.

use crate::audio::AudioSpec;
use crate::container::item::ChunkHeader;
use crate::error::{Error, Result};
use crate::memory;
use crate::method::Sections;
use crate::method::identity::ModelUse;
use crate::method::language::text::Arrangement;
use crate::planes::{Mapping, PlaneKind, read_kinds, write_kinds};

/// The flag of a chunk whose tokens are characters in a stream where others are not.
const CHARACTERS: u8 = 1;

/// The parts of a payload.
pub(super) struct Payload<'a> {
    /// Whether the tokens are characters, whatever the stream's are.
    pub(super) characters: bool,
    pub(super) kinds: Vec<PlaneKind>,
    pub(super) planes: &'a [u8],
    pub(super) tokens: &'a [u8],
}

impl<'a> Payload<'a> {
    pub(super) fn split(payload: &'a [u8], arrangement: &Arrangement) -> Result<Self> {
        let short = || Error::malformed("the payload is too short");
        let (&flags, rest) = payload.split_first().ok_or_else(short)?;
        if flags & !CHARACTERS != 0 {
            return Err(Error::unsupported("an unknown flag of the language method"));
        }
        let bytes = arrangement.bytes();
        let (kinds, rest) = rest.split_at_checked(bytes.div_ceil(4)).ok_or_else(short)?;
        let kinds = read_kinds(kinds, bytes)?;
        let packed = kinds.iter().filter(|&&kind| kind == PlaneKind::Packed).count();
        let samples = arrangement.length() / bytes;
        let (planes, tokens) =
            rest.split_at_checked((packed * samples).div_ceil(8)).ok_or_else(short)?;
        Ok(Payload { characters: flags & CHARACTERS != 0, kinds, planes, tokens })
    }

    /// Bytes before planes and tokens, where a sample has so many.
    pub(super) fn head_bytes(bytes: usize) -> usize {
        1 + bytes.div_ceil(4)
    }

    /// The whole payload.
    pub(super) fn join(&self) -> Result<Vec<u8>> {
        let mut payload = vec![if self.characters { CHARACTERS } else { 0 }];
        payload.extend(write_kinds(&self.kinds));
        memory::append(&mut payload, self.planes)?;
        memory::append(&mut payload, self.tokens)?;
        Ok(payload)
    }
}

/// Returns the sizes of a payload's parts.
pub(crate) fn sections(
    payload: &[u8],
    usage: &ModelUse,
    spec: &AudioSpec,
    chunk: &ChunkHeader,
) -> Result<Sections> {
    let arrangement = arrangement(usage, spec, chunk.frames as usize, chunk.wasted, chunk.mapping)?;
    let payload = Payload::split(payload, &arrangement)?;
    Ok(Sections {
        token_bytes: payload.tokens.len() as u64,
        plane_bytes: payload.planes.len() as u64,
        planes: payload.kinds.iter().map(|&kind| kind.letter()).collect(),
    })
}

/// The arrangement of a chunk in a stream that uses its model like this.
pub(super) fn arrangement(
    usage: &ModelUse,
    spec: &AudioSpec,
    frames: usize,
    wasted: u8,
    mapping: Mapping,
) -> Result<Arrangement> {
    Arrangement::new(spec, frames, wasted, mapping, usage.context as usize, usage.blocking as usize)
        .ok_or_else(|| Error::malformed("a frame that is longer than a context"))
}
