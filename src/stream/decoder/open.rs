//! Opening a stream whose reader can seek, and a damaged one.

use std::io::{Read, Seek};

use super::Decoder;
use super::recovery::{Recovery, TRIALS, repaired_header};
use super::search::{begins_item, find_item};
use crate::container::header::{Header, Sealed};
use crate::container::item::ItemHeader;
use crate::error::{Error, Place, Result};
use crate::stream::damage::Damage;
use crate::stream::end::header_from_trailer;
use crate::stream::input::Input;
use crate::stream::items::Items;
use crate::stream::options::DecodeOptions;

impl<R: Read + Seek> Decoder<R> {
    /// Opens a decoder with these options, and reads the trailer at the end of the reader as well:
    /// [`total_frames`](Decoder::total_frames) is known at once, unless no trailer is there.
    pub fn open(reader: R, options: DecodeOptions) -> Result<Self> {
        let mut decoder = Self::with_options(reader, options)?;
        decoder.intake.items.load_trailer()?;
        Ok(decoder)
    }

    /// Opens a decoder for a file that may be damaged.
    ///
    /// Silence replaces damaged parts, and [`damage`](Decoder::damage) tells what was lost.
    /// A damaged header is replaced with its copy in the trailer; without a copy, a single
    /// wrong byte is found by the header's checksum.
    pub fn recover(reader: R, options: DecodeOptions) -> Result<Self> {
        let mut input = Input::new(reader);
        let error = match input.parse(Header::parse) {
            Ok(stream) if belongs(&mut input, &stream)? => {
                return Self::recovering(input, stream, Damage::default(), options);
            }
            Ok(_) => Error::malformed("it belongs to another stream"),
            Err(error) => error,
        };
        let Some(copy) = header_from_trailer(&mut input)? else {
            input.seek(0)?;
            let (stream, damage) = repaired_header(&mut input, error)?;
            input.seek(stream.bytes.len() as u64)?;
            return Self::recovering(input, stream, damage, options);
        };
        // If bytes of the header are missing, what follows begins earlier.
        input.seek(copy.bytes.len() as u64)?;
        if !begins_item(&mut input, &copy, &mut { TRIALS })? {
            input.seek(0)?;
        }
        let mut damage = Damage { header_restored: true, ..Damage::default() };
        damage.note(&error.at(Place::Header));
        Self::recovering(input, copy, damage, options)
    }
}

impl<R: Read> Decoder<R> {
    /// Opens a decoder for a damaged stream whose reader cannot seek, such as a pipe.
    ///
    /// It is like [`recover`](Decoder::recover), but the copy of the header comes too late:
    /// only a single wrong byte of the header is repaired.
    pub fn recover_in_one_pass(reader: R, options: DecodeOptions) -> Result<Self> {
        let mut input = Input::new(reader);
        let (stream, damage) = match input.parse(Header::parse) {
            Ok(stream) => (stream, Damage::default()),
            Err(error) => repaired_header(&mut input, error)?,
        };
        input.consume(stream.bytes.len());
        Self::recovering(input, stream, damage, options)
    }

    fn recovering(
        input: Input<R>,
        stream: Sealed,
        damage: Damage,
        options: DecodeOptions,
    ) -> Result<Self> {
        let items = Items::new(input, stream, TRIALS);
        Self::with_items(items, Some(Recovery::new(damage)), options)
    }
}

/// Whether the stream has an item of this header, or no other header to choose. The position
/// is behind the header afterwards.
fn belongs<R: Read + Seek>(input: &mut Input<R>, stream: &Sealed) -> Result<bool> {
    let body = stream.bytes.len() as u64;
    input.seek(body)?;
    if begins_item(input, stream, &mut { TRIALS })? {
        return Ok(true);
    }
    let copy = header_from_trailer(input)?.filter(|copy| copy.bytes != stream.bytes);
    let mut belongs = true;
    if let Some(copy) = &copy {
        // Both are sound: the first item decides which of them is right.
        for header in [stream, copy] {
            input.seek(body)?;
            let found = find_item(input, header, &mut { TRIALS })?;
            // The trailer always fits the copy that it holds.
            if found && ItemHeader::looks_like(input.window()) {
                belongs = header.bytes == stream.bytes;
                break;
            }
        }
    }
    input.seek(body)?;
    Ok(belongs)
}
