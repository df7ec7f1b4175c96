//! The bytes that a reader reads.

use std::io::{Read, Result, Seek, SeekFrom};

use symphonia::core::io::{MediaSource, MediaSourceStream, SeekBuffered};

/// A source whose reads do not wait for more than there is.
pub(crate) struct Source<'s> {
    stream: MediaSourceStream<'s>,
    pub(crate) seekable: bool,
}

impl<'s> Source<'s> {
    pub(crate) fn new(stream: MediaSourceStream<'s>) -> Self {
        Source { seekable: stream.is_seekable(), stream }
    }

    pub(crate) fn into_inner(self) -> MediaSourceStream<'s> {
        self.stream
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        // The stream fills all of the buffer: from a pipe, it would wait for bytes of the next
        // chunks. One byte makes it read what there is.
        let length = match self.seekable {
            true => buffer.len(),
            false => buffer.len().min(self.stream.unread_buffer_len().max(1)),
        };
        self.stream.read(&mut buffer[..length])
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.stream.seek(to)
    }
}
