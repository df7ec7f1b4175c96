//! Pipelines for tests: bytes in, raw audio and messages out.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::ops::Range;
use std::sync::{Arc, Mutex, Once};

use gst::ClockTime;
use gst::prelude::*;
use gst_app::{AppSink, AppSrc, AppSrcCallbacks, AppStreamType};
use lmac::packets::{PacketKind, PacketReader};
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm};

/// Makes the elements known, once.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().unwrap();
        gstlmac::register().unwrap();
    });
}

/// How the bytes of a stream can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The parser pulls them from anywhere.
    Pull,
    /// They come from the beginning or from where a seek says.
    Seekable,
    /// They come once, as through a pipe.
    Pipe,
}

impl Access {
    pub const ALL: [Access; 3] = [Access::Pull, Access::Seekable, Access::Pipe];
}

/// The bytes that were read.
pub type Reads = Arc<Mutex<Vec<Range<u64>>>>;

/// A pipeline that decodes a stream.
#[derive(Debug)]
pub struct Player {
    pub pipeline: gst::Pipeline,
    pub sink: AppSink,
    pub reads: Reads,
    messages: Arc<Mutex<Messages>>,
}

/// Raw audio, with the time of its first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub pts: Option<ClockTime>,
    pub duration: Option<ClockTime>,
    pub pcm: Vec<u8>,
}

/// What the bus of a pipeline said.
#[derive(Debug, Default)]
pub struct Messages {
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    pub tags: Vec<gst::TagList>,
}

impl Messages {
    fn note(&mut self, message: &gst::Message) {
        match message.view() {
            gst::MessageView::Error(error) => {
                self.errors.push(format!("{} {:?}", error.error(), error.debug()));
            }
            gst::MessageView::Warning(warning) => {
                self.warnings.push(format!("{} {:?}", warning.error(), warning.debug()));
            }
            gst::MessageView::Tag(tag) => self.tags.push(tag.tags()),
            _ => {}
        }
    }
}

impl Piece {
    fn of(sample: &gst::Sample) -> Piece {
        let buffer = sample.buffer().unwrap();
        let pcm = buffer.map_readable().unwrap().to_vec();
        Piece { pts: buffer.pts(), duration: buffer.duration(), pcm }
    }
}

impl Player {
    /// Makes a pipeline that finds out by itself how to decode the stream.
    pub fn new(stream: &[u8], access: Access) -> Player {
        Self::with_elements(stream, access, "decodebin")
    }

    /// Makes a pipeline with these elements between the bytes and the raw audio.
    pub fn with_elements(stream: &[u8], access: Access, elements: &str) -> Player {
        init();
        let launch = format!(
            "appsrc name=src format=bytes ! {elements} ! \
             appsink name=sink sync=false max-buffers=8"
        );
        let pipeline = gst::parse::launch(&launch).unwrap().downcast::<gst::Pipeline>().unwrap();
        let source = pipeline.by_name("src").unwrap().downcast::<AppSrc>().unwrap();
        let sink = pipeline.by_name("sink").unwrap().downcast::<AppSink>().unwrap();
        let reads = Reads::default();
        feed(&source, stream.to_vec(), access, &reads);
        let messages = Arc::new(Mutex::new(Messages::default()));
        let noted = Arc::clone(&messages);
        pipeline.bus().unwrap().set_sync_handler(move |_, message| {
            noted.lock().unwrap().note(message);
            gst::BusSyncReply::Drop
        });
        Player { pipeline, sink, reads, messages }
    }

    /// Plays to the end or to an error, and returns the audio.
    pub fn play(self) -> (Vec<Piece>, Messages) {
        self.pipeline.set_state(gst::State::Playing).unwrap();
        let pieces = self.rest();
        let messages = self.messages();
        (pieces, messages)
    }

    /// Returns the audio up to the end or to an error.
    pub fn rest(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next() {
            pieces.push(piece);
        }
        pieces
    }

