//! A reader with a window on the bytes that come next.

use std::io::{self, Empty, Read, Seek, SeekFrom};

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};
use crate::memory;

/// Bytes that are asked for at a time, so that memory grows only with the bytes that arrive.
const STEP: usize = 1 << 18;

/// Bytes that are asked for at first, and after going to another place: whoever wants a few bytes
/// of a file far away does not wait for more.
const FIRST_STEP: usize = 1 << 12;

/// Reads ahead as far as it must and makes no call beyond that.
pub(crate) struct Input<R> {
    inner: R,
    window: BytesMut,
    /// Bytes before the window, counted from the start of the stream.
    offset: u64,
    /// Bytes that are asked for next, at least.
    step: usize,
    /// Bytes that the window should have had and did not get; 0 if it got all.
    wanted: usize,
    /// Whether the reader is at its end.
    ended: bool,
    /// Whether bytes come by [`push`](Self::push) alone, and more may come.
    waits: bool,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(inner: R) -> Self {
        Input {
            inner,
            window: BytesMut::new(),
            offset: 0,
            step: FIRST_STEP,
            wanted: 0,
            ended: false,
            waits: false,
        }
    }

    /// Offset of the window's first byte in the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes that were read and not consumed yet.
    pub(crate) fn window(&self) -> &[u8] {
        &self.window
    }

    /// Makes the window at least this long; `false` if the input ends before.
    pub(crate) fn fill(&mut self, length: usize) -> Result<bool> {
        self.fill_with_room(length, length)
    }

    /// Like [`fill`](Self::fill), with room for a window of `room` bytes where the window grows,
    /// for a caller that will want more.
    pub(crate) fn fill_with_room(&mut self, length: usize, room: usize) -> Result<bool> {
        self.wanted = length;
        while self.window.len() < length {
            if self.ended {
                return Ok(false);
            }
            if self.waits {
                return Err(io::Error::from(io::ErrorKind::WouldBlock).into());
            }
            let old = self.window.len();
            let step = (length - old).clamp(self.step, 4 * STEP);
            self.step = (2 * self.step).min(STEP);
            self.grow(step, room)?;
            self.window.resize(old + step, 0);
            let read = loop {
                match self.inner.read(&mut self.window[old..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.window.truncate(old + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
        self.wanted = 0;
        Ok(true)
    }

    /// Makes room for `more` bytes, and for a window of `wanted` bytes as far as the bytes that
    /// arrived justify it.
    fn grow(&mut self, more: usize, wanted: usize) -> Result<()> {
        if self.window.try_reclaim(more) {
            return Ok(());
        }
        // At most twice the bytes that arrived: the window is not moved too often, and takes
        // little more than it needs.
        let (here, needed) = (self.window.len(), self.window.len() + more);
        let mut window = memory::room(needed.max(wanted.min(2 * here)))?;
        window.extend_from_slice(&self.window);
        self.window = BytesMut::from(Bytes::from(window));
        Ok(())
    }

    /// Parses from the window, which grows until it is long enough.
    pub(crate) fn parse<T>(&mut self, mut parse: impl FnMut(&[u8]) -> Result<T>) -> Result<T> {
        loop {
            match parse(&self.window) {
                Err(error) if matches!(error.kind(), ErrorKind::Truncated) => {
                    // Growing by a part keeps a long trailer from being parsed too often.
                    let more = 1 + self.window.len() / 2;
                    let known = self.window.len();
                    self.fill(known + 1)?;
                    if self.window.len() == known {
                        return Err(error);
                    }
                    if known > STEP {
                        self.fill(known + more)?;
                    }
                }
                other => return other,
            }
        }
    }

    pub(crate) fn consume(&mut self, length: usize) {
        self.window.advance(length);
        self.offset += length as u64;
    }

    /// Takes bytes out of the window without copying them.
    pub(crate) fn take(&mut self, length: usize) -> Bytes {
        self.offset += length as u64;
        self.window.split_to(length).freeze()
    }

    /// Goes past bytes that need not be in the window; `Truncated` if there are fewer.
    pub(crate) fn skip(&mut self, mut length: u64) -> Result<()> {
        loop {
            let here = length.min(self.window.len() as u64);
            self.consume(here as usize);
            length -= here;
            if length == 0 {
                return Ok(());
            }
            if !self.fill(length.min(STEP as u64) as usize)? && self.window.is_empty() {
                return Err(Error::new(ErrorKind::Truncated));
            }
        }
    }

    /// Forgets the window, which is at another place of the stream now.
    fn restart(&mut self, offset: u64) {
        self.window.clear();
        self.step = FIRST_STEP;
        self.wanted = 0;
        self.ended = false;
        self.offset = offset;
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.inner
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl Input<Empty> {
    /// An input whose bytes come by [`push`](Self::push). Without bytes that it needs, a call
    /// fails with [`WouldBlock`](io::ErrorKind::WouldBlock), until there are no more.
    pub(crate) fn pushed() -> Self {
        Input { waits: true, ..Input::new(io::empty()) }
    }

    /// Takes bytes that follow those of the window.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.waits {
            return Err(Error::argument("bytes are pushed after the end was told"));
        }
        self.grow(bytes.len(), 2 * self.window.len())?;
        self.window.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes note that no more bytes come.
    pub(crate) fn end(&mut self) {
        self.waits = false;
        self.ended = true;
    }

    /// Bytes that the window lacks of those that were wanted last.
    pub(crate) fn lacking(&self) -> usize {
        if self.ended { 0 } else { self.wanted.saturating_sub(self.window.len()) }
    }

    /// Wants the window to be at least this long.
    pub(crate) fn want(&mut self, length: usize) {
        self.wanted = self.wanted.max(length);
    }

    /// Forgets the window, and goes on with bytes from another place of the stream.
    pub(crate) fn continue_at(&mut self, offset: u64) {
        self.restart(offset);
        self.waits = true;
    }
}

impl<R: Read + Seek> Input<R> {
    /// Goes to an offset of the stream.
    pub(crate) fn seek(&mut self, offset: u64) -> Result<()> {
        let ahead = offset.checked_sub(self.offset);
        if let Some(ahead) = ahead.filter(|&ahead| ahead <= self.window.len() as u64) {
            self.consume(ahead as usize);
            return Ok(());
        }
        let start = self.start()?;
        self.inner.seek(SeekFrom::Start(start.saturating_add(offset)))?;
        self.restart(offset);
        Ok(())
    }

    /// Bytes from the start of the stream to the end of the reader.
    pub(crate) fn length(&mut self) -> Result<u64> {
        let start = self.start()?;
        let here = self.inner.stream_position()?;
        let end = self.inner.seek(SeekFrom::End(0))?;
        self.inner.seek(SeekFrom::Start(here))?;
        Ok(end.saturating_sub(start))
    }

    /// Where the stream begins in the reader.
    fn start(&mut self) -> Result<u64> {
        let here = self.inner.stream_position()?;
        Ok(here.saturating_sub(self.offset + self.window.len() as u64))
    }
}
