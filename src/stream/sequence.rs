//! The order in which the items of a stream may come.

use crate::container::MAX_HEAD;
use crate::container::header::Header;
use crate::container::item::{BlockHeader, block};
use crate::container::source::SourceKind;
use crate::container::trailer::{Index, IndexEntry, Trailer};
use crate::error::{Error, Place, Result};

/// What came so far, as far as it bears on what may follow.
pub(crate) struct Sequence {
    part: Part,
    /// Bytes in tail blocks, once there was one.
    pub(crate) tail: Option<u64>,
    /// Where the chunks are, as long as all were read.
    pub(crate) index: Option<Index>,
}

/// Fails if the head blocks hold too many bytes.
pub(crate) fn check_head_length(bytes: usize) -> Result<()> {
    match bytes > MAX_HEAD {
        true => Err(Error::malformed(format!(
            "the head blocks hold {bytes} bytes; at most {MAX_HEAD} are allowed"
        ))),
        false => Ok(()),
    }
}

/// The part of a stream that blocks before the first chunk have reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Blocks of the source file's head, with so many bytes.
    Head(usize),
    Tags,
    Body,
}

/// What a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockUse {
    Head,
    Tags,
    Decisions,
    Tail,
    /// It is passed over.
    Nothing,
}

impl Sequence {
    /// The sequence from the header on.
    pub(crate) fn from_header() -> Self {
        Sequence { part: Part::Head(0), tail: None, index: Some(Index::default()) }
    }

    /// The sequence behind the blocks with the source file's head and with tags.
    pub(crate) fn from_body() -> Self {
        Sequence { part: Part::Body, ..Self::from_header() }
    }

    /// The sequence from any chunk on.
    pub(crate) fn from_chunk() -> Self {
        Sequence { index: None, ..Self::from_body() }
    }

    /// Takes a block with so many bytes of data, if it may come now. After an error, nothing has
    /// changed.
    pub(crate) fn block(
        &mut self,
        block: &BlockHeader,
        length: usize,
        header: &Header,
    ) -> Result<BlockUse> {
        let before = self.part;
        let (part, found) = match block.kind {
            block::HEAD => match before {
                Part::Head(bytes) if header.source.keeps_head() => {
                    check_head_length(bytes + length)?;
                    (Part::Head(bytes + length), BlockUse::Head)
                }
                _ => {
                    let message = "a head block must come before all other items";
                    return Err(Error::malformed(message));
                }
            },
            block::TAGS if !block.critical && before != Part::Body => (Part::Tags, BlockUse::Tags),
            block::TAIL if header.source == SourceKind::Samples => {
                let message = "a tail block needs a source file; the stream has none";
                return Err(Error::malformed(message));
            }
            block::TAIL => {
                *self.tail.get_or_insert(0) += length as u64;
                (Part::Body, BlockUse::Tail)
            }
            block::DECISIONS if self.tail.is_some() => {
                let message = "decisions stand behind the tail of the source file";
                return Err(Error::malformed(message));
            }
            block::DECISIONS if header.source == SourceKind::Flac => {
                (Part::Body, BlockUse::Decisions)
            }
            kind if block.critical => {
                return Err(Error::unsupported(format!(
                    "a critical block has the unknown type {kind}"
                )));
            }
            _ => (Part::Body, BlockUse::Nothing),
        };
        self.part = part;
        Ok(found)
    }

    /// Fails if a chunk comes after the source file's tail.
    pub(crate) fn check_chunk(&self) -> Result<()> {
        match self.tail {
            None => Ok(()),
            Some(_) => Err(Error::malformed("it follows the tail of the source file")),
        }
    }

    /// Counts a chunk.
    pub(crate) fn count(&mut self, entry: IndexEntry) {
        self.part = Part::Body;
        if let Some(index) = &mut self.index {
            index.push(entry);
        }
    }

    /// Checks a trailer against what came before it: chunks with so many frames.
    pub(crate) fn check_trailer(
        &self,
        trailer: &Trailer,
        header: &Header,
        frames: u64,
    ) -> Result<()> {
        let tail = self.tail.unwrap_or(0);
        let moved = self.index.as_ref().and_then(|index| trailer.index.difference(index));
        let wrong = if trailer.total_frames != frames {
            let total = trailer.total_frames;
            format!("it counts {total} frames; the chunks have {frames}")
        } else if trailer.tail_length != tail {
            let length = trailer.tail_length;
            format!("it counts {length} bytes after the audio; the tail blocks have {tail}")
        } else if trailer.pad && !header.source.may_have_pad() {
            "it has a pad byte; only a WAV file can have one".into()
        } else if trailer.pad && self.tail.is_some() {
            "it has a pad byte after a tail block".into()
        } else if let Some(moved) = moved {
            moved
        } else {
            return Ok(());
        };
        Err(Error::malformed(wrong).at(Place::Trailer))
    }
}