    /// Returns the next piece; `None` at the end or after an error.
    pub fn next(&self) -> Option<Piece> {
        loop {
            if let Some(sample) = self.sink.try_pull_sample(ClockTime::from_mseconds(50)) {
                return Some(Piece::of(&sample));
            }
            if self.sink.is_eos() || !self.messages.lock().unwrap().errors.is_empty() {
                return None;
            }
        }
    }

    /// Waits until the pipeline has its first audio.
    pub fn pause(&self) {
        self.pipeline.set_state(gst::State::Paused).unwrap();
        let (result, ..) = self.pipeline.state(ClockTime::from_seconds(60));
        assert!(result.is_ok(), "{:?}", self.messages());
    }

    /// Begins to play, as soon as the pipeline has its first audio.
    pub fn start(&self) {
        self.pause();
        self.pipeline.set_state(gst::State::Playing).unwrap();
    }

    /// Returns the piece with which a paused pipeline waits.
    pub fn waiting(&self) -> Piece {
        let sample = self.sink.try_pull_preroll(ClockTime::from_seconds(60)).unwrap();
        Piece::of(&sample)
    }

    /// Seeks like an exact player.
    pub fn seek(&self, start: ClockTime, stop: Option<ClockTime>) {
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        let set = gst::SeekType::Set;
        self.pipeline.seek(1.0, flags, set, start, set, stop).unwrap();
    }

    /// Returns what the bus has said since the last call.
    pub fn messages(&self) -> Messages {
        std::mem::take(&mut self.messages.lock().unwrap())
    }

    /// Returns the number of bytes that were read.
    pub fn bytes_read(&self) -> u64 {
        self.reads.lock().unwrap().iter().map(|range| range.end - range.start).sum()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Lets an application source give the bytes of a stream, and notes what it gave.
pub fn feed(source: &AppSrc, stream: Vec<u8>, access: Access, reads: &Reads) {
    source.set_stream_type(match access {
        Access::Pull => AppStreamType::RandomAccess,
        Access::Seekable => AppStreamType::Seekable,
        Access::Pipe => AppStreamType::Stream,
    });
    if access != Access::Pipe {
        source.set_size(stream.len() as i64);
    }
    let position = Arc::new(Mutex::new(0usize));
    let (sought, reads) = (Arc::clone(&position), Arc::clone(reads));
    let need = move |source: &AppSrc, wanted: u32| {
        let mut position = position.lock().unwrap();
        // Pipes and networks give what they have.
        let most = if access == Access::Pull { wanted as usize } else { 4096 };
        let end = stream.len().min(*position + most);
        if *position == end {
            let _ = source.end_of_stream();
            return;
        }
        reads.lock().unwrap().push(*position as u64..end as u64);
        let mut buffer = gst::Buffer::from_mut_slice(stream[*position..end].to_vec());
        buffer.make_mut().set_offset(*position as u64);
        *position = end;
        let _ = source.push_buffer(buffer);
    };
    let seek = move |_: &AppSrc, offset: u64| {
        *sought.lock().unwrap() = offset as usize;
        true
    };
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need).seek_data(seek).build());
}

/// Returns the audio of all pieces.
pub fn joined(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| piece.pcm.iter().copied()).collect()
}

/// Returns a stream of music in stereo with chunks of a tenth of a second, and its PCM.
pub fn music(frames: usize) -> (Vec<u8>, Vec<u8>) {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44_100);
    let pcm = pcm(&spec, frames, Signal::Melody, 1);
    let options = EncodeOptions::default().with_preset(Preset::Fast).with_chunk_frames(4410);
    (lmac_support::stream(&pcm, &spec, options), pcm)
}

/// Returns the bytes of each chunk in a stream.
pub fn chunks(stream: &[u8]) -> Vec<Range<usize>> {
    let mut reader = PacketReader::new(stream).unwrap();
    let mut chunks = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        if packet.kind == PacketKind::Chunk {
            let offset = packet.offset as usize;
            chunks.push(offset..offset + packet.bytes.len());
        }
    }
    chunks
}
