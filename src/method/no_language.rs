//! What stands in place of the language method in a build without it.

use std::convert::Infallible;

use crate::audio::AudioSpec;
use crate::container::item::ChunkHeader;
use crate::error::Result;
use crate::method::Piece;
use crate::method::identity::ModelUse;
use crate::planes::Mapping;
use crate::stream::options::Verify;
use crate::stream::stats::Sections;

/// A coder that there is none of.
pub(crate) struct Coder(Infallible);

impl Coder {
    pub(crate) fn usage(&self) -> &ModelUse {
        match self.0 {}
    }

    pub(crate) fn memory(&self) -> u64 {
        match self.0 {}
    }

    pub(crate) fn smaller(&self, _: Piece<'_>, _: Verify) -> Result<Option<Vec<u8>>> {
        match self.0 {}
    }

    pub(crate) fn decode(
        &self,
        _: &[u8],
        _: usize,
        _: &AudioSpec,
        _: u8,
        _: Mapping,
    ) -> Result<Vec<u8>> {
        match self.0 {}
    }
}

/// Nothing is known of a payload's parts.
pub(crate) fn sections(
    _: &[u8],
    _: &ModelUse,
    _: &AudioSpec,
    _: &ChunkHeader,
) -> Result<Option<Sections>> {
    Ok(None)
}
