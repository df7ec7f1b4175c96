//! Replacing the tags of a stream. Nothing is decoded, and no other item changes.

use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};

use bytes::Bytes;

use crate::container::item::{block, write_block, write_blocks};
use crate::container::trailer::Trailer;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::stream::end::trailer_bytes;
use crate::stream::info::StreamInfo;
use crate::stream::items::{Items, check};
use crate::stream::options::Limits;
use crate::stream::tags::StoredTags;
use crate::tags::{BLOCK_HEADER, Tags, run_length, write_padded, write_run};

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 18;

/// Replaces the tags of a stream, and nothing else: audio, checksums and the source file's bytes
/// stay as they are.
///
/// [`rewrite`](Self::rewrite) writes new tags over the old ones, if they [fit](Self::fits);
/// [`copy`](Self::copy) writes the whole stream with new tags to another place.
///
/// ```
/// use std::io::Cursor;
/// use lmac::{AudioSpec, Inspector, SampleFormat, TagEditor};
///
/// let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// let mut editor = TagEditor::open(Cursor::new(stream))?;
/// let mut tags = editor.tags()?;
/// tags.set("TITLE", "Aria")?;
/// let mut edited = Vec::new();
/// editor.copy(&tags, 1000, &mut edited)?;
/// assert_eq!(Inspector::new(edited.as_slice())?.tags()?, tags);
/// assert_eq!(lmac::decode(&edited)?.1, [1, 2, 3, 4]);
///
/// // There is room for more now.
/// let mut editor = TagEditor::open(Cursor::new(edited))?;
/// tags.set("ARTIST", "Ada")?;
/// assert!(editor.fits(&tags)?);
/// let edited = editor.rewrite(&tags)?.into_inner();
/// assert_eq!(Inspector::new(edited.as_slice())?.tags()?, tags);
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct TagEditor<F> {
    items: Items<F>,
    info: StreamInfo,
    head: Bytes,
    stored: StoredTags,
    /// Where the stream begins in the file.
    base: u64,
    /// Where the tags blocks begin, or would begin.
    start: u64,
    /// Where the item behind them begins.
    end: u64,
    /// Bytes of data in each tags block.
    blocks: Vec<usize>,
}

impl<F: Read + Seek> TagEditor<F> {
    /// Opens a stream that begins at the file's position.
    ///
    /// Tags blocks that are damaged can be replaced. If the item behind them is damaged too, the
    /// stream is refused.
    pub fn open(mut file: F) -> Result<Self> {
        let base = file.stream_position()?;
        let mut items = Items::open(file)?;
        let mut head = Vec::new();
        items.read_head(|data| memory::append(&mut head, data))?;
        let info = StreamInfo::new(items.header(), head.len() as u64);
        let start = items.input.offset();
        let mut blocks = Vec::new();
        while let Some((header, whole)) = items.tags_header()? {
            blocks.push(header.length);
            items.input.seek(items.input.offset() + whole)?;
        }
        let end = items.input.offset();
        let stream = items.stream.clone();
        // If what follows is whole, this is where it begins.
        let follows = check(&mut items.input, &stream, 0, &mut { u64::MAX });
        follows.map_err(|error| match error.is_damage() {
            true => Error::malformed(format!("behind the tags, at byte {end}: {error}")),
            false => error,
        })?;
        items.go_to(start, 0, 0)?;
        let stored = items.read_tags(Limits::default().memory)?;
        let head = head.into();
        Ok(TagEditor { items, info, head, stored, base, start, end, blocks })
    }

