//! The items of a stream, read one after the other.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;

use crate::container::header::{Header, Sealed};
use crate::container::item::{BlockHeader, ChunkHeader, ItemHeader, Parsed, block, checksum_holds};
use crate::container::trailer::Trailer;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::stream::input::Input;
use crate::stream::options::Limits;
use crate::stream::sequence::check_head_length;

/// Bytes of memory that are needed beside the payload of a chunk.
const READER_MEMORY: u64 = 2 << 20;

/// A whole item whose checksum is right.
pub(crate) enum Item {
    Chunk(ChunkHeader, Bytes),
    Block(Block),
    Trailer(Trailer),
}

/// A block of any type.
pub(crate) struct Block {
    pub(crate) header: BlockHeader,
    pub(crate) data: Bytes,
}

/// Reads the items of a stream and counts its chunks.
pub(crate) struct Items<R> {
    pub(crate) input: Input<R>,
    pub(crate) stream: Arc<Sealed>,
    /// Offset of the first item that is not part of the source file's head.
    pub(crate) body: u64,
    /// Chunks up to here.
    pub(crate) chunks: u64,
    /// Frames up to here.
    pub(crate) frames: u64,
    /// The trailer, once it was read.
    pub(crate) trailer: Option<Trailer>,
    /// Bytes that may be read of items that turn out not to be whole. Only recovery goes on
    /// after such an item and sets a limit.
    pub(crate) trials: u64,
}

impl<R: Read> Items<R> {
    /// Reads the header of a stream.
    pub(crate) fn open(reader: R) -> Result<Self> {
        let mut input = Input::new(reader);
        let stream = input.parse(Header::parse)?;
        input.consume(stream.bytes.len());
        Ok(Self::new(input, stream, u64::MAX))
    }

    /// The items from the position of `input` on.
    pub(crate) fn new(input: Input<R>, stream: Sealed, trials: u64) -> Self {
        Items {
            body: input.offset(),
            input,
            stream: Arc::new(stream),
            chunks: 0,
            frames: 0,
            trailer: None,
            trials,
        }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.stream.header
    }

    /// Fails unless the limits allow the payload of a chunk, which is copied while it arrives.
    pub(crate) fn check_memory(&self, limits: Limits) -> Result<()> {
        let pcm = self.header().chunk_frames * self.header().spec.frame_bytes() as u64;
        let (needed, allowed) = (3 * pcm + READER_MEMORY, limits.memory);
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(())
    }

    /// The chunk that is due, for errors.
    pub(crate) fn place(&self) -> Place {
        Place::Chunk(self.chunks)
    }

    /// Reads the next item. After an error the position is the same as before.
    pub(crate) fn read(&mut self) -> Result<Item> {
        let checked = self.check()?;
        Ok(self.take(checked).0)
    }

    /// Checks the next item, which stays where it is.
    pub(crate) fn check(&mut self) -> Result<Checked> {
        check(&mut self.input, &self.stream, self.chunks, &mut self.trials)
    }

    /// Takes an item that was checked, and all of its bytes.
    pub(crate) fn take(&mut self, checked: Checked) -> (Item, Bytes) {
        let (item, header, length, data) = match checked {
            Checked::Trailer(trailer, length) => {
                return (Item::Trailer(trailer), self.input.take(length));
            }
            Checked::Item { item, header, length, data } => (item, header, length, data),
        };
        let whole = self.input.take(length);
        let body = whole.slice(header..header + item.body_length() as usize);
        let item = match item {
            ItemHeader::Chunk(chunk) => Item::Chunk(chunk, body),
            ItemHeader::Block(header) => Item::Block(Block { header, data: data.unwrap_or(body) }),
        };
        (item, whole)
    }

    /// Reads the blocks of the source file's head and passes their bytes to `take`. Returns
    /// whether there were any and an item follows them.
    pub(crate) fn read_head(&mut self, take: impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        if !self.header().source.keeps_head() {
            return Ok(true);
        }
        let read = self.read_head_blocks(take);
        self.body = self.input.offset();
        read
    }

    fn read_head_blocks(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let stream = Arc::clone(&self.stream);
        let mut length = 0;
        loop {
            let next = self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
            match next.map(|parsed| parsed.item) {
                Ok(ItemHeader::Block(header)) if header.kind == block::HEAD => {}
                Ok(_) => return Ok(length > 0),
                Err(error) if error.is_damage() => {
                    return Ok(length > 0 && Trailer::looks_like(self.input.window()));
                }
                Err(error) => return Err(error),
            }
            if let Item::Block(block) = self.read()? {
                take(&block.data)?;
                length += block.data.len();
            }
            check_head_length(length).map_err(|error| error.at(Place::Block(0)))?;
        }
    }

    /// The header of the next chunk, at the start of the window, and the length of the whole
    /// chunk; `None` where something other than a chunk or block follows.
    pub(crate) fn next_chunk_header(&mut self) -> Result<Option<(ChunkHeader, u64)>> {
        let stream = Arc::clone(&self.stream);
        loop {
            if !self.input.fill(1)? {
                return Err(Error::new(ErrorKind::Truncated).at(self.place()));
            }
            if !ItemHeader::looks_like(&self.input.window()[..1]) {
                return Ok(None);
            }
            let parsed = self
                .input
                .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
                .map_err(|error| error.at(self.place()))?;
            let whole = parsed.whole_length() as u64;
            match parsed.item {
                ItemHeader::Chunk(chunk) => {
                    self.check_in_place(&chunk)?;
                    return Ok(Some((chunk, whole)));
                }
                ItemHeader::Block(_) => {
                    self.input.skip(whole).map_err(|error| error.at(self.place()))?;
                }
            }
        }
    }

    /// Fails unless this chunk is the one that is due.
    pub(crate) fn check_in_place(&self, chunk: &ChunkHeader) -> Result<()> {
        let (first, due) = (chunk.first_frame, self.frames);
        if first == due {
            return Ok(());
        }
        Err(Error::malformed(format!("it begins at frame {first}; frame {due} is due"))
            .at(self.place()))
    }

    /// Counts a chunk that was read or skipped.
    pub(crate) fn count(&mut self, chunk: &ChunkHeader) {
        self.chunks += 1;
        self.frames += chunk.frames;
    }
}

/// An item or trailer at the start of a window.
pub(crate) enum Checked {
    Trailer(Trailer, usize),
    /// An item with the lengths of its header and of all of it.
    Item {
        item: ItemHeader,
        header: usize,
        length: usize,
        /// The data of a block, if they are not what is stored.
        data: Option<Bytes>,
    },
}

/// Checks the item at the start of the window, which `chunks` chunks precede. It stays in the
/// window. The bytes of an item that is not whole are taken off `trials`.
pub(crate) fn check<R: Read>(
    input: &mut Input<R>,
    stream: &Sealed,
    chunks: u64,
    trials: &mut u64,
) -> Result<Checked> {
    let chunk = Place::Chunk(chunks);
    if !input.fill(1)? {
        return Err(Error::new(ErrorKind::Truncated).at(chunk));
    }
    if !ItemHeader::looks_like(&input.window()[..1]) {
        let (trailer, length) = input.parse(|bytes| Trailer::parse(bytes, stream))?;
        return Ok(Checked::Trailer(trailer, length));
    }
    let parsed = input
        .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
        .map_err(|error| error.at(chunk))?;
    // Little more than the PCM of a chunk, which the limits allow.
    let length = parsed.whole_length();
    let Parsed { item, length: header, fault } = parsed;
    let place = match item {
        ItemHeader::Chunk(_) => chunk,
        ItemHeader::Block(_) => Place::Block(chunks),
    };
    let left = trials
        .checked_sub(item.body_length())
        .ok_or_else(|| Error::malformed("too many bytes before it belong to no item").at(place))?;
    let before = std::mem::replace(trials, left);
    if !input.fill(length)? {
        return Err(Error::new(ErrorKind::Truncated).at(place));
    }
    if !checksum_holds(&input.window()[..length], stream.id) {
        return Err(Error::new(ErrorKind::Checksum("stored bytes")).at(place));
    }
    if let Some(fault) = fault {
        return Err(fault.at(place));
    }
    let data = match &item {
        ItemHeader::Block(block) => block
            .expand(&input.window()[header..header + block.length])
            .map_err(|error| error.at(place))?
            .map(Bytes::from),
        ItemHeader::Chunk(_) => None,
    };
    *trials = before;
    Ok(Checked::Item { item, header, length, data })
}