    /// Returns what the stream says about itself before its first chunk.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Returns whether the stream has tags of its own.
    pub fn has_own(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Returns whether the stream's own tags are damaged.
    pub fn are_damaged(&self) -> bool {
        self.stored.are_damaged()
    }

    /// Returns the stream's own tags, or else those in its source file's head and tail.
    pub fn tags(&mut self) -> Result<Tags> {
        match self.stored.parse()? {
            Some(tags) => Ok(tags),
            None => self.items.source_tags(&self.head, Limits::default().memory),
        }
    }

    /// Returns whether these tags can be written over the old ones.
    pub fn fits(&self, tags: &Tags) -> Result<bool> {
        Ok(self.space_beside(tags)?.is_some())
    }

    /// Bytes that are left for padding in the tags blocks: none, or at least those of a header.
    fn space_beside(&self, tags: &Tags) -> Result<Option<usize>> {
        let room: usize = self.blocks.iter().sum();
        let left = room.checked_sub(run_length(tags)?).filter(|_| room > 0);
        Ok(left.filter(|&left| left == 0 || left >= BLOCK_HEADER))
    }

    /// Writes the stream with these tags, and returns the bytes written.
    ///
    /// `padding` bytes are left for tags that are added later.
    pub fn copy<W: Write>(&mut self, tags: &Tags, padding: u32, mut writer: W) -> Result<u64> {
        let bytes = trailer_bytes(&mut self.items.input)?;
        let no_trailer = || Error::new(ErrorKind::Truncated).at(Place::Trailer);
        let bytes = bytes.ok_or_else(no_trailer)?;
        let (mut trailer, _) = Trailer::parse(&bytes, &self.items.stream)?;
        let trailer_start = self.items.input.length()? - bytes.len() as u64;

        let run = write_padded(tags, padding)?;
        let mut blocks = Vec::new();
        write_blocks(block::TAGS, &run, self.items.stream.id, |block| {
            memory::append(&mut blocks, block)
        })?;
        let behind = self.start + blocks.len() as u64;
        for (number, entry) in trailer.index.entries.iter_mut().enumerate() {
            let moved = entry.offset.checked_sub(self.end).and_then(|at| at.checked_add(behind));
            entry.offset = moved.ok_or_else(|| {
                let (offset, end) = (entry.offset, self.end);
                Error::malformed(format!(
                    "entry {number} of the index has the offset {offset}; chunks begin at {end}"
                ))
                .at(Place::Trailer)
            })?;
        }
        if trailer_start < self.end {
            return Err(no_trailer());
        }
        let trailer = trailer.write(&self.items.stream);
        self.copy_part(0, self.start, &mut writer)?;
        writer.write_all(&blocks)?;
        self.copy_part(self.end, trailer_start, &mut writer)?;
        writer.write_all(&trailer)?;
        writer.flush()?;
        Ok(behind + (trailer_start - self.end) + trailer.len() as u64)
    }

    fn copy_part<W: Write>(&mut self, from: u64, to: u64, writer: &mut W) -> Result<()> {
        let input = &mut self.items.input;
        input.seek(from)?;
        let mut left = to - from;
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            if !input.fill(piece)? {
                return Err(Error::new(ErrorKind::Truncated));
            }
            writer.write_all(&input.window()[..piece])?;
            input.consume(piece);
            left -= piece as u64;
        }
        Ok(())
    }

    /// Returns the file. Its position may be anywhere.
    pub fn into_inner(self) -> F {
        self.items.input.into_inner()
    }
}

impl<F: Read + Write + Seek> TagEditor<F> {
    /// Writes these tags over the old ones, and returns the file. Fails if they do not
    /// [fit](Self::fits).
    ///
    /// The bytes are written in one call, and nothing else of the file changes. If it is
    /// interrupted, by a power failure for instance, the tags blocks may be damaged: decoders
    /// report this and recovery reads all audio, and another edit replaces the tags.
    pub fn rewrite(self, tags: &Tags) -> Result<F> {
        let Some(space) = self.space_beside(tags)? else {
            let (needed, room) = (run_length(tags)?, self.blocks.iter().sum::<usize>());
            return Err(Error::argument(format!(
                "the new tags take {needed} bytes; there is room for {room}, or for at least \
                 {BLOCK_HEADER} bytes less"
            )));
        };
        let run = write_run(tags, space)?;
        let mut blocks = Vec::new();
        let mut rest = run.as_slice();
        for &length in &self.blocks {
            let (part, more) = rest.split_at(length);
            memory::append(&mut blocks, &write_block(block::TAGS, part, self.items.stream.id)?)?;
            rest = more;
        }
        debug_assert_eq!(blocks.len() as u64, self.end - self.start);
        let at = self.base + self.start;
        let mut file = self.items.input.into_inner();
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&blocks)?;
        file.flush()?;
        Ok(file)
    }
}

impl<F> fmt::Debug for TagEditor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagEditor")
            .field("info", &self.info)
            .field("blocks", &self.blocks)
            .finish_non_exhaustive()
    }
}
